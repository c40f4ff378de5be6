//! Salt's filters and tests on top of Jinja's. Must not look at the host.

mod addresses;
mod formats;
mod hashes;
mod keywords;
mod lists;
mod numbers;
mod patterns;
mod text;
mod times;

use minijinja::functions::Function;
use minijinja::value::{FunctionArgs, FunctionResult, Rest, ValueOrKwargs};
use minijinja::{Environment, Error, ErrorKind, State, Value, filters};

use super::budget;

/// The names of all filters, for advice.
pub const NAMES: &[&str] = &[
    "abs",
    "append_dict_key_value",
    "attr",
    "avg",
    "base64_decode",
    "base64_encode",
    "batch",
    "bool",
    "capitalize",
    "center",
    "combinations",
    "compare_dicts",
    "compare_lists",
    "contains_whitespace",
    "count",
    "d",
    "date_format",
    "default",
    "dict_to_sls_yaml_params",
    "dictsort",
    "difference",
    "e",
    "escape",
    "exactly_n_true",
    "exactly_one_true",
    "extend_dict_key_value",
    "filesizeformat",
    "first",
    "flatten",
    "float",
    "forceescape",
    "format",
    "from_entries",
    "groupby",
    "hmac",
    "human_to_bytes",
    "indent",
    "int",
    "intersect",
    "ip_host",
    "ipaddr",
    "ipv4",
    "ipv6",
    "ipwrap",
    "is_hex",
    "is_ip",
    "is_ipv4",
    "is_ipv6",
    "is_iter",
    "is_list",
    "items",
    "join",
    "json",
    "last",
    "length",
    "lines",
    "list",
    "load_json",
    "load_text",
    "load_yaml",
    "lower",
    "map",
    "max",
    "md5",
    "method_call",
    "min",
    "network_hosts",
    "network_size",
    "path_join",
    "permutations",
    "pprint",
    "product",
    "python",
    "quote",
    "regex_escape",
    "regex_match",
    "regex_replace",
    "regex_search",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "sequence",
    "set_dict_key_value",
    "sha1",
    "sha256",
    "sha512",
    "skip",
    "slice",
    "sort",
    "sorted_ignorecase",
    "split",
    "str_to_num",
    "strftime",
    "string",
    "striptags",
    "substring_in_list",
    "sum",
    "symmetric_difference",
    "title",
    "to_bool",
    "to_bytes",
    "to_camelcase",
    "to_entries",
    "to_num",
    "to_snake_case",
    "tojson",
    "traverse",
    "trim",
    "truncate",
    "union",
    "unique",
    "update_dict_key_value",
    "upper",
    "urlencode",
    "uuid",
    "wordcount",
    "wordwrap",
    "yaml",
    "yaml_dquote",
    "yaml_encode",
    "yaml_squote",
    "zip",
];

/// The names of all tests, for advice.
pub const TESTS: &[&str] = &[
    "boolean",
    "callable",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "equalto",
    "escaped",
    "even",
    "false",
    "filter",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "list",
    "lower",
    "lt",
    "mapping",
    "match",
    "ne",
    "none",
    "number",
    "odd",
    "sameas",
    "sequence",
    "startingwith",
    "string",
    "test",
    "true",
    "undefined",
    "upper",
];

pub fn add(environment: &mut Environment<'_>) {
    engine(environment);
    keywords::add(environment);
    text::add(environment);
    numbers::add(environment);
    patterns::add(environment);
    times::add(environment);
    formats::add(environment);
    lists::add(environment);
    hashes::add(environment);
    addresses::add(environment);
}

/// Those of the engine that make texts or lists.
fn engine(environment: &mut Environment<'_>) {
    making(environment, "upper", filters::upper);
    making(environment, "lower", filters::lower);
    making(environment, "title", filters::title);
    making(environment, "capitalize", filters::capitalize);
    over_items(environment, "reverse", filters::reverse);
    over_items(environment, "map", filters::map);
    over_items(environment, "select", filters::select);
    over_items(environment, "reject", filters::reject);
    over_items(environment, "selectattr", filters::selectattr);
    over_items(environment, "rejectattr", filters::rejectattr);
    over_items(environment, "groupby", filters::groupby);
    over_items(environment, "chain", filters::chain);
    over_items(environment, "zip", filters::zip);
    over_items(environment, "sum", filters::sum);
    over_items(environment, "last", filters::last);
}

/// A filter that makes a text, list or map: its size is counted.
fn making<F, R, A>(environment: &mut Environment<'_>, name: &'static str, filter: F)
where
    F: Function<R, A>,
    R: FunctionResult,
    A: for<'a> FunctionArgs<'a>,
{
    counted(environment, name, filter, |_| Ok(()));
}

/// A filter that goes over all items of what it is given.
fn over_items<F, R, A>(environment: &mut Environment<'_>, name: &'static str, filter: F)
where
    F: Function<R, A>,
    R: FunctionResult,
    A: for<'a> FunctionArgs<'a>,
{
    counted(environment, name, filter, budget::countable);
}

fn counted<F, R, A>(
    environment: &mut Environment<'_>,
    name: &'static str,
    filter: F,
    check: fn(&Rest<ValueOrKwargs>) -> Result<(), Error>,
) where
    F: Function<R, A>,
    R: FunctionResult,
    A: for<'a> FunctionArgs<'a>,
{
    let inner = Value::from_function(filter);
    environment.add_filter(name, move |state: &mut State, args: Rest<ValueOrKwargs>| {
        check(&args)?;
        let args: Vec<Value> = args.iter().map(|arg| arg.clone().into_value()).collect();
        budget::readable(&args)?;
        let made = inner.call(state, &args)?;
        budget::made(state, made)
    });
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}
