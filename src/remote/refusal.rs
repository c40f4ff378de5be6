//! Why a host could not be used, as a sentence with what to do about it.

use crate::exit::Exit;

use super::Target;

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

    /// From what ssh wrote on standard error when it gave up connecting.
    pub fn from_ssh(target: &Target, errors: &str) -> Self {
        let said = |what: &str| errors.contains(what);
        let place = match target.login.port {
            Some(port) => format!("{} port {port}", target.address),
            None => target.address.clone(),
        };
        if said("REMOTE HOST IDENTIFICATION HAS CHANGED") || said("Host key verification failed") {
            let name = match target.login.port {
                Some(port) if port != 22 => format!("[{}]:{port}", target.address),
                _ => target.address.clone(),
            };
            return Self::new(format!("the host key of `{place}` is not the one that is known"))
                .help(format!(
                    "somebody may be listening in; if the server was rebuilt, forget the old key: ssh-keygen -R {}",
                    shell_words::quote(&name)
                ));
        }
        if said("Permission denied") || said("Too many authentication failures") {
            let user = target.login.user.as_deref().unwrap_or("(your ssh configuration's user)");
            let key = match &target.login.identity {
                Some(key) => format!("key `{}`", key.display()),
                None => "the keys of your agent and ~/.ssh".to_owned(),
            };
            return Self::new(format!("`{place}`: permission denied as `{user}` with {key}"))
                .help("try another user with -u or another key with -i; a fresh server often wants -u root");
        }
        if said("no such identity") || said("UNPROTECTED PRIVATE KEY FILE") || said("invalid format") {
            return Self::new(format!("the private key for `{place}` cannot be used: {}", last_line(errors)));
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
                "host key",
            ),
            ("Bad configuration option: foo", "Bad configuration option"),
        ];
        for (errors, expected) in table {
            let refusal = Refusal::from_ssh(&target, errors);
            assert!(refusal.message.contains(expected), "{errors}: {}", refusal.message);
            assert_eq!(refusal.exit, Exit::Unreachable);
        }
        assert_eq!(
            Refusal::from_ssh(&target, "Host key verification failed.")
                .help
                .unwrap()
                .split_once(": ")
                .unwrap()
                .1,
            "ssh-keygen -R '[192.0.2.1]:2222'"
        );
    }
}
