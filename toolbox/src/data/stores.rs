//! The stores of a function, under their vendor's own runtime: served on this machine while the command runs.

use std::{fs::File, io::Read, process::Command, time::Duration};

use anyhow::{Context as _, Error, Result, anyhow, bail, ensure};
use serde::Deserialize;

use super::Store;
use crate::served::Served;

/// The setting with which only this command is answered.
pub const TOKEN: &str = "GURU_DATA_TOKEN";

/// How long an answer may take to begin: a service has as long to store what is large.
const PATIENCE: Duration = Duration::from_secs(300);

/// The stores, as long as this lives.
pub struct Stores {
    served: Served,
    agent: ureq::Agent,
    token: String,
}

#[derive(Deserialize)]
struct Listed {
    keys: Vec<String>,
    cursor: Option<String>,
}

impl Stores {
    /// Starts what serves them, which answers whoever has the token, and says where by a line of which `address` makes the address.
    ///
    /// # Errors
    ///
    /// When it does not serve.
    pub fn start(
        command: &mut Command,
        token: String,
        address: fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let served = Served::start(command, address).context("the stores could not be served")?;
        Ok(Self {
            served,
            agent: ureq::Agent::config_builder()
                .http_status_as_error(false)
                // It is on this machine, whatever the environment says of others.
                .proxy(None)
                .max_redirects(0)
                .timeout_recv_response(Some(PATIENCE))
                .build()
                .into(),
            token,
        })
    }

    fn url_of(&self, store: &Store, what: &str) -> String {
        // One that is a keyword of Rust's has a `#` in it.
        let name = store.name.replace('#', "%23");
        format!("{}/{name}/{what}", self.served.url())
    }

    /// Why there is no answer.
    fn lost(&self, error: ureq::Error) -> Error {
        let what = format!("the stores do not answer; {}", self.served.last());
        anyhow!(error).context(what)
    }

    /// Does something with each key that begins with the prefix, in their order.
    ///
    /// # Errors
    ///
    /// When the keys cannot be listed, or as `each`.
    pub fn each(
        &self,
        store: &Store,
        prefix: &str,
        mut each: impl FnMut(&str) -> Result<()>,
    ) -> Result<()> {
        let mut cursor: Option<String> = None;
        loop {
            let asked = self.agent.get(self.url_of(store, "keys"));
            let asked = asked
                .header("authorization", &self.token)
                .query("prefix", prefix);
            let asked = match &cursor {
                Some(cursor) => asked.query("cursor", cursor),
                None => asked,
            };
            let mut answer = asked.call().map_err(|error| self.lost(error))?;
            let text = answer.body_mut().read_to_string()?;
            ensure!(
                answer.status() == 200,
                "the keys of {} cannot be listed: {text}",
                store.name
            );
            let listed: Listed = serde_json::from_str(&text).context("no list of keys")?;
            for key in &listed.keys {
                each(key)?;
            }
            match listed.cursor {
                Some(next) => cursor = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// The content of a key with its type, unless it has gone meanwhile.
    pub(super) fn read(&self, store: &Store, key: &str) -> Result<Option<(String, impl Read)>> {
        let asked = self.agent.get(self.url_of(store, "value"));
        let asked = asked.header("authorization", &self.token).query("key", key);
        let answer = asked.call().map_err(|error| self.lost(error))?;
        let status = answer.status().as_u16();
        let content_type = answer.headers().get("content-type");
        let content_type = content_type.map(|value| value.to_str().map(str::to_owned));
        let content_type = content_type.transpose().with_context(|| {
            format!("the content type of {key:?} of {} is not ASCII", store.name)
        })?;
        let content_type = content_type.unwrap_or_default();
        let mut content = answer
            .into_body()
            .into_with_config()
            .limit(u64::MAX)
            .reader();
        match status {
            200 => Ok(Some((content_type, content))),
            404 => Ok(None),
            _ => {
                let mut said = String::new();
                let _ = content.read_to_string(&mut said);
                bail!("{key:?} of {} cannot be read: {said}", store.name)
            }
        }
    }

    /// Sets the value of a key.
    pub(super) fn set(&self, store: &Store, key: &str, value: &[u8]) -> Result<()> {
        self.put(store, key, "application/octet-stream", value)
    }

    /// Stores content under a key.
    pub(super) fn store(
        &self,
        store: &Store,
        key: &str,
        content_type: &str,
        file: &File,
    ) -> Result<()> {
        self.put(store, key, content_type, file)
    }

    fn put(
        &self,
        store: &Store,
        key: &str,
        content_type: &str,
        content: impl ureq::AsSendBody,
    ) -> Result<()> {
        let asked = self.agent.put(self.url_of(store, "value"));
        let asked = asked
            .header("authorization", &self.token)
            .header("content-type", content_type)
            .query("key", key);
        let mut answer = asked.send(content).map_err(|error| self.lost(error))?;
        let status = answer.status().as_u16();
        let said = answer.body_mut().read_to_string().unwrap_or_default();
        ensure!(
            status == 204,
            "{key:?} of {} cannot be written: {said}",
            store.name
        );
        Ok(())
    }
}

/// What nobody can guess.
///
/// # Errors
///
/// When the system has no random bytes.
pub fn token() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).context("the system has no random bytes")?;
    Ok(hex::encode(bytes))
}
