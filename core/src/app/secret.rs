//! Secrets, as a handler uses them.

use alloc::format;
use alloc::rc::Rc;
use core::fmt;

use super::Context;
use crate::ports::{self, Error, ErrorKind, SecretValue, secret_variable};

/// A secret that the function declares: a setting that is not shown by accident.
///
/// An error converts with `?`, mostly into a 503: the deployment lacks it.
///
/// ```
/// use guru_core::{App, Context, Error, Request, Response, Result, Secret, memory};
/// # fn hook_key(cx: &Context) -> Secret { Secret::new(cx, "hook_key", |_| unreachable!()) }
///
/// async fn hook(cx: Context, req: Request) -> Result<Response> {
///     let said = req.headers().get_str("x-key").unwrap_or_default();
///     if !hook_key(&cx).get().await?.is(said) {
///         return Err(Error::new(guru_core::ErrorKind::Forbidden, "that is not the key"));
///     }
///     Ok(Response::text("welcome"))
/// }
///
/// let client = memory::Client::new(App::new().get("/", hook))?.secret("hook_key", "k3y");
/// assert_eq!(client.get("/").status().as_u16(), 403);
/// # Ok::<(), guru_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Secret {
    port: Rc<dyn ports::Secret>,
    name: &'static str,
}

impl Secret {
    /// The secret of this name, which `open` finds where nobody has yet.
    #[doc(hidden)]
    pub fn new(
        cx: &Context,
        name: &'static str,
        open: impl FnOnce(&'static str) -> Rc<dyn ports::Secret>,
    ) -> Self {
        Self {
            port: cx.ports().secret_or(name, open),
            name,
        }
    }

    /// The secret.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](ErrorKind::Unavailable) where it is not set, and as [`ports::Secret`].
    pub async fn get(&self) -> Result<SecretValue, Error> {
        self.find().await?.ok_or_else(|| {
            let (name, variable) = (self.name, secret_variable(self.name));
            let message = format!("the secret `{name}` is not set: {variable} sets it");
            Error::new(ErrorKind::Unavailable, message)
        })
    }

    /// The secret, if it is set.
    ///
    /// # Errors
    ///
    /// As [`ports::Secret`].
    pub async fn find(&self) -> Result<Option<SecretValue>, Error> {
        let found = self.port.get().await?;
        Ok(found.filter(|value| !value.expose().is_empty()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Secret").field(&self.name).finish()
    }
}
