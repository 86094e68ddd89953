//! A component that is composed of several, each with a memory of its own, is hosted as any other, within one limit on all of its memory.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
};

use cargo_metadata::CrateType;
use conformance::driver::{compile, program};
use guru_toolbox::{cargo, compose, home::Home, items::wasm::wasm_cargo};

/// The probe, which calls another function and keeps nothing, and what leads that call on Spin.
fn composed(folder: &Path) -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut guru = Command::new(program("guru").unwrap());
    guru.current_dir(&root)
        .args(["build", "probe", "--on", "wasi", "--no-default-features"])
        .args(["--features", "invoke", "--out"])
        .arg(folder);
    for name in ["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN", "CARGO_BUILD_TARGET"] {
        guru.env_remove(name);
    }
    assert!(guru.status().unwrap().success());
    let function = fs::read(folder.join("function.wasm")).unwrap();
    let mut cargo = wasm_cargo(&Home::from_env().unwrap()).unwrap();
    cargo
        .current_dir(&root)
        .args(["build", "--lib", "--release", "--target", "wasm32-wasip2"])
        .args(["--package", "guru-spin-invoke"]);
    let adapter = cargo::make(&mut cargo, |artifact| {
        let is_it = artifact.target.crate_types.contains(&CrateType::CDyLib);
        artifact.filenames.first().filter(|_| is_it).cloned()
    });
    let adapter = fs::read(adapter.unwrap().unwrap()).unwrap();
    compose::compose(&function, &[adapter]).unwrap()
}

struct Host(Child);

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(compiled: &Path, memory: &str) -> (Host, String) {
    let mut host = Command::new(program("guru-host").unwrap())
        .arg("serve")
        .arg(compiled)
        .args(["--port", "0", "--memory", memory])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let out = host.stdout.take().unwrap();
    BufReader::new(out).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on http://");
    let address = address.unwrap_or_default().to_owned();
    (Host(host), address)
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_component_of_several_is_hosted() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, compiled) = (
        folder.path().join("composed.wasm"),
        folder.path().join("composed.cwasm"),
    );
    fs::write(&whole, composed(folder.path())).unwrap();
    compile(&whole, &compiled).unwrap();
    let (_host, address) = serve(&compiled, "64");
    let answer = get(&address, "/ok");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // The other component has answered: it leads to where nobody is here.
    let answer = get(&address, "/invoke/probe/ok");
    assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
    // Both have a megabyte and more to begin with, and so together more than one.
    let (_host, address) = serve(&compiled, "2");
    let answer = get(&address, "/ok");
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
}
