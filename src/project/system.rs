//! Accounts and groups that Debian and Ubuntu bring, which no project may take for its own. Plain data.

/// Users of `base-passwd`, and those that the packages of the base tree and of the usual server images make, from
/// Debian 11 to 13 and Ubuntu 20.04 to 26.04 (their `sysusers.d` and maintainer scripts). Those that begin with
/// `systemd-` are known by that.
const USERS: &[&str] = &[
    "_apt",
    "_chrony",
    "_flatpak",
    "_rpc",
    "apache",
    "avahi",
    "backup",
    "bin",
    "bind",
    "clamav",
    "colord",
    "daemon",
    "debian-exim",
    "debian-snmp",
    "debian-tor",
    "dhcpcd",
    "dnsmasq",
    "docker",
    "dovecot",
    "dovenull",
    "epmd",
    "ftp",
    "fwupd-refresh",
    "games",
    "geoclue",
    "gnats",
    "haproxy",
    "irc",
    "kernoops",
    "landscape",
    "libvirt-qemu",
    "list",
    "lp",
    "lxd",
    "mail",
    "man",
    "memcache",
    "messagebus",
    "mongodb",
    "mysql",
    "news",
    "nginx",
    "nobody",
    "ntp",
    "ntpsec",
    "opendkim",
    "polkitd",
    "pollinate",
    "postfix",
    "postgres",
    "proxy",
    "rabbitmq",
    "redis",
    "root",
    "rtkit",
    "saned",
    "sshd",
    "statd",
    "stunnel4",
    "sync",
    "sys",
    "syslog",
    "tcpdump",
    "tss",
    "unbound",
    "usbmux",
    "uucp",
    "uuidd",
    "varnish",
    "whoopsie",
    "www-data",
    "zabbix",
];

/// Groups besides those of the users above: of `base-passwd`, and those that a person may be put into to be allowed
/// something.
const GROUPS: &[&str] = &[
    "_ssh",
    "adm",
    "audio",
    "cdrom",
    "clock",
    "crontab",
    "dialout",
    "dip",
    "disk",
    "fax",
    "floppy",
    "input",
    "kmem",
    "kvm",
    "libvirt",
    "lpadmin",
    "netdev",
    "nogroup",
    "operator",
    "plugdev",
    "postdrop",
    "render",
    "sasl",
    "sgx",
    "shadow",
    "src",
    "ssh",
    "ssl-cert",
    "staff",
    "sudo",
    "systemd-journal",
    "tape",
    "tty",
    "users",
    "utmp",
    "video",
    "voice",
    "wireshark",
];

/// Whether an account of this name is the system's.
pub fn is_user(name: &str) -> bool {
    let name = name.to_lowercase();
    USERS.contains(&name.as_str()) || name.starts_with("systemd-")
}

/// Whether a group of this name is the system's; most users have one of their own.
pub fn is_group(name: &str) -> bool {
    GROUPS.contains(&name.to_lowercase().as_str()) || is_user(name)
}

/// The groups that there may be without anybody declaring them.
pub fn groups() -> impl Iterator<Item = &'static str> {
    GROUPS.iter().chain(USERS).copied()
}
