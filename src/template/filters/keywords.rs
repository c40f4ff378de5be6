//! Arguments of filters by name. Jinja's filters are Python functions, whose arguments may be given by place
//! or by name; those of the engine take either one or the other.

use minijinja::functions::Function;
use minijinja::value::{FunctionArgs, FunctionResult, Kwargs, Rest};
use minijinja::{Environment, Error, ErrorKind, State, Value, filters};

use super::super::budget;
use super::wrong;

pub fn add(environment: &mut Environment<'_>) {
    by_place(
        environment,
        "batch",
        &["linecount", "fill_with"],
        |state: &State, value: Value, count: usize, fill: Option<Value>| {
            budget::listable(&value)?;
            budget::items(count)?;
            filters::batch(state, value, count, fill)
        },
    );
    by_place(environment, "d", &["default_value", "boolean"], filters::default);
    by_place(environment, "default", &["default_value", "boolean"], filters::default);
    by_place(
        environment,
        "slice",
        &["slices", "fill_with"],
        |state: &State, value: Value, count: usize, fill: Option<Value>| {
            budget::listable(&value)?;
            budget::items(count)?;
            filters::slice(state, value, count, fill)
        },
    );
    by_place(environment, "trim", &["chars"], filters::trim);
    by_name(environment, "dictsort", &["case_sensitive", "by", "reverse"], filters::dictsort);
    by_name(environment, "sort", &["reverse", "case_sensitive", "attribute"], filters::sort);
}

/// A filter that takes its arguments by place, so that they can be named, too.
pub fn by_place<F, R, A>(
    environment: &mut Environment<'_>,
    name: &'static str,
    parameters: &'static [&'static str],
    filter: F,
) where
    F: Function<R, A>,
    R: FunctionResult,
    A: for<'a> FunctionArgs<'a>,
{
    let inner = format!("__{name}");
    environment.add_filter(inner.clone(), filter);
    environment.add_filter(
        name,
        move |state: &mut State, subject: Value, more: Rest<Value>, named: Kwargs| {
            let mut placed = vec![subject];
            placed.extend(more.iter().cloned());
            for (place, parameter) in parameters.iter().enumerate() {
                let Some(value) = named.get::<Option<Value>>(parameter)? else { continue };
                if placed.len() > place + 1 {
                    return Err(wrong(format!("`{parameter}` is given twice")));
                }
                placed.resize(place + 1, Value::UNDEFINED);
                placed.push(value);
            }
            named.assert_all_used()?;
            budget::readable(&placed)?;
            let made = state.apply_filter(&inner, &placed)?;
            budget::made(state, made)
        },
    );
}

/// A filter that takes its arguments by name, so that they can be given by place, too.
fn by_name<F, R, A>(
    environment: &mut Environment<'_>,
    name: &'static str,
    parameters: &'static [&'static str],
    filter: F,
) where
    F: Function<R, A>,
    R: FunctionResult,
    A: for<'a> FunctionArgs<'a>,
{
    let inner = format!("__{name}");
    environment.add_filter(inner.clone(), filter);
    environment.add_filter(
        name,
        move |state: &mut State, subject: Value, more: Rest<Value>, named: Kwargs| {
            if more.len() > parameters.len() {
                return Err(Error::from(ErrorKind::TooManyArguments));
            }
            let mut all: Vec<(String, Value)> = Vec::new();
            for (parameter, value) in parameters.iter().zip(more.iter()) {
                if named.has(parameter) {
                    return Err(wrong(format!("`{parameter}` is given twice")));
                }
                all.push(((*parameter).to_owned(), value.clone()));
            }
            for name in named.args() {
                all.push((name.to_owned(), named.peek::<Value>(name)?));
            }
            budget::listable(&subject)?;
            let made = state.apply_filter(&inner, &[subject, Kwargs::from_iter(all).into()])?;
            budget::made(state, made)
        },
    );
}
