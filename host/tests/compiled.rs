//! What can be hosted and what cannot. It must not know what a component does.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use guru_host::{ErrorKind, Host, Options};
use support::{compiled, component, folder};

/// Why a file is not hosted.
fn refusal(path: &Path) -> (ErrorKind, String) {
    let error = Host::load(path, Options::default()).unwrap_err();
    (error.kind(), error.to_string())
}

fn file(name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder().join(name);
    fs::write(&path, content).unwrap();
    path
}

#[test]
fn what_is_not_compiled_is_refused_with_what_to_do() {
    for path in [
        component().to_owned(),
        file("text", "no component"),
        file("empty", ""),
    ] {
        let (kind, message) = refusal(&path);
        assert_eq!(kind, ErrorKind::NotCompiled, "{message}");
        assert!(message.contains("guru-host compile"), "{message}");
    }
    let (kind, message) = refusal(&folder().join("missing"));
    assert_eq!(kind, ErrorKind::File, "{message}");
}

/// Wasmtime's major version and the machine stand in the file one behind the other, each behind its length.
#[test]
fn what_another_wasmtime_compiled_is_refused_with_what_to_do() {
    let bytes = fs::read(compiled()).unwrap();
    let machine = std::env::consts::ARCH.as_bytes();
    let mut places = bytes.windows(machine.len());
    let at = places.position(|window| window == machine).unwrap();
    let version = bytes[..at - 1].trim_ascii();
    assert!(
        version.ends_with(b"48"),
        "the version is before the machine"
    );
    for (place, wanted) in [(at - 2, "version '49'"), (at, "")] {
        let mut foreign = bytes.clone();
        foreign[place] += 1;
        let (kind, message) = refusal(&file("foreign.cwasm", foreign));
        assert_eq!(kind, ErrorKind::Foreign, "{message}");
        assert!(message.contains("compile it again"), "{message}");
        assert!(message.contains(wanted), "{message}");
    }
}

#[test]
fn a_file_that_was_cut_off_is_refused() {
    let bytes = fs::read(compiled()).unwrap();
    for length in [64, 4096, bytes.len() / 2] {
        let (kind, message) = refusal(&file("short.cwasm", &bytes[..length]));
        assert_ne!(kind, ErrorKind::System, "{length} bytes: {message}");
    }
}

#[test]
fn a_component_that_is_no_function_is_refused() {
    // The smallest component there is: magic, version and layer.
    let empty = file("empty.wasm", b"\0asm\x0d\0\x01\0");
    let code = folder().join("empty.cwasm");
    guru_host::compile(&empty, &code).unwrap();
    let (kind, message) = refusal(&code);
    assert_eq!(kind, ErrorKind::Unfit, "{message}");
    assert!(message.contains("no WASI 0.3 HTTP component"), "{message}");
}

#[test]
fn what_is_no_component_is_not_compiled() {
    let out = folder().join("out.cwasm");
    for (name, content, kind) in [
        ("garbage.wasm", &b"garbage"[..], ErrorKind::Unfit),
        ("module.wasm", b"\0asm\x01\0\0\0", ErrorKind::Unfit),
    ] {
        let error = guru_host::compile(&file(name, content), &out).unwrap_err();
        assert_eq!(error.kind(), kind, "{name}: {error}");
    }
    let error = guru_host::compile(&folder().join("missing.wasm"), &out).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::File);
}

#[test]
fn the_same_component_makes_the_same_code() {
    let again = folder().join("again.cwasm");
    guru_host::compile(component(), &again).unwrap();
    assert!(fs::read(compiled()).unwrap() == fs::read(again).unwrap());
}
