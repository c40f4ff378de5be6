//! State and pillar files of a tree: from names to paths, rendered, and parsed to Nodes. Must not know what
//! the Nodes mean.

use std::sync::{Arc, OnceLock};

use crate::diagnostic::Diagnostic;
use crate::fault::{Fault, Result as Looked};
use crate::source::{Place, Source};
use crate::template::{Data, Functions, Key, Loader, Templates};
use crate::tree::Tree;
use crate::yaml::{self, Node};

/// A tree whose files are rendered with one context.
pub struct Files {
    tree: Arc<Tree>,
    templates: Arc<Templates>,
    available: OnceLock<Vec<String>>,
}

/// Names with the data that templates see under them.
pub type Variables = Vec<(Key, Data)>;

/// How a file is made into data, by its first line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Renderer {
    Jinja,
    Plain,
}

impl Files {
    pub fn new(tree: Tree, functions: Arc<dyn Functions>) -> Self {
        let tree = Arc::new(tree);
        let templates = Templates::new(Arc::new(TreeLoader(Arc::clone(&tree))), functions);
        Self { tree, templates, available: OnceLock::new() }
    }

    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    pub fn templates(&self) -> &Arc<Templates> {
        &self.templates
    }

    /// The path of a name: `a.b` is `a/b.sls` or `a/b/init.sls`.
    pub fn path(&self, sls: &str) -> Option<String> {
        let path = sls.replace('.', "/");
        [format!("{path}.sls"), format!("{path}/init.sls")].into_iter().find(|path| self.tree.has(path))
    }

    /// The names of all files, sorted.
    pub fn available(&self) -> &[String] {
        self.available.get_or_init(|| {
            let paths = self.tree.files("").ok().flatten().unwrap_or_default();
            let mut names: Vec<String> = paths
                .iter()
                .filter_map(|path| path.strip_suffix(".sls"))
                .map(|path| path.strip_suffix("/init").unwrap_or(path).replace('/', "."))
                .collect();
            names.sort();
            names.dedup();
            names
        })
    }

    /// How people know a path.
    pub fn shown(&self, path: &str) -> String {
        self.tree.shown(path)
    }

    /// The file's content, rendered and parsed; `None`: it says nothing.
    pub fn node(
        &self,
        path: &str,
        sls: &str,
        context: &[(Key, Data)],
    ) -> Result<Option<Node>, Vec<Diagnostic>> {
        self.read(path, sls, context, Renderer::Jinja)
    }

    /// The same for a file of values that arrive byte for byte: it is a template only where its first line
    /// says so.
    pub fn values(
        &self,
        path: &str,
        sls: &str,
        context: &[(Key, Data)],
    ) -> Result<Option<Node>, Vec<Diagnostic>> {
        self.read(path, sls, context, Renderer::Plain)
    }

    fn read(
        &self,
        path: &str,
        sls: &str,
        context: &[(Key, Data)],
        usual: Renderer,
    ) -> Result<Option<Node>, Vec<Diagnostic>> {
        let source = match source(&self.tree, path) {
            Ok(Some(source)) => source,
            Ok(None) => return Ok(None),
            Err(fault) => return Err(vec![told(fault)]),
        };
        let asked = renderer(&source).map_err(|problem| vec![*problem])?;
        let tags = ["{{", "{%", "{#"].iter().any(|tag| source.text.contains(tag));
        let meant = asked.is_none() && usual == Renderer::Plain && tags;
        let rendered = match asked.unwrap_or(usual) {
            Renderer::Plain => source,
            Renderer::Jinja => {
                let own = about(path, &source.name, sls).into_iter();
                let variables = Data::map(context.iter().cloned().chain(own));
                self.templates.render(&source, path, &variables).map_err(|problem| vec![*problem])?
            }
        };
        yaml::parse(&rendered).map_err(|problems| {
            let advised = |problem: Diagnostic| if meant { problem.help(NO_TEMPLATE) } else { problem };
            problems.into_iter().map(advised).collect()
        })
    }
}

const NO_TEMPLATE: &str = "a file of secrets is no template: put a value that holds `{{`, `{%` or `{#` in quotes; if \
                           tags are meant to be rendered, write `#!jinja|yaml` into the first line";

/// A file's text; `None` if there is no such file.
pub fn source(tree: &Tree, path: &str) -> Looked<Option<Arc<Source>>> {
    let Some(file) = tree.read(path)? else { return Ok(None) };
    match std::str::from_utf8(&file.bytes) {
        Ok(text) => Ok(Some(Source::new(file.shown, text))),
        Err(error) => {
            let before = file.bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            Err(Fault::new(format!("`{}` is not UTF-8 in line {line}", file.shown)).help("save it as UTF-8"))
        }
    }
}

fn told(fault: Fault) -> Diagnostic {
    let problem = Diagnostic::error(fault.message);
    match fault.help {
        Some(help) => problem.help(help),
        None => problem,
    }
}

/// What the first line asks for; `None` if it asks for nothing.
fn renderer(source: &Arc<Source>) -> Result<Option<Renderer>, Box<Diagnostic>> {
    let first = source.line(1);
    let Some(asked) = first.strip_prefix("#!").filter(|asked| !asked.starts_with('/')) else {
        return Ok(None);
    };
    let words: Vec<&str> = asked.split('|').map(str::trim).collect();
    match words.as_slice() {
        ["jinja"] | ["jinja", "yaml"] => Ok(Some(Renderer::Jinja)),
        ["yaml"] => Ok(Some(Renderer::Plain)),
        _ => {
            let other = words.iter().find(|word| !matches!(**word, "jinja" | "yaml")).unwrap_or(&asked);
            let place = Place::new(source, 1, 1, u32::try_from(first.chars().count()).unwrap_or(1));
            let problem = Diagnostic::error(format!("the renderer `{other}` is not supported")).at(&place);
            Err(Box::new(problem.help("write the file in Jinja and YAML (`#!jinja|yaml`, or no such line)")))
        }
    }
}

/// What templates know of the file that they stand in, by Salt's names.
pub fn about(path: &str, shown: &str, sls: &str) -> Variables {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let text = |text: &str| Data::from(text);
    let entries = [
        ("sls", text(sls)),
        ("slspath", text(folder)),
        ("slsdotpath", text(&folder.replace('/', "."))),
        ("slscolonpath", text(&folder.replace('/', ":"))),
        ("sls_path", text(&folder.replace('/', "_"))),
        ("tplpath", text(shown)),
        ("tplfile", text(path)),
        ("tpldir", text(if folder.is_empty() { "." } else { folder })),
        ("tpldot", text(&folder.replace('/', "."))),
        ("tplroot", text(folder.split('/').next().filter(|first| !first.is_empty()).unwrap_or("."))),
    ];
    entries.into_iter().map(|(name, data)| (Key::from(name), data)).collect()
}

/// Where `include` and `import` of templates find files.
struct TreeLoader(Arc<Tree>);

impl Loader for TreeLoader {
    fn load(&self, path: &str) -> Looked<Option<Arc<Source>>> {
        source(&self.0, path)
    }
}
