//! Lambda's `Invoke` (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>), for a function that calls itself: a stand-in,
//! which knows one function, believes any signature, and runs what is invoked beside what is served.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::OnceCell;

use crate::runtime::Streamed;
use crate::serve::{Answer, Backend, EVENT, Maker};

/// What is between the head of a streamed answer and its content, as a caller that does not stream gets it.
const SEPARATOR: [u8; 8] = [0; 8];

/// The API, and where it is.
pub(crate) struct Api {
    name: String,
    listener: TcpListener,
}

impl Api {
    /// Listens for invocations of the function of this name.
    pub(crate) async fn bind(name: String) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.context("there is no free port for Lambda's API")?;
        Ok(Self { name, listener })
    }

    /// What the environment of a process says that is to find it.
    pub(crate) fn environment(&self) -> Result<Vec<(&'static str, String)>> {
        let url = format!("http://{}", self.listener.local_addr()?);
        let mut all = vec![("AWS_ENDPOINT_URL_LAMBDA", url)];
        // Those that there are may be for an account that is one.
        for (name, value) in [
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
        ] {
            if std::env::var_os(name).is_none() {
                all.push((name, value.into()));
            }
        }
        Ok(all)
    }

    /// Serves for ever. What is invoked runs in what `make` makes, once it is needed: who calls itself waits for another one.
    pub(crate) async fn serve(self, make: Maker) {
        let shared = Arc::new((self.name, OnceCell::new(), make));
        loop {
            let Ok((stream, _)) = self.listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            };
            let _ = stream.set_nodelay(true);
            let shared = Arc::clone(&shared);
            tokio::spawn(async move {
                let service = service_fn(|request| {
                    let shared = Arc::clone(&shared);
                    async move {
                        let (name, backend, make) = &*shared;
                        Ok::<_, Infallible>(answer(name, backend, make, request).await)
                    }
                });
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    }
}

async fn answer(
    name: &str,
    backend: &OnceCell<Backend>,
    make: &Maker,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let wanted = format!("/2015-03-31/functions/{name}/invocations");
    if request.method() != Method::POST || request.uri().path() != wanted {
        return refused(StatusCode::NOT_FOUND, "ResourceNotFoundException");
    }
    if !request.headers().contains_key(http::header::AUTHORIZATION) {
        return refused(StatusCode::FORBIDDEN, "MissingAuthenticationTokenException");
    }
    let event = Limited::new(request.into_body(), EVENT).collect().await;
    let Ok(event) = event else {
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException");
    };
    let backend = match backend.get_or_try_init(|| make.backend()).await {
        Ok(backend) => backend,
        Err(error) => {
            eprintln!("guru-gateway: {error:#}");
            return refused(StatusCode::INTERNAL_SERVER_ERROR, "ServiceException");
        }
    };
    let invoked = backend.invoke(event.to_bytes().to_vec()).await;
    let payload = match invoked {
        Ok(Answer::Whole(payload)) => Ok(payload),
        Ok(Answer::Streamed(streamed)) => whole(streamed).await,
        Err(error) => Err(format!("{error:#}")),
    };
    match payload {
        Ok(payload) if !is_error(&payload) => Response::new(Full::new(payload)),
        Ok(payload) => failed(payload),
        Err(reason) => {
            let said = json!({"errorType": "Runtime.ExitError", "errorMessage": reason});
            failed(said.to_string().into())
        }
    }
}

/// A streamed answer, once all of it is there.
async fn whole(Streamed { head, mut content }: Streamed) -> Result<Bytes, String> {
    let mut whole = BytesMut::from(&head[..]);
    whole.extend_from_slice(&SEPARATOR);
    loop {
        match content.recv().await {
            Some(Ok(Some(chunk))) => whole.extend_from_slice(&chunk),
            Some(Ok(None)) => return Ok(whole.freeze()),
            Some(Err(_)) | None => return Err("the function's answer broke off".into()),
        }
    }
}

/// Whether it is what a function says that has failed.
fn is_error(payload: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Failed {
        #[serde(rename = "errorType")]
        _kind: IgnoredAny,
    }
    serde_json::from_slice::<Failed>(payload).is_ok()
}

fn failed(payload: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(payload));
    let value = HeaderValue::from_static("Unhandled");
    response.headers_mut().insert("x-amz-function-error", value);
    response
}

fn refused(status: StatusCode, name: &'static str) -> Response<Full<Bytes>> {
    let body = json!({"Message": name, "Type": "User"}).to_string();
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let name = HeaderValue::from_static(name);
    response.headers_mut().insert("x-amzn-errortype", name);
    response
}
