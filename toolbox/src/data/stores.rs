//! The stores of a function, under their vendor's own runtime: served on this machine while the command runs.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use super::Store;
use crate::{child, leash::Leash};

/// How long the runtime may take to start, building included.
const START: Duration = Duration::from_secs(3600);

/// The setting with which only this command is answered.
pub const TOKEN: &str = "GURU_DATA_TOKEN";

/// The stores, as long as this lives.
pub struct Stores {
    _running: Leash,
    agent: ureq::Agent,
    url: String,
    token: String,
}

#[derive(Deserialize)]
struct Listed {
    keys: Vec<String>,
    cursor: Option<String>,
}

impl Stores {
    /// Starts what serves them, which says where by a line of which `address` makes the address.
    ///
    /// # Errors
    ///
    /// When it does not serve.
    pub fn start(
        command: &mut Command,
        token: String,
        address: fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let (running, url) = started(command.env(TOKEN, &token), address)?;
        Ok(Self {
            _running: running,
            agent: ureq::Agent::config_builder()
                .http_status_as_error(false)
                .build()
                .into(),
            url,
            token,
        })
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
            let asked = self.agent.get(format!("{}/{}/keys", self.url, store.name));
            let asked = asked
                .header("authorization", &self.token)
                .query("prefix", prefix);
            let asked = match &cursor {
                Some(cursor) => asked.query("cursor", cursor),
                None => asked,
            };
            let mut answer = asked.call().context("the stores do not answer")?;
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
        let asked = self.agent.get(format!("{}/{}/value", self.url, store.name));
        let asked = asked.header("authorization", &self.token).query("key", key);
        let answer = asked.call().context("the stores do not answer")?;
        let status = answer.status().as_u16();
        let content_type = answer.headers().get("content-type");
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let content_type = content_type
            .unwrap_or("application/octet-stream")
            .to_owned();
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
        let asked = self.agent.put(format!("{}/{}/value", self.url, store.name));
        let asked = asked
            .header("authorization", &self.token)
            .header("content-type", content_type)
            .query("key", key);
        let mut answer = asked.send(content).context("the stores do not answer")?;
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

/// Starts the runtime, and waits for its address.
fn started(command: &mut Command, address: fn(&str) -> Option<String>) -> Result<(Leash, String)> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let running = Leash::family(command).context("cannot start `guru dev`")?;
    let (output, progress) = {
        let mut child = running.child();
        (child.stdout.take(), child.stderr.take())
    };
    let is_up = Arc::new(AtomicBool::new(false));
    let is_quiet = Arc::clone(&is_up);
    thread::spawn(move || {
        // What is built is shown; what the runtime says of each request is of no use here.
        for line in progress
            .into_iter()
            .flat_map(|out| BufReader::new(out).lines())
        {
            match line {
                Ok(line) if !is_quiet.load(Ordering::Relaxed) => eprintln!("{line}"),
                _ => {}
            }
        }
    });
    let (sender, said) = mpsc::channel();
    thread::spawn(move || {
        // Read to its end: who writes what nobody reads waits for ever.
        for line in output
            .into_iter()
            .flat_map(|out| BufReader::new(out).lines())
        {
            if let Some(url) = line.ok().as_deref().and_then(address) {
                is_up.store(true, Ordering::Relaxed);
                let _ = sender.send(url);
            }
        }
    });
    match said.recv_timeout(START) {
        Ok(url) => Ok((running, url.trim_end_matches('/').to_owned())),
        Err(_) => {
            let how = running.ended().ok().flatten().map(child::describe);
            bail!(
                "the stores could not be served: the runtime {}; what it said is above",
                how.unwrap_or_else(|| "did not answer".into())
            )
        }
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
