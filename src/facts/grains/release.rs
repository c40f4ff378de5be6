//! Which system it is and which release of it, and whether we can work with it.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::super::Grains;
use super::{assignments, exists, numbers, text};
use crate::fault::{Fault, Result};
use crate::host::Host;

/// The systems we know, with the first release of each that works.
const SUPPORTED: &[(&str, &str, u64)] = &[("debian", "Debian", 11), ("ubuntu", "Ubuntu", 20)];

type Release = BTreeMap<String, String>;

fn release(host: &dyn Host) -> Result<Release> {
    let mut found = text(host, "/etc/os-release")?;
    if found.is_empty() {
        found = text(host, "/usr/lib/os-release")?;
    }
    Ok(assignments(&found).into_iter().collect())
}

fn field<'a>(release: &'a Release, name: &str) -> &'a str {
    release.get(name).map_or("", String::as_str)
}

/// Refuses systems other than those we know.
pub fn supported(host: &dyn Host) -> Result<()> {
    let release = release(host)?;
    let name = match field(&release, "PRETTY_NAME") {
        "" => "an unknown system",
        name => name,
    };
    let help = "supported are Debian 11 and later and Ubuntu 20.04 and later";
    let known = SUPPORTED.iter().find(|(id, ..)| *id == field(&release, "ID"));
    let Some((_, _, first)) = known else {
        return Err(Fault::new(format!("the host runs {name}, which is not supported")).help(help));
    };
    // Debian's testing has no number.
    let major = field(&release, "VERSION_ID").split('.').next().and_then(|part| part.parse::<u64>().ok());
    if major.is_some_and(|major| major < *first) {
        return Err(Fault::new(format!("the host runs {name}, which is too old")).help(help));
    }
    if host.stat(Path::new("/var/lib/dpkg/status"))?.is_none() || host.which("apt-get")?.is_none() {
        return Err(Fault::new(format!("the host runs {name}, but without dpkg and apt-get")).help(help));
    }
    Ok(())
}

pub(super) fn add(host: &dyn Host, grains: &mut Grains) -> Result<()> {
    let release = release(host)?;
    let id = field(&release, "ID");
    let os = SUPPORTED.iter().find(|(known, ..)| *known == id).map_or_else(
        || field(&release, "NAME").split_whitespace().next().unwrap_or("Linux").to_owned(),
        |(_, name, _)| (*name).to_owned(),
    );
    let like = format!("{id} {}", field(&release, "ID_LIKE"));
    let family = if like.split_whitespace().any(|word| word == "debian") { "Debian" } else { &os };
    let family = if os == "Ubuntu" { "Debian" } else { family };
    let version = field(&release, "VERSION_ID");
    let major: Value = version
        .split('.')
        .next()
        .and_then(|part| part.parse::<u64>().ok())
        .map_or(json!(version), Value::from);
    let code = match field(&release, "VERSION_CODENAME") {
        "" => field(&release, "UBUNTU_CODENAME"),
        code => code,
    };
    // Debian counts whole releases, Ubuntu has two numbers in each.
    let finger = if os == "Ubuntu" { version } else { version.split('.').next().unwrap_or(version) };
    let systemd = exists(host, "/run/systemd/system")?;
    for (name, value) in [
        ("os", json!(os)),
        ("os_family", json!(family)),
        ("osfullname", json!(field(&release, "NAME"))),
        ("osrelease", json!(version)),
        ("osrelease_info", Value::Array(numbers(version))),
        ("osmajorrelease", major),
        ("oscodename", json!(code)),
        ("osfinger", json!(format!("{os}-{finger}"))),
        ("lsb_distrib_id", json!(field(&release, "NAME"))),
        ("lsb_distrib_release", json!(version)),
        ("lsb_distrib_codename", json!(code)),
        ("lsb_distrib_description", json!(field(&release, "PRETTY_NAME"))),
        ("kernel", json!("Linux")),
        ("kernelrelease", json!(text(host, "/proc/sys/kernel/osrelease")?)),
        ("kernelversion", json!(text(host, "/proc/sys/kernel/version")?)),
        ("kernelparams", kernel_parameters(&text(host, "/proc/cmdline")?)),
        ("init", json!(if systemd { "systemd" } else { "unknown" })),
        ("systemd", json!({"version": systemd_version(host)?})),
        ("machine_id", json!(text(host, "/etc/machine-id")?)),
        ("transactional", json!(false)),
        ("efi", json!(exists(host, "/sys/firmware/efi")?)),
    ] {
        grains.insert(name.to_owned(), value);
    }
    Ok(())
}

fn kernel_parameters(line: &str) -> Value {
    line.split_whitespace()
        .map(|word| match word.split_once('=') {
            Some((name, value)) => json!([name, value.trim_matches('"')]),
            None => json!([word, null]),
        })
        .collect()
}

/// From the name of systemd's own library: asking systemd would cost a process.
fn systemd_version(host: &dyn Host) -> Result<String> {
    let architecture = std::env::consts::ARCH;
    for folder in ["/usr/lib/systemd", "/lib/systemd", &format!("/usr/lib/{architecture}-linux-gnu/systemd")]
    {
        for name in host.list(Path::new(folder))?.unwrap_or_default() {
            let version = name.strip_prefix("libsystemd-shared-").and_then(|rest| rest.strip_suffix(".so"));
            if let Some(version) = version {
                return Ok(version.chars().take_while(char::is_ascii_digit).collect());
            }
        }
    }
    Ok(String::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fake::{Fake, FakeKind};

    fn host(os_release: &str) -> Fake {
        let fake = Fake::debian();
        fake.put("/etc/os-release", FakeKind::File(os_release.into()));
        fake.program("apt-get");
        fake
    }

    #[test]
    fn releases_are_told_by_salts_names() {
        for (id, name, version, code, expected) in [
            ("debian", "Debian GNU/Linux", "11", "bullseye", json!(["Debian", "11", 11, "Debian-11", [11]])),
            ("debian", "Debian GNU/Linux", "13", "trixie", json!(["Debian", "13", 13, "Debian-13", [13]])),
            ("ubuntu", "Ubuntu", "20.04", "focal", json!(["Ubuntu", "20.04", 20, "Ubuntu-20.04", [20, 4]])),
            (
                "ubuntu",
                "Ubuntu",
                "26.04",
                "resolute",
                json!(["Ubuntu", "26.04", 26, "Ubuntu-26.04", [26, 4]]),
            ),
        ] {
            let text = format!(
                "NAME=\"{name}\"\nVERSION_ID=\"{version}\"\nID={id}\nID_LIKE=debian\nVERSION_CODENAME={code}\n"
            );
            let fake = host(&text);
            let mut grains = Grains::new();
            add(&fake, &mut grains).unwrap();
            let names = ["os", "osrelease", "osmajorrelease", "osfinger", "osrelease_info"];
            let found: Vec<Value> = names.iter().map(|name| grains[*name].clone()).collect();
            assert_eq!(json!(found), expected);
            assert_eq!((&grains["os_family"], &grains["oscodename"]), (&json!("Debian"), &json!(code)));
            assert!(supported(&fake).is_ok(), "{name} {version}");
        }
    }

    #[test]
    fn other_systems_are_refused_with_what_they_are() {
        for (text, message) in [
            (
                "ID=debian\nVERSION_ID=\"10\"\nPRETTY_NAME=\"Debian GNU/Linux 10 (buster)\"\n",
                "the host runs Debian GNU/Linux 10 (buster), which is too old",
            ),
            (
                "ID=ubuntu\nVERSION_ID=\"18.04\"\nPRETTY_NAME=\"Ubuntu 18.04.6 LTS\"\n",
                "the host runs Ubuntu 18.04.6 LTS, which is too old",
            ),
            (
                "ID=fedora\nVERSION_ID=41\nPRETTY_NAME=\"Fedora Linux 41\"\n",
                "the host runs Fedora Linux 41, which is not supported",
            ),
            ("\n", "the host runs an unknown system, which is not supported"),
        ] {
            assert_eq!(supported(&host(text)).unwrap_err().message, message);
        }
        let bare = Fake::debian();
        assert!(supported(&bare).unwrap_err().message.ends_with("but without dpkg and apt-get"));
        assert!(supported(&host("ID=debian\nPRETTY_NAME=\"Debian testing\"\n")).is_ok());
    }
}
