//! What a host may answer when it is asked what it is: its words become names of files and arguments here. Must not
//! know what they are good for.

use std::collections::BTreeMap;

use super::{Refusal, Target};

/// An error where an answer is not what such a thing looks like.
pub fn check(answers: &BTreeMap<&str, &str>, project: &str, target: &Target) -> Result<(), Refusal> {
    let get = |key: &str| answers.get(key).copied().unwrap_or("");
    for (key, fits) in [
        ("machine", machine(get("machine"))),
        ("user", user(get("user"))),
        ("base", base(get("base"), project)),
    ] {
        if !fits {
            let said: String = get(key).chars().take(80).collect();
            let host = target.shown();
            return Err(Refusal::new(format!("`{host}` answers what cannot be: its {key} is `{said}`"))
                .help("is it the host that you mean? something there answers in its place"));
        }
    }
    Ok(())
}

/// As `uname -m` has it. It is part of a file's name here.
pub fn machine(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=32).contains(&name.len()) && name.bytes().all(fits)
}

/// Names of directory services may hold more than those of useradd(8).
fn user(name: &str) -> bool {
    let odd = |letter: char| letter.is_control() || letter.is_whitespace() || letter == ':';
    (1..=255).contains(&name.len()) && !name.contains(odd) && !name.starts_with('-')
}

/// Root's folder or one below a home.
fn base(path: &str, project: &str) -> bool {
    path.starts_with('/')
        && path.len() <= 1024
        && !path.contains(char::is_control)
        && !path.split('/').any(|part| part == "..")
        && ["lib", ".cache"].iter().any(|above| path.ends_with(&format!("/{above}/provision/{project}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::Login;

    #[test]
    fn a_host_answers_names_and_no_paths() {
        let right = [("machine", "x86_64"), ("user", "ada"), ("base", "/home/ada/.cache/provision/shop")];
        for (key, answer, fits) in [
            ("machine", "aarch64", true),
            ("machine", "", false),
            ("machine", "../../etc/passwd", false),
            ("machine", "x86_64/../x", false),
            ("machine", "x86-64", false),
            ("machine", "x\u{1b}[2J", false),
            ("machine", "x86_64 ", false),
            ("user", "ada.lovelace@example.com", true),
            ("user", "EXAMPLE\\ada", true),
            ("user", "", false),
            ("user", "-oProxyCommand=x", false),
            ("user", "ada\u{7}", false),
            ("base", "/var/lib/provision/shop", true),
            ("base", "/srv/home of all/.cache/provision/shop", true),
            ("base", "/var/lib/provision/other", false),
            ("base", "/etc", false),
            ("base", "lib/provision/shop", false),
            ("base", "/../lib/provision/shop", false),
            ("base", "/\u{9b}31m/lib/provision/shop", false),
        ] {
            let mut answers = BTreeMap::from(right);
            answers.insert(key, answer);
            let target = Target { name: "a".to_owned(), address: "a".to_owned(), login: Login::default() };
            assert_eq!(check(&answers, "shop", &target).is_ok(), fits, "{key}: {answer}");
        }
    }
}
