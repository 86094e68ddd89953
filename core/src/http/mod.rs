//! HTTP messages as a handler sees them: the request as it was sent, and the response.
//!
//! The `http` crate needs `std`, so these types take its place; the `http` feature converts between the two.

mod body;
#[cfg(feature = "http")]
pub mod convert;
mod cookies;
mod end_to_end;
mod error;
mod headers;
pub(crate) mod host;
mod method;
mod params;
mod request;
mod response;
mod status;
mod stream;
mod uri;
mod url;

pub use body::Body;
pub use cookies::{Cookie, SameSite};
pub(crate) use cookies::{cookie, cookies};
pub(crate) use end_to_end::end_to_end;
pub use error::{Error, ErrorKind};
pub use headers::Headers;
pub use method::Method;
pub(crate) use params::{Params, Pattern};
pub use request::Request;
pub use response::Response;
pub use status::Status;
pub use stream::Chunks;
pub use uri::{Pairs, Segment, Segments, Uri};
pub use url::{Scheme, Url};
