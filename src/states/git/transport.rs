//! How git reaches a remote: as which account, with which keys, with which password. Passwords go through
//! the environment, never through arguments or into the repository's configuration.

use std::path::Path;
use std::time::Duration;

use base64ct::{Base64, Encoding};

use crate::fault::{Fault, Result};
use crate::host::Command;

#[derive(Debug)]
pub struct Transport {
    /// The address without a password.
    pub url: String,
    account: Option<String>,
    ssh: String,
    /// User and password for https.
    login: Option<(String, String)>,
}

impl Transport {
    pub fn new(
        url: &str,
        account: Option<String>,
        identity: &[String],
        https_user: Option<&String>,
        https_pass: Option<&String>,
    ) -> Result<Self> {
        let mut ssh = String::from("ssh -o BatchMode=yes");
        for path in identity {
            if path.contains("://") {
                return Err(Fault::new(format!("the key `{path}` is not on the host"))
                    .help("put it there with `file.managed` and name its path"));
            }
            ssh.push_str(&format!(" -i {}", shell_words::quote(path)));
        }
        if !identity.is_empty() {
            ssh.push_str(" -o IdentitiesOnly=yes");
        }
        let (url, written) = without_password(url);
        let login = match (https_user, https_pass) {
            (Some(user), pass) => Some((user.clone(), pass.cloned().unwrap_or_default())),
            (None, Some(_)) => return Err(Fault::new("`https_pass` is given without `https_user`")),
            (None, None) => written,
        };
        Ok(Self { url, account, ssh, login })
    }

    /// A git command. `C.UTF-8` and no prompt come with it.
    pub fn git<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(std::iter::once("git").chain(words))
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_SSH_COMMAND", &self.ssh)
            .timeout(Duration::from_secs(3600));
        if let (Some((user, password)), Some(site)) = (&self.login, site(&self.url)) {
            let basic = Base64::encode_string(format!("{user}:{password}").as_bytes());
            // How git hands `-c` to its own children; GIT_CONFIG_COUNT is too new for some supported systems.
            let setting = format!("'http.{site}.extraheader=Authorization: Basic {basic}'");
            command = command.env("GIT_CONFIG_PARAMETERS", setting);
        }
        command.user.clone_from(&self.account);
        command
    }

    /// A git command in a repository.
    pub fn inside<'a>(&self, target: &'a Path, words: impl IntoIterator<Item = &'a str>) -> Command {
        let target = target.to_str().unwrap_or_default();
        self.git(["-C", target].into_iter().chain(words))
    }
}

/// `https://host/`, for http and https addresses only.
fn site(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split('/').next()?;
    matches!(scheme, "http" | "https").then(|| format!("{scheme}://{host}/"))
}

/// Takes `user:password@` out of an http address.
fn without_password(url: &str) -> (String, Option<(String, String)>) {
    let parts = url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"));
    let Some((scheme, rest)) = parts else { return (url.to_owned(), None) };
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    match authority.rsplit_once('@').map(|(login, host)| (login.split_once(':'), host)) {
        Some((Some((user, password)), host)) => {
            (format!("{scheme}://{host}{path}"), Some((unescape(user), unescape(password))))
        }
        _ => (url.to_owned(), None),
    }
}

/// `%40` is `@`.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_in_no_argument() {
        let transport = Transport::new("https://me:p%40ss@example.com/a.git", None, &[], None, None).unwrap();
        assert_eq!(transport.url, "https://example.com/a.git");
        let command = transport.git(["fetch", &transport.url]);
        assert!(!command.line().contains("p%40ss"));
        // me:p@ss
        let setting = "'http.https://example.com/.extraheader=Authorization: Basic bWU6cEBzcw=='";
        assert_eq!(command.env.get("GIT_CONFIG_PARAMETERS").map(String::as_str), Some(setting));
    }

    #[test]
    fn addresses_without_a_password_stay() {
        for url in [
            "https://example.com/a@b:c.git",
            "git@example.com:a/b.git",
            "ssh://git@host/a",
            "/srv/a.git",
            "https://me@h/a",
        ] {
            assert_eq!(without_password(url), (url.to_owned(), None));
        }
    }

    #[test]
    fn keys_are_quoted_for_ssh() {
        let transport = Transport::new("h:a", None, &["/srv/my key".to_owned()], None, None).unwrap();
        let command = transport.git(["fetch"]);
        let ssh = command.env.get("GIT_SSH_COMMAND").map(String::as_str);
        assert_eq!(ssh, Some("ssh -o BatchMode=yes -i '/srv/my key' -o IdentitiesOnly=yes"));
        assert!(Transport::new("h:a", None, &["salt://key".to_owned()], None, None).is_err());
    }
}
