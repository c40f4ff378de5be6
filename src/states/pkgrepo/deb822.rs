//! An archive as a stanza of a `.sources` file (deb822). Fields that we do not know stay.

use super::line::Repo;

/// The options of a line and their fields.
const FIELDS: [(&str, &str); 8] = [
    ("arch", "Architectures"),
    ("lang", "Languages"),
    ("target", "Targets"),
    ("pdiffs", "PDiffs"),
    ("by-hash", "By-Hash"),
    ("trusted", "Trusted"),
    ("signed-by", "Signed-By"),
    ("check-valid-until", "Check-Valid-Until"),
];

pub fn stanza(repo: &Repo) -> String {
    let mut text = format!("Types: {}\nURIs: {}\nSuites: {}\n", repo.kind, repo.uri, repo.suite);
    if repo.disabled {
        text.insert_str(0, "Enabled: no\n");
    }
    if !repo.components.is_empty() {
        text.push_str(&format!("Components: {}\n", repo.components.join(" ")));
    }
    for (name, value) in &repo.options {
        let field = FIELDS.iter().find(|(known, _)| known == name).map_or(name.as_str(), |(_, field)| field);
        text.push_str(&format!("{field}: {}\n", value.replace(',', " ")));
    }
    text
}

/// The archives of a stanza: every type, address and suite that it names.
pub fn repos(stanza: &str) -> Vec<Repo> {
    let words = |name: &str| -> Vec<String> {
        field(stanza, name).unwrap_or_default().split_whitespace().map(str::to_owned).collect()
    };
    let options = FIELDS.iter().filter_map(|(name, field_name)| {
        let value = field(stanza, field_name)?;
        Some(((*name).to_owned(), value.split_whitespace().collect::<Vec<_>>().join(",")))
    });
    let options: Vec<(String, String)> = options.collect();
    let disabled = field(stanza, "Enabled").is_some_and(|value| matches!(value.trim(), "no" | "false" | "0"));
    let mut repos = Vec::new();
    for kind in words("Types") {
        for uri in words("URIs") {
            for suite in words("Suites") {
                repos.push(Repo {
                    kind: kind.clone(),
                    options: options.clone(),
                    uri: uri.clone(),
                    suite,
                    components: words("Components"),
                    disabled,
                });
            }
        }
    }
    repos
}

/// A field's value with the lines that go on from it.
fn field(stanza: &str, name: &str) -> Option<String> {
    let mut value: Option<String> = None;
    for line in stanza.lines().filter(|line| !line.starts_with('#')) {
        if let (Some(value), true) = (&mut value, line.starts_with([' ', '\t'])) {
            value.push_str(line);
        } else if value.is_some() {
            break;
        } else if let Some((known, rest)) = line.split_once(':')
            && known.eq_ignore_ascii_case(name)
        {
            value = Some(rest.trim().to_owned());
        }
    }
    value
}

/// The text with the archive's stanza set right, or added; `None` takes it out. A stanza that is about
/// others too is left to its author.
pub fn put(text: &str, repo: &Repo, wanted: Option<&Repo>) -> String {
    let mut done = wanted.is_none();
    let mut stanzas: Vec<String> = Vec::new();
    for old in text.split("\n\n").map(|old| old.trim_matches('\n')).filter(|old| !old.is_empty()) {
        match (repos(old).as_slice(), wanted) {
            ([only], Some(wanted)) if only.is(repo) && !done => {
                done = true;
                let keep = wanted.equals(only);
                stanzas.push(if keep { old.to_owned() } else { stanza(wanted).trim_end().to_owned() });
            }
            ([only], _) if only.is(repo) => {}
            _ => stanzas.push(old.to_owned()),
        }
    }
    if !done {
        stanzas.extend(wanted.map(|wanted| stanza(wanted).trim_end().to_owned()));
    }
    if stanzas.is_empty() { String::new() } else { format!("{}\n", stanzas.join("\n\n")) }
}
