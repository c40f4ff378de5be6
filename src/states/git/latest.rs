//! `git.latest`: a clone that has what a branch, tag or commit of its remote has.

use std::fmt;
use std::path::PathBuf;

use serde::de::{self, Deserialize, Deserializer, Visitor};

use super::remote::{self, DesiredRevision};
use super::repository::Repository;
use super::transport::Transport;
use super::{account, is_full_hash, is_hash, look, short, wants};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::Action;
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::OneOrMany;

/// A clone at a revision of its remote.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latest {
    /// The address of the remote.
    name: String,
    target: PathBuf,
    #[serde(default = "head")]
    rev: String,
    /// The local branch, where it shall have another name than the remote's.
    branch: Option<String>,
    user: Option<String>,
    #[serde(default)]
    identity: OneOrMany<String>,
    #[serde(default)]
    force_reset: Reset,
    #[serde(default)]
    force_checkout: bool,
    #[serde(default)]
    force_clone: bool,
    #[serde(default)]
    force_fetch: bool,
    #[serde(default)]
    submodules: bool,
    #[serde(default)]
    bare: bool,
    #[serde(default)]
    mirror: bool,
    #[serde(default = "origin")]
    remote: String,
    depth: Option<u32>,
    https_user: Option<String>,
    https_pass: Option<String>,
}

fn head() -> String {
    "HEAD".to_owned()
}

fn origin() -> String {
    "origin".to_owned()
}

/// `true`, `false`, or `remote-changes`: only where the remote has something new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reset {
    #[default]
    Never,
    WithRemote,
    Always,
}

impl<'de> Deserialize<'de> for Reset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Reset;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`true`, `false` or `remote-changes`")
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Reset, E> {
                Ok(if value { Reset::Always } else { Reset::Never })
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Reset, E> {
                match value {
                    "remote-changes" => Ok(Reset::WithRemote),
                    _ => Err(E::invalid_value(de::Unexpected::Str(value), &self)),
                }
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

impl Latest {
    fn transport(&self, context: &Context<'_>) -> Result<Transport> {
        let account = account(context.facts, self.user.as_ref(), &self.target)?;
        Transport::new(
            &self.name,
            account,
            &self.identity.0,
            self.https_user.as_ref(),
            self.https_pass.as_ref(),
        )
    }

    fn depth(&self) -> Option<String> {
        self.depth.map(|depth| format!("--depth={depth}"))
    }

    fn clone(&self, transport: &Transport, plan: &mut Plan) {
        let target = self.target.to_string_lossy();
        let depth = self.depth();
        let mut words = vec!["clone", "--origin", &self.remote];
        if self.mirror {
            words.push("--mirror");
        } else if self.bare {
            words.push("--bare");
        }
        // A commit can be fetched by its name only from some remotes: it needs the history.
        let by_name = self.rev != "HEAD" && !is_hash(&self.rev) && !self.bare && !self.mirror;
        if by_name {
            words.extend(["--branch", &self.rev]);
        }
        if !is_hash(&self.rev) {
            words.extend(depth.as_deref());
        }
        if self.submodules {
            words.push("--recurse-submodules");
        }
        words.extend(["--", &transport.url, &target]);
        plan.push(
            Change::new("cloned").from(&transport.url).to(&self.rev),
            Action::Run(transport.git(words)),
        );
        if self.bare || self.mirror {
            return;
        }
        let inside = |words: &[&str]| Action::Run(transport.inside(&self.target, words.iter().copied()));
        if is_hash(&self.rev) {
            plan.push(Change::new("revision").to(short(&self.rev)), inside(&["reset", "--hard", &self.rev]));
            if self.submodules {
                plan.push(Change::new("submodules"), inside(SUBMODULES));
            }
        }
        if let Some(branch) = self.branch.as_ref().filter(|branch| **branch != self.rev) {
            plan.push(Change::new("branch").to(branch), inside(&["checkout", "-B", branch]));
        }
    }

    fn update(
        &self,
        context: &Context<'_>,
        transport: &Transport,
        is: &Repository,
        plan: &mut Plan,
    ) -> Result<()> {
        let inside = |words: &[&str]| Action::Run(transport.inside(&self.target, words.iter().copied()));
        match is.remote_url(&self.remote) {
            Some(url) if url == transport.url => {}
            Some(url) => {
                let change = Change::new(format!("remote {}", self.remote)).from(url).to(&transport.url);
                plan.push(change, inside(&["remote", "set-url", &self.remote, &transport.url]));
            }
            None => {
                let change = Change::new(format!("remote {}", self.remote)).to(&transport.url);
                plan.push(change, inside(&["remote", "add", &self.remote, &transport.url]));
            }
        }
        if self.bare || self.mirror {
            return self.update_bare(context, transport, is, plan);
        }
        let head = is.head.as_deref().unwrap_or_default();
        let wanted = if is_full_hash(&self.rev) && head.eq_ignore_ascii_case(&self.rev) {
            DesiredRevision { hash: head.to_owned(), branch: None }
        } else {
            remote::resolve(context.facts, transport, &self.rev)?
        };
        let branch = self.branch.as_ref().or(wanted.branch.as_ref());
        let same_branch = branch.is_none_or(|branch| is.branch.as_ref() == Some(branch));
        if same_branch && !head.is_empty() && head.starts_with(&wanted.hash) {
            return self.discard(context, transport, plan);
        }
        let mut fetch = vec!["fetch", "--tags"];
        if self.force_fetch || self.force_reset != Reset::Never {
            fetch.push("--force");
        }
        let depth = self.depth();
        fetch.extend(depth.as_deref());
        let spec = format!("+refs/heads/*:refs/remotes/{}/*", self.remote);
        fetch.extend([self.remote.as_str(), &spec]);
        plan.push(Change::new("fetched").to(&transport.url), inside(&fetch));
        let mut from = head;
        if let Some(branch) = branch.filter(|_| !same_branch) {
            let mut words = vec!["checkout"];
            if self.force_checkout {
                words.push("--force");
            }
            match is.reference(&format!("refs/heads/{branch}")) {
                Some(hash) => {
                    words.push(branch);
                    from = hash;
                }
                None => {
                    words.extend(["-b", branch, &wanted.hash]);
                    from = &wanted.hash;
                }
            }
            let change = Change::new("branch").from(is.branch.as_deref().unwrap_or("none")).to(branch);
            plan.push(change, inside(&words));
        }
        if from.is_empty() || !from.starts_with(&wanted.hash) {
            let moved: &[&str] = match self.force_reset {
                Reset::Never => &["merge", "--ff-only", &wanted.hash],
                Reset::WithRemote | Reset::Always => &["reset", "--hard", &wanted.hash],
            };
            let change = Change::new("revision").from(short(from)).to(short(&wanted.hash));
            plan.push(change, inside(moved));
        }
        if self.submodules {
            plan.push(Change::new("submodules"), inside(SUBMODULES));
        }
        Ok(())
    }

    /// Where changed files are not to stay: asks git for them.
    fn discard(&self, context: &Context<'_>, transport: &Transport, plan: &mut Plan) -> Result<()> {
        if self.force_reset != Reset::Always {
            return Ok(());
        }
        let status = transport.inside(&self.target, ["status", "--porcelain", "--untracked-files=no"]);
        let output = context.facts.host().ask(&status)?;
        if !output.success() {
            return Err(Fault::new("could not look for changed files").output(output.errors()));
        }
        if !output.text().trim().is_empty() {
            let reset = transport.inside(&self.target, ["reset", "--hard"]);
            plan.push(Change::new("changed files").to("as committed"), Action::Run(reset));
        }
        Ok(())
    }

    fn update_bare(
        &self,
        context: &Context<'_>,
        transport: &Transport,
        is: &Repository,
        plan: &mut Plan,
    ) -> Result<()> {
        let refs = remote::all(context.facts, transport)?;
        let new = refs.iter().filter(|(name, hash)| is.reference(name) != Some(hash.as_str())).count();
        if new > 0 {
            let words = [
                "fetch",
                "--force",
                "--prune",
                &self.remote,
                "+refs/heads/*:refs/heads/*",
                "+refs/tags/*:refs/tags/*",
            ];
            let change = Change::new("branches and tags").to(format!("{new} renewed"));
            plan.push(change, Action::Run(transport.inside(&self.target, words)));
        }
        Ok(())
    }
}

const SUBMODULES: &[&str] = &["submodule", "update", "--init", "--recursive"];

impl State for Latest {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        if self.rev.starts_with('-') || self.name.starts_with('-') {
            return Err(Fault::new(format!("`{} {}` is no place of a revision", self.name, self.rev)));
        }
        let mut plan = Plan::default();
        let transport = self.transport(context)?;
        match look(context.facts, &self.target, self.force_clone, &mut plan)? {
            None => self.clone(&transport, &mut plan),
            Some(repository) => self.update(context, &transport, &repository, &mut plan)?,
        }
        Ok(plan)
    }

    fn owns(&self) -> Vec<Key> {
        vec![Key::Path(self.target.clone())]
    }

    fn wants(&self) -> Vec<Key> {
        wants(&self.target.to_string_lossy(), self.user.as_ref(), &self.identity.0)
    }
}

impl Function for Latest {
    const NAME: &'static str = "git.latest";
    const ABOUT: &'static str =
        "The repository is cloned and has what the branch, tag or commit `rev` of its remote has.";
    const EXAMPLE: &'static str = "https://example.com/app.git:\n  git.latest:\n    - target: /srv/app\n    - rev: main\n    - user: app\n    - identity: /srv/.ssh/deploy\n    - force_reset: true\n";
    const LATER: &'static [&'static str] = &[
        "update_head",
        "fetch_tags",
        "sync_tags",
        "refspec_branch",
        "refspec_tag",
        "password",
        "output_encoding",
    ];
}
