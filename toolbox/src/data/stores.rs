//! The stores of a function, under their vendor's own runtime: served on this machine while the command runs.

use std::{
    collections::VecDeque,
    fs::File,
    io::{BufRead as _, BufReader, Read},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use anyhow::{Context as _, Error, Result, anyhow, bail, ensure};
use serde::Deserialize;

use super::Store;
use crate::{child, leash::Leash};

/// How long the runtime may take to start, building included.
const START: Duration = Duration::from_secs(3600);

/// The setting with which only this command is answered.
pub const TOKEN: &str = "GURU_DATA_TOKEN";

/// How long an answer may take to begin: a service has as long to store what is large.
const PATIENCE: Duration = Duration::from_secs(300);

/// How many of the last lines that the runtime says are told with an error.
const LAST: usize = 20;

/// The stores, as long as this lives.
pub struct Stores {
    running: Leash,
    said: Said,
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
        let said = Said::default();
        let (running, url) = started(command, address, &said)?;
        Ok(Self {
            running,
            said,
            agent: ureq::Agent::config_builder()
                .http_status_as_error(false)
                // It is on this machine, whatever the environment says of others.
                .proxy(None)
                .max_redirects(0)
                .timeout_recv_response(Some(PATIENCE))
                .build()
                .into(),
            url,
            token,
        })
    }

    fn url_of(&self, store: &Store, what: &str) -> String {
        // One that is a keyword of Rust's has a `#` in it.
        let name = store.name.replace('#', "%23");
        format!("{}/{name}/{what}", self.url)
    }

    /// Why there is no answer.
    fn lost(&self, error: ureq::Error) -> Error {
        let how = self.running.ended().ok().flatten().map(child::describe);
        let how = how.map(|how| format!(": the runtime {how}"));
        let what = format!(
            "the stores do not answer{}; it said last:\n{}",
            how.unwrap_or_default(),
            self.said.last()
        );
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

/// What the runtime has said last.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<VecDeque<String>>>);

impl Said {
    fn add(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LAST {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    fn last(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        lines.join("\n")
    }
}

/// Starts the runtime, and waits for its address.
fn started(
    command: &mut Command,
    address: fn(&str) -> Option<String>,
    said: &Said,
) -> Result<(Leash, String)> {
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
    let (is_quiet, says) = (Arc::clone(&is_up), said.clone());
    thread::spawn(move || {
        // What is built is shown; what the runtime says of each request is kept for an error.
        for line in progress
            .into_iter()
            .flat_map(|out| BufReader::new(out).lines())
        {
            let line = line.unwrap_or_default();
            if !is_quiet.load(Ordering::Relaxed) {
                eprintln!("{line}");
            }
            says.add(line);
        }
    });
    let (sender, addresses) = mpsc::channel();
    let says = said.clone();
    thread::spawn(move || {
        // Read to its end: who writes what nobody reads waits for ever.
        for line in output
            .into_iter()
            .flat_map(|out| BufReader::new(out).lines())
        {
            let line = line.unwrap_or_default();
            if let Some(url) = address(&line) {
                is_up.store(true, Ordering::Relaxed);
                let _ = sender.send(url);
            }
            says.add(line);
        }
    });
    match addresses.recv_timeout(START) {
        Ok(url) => Ok((running, url.trim_end_matches('/').to_owned())),
        Err(_) => {
            let how = running.ended().ok().flatten().map(child::describe);
            bail!(
                "the stores could not be served: the runtime {}; it said last:\n{}",
                how.unwrap_or_else(|| "did not answer".into()),
                said.last()
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
