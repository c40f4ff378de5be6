//! What a guest takes over from the operator's machine so that it reaches the same package registries:
//! apt's settings for fetching, certificates, pip's configuration, name servers.
//! It must not take over anything else, above all no keys and no passwords.

use std::fs::{self, Permissions};
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};

use super::layout::public_directory;
use super::program;

/// Settings that decide how apt fetches; the rest of the operator's apt is a matter of taste.
const APT_SETTINGS: &[&str] = &[
    "Acquire::Check-Date ",
    "Acquire::Check-Valid-Until ",
    "Acquire::ForceIPv4 ",
    "Acquire::ForceIPv6 ",
    "Acquire::Max-FutureTime ",
    "Acquire::Retries ",
    "Acquire::ftp::",
    "Acquire::http::",
    "Acquire::https::",
];
const CERTIFICATES: &str = "etc/ssl/certs/ca-certificates.crt";
const OWN_CERTIFICATES: &str = "usr/local/share/ca-certificates";
const PIP: &str = "etc/pip.conf";

/// As a fragment for /etc/apt/apt.conf.d; empty where the operator has no such setting.
pub fn apt_settings() -> String {
    // Without apt on this machine (Fedora, say) there is nothing to take over.
    program::run("apt-config", ["dump"]).map_or_else(|_| String::new(), |dump| fetching(&dump))
}

fn fetching(dump: &str) -> String {
    dump.lines()
        .filter(|line| APT_SETTINGS.iter().any(|setting| line.starts_with(setting)))
        // A proxy asked of a program cannot be: the program is not in the guest.
        .filter(|line| !line.contains("Proxy-Auto-Detect") && !line.contains("ProxyAutoDetect"))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// Copies certificates and pip's configuration into a guest's root directory.
pub fn copy_trust(root: &Path) -> Result<()> {
    let outside = Path::new("/");
    for file in [CERTIFICATES, PIP] {
        copy(&outside.join(file), &root.join(file))?;
    }
    // These stay when the guest makes its bundle anew.
    for entry in fs::read_dir(outside.join(OWN_CERTIFICATES)).into_iter().flatten().flatten() {
        if entry.path().extension().is_some_and(|kind| kind == "crt") {
            copy(&entry.path(), &root.join(OWN_CERTIFICATES).join(entry.file_name()))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if !from.is_file() {
        return Ok(());
    }
    to.parent().map_or(Ok(()), public_directory)?;
    fs::copy(from, to)
        .and_then(|_| fs::set_permissions(to, Permissions::from_mode(0o644)))
        .with_context(|| format!("failed to copy `{}` to `{}`", from.display(), to.display()))
}

/// Name servers a guest can reach: one that listens on loopback is not among them.
pub fn name_servers() -> Vec<IpAddr> {
    ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf", "/run/NetworkManager/no-stub-resolv.conf"]
        .iter()
        .map(|path| reachable(&fs::read_to_string(path).unwrap_or_default()))
        .find(|servers| !servers.is_empty())
        .unwrap_or_default()
}

fn reachable(resolv_conf: &str) -> Vec<IpAddr> {
    resolv_conf
        .lines()
        .filter_map(|line| line.trim().strip_prefix("nameserver")?.trim().parse::<IpAddr>().ok())
        // The guest has no IPv6 of its own.
        .filter(|address| address.is_ipv4() && !address.is_loopback() && *address != Ipv4Addr::UNSPECIFIED)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_settings_for_fetching_are_taken() {
        let dump = "APT::Architecture \"amd64\";\nAcquire::Check-Date \"false\";\nAcquire::http::Proxy \"http://p:3128\";\n\
                    Acquire::http::Proxy-Auto-Detect \"/usr/bin/x\";\nAcquire::cdrom::mount \"/media\";\n";
        assert_eq!(
            fetching(dump),
            "Acquire::Check-Date \"false\";\nAcquire::http::Proxy \"http://p:3128\";\n"
        );
    }

    #[test]
    fn a_resolver_on_loopback_is_out_of_reach() {
        assert!(reachable("nameserver 127.0.0.53\noptions edns0\n").is_empty());
        assert_eq!(reachable("# x\nnameserver 9.9.9.9\nnameserver ::1\n"), [IpAddr::from([9, 9, 9, 9])]);
    }
}
