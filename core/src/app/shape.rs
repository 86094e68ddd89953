//! What errors look like to clients, where an app has a say in it.

use alloc::rc::Rc;

use serde::Serialize;

use super::{App, Context, Error};
use crate::http::{Response, Status};

/// Makes the answer to an error.
pub(super) type Shape = Rc<dyn Fn(&Error, &Context) -> Response>;

impl App {
    /// Has this make the answers to errors, of handlers, middleware and the app itself, in place of
    /// `{"status":"error","error":...,"request_id":...}`.
    ///
    /// It gets the error with [what its client may see](Error::shown), and gives a body and its type; the status is the error's, unless
    /// another one is set, and the headers of the error are added. What a request is refused with before the app has it, and what is
    /// said of a crash, stays as it was. Of apps that are [mounted](Self::mount) in each other, the innermost one
    /// decides that a request has come to.
    ///
    /// ```
    /// use guru_core::{App, Context, Error, ErrorKind, Request, Response, Result, memory};
    ///
    /// fn shaped(error: &Error, _cx: &Context) -> Response {
    ///     Response::text(format!("sorry: {}\n", error.shown()))
    /// }
    ///
    /// async fn taken(_cx: Context, _req: Request) -> Result<Response> {
    ///     Err(Error::new(ErrorKind::Conflict, "the name is taken"))
    /// }
    ///
    /// let client = memory::Client::new(App::new().errors(shaped).get("/", taken))?;
    /// client.get("/").assert_status(409).assert_text("sorry: the name is taken\n");
    /// client.get("/none").assert_status(404).assert_text("sorry: not found\n");
    /// # Ok::<(), guru_core::Error>(())
    /// ```
    #[must_use]
    pub fn errors(self, shape: impl Fn(&Error, &Context) -> Response + 'static) -> Self {
        let shape = move |error: &Error, cx: &Context| {
            let response = shape(error, cx);
            let is_usual = response.status() == Status::OK;
            let status = if is_usual {
                error.kind().status()
            } else {
                response.status()
            };
            error.add_headers(response.with_status(status))
        };
        self.with_shape(Rc::new(shape))
    }
}

/// Errors as problem details (RFC 9457): `App::new().errors(problem_details)`.
///
/// ```
/// use guru_core::{App, app::problem_details, memory};
///
/// let client = memory::Client::new(App::new().errors(problem_details))?;
/// let answer = client.get("/none");
/// assert_eq!(answer.header("content-type"), Some("application/problem+json"));
/// answer.assert_text(r#"{"type":"about:blank","title":"not found","status":404,"detail":"not found","request_id":"request-1"}"#);
/// # Ok::<(), guru_core::Error>(())
/// ```
#[must_use]
pub fn problem_details(error: &Error, cx: &Context) -> Response {
    #[derive(Serialize)]
    struct Problem<'a> {
        r#type: &'static str,
        title: &'static str,
        status: u16,
        detail: &'a str,
        request_id: &'a str,
    }
    let problem = Problem {
        r#type: "about:blank",
        title: error.kind().text(),
        status: error.kind().status().as_u16(),
        detail: error.shown(),
        request_id: cx.request_id(),
    };
    // Serializing strings and a number cannot fail.
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    Response::typed("application/problem+json", body)
}
