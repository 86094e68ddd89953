//! The service that a target calls for each request.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::Cell;
use core::fmt;

use super::error::lost;
use super::finish::{finish, frame};
use super::router::Router;
use super::start::Begin;
use super::stream::{begin, is_unbegun};
use super::values::Shared;
use super::{Context, Error, ErrorKind, Middleware, Next, Result};
use crate::http::{Method, Request, Response, end_to_end};

/// An app ready to serve. Cheap to clone.
#[derive(Clone)]
pub struct Service(pub(super) Rc<Inner>);

pub(super) struct Inner {
    /// What is behind all middleware.
    pub(super) router: Router,
    pub(super) middleware: Vec<Rc<dyn Middleware>>,
    /// Told before any request, where this is a part of another app.
    pub(super) body_limit: Cell<usize>,
    /// What handlers share, if there is something.
    pub(super) state: Option<Rc<dyn Shared>>,
    pub(super) starting: Option<Rc<dyn Begin>>,
}

impl Service {
    pub(super) fn new(inner: Inner) -> Self {
        Self(Rc::new(inner))
    }

    /// Has a request that has come to this app from another see its state.
    pub(super) fn enter(&self, cx: &Context) {
        if let Some(state) = &self.0.state {
            cx.values_or_new().enter(Rc::clone(state).state());
        }
    }

    /// How many bytes of a body a handler may read that has no limit of its own.
    #[must_use]
    pub fn body_limit(&self) -> usize {
        self.0.body_limit.get()
    }

    /// Handles a request. The response is ready to be sent: it has a final status, no hop-by-hop headers, no
    /// `content-length` except for HEAD, and no body where none is allowed.
    pub async fn handle(&self, cx: Context, mut req: Request) -> Response {
        let is_head = *req.method() == Method::HEAD;
        if *req.method() == Method::CONNECT {
            // Whatever the response, a client would take a 2xx for a tunnel (RFC 9110, section 9.3.6).
            let error = Error::new(
                ErrorKind::BadRequest,
                "CONNECT asks for a tunnel, not for a path",
            );
            return Self::refuse(&cx, req.method(), error);
        }
        cx.begin(&req, self.0.state.as_ref());
        req.change_headers(end_to_end);
        let response = Next::first(self).run(cx.clone(), req).await;
        // One that a middleware made has no chunk yet.
        if !is_unbegun(&response, is_head) {
            return finish(response, is_head, &cx);
        }
        let response = begin(response).await;
        let response = response.unwrap_or_else(|error| error.into_response(&cx));
        finish(response, is_head, &cx)
    }

    /// The response to a request of this method that a target cannot pass on, such as one with an incomplete body.
    #[must_use]
    pub fn refuse(cx: &Context, method: &Method, error: Error) -> Response {
        finish(error.into_response(cx), *method == Method::HEAD, cx)
    }

    pub(crate) fn refusal(request_id: &str, method: &Method, error: &Error) -> Response {
        frame(error.answer(request_id), *method == Method::HEAD)
    }

    /// The response to a request of this method whose handler crashed, on targets that survive it.
    #[must_use]
    pub fn crash(request_id: &str, method: &Method) -> Response {
        Self::lost(ErrorKind::Internal, request_id, method)
    }

    /// The response to a request of this method whose handler will never respond, on targets that know why: it ran
    /// out of time or resources.
    #[must_use]
    pub fn lost(kind: ErrorKind, request_id: &str, method: &Method) -> Response {
        frame(lost(kind, request_id), *method == Method::HEAD)
    }
}

impl Inner {
    /// The endpoint behind all middleware: the router.
    pub(super) async fn endpoint(&self, cx: Context, mut req: Request) -> Result<Response> {
        let handler = self.router.find(&mut req)?;
        req.limit_body(handler.body_limit().unwrap_or(self.body_limit.get()))?;
        let is_head = *req.method() == Method::HEAD;
        let response = handler.call(cx, req).await?;
        if is_unbegun(&response, is_head) {
            return begin(response).await;
        }
        Ok(response)
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.router.routes()).finish()
    }
}
