//! Moves data from each target to the next one by `guru data`, and back: what comes out of the last is what went into the first.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use guru_cli::serving::address;
use guru_toolbox::served::Served;
use serde_json::json;

use crate::{
    args::target, aws::Ministack, child, console::say, context::TestContext, files, guru,
    setup::AWS,
};

/// The function whose stores are moved, which has one of each kind, and the targets, in order. Each keeps its data in a place of its own.
const FUNCTION: &str = "probe";
const TARGETS: [&str; 4] = ["local", "cloudflare", "aws", "local"];

/// One more page than a list has, of a thousand keys.
const MANY: usize = 1001;

/// Moves the data.
pub(crate) fn check(context: &TestContext<'_>) -> Result<()> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let guru = guru::program(context.workspace)?;
    let mut last = folder.path().join("sample");
    sample(&last)?;
    let wanted = tree(&last)?;
    for (at, name) in TARGETS.into_iter().enumerate() {
        let mut account = None;
        if name == "aws" {
            if !AWS.is_here(context.home) {
                say("  aws: not run: there is no ministack; `cargo guru setup` gets it");
                continue;
            }
            account = Some(Ministack::start(context.home, folder.path())?);
        } else if let Err(missing) = target(name).check(context.home) {
            say(&format!("  {name}: not run: {missing:#}"));
            continue;
        }
        let next = folder.path().join(format!("{at} {name}"));
        for (word, path) in [("import", &last), ("export", &next)] {
            let mut command = Command::new(&guru);
            command
                .current_dir(context.workspace.root())
                .args(["data", word])
                .arg(path)
                .args(["--function", FUNCTION, "--on", name])
                // The stores alone: not every target has all of its other ports.
                .args(["--no-default-features", "--features", "blob,key-value"])
                .env("GURU_DATA", folder.path().join(format!("data {at}")))
                .stdin(Stdio::null());
            if let Some(account) = &account {
                command.envs(settings(account));
            }
            child::output(&mut command)?;
        }
        let found = tree(&next)?;
        for (path, content) in &wanted {
            ensure!(
                found.get(path) == Some(content),
                "{} is not what it was, once it has been on {name}",
                path.display()
            );
        }
        ensure!(found.len() == wanted.len(), "{name} has more than it got");
        say(&format!("  {name}: {} files as they were", found.len()));
        last = next;
    }
    let data = folder.path().join(format!("data {}", TARGETS.len() - 1));
    by_the_function(context, &guru, &data)
}

/// The function itself finds what was imported, and an export what the function has written.
fn by_the_function(context: &TestContext<'_>, guru: &Path, data: &Path) -> Result<()> {
    let mut command = Command::new(guru);
    command
        .current_dir(context.workspace.root())
        .args(["dev", FUNCTION, "--no-watch", "--no-default-features"])
        .args(["--features", "blob,key-value", "--port", "0"])
        .env("GURU_DATA", data);
    let served = Served::start(&mut command, address)?;
    let url = served.url();
    for (path, wanted) in [
        ("/kv/lines", "a\nb\r\n\"c\"\\"),
        ("/kv/gr%C3%BC%C3%9F", "grüß"),
        ("/atomic/007", "007"),
        ("/blob/a%2F1", ""),
    ] {
        let found = ureq::get(format!("{url}{path}")).call().context(path)?;
        let found = found.into_body().read_to_string()?;
        ensure!(found == wanted, "{path} is {found:?}, and not {wanted:?}");
    }
    ureq::put(format!("{url}/kv/by-the-function")).send("x")?;
    drop(served);
    let mut command = Command::new(guru);
    command
        .current_dir(context.workspace.root())
        .args(["data", "ls", "--function", FUNCTION, "--prefix", "by-"])
        .args(["--no-default-features", "--features", "blob,key-value"])
        .env("GURU_DATA", data);
    let listed = child::output(&mut command)?;
    ensure!(listed == "values\tby-the-function\n", "{listed:?}");
    say("  the function finds what was imported, and an export what it writes");
    Ok(())
}

/// Where stores are on AWS.
fn settings(account: &Ministack) -> Vec<(&'static str, OsString)> {
    let place = format!("create&region=us-east-1&endpoint={}", account.url());
    [
        ("GURU_STORES", format!("dynamodb://guru-data?{place}")),
        ("GURU_BLOBS", format!("s3://guru-data?{place}")),
        ("AWS_ACCESS_KEY_ID", "test".into()),
        ("AWS_SECRET_ACCESS_KEY", "test".into()),
    ]
    .map(|(name, value)| (name, value.into()))
    .into()
}

/// An export that somebody else has made: what is odd in keys, values and content, at the limits.
fn sample(folder: &Path) -> Result<()> {
    let many = (0..MANY).map(|at| json!({"key": format!("many/{at:05}"), "text": "x"}));
    let odd = [
        json!({"key": "bytes", "base64": "AAECA/8="}),
        json!({"key": "empty", "text": ""}),
        json!({"key": "large", "text": "x".repeat(256 * 1024)}),
        json!({"key": "lines", "text": "a\nb\r\n\"c\"\\"}),
    ];
    let keys = ["a/b?c#d%25 &+\"\\'", "grüß", &"k".repeat(512)];
    let keys = keys.map(|key| json!({"key": key, "text": key}));
    let numbers = ["-9223372036854775808", "007", "42"];
    let numbers = numbers.map(|text| json!({"key": text, "text": text}));
    lines(folder, "values", odd.into_iter().chain(keys).chain(many))?;
    lines(folder, "versions", numbers)?;
    let blobs = [
        ("a/1", "image/png", 0),
        ("a/ü 2", "text/plain; charset=utf-8", 3_000_000),
    ];
    for (at, (_, _, size)) in (1..).zip(blobs) {
        let bytes: Vec<u8> = (0_u8..=255).cycle().take(size).collect();
        let file = folder.join(format!("files/{at:06}"));
        fs::create_dir_all(folder.join("files"))?;
        fs::write(file, bytes)?;
    }
    let blobs = (1..).zip(blobs).map(|(at, (key, content_type, _))| {
        json!({"key": key, "content_type": content_type, "file": format!("files/{at:06}")})
    });
    lines(folder, "files", blobs)
}

/// Writes the keys of a store, in the order of a list, and their members in that of an export.
fn lines(
    folder: &Path,
    name: &str,
    values: impl IntoIterator<Item = serde_json::Value>,
) -> Result<()> {
    let members = ["key", "text", "base64", "content_type", "file"];
    let mut all: Vec<_> = values.into_iter().collect();
    all.sort_by(|one, other| one["key"].as_str().cmp(&other["key"].as_str()));
    let mut text = String::new();
    for value in all {
        let parts = members.iter().filter_map(|member| {
            let value = value.get(member)?;
            Some(format!("\"{member}\":{value}"))
        });
        text += &format!("{{{}}}\n", parts.collect::<Vec<_>>().join(","));
    }
    files::write(&folder.join(format!("{name}.jsonl")), &text)
}

/// Every file below a folder, with its content.
fn tree(folder: &Path) -> Result<BTreeMap<std::path::PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut ahead = vec![folder.to_owned()];
    while let Some(path) = ahead.pop() {
        if path.is_dir() {
            for entry in fs::read_dir(&path)? {
                ahead.push(entry?.path());
            }
        } else {
            let below = path.strip_prefix(folder).unwrap_or(&path).to_owned();
            found.insert(below, fs::read(&path)?);
        }
    }
    Ok(found)
}
