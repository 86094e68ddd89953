//! The status code.

use core::fmt;

/// A status code. Any number can be held, but only 200 to 599 reach a client: a function never sends interim
/// responses, and any other code becomes a 500 when the response leaves the app.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Status(u16);

macro_rules! statuses {
    ($($name:ident = $code:literal)*) => {
        impl Status {
            $(
                #[doc = concat!("`", stringify!($code), "`")]
                pub const $name: Self = Self($code);
            )*
        }
    };
}

statuses! {
    OK = 200
    CREATED = 201
    ACCEPTED = 202
    NO_CONTENT = 204
    RESET_CONTENT = 205
    MOVED_PERMANENTLY = 301
    FOUND = 302
    SEE_OTHER = 303
    NOT_MODIFIED = 304
    TEMPORARY_REDIRECT = 307
    PERMANENT_REDIRECT = 308
    BAD_REQUEST = 400
    UNAUTHORIZED = 401
    FORBIDDEN = 403
    NOT_FOUND = 404
    METHOD_NOT_ALLOWED = 405
    REQUEST_TIMEOUT = 408
    CONFLICT = 409
    GONE = 410
    CONTENT_TOO_LARGE = 413
    UNSUPPORTED_MEDIA_TYPE = 415
    UNPROCESSABLE_CONTENT = 422
    TOO_MANY_REQUESTS = 429
    INTERNAL_SERVER_ERROR = 500
    NOT_IMPLEMENTED = 501
    BAD_GATEWAY = 502
    SERVICE_UNAVAILABLE = 503
    GATEWAY_TIMEOUT = 504
}

impl Status {
    /// Creates a status from a code.
    #[must_use]
    pub const fn new(code: u16) -> Self {
        Self(code)
    }

    /// The code.
    #[must_use]
    pub const fn as_u16(self) -> u16 {
        self.0
    }

    /// Whether a function may send this status: 200 to 599.
    #[must_use]
    pub const fn is_final(self) -> bool {
        self.0 >= 200 && self.0 <= 599
    }

    /// Whether a response with this status has no content: 204, 205 and 304 (RFC 9110, sections 15.3.5, 15.3.6 and
    /// 15.4.5).
    #[must_use]
    pub const fn is_bodiless(self) -> bool {
        matches!(self.0, 204 | 205 | 304)
    }
}

impl Default for Status {
    fn default() -> Self {
        Self::OK
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
