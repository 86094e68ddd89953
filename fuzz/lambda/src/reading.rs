//! Whatever is JSON is read as an event; whatever a client can have in one is a request or a refusal, and never fails an
//! invocation.
//!
//! Input: an event.

use guru_core::http::convert as to_core;
use serde::de::IgnoredAny;

use crate::convert;
use crate::error::ErrorKind;
use crate::event::Event;

/// Reads an event, and makes a request of it.
pub fn check(data: &[u8]) {
    let event = serde_json::from_slice::<Event>(data);
    let mut event = match event {
        Ok(event) => event,
        Err(error) => {
            // How deep it goes is bounded, and text in it must be text.
            let is_json = serde_json::from_slice::<IgnoredAny>(data).is_ok();
            assert!(!is_json || error.is_syntax(), "{error}: {data:?}");
            return;
        }
    };
    let kind = match event.kind() {
        Ok(kind) => kind,
        Err(error) => {
            assert_eq!(error.kind, ErrorKind::UnknownEvent);
            assert!(
                !error.message.is_empty() && error.message.len() < 2000,
                "{}",
                error.message
            );
            return;
        }
    };
    match convert::request(&mut event, kind, "/mount") {
        // What a client has sent is its mistake, and told in a few words.
        Err(refused) => {
            assert!(
                refused.kind() != guru_core::ErrorKind::Internal,
                "{refused}"
            );
            assert!(refused.to_string().len() < 1000, "{refused}");
        }
        Ok((request, _client_ip)) => {
            let (parts, _) = request.into_parts();
            let path = parts.uri.path();
            assert!(path.starts_with('/') || path == "*", "{path}");
            // Whether the core takes it is the core's to say; it must not be a matter of the target.
            let core =
                to_core::request(&parts).expect("what `http` takes as a target, the core does");
            assert_eq!(core.uri().path(), path);
        }
    }
}
