//! Any JSON is parsed as an event; whatever a client can put into one becomes a request or a refusal, and never fails an
//! invocation.
//!
//! Input: an event.

use guru_core::http::convert as to_core;
use serde::de::IgnoredAny;

use crate::convert;
use crate::error::ErrorKind;
use crate::event::Event;

/// Parses an event and converts it to a request.
pub fn check(data: &[u8]) {
    let event = serde_json::from_slice::<Event>(data);
    let mut event = match event {
        Ok(event) => event,
        Err(error) => {
            // The depth of nesting is limited, and strings must be valid.
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
        // A refusal is the client's mistake, described briefly.
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
            // Whether a target is valid must depend on the core alone, not on the vendor's adapter.
            let core =
                to_core::request(&parts).expect("what `http` takes as a target, the core does");
            assert_eq!(core.uri().path(), path);
        }
    }
}
