//! Who asks: the credentials of the environment, or of what AWS runs the program in.
//!
//! They are the host's, and never a function's: they are in the memory of this process, and no error has them in it.

use std::fmt;
use std::fs;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use guru_client::{Body, Client};
use guru_core::ports::{Error, ErrorKind};
use http::{HeaderValue, Request, header};
use http_body_util::{BodyExt as _, Limited};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::text;

/// How long before their end credentials are replaced.
const EARLY: Duration = Duration::from_secs(300);

/// The address of containers' credentials (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>).
const CONTAINER: &str = "http://169.254.170.2";

/// How large an answer with credentials may be.
const LARGEST: usize = 64 * 1024;

/// Where credentials come from, and those that are good for now.
#[derive(Default)]
pub(crate) struct Source {
    held: Mutex<Option<Credentials>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Given {
    access_key_id: String,
    secret_access_key: String,
    token: Option<String>,
    expiration: Option<String>,
}

impl Source {
    /// Credentials that are good for a while.
    pub(crate) async fn get(&self, client: &Client) -> Result<Credentials, Error> {
        // Whoever needs new ones waits for those who get them.
        let mut held = self.held.lock().await;
        if let Some(held) = held.as_ref().filter(|held| is_good(held)) {
            return Ok(held.clone());
        }
        let new = match of_environment() {
            Some(new) => new,
            None => of_container(client).await?,
        };
        Ok(held.insert(new).clone())
    }

    /// Forgets credentials that were refused.
    pub(crate) async fn forget(&self) {
        *self.held.lock().await = None;
    }
}

fn is_good(held: &Credentials) -> bool {
    held.expiry()
        .is_none_or(|end| end > SystemTime::now() + EARLY)
}

fn of_environment() -> Option<Credentials> {
    let (key, secret) = (text("AWS_ACCESS_KEY_ID")?, text("AWS_SECRET_ACCESS_KEY")?);
    let token = text("AWS_SESSION_TOKEN");
    Some(Credentials::new(key, secret, token, None, "environment"))
}

async fn of_container(client: &Client) -> Result<Credentials, Error> {
    let denied = |why: &str| Error::new(ErrorKind::Denied, format!("no credentials of AWS: {why}"));
    let full = text("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    let relative = text("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    let uri = full.or_else(|| relative.map(|path| format!("{CONTAINER}{path}")));
    let uri = uri.ok_or_else(|| {
        denied(
            "there is neither AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, nor AWS_CONTAINER_CREDENTIALS_FULL_URI",
        )
    })?;
    let mut ask = Request::new(Body::default());
    *ask.uri_mut() = uri
        .parse()
        .map_err(|_| denied("AWS_CONTAINER_CREDENTIALS_FULL_URI is no URI"))?;
    let file = text("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    let token = match file {
        Some(file) => fs::read_to_string(file).ok(),
        None => text("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
    };
    if let Some(token) = token {
        let value = HeaderValue::from_str(token.trim());
        let value = value.map_err(|_| denied("the token for them is no header value"))?;
        ask.headers_mut().insert(header::AUTHORIZATION, value);
    }
    let answer = client.send(ask).await?;
    if !answer.status().is_success() {
        return Err(denied(&format!(
            "they are refused with {}",
            answer.status()
        )));
    }
    let body = Limited::new(answer.into_body(), LARGEST).collect().await;
    let body = body.map_err(|_| denied("the answer with them broke off"))?;
    let given: Given = serde_json::from_slice(&body.to_bytes())
        .map_err(|_| denied("the answer with them is none that has any"))?;
    let end = given
        .expiration
        .and_then(|end| humantime::parse_rfc3339_weak(&end).ok());
    Ok(Credentials::new(
        given.access_key_id,
        given.secret_access_key,
        given.token,
        end,
        "container",
    ))
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").finish_non_exhaustive()
    }
}
