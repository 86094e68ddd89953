//! Headers that make a browser careful with an answer. It must not know what is in it.

use alloc::boxed::Box;

use super::{Middleware, Next};
use crate::app::{Context, LocalFuture, Result};
use crate::http::{Request, Response};

/// Sets what OWASP's REST Security Cheat Sheet asks of an API
/// (<https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html>), where the handler has not
/// set it: no sniffing, no framing, no referrer, no active content, HTTPS from now on.
#[derive(Clone, Debug)]
pub struct SecurityHeaders {
    content_security_policy: &'static str,
    strict_transport_security: Option<&'static str>,
}

impl SecurityHeaders {
    /// For an API: nothing that it answers is a page.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            content_security_policy: "default-src 'none'; frame-ancestors 'none'",
            strict_transport_security: Some("max-age=63072000; includeSubDomains"),
        }
    }

    /// With another `content-security-policy`, for a function that answers pages.
    #[must_use]
    pub const fn content_security_policy(mut self, policy: &'static str) -> Self {
        self.content_security_policy = policy;
        self
    }

    /// With another `strict-transport-security`, or none.
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
