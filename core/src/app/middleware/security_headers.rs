//! Security-related response headers.

use alloc::boxed::Box;

use super::{Middleware, Next};
use crate::app::{Context, LocalFuture, Result};
use crate::http::{Request, Response};

/// Sets the headers that OWASP's REST Security Cheat Sheet recommends for an API
/// (<https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html>), unless the handler has set
/// them: no sniffing, no framing, no referrer, no active content, and HTTPS only from then on.
#[derive(Clone, Debug)]
pub struct SecurityHeaders {
    content_security_policy: &'static str,
    strict_transport_security: Option<&'static str>,
}

impl SecurityHeaders {
    /// The defaults for an API, which serves no pages.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            content_security_policy: "default-src 'none'; frame-ancestors 'none'",
            strict_transport_security: Some("max-age=63072000; includeSubDomains"),
        }
    }

    /// Replaces `content-security-policy`, for a function that serves pages.
    #[must_use]
    pub const fn content_security_policy(mut self, policy: &'static str) -> Self {
        self.content_security_policy = policy;
        self
    }

    /// Replaces `strict-transport-security`, or omits it if `None`.
    #[must_use]
    pub const fn strict_transport_security(mut self, value: Option<&'static str>) -> Self {
        self.strict_transport_security = value;
        self
    }
}

impl Default for SecurityHeaders {
    fn default() -> Self {
        Self::new()
    }
}

impl Middleware for SecurityHeaders {
    fn call(&self, cx: Context, req: Request, next: Next) -> LocalFuture<Result<Response>> {
        let wanted = [
            ("x-content-type-options", Some("nosniff")),
            ("x-frame-options", Some("DENY")),
            ("referrer-policy", Some("no-referrer")),
            (
                "content-security-policy",
                Some(self.content_security_policy),
            ),
            ("strict-transport-security", self.strict_transport_security),
        ];
        Box::pin(async move {
            let mut response = next.run(cx, req).await;
            for (name, value) in wanted {
                if let Some(value) = value
                    && !response.headers().contains(name)
                {
                    response.headers_mut().append(name, value)?;
                }
            }
            Ok(response)
        })
    }
}
