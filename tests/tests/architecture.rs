//! Tests the invariants of docs/architecture.md against `cargo metadata` and the source tree.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Crates that belong to one vendor or one runtime, and the only folders that may depend on them.
const OWNED: [(&str, &[&str]); 17] = [
    ("aws-sigv4", &["services"]),
    ("rusqlite", &["services"]),
    (
        "spin-sdk",
        &[
            "targets/spin/atomic",
            "targets/spin/key-value",
            "targets/spin/postgres",
            "targets/spin/secret",
            "targets/spin/invoke",
            "targets/spin/sqlite",
        ],
    ),
    ("wac-graph", &["toolbox"]),
    ("wit-bindgen", &["wit"]),
    ("worker", &["adapters/js"]),
    ("worker-sys", &["adapters/js"]),
    ("js-sys", &["adapters/js"]),
    ("web-sys", &["adapters/js"]),
    ("wasm-bindgen", &["adapters/js"]),
    ("wasip2", &["adapters/wasi"]),
    ("wasip3", &["adapters/wasi"]),
    ("wasmtime", &["host"]),
    ("lambda_runtime", &["targets/lambda"]),
    ("aws_lambda_events", &["targets/lambda"]),
    (
        "hyper",
        &[
            "adapters/native",
            "client",
            "host",
            "server",
            "targets/lambda/gateway",
        ],
    ),
    (
        "tokio",
        &[
            "adapters/native",
            "client",
            "host",
            "server",
            "services",
            "targets/lambda",
        ],
    ),
];

/// The layers of the core, from the bottom up: each may use only those before it.
const LAYERS: [&str; 5] = ["http", "ports", "app", "adapter", "memory"];

/// The files of every adapter, so that the diff of two adapters shows only how their technologies differ.
const MIRRORED: [&str; 4] = ["lib.rs", "convert.rs", "log.rs", "ports.rs"];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .exec()
        .unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// A package's folder, relative to the root of the workspace.
fn folder(package: &Package) -> String {
    let folder = package.manifest_path.parent().unwrap().as_std_path();
    folder
        .strip_prefix(root())
        .unwrap()
        .to_string_lossy()
        .replace('\\', "/")
}

/// The packages of the workspace by name, with the folder of each and its normal and build dependencies.
fn needs(metadata: &Metadata) -> BTreeMap<String, (String, BTreeSet<String>)> {
    let packages = metadata.workspace_packages().into_iter();
    packages
        .map(|package| {
            let needed = package
                .dependencies
                .iter()
                .filter(|dependency| dependency.kind == DependencyKind::Normal);
            let needed = needed.map(|dependency| dependency.name.clone()).collect();
            (package.name.to_string(), (folder(package), needed))
        })
        .collect()
}

/// Whether a crate in one folder may depend on one in another.
fn may_need(from: &str, to: &str) -> bool {
    let floor = |folder: &str| folder.split('/').next().unwrap_or_default().to_owned();
    match (&*floor(from), &*floor(to)) {
        ("adapters" | "targets" | "guru" | "server" | "client" | "services" | "host", "core")
        | ("adapters" | "host", "server" | "client" | "services")
        | ("services", "client")
        | ("targets", "services")
        | ("adapters" | "targets", "wit")
        | ("targets", "adapters" | "host")
        | ("guru", "adapters" | "targets")
        | ("functions", "guru")
        | ("cli" | "xtask", "toolbox")
        | ("cli", "tests")
        | ("xtask", "cli") => true,
        // A target may consist of several crates. Targets never depend on each other, and neither do adapters.
        ("targets", "targets") => from.split('/').nth(1) == to.split('/').nth(1),
        _ => false,
    }
}

#[test]
fn dependencies_point_inward() {
    let needs = needs(&metadata());
    for (name, (from, needed)) in &needs {
        for (needed, (to, _)) in needed
            .iter()
            .filter_map(|needed| needs.get_key_value(needed))
        {
            assert!(
                may_need(from, to),
                "{name} ({from}) must not depend on {needed} ({to}): see docs/architecture.md"
            );
        }
    }
}

#[test]
fn a_vendor_is_known_in_one_place() {
    for (name, (from, needed)) in needs(&metadata()) {
        for (owned, owners) in OWNED.iter().filter(|(owned, _)| needed.contains(*owned)) {
            let is_owner = owners
                .iter()
                .any(|owner| Path::new(&from).starts_with(owner));
            assert!(
                is_owner,
                "{name} ({from}) must not depend on {owned}, which belongs in {owners:?}"
            );
        }
    }
}

/// The library names of everything a package is built from. This uses `cargo tree`, not the metadata's graph, which merges the
/// features of the whole workspace.
fn built_of(package: &str) -> BTreeSet<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(root())
        .args(["tree", "--edges", "normal", "--prefix", "none"])
        .args(["--format", "{lib}", "-p", package])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let seen = String::from_utf8(output.stdout).unwrap();
    seen.lines().map(str::to_owned).collect()
}

#[test]
fn core_needs_no_runtime_and_no_vendor() {
    let seen = built_of("guru-core");
    assert!(
        seen.contains("serde_json"),
        "the walk finds what is there: {seen:?}"
    );
    for outside in [
        "http",
        "tokio",
        "hyper",
        "worker",
        "wasm_bindgen",
        "wasip3",
        "wasmtime",
        "lambda_runtime",
        "getrandom",
    ] {
        assert!(
            !seen.contains(outside),
            "guru-core must not depend on {outside}, even through another crate"
        );
    }
}

/// Components are compiled when a function is built, never where it runs.
#[test]
fn what_lambda_starts_has_no_compiler() {
    let seen = built_of("guru-lambda");
    assert!(seen.contains("wasmtime"), "the walk finds what is there");
    for compiler in ["cranelift_codegen", "wasmtime_internal_cranelift"] {
        assert!(!seen.contains(compiler), "the bootstrap has {compiler}");
    }
}

#[test]
fn an_author_depends_on_guru_alone() {
    let needs = needs(&metadata());
    let ours: BTreeSet<_> = needs.keys().cloned().collect();
    for (name, (folder, needed)) in needs
        .iter()
        .filter(|(_, (folder, _))| folder.starts_with("functions/"))
    {
        let of_ours: Vec<_> = needed.intersection(&ours).collect();
        assert_eq!(of_ours, ["guru"], "{name} ({folder})");
        // The probe has two more, for the encodings of its wire format; the example shows that neither is required.
        assert!(
            name != "meditations" || needed.len() == 1,
            "{name} needs {needed:?}"
        );
    }
}

#[test]
fn adapters_mirror_each_other() {
    for adapter in std::fs::read_dir(root().join("adapters")).unwrap() {
        let source = adapter.unwrap().path().join("src");
        for file in MIRRORED {
            assert!(
                source.join(file).is_file(),
                "{} has no {file}",
                source.display()
            );
        }
    }
}

/// The Rust files below a folder, except tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut ahead = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(path) = ahead.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).unwrap();
            ahead.extend(entries.map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The lines of code of a file, without comments and tests.
fn code(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines.map(str::to_owned).collect()
}

#[test]
fn the_layers_of_the_core_know_those_below_alone() {
    for (level, layer) in LAYERS.iter().enumerate() {
        for path in sources(&root().join("core/src").join(layer)) {
            for line in code(&path) {
                for above in LAYERS.iter().skip(level + 1) {
                    assert!(
                        !line.contains(&format!("crate::{above}")),
                        "{} uses `{above}`, which is above `{layer}`: {line}",
                        path.display()
                    );
                }
            }
        }
    }
}

/// The command that users install stays small: the tooling for work on Guru itself is in xtask.
#[test]
fn the_authors_command_is_small() {
    let count = |folder: &str| -> usize {
        let files = sources(&root().join(folder));
        // Templates of new functions are not code of the command.
        let is_own = |path: &Path| {
            let is_template = path.components().any(|part| part.as_os_str() == "skeleton");
            !is_template && !path.ends_with("made_up.rs")
        };
        let files = files.iter().filter(|path| is_own(path));
        files.map(|path| code(path).len()).sum()
    };
    let lines = count("cli/src");
    assert!(lines < 5000, "cli has {lines} lines of code");
    for folder in ["bench", "budget", "gauge"] {
        assert!(count(&format!("xtask/src/{folder}")) > 0, "{folder}");
    }
}

#[test]
fn every_file_says_what_it_is_and_is_short_enough_to_read() {
    let mut ahead: Vec<_> = [
        "adapters",
        "client",
        "core",
        "guru",
        "host",
        "server",
        "services",
        "wit",
        "functions",
        "targets",
        "cli",
        "toolbox",
        "xtask",
        "tests",
        "bench",
        "fuzz/cloudflare",
        "fuzz/fuzz_targets",
        "fuzz/lambda",
        "fuzz/properties",
    ]
    .map(|name| root().join(name))
    .into();
    let mut count = 0;
    while let Some(path) = ahead.pop() {
        // What was built, or installed, is not ours.
        if ["target", "node_modules"]
            .iter()
            .any(|made| path.ends_with(made))
        {
            continue;
        }
        if path.is_dir() {
            ahead.extend(
                std::fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(
                text.starts_with("//!"),
                "{} does not open with //!",
                path.display()
            );
            let lines = text.lines().count();
            assert!(
                lines <= 400,
                "{} has {lines} lines: find its seam",
                path.display()
            );
            count += 1;
        }
    }
    assert!(count > 20, "only {count} files found");
}

/// A workspace whose lock file is of before stops where it is built with `--locked`, or takes what nobody has tried.
#[test]
fn the_workspaces_beside_this_one_have_locked_what_is_needed() {
    let packages = metadata().packages;
    for folder in ["bench", "fuzz"] {
        let lock = std::fs::read_to_string(root().join(folder).join("Cargo.lock")).unwrap();
        let lock: toml_edit::DocumentMut = lock.parse().unwrap();
        let locked = lock["package"].as_array_of_tables().unwrap();
        for held in locked {
            let name = held["name"].as_str().unwrap();
            let Some(package) = packages.iter().find(|package| {
                *package.name == *name && package.source.is_none() && held.get("source").is_none()
            }) else {
                continue;
            };
            let known = held.get("dependencies").and_then(|all| all.as_array());
            let known = known.into_iter().flatten().filter_map(|one| one.as_str());
            let known: BTreeSet<&str> = known.filter_map(|one| one.split(' ').next()).collect();
            for needed in &package.dependencies {
                let is_sure = needed.kind == DependencyKind::Normal && !needed.optional;
                assert!(
                    !is_sure || known.contains(&*needed.name),
                    "{folder}/Cargo.lock has no {} for {name}: `cargo metadata` there adds it",
                    needed.name
                );
            }
        }
    }
}
