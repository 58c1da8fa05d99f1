//! `[http]`: where the server listens, whom it believes about addresses, how much it reads.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

/// `[http]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Http {
    pub host: String,
    pub port: u16,
    /// Without a trailing slash; empty: the address the server listens on.
    pub public_url: String,
    pub trusted_proxies: Vec<Network>,
    pub allowed_origins: Vec<String>,
    pub workers: usize,
    pub max_json_bytes: usize,
    pub max_mail_bytes: usize,
    pub max_attachment_bytes: usize,
    pub head_timeout_seconds: u64,
    pub body_timeout_seconds: u64,
    pub shutdown_seconds: u64,
}

impl Http {
    /// Where links in mails and pages begin, given the port that was really taken.
    pub fn link_base(&self, listening_port: u16) -> String {
        if !self.public_url.is_empty() {
            return self.public_url.trim_end_matches('/').to_owned();
        }
        match self.host.parse() {
            Ok(IpAddr::V6(address)) => format!("http://[{address}]:{listening_port}"),
            _ => format!("http://{}:{listening_port}", self.host),
        }
    }

    /// True when `peer` is a proxy whose word about the client's address counts.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted_proxies
            .iter()
            .any(|network| network.contains(peer))
    }
}

/// A network of addresses, or one address: `10.0.0.0/8`, `192.0.2.7`, `fd00::/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// An IPv4 address that arrives wrapped in IPv6 counts as the IPv4 address it is.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX
                    .checked_shl(32 - u32::from(self.prefix))
                    .unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                first_bits(network, self.prefix) == first_bits(address, self.prefix)
            }
            _ => false,
        }
    }
}

fn first_bits(address: Ipv6Addr, prefix: u8) -> u128 {
    let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
    address.to_bits() & mask
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = || "write an address or a network, such as 10.0.0.0/8".to_owned();
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wanted())?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => widest,
            Some(prefix) => prefix.parse().map_err(|_| wanted())?,
        };
        if prefix > widest {
            return Err(wanted());
        }
        Ok(Self { address, prefix })
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_trusted_only_inside_a_named_network() {
        let check = |network: &str, address: &str, inside: bool| {
            let network: Network = network.parse().unwrap();
            let address = address.parse().unwrap();
            assert_eq!(network.contains(address), inside, "{address} in {network}");
        };
        check("10.0.0.0/8", "10.255.1.2", true);
        check("10.0.0.0/8", "11.0.0.1", false);
        check("10.0.0.0/8", "::ffff:10.1.2.3", true);
        check("192.0.2.7", "192.0.2.7", true);
        check("192.0.2.7", "192.0.2.8", false);
        check("0.0.0.0/0", "203.0.113.9", true);
        check("0.0.0.0/0", "2001:db8::1", false);
        check("fd00::/8", "fdab::1", true);
        check("fd00::/8", "fe80::1", false);
        check("::/0", "2001:db8::1", true);
    }

    #[test]
    fn a_network_that_is_none_is_refused() {
        for text in [
            "",
            "ten",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "::/129",
            "10/8",
            "10.0.0.0/",
        ] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
