//! The request method: any token, kept as sent.

use alloc::boxed::Box;
use core::fmt;

use super::error::{Error, ErrorKind};

/// A request method. Case-sensitive (RFC 9110, section 9.1): `get` is not `GET`.
///
/// ```
/// use guru_core::Method;
///
/// assert_eq!(Method::parse(b"GET").unwrap(), Method::GET);
/// assert_eq!(Method::parse(b"PURGE").unwrap().as_str(), "PURGE");
/// assert!(Method::parse(b"BAD METHOD").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Method(Token);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Token {
    Known(&'static str),
    Other(Box<str>),
}

macro_rules! methods {
    ($($name:ident)*) => {
        impl Method {
            $(
                #[doc = concat!("`", stringify!($name), "`")]
                pub const $name: Self = Self(Token::Known(stringify!($name)));
            )*

            fn known(token: &[u8]) -> Option<Self> {
                $(if token == stringify!($name).as_bytes() { return Some(Self::$name); })*
                None
            }
        }
    };
}

methods! { GET POST PUT DELETE HEAD OPTIONS PATCH CONNECT TRACE }

impl Method {
    /// Parses a method from a request line.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Method`] when it is empty or not a token.
    pub fn parse(token: &[u8]) -> Result<Self, Error> {
        if let Some(known) = Self::known(token) {
            return Ok(known);
        }
        match core::str::from_utf8(token) {
            Ok(text) if is_token(token) => Ok(Self(Token::Other(text.into()))),
            _ => Err(Error::new(ErrorKind::Method)),
        }
    }

    /// The method as sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Token::Known(name) => name,
            Token::Other(name) => name,
        }
    }
}

impl PartialEq<str> for Method {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether the bytes are a token: one or more `tchar` (RFC 9110, section 5.6.2).
pub(super) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}
