//! Processors, memory, disks, and what kind of machine, virtual machine or container it is.

use std::path::Path;

use serde_json::json;

use super::super::Grains;
use super::{exists, text};
use crate::fault::Result;
use crate::host::Host;

pub(super) fn add(host: &dyn Host, grains: &mut Grains) -> Result<()> {
    let processors = text(host, "/proc/cpuinfo")?;
    let first = |name: &str| {
        let named = |line: &str| {
            let (field, value) = line.split_once(':')?;
            (field.trim() == name).then(|| value.trim().to_owned())
        };
        processors.lines().find_map(named).unwrap_or_default()
    };
    let count = processors.lines().filter(|line| line.starts_with("processor")).count();
    let memory = text(host, "/proc/meminfo")?;
    let megabytes = |name: &str| {
        let line = memory.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0) / 1024
    };
    let architecture = std::env::consts::ARCH;
    let package_architecture = match architecture {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let (disks, ssds) = disks(host)?;
    let (kind, subtype) = virtualization(host, &first("flags"))?;
    let flags: Vec<String> = first("flags").split_whitespace().map(str::to_owned).collect();
    for (name, value) in [
        ("cpuarch", json!(architecture)),
        ("osarch", json!(package_architecture)),
        ("num_cpus", json!(count.max(1))),
        ("cpu_model", json!(first("model name"))),
        ("cpu_flags", json!(flags)),
        ("mem_total", json!(megabytes("MemTotal"))),
        ("swap_total", json!(megabytes("SwapTotal"))),
        ("disks", json!(disks)),
        ("ssds", json!(ssds)),
        ("virtual", json!(kind)),
    ] {
        grains.insert(name.to_owned(), value);
    }
    if let Some(subtype) = subtype {
        grains.insert("virtual_subtype".to_owned(), json!(subtype));
    }
    for (name, file) in [
        ("manufacturer", "sys_vendor"),
        ("productname", "product_name"),
        ("serialnumber", "product_serial"),
        ("uuid", "product_uuid"),
        ("biosversion", "bios_version"),
        ("biosreleasedate", "bios_date"),
    ] {
        let value = dmi(host, file)?;
        if !value.is_empty() {
            grains.insert(name.to_owned(), json!(value));
        }
    }
    Ok(())
}

fn dmi(host: &dyn Host, file: &str) -> Result<String> {
    text(host, &format!("/sys/class/dmi/id/{file}"))
}

/// Disks by what the kernel says of them: turning ones and others.
fn disks(host: &dyn Host) -> Result<(Vec<String>, Vec<String>)> {
    let mut turning = Vec::new();
    let mut solid = Vec::new();
    for name in host.list(Path::new("/sys/block"))?.unwrap_or_default() {
        if ["loop", "ram", "zram", "sr", "fd", "dm-", "md"].iter().any(|prefix| name.starts_with(prefix)) {
            continue;
        }
        let rotational = text(host, &format!("/sys/block/{name}/queue/rotational"))?;
        if rotational == "0" { solid.push(name) } else { turning.push(name) }
    }
    Ok((turning, solid))
}

/// `virtual` and `virtual_subtype` as Salt says them.
fn virtualization(host: &dyn Host, flags: &str) -> Result<(&'static str, Option<String>)> {
    let container = text(host, "/run/systemd/container")?;
    let container = match container.as_str() {
        "" if exists(host, "/.dockerenv")? => "docker",
        "" if exists(host, "/run/.containerenv")? => "podman",
        "" => "",
        name => name,
    };
    if !container.is_empty() {
        let subtype = match container {
            "docker" => "Docker",
            "lxc" | "lxc-libvirt" => "LXC",
            other => other,
        };
        return Ok(("container", Some(subtype.to_owned())));
    }
    let machine =
        format!("{} {} {}", dmi(host, "sys_vendor")?, dmi(host, "product_name")?, dmi(host, "bios_vendor")?);
    let known = [
        ("KVM", "kvm"),
        ("QEMU", "kvm"),
        ("Amazon EC2", "kvm"),
        ("Google", "kvm"),
        ("DigitalOcean", "kvm"),
        ("Hetzner", "kvm"),
        ("OpenStack", "kvm"),
        ("VMware", "VMware"),
        ("VirtualBox", "VirtualBox"),
        ("innotek", "VirtualBox"),
        ("Parallels", "Parallels"),
        ("Xen", "xen"),
        ("Microsoft Corporation Virtual Machine", "HyperV"),
    ];
    if let Some((_, kind)) = known.iter().find(|(words, _)| machine.contains(words)) {
        return Ok((kind, None));
    }
    let guest = flags.split_whitespace().any(|flag| flag == "hypervisor");
    Ok((if guest { "kvm" } else { "physical" }, None))
}
