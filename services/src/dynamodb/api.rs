//! Calls of DynamoDB's API: signed, with a deadline, and again where it asks for that.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use aws_sigv4::http_request::SignableBody;
use bytes::Bytes;
use guru_client::{Body, Client};
use guru_core::ports::{Error, ErrorKind};
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::table::Table;
use crate::aws::{self, Source};

/// How long one try may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// How often a call is tried, with pauses that double from the first on.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(50);

/// How large an answer may be: a page of items has 1 MB (`Query`), in base64 at most.
const LARGEST: usize = 4 * 1024 * 1024;

/// How long a table that is made may take until it can be used.
const MADE: Duration = Duration::from_secs(30);

/// When a call may be made again that did not succeed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// In any case: twice is as good as once.
    Always,
    /// Where it was certainly not done: it was refused.
    Refused,
}

/// The API of one table.
#[derive(Debug)]
pub(super) struct Api {
    table: Table,
    client: Client,
    source: Source,
}

/// The tables that are used here, each once: with its connections and credentials.
static ALL: LazyLock<Mutex<HashMap<Table, Arc<Api>>>> = LazyLock::new(Mutex::default);

/// What came of one try.
enum Tried {
    Done(Value),
    Failed(Error),
    /// There is no such table.
    NoTable(Error),
    /// It failed, and may go well again. Whether it was certainly not done.
    Again(Error, bool),
}

impl Api {
    pub(super) fn of(table: &Table) -> Arc<Self> {
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        let api = all.entry(table.clone()).or_insert_with(|| {
            Arc::new(Self {
                table: table.clone(),
                client: Client::new(),
                source: Source::default(),
            })
        });
        Arc::clone(api)
    }

    /// Calls an operation for the table.
    pub(super) async fn call(
        &self,
        operation: &str,
        mut ask: Value,
        repeat: Repeat,
    ) -> Result<Value, Error> {
        super::set(&mut ask, "TableName", json!(self.table.name));
        let ask = Bytes::from(ask.to_string());
        let mut pause = PAUSE;
        for left in (0..TRIES).rev() {
            match self.tried(operation, ask.clone()).await {
                Tried::Done(answer) => return Ok(answer),
                Tried::NoTable(_) if self.table.place.is_made => self.make().await?,
                Tried::NoTable(error) | Tried::Failed(error) => return Err(error),
                Tried::Again(error, is_undone) => {
                    if left == 0 || !(is_undone || repeat == Repeat::Always) {
                        return Err(error);
                    }
                    sleep(aws::jittered(pause)).await;
                    pause = pause.saturating_mul(2);
                }
            }
        }
        Err(Error::new(
            ErrorKind::Unavailable,
            format!("the table {} could not be made", self.table.name),
        ))
    }

    async fn tried(&self, operation: &str, ask: Bytes) -> Tried {
        let sent = timeout(DEADLINE, self.send(operation, ask)).await;
        let (status, body) = match sent {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                let is_undone = matches!(error.kind(), ErrorKind::Dns | ErrorKind::Connect);
                return match error.kind() {
                    ErrorKind::Dns | ErrorKind::Connect | ErrorKind::Broken => {
                        Tried::Again(error, is_undone)
                    }
                    _ => Tried::Failed(error),
                };
            }
            Err(_) => {
                let message = format!("DynamoDB did not answer within {DEADLINE:?}");
                return Tried::Again(Error::new(ErrorKind::Timeout, message), false);
            }
        };
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        if status.is_success() {
            return Tried::Done(answer);
        }
        let name = answer
            .get("__type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let name = name.rsplit('#').next().unwrap_or_default();
        let message = answer.get("message").or_else(|| answer.get("Message"));
        let message = message.and_then(Value::as_str).unwrap_or_default();
        let table = &self.table.name;
        let kind = kind_of(status, name, message);
        let error = Error::new(
            kind,
            format!("the table {table}: {name} ({status}) {message}"),
        );
        if name == "ExpiredTokenException" {
            self.source.forget().await;
            return Tried::Again(error, true);
        }
        match kind {
            ErrorKind::Unavailable if name == "ResourceNotFoundException" => Tried::NoTable(error),
            ErrorKind::Unavailable => Tried::Again(error, true),
            ErrorKind::Broken => Tried::Again(error, false),
            _ => Tried::Failed(error),
        }
    }

    async fn send(&self, operation: &str, ask: Bytes) -> Result<(StatusCode, Bytes), Error> {
        let region = self.table.place.region()?;
        let endpoint = format!("{}/", self.table.endpoint(&region));
        let invalid = |what: &str| {
            let message = format!("a request to DynamoDB cannot be made: {what}");
            Error::new(ErrorKind::Unavailable, message)
        };
        let mut request = Request::new(());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = endpoint
            .parse()
            .map_err(|_| invalid("the endpoint is no URL"))?;
        let target = format!("DynamoDB_20120810.{operation}");
        let value = HeaderValue::from_str(&target).map_err(|_| invalid("the operation"))?;
        let headers = request.headers_mut();
        headers.insert("x-amz-target", value);
        let json = HeaderValue::from_static("application/x-amz-json-1.0");
        headers.insert(header::CONTENT_TYPE, json);
        let credentials = self.source.get(&self.client).await?;
        aws::sign(
            &mut request,
            "dynamodb",
            &region,
            &credentials,
            SignableBody::Bytes(&ask),
        )
        .ok_or_else(|| invalid("its signature"))?;
        let body: Body = Full::new(ask)
            .map_err(|never| match never {})
            .boxed_unsync();
        let answer = self.client.send(request.map(|()| body)).await?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), LARGEST).collect().await;
        let body = body.map_err(|error| {
            Error::new(
                ErrorKind::Broken,
                format!("an answer of DynamoDB broke off: {error}"),
            )
        })?;
        Ok((status, body.to_bytes()))
    }

    /// Makes the table, which somebody else may do at the same time.
    async fn make(&self) -> Result<(), Error> {
        let ask = json!({
            "TableName": self.table.name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": "store", "AttributeType": "S"},
                {"AttributeName": "key", "AttributeType": "S"},
            ],
            "KeySchema": [
                {"AttributeName": "store", "KeyType": "HASH"},
                {"AttributeName": "key", "KeyType": "RANGE"},
            ],
        });
        let is_there = |error: &Error| error.kind() == ErrorKind::Conflict;
        match self.tried("CreateTable", ask.to_string().into()).await {
            Tried::Failed(error) | Tried::Again(error, _) if !is_there(&error) => {
                return Err(error);
            }
            _ => {}
        }
        let ask = Bytes::from(json!({"TableName": self.table.name}).to_string());
        let is_active = async {
            loop {
                if let Tried::Done(said) = self.tried("DescribeTable", ask.clone()).await
                    && said.pointer("/Table/TableStatus") == Some(&json!("ACTIVE"))
                {
                    return;
                }
                sleep(PAUSE).await;
            }
        };
        // What is not there by then is said by the call that needs it.
        let _ = timeout(MADE, is_active).await;
        Ok(())
    }
}

/// What an error of the API is, by its name
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>).
fn kind_of(status: StatusCode, name: &str, message: &str) -> ErrorKind {
    match name {
        "ConditionalCheckFailedException" | "ResourceInUseException" => ErrorKind::Conflict,
        "ProvisionedThroughputExceededException"
        | "RequestLimitExceeded"
        | "ResourceNotFoundException"
        | "ThrottlingException"
        | "TransactionConflictException"
        | "LimitExceededException"
        | "ServiceUnavailable"
        | "ServiceUnavailableException" => ErrorKind::Unavailable,
        "AccessDeniedException"
        | "ExpiredTokenException"
        | "IncompleteSignatureException"
        | "InvalidSignatureException"
        | "MissingAuthenticationTokenException"
        | "UnrecognizedClientException" => ErrorKind::Denied,
        "ItemCollectionSizeLimitExceededException" => ErrorKind::TooLarge,
        "ValidationException" if message.contains("Item size") => ErrorKind::TooLarge,
        "ValidationException" => ErrorKind::Invalid,
        // Whether it was done is not known.
        _ if status.is_server_error() => ErrorKind::Broken,
        _ => ErrorKind::Other,
    }
}

/// What is in the table was written by somebody else.
pub(super) fn corrupt(what: &str) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        format!("DynamoDB has {what} that no store has written"),
    )
}
