//! Changes to bytes that are known to be interesting, for a fuzzer that is not led by coverage.
//!
//! It must not know what the bytes mean.

/// One change. Each place is taken as a part of the length there is.
#[derive(Clone, Debug)]
pub struct Edit {
    /// Where.
    pub at: u16,
    /// How much.
    pub length: u8,
    /// What is done, by its number.
    pub kind: u8,
    /// What with.
    pub byte: u8,
}

/// Bytes on which parsers depend.
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

/// The seed with all changes made, one after the other.
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
