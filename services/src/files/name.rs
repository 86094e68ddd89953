//! The names of files for keys.
//!
//! A key is any text, and a name of a file is not: it is short, has no slash, and on some systems no capitals. So all but small
//! letters, digits, `-`, `_` and inner dots stands as `%` and two digits, and what is too long for one name is in folders, whose
//! names end with `+`. No name leaves the folder of its store, and none begins with a dot: those are the store's own.

use std::path::{Path, PathBuf};

use guru_core::ports::KEY_LIMIT;

/// The most bytes of one name: most systems have 255.
const LONGEST: usize = 200;

/// The place of its last byte.
const LAST: usize = LONGEST - 1;

/// The path of a key below the folder of its store.
pub(super) fn path_of(folder: &Path, key: &str) -> PathBuf {
    let mut name = String::with_capacity(key.len());
    let mut bytes = key.bytes().peekable();
    while let Some(byte) = bytes.next() {
        // Some systems drop a dot at the end of a name.
        let goes_on = bytes.peek().is_some_and(u8::is_ascii_alphanumeric);
        let is_inner = goes_on && !matches!(name.len() % LONGEST, 0 | LAST);
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            b'.' if is_inner => name.push('.'),
            _ => {
                name.push('%');
                let digits = [byte >> 4, byte & 15];
                name.extend(
                    digits
                        .iter()
                        .filter_map(|digit| char::from_digit((*digit).into(), 16)),
                );
            }
        }
    }
    let mut path = folder.to_owned();
    let mut rest = &*name;
    while let Some((chunk, more)) = rest
        .split_at_checked(LONGEST)
        .filter(|(_, more)| !more.is_empty())
    {
        path.push(format!("{chunk}+"));
        rest = more;
    }
    path.push(rest);
    path
}

/// A part of a key, by the name of a file or a folder.
pub(super) enum Part {
    /// A file, or the last part of a key.
    Last(String),
    /// A folder: what is in there goes on.
    More(String),
}

/// What a name stands for; nothing, where no store has made it.
pub(super) fn part_of(name: &str) -> Option<Part> {
    if name.starts_with('.') {
        return None;
    }
    match name.strip_suffix('+') {
        Some(name) => Some(Part::More(name.to_owned())),
        None => Some(Part::Last(name.to_owned())),
    }
}

/// The key of a name, put together of all its parts.
pub(super) fn key_of(name: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let (high, low) = (digit()?, digit()?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    let key = String::from_utf8(bytes).ok()?;
    (key.len() <= KEY_LIMIT).then_some(key)
}
