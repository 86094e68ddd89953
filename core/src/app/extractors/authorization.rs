//! Who a request is from, as an argument: `authorization` (RFC 9110, section 11.6.2).

use alloc::format;
use alloc::string::String;
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::{Context, Error, ErrorKind, FromHead, Result};
use super::OptionalFromHead;
use crate::http::Request;

/// What is said to be behind the password, where a handler does not say it.
const REALM: &str = "restricted";

/// A name and a password that the client has sent (RFC 7617), as UTF-8. They are only said: the handler finds out whether they are
/// right.
///
/// A request without them, or with malformed ones, is a 401 with a challenge, at which a browser asks for them. `Option<Basic>` is `None`
/// where there is no `authorization`, or one of another scheme; malformed ones are an error even so. The name is without `:`, neither has
/// control characters, and either may be empty.
///
/// Whoever compares a password with `==` tells by the time it takes how much of it is right.
/// [`SecretValue::is`](crate::ports::SecretValue::is) does not; for passwords of many users, keep hashes that are made for that,
/// such as Argon2's.
///
/// ```
/// use guru_core::{App, Context, Method, Result, Secret, app::Basic, memory};
/// # fn admin_password(cx: &Context) -> Secret { Secret::new(cx, "admin_password", |_| unreachable!()) }
///
/// async fn admin(cx: Context, Basic { user, password }: Basic) -> Result<&'static str> {
///     let right = cx.port(admin_password).get().await?;
///     if user != "admin" || !right.is(&password) {
///         return Err(Basic::refused("admin"));
///     }
///     Ok("welcome")
/// }
///
/// let client = memory::Client::new(App::new().get("/", admin))?.secret("admin_password", "open sesame");
/// let answer = client.get("/");
/// answer.assert_status(401);
/// assert_eq!(answer.header("www-authenticate"), Some(r#"Basic realm="restricted", charset="UTF-8""#));
/// // "admin:open sesame"
/// let call = client.request(Method::GET, "/").header("authorization", "Basic YWRtaW46b3BlbiBzZXNhbWU=");
/// call.send().assert_status(200).assert_text("welcome");
/// # Ok::<(), guru_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Basic {
    /// The name of the user.
    pub user: String,
    /// The password. It is not shown by `Debug`.
    pub password: String,
}

impl Basic {
    /// The error for a name or a password that is wrong: 401, at which a browser asks for others. What is behind them has this name,
    /// and a browser sends them with every request for the same name on the same origin (RFC 7617, section 2). Control characters are
    /// left out of it.
    #[must_use]
    pub fn refused(realm: &str) -> Error {
        challenged(&challenge(realm), "the name or the password is wrong")
    }
}

impl FromHead for Basic {
    async fn from_head(cx: &Context, req: &Request) -> Result<Self> {
        let missing = || challenged(&challenge(REALM), "a name and a password are missing");
        let found = Self::optional_from_head(cx, req).await?;
        found.ok_or_else(missing)
    }
}

impl OptionalFromHead for Basic {
    async fn optional_from_head(_cx: &Context, req: &Request) -> Result<Option<Self>> {
        let malformed = || challenged(&challenge(REALM), "`authorization` is malformed");
        match credentials(req, "basic").ok_or_else(malformed)? {
            Some(given) => read_basic(given).ok_or_else(malformed).map(Some),
            None => Ok(None),
        }
    }
}

impl fmt::Debug for Basic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Basic")
            .field("user", &self.user)
            .field("password", &format_args!("[secret]"))
            .finish()
    }
}

/// A token that the client has sent (RFC 6750, section 2.1): letters, digits and `-._~+/`, with `=` at its end. It is only said:
/// the handler finds out whether it is one.
///
/// A request without one, or with a malformed one, is a 401 with a challenge. `Option<Bearer>` is `None` where there is no
/// `authorization`, or one of another scheme; a malformed one is an error even so. It is not shown by `Debug`.
///
/// Whoever compares a token with `==` tells by the time it takes how much of it is right.
/// [`SecretValue::is`](crate::ports::SecretValue::is) does not; a table of tokens is best asked for a token's hash.
///
/// ```
/// use guru_core::{App, Context, Method, Result, Secret, app::Bearer, memory};
/// # fn api_token(cx: &Context) -> Secret { Secret::new(cx, "api_token", |_| unreachable!()) }
///
/// async fn api(cx: Context, Bearer(token): Bearer) -> Result<&'static str> {
///     if !cx.port(api_token).get().await?.is(&token) {
///         return Err(Bearer::refused());
///     }
///     Ok("welcome")
/// }
///
/// let client = memory::Client::new(App::new().get("/", api))?.secret("api_token", "t0ken");
/// assert_eq!(client.get("/").assert_status(401).header("www-authenticate"), Some("Bearer"));
/// let with = |token| client.request(Method::GET, "/").header("authorization", format!("Bearer {token}")).send();
/// with("t0ken").assert_status(200);
/// assert_eq!(with("t1ken").assert_status(401).header("www-authenticate"), Some(r#"Bearer error="invalid_token""#));
/// # Ok::<(), guru_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Bearer(pub String);

impl Bearer {
    /// The error for a token that is none, or none any more: 401 and `invalid_token` (RFC 6750, section 3.1).
    #[must_use]
    pub fn refused() -> Error {
        challenged(r#"Bearer error="invalid_token""#, "the token is not valid")
    }
}

impl FromHead for Bearer {
    async fn from_head(cx: &Context, req: &Request) -> Result<Self> {
        let found = Self::optional_from_head(cx, req).await?;
        found.ok_or_else(|| challenged("Bearer", "a token is missing"))
    }
}

impl OptionalFromHead for Bearer {
    async fn optional_from_head(_cx: &Context, req: &Request) -> Result<Option<Self>> {
        let malformed = || challenged("Bearer", "`authorization` is malformed");
        match credentials(req, "bearer").ok_or_else(malformed)? {
            Some(given) if is_token(given) => Ok(Some(Self(given.into()))),
            Some(_) => Err(malformed()),
            None => Ok(None),
        }
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer([secret])")
    }
}

/// What a request has for this scheme, whose name is of any case (RFC 9110, section 11.1). The outer `None` is for what is malformed:
/// two of them could be read as either.
fn credentials<'a>(req: &'a Request, scheme: &str) -> Option<Option<&'a str>> {
    let headers = req.headers();
    if !headers.contains("authorization") {
        return Some(None);
    }
    let value = headers.get_single("authorization")?;
    let value = core::str::from_utf8(value).ok()?;
    let (said, given) = value.split_once(' ').unwrap_or((value, ""));
    let is_it = said.eq_ignore_ascii_case(scheme);
    Some(is_it.then(|| given.trim_start_matches(' ')))
}

/// `token68`: nothing of the base64 is optional (RFC 7617, section 2; RFC 4648, section 4).
fn read_basic(given: &str) -> Option<Basic> {
    let pair = String::from_utf8(STANDARD.decode(given).ok()?).ok()?;
    if pair.chars().any(char::is_control) {
        return None;
    }
    let (user, password) = pair.split_once(':')?;
    Some(Basic {
        user: user.into(),
        password: password.into(),
    })
}

/// `b64token` (RFC 6750, section 2.1).
fn is_token(text: &str) -> bool {
    let bare = text.trim_end_matches('=');
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !bare.is_empty() && bare.bytes().all(is_fit)
}

/// RFC 7617, sections 2 and 2.1, with the realm as a quoted string (RFC 9110, section 5.6.4).
fn challenge(realm: &str) -> String {
    let mut quoted = String::with_capacity(realm.len());
    for letter in realm.chars().filter(|letter| !letter.is_control()) {
        if matches!(letter, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    format!("Basic realm=\"{quoted}\", charset=\"UTF-8\"")
}

fn challenged(challenge: &str, message: &'static str) -> Error {
    let error = Error::new(ErrorKind::Unauthorized, message);
    let error = error.with_header("www-authenticate", challenge);
    error.unwrap_or_else(Error::from)
}
