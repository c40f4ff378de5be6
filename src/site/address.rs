//! Addresses and names of hosts, as text. Must not look any of them up.

use std::net::Ipv4Addr;

/// The longest name that DNS can hold (RFC 1035, 2.3.4), without the final dot.
const LONGEST: usize = 253;
const LONGEST_LABEL: usize = 63;

/// What is wrong with a host name.
pub fn wrong_name(text: &str) -> Option<String> {
    let example = "write a host name, as in `www.example.com`";
    if let Some((scheme, rest)) = text.split_once("://") {
        let name = rest.split(['/', ':']).next().unwrap_or_default();
        return Some(format!("`{text}` is a URL: leave out `{scheme}://`, as in `{name}`"));
    }
    if text.is_empty() {
        return Some(format!("the host name is empty: {example}"));
    }
    if !text.is_ascii() {
        return Some(format!(
            "`{text}` has letters that DNS does not know: write its ASCII form, as in `xn--mnchen-3ya.example`"
        ));
    }
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= LONGEST_LABEL
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    if text.len() > LONGEST || !text.split('.').all(label) {
        return Some(format!("`{text}` is not a host name: {example}"));
    }
    let last = text.rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<Ipv4Addr>().is_err() {
        return Some(format!("`{text}` is neither an IPv4 address, which has four numbers, nor a host name"));
    }
    None
}

/// What is wrong with the address of a host, as `hosts` has it: a name or an IP address, with a user and a port or
/// without.
pub fn wrong_address(text: &str) -> Option<String> {
    let text = text.split_once('@').map_or(text, |(_, rest)| rest);
    if text.contains("://") || text.is_empty() {
        return wrong_name(text);
    }
    let host = if let Some(rest) = text.strip_prefix('[') {
        match rest.split_once(']') {
            Some((host, "")) => host,
            Some((host, port)) if port.strip_prefix(':').is_some_and(is_port) => host,
            _ => {
                return Some(format!(
                    "`{text}` is not an address: write IPv6 with a port as `[2001:db8::1]:22`"
                ));
            }
        }
    } else if let Some((host, port)) = text.split_once(':').filter(|(_, port)| !port.contains(':')) {
        if !is_port(port) {
            return Some(format!("`{port}` in `{text}` is not a port: write a number from 1 to 65535"));
        }
        host
    } else {
        text
    };
    if host.contains(':') {
        let plain = host.split('%').next().unwrap_or_default();
        return plain
            .parse::<std::net::Ipv6Addr>()
            .err()
            .map(|_| format!("`{text}` is neither HOST:PORT nor an IPv6 address"));
    }
    wrong_name(host)
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_names_or_ip_addresses() {
        for right in [
            "203.0.113.10",
            "203.0.113.10:2222",
            "web1",
            "web1.example.com",
            "2001:db8::1",
            "fe80::1%eth0",
            "[2001:db8::1]:22",
        ] {
            assert_eq!(wrong_address(right), None, "{right}");
        }
        for wrong in [
            "10.77.1",
            "10",
            "root@10.77.1",
            "https://a.example",
            "a b",
            "",
            "web1:ssh",
            "1:2:3",
            "[::1",
            "-a",
            "300.1.1.1",
        ] {
            assert!(wrong_address(wrong).is_some(), "{wrong}");
        }
    }
}
