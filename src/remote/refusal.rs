//! Why a host could not be used, as a sentence with what to do about it.

use crate::exit::Exit;

use super::{Target, hostkey};

/// A host that cannot be used; nothing was changed on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub message: String,
    pub help: Option<String>,
    pub exit: Exit,
}

impl Refusal {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, exit: Exit::Unreachable }
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// A signal came while this host was busy with us, or before.
    pub fn interrupted(target: &Target, running: bool) -> Self {
        let host = target.shown();
        if running {
            return Self::new(format!("interrupted: `{host}` goes on by itself to the end of the run"))
                .help("run it again to see what is left to do");
        }
        Self::new(format!("interrupted: on `{host}` nothing was changed yet"))
    }

    /// From what ssh wrote on standard error when it gave up connecting.
    pub fn from_ssh(target: &Target, said_all: &str) -> Self {
        let errors = &hostkey::without_details(said_all);
        let said = |what: &str| errors.contains(what);
        let place = match target.login.port {
            Some(port) => format!("{} port {port}", target.address),
            None => target.address.clone(),
        };
        if said("REMOTE HOST IDENTIFICATION HAS CHANGED") {
            let shown = hostkey::shown_instead(errors).unwrap_or("another one");
            return Self::new(format!("the host key of `{place}` is not the one that is known, but {shown}"))
                .help(format!(
                    "somebody may be listening in; if the server was rebuilt, forget the old key: {}",
                    hostkey::forget(target, errors)
                ));
        }
        if said("Host key verification failed") {
            return Self::new(format!(
                "the host key of `{place}` is not known, and your ssh configuration accepts no new ones"
            ))
            .help("log in once with ssh and compare the key, or set StrictHostKeyChecking to accept-new");
        }
        for sign in
            ["UNPROTECTED PRIVATE KEY FILE", "error in libcrypto", "invalid format", "no such identity"]
        {
            let about = errors.lines().find(|line| line.contains(sign) && !line.starts_with('@'));
            if said(sign) {
                let about = about.or_else(|| errors.lines().find(|line| line.starts_with("Permissions ")));
                return Self::new(format!(
                    "the private key for `{place}` cannot be used: {}",
                    about.unwrap_or("others can read it").trim()
                ))
                .help("give a private key that only you can read (chmod 600) with -i");
            }
        }
        if said("Permission denied") || said("Too many authentication failures") {
            let user = target.login.user.clone().or_else(|| user(said_all));
            let user = user.as_deref().unwrap_or("(your ssh configuration's user)");
            let key = match &target.login.identity {
                Some(key) => format!("key `{}`", key.display()),
                None => match said_all.matches("Offering public key:").count() {
                    0 => "no key: your agent has none, and ~/.ssh has none that can be used".to_owned(),
                    1 => "the one key of your agent and ~/.ssh".to_owned(),
                    count => format!("the {count} keys of your agent and ~/.ssh"),
                },
            };
            let help = match user {
                "root" => {
                    "a host that was provisioned refuses root: log in as a developer of pillar/devs.sls with -u, or \
                     try another key with -i"
                }
                _ => {
                    "try another user with -u or another key with -i; a fresh server often wants -u root, and one \
                     that was provisioned a developer of pillar/devs.sls"
                }
            };
            return Self::new(format!("`{place}`: permission denied as `{user}` with {key}")).help(help);
        }
        for (sign, what) in [
            ("Could not resolve hostname", "the name is not known"),
            ("Connection refused", "nothing listens there"),
            ("timed out", "no answer in time"),
            ("No route to host", "no route to it"),
            ("Network is unreachable", "no network leads to it"),
            ("Connection reset", "the connection was reset"),
            ("Connection closed", "the connection was closed"),
        ] {
            if said(sign) {
                return Self::new(format!("`{place}` cannot be reached: {what}"))
                    .help("is the address right, is the host up, and does its firewall let ssh in?");
            }
        }
        Self::new(format!("ssh to `{place}` failed: {}", last_line(errors)))
    }
}

/// As whom ssh logged in, if it came so far.
fn user(said: &str) -> Option<String> {
    let (_, rest) = said.rsplit_once("debug1: Authenticating to ")?;
    Some(rest.split('\'').nth(1)?.to_owned())
}

/// The last line that says something.
fn last_line(text: &str) -> &str {
    text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it said nothing")
}

#[cfg(test)]
mod tests {
    use super::super::Login;
    use super::*;

    #[test]
    fn each_way_to_fail_has_its_sentence() {
        let login = Login { user: Some("root".to_owned()), port: Some(2222), ..Login::default() };
        let target = Target { name: "web1".to_owned(), address: "192.0.2.1".to_owned(), login };
        let table = [
            ("root@192.0.2.1: Permission denied (publickey,password).", "permission denied as `root`"),
            ("ssh: connect to host 192.0.2.1 port 2222: Connection refused", "nothing listens there"),
            ("ssh: connect to host 192.0.2.1 port 2222: Connection timed out", "no answer in time"),
            ("ssh: Could not resolve hostname nowhere: Name or service not known", "name is not known"),
            (
                "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
                "not the one that is known",
            ),
            ("No ED25519 host key is known for x\nHost key verification failed.", "accepts no new ones"),
            (
                "Load key \"/k\": error in libcrypto\nx: Permission denied (publickey).",
                "\"/k\": error in libcrypto",
            ),
            ("Bad configuration option: foo", "Bad configuration option"),
        ];
        for (errors, expected) in table {
            let refusal = Refusal::from_ssh(&target, errors);
            assert!(refusal.message.contains(expected), "{errors}: {}", refusal.message);
            assert_eq!(refusal.exit, Exit::Unreachable);
        }
    }
}
