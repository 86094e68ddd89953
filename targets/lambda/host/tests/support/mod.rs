//! The component that does wrong, hosted. It must not know what is expected of the host.

#![expect(dead_code, reason = "each test uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use guru_host::{BodyError, Caller, Host, Limits, Options};
use http_body_util::{BodyExt as _, Empty};
use tempfile::TempDir;

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// The component `functions/faults`, as `guru build --on spin` makes it.
pub(crate) fn component() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(3)
            .unwrap();
        let folder = folder().join("faults");
        let mut command = Command::new("cargo");
        command
            .current_dir(root)
            .args(["guru", "build", "faults", "--on", "spin", "--out"])
            .arg(&folder)
            .stdin(Stdio::null());
        // The toolchain of this test is not the one that builds for WebAssembly.
        for name in ["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN", "CARGO_BUILD_TARGET"] {
            command.env_remove(name);
        }
        let built = command.output().unwrap();
        let said = String::from_utf8_lossy(&built.stderr);
        assert!(
            built.status.success(),
            "{command:?} failed (`cargo guru setup` gets what it needs): {said}"
        );
        folder.join("function.wasm")
    })
}

/// A folder for what this process makes.
pub(crate) fn folder() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    FOLDER.get_or_init(|| tempfile::tempdir().unwrap()).path()
}

/// The component, compiled.
pub(crate) fn compiled() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let compiled = folder().join("faults.cwasm");
        guru_host::compile(component(), &compiled).unwrap();
        compiled
    })
}

/// Little of everything, so that it is soon used up.
pub(crate) fn limits() -> Limits {
    Limits {
        memory: 32 * 1024 * 1024,
        time: Duration::from_secs(5),
        stack: 256 * 1024,
        instances: 4,
    }
}

pub(crate) fn host(limits: Limits) -> Host {
    let mut options = Options::default();
    options.limits = limits;
    Host::load(compiled(), options).unwrap()
}

/// Asks for a path, with an id.
pub(crate) async fn ask(host: &Host, method: &str, path: &str, id: &str) -> Answer {
    let caller = Caller {
        request_id: id.into(),
        client_ip: None,
        deadline: None,
    };
    ask_as(host, method, path, caller).await
}

pub(crate) async fn ask_as(host: &Host, method: &str, path: &str, caller: Caller) -> Answer {
    let body = Empty::<Bytes>::new().map_err(|never| -> BodyError { match never {} });
    let request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("host", "faults.example")
        .body(body)
        .unwrap();
    let (parts, body) = host.answer(request, caller).await.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer {
        status: parts.status.as_u16(),
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}
