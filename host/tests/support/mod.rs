//! The component that does wrong, built and compiled. It must not know how it is hosted.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

/// The component `functions/faults`, as `guru build --on spin` makes it.
pub(crate) fn component() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(1)
            .unwrap();
        let folder = folder().join("faults");
        let mut command = Command::new("cargo");
        command
            .current_dir(root)
            .args([
                "guru",
                "build",
                "faults",
                "--on",
                "spin",
                "--release",
                "--out",
            ])
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
