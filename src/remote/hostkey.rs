//! What ssh says of host keys: new ones that it accepted, and one that is not the known one.

use std::path::Path;

use crate::remote::Target;

/// ssh is told to be talkative; this is what of it is for people.
pub fn without_details(said: &str) -> String {
    let lines = said.lines().map(|line| line.trim_end_matches('\r'));
    let detail = |line: &&str| line.starts_with("debug") || line.starts_with("Authenticated to ");
    lines.filter(|line| !detail(line)).map(|line| format!("{line}\n")).collect()
}

/// A sentence for each host key that was new, a jump host's too.
pub fn accepted(said: &str) -> Vec<String> {
    let mut shown = None;
    let mut notes = Vec::new();
    for line in said.lines().map(str::trim) {
        if let Some(key) = line.strip_prefix("debug1: Server host key: ") {
            shown = key.split_whitespace().last();
        } else if let Some(rest) = line.strip_prefix("Warning: Permanently added '") {
            let Some((name, rest)) = rest.split_once('\'') else { continue };
            let kind = rest.trim_start_matches(" (").split(')').next().unwrap_or("");
            let shown = shown.unwrap_or("a fingerprint that ssh did not tell");
            notes.push(format!("`{name}` is new here; its host key is accepted from now on: {kind} {shown}"));
        }
    }
    notes
}

/// The fingerprint that a host shows instead of the known one.
pub fn shown_instead(said: &str) -> Option<&str> {
    let (_, rest) = said.split_once("key sent by the remote host is")?;
    Some(rest.trim_start().lines().next()?.trim_end_matches(['.', '\r']))
}

/// The command that forgets the known key, about the file that ssh names. It is made anew: a host's greeting can
/// hold lines that look like ssh's, and this one is to be run.
pub fn forget(target: &Target, said: &str) -> String {
    let own = |line: &str| match shell_words::split(line).ok()?.as_slice() {
        [program, f, file, r, name] if program == "ssh-keygen" && f == "-f" && r == "-R" => {
            Some(format!("ssh-keygen -f {} -R {}", shell_words::quote(file), shell_words::quote(name)))
        }
        _ => None,
    };
    said.lines().map(str::trim).filter(|line| line.starts_with("ssh-keygen -f")).find_map(own).unwrap_or_else(
        || {
            let name = match target.login.port {
                Some(port) if port != 22 => format!("[{}]:{port}", target.address),
                _ => target.address.clone(),
            };
            format!("ssh-keygen -R {}", shell_words::quote(&name))
        },
    )
}

/// Whether ssh's configuration keeps no host keys for this host at all, so that each is always new.
pub fn forgets(config: &Path, address: &str) -> bool {
    let output =
        std::process::Command::new("ssh").arg("-G").arg("-F").arg(config).arg("--").arg(address).output();
    output.is_ok_and(|output| {
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .any(|line| line.trim_end() == "userknownhostsfile /dev/null")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::Login;

    #[test]
    fn new_keys_are_told_with_their_fingerprints() {
        let said = "debug1: Server host key: ssh-ed25519 SHA256:AAA\r\nWarning: Permanently added 'jump' (ED25519) to \
                    the list of known hosts.\r\ndebug1: Server host key: ssh-rsa SHA256:BBB\r\nWarning: Permanently \
                    added '[10.0.0.2]:2222' (RSA) to the list of known hosts.\r\nWelcome\r\n";
        assert_eq!(
            accepted(said),
            [
                "`jump` is new here; its host key is accepted from now on: ED25519 SHA256:AAA",
                "`[10.0.0.2]:2222` is new here; its host key is accepted from now on: RSA SHA256:BBB",
            ]
        );
        assert!(without_details(said).ends_with("Welcome\n") && !without_details(said).contains("debug1"));
    }

    #[test]
    fn a_known_key_is_forgotten_where_it_is_known() {
        let login = Login { port: Some(2222), ..Login::default() };
        let target = Target { name: "web1".to_owned(), address: "192.0.2.1".to_owned(), login };
        assert_eq!(forget(&target, ""), "ssh-keygen -R '[192.0.2.1]:2222'");
        let said = "The fingerprint for the ED25519 key sent by the remote host is\nSHA256:xyz.\n  remove with:\n  \
                    ssh-keygen -f \"/home/me/.ssh/known_hosts\" -R \"web1\"\n";
        assert_eq!(forget(&target, said), "ssh-keygen -f /home/me/.ssh/known_hosts -R web1");
        for forged in ["ssh-keygen -f x; rm -r ~", "ssh-keygen -f x -R y; rm", "ssh-keygen -f 'x -R y"] {
            assert_eq!(forget(&target, forged), "ssh-keygen -R '[192.0.2.1]:2222'");
        }
        assert_eq!(forget(&target, "ssh-keygen -f x -R '$(id)'"), "ssh-keygen -f x -R '$(id)'");
        assert_eq!(shown_instead(said), Some("SHA256:xyz"));
    }
}
