//! A requirement as pip takes it: `django[argon2]>=4.2,<5`, `name @ URL`, `git+https://…#egg=name`.

use super::version::{Specifier, Version};
use crate::fault::{Fault, Result};

#[derive(Clone, Debug)]
pub struct Requirement {
    /// As pip takes it.
    pub text: String,
    /// Normalised; `None` where only pip can tell (a URL or a path without a name).
    pub name: Option<String>,
    specifiers: Vec<Specifier>,
}

impl Requirement {
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let of = |name: Option<&str>| Self {
            text: text.to_owned(),
            name: name.map(normal),
            specifiers: Vec::new(),
        };
        if text.contains("://") || text.starts_with(['.', '/']) {
            let egg = text.split_once("#egg=").map(|(_, egg)| egg.split(['&', '[']).next().unwrap_or(egg));
            let before = text.split_once('@').map(|(name, _)| name.trim()).filter(|name| is_name(name));
            return Ok(of(egg.or(before.map(|name| name.split('[').next().unwrap_or(name)))));
        }
        let wrong = |what: &str| {
            Fault::new(format!("`{text}` is no requirement: {what}"))
                .help("write it as pip takes it: `django>=4.2,<5`")
        };
        if text.contains(';') {
            return Err(Fault::new(format!("`{text}`: environment markers are not supported"))
                .help("decide with Jinja which packages there are, or put them into a requirements file"));
        }
        let end =
            text.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        if name.is_empty() {
            return Err(wrong("it has no name"));
        }
        let rest = match rest.trim_start().strip_prefix('[') {
            Some(extras) => extras.split_once(']').ok_or_else(|| wrong("`[` is not closed"))?.1,
            None => rest,
        };
        let rest = rest.trim().trim_start_matches('(').trim_end_matches(')');
        let conditions = rest.split(',').map(str::trim).filter(|condition| !condition.is_empty());
        let specifiers = conditions
            .map(|condition| {
                Specifier::parse(condition)
                    .ok_or_else(|| wrong(&format!("`{condition}` is no condition on a version")))
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Self { specifiers, ..of(Some(name)) })
    }

    /// Whether an installed version is enough.
    pub fn admits(&self, version: &str) -> bool {
        match Version::parse(version) {
            Some(parsed) => self.specifiers.iter().all(|specifier| specifier.admits(&parsed, version)),
            None => self.specifiers.is_empty(),
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.[], ".contains(c))
}

/// The name under which the index knows a package (PEP 503).
pub fn normal(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for char in name.trim().to_ascii_lowercase().chars() {
        let char = if matches!(char, '_' | '.') { '-' } else { char };
        if !(char == '-' && normal.ends_with('-')) {
            normal.push(char);
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_conditions() {
        let table = [
            ("Django", Some("django"), "5.0", true),
            ("zope.interface >= 5, != 5.2", Some("zope-interface"), "5.2", false),
            ("django[argon2,bcrypt] (>=4.2,<5)", Some("django"), "4.2.11", true),
            ("django==4.2", Some("django"), "4.2.1", false),
            ("name @ https://example.com/x.whl", Some("name"), "1", true),
            ("git+https://example.com/a.git@v1#egg=My_Pkg[x]", Some("my-pkg"), "1", true),
            ("git+ssh://git@example.com/a.git", None, "1", true),
            ("./local", None, "1", true),
        ];
        for (text, name, version, enough) in table {
            let requirement = Requirement::parse(text).unwrap();
            assert_eq!(requirement.name.as_deref(), name, "{text}");
            assert_eq!(requirement.admits(version), enough, "{text}");
        }
        for wrong in ["", "==1.0", "django 4.2", "django[x", "a; python_version < '3'"] {
            assert!(Requirement::parse(wrong).is_err(), "{wrong}");
        }
    }
}
