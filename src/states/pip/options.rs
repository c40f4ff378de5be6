//! What pip is told besides what to install.

use std::path::PathBuf;

use crate::host::Command;
use crate::yaml::{OneOrMany, Pairs};

/// Options that `pip.installed` and `virtualenv.managed` share.
#[derive(Debug, Default)]
pub struct Options<'a> {
    pub user: Option<&'a String>,
    pub cwd: Option<&'a PathBuf>,
    pub index_url: Option<&'a String>,
    pub extra_index_url: Option<&'a String>,
    pub proxy: Option<&'a String>,
    pub trusted_host: Option<&'a String>,
    pub env_vars: Option<&'a Pairs<String>>,
    pub no_cache_dir: bool,
    pub no_deps: bool,
    pub pre_releases: bool,
    pub no_binary: Option<&'a OneOrMany<String>>,
    pub upgrade: bool,
}

impl Options<'_> {
    /// The words of `pip install`.
    pub fn words(&self) -> Vec<String> {
        let mut words = vec!["install".to_owned()];
        let flags = [
            (self.no_deps, "--no-deps"),
            (self.pre_releases, "--pre"),
            (self.upgrade, "--upgrade"),
            (self.no_cache_dir, "--no-cache-dir"),
        ];
        words.extend(flags.iter().filter(|(is, _)| *is).map(|(_, flag)| (*flag).to_owned()));
        if let Some(names) = self.no_binary.filter(|names| !names.0.is_empty()) {
            words.extend(["--no-binary".to_owned(), names.0.join(",")]);
        }
        words
    }

    /// Addresses go through the environment: they may hold a password, and everybody can read arguments.
    pub fn apply(&self, mut command: Command) -> Command {
        let addresses = [
            ("PIP_INDEX_URL", self.index_url),
            ("PIP_EXTRA_INDEX_URL", self.extra_index_url),
            ("PIP_PROXY", self.proxy),
            ("PIP_TRUSTED_HOST", self.trusted_host),
        ];
        for (name, value) in addresses {
            if let Some(value) = value {
                command = command.env(name, value);
            }
        }
        if let Some(pairs) = self.env_vars {
            command.env.extend(pairs.0.iter().cloned());
        }
        command.user = self.user.cloned();
        command.cwd = self.cwd.cloned();
        command
    }
}
