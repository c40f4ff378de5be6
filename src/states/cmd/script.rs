//! `cmd.script`: a script of the project (or from a URL), written to a private file, run, and removed.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::stateful::Stateful;
use super::{Setting, is_quiet};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::{Action, Command, Hash, Output, Owner};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, RenderRequest, State, Verdict};
use crate::yaml::{Mode, OneOrMany, Pairs, Seconds};

/// Runs a script every time.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The source, or a word that stands for the script; then its arguments.
    name: String,
    source: Option<String>,
    /// For a source from a URL.
    source_hash: Option<String>,
    /// A line of arguments for the shell, instead of those in `name`.
    args: Option<String>,
    template: Option<String>,
    #[serde(default)]
    defaults: Map<String, Value>,
    #[serde(default)]
    context: Map<String, Value>,
    cwd: Option<PathBuf>,
    #[serde(alias = "user")]
    runas: Option<String>,
    group: Option<String>,
    shell: Option<String>,
    #[serde(default)]
    env: Pairs<String>,
    prepend_path: Option<String>,
    #[serde(default)]
    stateful: Stateful,
    umask: Option<Mode>,
    output_loglevel: Option<String>,
    #[serde(default)]
    hide_output: bool,
    #[serde(default)]
    success_retcodes: OneOrMany<i32>,
    timeout: Option<Seconds>,
    #[serde(default)]
    bg: bool,
    /// What the script reads.
    stdin: Option<String>,
    #[serde(rename = "use_vt")]
    _use_vt: Option<bool>,
}

/// Takes the script, so many bytes (`$2`) of standard input, into a private file, runs it through the user's shell (`$0`) with
/// the user's line of arguments (`$1`), and removes it however it ends. One command, since a step that
/// removes the file would not be reached when the script fails. The script reads what follows it: `head -c`
/// takes no byte more. Nothing of the user's is part of this text.
const FROM_INPUT: &str = r#"file=$(mktemp "${TMPDIR:-/tmp}/provision.XXXXXXXXXX") || exit 126
trap 'rm -f "$file"' EXIT
trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM
head -c "$2" >"$file" && chmod 700 "$file" || exit 126
"$0" -c "\"\$0\" $1" "$file""#;

/// The same for a script that was put in place (`$2`) before.
const FROM_FILE: &str = r#"trap 'rm -f "$2"' EXIT
trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM
"$0" -c "\"\$0\" $1" "$2""#;

impl Script {
    /// The source and the arguments, from wherever the user wrote them.
    fn parts(&self) -> (&str, &str) {
        let (first, rest) = self.name.split_once(char::is_whitespace).unwrap_or((&self.name, ""));
        (self.source.as_deref().unwrap_or(first), self.args.as_deref().unwrap_or(rest.trim()))
    }

    fn content(&self, context: &Context<'_>, source: &str) -> Result<Vec<u8>> {
        let Some(bytes) = context.library.read(source)? else {
            return Err(Fault::new(format!("there is no `{source}`")));
        };
        match self.template.as_deref() {
            None => Ok(bytes.to_vec()),
            Some("jinja") => {
                let text = std::str::from_utf8(&bytes)
                    .map_err(|_| Fault::new(format!("`{source}` is a template but not UTF-8")))?;
                let mut variables = self.defaults.clone();
                variables.extend(self.context.clone());
                let request =
                    RenderRequest { name: source, text, source, sls: context.sls, variables: &variables };
                Ok(context.library.render(&request)?.into_bytes())
            }
            Some(other) => {
                Err(Fault::new(format!("templates of kind `{other}` are not supported")).help("use `jinja`"))
            }
        }
    }

    fn hash(&self) -> Result<Hash> {
        let text = self.source_hash.as_deref().unwrap_or_default();
        let known = |kind: &str| matches!(kind, "md5" | "sha1" | "sha224" | "sha256" | "sha384" | "sha512");
        match text.split_once(['=', ':']) {
            Some((kind, hex)) if known(kind) && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                Ok(Hash { kind: kind.to_owned(), hex: hex.to_lowercase() })
            }
            _ => Err(Fault::new("a script from a URL needs a `source_hash` such as `sha256=…`")
                .help("or put the script into the project and use `salt://`")),
        }
    }

    fn plan(&self, context: &Context<'_>) -> Result<Plan> {
        let (source, args) = self.parts();
        let shell = self.shell.as_deref().unwrap_or("/bin/sh");
        let quiet = is_quiet(self.hide_output, self.output_loglevel.as_ref());
        let mut plan = Plan::default();
        let mut argv = ["/bin/sh", "-c", FROM_INPUT, shell, args].map(str::to_owned).to_vec();
        let mut stdin = self.stdin.clone().map(String::into_bytes);
        if source.starts_with("salt://") {
            let mut input = self.content(context, source)?;
            argv.push(input.len().to_string());
            input.extend(stdin.unwrap_or_default());
            stdin = Some(input);
        } else if source.contains("://") {
            let digest = Sha256::digest(source);
            let id: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            let path = PathBuf::from(format!("/tmp/provision-script-{id}"));
            argv = ["/bin/sh", "-c", FROM_FILE, shell, args].map(str::to_owned).to_vec();
            argv.push(path.display().to_string());
            let owner = Owner { user: self.runas.clone(), group: self.group.clone() };
            let download = Action::Download {
                url: source.to_owned(),
                hash: Some(self.hash()?),
                path,
                mode: Some(0o700),
                owner,
            };
            plan.push(Change::new("download").to(source), download);
        } else if source.starts_with('/') {
            argv = [shell, "-c", &format!("\"$0\" {args}"), source].map(str::to_owned).to_vec();
        } else {
            return Err(Fault::new(format!("`{source}` is no place of a script"))
                .help("name a `source` such as `salt://scripts/setup.sh`"));
        }
        let setting = Setting {
            cwd: self.cwd.as_ref(),
            runas: self.runas.as_ref(),
            group: self.group.as_ref(),
            env: &self.env,
            prepend_path: self.prepend_path.as_ref(),
            umask: self.umask,
            success_retcodes: &self.success_retcodes,
            timeout: self.timeout,
            quiet,
            bg: self.bg,
        };
        let mut command = setting.apply(Command::new(argv), context.facts)?;
        command.stdin = stdin;
        let change = Change::new("run");
        let change = if quiet { change } else { change.to(format!("{source} {args}").trim_end()) };
        plan.push(change, Action::Run(command));
        Ok(plan)
    }
}

impl State for Script {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        self.plan(context)
    }

    fn reacts(&self) -> bool {
        true
    }

    fn react(&self, context: &Context<'_>) -> Result<Plan> {
        self.plan(context)
    }

    fn wants(&self) -> Vec<Key> {
        let user = self.runas.clone().map(Key::User);
        user.into_iter().chain(self.cwd.clone().map(Key::Path)).collect()
    }

    fn settles(&self) -> bool {
        false
    }

    fn verdict(&self, outputs: &[Output]) -> Result<Verdict> {
        self.stateful.judge(outputs)
    }
}

impl Function for Script {
    const NAME: &'static str = "cmd.script";
    const ABOUT: &'static str = "The script of the project has run with its arguments: every time, unless \
        `unless`, `onlyif`, `creates` or `onchanges` keep it from running.";
    const EXAMPLE: &'static str = "set up search:\n  cmd.script:\n    - source: salt://search/setup.sh\n    - args: --shards 2\n    - creates: /var/lib/search/ready\n";
    const LATER: &'static [&'static str] = &["root", "password", "success_stdout", "success_stderr"];
}
