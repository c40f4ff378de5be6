//! State and pillar files of a tree: from names to paths, and rendered to Nodes. Must not know what the
//! Nodes mean.

use std::sync::OnceLock;

use crate::diagnostic::Diagnostic;
use crate::source::Source;
use crate::tree::Tree;
use crate::yaml::Node;

/// A tree whose files are rendered with one context.
pub struct Files {
    tree: Tree,
    available: OnceLock<Vec<String>>,
}

impl Files {
    pub fn new(tree: Tree) -> Self {
        Self { tree, available: OnceLock::new() }
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
    pub fn node(&self, path: &str, _sls: &str) -> Result<Option<Node>, Vec<Diagnostic>> {
        let file = self.tree.read(path).map_err(|fault| vec![Diagnostic::error(fault.message)])?;
        let Some(file) = file else { return Ok(None) };
        let text = String::from_utf8_lossy(&file.bytes).into_owned();
        crate::yaml::parse(&Source::new(file.shown, text))
    }
}
