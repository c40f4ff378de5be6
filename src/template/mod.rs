//! Jinja as Salt has it: templates to text whose places lead back to the template. Must not know states.

mod budget;
mod data;
mod filters;
mod functions;
mod limits;
mod lines;
mod list;
mod map;
mod methods;
mod own;
mod problem;
mod python;
mod rewrite;
mod sources;
mod strings;
mod tags;
mod turns;

use std::io;
use std::sync::{Arc, OnceLock};

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};

pub use data::{Data, Key};
pub use list::List;
pub use map::Map;
pub use python::to_json;

use self::lines::Rendering;
use self::sources::Sources;
use crate::diagnostic::Diagnostic;
use crate::fault::Fault;
use crate::source::Source;

/// Steps of the engine in one rendering, and bytes that it may put out.
const MOST_STEPS: u64 = 20_000_000;
const MOST_TEXT: usize = 16 << 20;
/// Files that include one another count ten, macros that call one another four, loops one: all of it fits into
/// the stack of a thread.
const DEEPEST: usize = 300;

/// Where `include` and `import` find files.
pub trait Loader: Send + Sync {
    /// The file at a path relative to the file root; `None` if there is none.
    fn load(&self, path: &str) -> Result<Option<Arc<Source>>, Fault>;
}

/// What templates can call as `salt['module.function'](…)`.
pub trait Functions: Send + Sync {
    fn call(
        &self,
        name: &str,
        args: Vec<serde_json::Value>,
        named: serde_json::Map<String, serde_json::Value>,
    ) -> Result<Data, Fault>;
    fn names(&self) -> Vec<&str>;
    /// Whether a function also puts its answer into the map that is its first argument, as
    /// `{% do salt['defaults.merge'](a, b) %}` expects.
    fn changes_first(&self, _name: &str) -> bool {
        false
    }
}

/// The template engine of a run. Templates are compiled once.
pub struct Templates {
    environment: Environment<'static>,
    sources: Arc<Sources>,
    functions: Arc<dyn Functions>,
}

impl Templates {
    pub fn new(loader: Arc<dyn Loader>, functions: Arc<dyn Functions>) -> Arc<Self> {
        let sources = Arc::new(Sources::new(loader));
        let mut environment = Environment::new();
        // Places and names of what is undefined are only known in this mode.
        environment.set_debug(true);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_fuel(Some(MOST_STEPS));
        environment.set_recursion_limit(DEEPEST);
        environment.set_formatter(|out, state, value| {
            let shown;
            let text = match value.as_str() {
                Some(text) => text,
                None => {
                    shown = python::python_text(value)?;
                    &shown
                }
            };
            budget::text(text.len())?;
            budget::charge(state, text.len())?;
            out.write_str(text).map_err(Error::from)
        });
        environment.set_path_join_callback(|name, parent| sources::join(name, parent).into());
        environment.set_unknown_method_callback(methods::unknown_method);
        let loading = Arc::clone(&sources);
        environment.set_loader(move |name| loading.load(name).map_err(failed));
        filters::add(&mut environment);
        functions::add(&mut environment, Arc::clone(&functions));
        Arc::new(Self { environment, sources, functions })
    }

    /// Renders a template. `path` is its place below the file root, for relative imports; `variables` is a
    /// map.
    pub fn render(
        self: &Arc<Self>,
        source: &Arc<Source>,
        path: &str,
        variables: &Data,
    ) -> Result<Arc<Source>, Box<Diagnostic>> {
        if !source.text.contains('{') && !source.text.contains('\r') {
            return Ok(Arc::clone(source));
        }
        let text = self.text(source, &source.text, path, variables)?;
        let origin = Rendering {
            templates: Arc::clone(self),
            source: Arc::clone(source),
            path: path.to_owned(),
            variables: variables.clone(),
            lines: OnceLock::new(),
        };
        Ok(Source::made(source.name.clone(), text, Box::new(origin)))
    }

    /// Renders a text that is the source's, give or take stamps.
    fn text(
        &self,
        source: &Arc<Source>,
        text: &str,
        path: &str,
        variables: &Data,
    ) -> Result<String, Box<Diagnostic>> {
        let name = self.sources.name(source, text, path);
        let tell = |error: &Error| {
            Box::new(problem::tell(error, &self.sources, source, variables, &self.functions.names()))
        };
        let template = self.environment.get_template(&name).map_err(|error| tell(&error))?;
        let mut out = Limited(Vec::new());
        template.render_captured_to(variables.to_value(), &mut out).map_err(|error| tell(&error))?;
        let mut out = String::from_utf8(out.0).unwrap_or_default();
        // Jinja takes the last line break of a template, and Salt puts it back.
        if text.ends_with('\n') {
            out.push('\n');
        }
        Ok(out)
    }
}

/// Keeps a loop from filling the memory.
struct Limited(Vec<u8>);

impl io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MOST_TEXT {
            return Err(io::Error::other("too much"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A fault on its way through the engine.
fn failed(fault: Fault) -> Error {
    Error::new(ErrorKind::InvalidOperation, fault.message.clone()).with_source(fault)
}

/// The keys of a map that are strings.
fn names(data: &Data) -> Vec<String> {
    match data {
        Data::Map(entries) => entries.keys().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
