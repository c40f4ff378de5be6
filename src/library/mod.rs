//! The project's files and data for one host: what states and templates ask for, and the compiler's input.
//! Must not know ssh, nor act.

mod conditions;
mod python;
mod sources;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::compile::{self, Compiled, Shown};
use crate::diagnostic::{Diagnostic, Problems, nearest};
use crate::fault::{Fault, Result};
use crate::functions::{Catalog, Surroundings};
use crate::pillar::{self, Pillar};
use crate::site::Site;
use crate::sls::{self, Files, Variables};
use crate::source::Source;
use crate::states::{Library, LibraryFile, RenderRequest};
use crate::target::{Subject, find};
use crate::template::Data;
use crate::tree::Tree;

/// Larger files are read whenever they are asked for.
const KEPT: usize = 64 << 10;

/// A file that was read before.
#[derive(Clone)]
struct Known {
    bytes: Arc<[u8]>,
    shown: String,
}

pub struct ProjectLibrary {
    files: Files,
    functions: Arc<Catalog>,
    surroundings: Surroundings,
    pillar: Pillar,
    /// What every template sees.
    context: Variables,
    /// Small files by path, since many states share a template.
    known: Mutex<HashMap<String, Option<Known>>>,
}

impl ProjectLibrary {
    pub fn new(states: Tree, pillar: Pillar, surroundings: Surroundings) -> Self {
        let catalog = Catalog::new(surroundings.clone(), Some(states.clone()));
        catalog.set_pillar(Arc::clone(&pillar.data));
        let mut context = pillar::context(&surroundings);
        context.push(("pillar".into(), Data::from_serialize(&*pillar.data)));
        if states.has_base() {
            let site = Site::readable(&pillar.data);
            context.push(("site".into(), Data::from_serialize(&site.for_templates())));
        }
        Self {
            files: Files::new(states, catalog.clone()),
            functions: catalog,
            surroundings,
            pillar,
            context,
            known: Mutex::default(),
        }
    }

    /// Compiles what the top file gives the host, or these state files instead; of that only those of `only`.
    /// Whether the files that states name are there is part of it.
    pub fn compile(&self, sls: &[String], only: &[String], lenient: bool) -> Result<Compiled, Problems> {
        let request = self.request(sls, only, lenient);
        let advised = |problems| self.advised(problems);
        let compiled = compile::compile(&request).map_err(advised)?;
        let mut problems = advised(compiled.warnings.clone());
        problems.extend(sources::check(self, &compiled, request.lenient));
        problems.extend(conditions::check(&compiled, request.lenient));
        problems.extend(python::grains(self.files.tree()));
        if problems.fatal() { Err(problems) } else { Ok(Compiled { warnings: problems, ..compiled }) }
    }

    /// High and low state of the host's top file, or of these state files instead, as Salt shows them.
    pub fn show(&self, sls: &[String], lenient: bool) -> Result<Shown, Problems> {
        let mut shown =
            compile::show(&self.request(sls, &[], lenient)).map_err(|problems| self.advised(problems))?;
        shown.warnings = self.advised(std::mem::take(&mut shown.warnings));
        Ok(shown)
    }

    /// The state files that the top file gives the host.
    pub fn top(&self, lenient: bool) -> Result<Vec<String>, Problems> {
        compile::top(&self.request(&[], &[], lenient)).map_err(|problems| self.advised(problems))
    }

    /// A file of the state tree by its path, rendered as if a state or an include asked for it.
    ///
    /// # Errors
    /// There is no such file, or its template is wrong.
    pub fn rendered_file(&self, path: &str) -> Result<String, Box<Diagnostic>> {
        let wrong = |fault: Fault| Box::new(Diagnostic::error(fault.message));
        let url = format!("salt://{path}");
        let Some(bytes) = self.read(&url).map_err(wrong)? else {
            let known = self.files.tree().files("").ok().flatten().unwrap_or_default();
            let problem = Diagnostic::error(format!("there is no file `{}`", self.files.shown(path)));
            return Err(Box::new(match nearest(path, known.iter().map(String::as_str)) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem.help("write its path under the folder of states"),
            }));
        };
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| Box::new(Diagnostic::error(format!("`{path}` is no text in UTF-8"))))?;
        let sls = path.strip_suffix(".sls").unwrap_or_default();
        let sls = sls.strip_suffix("/init").unwrap_or(sls).replace('/', ".");
        let request =
            RenderRequest { name: &url, text, source: &url, sls: &sls, variables: &serde_json::Map::new() };
        Ok(self.rendered(&request)?.text.clone())
    }

    fn request<'a>(&'a self, sls: &'a [String], only: &'a [String], lenient: bool) -> compile::Request<'a> {
        compile::Request {
            files: &self.files,
            context: &self.context,
            subject: self.subject(),
            sls,
            only,
            lenient: lenient || self.pillar.lenient(),
        }
    }

    fn advised(&self, problems: Problems) -> Problems {
        Problems(problems.into_iter().filter_map(|problem| self.advise(problem)).collect())
    }

    pub fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    pub fn pillar_data(&self) -> &Pillar {
        &self.pillar
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Option<Known>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn subject(&self) -> Subject<'_> {
        Subject { id: &self.surroundings.id, grains: &self.surroundings.grains, pillar: &self.pillar.data }
    }

    /// As [`Library::render`], with the problem at its place.
    pub fn rendered(&self, request: &RenderRequest<'_>) -> Result<Arc<Source>, Box<Diagnostic>> {
        let path = path_of(request.name).unwrap_or(request.name);
        let shown = match self.known().get(path) {
            Some(Some(file)) => file.shown.clone(),
            _ if path == request.name => path.to_owned(),
            _ => self.files.shown(path),
        };
        let source = Source::new(shown, request.text);
        let mut variables = self.context.clone();
        variables.extend(sls::about(path, &source.name, request.sls));
        variables.push(("source".into(), Data::from(request.source)));
        variables
            .extend(request.variables.iter().map(|(name, value)| (name.as_str().into(), Data::from(value))));
        let rendered = self.files.templates().render(&source, path, &Data::map(variables));
        rendered.map_err(|problem| Box::new(self.advise((*problem).clone()).unwrap_or(*problem)))
    }

    /// Says of a pillar value that is not there where it should be; nothing where the pillar could not be read
    /// whole, since that is told already.
    fn advise(&self, problem: Diagnostic) -> Option<Diagnostic> {
        if self.pillar.incomplete && problem.message.ends_with("undefined value is used here") {
            return None;
        }
        let expression =
            problem.message.strip_suffix("` is undefined").and_then(|rest| rest.strip_prefix('`'));
        let Some(expression) = expression.filter(|expression| expression.starts_with("pillar")) else {
            return Some(python::advise(self.files.tree(), problem));
        };
        if self.pillar.incomplete {
            return None;
        }
        let words = expression.split(['.', '[', ']', '\'', '"']).filter(|word| !word.is_empty());
        let keys: Vec<&str> = words.skip(1).collect();
        let environment = match self.surroundings.environment.as_str() {
            "" => "ENV",
            environment => environment,
        };
        let place = match keys.as_slice() {
            ["secrets"] => {
                format!(
                    "`secrets` belongs in pillar/{environment}/secrets.sls; secrets.example shows its form"
                )
            }
            ["secrets", name, ..] => format!(
                "`{name}` belongs under `secrets:` in pillar/{environment}/secrets.sls; secrets.example shows its form"
            ),
            // A key further down: what it hangs on is there, or is told of by itself.
            [name, _, ..] if self.pillar.data.contains_key(*name) => return Some(problem),
            [name, ..] => {
                format!("`{name}` belongs in pillar/project.sls or pillar/{environment}/env.sls")
            }
            [] => return Some(problem),
        };
        Some(match problem.help.clone() {
            Some(help) if help.ends_with('?') => problem.help(format!("{help} otherwise {place}")),
            Some(help) => problem.help(format!("{help}; {place}")),
            None => problem.help(place),
        })
    }
}

impl Library for ProjectLibrary {
    fn read(&self, url: &str) -> Result<Option<Arc<[u8]>>> {
        let path = wanted(url)?;
        if let Some(known) = self.known().get(path) {
            return Ok(known.as_ref().map(|file| Arc::clone(&file.bytes)));
        }
        let file = self.files.tree().read(path)?.map(|file| Known { bytes: file.bytes, shown: file.shown });
        let bytes = file.as_ref().map(|file| Arc::clone(&file.bytes));
        if bytes.as_ref().is_none_or(|bytes| bytes.len() <= KEPT) {
            self.known().insert(path.to_owned(), file);
        }
        Ok(bytes)
    }

    fn files(&self, url: &str) -> Result<Option<Vec<LibraryFile>>> {
        let entries = self.files.tree().entries(wanted(url)?)?;
        let file =
            |entry: crate::tree::Entry| LibraryFile { path: entry.path, mode: entry.mode, link: entry.link };
        Ok(entries.map(|entries| entries.into_iter().map(file).collect()))
    }

    fn render(&self, request: &RenderRequest<'_>) -> Result<String> {
        let rendered = self.rendered(request).map_err(|problem| {
            let place = problem
                .place
                .as_ref()
                .map(|place| format!("{}:{}:{}: ", place.file, place.line, place.column));
            let fault = Fault::new(format!("{}{}", place.unwrap_or_default(), problem.message));
            match problem.help {
                Some(help) => fault.help(help),
                None => fault,
            }
        })?;
        Ok(Arc::try_unwrap(rendered).map_or_else(|shared| shared.text.clone(), |own| own.text))
    }

    fn pillar(&self, key: &str) -> Option<Value> {
        find(&self.pillar.data, key).cloned()
    }

    fn grain(&self, key: &str) -> Option<Value> {
        find(&self.surroundings.grains, key).cloned()
    }

    fn ask(&self, function: &str, arguments: &serde_json::Map<String, Value>) -> Result<Value> {
        let mut named = arguments.clone();
        let args = match named.remove("args") {
            Some(Value::Array(args)) => args,
            other => other.into_iter().collect(),
        };
        self.functions.answer(function, args, named)
    }
}

/// The path of a `salt://` URL, without what asks for another environment.
fn path_of(url: &str) -> Option<&str> {
    let path = url.strip_prefix("salt://")?;
    Some(path.split('?').next().unwrap_or(path).trim_end_matches('/'))
}

fn wanted(url: &str) -> Result<&str> {
    path_of(url)
        .ok_or_else(|| Fault::new(format!("`{url}` is no file of the project")).help("write `salt://PATH`"))
}
