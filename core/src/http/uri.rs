//! The request target: the raw path, the raw query, and how they are decoded.
//!
//! Decoding is the same on every target:
//!
//! - A path is split at each `/`, then each segment is percent-decoded once: `%2F` never splits a segment, `+` stays
//!   a plus, and dot segments and empty segments are kept.
//! - A query is decoded once as `application/x-www-form-urlencoded` (WHATWG URL, section 5.1): `&` separates pairs
//!   and `+` is a space. Order, repeats and empty values are kept; an empty pair is skipped.
//! - A `%` that is not followed by two hex digits is kept as it is.
//! - Bytes that do not decode to UTF-8 are an error in a path segment and U+FFFD in a query pair; the raw text of
//!   both is always available.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use percent_encoding::percent_decode_str;

use super::error::{Error, ErrorKind};

/// A request target: a path and an optional query, as sent.
///
/// ```
/// use guru_core::Uri;
///
/// let uri = Uri::parse("/a%2Fb/c?x=1&x=&y+z=%26")?;
/// assert_eq!(uri.path(), "/a%2Fb/c");
/// let segments: Vec<_> = uri.segments().map(|s| s.decode().unwrap()).collect();
/// assert_eq!(segments, ["a/b", "c"]);
/// let pairs: Vec<_> = uri.pairs().collect();
/// assert_eq!(pairs, [("x".into(), "1".into()), ("x".into(), "".into()), ("y z".into(), "&".into())]);
/// # Ok::<(), guru_core::http::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Uri {
    text: Box<str>,
    /// The index of the `?`, or the length.
    path_end: usize,
}

impl Uri {
    /// Parses a target from a request line: a path, optionally followed by `?` and a query.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Uri`] when it does not start with `/` (and is not `*`), or contains a space, a control character
    /// or a `#`.
    pub fn parse(target: impl Into<Box<str>>) -> Result<Self, Error> {
        let text = target.into();
        let starts = text.starts_with('/') || &*text == "*";
        if !starts
            || text
                .bytes()
                .any(|byte| byte <= b' ' || byte == 0x7f || byte == b'#')
        {
            return Err(Error::new(ErrorKind::Uri));
        }
        let path_end = text.find('?').unwrap_or(text.len());
        Ok(Self { text, path_end })
    }

    /// Builds a target from a raw path and a raw query, as vendors pass them.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse), and when the path contains a `?`.
    pub fn from_parts(path: &str, query: Option<&str>) -> Result<Self, Error> {
        if path.contains('?') {
            return Err(Error::new(ErrorKind::Uri));
        }
        let length = path.len() + query.map_or(0, |query| query.len() + 1);
        let mut text = String::with_capacity(length);
        text.push_str(path);
        if let Some(query) = query {
            text.push('?');
            text.push_str(query);
        }
        Self::parse(text)
    }

    /// The raw path, as sent.
    #[must_use]
    pub fn path(&self) -> &str {
        self.text.get(..self.path_end).unwrap_or_default()
    }

    /// The raw query, without the `?`: `None` when there is no `?`, empty when nothing follows it.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.text.get(self.path_end + 1..)
    }

    /// The segments of the path, split at slashes. `/` has one segment, which is empty.
    #[must_use]
    pub fn segments(&self) -> Segments<'_> {
        Segments {
            rest: self.path().strip_prefix('/'),
        }
    }

    /// The decoded pairs of the query, in order.
    #[must_use]
    pub fn pairs(&self) -> Pairs<'_> {
        Pairs(form_urlencoded::parse(
            self.query().unwrap_or_default().as_bytes(),
        ))
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// One segment of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a>(&'a str);

impl<'a> Segment<'a> {
    /// The segment as sent.
    #[must_use]
    pub const fn raw(self) -> &'a str {
        self.0
    }

    /// Percent-decodes the segment once. Borrows when there is nothing to decode.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Encoding`] when the bytes are not UTF-8.
    pub fn decode(self) -> Result<Cow<'a, str>, Error> {
        percent_decode_str(self.0)
            .decode_utf8()
            .map_err(|_| Error::new(ErrorKind::Encoding))
    }

    /// Whether it decodes to exactly this text.
    pub(crate) fn is(self, text: &str) -> bool {
        if self.0.contains('%') {
            percent_decode_str(self.0).eq(text.bytes())
        } else {
            self.0 == text
        }
    }

    pub(crate) const fn new(raw: &'a str) -> Self {
        Self(raw)
    }
}

/// The segments of a path, in order.
#[derive(Clone, Debug, Default)]
pub struct Segments<'a> {
    rest: Option<&'a str>,
}

impl<'a> Segments<'a> {
    /// The remaining path, without its leading slash; `None` at the end.
    pub(crate) const fn rest(&self) -> Option<&'a str> {
        self.rest
    }

    pub(crate) const fn over(rest: &'a str) -> Self {
        Self { rest: Some(rest) }
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        let rest = self.rest?;
        let (segment, rest) = match rest.split_once('/') {
            Some((segment, rest)) => (segment, Some(rest)),
            None => (rest, None),
        };
        self.rest = rest;
        Some(Segment(segment))
    }
}

/// The decoded pairs of a query, in order.
#[derive(Clone)]
pub struct Pairs<'a>(form_urlencoded::Parse<'a>);

impl<'a> Iterator for Pairs<'a> {
    type Item = (Cow<'a, str>, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn paths_are_cut_before_they_are_decoded() {
        let cases: &[(&str, &[&str])] = &[
            ("/", &[""]),
            ("/a", &["a"]),
            ("/a/", &["a", ""]),
            ("//a//b", &["", "a", "", "b"]),
            ("/a%2Fb%252F/%3F%23", &["a/b%2F", "?#"]),
            ("/a/../b/./c", &["a", "..", "b", ".", "c"]),
            ("/a+b%20c", &["a+b c"]),
            ("/%zz%4/%", &["%zz%4", "%"]),
            ("/%C3%BC", &["ü"]),
            ("*", &[]),
        ];
        for (path, expected) in cases {
            let uri = Uri::parse(*path).unwrap();
            let segments: Vec<String> = uri
                .segments()
                .map(|segment| segment.decode().unwrap().into_owned())
                .collect();
            assert_eq!(&segments, expected, "{path}");
        }
        let uri = Uri::parse("/%FF").unwrap();
        assert_eq!(
            uri.segments().next().unwrap().decode().unwrap_err().kind(),
            ErrorKind::Encoding
        );
    }

    #[test]
    fn queries_keep_order_repeats_and_empty_values() {
        type Case<'a> = (&'a str, Option<&'a str>, &'a [(&'a str, &'a str)]);
        let cases: &[Case<'_>] = &[
            ("/", None, &[]),
            ("/?", Some(""), &[]),
            ("/?a", Some("a"), &[("a", "")]),
            (
                "/?a=&=b&a=b=c&&",
                Some("a=&=b&a=b=c&&"),
                &[("a", ""), ("", "b"), ("a", "b=c")],
            ),
            (
                "/?a=%2B+%20&b=c;d",
                Some("a=%2B+%20&b=c;d"),
                &[("a", "+  "), ("b", "c;d")],
            ),
            ("/?a=%2526", Some("a=%2526"), &[("a", "%26")]),
            (
                "/?a=%FF&b=%zz",
                Some("a=%FF&b=%zz"),
                &[("a", "\u{FFFD}"), ("b", "%zz")],
            ),
            ("/?a=b?c", Some("a=b?c"), &[("a", "b?c")]),
        ];
        for (target, raw, expected) in cases {
            let uri = Uri::parse(*target).unwrap();
            assert_eq!(uri.query(), *raw, "{target}");
            let pairs: Vec<_> = uri
                .pairs()
                .map(|(key, value)| (key.to_string(), value.to_string()))
                .collect();
            let expected: Vec<_> = expected
                .iter()
                .map(|(key, value)| (key.to_string(), value.to_string()))
                .collect();
            assert_eq!(pairs, expected, "{target}");
        }
    }

    #[test]
    fn what_is_not_a_target_is_refused() {
        for target in ["", "a", "http://a/", "/a b", "/a#b", "/a\r\n", "/\u{7f}"] {
            assert_eq!(
                Uri::parse(target).unwrap_err().kind(),
                ErrorKind::Uri,
                "{target:?}"
            );
        }
        assert!(Uri::from_parts("/a?b", None).is_err());
        assert_eq!(
            Uri::from_parts("/a", Some("b?c")).unwrap().to_string(),
            "/a?b?c"
        );
    }
}
