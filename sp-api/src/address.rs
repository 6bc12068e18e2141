//! Addresses: `scheme://rest`, where the rest is the transport's own.

use std::{fmt, net::IpAddr, str::FromStr};

use crate::{Error, ErrorKind, Result};

/// Longest address taken, in bytes: room for any path or host name, bounded all the same.
const MAX_LEN: usize = 4096;

/// Where to listen or whom to dial: a scheme that names the transport, and a rest that the transport reads.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Address {
    text: Box<str>,
    scheme: usize,
}

impl Address {
    /// Reads `scheme://rest`. The scheme is letters, digits, `+`, `-`, `.`; the rest is any text without NUL.
    pub fn parse(text: &str) -> Result<Self> {
        let invalid =
            |why: &str| Error::new(ErrorKind::AddressInvalid, why).at(text.escape_debug());
        if text.len() > MAX_LEN {
            return Err(Error::new(
                ErrorKind::AddressInvalid,
                format!(
                    "an address has at most {MAX_LEN} bytes, this one has {}",
                    text.len()
                ),
            ));
        }
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| invalid("expected scheme://…, as in tcp://127.0.0.1:5555"))?;
        let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.chars().all(valid) {
            return Err(invalid("a scheme is letters, digits, '+', '-', '.'"));
        }
        if rest.contains('\0') {
            return Err(invalid("an address has no NUL characters"));
        }
        Ok(Self {
            scheme: scheme.len(),
            text: text.into(),
        })
    }

    /// An address from its two parts.
    pub fn new(scheme: &str, rest: impl fmt::Display) -> Result<Self> {
        Self::parse(&format!("{scheme}://{rest}"))
    }

    /// The transport's name.
    pub fn scheme(&self) -> &str {
        &self.text[..self.scheme]
    }

    /// What follows `://`.
    pub fn rest(&self) -> &str {
        &self.text[self.scheme + 3..]
    }

    /// The whole address as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.text.escape_debug())
    }
}

/// A host, as it stands in `host:port` addresses.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Host {
    /// Every address of the machine: `*` or nothing.
    Any,
    /// A literal address.
    Ip(IpAddr),
    /// A name to resolve.
    Name(String),
}

/// `[local;]host:port`, for transports over IP. The zone of an IPv6 address stays with the name (`fe80::1%eth0`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct HostPort {
    /// The local interface or address to dial from, where one was given.
    pub local: Option<Host>,
    /// The host.
    pub host: Host,
    /// The port; 0 lets a listener have any free one.
    pub port: u16,
}

impl HostPort {
    /// Reads nanomsg's grammar and a little more: `*:80`, `:80`, `127.0.0.1:80`, `[::1]:80`, `::1:80`,
    /// `name:80`, and `eth0;name:80` to dial from a certain interface.
    pub fn parse(text: &str) -> Result<Self> {
        let invalid = |why: String| Error::new(ErrorKind::AddressInvalid, why);
        let (local, rest) = match text.split_once(';') {
            Some((local, rest)) => (Some(parse_host(local)?), rest),
            None => (None, text),
        };
        let (host, port) = rest
            .rsplit_once(':')
            .ok_or_else(|| invalid(format!("expected host:port, found `{rest}`")))?;
        if port.is_empty() || !port.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(invalid(format!(
                "a port is a number from 0 to 65535, found `{port}`"
            )));
        }
        let port = port.parse().map_err(|_| {
            invalid(format!(
                "a port is a number from 0 to 65535, found `{port}`"
            ))
        })?;
        Ok(Self {
            local,
            host: parse_host(host)?,
            port,
        })
    }
}

fn parse_host(text: &str) -> Result<Host> {
    if text.is_empty() || text == "*" {
        return Ok(Host::Any);
    }
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    if let Ok(ip) = bare.unwrap_or(text).parse() {
        if bare.is_some() && matches!(ip, IpAddr::V4(_)) {
            return Err(Error::new(
                ErrorKind::AddressInvalid,
                format!("brackets are for IPv6 addresses, found `{text}`"),
            ));
        }
        return Ok(Host::Ip(ip));
    }
    if let Some((ip, zone)) = bare.unwrap_or(text).split_once('%')
        && ip.parse::<std::net::Ipv6Addr>().is_ok()
        && !zone.is_empty()
    {
        return Ok(Host::Name(bare.unwrap_or(text).to_owned()));
    }
    check_name(text)?;
    Ok(Host::Name(text.to_owned()))
}

/// Letters, digits, `-`, `_`, `.`; labels of 1 to 63 bytes that do not start with `-`; 253 bytes in all.
fn check_name(name: &str) -> Result<()> {
    let good_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && label
                .bytes()
                .all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
    };
    let trimmed = name.strip_suffix('.').unwrap_or(name);
    if trimmed.len() <= 253 && trimmed.split('.').all(good_label) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::AddressInvalid,
        format!(
            "`{}` is neither an IP address nor a host name",
            name.escape_debug()
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_falls_into_scheme_and_rest() {
        let address = Address::parse("tls+tcp://[::1]:5555").unwrap();
        assert_eq!(address.scheme(), "tls+tcp");
        assert_eq!(address.rest(), "[::1]:5555");
        assert_eq!(address.to_string(), "tls+tcp://[::1]:5555");
    }

    #[test]
    fn bad_grammar_is_named() {
        for text in [
            "",
            "tcp",
            "tcp:/x",
            "://x",
            "1tcp://x",
            "t cp://x",
            "ipc://a\0b",
        ] {
            let error = Address::parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AddressInvalid, "{text:?}");
        }
        assert!(Address::parse(&format!("ipc://{}", "a".repeat(MAX_LEN))).is_err());
    }

    #[test]
    fn host_port_reads_every_form() {
        let parse = |text| HostPort::parse(text).unwrap();
        assert_eq!(parse("*:80").host, Host::Any);
        assert_eq!(parse(":0").port, 0);
        assert_eq!(
            parse("127.0.0.1:80").host,
            Host::Ip("127.0.0.1".parse().unwrap())
        );
        assert_eq!(parse("[::1]:80").host, Host::Ip("::1".parse().unwrap()));
        assert_eq!(parse("::1:80").host, Host::Ip("::1".parse().unwrap()));
        assert_eq!(
            parse("a-b.example.:80").host,
            Host::Name("a-b.example.".into())
        );
        let from = parse("eth0;10.0.0.1:80");
        assert_eq!(from.local, Some(Host::Name("eth0".into())));
    }

    #[test]
    fn host_port_refuses_what_nanomsg_refuses() {
        for text in [
            "",
            "x",
            "x:",
            "x:http",
            "x:70000",
            "x:-1",
            "x:+1",
            "-x:1",
            "a..b:1",
            "a b:1",
            "[127.0.0.1]:1",
        ] {
            assert!(HostPort::parse(text).is_err(), "{text:?}");
        }
    }
}
