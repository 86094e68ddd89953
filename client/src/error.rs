//! What went wrong, in the words of the port: the one place where errors of hyper and of rustls are told apart.

use std::error::Error as StdError;
use std::io;
use std::iter::successors;

use guru_core::ports::{Error, ErrorKind};
use hyper_util::client::legacy;
use rustls::pki_types::InvalidDnsNameError;

use crate::resolve::Failure;

/// An error and what caused it, in one line. hyper's say but what they were about, and leave the problem to their cause.
#[must_use]
pub fn describe(error: &(dyn StdError + 'static)) -> String {
    let mut said = String::new();
    for error in causes(error) {
        let text = error.to_string();
        // Some repeat their cause.
        if said.ends_with(&text) {
            continue;
        }
        if !said.is_empty() {
            said.push_str(": ");
        }
        said.push_str(&text);
    }
    said
}

fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    successors(Some(error), |error: &&'a (dyn StdError + 'static)| {
        (*error).source()
    })
}

fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    causes(error).find_map(|error| error.downcast_ref())
}

/// The address is the platform's, and not for a function.
pub(crate) fn guarded(host: &str) -> Error {
    Error::new(
        ErrorKind::Denied,
        format!(
            "{host} is at an address of the platform, where clouds give out credentials: a function reaches none by a name, and \
             those of its own host by no way"
        ),
    )
}

/// Why there is no connection.
pub(crate) fn unconnected(host: &str, error: &(dyn StdError + 'static)) -> Error {
    let (kind, message) = match find::<Failure>(error) {
        Some(Failure::Guarded) => return guarded(host),
        Some(Failure::Unresolved(problem)) => (
            ErrorKind::Dns,
            format!("{host} is not found: {problem}: check its name, and this machine's DNS"),
        ),
        // TCP's own errors are of hyper's: only those of TLS are the system's type, or about the name.
        None if error.is::<io::Error>() => (
            ErrorKind::Tls,
            format!(
                "{host} is not reached securely: {}: a certificate that this machine is to trust can be named in \
                 SSL_CERT_FILE",
                describe(error)
            ),
        ),
        None if error.is::<InvalidDnsNameError>() => (
            ErrorKind::Tls,
            format!("{host} is no name that a certificate can have"),
        ),
        None => (
            ErrorKind::Connect,
            format!("{host} is not reached: {}", describe(error)),
        ),
    };
    Error::new(kind, message)
}

/// Why there is no answer.
pub(crate) fn unanswered(host: &str, error: &legacy::Error) -> Error {
    if let Some(unconnected) = find::<Error>(error).filter(|_| error.is_connect()) {
        return unconnected.clone();
    }
    let cause = error.source().unwrap_or(error);
    let problem = describe(cause);
    let message = match cause.downcast_ref::<hyper::Error>() {
        Some(cause) if cause.is_parse() => format!("what {host} answered is not HTTP: {problem}"),
        Some(cause) if cause.is_user() => {
            format!("the content of the request to {host} broke off: {problem}")
        }
        _ => format!("{host} broke off before its answer: {problem}"),
    };
    Error::new(ErrorKind::Broken, message)
}
