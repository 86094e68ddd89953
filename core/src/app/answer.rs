//! What a handler may return.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use bytes::Bytes;
use serde::Serialize;

use super::{Error, Html, Json, LocalFuture, Result};
use crate::http::{Response, Status};

/// What a handler returns: whatever can be made a response.
///
/// | value | response |
/// | --- | --- |
/// | [`Response`] | itself |
/// | `&'static str`, `String` | 200, `text/plain; charset=utf-8` |
/// | `Bytes`, `Vec<u8>` | 200, `application/octet-stream` |
/// | [`Json<T>`] | 200, `application/json` |
/// | [`Html<T>`] | 200, `text/html; charset=utf-8` |
/// | [`Status`] | that, without content |
/// | `()` | 204 |
/// | `(Status, T)` | that of `T`, with this status |
/// | `([(name, value); N], T)`, `(Status, [(name, value); N], T)` | that of `T`, with these headers in place of those of their names |
/// | [`Result<T>`] | that of `T`, or the error's |
///
/// ```
/// use guru_core::{App, Method, Result, Status, memory};
/// use guru_core::app::{IntoResponse, Json, Path};
///
/// async fn made(Path(name): Path<String>) -> impl IntoResponse {
///     (Status::CREATED, [("location", format!("/names/{name}"))], Json([name]))
/// }
///
/// async fn removed() -> Status {
///     Status::NO_CONTENT
/// }
///
/// let client = memory::Client::new(App::new().put("/names/{name}", made).delete("/", removed))?;
/// let answer = client.request(Method::PUT, "/names/Ada").send();
/// answer.assert_status(201).assert_text(r#"["Ada"]"#);
/// assert_eq!(answer.header("location"), Some("/names/Ada"));
/// client.request(Method::DELETE, "/").send().assert_status(204);
/// # Ok::<(), guru_core::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a handler cannot return `{Self}`",
    label = "not a response",
    note = "a handler returns a `Response`, a text, `Json`, `Html`, a `Status`, a tuple of a status, headers and one of these, or a \
            `guru::Result` of one; `?` makes a `guru::Error` of any other error"
)]
pub trait IntoResponse: Sized {
    /// Makes the response.
    ///
    /// # Errors
    ///
    /// What the answer to the request is then: a value that cannot be serialized, a header that is none.
    fn into_response(self) -> Result<Response>;

    /// The same of what is to come. A response needs no code for it.
    #[doc(hidden)]
    fn boxed<A: Future<Output = Self> + 'static>(answer: A) -> LocalFuture<Result<Response>> {
        Box::pin(async { answer.await.into_response() })
    }

    #[doc(hidden)]
    fn boxed_ok<A: Future<Output = Result<Self>> + 'static>(
        answer: A,
    ) -> LocalFuture<Result<Response>> {
        Box::pin(async { answer.await?.into_response() })
    }
}

impl IntoResponse for Response {
    fn into_response(self) -> Result<Response> {
        Ok(self)
    }

    fn boxed_ok<A: Future<Output = Result<Self>> + 'static>(
        answer: A,
    ) -> LocalFuture<Result<Response>> {
        Box::pin(answer)
    }
}

impl<T: IntoResponse> IntoResponse for Result<T> {
    fn into_response(self) -> Result<Response> {
        self?.into_response()
    }

    fn boxed<A: Future<Output = Self> + 'static>(answer: A) -> LocalFuture<Result<Response>> {
        T::boxed_ok(answer)
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Result<Response> {
        Err(self)
    }
}

impl IntoResponse for Status {
    fn into_response(self) -> Result<Response> {
        Ok(Response::new(self))
    }
}

impl IntoResponse for () {
    fn into_response(self) -> Result<Response> {
        Ok(Response::new(Status::NO_CONTENT))
    }
}

macro_rules! content {
    ($($type:ty: $typed:expr;)*) => {
        $(impl IntoResponse for $type {
            fn into_response(self) -> Result<Response> {
                Ok($typed(self))
            }
        })*
    };
}

content! {
    &'static str: Response::text;
    String: Response::text;
    Bytes: |bytes| Response::typed("application/octet-stream", bytes);
    Vec<u8>: |bytes| Response::typed("application/octet-stream", bytes);
    Html<&'static str>: |Html(text)| Response::html(text);
    Html<String>: |Html(text)| Response::html(text);
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Result<Response> {
        Response::json(&self.0)
    }
}

impl<T: IntoResponse> IntoResponse for (Status, T) {
    fn into_response(self) -> Result<Response> {
        let (status, content) = self;
        Ok(content.into_response()?.with_status(status))
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>, T: IntoResponse, const COUNT: usize> IntoResponse
    for ([(N, V); COUNT], T)
{
    fn into_response(self) -> Result<Response> {
        let (headers, content) = self;
        let mut response = content.into_response()?;
        for (index, (name, value)) in headers.iter().enumerate() {
            let name = name.as_ref();
            let mut before = headers.iter().take(index);
            // The first of a name takes the place of what was there, and the others join it: two cookies are two.
            if before.any(|(held, _)| held.as_ref().eq_ignore_ascii_case(name)) {
                response.headers_mut().append(name, value)?;
            } else {
                response.headers_mut().insert(name, value)?;
            }
        }
        Ok(response)
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>, T: IntoResponse, const COUNT: usize> IntoResponse
    for (Status, [(N, V); COUNT], T)
{
    fn into_response(self) -> Result<Response> {
        let (status, headers, content) = self;
        (status, (headers, content)).into_response()
    }
}
