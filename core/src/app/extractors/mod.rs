//! What handlers take out of requests, as arguments.

mod authorization;
mod header;
mod path;

use alloc::rc::Rc;
use alloc::string::String;
use core::ops::Deref;

use bytes::Bytes;
use serde::de::DeserializeOwned;

pub use authorization::{Basic, Bearer};
pub use header::{Cookies, Header, NamedHeader};
pub use path::Path;

use super::{Context, FromHead, FromRequest, Result};
use crate::http::{Body, Headers, Method, Request, Uri};

/// A [`FromHead`] that a request may do without: `Option` of it.
#[diagnostic::on_unimplemented(
    message = "`Option<{Self}>` cannot be an argument of a handler",
    note = "there is no request without `{Self}`, or whether there is one is not known: take `Result<{Self}>`"
)]
pub trait OptionalFromHead: Sized {
    /// Takes it out, if it is there.
    ///
    /// # Errors
    ///
    /// What the answer to the request is then: it is there, and wrong.
    fn optional_from_head(
        cx: &Context,
        req: &Request,
    ) -> impl Future<Output = Result<Option<Self>>>;
}

/// A [`FromRequest`] that a request may do without: `Option` of it.
#[diagnostic::on_unimplemented(
    message = "`Option<{Self}>` cannot be an argument of a handler",
    note = "there is no request without `{Self}`, or whether there is one is not known: take `Result<{Self}>`"
)]
pub trait OptionalFromRequest: Sized {
    /// Takes it out, if it is there.
    ///
    /// # Errors
    ///
    /// What the answer to the request is then: it is there, and wrong.
    fn optional_from_request(
        cx: &Context,
        req: Request,
    ) -> impl Future<Output = Result<Option<Self>>>;
}

impl<T: OptionalFromHead> FromHead for Option<T> {
    async fn from_head(cx: &Context, req: &Request) -> Result<Self> {
        T::optional_from_head(cx, req).await
    }
}

impl<T: OptionalFromRequest> FromRequest for Option<T> {
    async fn from_request(cx: &Context, req: Request) -> Result<Self> {
        T::optional_from_request(cx, req).await
    }
}

impl<T: FromHead> FromHead for Result<T> {
    async fn from_head(cx: &Context, req: &Request) -> Result<Self> {
        Ok(T::from_head(cx, req).await)
    }
}

impl<T: FromRequest> FromRequest for Result<T> {
    async fn from_request(cx: &Context, req: Request) -> Result<Self> {
        Ok(T::from_request(cx, req).await)
    }
}

/// The query, as [`Request::query`] reads it. `Option<Query<T>>` is `None` where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromHead for Query<T> {
    async fn from_head(_cx: &Context, req: &Request) -> Result<Self> {
        req.query().map(Self)
    }
}

impl<T: DeserializeOwned> OptionalFromHead for Query<T> {
    async fn optional_from_head(_cx: &Context, req: &Request) -> Result<Option<Self>> {
        let query = req.uri().query().map(|_| req.query().map(Self));
        query.transpose()
    }
}

/// Content that is JSON: of a request as [`Request::json`] reads it, and of a response. `Option<Json<T>>` is `None` where a request says
/// no type of its content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Json<T> {
    async fn from_request(_cx: &Context, mut req: Request) -> Result<Self> {
        req.json().await.map(Self)
    }
}

impl<T: DeserializeOwned> OptionalFromRequest for Json<T> {
    async fn optional_from_request(cx: &Context, req: Request) -> Result<Option<Self>> {
        if !req.headers().contains("content-type") {
            return Ok(None);
        }
        Self::from_request(cx, req).await.map(Some)
    }
}

/// Content that is a form, as [`Request::form`] reads it. `Option<Form<T>>` is `None` where a request says no type of its content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Form<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Form<T> {
    async fn from_request(_cx: &Context, mut req: Request) -> Result<Self> {
        req.form().await.map(Self)
    }
}

impl<T: DeserializeOwned> OptionalFromRequest for Form<T> {
    async fn optional_from_request(cx: &Context, req: Request) -> Result<Option<Self>> {
        if !req.headers().contains("content-type") {
            return Ok(None);
        }
        Self::from_request(cx, req).await.map(Some)
    }
}

/// Content that is HTML, of a response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Html<T>(pub T);

/// What the app was given by [`App::state`](crate::App::state), of this type, as [`Context::state`] lends it.
///
/// ```
/// use guru_core::{App, app::State, memory};
///
/// struct Greeting(&'static str);
///
/// async fn greet(greeting: State<Greeting>) -> &'static str {
///     greeting.0.0
/// }
///
/// let client = memory::Client::new(App::new().state(Greeting("hello")).get("/", greet))?;
/// client.get("/").assert_text("hello");
/// # Ok::<(), guru_core::Error>(())
/// ```
#[derive(Debug)]
pub struct State<T>(pub Rc<T>);

impl<T> Clone for State<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> Deref for State<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: 'static> FromHead for State<T> {
    async fn from_head(cx: &Context, _req: &Request) -> Result<Self> {
        cx.shared_state().map(Self)
    }
}

/// A value that a middleware has [put](Context::set) into the context of the request. `Option<Extension<T>>` is `None` where there is none.
///
/// ```
/// use guru_core::{App, Context, Next, Request, Response, Result, app::Extension, memory};
///
/// #[derive(Clone)]
/// struct User(&'static str);
///
/// async fn signed_in(cx: Context, req: Request, next: Next) -> Result<Response> {
///     cx.set(User("Ada"));
///     Ok(next.run(cx, req).await)
/// }
///
/// async fn whoami(Extension(User(name)): Extension<User>) -> &'static str {
///     name
/// }
///
/// let client = memory::Client::new(App::new().with(signed_in).get("/", whoami))?;
/// client.get("/").assert_text("Ada");
/// # Ok::<(), guru_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extension<T>(pub T);

impl<T: Clone + 'static> FromHead for Extension<T> {
    async fn from_head(cx: &Context, _req: &Request) -> Result<Self> {
        cx.get::<T>().map(|value| Self(value.clone()))
    }
}

impl<T: Clone + 'static> OptionalFromHead for Extension<T> {
    async fn optional_from_head(cx: &Context, _req: &Request) -> Result<Option<Self>> {
        Ok(cx.find::<T>().map(|value| Self(value.clone())))
    }
}

macro_rules! of_the_head {
    ($($type:ty: |$cx:pat_param, $req:pat_param| $value:expr;)*) => {
        $(impl FromHead for $type {
            async fn from_head($cx: &Context, $req: &Request) -> Result<Self> {
                Ok($value)
            }
        })*
    };
}

of_the_head! {
    Context: |cx, _| cx.clone();
    Method: |_, req| req.method().clone();
    Uri: |_, req| req.uri().clone();
    Headers: |_, req| req.headers().clone();
}

impl FromRequest for Body {
    async fn from_request(_cx: &Context, mut req: Request) -> Result<Self> {
        Ok(req.take_body())
    }
}

impl FromRequest for Bytes {
    async fn from_request(_cx: &Context, mut req: Request) -> Result<Self> {
        Ok(req.bytes().await?)
    }
}

impl FromRequest for String {
    async fn from_request(_cx: &Context, mut req: Request) -> Result<Self> {
        req.text().await
    }
}
