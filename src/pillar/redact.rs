//! Problems of files that hold secrets are told without what stands in them: such a file may be too broken for
//! the mask to know its values. Must not change problems of other files.

use crate::diagnostic::Problems;
use crate::plan::Mask;
use crate::project::is_secret;
use crate::tree::Tree;

/// Takes out of problems the lines and words of the visited files that hold secrets.
pub fn redact(problems: &mut Problems, tree: &Tree, visited: &[String]) {
    if problems.is_empty() {
        return;
    }
    let mut words = Vec::new();
    for path in visited.iter().filter(|path| is_secret(path)) {
        let Ok(Some(file)) = tree.read(path) else { continue };
        String::from_utf8_lossy(&file.bytes).lines().for_each(|line| values(line, &mut words));
    }
    let mask = Mask::new(words);
    for problem in &mut problems.0 {
        let mut concerned = false;
        problem.each_place(&mut |place| {
            if is_secret(&place.file) {
                concerned = true;
                place.text.clear();
            }
        });
        if concerned {
            problem.each_text(&mut |text| mask.hide_in(text));
        }
    }
}

/// Whatever in a line may be a value or a part of one, as messages would quote it.
fn values(line: &str, words: &mut Vec<String>) {
    let line = line.trim().trim_start_matches("- ");
    // A key is worth telling; where there is none, all of the line may be secret.
    let value = match line.split_once(": ") {
        Some((key, value)) if !key.contains(char::is_whitespace) => value.trim(),
        _ if !line.contains(char::is_whitespace) && line.ends_with(':') => return,
        _ => line,
    };
    let edges = |letter: char| "\"',[]{}".contains(letter);
    let rest = value.split_once([':', '=']).map_or("", |(_, rest)| rest.trim());
    for part in [value, rest]
        .into_iter()
        .chain(value.split(|letter: char| letter.is_whitespace() || ":=".contains(letter)))
    {
        words.extend([part.to_owned(), part.trim_matches(edges).to_owned()]);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::functions::Surroundings;
    use crate::pillar::{Request, compile};

    /// Everything that is told of a broken file, as people and as programs read it.
    fn told(secrets: &str) -> String {
        let files = BTreeMap::from([("staging/secrets.sls".to_owned(), secrets.as_bytes().to_vec())]);
        let tree = Tree::default().with_memory(files);
        let surroundings = Surroundings { environment: "staging".to_owned(), ..Surroundings::default() };
        let (_, problems) = compile(&Request { tree: &tree, surroundings: &surroundings });
        assert!(problems.fatal(), "{secrets}");
        let shown = problems.0.iter().map(|problem| crate::diagnostic::render(problem, false));
        format!("{}{}", shown.collect::<String>(), serde_json::to_string(&problems).unwrap())
    }

    #[test]
    fn a_broken_file_of_secrets_is_told_without_what_is_in_it() {
        for text in [
            "secrets:\n  KEY:hunter2\n  OTHER: hunter2\n",
            "secrets:\n  A: x\n  KEY hunter2\n",
            "secrets:\n  KEY: 'hunter2\n",
            "secrets:\n  KEY: \"hunter2\n  B: x\n",
            "secrets:\n\tKEY: hunter2\n",
            "secrets:\n  KEY: @hunter2\n",
            "secrets:\n  KEY: %hunter2\n",
            "secrets:\n  KEY: !!int hunter2\n",
            "secrets:\n  KEY: !vault hunter2\n",
            "secrets:\n  KEY: *hunter2\n",
            "secrets:\n  KEY: [hunter2, {a: hunter2\n",
            "secrets:\n  KEY: hunter2\n KEY: hunter2\n",
            "secrets:\n  KEY: hunter2\n  KEY: hunter2\n",
            "secrets:\n  KEY: {{ hunter2 }}\n",
            "secrets:\n  KEY: {{ 'hunter2' | nofilter }}\n",
            "secrets:\n  KEY: {% set x = 'hunter2' %}\n",
            "{# hunter2 #}\nsecrets:\n  KEY: x\n",
            "#!jinja|yaml\nsecrets:\n  KEY: {{ 'hunter2' | nofilter }}\n",
            "#!jinja|yaml\nsecrets:\n  KEY: hunter2 {% if %}\n",
            "secrets:\n  KEY: a: hunter2\n",
            "- hunter2\n",
            "hunter2\n",
            "include: hunter2\n",
        ] {
            let told = told(text);
            assert!(!told.contains("hunter2"), "{text}: {told}");
            assert!(told.contains("secrets.sls"), "{told}");
            let tags = ["{{", "{%", "{#"].iter().any(|tag| text.contains(tag));
            let advised = told.contains("a file of secrets is no template");
            assert_eq!(advised, tags && !text.starts_with("#!jinja"), "{text}: {told}");
        }
    }

    fn pillar(path: &str, secrets: &str) -> serde_json::Value {
        let files = BTreeMap::from([
            ("staging/env.sls".to_owned(), b"include: [staging.keys]\n".to_vec()),
            ("staging/keys.sls".to_owned(), b"a: {{ 1 + 1 }}\n".to_vec()),
            (path.to_owned(), secrets.as_bytes().to_vec()),
        ]);
        let tree = Tree::default().with_memory(files);
        let surroundings = Surroundings { environment: "staging".to_owned(), ..Surroundings::default() };
        let (pillar, problems) = compile(&Request { tree: &tree, surroundings: &surroundings });
        assert!(problems.is_empty(), "{secrets}: {problems:?}");
        serde_json::Value::Object((*pillar.data).clone())
    }

    #[test]
    fn every_value_of_a_file_of_secrets_arrives_byte_for_byte() {
        for value in [
            "{{ pillar.x }}",
            "{% if %}",
            "{# a comment #}",
            "a{{b",
            "}}%}#}",
            "x {{ 1 + 1 }} {%- endraw %}",
            "#!jinja|yaml",
            "\\n \"quoted\" 'twice' %s $HOME `id` \t",
            "é ü 漢 \u{1f511}",
            " leading and trailing ",
            "-----BEGIN KEY-----\nMII{{=\n-----END KEY-----\n",
            "",
        ] {
            let text = format!("secrets:\n  KEY: {}\n", serde_json::Value::from(value));
            let found = pillar("staging/secrets.sls", &text);
            assert_eq!(found["secrets"]["KEY"], value, "{text}");
        }
        let plain = pillar("staging/secrets.sls", "secrets:\n  KEY: a {{ b }} {% c %}\n");
        assert_eq!(plain["secrets"]["KEY"], "a {{ b }} {% c %}");
        let rendered = pillar("staging/secrets.sls", "#!jinja|yaml\nsecrets:\n  KEY: a{{ 1 + 1 }}\n");
        assert_eq!(rendered["secrets"]["KEY"], "a2");
    }
}
