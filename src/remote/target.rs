//! Which host, and how to get into it: the command line over the pillar over ssh's own configuration.

use std::path::PathBuf;

/// How to log in; what is not given is left to ssh's own configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Login {
    pub user: Option<String>,
    pub port: Option<u16>,
    pub identity: Option<PathBuf>,
    /// Instead of ~/.ssh/config.
    pub config: Option<PathBuf>,
    /// `Some(false)`: never sudo, `Some(true)`: always, `None`: unless we are root there.
    pub sudo: Option<bool>,
}

/// A host of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its name in reports, and its ID.
    pub name: String,
    /// What ssh is told to connect to.
    pub address: String,
    pub login: Login,
}

impl Target {
    /// Reads `HOST`, `HOST:PORT`, `USER@HOST`, `[IPV6]:PORT` or a bare IPv6 address.
    pub fn parse(text: &str, login: &Login) -> Result<Self, String> {
        let mut login = login.clone();
        let (user, place) = match text.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, text),
        };
        if let Some(user) = user {
            if user.is_empty() {
                return Err(format!("`{text}` has no user before the `@`"));
            }
            login.user = Some(user.to_owned());
        }
        let (address, port) = if let Some(rest) = place.strip_prefix('[') {
            let (address, rest) = rest.split_once(']').ok_or(format!("`{text}` has no `]`"))?;
            match (rest, rest.strip_prefix(':')) {
                ("", _) => (address, None),
                (_, Some(port)) => (address, Some(port)),
                _ => return Err(format!("`{text}` has no `:` between address and port")),
            }
        } else if place.matches(':').count() == 1 {
            place.split_once(':').map_or((place, None), |(address, port)| (address, Some(port)))
        } else {
            (place, None)
        };
        // Several colons are an IPv6 address, perhaps with a zone (`fe80::1%eth0`), or a slip.
        let plain = address.split('%').next().unwrap_or("");
        if address.contains(':') && plain.parse::<std::net::Ipv6Addr>().is_err() {
            return Err(format!("`{text}` is neither HOST:PORT nor an IPv6 address"));
        }
        if address.is_empty() || address.starts_with('-') || address.contains(char::is_whitespace) {
            return Err(format!("`{text}` is no host: write an address or a name, as in -H 203.0.113.10"));
        }
        if let Some(port) = port {
            login.port = match port.parse() {
                Ok(port @ 1..) => Some(port),
                _ => return Err(format!("`{port}` in `{text}` is no port: write 1 to 65535")),
            };
        }
        Ok(Self { name: address.to_owned(), address: address.to_owned(), login })
    }

    /// For messages: `root@203.0.113.10`.
    pub fn shown(&self) -> String {
        match &self.login.user {
            Some(user) => format!("{user}@{}", self.address),
            None => self.address.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_as_people_write_them() {
        type Read<'a> = (&'a str, Option<&'a str>, Option<u16>);
        // Text, then address, user and port, or nothing for an error.
        let table: &[(&str, Option<Read<'_>>)] = &[
            ("33.33.33.10", Some(("33.33.33.10", None, None))),
            ("web1:2222", Some(("web1", None, Some(2222)))),
            ("root@web1", Some(("web1", Some("root"), None))),
            ("fe80::1", Some(("fe80::1", None, None))),
            ("[fe80::1]:22", Some(("fe80::1", None, Some(22)))),
            ("web1:ssh", None),
            ("web1:0", None),
            ("web1:22:x", None),
            ("[::1]", Some(("::1", None, None))),
            ("ada@[2001:db8::1]:2222", Some(("2001:db8::1", Some("ada"), Some(2222)))),
            ("fe80::1%br0", Some(("fe80::1%br0", None, None))),
            ("[fe80::1", None),
            ("[fe80::1]22", None),
            ("-oProxyCommand=x", None),
            ("@web1", None),
            ("", None),
        ];
        for (text, expected) in table {
            let found = Target::parse(text, &Login::default()).ok();
            let found = found
                .as_ref()
                .map(|target| (target.address.as_str(), target.login.user.as_deref(), target.login.port));
            assert_eq!(found, *expected, "{text}");
        }
    }
}
