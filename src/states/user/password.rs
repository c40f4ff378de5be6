//! Password hashes as /etc/shadow has them. A hash is never shown, nor in anybody's argument list.

use std::fmt;

use serde::Deserialize;

use crate::host::{Action, Command};
use crate::plan::{Change, Plan};

/// What stands in reports where a hash would.
const HIDDEN: &str = "(hidden)";

/// A crypt hash that goes into /etc/shadow as it is.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Hash(String);

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl TryFrom<String> for Hash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let crypt = |letter: char| letter.is_ascii_graphic() && !":,;\\".contains(letter);
        let hash = text.strip_prefix('!').unwrap_or(&text);
        let method = hash.starts_with('$') && hash.matches('$').count() >= 2;
        // DES, thirteen letters, is what remains of the oldest trees; `*` and `!` let nobody in.
        let des = hash.len() == 13
            && hash.chars().all(|letter| letter.is_ascii_alphanumeric() || "./".contains(letter));
        let locked = ["", "!", "*", "x"].contains(&hash) || hash.starts_with('*');
        if (method || des || locked) && text.chars().all(|letter| crypt(letter) || letter == ',') {
            return Ok(Self(text));
        }
        // Never the text itself: it may be the password.
        Err("this is no password hash, such as `mkpasswd --method=yescrypt` or `openssl passwd -6` make")
    }
}

/// What a state says of the password.
pub struct DesiredPassword<'a> {
    pub hash: Option<&'a Hash>,
    pub enforce: bool,
    pub empty: bool,
    pub lock: Option<bool>,
}

impl DesiredPassword<'_> {
    pub fn says_nothing(&self) -> bool {
        self.hash.is_none() && !self.empty && self.lock.is_none()
    }

    /// What is to do where the shadow file has this, or `None` for a new account.
    pub fn plan(&self, name: &str, current: Option<&str>, plan: &mut Plan) {
        let locked = |hash: &str| hash.starts_with('!');
        let now = current.unwrap_or("!");
        if self.empty {
            if !now.is_empty() {
                super::run(
                    plan,
                    Change::new("password").to("empty"),
                    ["passwd", "--quiet", "--delete"],
                    name,
                );
            }
            return;
        }
        let wanted = self.hash.map(|Hash(hash)| match self.lock {
            Some(true) if !locked(hash) => format!("!{hash}"),
            _ => hash.clone(),
        });
        match wanted {
            Some(wanted) if wanted.is_empty() => {}
            // A hash that people set themselves stays where the state does not enforce its own.
            Some(wanted) if wanted != now && (self.enforce || matches!(now, "!" | "*" | "!*" | "!!")) => {
                let line = format!("{name}:{wanted}\n");
                let command = Command::new(["chpasswd", "--encrypted"]).stdin(line).secret();
                plan.push(Change::new("password").to(HIDDEN), Action::Run(command));
            }
            _ => self.lock(name, now, plan),
        }
    }

    fn lock(&self, name: &str, now: &str, plan: &mut Plan) {
        let change = Change::new("password");
        match self.lock {
            Some(true) if !now.starts_with('!') => {
                super::run(plan, change.from("usable").to("locked"), ["usermod", "--lock"], name);
            }
            // A lone `!` is an account that never had a password: there is nothing to unlock.
            Some(false) if now.starts_with('!') && now.len() > 1 => {
                super::run(plan, change.from("locked").to("usable"), ["usermod", "--unlock"], name);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hashes_are_taken_and_nothing_is_shown() {
        for good in ["$6$salt$abc./", "$y$j9T$salt$hash", "*", "!", "!$6$a$b", "", "abJnggxhB/yWI", "*LK*"] {
            let hash = Hash::try_from(good.to_owned()).unwrap();
            assert_eq!(format!("{hash:?}"), HIDDEN, "{good}");
        }
        for bad in ["secret", "correct horse", "$6$a:b$c", "$6$salt$\nroot::", "12345"] {
            let error = Hash::try_from(bad.to_owned()).unwrap_err();
            assert!(!error.contains(bad), "{bad}");
        }
    }
}
