//! Calls of S3's API (<https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html>): signed, and again where that helps.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use aws_sigv4::http_request::SignableBody;
use bytes::Bytes;
use guru_client::{Body, Client, Incoming};
use guru_core::ports::{Error, ErrorKind};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use serde::Deserialize;
use tokio::time::{sleep, timeout};

use super::bucket::Bucket;
use crate::Content;
use crate::aws::{self, Source};

/// How long the head of an answer may take, and what else it has that is no content; and the least bytes a second of what is sent.
const DEADLINE: Duration = Duration::from_secs(30);
const SLOWEST: usize = 64 * 1024;

/// How often a call is tried, with pauses that double from the first on.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(50);

/// How large an answer may be that is no content: a list of a thousand keys.
const LARGEST: usize = 8 * 1024 * 1024;

/// When a call may be made again that did not succeed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// In any case: twice is as good as once.
    Always,
    /// Where it was certainly not done: it was refused.
    Refused,
    /// In no case.
    Never,
}

/// A request, without what all of them have.
#[derive(Clone)]
pub(super) struct Ask {
    pub(super) method: Method,
    /// The path below the bucket, encoded, and the query.
    pub(super) target: String,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Bytes,
    pub(super) repeat: Repeat,
}

impl Ask {
    pub(super) const fn new(method: Method, target: String) -> Self {
        Self {
            method,
            target,
            headers: Vec::new(),
            body: Bytes::new(),
            repeat: Repeat::Always,
        }
    }

    pub(super) fn with(mut self, name: &'static str, value: &str) -> Result<Self, Error> {
        let value = HeaderValue::from_str(value);
        let value = value.map_err(|_| {
            Error::new(
                ErrorKind::Invalid,
                format!("`{name}` is not a valid header value"),
            )
        })?;
        self.headers.push((HeaderName::from_static(name), value));
        Ok(self)
    }
}

/// The answer, its head read.
pub(super) type Answer = Response<Incoming>;

/// The API of one bucket.
#[derive(Debug)]
pub(super) struct Api {
    bucket: Bucket,
    client: Client,
    source: Source,
}

/// The buckets that are used here, each once: with its connections and credentials.
static ALL: LazyLock<Mutex<HashMap<Bucket, Arc<Api>>>> = LazyLock::new(Mutex::default);

/// Why S3 has not done what it was asked for.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Failure {
    code: String,
    message: String,
}

/// Why a try did not succeed.
struct Failed {
    error: Error,
    code: String,
    /// Whether there is nothing of the key.
    is_missing: bool,
    /// Whether it may go well again, and, if so, whether it was certainly not done.
    again: Option<bool>,
}

impl Failed {
    /// What no other try changes.
    const fn finally(error: Error) -> Self {
        Self {
            error,
            code: String::new(),
            is_missing: false,
            again: None,
        }
    }
}

fn found(done: Result<Answer, Failed>) -> Result<Option<Answer>, Error> {
    match done {
        Ok(answer) => Ok(Some(answer)),
        Err(failed) if failed.is_missing => Ok(None),
        Err(failed) => Err(failed.error),
    }
}

impl Api {
    pub(super) fn of(bucket: &Bucket) -> Arc<Self> {
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that differ in their prefix alone share what they have.
        let bucket = Bucket {
            prefix: String::new(),
            ..bucket.clone()
        };
        let api = all.entry(bucket.clone()).or_insert_with(|| {
            Arc::new(Self {
                bucket,
                client: Client::new(),
                source: Source::default(),
            })
        });
        Arc::clone(api)
    }

    /// Sends a request whose content is in memory.
    pub(super) async fn call(&self, ask: &Ask) -> Result<Answer, Error> {
        self.repeated(ask).await.map_err(|failed| failed.error)
    }

    /// The same for what may not be there.
    pub(super) async fn found(&self, ask: &Ask) -> Result<Option<Answer>, Error> {
        found(self.repeated(ask).await)
    }

    async fn repeated(&self, ask: &Ask) -> Result<Answer, Failed> {
        let (mut pause, mut left) = (PAUSE, TRIES);
        loop {
            left -= 1;
            let failed = match self.tried(ask).await {
                Err(failed) if left > 0 => failed,
                done => return done,
            };
            if failed.code == "NoSuchBucket" && self.bucket.place.is_made {
                self.make().await.map_err(Failed::finally)?;
                continue;
            }
            let is_repeated = failed.again.is_some_and(|is_undone| match ask.repeat {
                Repeat::Always => true,
                Repeat::Refused => is_undone,
                Repeat::Never => false,
            });
            if !is_repeated {
                return Err(failed);
            }
            sleep(aws::jittered(pause)).await;
            pause = pause.saturating_mul(2);
        }
    }

    async fn tried(&self, ask: &Ask) -> Result<Answer, Failed> {
        let body: Body = Full::new(ask.body.clone())
            .map_err(|never| match never {})
            .boxed_unsync();
        let sent = self.send(ask, SignableBody::Bytes(&ask.body), body);
        let slowest = Duration::from_secs((ask.body.len() / SLOWEST) as u64);
        match timeout(DEADLINE + slowest, sent).await {
            Ok(Ok(answer)) => self.checked(answer).await,
            Ok(Err(error)) => {
                let again = match error.kind() {
                    ErrorKind::Dns | ErrorKind::Connect => Some(true),
                    ErrorKind::Broken => Some(false),
                    _ => None,
                };
                Err(Failed {
                    again,
                    ..Failed::finally(error)
                })
            }
            Err(_) => {
                let message = format!("S3 did not answer within {DEADLINE:?}");
                let error = Error::new(ErrorKind::Timeout, message);
                Err(Failed {
                    again: Some(false),
                    ..Failed::finally(error)
                })
            }
        }
    }

    /// Sends a request once, with content that comes from elsewhere, and of which the size is known.
    pub(super) async fn stream(
        &self,
        ask: &Ask,
        content: Content,
    ) -> Result<Option<Answer>, Error> {
        if self.bucket.place.is_made {
            // What was sent cannot be sent again.
            self.make().await?;
        }
        let body: Body = content.map_err(Into::into).boxed_unsync();
        let sent = self.send(ask, SignableBody::UnsignedPayload, body);
        found(self.checked(sent.await?).await)
    }

    async fn send(&self, ask: &Ask, signed: SignableBody<'_>, body: Body) -> Result<Answer, Error> {
        let region = self.bucket.place.region()?;
        let invalid = |what: &str| {
            let message = format!("a request to S3 cannot be made: {what}");
            Error::new(ErrorKind::Unavailable, message)
        };
        let mut request = Request::new(());
        *request.method_mut() = ask.method.clone();
        let uri = format!("{}{}", self.bucket.url(&region), ask.target);
        *request.uri_mut() = uri.parse().map_err(|_| invalid("the endpoint is no URL"))?;
        request.headers_mut().extend(ask.headers.iter().cloned());
        let credentials = self.source.get(&self.client).await?;
        aws::sign(&mut request, "s3", &region, &credentials, signed)
            .ok_or_else(|| invalid("its signature"))?;
        self.client.send(request.map(|()| body)).await
    }

    /// An answer that is none of a failure.
    async fn checked(&self, answer: Answer) -> Result<Answer, Failed> {
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let text = text(answer).await.unwrap_or_default();
        let failure: Failure = quick_xml::de::from_str(&text).unwrap_or_default();
        let (error, again) = self.failure(status, &failure);
        if matches!(&*failure.code, "ExpiredToken" | "TokenRefreshRequired") {
            self.source.forget().await;
        }
        // A bucket that there is not has said so by its code; the answer to HEAD has none.
        let is_missing =
            status == StatusCode::NOT_FOUND && matches!(&*failure.code, "" | "NoSuchKey");
        Err(Failed {
            error,
            code: failure.code,
            is_missing,
            again,
        })
    }

    /// What an error of the API is, by its code
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>), and whether it may go well again.
    pub(super) fn failure(&self, status: StatusCode, failure: &Failure) -> (Error, Option<bool>) {
        let code = &*failure.code;
        let (kind, again) = match (code, status.as_u16()) {
            ("ExpiredToken" | "TokenRefreshRequired", _) => (ErrorKind::Denied, Some(true)),
            ("SlowDown" | "ServiceUnavailable" | "RequestTimeTooSkewed", _) | (_, 429 | 503) => {
                (ErrorKind::Unavailable, Some(true))
            }
            ("OperationAborted" | "ConditionalRequestConflict", _) => {
                (ErrorKind::Conflict, Some(true))
            }
            ("PreconditionFailed", _) | (_, 412) => (ErrorKind::Conflict, None),
            ("NoSuchBucket", _) => (ErrorKind::Unavailable, None),
            ("NoSuchUpload", _) => (ErrorKind::Broken, None),
            ("RequestTimeout" | "IncompleteBody", _) => (ErrorKind::Broken, Some(false)),
            ("EntityTooLarge", _) => (ErrorKind::TooLarge, None),
            ("KeyTooLongError", _) => (ErrorKind::InvalidKey, None),
            ("InvalidRange", _) | (_, 416) => (ErrorKind::Invalid, None),
            (_, 401 | 403) => (ErrorKind::Denied, None),
            (_, 500..) => (ErrorKind::Broken, Some(false)),
            _ => (ErrorKind::Other, None),
        };
        let (name, message) = (&self.bucket.name, &failure.message);
        let message = format!("the bucket {name}: {code} ({status}) {message}");
        (Error::new(kind, message), again)
    }

    /// Makes the bucket, which somebody else may do at the same time.
    async fn make(&self) -> Result<(), Error> {
        let mut ask = Ask::new(Method::PUT, "/".into());
        let region = self.bucket.place.region()?;
        // It is where one is without saying so (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html).
        if region != "us-east-1" {
            ask.body = format!("<CreateBucketConfiguration><LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>").into();
        }
        match self.tried(&ask).await {
            Err(Failed { code, .. })
                if matches!(&*code, "BucketAlreadyOwnedByYou" | "BucketAlreadyExists") => {}
            Err(Failed { error, .. }) => return Err(error),
            Ok(_) => {}
        }
        Ok(())
    }
}

/// An answer as text.
pub(super) async fn text(answer: Answer) -> Result<String, Error> {
    let body = timeout(
        DEADLINE,
        Limited::new(answer.into_body(), LARGEST).collect(),
    );
    let broken = |why: String| {
        Error::new(
            ErrorKind::Broken,
            format!("an answer of S3 broke off: {why}"),
        )
    };
    let body = body.await.map_err(|_| {
        let message = format!("an answer of S3 did not end within {DEADLINE:?}");
        Error::new(ErrorKind::Timeout, message)
    })?;
    let body = body.map_err(|error| broken(error.to_string()))?;
    String::from_utf8(body.to_bytes().into()).map_err(|error| broken(error.to_string()))
}
