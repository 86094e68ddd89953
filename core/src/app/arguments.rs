//! Handlers whose arguments are taken out of the request.

use alloc::boxed::Box;
use core::fmt;
use core::marker::PhantomData;

use super::{Context, Handler, IntoResponse, LocalFuture, Result};
use crate::http::{Request, Response};

/// A value that is taken out of what comes before the body of a request, or out of its context: an argument of a handler.
/// ([`OptionalFromHead`](super::OptionalFromHead) makes `Option` of it one, too.)
///
/// ```
/// use guru_core::app::FromHead;
/// use guru_core::{App, Context, ErrorKind, Method, Request, Result, memory};
///
/// struct User(String);
///
/// impl FromHead for User {
///     async fn from_head(_cx: &Context, req: &Request) -> Result<Self> {
///         let token = req.headers().get_str("authorization").and_then(|value| value.strip_prefix("Bearer "));
///         // As a table of sessions would have it, which can be waited for.
///         match token {
///             Some("t0ken") => Ok(Self("Ada".into())),
///             _ => Err(ErrorKind::Unauthorized.into()),
///         }
///     }
/// }
///
/// async fn whoami(User(name): User) -> String {
///     name
/// }
///
/// let client = memory::Client::new(App::new().get("/", whoami))?;
/// client.get("/").assert_status(401);
/// client.request(Method::GET, "/").header("authorization", "Bearer t0ken").send().assert_text("Ada");
/// # Ok::<(), guru_core::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a handler that is not the last",
    label = "not taken out of the head of a request",
    note = "what reads the body is the last argument; `impl FromHead for {Self}` makes an argument of a type of your own"
)]
pub trait FromHead: Sized {
    /// Takes it out.
    ///
    /// # Errors
    ///
    /// What the answer to the request is then.
    fn from_head(cx: &Context, req: &Request) -> impl Future<Output = Result<Self>>;
}

/// A value that is taken out of a request, its body included: the last argument of a handler. `Via` tells those that read the body from
/// the others.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the last argument of a handler",
    label = "not taken out of a request",
    note = "`impl FromRequest for {Self}` makes the last argument of a type of your own, and `impl FromHead` one that is anywhere"
)]
pub trait FromRequest<Via = ViaBody>: Sized {
    /// Takes it out.
    ///
    /// # Errors
    ///
    /// What the answer to the request is then.
    fn from_request(cx: &Context, req: Request) -> impl Future<Output = Result<Self>>;
}

/// Of a [`FromRequest`] that reads the body.
#[derive(Debug)]
pub enum ViaBody {}

/// Of a [`FromRequest`] that is a [`FromHead`].
#[derive(Debug)]
pub enum ViaHead {}

impl<T: FromHead> FromRequest<ViaHead> for T {
    async fn from_request(cx: &Context, req: Request) -> Result<Self> {
        T::from_head(cx, &req).await
    }
}

/// A handler, or an async function that can be one.
///
/// Its arguments are either `(Context, Request)`, or whatever can be [taken out of a request](FromHead), up to eight, the last of which may
/// [read the body](FromRequest): [`Path`](super::Path), [`Query`](super::Query), [`Json`](super::Json), [`Form`](super::Form),
/// [`State`](super::State), [`Extension`](super::Extension), [`Header`](super::Header), [`Cookies`](super::Cookies),
/// [`Basic`](super::Basic), [`Bearer`](super::Bearer), [`Context`], `Method`, `Uri`, `Headers`, `Body`, `Bytes`, `String`; and `Option` and [`Result`] of these. What does not fit is answered with the error
/// of the first that does not. It returns what [can be a response](IntoResponse).
///
/// With `(Context, Request)` nothing is made for it that it does not ask for; that form is the smallest one.
///
/// ```
/// use guru_core::app::{Json, Path, Query};
/// use guru_core::{App, Result, memory};
///
/// #[derive(serde::Deserialize)]
/// struct Page {
///     size: Option<u8>,
/// }
///
/// async fn list(Path(user): Path<u32>, Query(page): Query<Page>) -> Json<(u32, u8)> {
///     Json((user, page.size.unwrap_or(20)))
/// }
///
/// async fn add(Path(user): Path<u32>, Json(names): Json<Vec<String>>) -> Result<String> {
///     Ok(format!("{user}: {}", names.join(", ")))
/// }
///
/// let client = memory::Client::new(App::new().get("/users/{user}", list).post("/users/{user}", add))?;
/// client.get("/users/7?size=5").assert_text("[7,5]");
/// client.get("/users/7?size=many").assert_status(400);
/// client.post_json("/users/7", &["Ada", "Grace"]).assert_text("7: Ada, Grace");
/// client.post("/users/7", "[]").assert_status(415);
/// # Ok::<(), guru_core::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    label = "not a handler",
    note = "a handler is an `async fn` (its arguments are `(Context, Request)`, or up to eight that implement `FromHead`, the last of which \
            may implement `FromRequest` and read the body) that returns what implements `IntoResponse`, such as `Result<Response>`",
    note = "with arguments other than `Context`, a handler takes of the `Request` what it needs: `Method`, `Uri`, `Headers`, `Body`",
    note = "a closure says the types of its arguments, and is `Clone`: `|cx: Context, req: Request| ...`"
)]
pub trait IntoHandler<Arguments> {
    /// What it is made.
    type Handler: Handler;

    /// Makes it.
    fn into_handler(self) -> Self::Handler;
}

/// Of a handler that takes the whole request.
#[derive(Debug)]
pub enum Whole {}

impl<H: Handler> IntoHandler<Whole> for H {
    type Handler = H;

    fn into_handler(self) -> H {
        self
    }
}

/// A handler whose arguments are taken out of the request.
pub struct Taking<F, Arguments> {
    function: F,
    arguments: PhantomData<fn(Arguments)>,
}

impl<F, Arguments> Taking<F, Arguments> {
    const fn new(function: F) -> Self {
        let arguments = PhantomData;
        Self {
            function,
            arguments,
        }
    }
}

impl<F, Arguments> fmt::Debug for Taking<F, Arguments> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Taking").finish_non_exhaustive()
    }
}

impl<F, A> IntoHandler<()> for F
where
    F: Fn() -> A + 'static,
    A: Future<Output: IntoResponse> + 'static,
{
    type Handler = Taking<F, ()>;

    fn into_handler(self) -> Self::Handler {
        Taking::new(self)
    }
}

impl<F, A> Handler for Taking<F, ()>
where
    F: Fn() -> A + 'static,
    A: Future<Output: IntoResponse> + 'static,
{
    fn call(&self, _cx: Context, _req: Request) -> LocalFuture<Result<Response>> {
        A::Output::boxed((self.function)())
    }
}

macro_rules! taking {
    ($($head:ident $value:ident)*) => {
        impl<F, A, $($head,)* Last, Via> IntoHandler<(Via, $($head,)* Last)> for F
        where
            F: Fn($($head,)* Last) -> A + Clone + 'static,
            A: Future<Output: IntoResponse> + 'static,
            $($head: FromHead + 'static,)*
            Last: FromRequest<Via> + 'static,
            Via: 'static,
        {
            type Handler = Taking<F, (Via, $($head,)* Last)>;

            fn into_handler(self) -> Self::Handler {
                Taking::new(self)
            }
        }

        impl<F, A, $($head,)* Last, Via> Handler for Taking<F, (Via, $($head,)* Last)>
        where
            F: Fn($($head,)* Last) -> A + Clone + 'static,
            A: Future<Output: IntoResponse> + 'static,
            $($head: FromHead + 'static,)*
            Last: FromRequest<Via> + 'static,
            Via: 'static,
        {
            fn call(&self, cx: Context, req: Request) -> LocalFuture<Result<Response>> {
                let function = self.function.clone();
                Box::pin(async move {
                    $(let $value = $head::from_head(&cx, &req).await?;)*
                    let last = Last::from_request(&cx, req).await?;
                    function($($value,)* last).await.into_response()
                })
            }
        }
    };
}

taking!();
taking!(T1 t1);
taking!(T1 t1 T2 t2);
taking!(T1 t1 T2 t2 T3 t3);
taking!(T1 t1 T2 t2 T3 t3 T4 t4);
taking!(T1 t1 T2 t2 T3 t3 T4 t4 T5 t5);
taking!(T1 t1 T2 t2 T3 t3 T4 t4 T5 t5 T6 t6);
taking!(T1 t1 T2 t2 T3 t3 T4 t4 T5 t5 T6 t6 T7 t7);
