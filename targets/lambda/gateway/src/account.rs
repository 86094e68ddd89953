//! An AWS of the function's own, on the loopback interface: `ministack`, an emulator, for the stores of a function.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::emulator::{alone, hold};

/// How long it may take to start.
const START: Duration = Duration::from_secs(60);

/// A running account, which is stopped when it is dropped, with all that is in it.
pub(crate) struct Account {
    _child: Child,
    port: u16,
}

impl Account {
    pub(crate) async fn start(program: &Path) -> Result<Self> {
        let (mut child, port) = Self::spawn(program)?;
        let deadline = Instant::now() + START;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .is_err()
        {
            if let Some(status) = child.try_wait()? {
                bail!("{} ended ({status})", program.display());
            }
            if Instant::now() > deadline {
                bail!(
                    "{} did not listen within {} s",
                    program.display(),
                    START.as_secs()
                );
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(Self {
            _child: child,
            port,
        })
    }

    fn spawn(program: &Path) -> Result<(Child, u16)> {
        let _alone = alone();
        let port = hold()?.local_addr()?.port();
        let child = Command::new(program)
            .env("GATEWAY_PORT", port.to_string())
            // It would listen on every interface.
            .env("BIND_HOST", "127.0.0.1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        Ok((child, port))
    }

    /// What the environment of a process says that is to find it. The emulator takes any credentials.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            (
                "AWS_ENDPOINT_URL",
                format!("http://127.0.0.1:{}", self.port),
            ),
            ("AWS_REGION", "us-east-1".into()),
            ("AWS_ACCESS_KEY_ID", "test".into()),
            ("AWS_SECRET_ACCESS_KEY", "test".into()),
        ]
    }
}
