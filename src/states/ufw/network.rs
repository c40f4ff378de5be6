//! Addresses as ufw writes them into its files: networks without host bits, `any` by family.

use std::net::IpAddr;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Network {
    Any,
    /// One address (no prefix) or a network.
    Some {
        address: IpAddr,
        prefix: Option<u8>,
    },
}

impl Network {
    /// `None`: no address.
    pub fn parse(text: &str) -> Option<Self> {
        if matches!(text.to_lowercase().as_str(), "any" | "0.0.0.0/0" | "::/0") {
            return Some(Self::Any);
        }
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        match prefix {
            Some(0) => Some(Self::Any),
            Some(prefix) if prefix > longest => None,
            Some(prefix) if prefix < longest => {
                Some(Self::Some { address: masked(address, prefix), prefix: Some(prefix) })
            }
            _ => Some(Self::Some { address, prefix: None }),
        }
    }

    /// Whether it is of IPv6; `None`: of both.
    pub fn is_v6(&self) -> Option<bool> {
        match self {
            Self::Any => None,
            Self::Some { address, .. } => Some(address.is_ipv6()),
        }
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Some { address, prefix: None } => write!(f, "{address}"),
            Self::Some { address, prefix: Some(prefix) } => write!(f, "{address}/{prefix}"),
        }
    }
}

fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V4((u32::from(address) & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V6((u128::from(address) & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_in_one_way() {
        let table = [
            ("any", Some("any")),
            ("::/0", Some("any")),
            ("10.1.2.3", Some("10.1.2.3")),
            ("10.1.2.3/32", Some("10.1.2.3")),
            ("10.1.2.3/8", Some("10.0.0.0/8")),
            ("2001:DB8::1/32", Some("2001:db8::/32")),
            ("10.1.2.3/33", None),
            ("example.com", None),
        ];
        for (text, expected) in table {
            assert_eq!(
                Network::parse(text).map(|network| network.to_string()).as_deref(),
                expected,
                "{text}"
            );
        }
    }
}
