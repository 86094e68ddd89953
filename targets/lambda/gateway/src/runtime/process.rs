//! One process of the function, with a runtime API of its own.

use std::net::Ipv4Addr;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::mpsc;

use super::Call;
use super::api::Api;
use crate::emulator::Function;

/// A process. It ends with the gateway.
pub(crate) struct Process {
    calls: mpsc::Sender<Call>,
    is_alive: Arc<AtomicBool>,
}

impl Process {
    pub(crate) async fn start(function: &Function) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let mut child = Command::new(&function.bootstrap)
            .envs(function.environment.iter().cloned())
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "function")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "3008")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/function")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "$LATEST")
            .env("GURU_INVOKE_MODE", "RESPONSE_STREAM")
            .stdin(Stdio::null())
            // Standard output is for `listening on`.
            .stdout(std::io::stderr())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", function.bootstrap.display()))?;
        let (calls, waiting) = mpsc::channel(1);
        let is_alive = Arc::new(AtomicBool::new(true));
        let alive = Arc::clone(&is_alive);
        tokio::spawn(async move {
            tokio::select! {
                () = Api::new(waiting).serve(listener) => {}
                ended = child.wait() => match ended {
                    Ok(status) => eprintln!("guru-gateway: the function ended ({status})"),
                    Err(error) => eprintln!("guru-gateway: the function is lost: {error}"),
                },
            }
            // Whoever waits for it is told by what is dropped here.
            alive.store(false, Ordering::Release);
        });
        Ok(Self { calls, is_alive })
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.is_alive.load(Ordering::Acquire)
    }

    pub(crate) fn calls(&self) -> mpsc::Sender<Call> {
        self.calls.clone()
    }
}
