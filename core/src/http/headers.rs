//! Header fields: ordered, with repeats, and with bytes as values.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::error::{Error, ErrorKind};
use super::method::is_token;

/// The header fields of a message, in the order in which they arrived.
///
/// - Names are case-insensitive, and stored in lower case.
/// - Repeated fields are kept in order, and never folded into one line.
/// - Values are bytes; no encoding is assumed. White space around a value is not part of it (RFC 9110, section 5.5).
/// - All names share one buffer and all values another, so a message with fifty fields costs three allocations.
///
/// ```
/// use guru_core::Headers;
///
/// let mut headers = Headers::new();
/// headers.append("Set-Cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT")?;
/// headers.append("set-cookie", "b=2")?;
/// assert_eq!(headers.get_all("SET-COOKIE").count(), 2);
/// assert!(headers.append("x", "a\r\ninjected: yes").is_err());
/// # Ok::<(), guru_core::http::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Headers {
    names: String,
    values: Vec<u8>,
    fields: Vec<Field>,
}

/// The longest header name that the `http` crate accepts, and so everything that is built on it.
const NAME_LIMIT: usize = u16::MAX as usize;

#[derive(Clone, Copy)]
struct Field {
    name: Span,
    value: Span,
}

#[derive(Clone, Copy)]
struct Span {
    start: u32,
    end: u32,
}

impl Span {
    fn new(start: usize, end: usize) -> Result<Self, Error> {
        let too_large = |_| Error::new(ErrorKind::HeadersTooLarge);
        Ok(Self {
            start: u32::try_from(start).map_err(too_large)?,
            end: u32::try_from(end).map_err(too_large)?,
        })
    }

    fn range(self) -> core::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl Headers {
    /// Creates an empty set of fields.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            names: String::new(),
            values: Vec::new(),
            fields: Vec::new(),
        }
    }

    /// Creates an empty set with capacity for this many fields, and this many bytes of names and of values.
    #[must_use]
    pub fn with_capacity(fields: usize, names: usize, values: usize) -> Self {
        Self {
            names: String::with_capacity(names),
            values: Vec::with_capacity(values),
            fields: Vec::with_capacity(fields),
        }
    }

    /// Appends a field, whether or not one of that name exists.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::HeaderName`] when the name is not a token, or is longer than 65,535 bytes;
    /// [`ErrorKind::HeaderValue`] when the value contains a control character other than tab.
    pub fn append(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<(), Error> {
        let field = self.store(name.as_ref(), value.as_ref())?;
        self.fields.push(field);
        Ok(())
    }

    /// Sets a field: replaces all fields of that name, at the position of the first.
    ///
    /// # Errors
    ///
    /// As [`append`](Self::append); the fields are then unchanged.
    pub fn insert(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<(), Error> {
        let field = self.store(name.as_ref(), value.as_ref())?;
        let place = self
            .fields
            .iter()
            .position(|held| self.is_named(*held, name.as_ref()));
        match place.and_then(|place| self.fields.get_mut(place)) {
            None => self.fields.push(field),
            Some(held) => {
                *held = field;
                let mut seen = false;
                self.retain(|held, _| {
                    !held.as_bytes().eq_ignore_ascii_case(name.as_ref())
                        || !core::mem::replace(&mut seen, true)
                });
            }
        }
        Ok(())
    }

    /// Removes all fields of that name. Returns whether there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.fields.len();
        self.retain(|held, _| !held.eq_ignore_ascii_case(name));
        self.fields.len() != before
    }

    /// Keeps the fields for which `keep` returns true. The memory of the others is freed with the whole set.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &[u8]) -> bool) {
        let (names, values) = (&self.names, &self.values);
        self.fields
            .retain(|field| keep(name_of(names, *field), value_of(values, *field)));
    }

    /// The first value of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let mut fields = self.fields.iter();
        let field = fields.find(|field| self.is_named(**field, name.as_bytes()))?;
        Some(value_of(&self.values, *field))
    }

    /// The value of that name, if there is exactly one field of it.
    #[must_use]
    pub fn get_single(&self, name: &str) -> Option<&[u8]> {
        let mut found = None;
        for field in &self.fields {
            if self.is_named(*field, name.as_bytes()) {
                if found.is_some() {
                    return None;
                }
                found = Some(*field);
            }
        }
        found.map(|field| value_of(&self.values, field))
    }

    /// The first value of that name, if it is UTF-8.
    #[must_use]
    pub fn get_str(&self, name: &str) -> Option<&str> {
        core::str::from_utf8(self.get(name)?).ok()
    }

    /// All values of that name, in order.
    pub fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> + 'a {
        self.fields
            .iter()
            .filter(|field| self.is_named(**field, name.as_bytes()))
            .map(|field| value_of(&self.values, *field))
    }

    /// Whether there is a field of that name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Iterates over all fields in order: the lower-case name and the value.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &[u8])> + Clone {
        self.fields
            .iter()
            .map(|field| (name_of(&self.names, *field), value_of(&self.values, *field)))
    }

    /// The number of fields, including repeats.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there are no fields.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    fn store(&mut self, name: &[u8], value: &[u8]) -> Result<Field, Error> {
        let value = trim(value);
        if value
            .iter()
            .any(|byte| (*byte < b' ' && *byte != b'\t') || *byte == 0x7f)
        {
            return Err(Error::new(ErrorKind::HeaderValue));
        }
        let text = match core::str::from_utf8(name) {
            Ok(text) if is_token(name) && name.len() <= NAME_LIMIT => text,
            _ => return Err(Error::new(ErrorKind::HeaderName)),
        };
        let field = Field {
            name: Span::new(self.names.len(), self.names.len() + name.len())?,
            value: Span::new(self.values.len(), self.values.len() + value.len())?,
        };
        self.names
            .extend(text.chars().map(|letter| letter.to_ascii_lowercase()));
        self.values.extend_from_slice(value);
        Ok(field)
    }

    fn is_named(&self, field: Field, name: &[u8]) -> bool {
        name_of(&self.names, field)
            .as_bytes()
            .eq_ignore_ascii_case(name)
    }
}

/// Trims optional white space, which is space and tab only (RFC 9110, section 5.6.3): a line break at the end of a
/// value is an injection attempt.
fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

fn name_of(names: &str, field: Field) -> &str {
    names.get(field.name.range()).unwrap_or_default()
}

fn value_of(values: &[u8], field: Field) -> &[u8] {
    values.get(field.value.range()).unwrap_or_default()
}

impl PartialEq for Headers {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Headers {}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.iter().map(|(name, value)| (name, Shown(value))))
            .finish()
    }
}

/// A value as text, with what is not ASCII escaped.
struct Shown<'a>(&'a [u8]);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn insert_replaces_all_in_the_place_of_the_first() {
        let mut headers = Headers::new();
        for (name, value) in [("a", "1"), ("b", "2"), ("A", "3"), ("c", "4")] {
            headers.append(name, value).unwrap();
        }
        headers.insert("a", "5").unwrap();
        let held: Vec<_> = headers.iter().collect();
        assert_eq!(held, vec![("a", &b"5"[..]), ("b", b"2"), ("c", b"4")]);
    }

    #[test]
    fn what_is_not_a_field_is_refused_and_changes_nothing() {
        let mut headers = Headers::new();
        headers.append("a", "1").unwrap();
        for (name, value) in [("", "x"), ("a b", "x"), ("a:", "x"), ("ä", "x")] {
            assert_eq!(
                headers.append(name, value).unwrap_err().kind(),
                ErrorKind::HeaderName
            );
        }
        for value in ["a\nb", "a\rb", "a\r\n", "a\0b", "\x7f", "\x1b"] {
            assert_eq!(
                headers.insert("a", value).unwrap_err().kind(),
                ErrorKind::HeaderValue
            );
        }
        assert_eq!(headers.get("a"), Some(&b"1"[..]));
        assert_eq!(headers.len(), 1);
    }

    #[test]
    fn values_are_bytes_without_the_white_space_around_them() {
        let mut headers = Headers::new();
        headers.append("X", b" \t\xff\xfe a \t").unwrap();
        assert_eq!(headers.get("x"), Some(&b"\xff\xfe a"[..]));
        assert_eq!(headers.get_str("x"), None);
    }
}
