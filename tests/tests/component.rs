//! The component that WASI hosts run: its imports, and that one file serves all hosts.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use conformance::driver::{compile, component, spin_manifest};
use conformance::vector::Function;
use sha2::{Digest as _, Sha256};
use wasmparser::{Parser, Payload};

const FUNCTIONS: [Function; 2] = [Function::Meditations, Function::Probe];

/// The names of a component's own imports and exports, not those of its nested components.
fn names(component: &[u8]) -> (Vec<String>, Vec<String>) {
    let (mut imports, mut exports, mut depth) = (Vec::new(), Vec::new(), 0);
    for payload in Parser::new(0).parse_all(component) {
        match payload.unwrap() {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 0 => {
                imports.extend(section.into_iter().map(|i| i.unwrap().name.name.to_owned()));
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                exports.extend(section.into_iter().map(|e| e.unwrap().name.name.to_owned()));
            }
            _ => {}
        }
    }
    (imports, exports)
}

/// The file that `spin up` runs according to its manifest.
fn of_spin_toml(function: Function) -> PathBuf {
    let manifest = spin_manifest(function);
    let text = fs::read_to_string(&manifest).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("source = \""))
        .unwrap();
    manifest.parent().unwrap().join(line.trim_end_matches('"'))
}

fn sha256(path: &Path) -> String {
    let sum = Sha256::digest(fs::read(path).unwrap());
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a component may import beside WASI: what is ours, where the function has stores, and on Spin what that leads to.
fn is_expected(import: &str, function: Function, vendor: &str) -> bool {
    let of_stores: &[&str] = match (function, vendor) {
        (Function::Probe, "wasi") => &[
            "guru:ports/key-value@",
            "guru:ports/atomic@",
            "guru:ports/sqlite@",
            "guru:ports/postgres@",
            "guru:ports/secret@",
            "guru:ports/invoke@",
        ],
        (Function::Probe, _) => &[
            "spin:key-value/key-value@",
            "spin:sqlite/sqlite@",
            "spin:postgres/postgres@",
            // Secrets, and where the server of a database is.
            "spin:variables/variables@",
        ],
        _ => &[],
    };
    import.starts_with("wasi:") || of_stores.iter().any(|of| import.starts_with(of))
}

#[test]
fn a_component_asks_for_wasi_and_for_its_ports() {
    let pairs = FUNCTIONS
        .into_iter()
        .flat_map(|it| [(it, "spin"), (it, "wasi")]);
    for (function, vendor) in pairs {
        let (imports, exports) = names(&fs::read(component(function, vendor).unwrap()).unwrap());
        assert!(imports.len() > 3, "{function} imports only {imports:?}");
        for import in &imports {
            assert!(
                is_expected(import, function, vendor),
                "{function} for {vendor} imports {import}: no other host has that"
            );
        }
        let stores = imports.iter().filter(|import| !import.starts_with("wasi:"));
        let wanted = match (function, vendor) {
            (Function::Probe, "wasi") => 6,
            // Atomic stores are in one of its databases of SQLite, too.
            (Function::Probe, _) => 4,
            _ => 0,
        };
        assert_eq!(
            stores.count(),
            wanted,
            "{function} for {vendor}: {imports:?}"
        );
        assert!(
            exports
                .iter()
                .any(|export| export.starts_with("wasi:http/handler@0.3.")),
            "{function} exports {exports:?}"
        );
    }
}

/// The components that a component has in it, as they are.
fn parts(component: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(component) {
        match payload.unwrap() {
            Payload::ComponentSection {
                unchecked_range, ..
            } => {
                if depth == 0 {
                    parts.extend(component.get(unchecked_range));
                }
                depth += 1;
            }
            Payload::ModuleSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            _ => {}
        }
    }
    parts
}

/// On Spin a function with stores is composed with what leads them to Spin's own; nothing of the function's is changed.
#[test]
fn every_host_of_components_runs_one_file() {
    for function in FUNCTIONS {
        let of_spin = component(function, "spin").unwrap();
        let named = fs::canonicalize(of_spin_toml(function)).unwrap();
        assert_eq!(named, fs::canonicalize(&of_spin).unwrap());
        let of_wasi = component(function, "wasi").unwrap();
        if function == Function::Probe {
            let (composed, own) = (fs::read(&of_spin).unwrap(), fs::read(&of_wasi).unwrap());
            let parts = parts(&composed);
            assert_eq!(
                parts.len(),
                7,
                "the function, and one for each interface of ours"
            );
            assert_eq!(parts.iter().filter(|part| ***part == *own).count(), 1);
        } else {
            assert_eq!(sha256(&of_spin), sha256(&of_wasi), "{function}");
        }
        // The bootstrap reads machine code; compiling the same component again must give the same bytes.
        let folder = tempfile::tempdir().unwrap();
        let [once, again] = ["once", "again"].map(|name| folder.path().join(name));
        compile(&of_wasi, &once).unwrap();
        compile(&of_wasi, &again).unwrap();
        assert_eq!(sha256(&once), sha256(&again), "{function}");
    }
}
