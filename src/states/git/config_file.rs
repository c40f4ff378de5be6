//! Git's configuration files: sections, variables and values as `git config` reads them. Must not look at
//! the host.

/// A variable: `section.subsection.name`, section and name in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub key: String,
    pub value: String,
}

/// A key with those parts in lower case that git does not tell apart.
pub fn normal(key: &str) -> String {
    let (section, rest) = key.split_once('.').unwrap_or((key, ""));
    match rest.rsplit_once('.') {
        Some((subsection, name)) => {
            format!("{}.{subsection}.{}", section.to_lowercase(), name.to_lowercase())
        }
        None => format!("{}.{}", section.to_lowercase(), rest.to_lowercase()),
    }
}

/// All values of a key.
pub fn values<'a>(entries: &'a [Entry], key: &str) -> impl DoubleEndedIterator<Item = &'a str> {
    let key = normal(key);
    entries.iter().filter(move |entry| entry.key == key).map(|entry| entry.value.as_str())
}

/// The variables of a file in order. What git would refuse is left out: git itself says so when it runs.
pub fn parse(text: &str) -> Vec<Entry> {
    let text = text.replace("\\\r\n", "\\\n");
    let mut entries = Vec::new();
    let mut section = String::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        rest = rest.trim_start();
        if rest.starts_with(['#', ';']) {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
        } else if let Some(inner) = rest.strip_prefix('[') {
            let Some((header, after)) = header(inner) else { return entries };
            section = header;
            rest = after;
        } else {
            let (entry, after) = variable(&section, rest);
            entries.extend(entry);
            rest = after;
        }
    }
    entries
}

/// `section]` or `section "sub\"section"]`, and what follows.
fn header(text: &str) -> Option<(String, &str)> {
    let end = text.find(|c: char| c == ']' || c == '"' || c.is_whitespace())?;
    let (section, rest) = text.split_at(end);
    let mut name = section.to_lowercase();
    if let Some(rest) = rest.strip_prefix(']') {
        return Some((name, rest));
    }
    let mut chars = rest.trim_start().strip_prefix('"')?.char_indices();
    name.push('.');
    let quoted = rest.trim_start().get(1..)?;
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => name.push(chars.next()?.1),
            '"' => {
                let after = quoted.get(at + 1..)?.trim_start();
                return Some((name, after.strip_prefix(']')?));
            }
            other => name.push(other),
        }
    }
    None
}

/// `name = value` up to the end of its line, and what follows.
fn variable<'a>(section: &str, text: &'a str) -> (Option<Entry>, &'a str) {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let entry = |value: String| {
        let key = format!("{section}.{}", name.to_lowercase());
        (!name.is_empty() && !section.is_empty()).then_some(Entry { key, value })
    };
    let rest = rest.trim_start_matches([' ', '\t']);
    let Some(rest) = rest.strip_prefix('=') else {
        // A name alone is true.
        return (entry("true".to_owned()), rest.split_once('\n').map_or("", |(_, rest)| rest));
    };
    let mut value = String::new();
    let mut kept = 0;
    let mut quoted = false;
    let mut chars = rest.trim_start_matches([' ', '\t']).chars();
    while let Some(char) = chars.next() {
        match char {
            '\n' if !quoted => break,
            '\\' => match chars.next() {
                Some('\n') => continue,
                Some('n') => value.push('\n'),
                Some('t') => value.push('\t'),
                Some('b') => value.push('\u{8}'),
                Some(other) => value.push(other),
                None => break,
            },
            '"' => {
                quoted = !quoted;
                kept = value.len();
                continue;
            }
            '#' | ';' if !quoted => {
                let after = chars.as_str();
                chars = after.split_once('\n').map_or("", |(_, rest)| rest).chars();
                break;
            }
            other => value.push(other),
        }
        if quoted || !char.is_whitespace() {
            kept = value.len();
        }
    }
    // Blanks at the end of a line are no part of the value.
    value.truncate(kept);
    (entry(value), chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_as_git_reads_them() {
        let text = "# comment\n[core]\n\tbare = false\n\tfileMode\n\
            [remote \"or\\\"igin\"]\n  url = https://example.com/a.git ; comment\n  fetch = +refs/heads/*:refs/remotes/origin/*\n\
            [Alias] st = \"status  -s\" # x\n long = one \\\n  two\n quoted = \"a # b\\n\\\"c\\\"\"  \n[user]\nname=\n";
        let pairs: Vec<(String, String)> =
            parse(text).into_iter().map(|entry| (entry.key, entry.value)).collect();
        let expected = [
            ("core.bare", "false"),
            ("core.filemode", "true"),
            ("remote.or\"igin.url", "https://example.com/a.git"),
            ("remote.or\"igin.fetch", "+refs/heads/*:refs/remotes/origin/*"),
            ("alias.st", "status  -s"),
            ("alias.long", "one   two"),
            ("alias.quoted", "a # b\n\"c\""),
            ("user.name", ""),
        ];
        let expected: Vec<(String, String)> =
            expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        assert_eq!(pairs, expected);
        assert_eq!(normal("Remote.Origin.URL"), "remote.Origin.url");
    }

    #[test]
    fn broken_files_end_early_instead_of_never() {
        for text in ["[", "[a", "[a \"b", "=", "[a]\n=x\n!!", "[a]\nb = \"open", "\\"] {
            assert!(parse(text).len() <= 1, "{text}");
        }
    }
}
