//! `provision doc site`: the settings of a project, from the structs that read them.

use std::fmt::Write as _;

use crate::diagnostic::nearest;
use crate::fault::{Fault, Result};
use crate::site::{Field, Setting, Site};

/// The name under which the settings are asked for; `site.deploy` is one of them.
pub const NAME: &str = "site";

/// The settings of a name, for a terminal or as a page in Markdown.
pub fn described(name: &str, markdown: bool) -> Result<String> {
    let fields = Site::fields();
    let path = name.strip_prefix(NAME).unwrap_or(name).trim_start_matches('.');
    if path.is_empty() {
        return Ok(if markdown { page(&fields) } else { overview(&fields) });
    }
    let mut found = Field { name: NAME, fields, ..nothing() };
    for part in path.split('.') {
        let within = found.fields;
        let near = nearest(part, within.iter().map(|field| field.name));
        found = within.into_iter().find(|field| field.name == part).ok_or_else(|| {
            let fault = Fault::new(format!("there is no setting `{path}`"));
            match near {
                Some(near) => fault.help(format!("did you mean `{near}`?")),
                None => fault.help("`provision doc site` lists all"),
            }
        })?;
    }
    Ok(if markdown { section(&found) } else { one(&found) })
}

fn nothing() -> Field {
    Field {
        name: "",
        about: String::new(),
        kind: String::new(),
        default: None,
        example: "",
        fields: Vec::new(),
    }
}

/// A line for each.
fn overview(fields: &[Field]) -> String {
    let width = fields.iter().map(|field| field.name.len()).max().unwrap_or_default();
    let mut out = String::new();
    for field in fields {
        let first = field.about.split_inclusive(". ").next().unwrap_or_default().trim_end();
        let _infallible = writeln!(out, "{:width$}  {first}", field.name);
    }
    out
}

/// What a value is and what holds without one, as a sentence.
fn takes(field: &Field) -> String {
    let mut letters = field.kind.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let default = field.default.as_ref().map(|default| format!(" Default: `{default}`.")).unwrap_or_default();
    format!("{first}{}.{default}", letters.as_str())
}

/// One setting, for a terminal.
fn one(field: &Field) -> String {
    let mut out = format!(
        "{}\n  {}\n  {}\n\n  example:\n    {}\n",
        field.name,
        field.about,
        takes(field),
        field.example
    );
    for key in &field.fields {
        let _infallible =
            write!(out, "\n  {}\n    {}\n    {}\n    {}\n", key.name, key.about, takes(key), key.example);
    }
    out
}

fn page(fields: &[Field]) -> String {
    let mut out = "# Settings\n\n\
        Printed by `provision doc site --markdown`; `provision doc site.deploy` shows one of them. These are the keys \
        that files in `pillar/` may have. Keys that are the same everywhere mostly stand in `pillar/project.sls`, those of \
        an environment in its `env.sls`, people in `pillar/devs.sls`, secrets in the environment's `secrets.sls`; later \
        files win. A key that is not listed is an error, with its line, unless it is one of your own.\n\n\
        ## Keys of your own\n\n\
        Your own states may read keys of their own from the pillar. A key that is called like one of your state files \
        or folders (`shop` for `states/shop.sls` or `states/shop/`) is yours. Declare others in a list:\n\n\
        ```yaml\nextra_keys: [mailing_lists]\nmailing_lists:\n  news: news@example.com\n```\n\n\
        Where your project replaces a state of provision's (`states/nginx/`), the settings that only this state reads are \
        yours, too. A project with a `states/top.sls` of its own can have any keys: of the settings, only those that \
        every task reads (`deploy`, `domain`, `hosts`, `project_name`, `promote_only`) are checked then, and keys that \
        look like a slip of the pen are refused.\n\n\
        ## All settings\n"
        .to_owned();
    for field in fields {
        out.push_str(&section(field));
    }
    out
}

fn section(field: &Field) -> String {
    let mut out = format!(
        "\n### {}\n\n{} {}\n\n```yaml\n{}\n```\n",
        field.name,
        field.about,
        takes(field),
        field.example
    );
    if field.fields.is_empty() {
        return out;
    }
    out.push_str("\n| key | meaning | takes | example |\n|---|---|---|---|\n");
    let cell = |text: &str| text.replace('|', "\\|");
    for key in &field.fields {
        let _infallible = writeln!(
            out,
            "| `{}` | {} | {} | `{}` |",
            key.name,
            cell(&key.about),
            cell(&takes(key)),
            cell(key.example)
        );
    }
    out
}
