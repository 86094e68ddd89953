//! Creates a function in workspaces of every kind: afterwards cargo must resolve the expected members, or nothing was written.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::process::Command;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;
use guru_toolbox::around::{ParentWorkspace, metadata, root};

use guru_cli::args::{New, Template};
use guru_cli::commands::new;
use guru_toolbox::console::Console;
use guru_toolbox::{child, files};

#[path = "joining/cases.rs"]
mod cases;

use cases::{
    A, CASES, Case,
    Want::{Alone, Member},
};

/// Every file below a folder, with its content.
fn tree(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.push((path.clone(), String::new()));
            all.extend(tree(&path));
        } else {
            let text = fs::read_to_string(&path).unwrap();
            all.push((path, text));
        }
    }
    all.sort();
    all
}

/// A folder outside any workspace, wherever the temporary folder is.
fn apart() -> (tempfile::TempDir, PathBuf) {
    let outer = tempfile::tempdir().unwrap();
    let text = "[workspace]\nexclude = [\"case\"]\n";
    files::write(&outer.path().join("Cargo.toml"), text).unwrap();
    let folder = outer.path().join("case");
    fs::create_dir(&folder).unwrap();
    (outer, folder)
}

fn make(folder: &Path) -> Result<()> {
    let options = New {
        name: folder.to_owned(),
        guru: Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")),
        template: Template::Hello,
    };
    new::run(Console::new(), &options).map(drop)
}

/// The member names of the workspace that contains a folder.
fn members(folder: &Path) -> Vec<String> {
    let manifest = root(folder).unwrap();
    let metadata = metadata(&manifest).unwrap();
    metadata
        .packages
        .iter()
        .map(|package| package.name.to_string())
        .collect()
}

#[test]
fn a_function_joins_the_workspace_around_it_or_nothing_is_written() {
    for Case {
        why,
        files,
        at,
        want,
    } in CASES
    {
        let (_outer, folder) = apart();
        for (name, text) in files {
            files::write(&folder.join(name), text).unwrap();
        }
        let before = tree(&folder);
        let place = folder.join(at);
        let made = make(&place);
        match want {
            Err(word) => {
                let error = format!("{:#}", made.unwrap_err());
                assert!(error.contains(word), "{why}: {error}");
                assert_eq!(tree(&folder), before, "{why}");
            }
            Ok(Alone) => {
                made.unwrap();
                assert_eq!(members(&place), ["hello"], "{why}");
                for (path, text) in before {
                    assert!(
                        path.is_dir() || fs::read_to_string(path).unwrap() == text,
                        "{why}"
                    );
                }
            }
            Ok(Member(list)) => {
                made.unwrap();
                let manifest = fs::read_to_string(root(&place).unwrap()).unwrap();
                assert!(manifest.contains(list), "{why}: {manifest}");
                assert!(members(&place).contains(&"hello".to_owned()), "{why}");
                let wrangler = fs::read_to_string(place.join("wrangler.toml")).unwrap();
                let up = "../".repeat(at.trim_start_matches("in/").split('/').count());
                assert!(
                    wrangler.contains(&format!("main = \"{up}dist/cloudflare/hello/worker.js\"")),
                    "{why}: {wrangler}"
                );
            }
        }
    }
}

#[test]
fn a_member_takes_what_its_workspace_says_for_all() {
    let folder = tempfile::tempdir().unwrap();
    let guru = concat!(env!("CARGO_MANIFEST_DIR"), "/../guru");
    let package = "version = \"3.0.0\"\nedition = \"2018\"\nrust-version = \"1.60\"\nlicense = \"MIT\"\nauthors = [\"me\"]\n";
    let text = format!(
        "[workspace]\n[workspace.package]\n{package}[workspace.lints.rust]\nunsafe_code = \"forbid\"\n[workspace.dependencies]\nguru = {{ path = '{guru}' }}\n"
    );
    files::write(&folder.path().join("Cargo.toml"), &text).unwrap();
    make(&folder.path().join("hello")).unwrap();
    let made = fs::read_to_string(folder.path().join("hello/Cargo.toml")).unwrap();
    for line in [
        "version.workspace = true",
        "edition = \"2024\"",
        "license.workspace = true",
        "authors.workspace = true",
        "publish = false",
        "guru.workspace = true",
        "[lints]\nworkspace = true",
    ] {
        assert!(made.contains(line), "{line} in {made}");
    }
    for none in ["rust-version", "[profile", "[workspace]"] {
        assert!(!made.contains(none), "{none} in {made}");
    }
    assert!(!folder.path().join("hello/Cargo.lock").exists());
}

#[test]
fn the_guru_of_a_workspace_is_the_guru_of_its_functions() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = folder.path().join("elsewhere/guru");
    let other = A.replace("\"a\"", "\"guru\"");
    files::write(&elsewhere.join("Cargo.toml"), &other).unwrap();
    files::write(&elsewhere.join("lib.rs"), "").unwrap();
    let lib = "[lib]\npath = \"lib.rs\"\n";
    let a = format!(
        "[package]\nname = \"a\"\nversion = \"1.0.0\"\n{lib}[dependencies]\nguru = {{ path = {elsewhere:?} }}\n"
    );
    files::write(
        &folder.path().join("Cargo.toml"),
        "[workspace]\nmembers = [\"a\"]\n",
    )
    .unwrap();
    files::write(&folder.path().join("a/Cargo.toml"), &a).unwrap();
    files::write(&folder.path().join("a/lib.rs"), "").unwrap();
    let around = ParentWorkspace::find(&folder.path().join("hello"), "hello")
        .unwrap()
        .unwrap();
    assert_eq!(around.guru(), Some(&*elsewhere));
    // An unrelated crate of the same name is not inherited.
    let text = "[workspace]\n[workspace.dependencies]\nguru = \"1\"\n";
    files::write(&folder.path().join("Cargo.toml"), text).unwrap();
    let around = ParentWorkspace::find(&folder.path().join("hello"), "hello")
        .unwrap()
        .unwrap();
    let made = around
        .adapt("[package]\nname = \"x\"\n[dependencies]\nguru = { path = \"/guru\" }\n")
        .unwrap();
    assert!(made.contains("guru = { path = \"/guru\" }"), "{made}");
}

#[test]
fn a_workspace_stays_whole() {
    let folder = tempfile::tempdir().unwrap();
    files::write(
        &folder.path().join("Cargo.toml"),
        "[workspace]\nmembers = [\"functions/*\"]\nresolver = \"3\"\n",
    )
    .unwrap();
    for name in ["one", "two"] {
        make(&folder.path().join("functions").join(name)).unwrap();
    }
    let mut cargo = Command::new("cargo");
    let read = cargo
        .args(["metadata", "--no-deps", "--format-version=1"])
        .current_dir(folder.path());
    let said: serde_json::Value = serde_json::from_str(&child::output(read).unwrap()).unwrap();
    assert_eq!(said["packages"].as_array().unwrap().len(), 2);
}
