//! What the host of a URL may be. The functions are `const`, so that a declaration of hosts is held to the same rules while it
//! is compiled.

/// The longest name that the DNS has, in bytes as text (RFC 1035, section 2.3.4).
const NAME_LIMIT: usize = 253;

/// The longest label of a name, in bytes (RFC 1035, section 2.3.4).
const LABEL_LIMIT: usize = 63;

/// Says what is wrong with a host that is a name or an IPv4 address. It must be in lower case.
///
/// A name whose last label is a number is an address, or nothing: resolvers read `127.1`, `2130706433` and `0x7f.1` as
/// 127.0.0.1 (WHATWG URL, section 3.5, "ends in a number checker"), and a check that does not is passed by.
pub(crate) const fn check_name(name: &[u8]) -> Result<(), &'static str> {
    if name.is_empty() {
        return Err("there is no host");
    }
    if name.len() > NAME_LIMIT {
        return Err("a host has at most 253 bytes");
    }
    let (mut rest, mut last, mut length) = (name, name, 0);
    while let [byte, after @ ..] = rest {
        rest = after;
        length += 1;
        match *byte {
            b'.' if length == 1 => return Err(EMPTY_LABEL),
            b'.' => (last, length) = (after, 0),
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => {}
            b'A'..=b'Z' => return Err("write the host in lower case"),
            0x80.. => return Err("write a host that is not ASCII in punycode, as xn--..."),
            _ => return Err("a host has only letters, digits, '-', '_' and '.'"),
        }
        if length > LABEL_LIMIT {
            return Err("no part of a host between dots has more than 63 bytes");
        }
    }
    if last.is_empty() {
        return Err(EMPTY_LABEL);
    }
    if is_number(last) && v4(name).is_none() {
        return Err(
            "a host that ends in a number is an IPv4 address: four numbers from 0 to 255 without leading zeros, \
             such as 127.0.0.1",
        );
    }
    Ok(())
}

const EMPTY_LABEL: &str = "no part of a host between dots is empty, nor is there a dot at its end";

/// Whether a label is a number for any resolver: all digits, or begun as a hexadecimal number.
pub(crate) const fn is_number(label: &[u8]) -> bool {
    if let [b'0', b'x', ..] = label {
        return true;
    }
    let mut rest = label;
    while let [byte, after @ ..] = rest {
        if !byte.is_ascii_digit() {
            return false;
        }
        rest = after;
    }
    !label.is_empty()
}

/// Reads an IPv4 address as `core::net::Ipv4Addr` does, whose parser is not `const`.
pub(crate) const fn v4(text: &[u8]) -> Option<u32> {
    let (mut rest, mut bits) = (text, 0_u32);
    let (mut dots, mut digits, mut value) = (0_u32, 0_u32, 0_u32);
    while let [byte, after @ ..] = rest {
        rest = after;
        match *byte {
            b'.' if digits > 0 && dots < 3 => {
                bits = (bits << 8) | value;
                (dots, digits, value) = (dots + 1, 0, 0);
            }
            // A leading zero is octal for some, and not for others.
            b'0'..=b'9' if digits == 0 || value > 0 => {
                digits += 1;
                value = value * 10 + (*byte - b'0') as u32;
            }
            _ => return None,
        }
        if value > 255 {
            return None;
        }
    }
    if dots == 3 && digits > 0 {
        Some((bits << 8) | value)
    } else {
        None
    }
}

/// Reads an IPv6 address in lower case as `core::net::Ipv6Addr` does, whose parser is not `const`, and takes 6 KB of a module
/// together with its formatter.
pub(crate) const fn v6(text: &[u8]) -> Option<u128> {
    let (mut rest, mut group) = (text, text);
    let (mut bits, mut groups, mut digits, mut value) = (0_u128, 0_u32, 0_u32, 0_u32);
    // How many groups are before "::".
    let (mut colons, mut short) = (0, None);
    while let [byte, after @ ..] = rest {
        rest = after;
        let digit = match *byte {
            b':' => {
                (colons, digits, value, group) = (colons + 1, 0, 0, after);
                if colons > 2 || (colons == 2 && short.is_some()) {
                    return None;
                }
                if colons == 2 {
                    short = Some(groups);
                }
                continue;
            }
            b'0'..=b'9' => *byte - b'0',
            b'a'..=b'f' => *byte - b'a' + 10,
            // The last two groups may be an IPv4 address.
            b'.' if digits > 0 => {
                let Some(last) = v4(group) else { return None };
                return lengthened(((bits >> 16) << 32) | last as u128, groups + 1, short);
            }
            _ => return None,
        };
        // One colon at the beginning is half of two.
        if digits == 4 || (groups == 0 && colons == 1) {
            return None;
        }
        if digits == 0 {
            (groups, bits) = (groups + 1, bits << 16);
        }
        (digits, colons) = (digits + 1, 0);
        value = (value << 4) | digit as u32;
        bits = ((bits >> 16) << 16) | value as u128;
    }
    if colons == 1 {
        return None;
    }
    lengthened(bits, groups, short)
}

/// The address of so many groups, with zeros where it was made short: after so many of them.
const fn lengthened(bits: u128, groups: u32, short: Option<u32>) -> Option<u128> {
    match short {
        None if groups == 8 => Some(bits),
        Some(0) if groups < 8 => Some(bits),
        Some(head) if groups < 8 => {
            let tail = 16 * (groups - head);
            let (high, low) = (bits >> tail, bits & ((1 << tail) - 1));
            Some((high << (16 * (8 - head))) | low)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use core::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn groups_are_counted() {
        for text in [
            "::",
            "::1",
            "1::",
            "1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7::",
            "::2:3:4:5:6:7:8",
            "::ffff:1.2.3.4",
            "1:2:3:4:5:6:1.2.3.4",
            "64:ff9b::1.2.3.4",
        ] {
            let address = text.parse::<Ipv6Addr>().unwrap();
            assert_eq!(v6(text.as_bytes()), Some(address.to_bits()), "{text}");
        }
        for text in [
            "",
            ":",
            ":::",
            "1",
            ":1",
            "1:",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9",
            "1:2:3:4:5:6:7:8::",
            "::1::",
            "12345::",
            "::1.2.3",
            "::1.2.3.4.5",
            "::01.2.3.4",
            "1.2.3.4",
            "1:2:3:4:5:6:7:1.2.3.4",
            "::1.2.3.4:5",
            "fe80::1%eth0",
            "::g",
        ] {
            assert_eq!(v6(text.as_bytes()), None, "{text}");
            assert!(text.parse::<Ipv6Addr>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn addresses_are_what_the_standard_library_reads(
            four in "([0-9]{1,3}\\.){3}[0-9]{1,3}|[0-9.x]{0,12}",
            six in "(:{0,2}[0-9a-f]{0,4}){0,9}:{0,2}|[0-9a-f:.]{0,20}|::([0-9]{1,3}\\.){3}[0-9]{1,3}",
        ) {
            prop_assert_eq!(v4(four.as_bytes()), four.parse().ok().map(Ipv4Addr::to_bits));
            prop_assert_eq!(v6(six.as_bytes()), six.parse().ok().map(Ipv6Addr::to_bits));
        }

        #[test]
        fn addresses_are_read_as_they_are_written(address: u128) {
            // Groups of zeros, so that some are left out.
            for address in [address, address & !0xffff_ffff_0000, address >> 96, address << 80] {
                let text = Ipv6Addr::from_bits(address).to_string();
                prop_assert_eq!(v6(text.as_bytes()), Some(address), "{}", text);
            }
        }
    }
}
