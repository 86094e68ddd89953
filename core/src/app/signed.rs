//! Cookies that nobody but the function can have made.

use alloc::format;
use alloc::string::String;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{Error, ErrorKind, Result};
use crate::http::{Cookie, Request, cookies};
use crate::ports::SecretValue;

/// The fewest bytes of a key: those of the hash (RFC 2104, section 3).
const LEAST: usize = 32;

/// What a signature is for: a key that signs other things too, has other signatures there.
const PURPOSE: &[u8] = b"guru cookie\0";

/// What cookies are signed with.
#[derive(Clone, Debug)]
pub struct CookieKey(SecretValue);

impl CookieKey {
    /// A [secret](crate::Secret) as a key: of 32 random bytes or more, as `openssl rand -hex 32` makes one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Internal`] for fewer.
    pub fn new(secret: SecretValue) -> Result<Self> {
        if secret.expose().len() < LEAST {
            let message =
                "the key of cookies has fewer than 32 bytes: `openssl rand -hex 32` makes one";
            return Err(Error::new(ErrorKind::Internal, message));
        }
        Ok(Self(secret))
    }
}

impl Cookie {
    /// Signs it, so that [`Request::signed_cookie`] tells whether it is one of the function's own: HMAC-SHA256 of its name and value.
    /// The value may be any text; it is in base64, so that a browser takes it, and everybody can read it.
    ///
    /// - With another key, none of the cookies before is right any more.
    /// - Whoever has got hold of a signed cookie can send it as long as the key is the same: what is to end says so in its value.
    ///
    /// ```
    /// use guru_core::app::CookieKey;
    /// use guru_core::{App, Context, Cookie, ErrorKind, Method, Request, Response, Result, Secret, memory};
    /// # fn cookie_key(cx: &Context) -> Secret { Secret::new(cx, "cookie_key", |_| unreachable!()) }
    ///
    /// async fn login(cx: Context, _req: Request) -> Result<Response> {
    ///     let key = CookieKey::new(cx.port(cookie_key).get().await?)?;
    ///     Ok(Response::text("hello").with_cookie(Cookie::new("user", "Ada Lovelace").signed(&key))?)
    /// }
    ///
    /// async fn whoami(cx: Context, req: Request) -> Result<String> {
    ///     let key = CookieKey::new(cx.port(cookie_key).get().await?)?;
    ///     Ok(req.signed_cookie("user", &key).ok_or(ErrorKind::Unauthorized)?)
    /// }
    ///
    /// let app = App::new().post("/", login).get("/", whoami);
    /// let client = memory::Client::new(app)?.secret("cookie_key", "k".repeat(32).as_str());
    /// let set = client.post("/", "");
    /// let pair = set.header("set-cookie").and_then(|line| line.split(';').next()).unwrap();
    /// let (name, value) = pair.split_once('=').unwrap();
    /// client.request(Method::GET, "/").cookie(name, value).send().assert_text("Ada Lovelace");
    /// client.request(Method::GET, "/").cookie(name, "QWRh.QWRh").send().assert_status(401);
    /// # Ok::<(), guru_core::Error>(())
    /// ```
    #[must_use]
    pub fn signed(self, key: &CookieKey) -> Self {
        self.with_value(|name, value| {
            let signature = mac(key, name, value).finalize().into_bytes();
            let (signature, value) = (encode(&signature), encode(value.as_bytes()));
            format!("{signature}.{value}")
        })
    }
}

impl Request {
    /// The value of the cookie of this name that was [signed](Cookie::signed) with this key; `None` where there is none, or none is right:
    /// of several, which other paths and sub-domains can add, the first that is. How long that takes does not tell how much of a signature
    /// is right.
    #[must_use]
    pub fn signed_cookie(&self, name: &str, key: &CookieKey) -> Option<String> {
        cookies(self.headers(), name).find_map(|cookie| verified(name, cookie, key))
    }
}

fn verified(name: &str, cookie: &str, key: &CookieKey) -> Option<String> {
    let (signature, value) = cookie.split_once('.')?;
    let value = String::from_utf8(URL_SAFE_NO_PAD.decode(value).ok()?).ok()?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let mac = mac(key, name, &value);
    mac.verify_slice(&signature).ok().map(|()| value)
}

/// A name is a token, which has no zero byte in it.
fn mac(key: &CookieKey, name: &str, value: &str) -> Hmac<Sha256> {
    let key = key.0.expose().as_bytes();
    let mac = Hmac::new_from_slice(key);
    #[expect(
        clippy::expect_used,
        reason = "HMAC takes a key of any length (RFC 2104, section 2)"
    )]
    let mut mac: Hmac<Sha256> = mac.expect("a key of any length");
    mac.update(PURPOSE);
    mac.update(name.as_bytes());
    mac.update(b"\0");
    mac.update(value.as_bytes());
    mac
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Method, Response, Uri};

    fn key(text: &str) -> CookieKey {
        CookieKey(SecretValue::new(text))
    }

    fn sent(name: &str, value: &str) -> Request {
        let request = Request::new(Method::GET, Uri::parse("/").unwrap());
        request
            .with_header("cookie", format!("{name}={value}"))
            .unwrap()
    }

    fn signed(name: &str, value: &str, key: &CookieKey) -> String {
        let response = Response::default()
            .with_cookie(Cookie::new(name, value).signed(key))
            .unwrap();
        let line = response.headers().get_str("set-cookie").unwrap();
        let (pair, _) = line.split_once(';').unwrap();
        pair.split_once('=').unwrap().1.into()
    }

    #[test]
    fn a_cookie_of_another_name_key_or_value_is_none() {
        let key = key("a key");
        let value = signed("user", "Ada; Ω\0", &key);
        fn read(name: &str, value: &str, key: &CookieKey) -> Option<String> {
            sent(name, value).signed_cookie(name, key)
        }
        assert_eq!(read("user", &value, &key).as_deref(), Some("Ada; Ω\0"));
        assert_eq!(read("admin", &value, &key), None);
        assert_eq!(read("user", &value, &self::key("another key")), None);
        let other = signed("user", "Grace", &key);
        let (signature, own) = (
            other.split_once('.').unwrap().0,
            value.split_once('.').unwrap().1,
        );
        assert_eq!(read("user", &format!("{signature}.{own}"), &key), None);
        for wrong in [
            "",
            ".",
            "a",
            "a.b",
            own,
            signature,
            &format!("{value}A"),
            &format!(".{own}"),
        ] {
            assert_eq!(read("user", wrong, &key), None, "{wrong}");
        }
    }

    /// As one that a sub-domain has set.
    #[test]
    fn another_cookie_of_the_name_is_in_nobodys_way() {
        let key = key("a key");
        let value = signed("user", "Ada", &key);
        let request = sent("user", "tossed; user=a.b");
        let request = request
            .with_header("cookie", format!("user={value}"))
            .unwrap();
        assert_eq!(request.signed_cookie("user", &key).as_deref(), Some("Ada"));
    }

    #[test]
    fn a_key_has_so_many_bytes() {
        assert!(CookieKey::new(SecretValue::new("k".repeat(31))).is_err());
        assert!(CookieKey::new(SecretValue::new("k".repeat(32))).is_ok());
    }

    /// HMAC-SHA256 of `guru cookie\0user\0Ada` with the key `key`, as `openssl mac` has it.
    #[test]
    fn a_signature_stays_what_it_is() {
        let value = signed("user", "Ada", &key("key"));
        assert_eq!(value, "J2BQ0QaO4u8qA9X212GmmFcjrOFTUN-gQcNPCR5m8zo.QWRh");
    }
}
