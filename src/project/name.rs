//! Whether a project's name can name all that is called by it: an account, a group, folders, a Postgres role and
//! database. Looks at no host.

use serde_json::{Map, Value};

use super::people::{GROUPS_OF_OURS, Places};
use super::system;
use crate::diagnostic::{Diagnostic, Problems};

/// The most that Linux takes for an account.
const LONGEST: usize = 32;

/// Checks `project_name`, and the names of the database and its owner where they are others.
pub fn check(pillar: &Map<String, Value>, place: Places<'_>) -> Problems {
    let mut problems = Problems::default();
    let mut tell = |problem: Diagnostic, path: &[&str]| {
        problems.push(match place(path) {
            Some(place) => problem.at(&place),
            None => problem,
        });
    };
    if let Some(value) = pillar.get("project_name").filter(|value| !value.is_null()) {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let wrong = match value.as_str() {
            Some(name) => wrong(name),
            None => Some("is no text"),
        };
        if let Some(wrong) = wrong {
            let help = "it names the account, group, folders and database of the project: up to 32 letters, digits, \
                        `-` and `_`, a letter first, such as `shop`";
            tell(Diagnostic::error(format!("`project_name: {shown}` {wrong}")).help(help), &["project_name"]);
        }
    }
    for key in ["name", "user"] {
        let value = pillar.get("postgres").and_then(|postgres| postgres.get(key)).and_then(Value::as_str);
        if let Some(value) = value.filter(|value| is_postgres_own(value)) {
            let problem = Diagnostic::error(format!("`postgres: {{{key}: {value}}}` is Postgres's own"));
            tell(
                problem.help("choose another name, or leave it out: it is the project's"),
                &["postgres", key],
            );
        }
    }
    problems
}

/// What is wrong with a name.
fn wrong(name: &str) -> Option<&'static str> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if name.is_empty() {
        Some("is empty")
    } else if !name.starts_with(|letter: char| letter.is_ascii_alphabetic()) || !name.chars().all(plain) {
        Some("is not a name that an account can have")
    } else if name.len() > LONGEST {
        Some("is too long")
    } else if system::is_group(name) {
        Some("is an account or group of the system, which provision would take over")
    } else if is_postgres_own(name) {
        Some("is Postgres's own")
    } else if GROUPS_OF_OURS.contains(&name) {
        Some("is a group that people of devs.sls are in")
    } else {
        None
    }
}

fn is_postgres_own(name: &str) -> bool {
    matches!(name, "postgres" | "template0" | "template1" | "public")
        || name.starts_with("pg_")
        || name.starts_with("pg-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_projects_name_is_nobodys_else() {
        for good in ["shop", "my-site", "my_site", "Shop2", "example", "a", "newsroom"] {
            assert_eq!(wrong(good), None, "{good}");
        }
        let long = "a".repeat(33);
        for bad in [
            "",
            ".",
            "..",
            "a b",
            "x$(id)",
            "a/b",
            "-a",
            "2go",
            "é",
            "root",
            "news",
            "games",
            "mail",
            "backup",
            "www-data",
            "Root",
            "systemd-network",
            "adm",
            "sudo",
            "docker",
            "postgres",
            "template0",
            "template1",
            "pg_shop",
            "pg-shop",
            "admin",
            "login",
            "provision-devs",
            &long,
        ] {
            assert!(wrong(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn names_of_the_database_are_checked_too() {
        let pillar =
            serde_json::json!({"project_name": 7, "postgres": {"name": "template1", "user": "shop"}});
        let problems = check(pillar.as_object().unwrap(), &|_| None);
        let texts: Vec<&str> = problems.0.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(
            texts,
            ["`project_name: 7` is no text", "`postgres: {name: template1}` is Postgres's own"]
        );
        assert!(check(&Map::new(), &|_| None).is_empty());
    }
}
