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

use super::{Middleware, Next};
use crate::app::digest::digest;
use crate::app::{Atomic, Context, Error, ErrorKind, LocalFuture, Result};
use crate::http::{Method, Request, Response, Status};
use crate::ports::{self, Condition, LEAST_TTL, VALUE_LIMIT, Version};

/// The header that has a request's key.
const HEADER: &str = "idempotency-key";

/// The longest key.
const LONGEST: usize = 255;

/// The largest answer that is kept, as JSON, with room for what is around it.
const LARGEST: usize = VALUE_LIMIT - 1024;

/// How often it is tried to take a place that others let go of.
const TRIES: usize = 4;

/// Has a `POST` or `PATCH` with the header `idempotency-key` be done once: the same request with the same key gets the first one's answer
/// again, with `idempotent-replayed: true`, and the handler is not called. So a client that has lost an answer may send the request again
/// (<https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/>).
///
/// - A key is 1 to 255 visible characters of ASCII; another one is a 400. It belongs to a method, a path and a user: who that is, the
///   function says, and it is somebody who was let in. What is nobody's is passed on.
/// - With the same key and another content or query it is a 422, and a 409 with `retry-after` while the first one is being done.
/// - Kept is what is final: an answer of 200 to 399, 400, 402, 410 or 422. After any other one, such as a 429 or a 503, the request may be
///   sent again, and what it did until then is done. An answer that is a stream, or has more than some 190 KB, is not kept, and the
///   request is not done again: that is a 409.
/// - A request whose handler crashes or is cut off can be sent again after the [lease](Self::lease), and so can one whose answer the store
///   did not take.
/// - Without a key a request is passed on, unless keys are [required](Self::required). The content is read to its end before the handler
///   is called: up to the app's or the group's limit on bodies, whatever that of a route is.
/// - A store that does not answer is a 503 for requests with a key: to do them twice would be worse.
///
/// ```
/// use core::time::Duration;
/// use guru_core::{App, Atomic, Context, Method, Request, app::middleware::Idempotency, memory};
/// # fn done(cx: &Context) -> Atomic { Atomic::new(cx, "done", |_| unreachable!()) }
///
/// struct User(String);
///
/// // What a middleware around this has put there.
/// fn user(cx: &Context, _req: &Request) -> Option<String> {
///     cx.find().map(|User(name)| name.clone())
/// }
/// # async fn signed_in(cx: Context, req: Request, next: guru_core::Next) -> guru_core::Result<guru_core::Response> {
/// #     cx.set(User("Ada".into()));
/// #     Ok(next.run(cx, req).await)
/// # }
///
/// async fn pay(cx: Context) -> String {
///     format!("payment {}", cx.random().uuid())
/// }
///
/// // guru::ports! { done: KeyValue + Atomic }
/// let day = Duration::from_secs(24 * 60 * 60);
/// let app = App::new().with(signed_in).with(Idempotency::new(done, day, user)).post("/", pay);
/// let client = memory::Client::new(app)?;
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

type Who = dyn Fn(&Context, &Request) -> Option<String>;

impl Idempotency {
    /// Keeps answers for so long, 60 seconds at least, in a store that the function declares as `KeyValue + Atomic`. The last argument says
    /// whose a request is: a user, and not a token or a cookie, which may be another one when it is sent again.
    #[must_use]
    pub fn new(
        store: impl Fn(&Context) -> Atomic + 'static,
        kept: Duration,
        who: impl Fn(&Context, &Request) -> Option<String> + 'static,
    ) -> Self {
        Self(Rc::new(Policy {
            store: Rc::new(store),
            who: Rc::new(who),
            kept: kept.max(LEAST_TTL),
            lease: LEAST_TTL,
            required: false,
        }))
    }

    /// Sets for how long a request that has no answer yet is taken to be under way: 60 seconds, unless a request may take longer. One that
    /// takes longer than this may be done a second time meanwhile.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        Rc::make_mut(&mut self.0).lease = lease.max(LEAST_TTL);
        self
    }

    /// Has a `POST` or `PATCH` of somebody without a key be a 400.
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
            let Some(who) = (policy.who)(&cx, &req) else {
                return Ok(next.run(cx, req).await);
            };
            match key(&req)? {
                Some(key) => policy.once(cx, &who, &key, req, next).await,
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
    /// It may be done again.
    Failed,
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

/// What there is of a request.
enum Before {
    /// Nothing: it is done now.
    None(Version),
    Some(Kept),
    /// Others are quicker.
    Busy,
}

impl Policy {
    async fn once(
        &self,
        cx: Context,
        who: &str,
        key: &str,
        mut req: Request,
        next: Next,
    ) -> Result<Response> {
        let (method, path) = (req.method().as_str(), req.uri().path());
        let place = digest(&[method, path, who, key].map(str::as_bytes));
        let place = format!("once/{place}");
        req.limit_body(next.body_limit())?;
        let content = req.bytes().await?;
        let query = req.uri().query().unwrap_or_default();
        let print = digest(&[query.as_bytes(), &content]);
        let store = (self.store)(&cx);
        let version = match self.begin(&store, &place, &print).await? {
            Before::None(version) => version,
            Before::Some(kept) => return kept.again(&print),
            Before::Busy => return Err(busy()?),
        };
        let response = next.run(cx.clone(), req.with_body(content)).await;
        let condition = Condition::Version(version);
        let (kept, ttl) = Kept::of(print, &response, self.kept);
        let written = store.write(&place, kept.to_json()?, Some(ttl), condition);
        if let Err(error) = written.await {
            // It was done: the client is to know.
            cx.log()
                .error("an answer was not kept", crate::fields! { error });
        }
        Ok(response)
    }

    /// Takes the place, where nobody has it.
    async fn begin(&self, store: &Atomic, place: &str, print: &str) -> Result<Before> {
        let pending = Kept {
            print: print.into(),
            answer: Answer::Pending,
        };
        let mut condition = Condition::Absent;
        for _ in 0..TRIES {
            let json = pending.to_json()?;
            match store.write(place, json, Some(self.lease), condition).await {
                Err(error) if error.kind() == ports::ErrorKind::Conflict => {}
                begun => return Ok(Before::None(begun?)),
            }
            condition = match store.get(place).await? {
                None => Condition::Absent,
                Some(held) => match held.json::<Kept>()? {
                    Kept {
                        answer: Answer::Failed,
                        ..
                    } => Condition::Version(held.version().clone()),
                    kept => return Ok(Before::Some(kept)),
                },
            };
        }
        Ok(Before::Busy)
    }
}

impl Kept {
    /// What is kept of an answer, and for how long.
    fn of(print: String, response: &Response, ttl: Duration) -> (Self, Duration) {
        if !is_final(response.status()) {
            let answer = Answer::Failed;
            return (Self { print, answer }, LEAST_TTL);
        }
        let whole = Whole::of(response).filter(|whole| whole.size() <= LARGEST);
        let answer = whole.map_or(Answer::Lost, Answer::Whole);
        (Self { print, answer }, ttl)
    }

    /// The answer to a request that was there before.
    fn again(self, print: &str) -> Result<Response> {
        if self.print != print {
            return Err(Error::new(
                ErrorKind::Unprocessable,
                "the key was another request's: a new request has a new key",
            ));
        }
        match self.answer {
            Answer::Whole(whole) => whole.into_response(),
            Answer::Lost => Err(Error::new(
                ErrorKind::Conflict,
                "the request was done, and its answer was too large to be kept",
            )),
            Answer::Pending | Answer::Failed => Err(busy()?),
        }
    }

    fn to_json(&self) -> Result<Vec<u8>> {
        let failed = |_| Error::new(ErrorKind::Internal, "an answer has no JSON");
        serde_json::to_vec(self).map_err(failed)
    }
}

fn busy() -> Result<Error> {
    let error = Error::new(ErrorKind::Conflict, "the request is being done");
    Ok(error.with_header("retry-after", "1")?)
}

/// Whether the same request would have the same answer at another time.
const fn is_final(status: Status) -> bool {
    matches!(status.as_u16(), 200..=399 | 400 | 402 | 410 | 422)
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

    /// How much it is as JSON, about.
    fn size(&self) -> usize {
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| name.len() + value.len() + 8);
        headers.sum::<usize>() + self.content.len()
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

impl fmt::Debug for Idempotency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idempotency")
            .field("kept", &self.0.kept)
            .field("lease", &self.0.lease)
            .field("required", &self.0.required)
            .finish_non_exhaustive()
    }
}
