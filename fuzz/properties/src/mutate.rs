//! Byte mutations that are known to be interesting, for a fuzzer without coverage feedback.

/// A mutation. Positions are relative to the current length.
#[derive(Clone, Debug)]
pub struct Edit {
    /// The position.
    pub at: u16,
    /// The length.
    pub length: u8,
    /// The kind of mutation, as a number.
    pub kind: u8,
    /// The byte it uses.
    pub byte: u8,
}

/// Byte sequences that are special to parsers.
const TOKENS: [&[u8]; 24] = [
    b"%",
    b"%2F",
    b"%00",
    b"%FF",
    b"%e9",
    b"/",
    b"//",
    b"/../",
    b"?",
    b"&",
    b"=",
    b"+",
    b";",
    b":",
    b",",
    b"\n",
    b"\r\n",
    b"\0",
    b"\"",
    b"\\u0000",
    b"{*x}",
    b"{x}",
    b"\xff\xfe",
    b"9223372036854775808",
];

/// Applies all mutations to the seed, one after the other.
#[must_use]
pub fn mutated(seed: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for edit in edits {
        let at = usize::from(edit.at) * (bytes.len() + 1) / (usize::from(u16::MAX) + 1);
        let end = bytes.len().min(at + usize::from(edit.length));
        match edit.kind % 6 {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            2 => bytes.insert(at, edit.byte),
            3 => {
                let token = TOKENS[usize::from(edit.byte) % TOKENS.len()];
                bytes.splice(at..at, token.iter().copied());
            }
            4 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = edit.byte;
                }
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << (edit.byte % 8);
                }
            }
        }
    }
    bytes
}
