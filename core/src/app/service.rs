//! An app ready to serve: what a target calls for each request. It must not know which target.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::fmt;

use super::error::lost;
use super::finish::{finish, frame};
use super::router::Router;
use super::{Context, Error, ErrorKind, Middleware, Next, Result};
use crate::http::{Method, Request, Response, end_to_end};

/// An app ready to serve. Cheap to clone.
#[derive(Clone)]
pub struct Service(pub(super) Rc<Inner>);

pub(super) struct Inner {
    router: Router,
    pub(super) middleware: Vec<Rc<dyn Middleware>>,
    body_limit: usize,
}

impl Service {
    pub(super) fn new(
        router: Router,
        middleware: Vec<Rc<dyn Middleware>>,
        body_limit: usize,
    ) -> Self {
        Self(Rc::new(Inner {
            router,
            middleware,
            body_limit,
        }))
    }

    /// How many bytes of a request's body a target reads at most; for one that has more it hands
    /// over [`Body::over_limit`](crate::Body::over_limit).
    #[must_use]
    pub fn body_limit(&self) -> usize {
        self.0.body_limit
    }

    /// Answers a request. The answer is fit for the wire: a final status, no hop-by-hop header, no
    /// `content-length` except to HEAD, no body where there may be none.
    pub async fn handle(&self, cx: Context, mut req: Request) -> Response {
        let is_head = *req.method() == Method::HEAD;
        if *req.method() == Method::CONNECT {
            // Whatever was answered, a client would take a 2xx for a tunnel (RFC 9110, section 9.3.6).
            let error = Error::new(
                ErrorKind::BadRequest,
                "CONNECT asks for a tunnel, not for a path",
            );
            return Self::refuse(&cx, req.method(), error);
        }
        req.change_headers(end_to_end);
        let response = Next::first(self).run(cx.clone(), req).await;
        let response = finish(response, is_head, &cx);
        if response.body().is_stream() {
            return begin(response, &cx).await;
        }
        response
    }

    /// The answer to a request of this method that a target cannot hand over, such as one whose
    /// body broke off.
    #[must_use]
    pub fn refuse(cx: &Context, method: &Method, error: Error) -> Response {
        finish(error.into_response(cx), *method == Method::HEAD, cx)
    }

    pub(crate) fn refusal(request_id: &str, method: &Method, error: &Error) -> Response {
        frame(error.answer(request_id), *method == Method::HEAD)
    }

    /// The answer to a request of this method whose handler crashed, for a target that survived it.
    #[must_use]
    pub fn crash(request_id: &str, method: &Method) -> Response {
        Self::lost(ErrorKind::Internal, request_id, method)
    }

    /// The answer to a request of this method whose handler will never answer, for a target that knows
    /// why: it ran out of time, or out of room.
    #[must_use]
    pub fn lost(kind: ErrorKind, request_id: &str, method: &Method) -> Response {
        frame(lost(kind, request_id), *method == Method::HEAD)
    }
}

impl Inner {
    /// What stands behind all middleware: the route.
    pub(super) async fn endpoint(&self, cx: Context, mut req: Request) -> Result<Response> {
        let handler = self.router.find(&mut req)?;
        if req.body().exceeds(self.body_limit) {
            return Err(ErrorKind::ContentTooLarge.into());
        }
        handler.call(cx, req).await
    }
}

/// Has a stream make its first chunk: what goes wrong before there is one can still be said.
async fn begin(mut response: Response, cx: &Context) -> Response {
    let mut body = response.take_body();
    match body.chunk().await {
        Ok(Some(chunk)) => {
            body.put_back(chunk);
            response.with_body(body)
        }
        Ok(None) => response,
        // The reason is in the log already.
        Err(_) => frame(lost(ErrorKind::Internal, cx.request_id()), false),
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.router.routes()).finish()
    }
}
