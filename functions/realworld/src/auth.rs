//! Who asks: tokens, and the passwords that they are given for.

use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use guru::ports::SqlValue;
use guru::prelude::*;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// `{"alg":"HS256","typ":"JWT"}`, with which all our tokens begin: what another one says of its algorithm is not asked.
const HEAD: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// What the API calls the scheme of its tokens, in `authorization`.
const SCHEME: &str = "Token";

/// How long a token is good for.
const LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The least bytes of a key for HMAC-SHA256 (RFC 7518, section 3.2).
const KEY: usize = 32;

/// The password of nobody: a hash that none is known to have.
pub(crate) const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[derive(Deserialize, Serialize)]
struct Claims {
    /// The key of the user.
    sub: String,
    /// Which password of theirs it was given for.
    ver: i64,
    /// When the token ends, in seconds since 1970.
    exp: u64,
}

/// The user who asks, by the key that the tables have. A handler that takes one is for users, and one that takes `Option<User>` for
/// anybody.
#[derive(Clone, Copy, Deserialize)]
pub(crate) struct User(pub(crate) i64);

/// A token that a request has: signed by us, and not over. Whether its password is still the user's, the table knows.
pub(crate) struct Session {
    pub(crate) user: User,
    pub(crate) version: i64,
    pub(crate) token: String,
}

impl FromHead for User {
    async fn from_head(cx: &Context, req: &Request) -> Result<Self> {
        Ok(Session::from_head(cx, req).await?.user)
    }
}

impl OptionalFromHead for User {
    async fn optional_from_head(cx: &Context, req: &Request) -> Result<Option<Self>> {
        let session = Session::optional_from_head(cx, req).await?;
        Ok(session.map(|session| session.user))
    }
}

impl FromHead for Session {
    async fn from_head(cx: &Context, req: &Request) -> Result<Self> {
        let session = Self::optional_from_head(cx, req).await?;
        session.ok_or_else(unauthorized)
    }
}

impl OptionalFromHead for Session {
    /// A token that is not good is a 401 also where none is needed: who sends it believes to be signed in.
    async fn optional_from_head(cx: &Context, req: &Request) -> Result<Option<Self>> {
        if !req.headers().contains("authorization") {
            return Ok(None);
        }
        let session = match sent(req) {
            Some(token) => check(cx, token).await?,
            None => None,
        };
        session.map(Some).ok_or_else(unauthorized)
    }
}

impl From<User> for SqlValue {
    fn from(User(key): User) -> Self {
        key.into()
    }
}

/// The error for who is no user, or not the one they say. A 401 says what is asked for (RFC 9110, section 15.5.2).
pub(crate) fn refused(message: &'static str) -> Error {
    let error = Error::new(ErrorKind::Unauthorized, message);
    let error = error.with_header("www-authenticate", SCHEME);
    error.unwrap_or_else(Error::from)
}

pub(crate) fn unauthorized() -> Error {
    refused("unauthorized")
}

/// The token of a request; a scheme's name is of any case (RFC 9110, section 11.1).
fn sent(req: &Request) -> Option<&str> {
    let value = req.headers().get_single("authorization")?;
    let (scheme, token) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    let is_ours = scheme.eq_ignore_ascii_case(SCHEME);
    is_ours.then(|| token.trim_start_matches(' '))
}

/// A new token for a user, who has the password of this version.
pub(crate) async fn token(cx: &Context, User(user): User, ver: i64) -> Result<String> {
    let sub = user.to_string();
    let exp = (cx.clock().now() + LIFETIME).as_secs();
    let claims = BASE64.encode(serde_json::to_vec(&Claims { sub, ver, exp })?);
    let signed = format!("{HEAD}.{claims}");
    let mac = mac(cx, &signed).await?.finalize().into_bytes();
    Ok(format!("{signed}.{}", BASE64.encode(mac)))
}

/// What a token says, if it is one of ours and good for now.
async fn check(cx: &Context, token: &str) -> Result<Option<Session>> {
    let Some((signed, signature, claims)) = parts(token) else {
        return Ok(None);
    };
    let is_ours = mac(cx, signed).await?.verify_slice(&signature).is_ok();
    let is_good = is_ours && cx.clock().now().as_secs() < claims.exp;
    let user = claims.sub.parse().ok().filter(|_| is_good);
    Ok(user.map(|user| Session {
        user: User(user),
        version: claims.ver,
        token: token.to_owned(),
    }))
}

/// What a token says, of which nothing is proved yet.
fn parts(token: &str) -> Option<(&str, Vec<u8>, Claims)> {
    let (signed, signature) = token.rsplit_once('.')?;
    let claims = signed.strip_prefix(HEAD)?.strip_prefix('.')?;
    let claims = serde_json::from_slice(&BASE64.decode(claims).ok()?).ok()?;
    Some((signed, BASE64.decode(signature).ok()?, claims))
}

async fn mac(cx: &Context, signed: &str) -> Result<Hmac<Sha256>> {
    let secret = cx.port(crate::jwt_secret).get().await?;
    if secret.expose().len() < KEY {
        let message = "the secret `jwt_secret` has fewer than 32 bytes";
        return Err(Error::new(ErrorKind::Unavailable, message));
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())?;
    mac.update(signed.as_bytes());
    Ok(mac)
}

/// The hash of a password, with a salt of its own: Argon2id at the cost that OWASP asks for
/// (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>).
pub(crate) fn hash(cx: &Context, password: &str) -> Result<String> {
    let cost = Params::new(19 * 1024, 2, 1, None)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost);
    let salt = cx.random().bytes::<16>();
    let hash = argon2.hash_password_with_salt(password.as_bytes(), &salt)?;
    Ok(hash.to_string())
}

/// Whether a password is the one that was hashed. Without a hash that takes as long, so that nobody learns which users there are.
pub(crate) fn is_password(password: &str, hash: Option<&str>) -> bool {
    let hash = PasswordHash::new(hash.unwrap_or(NOBODY));
    hash.is_ok_and(|hash| {
        let verified = Argon2::default().verify_password(password.as_bytes(), &hash);
        verified.is_ok()
    })
}
