//! Headers and cookies, as arguments.

use core::fmt::Display;
use core::str::FromStr;

use super::super::{Context, Error, FromHead, Result};
use super::OptionalFromHead;
use crate::http::{Headers, Request, cookie};

/// The value of one header, as a type that has the header's name. `Option<Header<T>>` is `None` where a request has none of that name.
///
/// It is a 400 that names the header when it is missing, repeated, not text or does not parse.
///
/// ```
/// use core::str::FromStr;
/// use guru_core::app::{Header, NamedHeader};
/// use guru_core::{App, Method, memory};
///
/// struct Retries(u8);
///
/// impl NamedHeader for Retries {
///     const NAME: &'static str = "x-retries";
/// }
///
/// impl FromStr for Retries {
///     type Err = core::num::ParseIntError;
///
///     fn from_str(text: &str) -> Result<Self, Self::Err> {
///         text.parse().map(Self)
///     }
/// }
///
/// async fn retries(header: Option<Header<Retries>>) -> String {
///     header.map_or(0, |Header(Retries(count))| count).to_string()
/// }
///
/// let client = memory::Client::new(App::new().get("/", retries))?;
/// client.get("/").assert_text("0");
/// client.request(Method::GET, "/").header("x-retries", "3").send().assert_text("3");
/// client.request(Method::GET, "/").header("x-retries", "-1").send().assert_status(400);
/// # Ok::<(), guru_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header<T>(pub T);

/// A type that is the value of one header.
pub trait NamedHeader: FromStr<Err: Display> {
    /// The name of the header.
    const NAME: &'static str;
}

impl<T: NamedHeader> FromHead for Header<T> {
    async fn from_head(_cx: &Context, req: &Request) -> Result<Self> {
        read(req)?.ok_or_else(|| Error::field(T::NAME, "the header is missing"))
    }
}

impl<T: NamedHeader> OptionalFromHead for Header<T> {
    async fn optional_from_head(_cx: &Context, req: &Request) -> Result<Option<Self>> {
        read(req)
    }
}

fn read<T: NamedHeader>(req: &Request) -> Result<Option<Header<T>>> {
    let headers = req.headers();
    if !headers.contains(T::NAME) {
        return Ok(None);
    }
    let Some(value) = headers.get_single(T::NAME) else {
        return Err(Error::field(T::NAME, "the header is given more than once"));
    };
    let text = core::str::from_utf8(value).map_err(|error| Error::field(T::NAME, error))?;
    let value = text.parse().map_err(|error| Error::field(T::NAME, error))?;
    Ok(Some(Header(value)))
}

/// The cookies of the request.
#[derive(Clone, Debug)]
pub struct Cookies(Headers);

impl Cookies {
    /// The value of the cookie of this name, as [`Request::cookie`] has it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        cookie(&self.0, name)
    }
}

impl FromHead for Cookies {
    async fn from_head(_cx: &Context, req: &Request) -> Result<Self> {
        let mut cookies = Headers::new();
        for line in req.headers().get_all("cookie") {
            cookies.append("cookie", line)?;
        }
        Ok(Self(cookies))
    }
}
