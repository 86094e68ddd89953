//! The hosts that a function may fetch from, as its author declares them.
//!
//! A declaration is a scheme, a host and perhaps a port, as in Spin's `allowed_outbound_hosts`
//! (<https://spinframework.dev/http-outbound>):
//!
//! | declared | allowed |
//! | --- | --- |
//! | `https://api.example.com` | this host, on port 443 |
//! | `http://127.0.0.1:*` | this address, on any port |
//! | `https://*.example.com` | `a.example.com` and `a.b.example.com`, not `example.com` |
//! | `*://example.com` | this host, by http on port 80 and by https on port 443 |
//! | `*://*:*` | any host but those below |
//!
//! - A host is written as a [`Url`] has it: in lower case, in punycode, without a dot at its end. An IPv6 address stands in
//!   brackets.
//! - There is no path; one `/` at the end is let pass.
//! - What clouds give credentials at to whoever asks from the inside, [link-local addresses and their kind](is_metadata), is
//!   allowed only by a declaration of exactly that host.
//!
//! It must not know what resolves names: a port that does holds addresses to [`is_metadata`] itself.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::http::{Scheme, Url, host};

/// A declaration, taken apart.
struct Pattern<'a> {
    /// `None` for any.
    scheme: Option<Scheme>,
    host: Host<'a>,
    port: Port,
}

enum Host<'a> {
    Any,
    /// Every name that ends in a dot and this.
    Under(&'a [u8]),
    Name(&'a [u8]),
    /// An IPv6 address.
    Address(u128),
}

enum Port {
    Any,
    /// That of the scheme.
    Default,
    Number(u16),
}

/// Does not compile where this is not a declaration of hosts, for macros:
///
/// ```
/// const _: () = guru_core::ports::hosts::check("https://*.example.com");
/// ```
///
/// ```compile_fail
/// const _: () = guru_core::ports::hosts::check("example.com");
/// ```
#[expect(clippy::panic, reason = "a build that fails is the report")]
pub const fn check(pattern: &str) {
    if let Err(problem) = read(pattern.as_bytes()) {
        panic!("{}", problem);
    }
}

/// Whether a declaration among these allows this URL. One that is malformed allows nothing.
#[must_use]
pub fn allows(patterns: &[&str], url: &Url) -> bool {
    let address = address(url);
    let guarded = address.is_some_and(is_metadata) || METADATA_NAMES.contains(&url.host());
    patterns.iter().any(|pattern| {
        read(pattern.as_bytes()).is_ok_and(|pattern| pattern.allows(url, address, guarded))
    })
}

/// Google's names of its link-local address (<https://cloud.google.com/compute/docs/metadata/querying-metadata>).
const METADATA_NAMES: [&str; 3] = ["metadata", "metadata.goog", "metadata.google.internal"];

/// Addresses outside of the link-local range at which clouds answer to what runs inside: Alibaba's metadata, Azure's wire server,
/// Oracle's metadata.
const METADATA_V4: [Ipv4Addr; 3] = [
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(192, 0, 0, 192),
];

/// Whether an address is one at which a cloud gives credentials to what runs inside, or may be: link-local addresses
/// (`169.254.0.0/16`, RFC 3927, with 169.254.169.254 and 169.254.170.2; `fe80::/10`, RFC 4291, section 2.5.6) and
/// `fd00:ec2::/32` (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html>). An IPv4 address
/// counts in IPv6 as well: mapped (`::ffff:0:0/96`), compatible (`::/96`), by 6to4 (`2002::/16`, RFC 3056) and by NAT64
/// (`64:ff9b::/96`, RFC 6052, and `64:ff9b:1::/48`, RFC 8215). So are Google's `fd20:ce::/32`, Alibaba's 100.100.100.200, Azure's
/// 168.63.129.16 and Oracle's 192.0.0.192.
#[must_use]
pub fn is_metadata(address: IpAddr) -> bool {
    let address = match address {
        IpAddr::V4(address) => return is_metadata_v4(address),
        IpAddr::V6(address) => address,
    };
    let [head @ .., g, h] = address.segments();
    let v4 = match head {
        [0, 0, 0, 0, 0, 0 | 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] | [0x64, 0xff9b, 1, ..] => {
            Some((g, h))
        }
        [0x2002, g, h, ..] => Some((g, h)),
        _ => None,
    };
    let v4 = v4.map(|(g, h)| Ipv4Addr::from_bits(u32::from(g) << 16 | u32::from(h)));
    address.is_unicast_link_local()
        || matches!(head, [0xfd00, 0xec2, ..] | [0xfd20, 0xce, ..])
        || v4.is_some_and(is_metadata_v4)
}

fn is_metadata_v4(address: Ipv4Addr) -> bool {
    address.is_link_local() || METADATA_V4.contains(&address)
}

fn address(url: &Url) -> Option<IpAddr> {
    let host = url.host().as_bytes();
    match host::v6(host) {
        Some(bits) => Some(Ipv6Addr::from_bits(bits).into()),
        None => host::v4(host).map(|bits| Ipv4Addr::from_bits(bits).into()),
    }
}

impl Pattern<'_> {
    fn allows(&self, url: &Url, address: Option<IpAddr>, guarded: bool) -> bool {
        let name = url.host().as_bytes();
        let is_host = match self.host {
            Host::Any => !guarded,
            // A name that ends as this one does is no address, which none of these is.
            Host::Under(parent) => {
                let below = name.strip_suffix(parent);
                !guarded && below.is_some_and(|below| below.len() > 1 && below.ends_with(b"."))
            }
            Host::Name(host) => name == host,
            Host::Address(bits) => address == Some(Ipv6Addr::from_bits(bits).into()),
        };
        let is_port = match self.port {
            Port::Any => true,
            Port::Default => url.port() == url.scheme().port(),
            Port::Number(port) => url.port() == port,
        };
        is_host && is_port && self.scheme.is_none_or(|scheme| scheme == url.scheme())
    }
}

const fn read(text: &[u8]) -> Result<Pattern<'_>, &'static str> {
    let (scheme, rest) = match text {
        [b'h', b't', b't', b'p', b's', b':', b'/', b'/', rest @ ..] => (Some(Scheme::Https), rest),
        [b'h', b't', b't', b'p', b':', b'/', b'/', rest @ ..] => (Some(Scheme::Http), rest),
        [b'*', b':', b'/', b'/', rest @ ..] => (None, rest),
        _ => return Err("a host that may be fetched from begins with http://, https:// or *://"),
    };
    let rest = match rest {
        [rest @ .., b'/'] => rest,
        _ => rest,
    };
    let (host, rest) = match read_host(rest) {
        Ok(read) => read,
        Err(problem) => return Err(problem),
    };
    let port = match read_port(rest) {
        Ok(port) => port,
        Err(problem) => return Err(problem),
    };
    Ok(Pattern { scheme, host, port })
}

/// The host, and what follows it.
const fn read_host(text: &[u8]) -> Result<(Host<'_>, &[u8]), &'static str> {
    if let [b'[', literal @ ..] = text {
        let (address, rest) = cut(literal, b']');
        return match (host::v6(address), rest) {
            (Some(address), [_, rest @ ..]) => Ok((Host::Address(address), rest)),
            _ => Err("in brackets stands an IPv6 address in lower case, without a zone"),
        };
    }
    let (name, rest) = cut(text, b':');
    let (host, name) = match name {
        [b'*'] => return Ok((Host::Any, rest)),
        [b'*', b'.', parent @ ..] => (Host::Under(parent), parent),
        _ => (Host::Name(name), name),
    };
    if is_path(name) {
        return Err("a host that may be fetched from has no path, query, user name or fragment");
    }
    if let Err(problem) = host::check_name(name) {
        return Err(problem);
    }
    match host {
        Host::Under(parent) if host::v4(parent).is_some() => {
            Err("'*.' stands before a name: an address has no sub-domains")
        }
        host => Ok((host, rest)),
    }
}

const fn read_port(text: &[u8]) -> Result<Port, &'static str> {
    const PROBLEM: &str = "after the host comes nothing, ':*', or ':' and a port from 1 to 65535";
    let mut rest = match text {
        [] => return Ok(Port::Default),
        [b':', b'*'] => return Ok(Port::Any),
        [b':', digits @ ..] => digits,
        _ => return Err(PROBLEM),
    };
    let mut port = 0_u16;
    while let [byte, after @ ..] = rest {
        rest = after;
        if !byte.is_ascii_digit() || (port == 0 && *byte == b'0') {
            return Err(PROBLEM);
        }
        port = match port.checked_mul(10) {
            Some(port) => match port.checked_add((*byte - b'0') as u16) {
                Some(port) => port,
                None => return Err(PROBLEM),
            },
            None => return Err(PROBLEM),
        };
    }
    if port == 0 {
        return Err(PROBLEM);
    }
    Ok(Port::Number(port))
}

/// What is before the first such byte, and the rest from it on.
const fn cut(text: &[u8], at: u8) -> (&[u8], &[u8]) {
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        if *byte == at {
            break;
        }
        rest = after;
    }
    match text.split_at_checked(text.len() - rest.len()) {
        Some(parts) => parts,
        None => (text, &[]),
    }
}

const fn is_path(text: &[u8]) -> bool {
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        if matches!(*byte, b'/' | b'?' | b'#' | b'@') {
            return true;
        }
        rest = after;
    }
    false
}
