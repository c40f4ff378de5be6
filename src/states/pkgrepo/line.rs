//! An archive as one line: `deb [arch=amd64 signed-by=/etc/apt/keyrings/x.asc] URI suite components`.

use std::collections::BTreeSet;

use crate::fault::{Fault, Result};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repo {
    /// `deb` or `deb-src`.
    pub kind: String,
    pub options: Vec<(String, String)>,
    pub uri: String,
    pub suite: String,
    pub components: Vec<String>,
    pub disabled: bool,
}

impl Repo {
    pub fn parse(text: &str) -> Result<Self> {
        Self::of_line(text).filter(|repo| !repo.disabled).ok_or_else(|| {
            Fault::new(format!("`{}` is no line of a sources.list", text.trim())).help(
                "write `deb https://deb.example.com/debian bookworm main`, with `[options]` after `deb`",
            )
        })
    }

    /// The archive of a file's line, also of one that is commented out.
    pub fn of_line(line: &str) -> Option<Self> {
        let line = line.trim();
        let (disabled, line) = match line.strip_prefix('#') {
            Some(rest) => (true, rest.trim()),
            None => (false, line),
        };
        let line = line.split(" #").next()?.trim();
        let (kind, rest) = line.split_once(char::is_whitespace)?;
        if !matches!(kind, "deb" | "deb-src") {
            return None;
        }
        let rest = rest.trim();
        let (options, rest) = match rest.strip_prefix('[') {
            Some(rest) => rest.split_once(']')?,
            None => ("", rest),
        };
        let options = options.split_whitespace().map(|option| option.split_once('='));
        let options: Option<Vec<_>> =
            options.map(|option| option.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect();
        let mut words = rest.split_whitespace().map(str::to_owned);
        let (uri, suite) = (words.next()?, words.next()?);
        if !uri.contains(':') {
            return None;
        }
        Some(Self {
            kind: kind.to_owned(),
            options: options?,
            uri,
            suite,
            components: words.collect(),
            disabled,
        })
    }

    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn set(&mut self, name: &str, value: String) {
        self.options.retain(|(known, _)| known != name);
        self.options.push((name.to_owned(), value));
    }

    /// Whether both are about the same archive, whatever is taken from it.
    pub fn is(&self, other: &Self) -> bool {
        let uri = |repo: &Self| repo.uri.trim_end_matches('/').to_owned();
        self.kind == other.kind && uri(self) == uri(other) && self.suite == other.suite
    }

    /// Whether apt would do the same with both.
    pub fn equals(&self, other: &Self) -> bool {
        let options = |repo: &Self| repo.options.iter().cloned().collect::<BTreeSet<_>>();
        let components = |repo: &Self| repo.components.iter().cloned().collect::<BTreeSet<_>>();
        self.is(other)
            && self.disabled == other.disabled
            && options(self) == options(other)
            && components(self) == components(other)
    }

    pub fn line(&self) -> String {
        let mut line = if self.disabled { "# ".to_owned() } else { String::new() };
        line.push_str(&self.kind);
        if !self.options.is_empty() {
            let options: Vec<String> =
                self.options.iter().map(|(name, value)| format!("{name}={value}")).collect();
            line.push_str(&format!(" [{}]", options.join(" ")));
        }
        line.push_str(&format!(" {} {}", self.uri, self.suite));
        for component in &self.components {
            line.push_str(&format!(" {component}"));
        }
        line
    }
}

/// The text with the archive's line set right where it stands, or added; `None` takes it out.
pub fn put(text: &str, repo: &Repo, wanted: Option<&Repo>) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut done = wanted.is_none();
    for line in text.lines() {
        match Repo::of_line(line).filter(|found| found.is(repo)) {
            None => lines.push(line.to_owned()),
            Some(found) if !done => {
                done = true;
                let keep = wanted.is_none_or(|wanted| wanted.equals(&found));
                lines.push(if keep { line.to_owned() } else { wanted.map(Repo::line).unwrap_or_default() });
            }
            // The same archive twice is an error to apt; what is commented out is only a word.
            Some(found) if found.disabled => lines.push(line.to_owned()),
            Some(_) => {}
        }
    }
    if !done {
        lines.extend(wanted.map(Repo::line));
    }
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_and_written() {
        let text = "deb [arch=amd64 signed-by=/k.asc] https://x.org/debian/ bookworm main contrib";
        let repo = Repo::parse(text).unwrap();
        assert_eq!(repo.line(), text);
        assert_eq!(repo.option("signed-by"), Some("/k.asc"));
        let other =
            Repo::parse("deb [signed-by=/k.asc arch=amd64] https://x.org/debian bookworm contrib main");
        assert!(repo.equals(&other.unwrap()));
        assert!(Repo::of_line("# deb https://x.org/debian bookworm main").unwrap().disabled);
        for bad in
            ["", "deb", "deb https://x.org", "ppa:a/b", "# words about deb files", "deb [a https://x y"]
        {
            assert!(Repo::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Repo::parse("deb https://x.org ./").unwrap().components.len(), 0);
    }
}
