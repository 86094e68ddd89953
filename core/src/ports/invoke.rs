//! The port of another function.

use alloc::boxed::Box;
use alloc::string::String;
use core::pin::Pin;

use super::{Error, FetchRequest};
use crate::http::Response;

/// Another function of the same deployment, by the vendor's own means.
///
/// A handler uses it through [`app::Invoke`](crate::app::Invoke), which sets and removes headers, and keeps the time.
///
/// # For implementers
///
/// - The function is known by the name of its port. Where the platform has other names, [`function_name`] is the one that it has
///   there unless the deployment says otherwise.
/// - Method, path, query, headers and content reach the function as they are. The [authority](crate::http::Url::authority) of the URL
///   says nothing: what the function sees as its `host` is the target's.
/// - Stream both ways where the platform does. Where it does not, hold no more than the platform takes: [`TooLarge`].
/// - Send a request once: whoever calls a function may have it do something.
/// - Credentials, and the address of the function, are the host's.
/// - Cancel the request when the future, or the answer's body, is dropped, as far as the platform has it. The timeout is kept by the
///   caller.
///
/// # For users
///
/// - An answer of any status is an answer, also 404 and 500: only without one there is an error.
/// - Whether a function has done something that failed with [`Timeout`] or [`Broken`] is not known.
/// - A function that calls itself, or one that calls it back, takes an instance for each.
///
/// [`TooLarge`]: super::ErrorKind::TooLarge
/// [`Timeout`]: super::ErrorKind::Timeout
/// [`Broken`]: super::ErrorKind::Broken
pub trait Invoke {
    /// Sends a request to the function. The future is done with the answer's head.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::ErrorKind::Unavailable) where the deployment does not say where the function is, or the platform has no
    /// room for it now; [`Connect`](super::ErrorKind::Connect) where there is none; [`Denied`](super::ErrorKind::Denied) where it may not
    /// be called; [`Broken`](super::ErrorKind::Broken) where it has crashed without an answer; else as
    /// [`Fetch::fetch`](super::Fetch::fetch).
    fn invoke(
        &self,
        request: FetchRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Error>>>>;
}

/// What a platform calls the function of this port, unless its deployment says otherwise: `image-sizes` for `image_sizes`.
#[must_use]
pub fn function_name(port: &str) -> String {
    // One that is a keyword of Rust's is written with `r#`.
    let port = port.strip_prefix("r#").unwrap_or(port);
    port.to_ascii_lowercase().replace('_', "-")
}
