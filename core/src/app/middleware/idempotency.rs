//! Requests that are done once, however often they are sent.

use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Middleware, Next};
use crate::app::{Atomic, Context, Error, ErrorKind, LocalFuture, Result};
use crate::http::{Method, Request, Response, Status};
use crate::ports::{self, Condition, LEAST_TTL, VALUE_LIMIT};

/// The header that has a request's key.
const HEADER: &str = "idempotency-key";

/// The longest key.
const LONGEST: usize = 255;

/// Has a `POST` or `PATCH` with the header `idempotency-key` be done once: the same request with the same key gets the first one's answer
/// again, with `idempotent-replayed: true`, and the handler is not called. So a client that has lost an answer may send the request again
/// (<https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/>).
///
/// - A key is 1 to 255 visible characters of ASCII; another one is a 400. It belongs to a method, a path and whoever asks, which is said by
///   `authorization` and `cookie`, or by what [`by`](Self::by) says: nobody gets another one's answer.
/// - With the same key and another content or query it is a 422, and a 409 with `retry-after` while the first one is being done.
/// - An answer is kept for so long, 60 seconds at least. One with a status of 500 or more is not kept: the request may be sent again. One
///   that is a stream, or has more than some 190 KB, is not kept, either, but the request is not done again: that is a 409.
/// - A request whose handler crashes or is cut off can be sent again after `lease`, which is longer than a request may take.
/// - Without a key a request is passed on, unless keys are [required](Self::required). The content is read to its end before the handler
///   is called.
/// - A store that does not answer is a 503 for requests with a key: to do them twice would be worse.
///
/// ```
/// use core::time::Duration;
/// use guru_core::{App, Atomic, Context, Method, app::middleware::Idempotency, memory};
/// # fn done(cx: &Context) -> Atomic { Atomic::new(cx, "done", |_| unreachable!()) }
///
/// async fn pay(cx: Context) -> String {
///     format!("payment {}", cx.random().uuid())
/// }
///
/// // guru::ports! { done: KeyValue + Atomic }
/// let day = Duration::from_secs(24 * 60 * 60);
/// let client = memory::Client::new(App::new().with(Idempotency::new(done, day)).post("/", pay))?;
/// let send = |key| client.request(Method::POST, "/").header("idempotency-key", key).send();
/// let first = send("one");
/// let again = send("one");
/// assert_eq!(again.text(), first.text());
/// assert_eq!(again.header("idempotent-replayed"), Some("true"));
/// assert_ne!(send("two").text(), first.text());
/// # Ok::<(), guru_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Idempotency(Rc<Policy>);

#[derive(Clone)]
struct Policy {
    store: Rc<dyn Fn(&Context) -> Atomic>,
    who: Rc<Who>,
    kept: Duration,
    lease: Duration,
    required: bool,
}

type Who = dyn Fn(&Context, &Request) -> String;

impl Idempotency {
    /// Keeps answers for so long, in a store that the function declares as `KeyValue + Atomic`.
    #[must_use]
    pub fn new(store: impl Fn(&Context) -> Atomic + 'static, kept: Duration) -> Self {
        Self(Rc::new(Policy {
            store: Rc::new(store),
            who: Rc::new(credentials),
            kept: kept.max(LEAST_TTL),
            lease: LEAST_TTL,
            required: false,
        }))
    }

    /// Says whose a key is, in place of the credentials of the request.
    #[must_use]
    pub fn by(mut self, who: impl Fn(&Context, &Request) -> String + 'static) -> Self {
        Rc::make_mut(&mut self.0).who = Rc::new(who);
        self
    }

    /// Sets for how long a request that has no answer yet is taken to be under way: 60 seconds, unless a request may take longer.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        Rc::make_mut(&mut self.0).lease = lease.max(LEAST_TTL);
        self
    }

    /// Has a `POST` or `PATCH` without a key be a 400.
    #[must_use]
    pub fn required(mut self) -> Self {
        Rc::make_mut(&mut self.0).required = true;
        self
    }
}

impl Middleware for Idempotency {
    fn call(&self, cx: Context, req: Request, next: Next) -> LocalFuture<Result<Response>> {
        let policy = Rc::clone(&self.0);
        Box::pin(async move {
            if ![Method::POST, Method::PATCH].contains(req.method()) {
                return Ok(next.run(cx, req).await);
            }
            match key(&req)? {
                Some(key) => policy.once(cx, key, req, next).await,
                None if policy.required => Err(Error::field(HEADER, "the header is missing")),
                None => Ok(next.run(cx, req).await),
            }
        })
    }
}

/// What is kept of a request.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// Of its query and content.
    print: String,
    answer: Answer,
}

#[derive(Serialize, Deserialize)]
enum Answer {
    /// It is being done.
    Pending,
    /// It was done, and is too large to be kept.
    Lost,
    Whole(Whole),
}

/// Header values and content are bytes, and so in base64.
#[derive(Serialize, Deserialize)]
struct Whole {
    status: u16,
    headers: Vec<(String, String)>,
    content: String,
}

impl Policy {
    async fn once(
        &self,
        cx: Context,
        key: String,
        mut req: Request,
        next: Next,
    ) -> Result<Response> {
        let who = (self.who)(&cx, &req);
        let (method, path) = (req.method().as_str(), req.uri().path());
        let place = format!(
            "once/{}",
            hash(&[method, path, &who, &key].map(str::as_bytes))
        );
        let content = req.bytes().await?;
        let query = req.uri().query().unwrap_or_default();
        let print = hash(&[query.as_bytes(), &content]);
        let store = (self.store)(&cx);
        let pending = Kept {
            print,
            answer: Answer::Pending,
        };
        let begun = to_json(&pending)?;
        let begun = store
            .write(&place, begun, Some(self.lease), Condition::Absent)
            .await;
        let version = match begun {
            Ok(version) => version,
            Err(error) if error.kind() == ports::ErrorKind::Conflict => {
                return again(&store, &place, &pending.print).await;
            }
            Err(error) => return Err(error.into()),
        };
        let response = next.run(cx.clone(), req.with_body(content)).await;
        let kept = keep(
            &store,
            &place,
            Condition::Version(version),
            self.kept,
            pending.print,
            &response,
        );
        if let Err(error) = kept.await {
            // It was done: the client is to know. Until the lease ends, it is not done again.
            cx.log()
                .error("an answer was not kept", crate::fields! { error });
        }
        Ok(response)
    }
}

/// Answers a request that was there before.
async fn again(store: &Atomic, place: &str, print: &str) -> Result<Response> {
    let busy = |message| Error::new(ErrorKind::Conflict, message).with_header("retry-after", "1");
    let Some(held) = store.get(place).await? else {
        return Err(busy("the request has just failed: send it again")?);
    };
    let kept: Kept = held.json()?;
    if kept.print != print {
        return Err(Error::new(
            ErrorKind::Unprocessable,
            "the key was another request's: a new request has a new key",
        ));
    }
    match kept.answer {
        Answer::Pending => Err(busy("the request is being done")?),
        Answer::Lost => Err(Error::new(
            ErrorKind::Conflict,
            "the request was done, and its answer was too large to be kept",
        )),
        Answer::Whole(whole) => whole.into_response(),
    }
}

/// Keeps what an answer says, or has the request be done again.
async fn keep(
    store: &Atomic,
    place: &str,
    condition: Condition,
    ttl: Duration,
    print: String,
    response: &Response,
) -> Result<()> {
    if response.status().as_u16() >= 500 {
        return Ok(store.delete(place).await?);
    }
    let answer = Whole::of(response).map_or(Answer::Lost, Answer::Whole);
    let mut kept = Kept { print, answer };
    let mut json = to_json(&kept)?;
    if json.len() > VALUE_LIMIT {
        kept.answer = Answer::Lost;
        json = to_json(&kept)?;
    }
    store.write(place, json, Some(ttl), condition).await?;
    Ok(())
}

impl Whole {
    /// An answer that is in memory.
    fn of(response: &Response) -> Option<Self> {
        let content = response.body().as_bytes()?;
        let headers = response.headers().iter();
        Some(Self {
            status: response.status().as_u16(),
            headers: headers
                .map(|(name, value)| (name.into(), STANDARD.encode(value)))
                .collect(),
            content: STANDARD.encode(content),
        })
    }

    fn into_response(self) -> Result<Response> {
        let corrupt = || Error::new(ErrorKind::Internal, "an answer that was kept is malformed");
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| corrupt());
        let status = Status::new(self.status);
        let mut response = Response::new(status).with_body(decode(&self.content)?);
        for (name, value) in &self.headers {
            response.headers_mut().append(name, decode(value)?)?;
        }
        Ok(response.with_header("idempotent-replayed", "true")?)
    }
}

/// The key of a request. Some clients write it as a string of structured fields, in quotes, which are part of it.
fn key(req: &Request) -> Result<Option<String>> {
    if !req.headers().contains(HEADER) {
        return Ok(None);
    }
    let key = req
        .headers()
        .get_single(HEADER)
        .and_then(|key| core::str::from_utf8(key).ok());
    let is_key = |key: &&str| {
        (1..=LONGEST).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
    };
    match key.filter(is_key) {
        Some(key) => Ok(Some(key.into())),
        None => Err(Error::field(
            HEADER,
            "it is 1 to 255 visible characters, given once",
        )),
    }
}

/// Who asks, as long as nobody says it better.
fn credentials(_cx: &Context, req: &Request) -> String {
    let mut who = Vec::new();
    for name in ["authorization", "cookie"] {
        for value in req.headers().get_all(name) {
            who.push(value);
        }
        who.push(&b"\n"[..]);
    }
    hash(&who)
}

/// A hash of parts, each with its length before it, so that none goes over into the next.
fn hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let hash: [u8; 32] = hash.finalize().into();
    STANDARD.encode(hash)
}

fn to_json(kept: &Kept) -> Result<Vec<u8>> {
    serde_json::to_vec(kept).map_err(|_| Error::new(ErrorKind::Internal, "an answer has no JSON"))
}

impl fmt::Debug for Idempotency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idempotency")
            .field("kept", &self.0.kept)
            .field("lease", &self.0.lease)
            .field("required", &self.0.required)
            .finish_non_exhaustive()
    }
}
