//! Bytes as strings with one character per byte, as header values and raw targets are written in vectors and shown in reports.
//!
//! This is the isomorphic decoding of the Infra standard (<https://infra.spec.whatwg.org/#isomorphic-decode>). The probe uses it
//! too, so that any byte survives a trip through JSON.

use std::fmt::Write as _;

/// Encodes `text` to bytes, or returns the first character that has no byte.
pub fn from_isomorphic(text: &str) -> Result<Vec<u8>, char> {
    text.chars()
        .map(|character| u8::try_from(character).map_err(|_| character))
        .collect()
}

/// Decodes `bytes` to a string.
#[must_use]
pub fn to_isomorphic(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// `bytes` in quotes for display, truncated to `limit` bytes.
///
/// Valid UTF-8 is shown as is; control characters and invalid UTF-8 are escaped as `\xNN`.
#[must_use]
pub fn quoted(bytes: &[u8], limit: usize) -> String {
    let shown = bytes.get(..limit).unwrap_or(bytes);
    let mut text = String::from("\"");
    for chunk in shown.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '"' | '\\' => text.extend(['\\', character]),
                '\r' => text.push_str("\\r"),
                '\n' => text.push_str("\\n"),
                '\t' => text.push_str("\\t"),
                _ if character.is_control() => {
                    let _ = write!(text, "\\x{:02x}", u32::from(character));
                }
                _ => text.push(character),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text.push('"');
    if shown.len() < bytes.len() {
        let _ = write!(text, "… ({} bytes in all)", bytes.len());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_survives_the_trip() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(from_isomorphic(&to_isomorphic(&all)), Ok(all));
    }

    #[test]
    fn a_character_above_one_byte_is_named() {
        assert_eq!(from_isomorphic("a\u{2603}"), Err('\u{2603}'));
    }

    #[test]
    fn a_quote_shows_what_is_hidden_and_how_much_was_cut() {
        assert_eq!(quoted(b"a\"\r\n\x00\xff", 99), r#""a\"\r\n\x00\xff""#);
        assert_eq!(quoted("hé".as_bytes(), 99), "\"hé\"");
        assert_eq!(quoted(b"abcdef", 2), "\"ab\"… (6 bytes in all)");
    }
}
