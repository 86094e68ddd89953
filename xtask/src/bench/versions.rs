//! Describes the machine and the versions that a run was made with.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{BenchContext, tools};
use crate::surroundings;

/// Packages in bench/Cargo.lock whose versions are reported.
const CRATES: [&str; 5] = ["axum", "hyper", "lambda_http", "spin-sdk", "worker"];

/// The properties of the machine.
pub(super) fn machine() -> BTreeMap<String, String> {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let cores = std::thread::available_parallelism().map(|cores| cores.to_string());
    let facts = [
        ("CPU", after(&read("/proc/cpuinfo"), "model name")),
        ("cores", cores.ok()),
        (
            "memory",
            after(&read("/proc/meminfo"), "MemTotal").map(|kib| gibibytes(&kib)),
        ),
        ("kernel", Some(read("/proc/sys/kernel/osrelease"))),
        ("system", after(&read("/etc/os-release"), "PRETTY_NAME")),
        ("architecture", Some(std::env::consts::ARCH.to_owned())),
    ];
    known(facts)
}

/// The versions of the tools that are installed.
pub(super) fn all(context: &BenchContext<'_>) -> BTreeMap<String, String> {
    let home = context.home.root();
    let venv = |name: &str| home.join("bench").join(name).join("bin").join("python");
    let ours = context.workspace.root();
    let mut all = known([
        ("guru", Some(env!("CARGO_PKG_VERSION").to_owned())),
        ("rustc", said(Some("rustc".into()), "--version")),
        ("node", said(Some("node".into()), "--version")),
        (
            "workerd",
            said(tools::workerd(context.home).ok(), "--version"),
        ),
        ("wasmtime", said(tools::wasmtime().ok(), "--version")),
        ("wasmtime in guru-host", locked(ours, "wasmtime")),
        ("spin", said(tools::spin().ok(), "--version")),
        ("wrk", said(which::which("wrk").ok(), "-v")),
        (
            "oha",
            said(Some(home.join("oha").join("bin").join("oha")), "--version"),
        ),
        ("python", said(Some(venv("flask")), "--version")),
    ]);
    let pinned = |package, file: &str| {
        let list = fs::read_to_string(context.opponents.join(file)).unwrap_or_default();
        pinned(&list, package)
    };
    let opponents = CRATES.map(|name| (name, locked(&context.opponents, name)));
    all.extend(known(opponents));
    all.extend(known([
        ("hono", pinned("\"hono\": \"", "hono/package.json")),
        ("flask", pinned("flask==", "flask/requirements.txt")),
        (
            "awslambdaric",
            pinned("awslambdaric==", "awslambdaric/requirements.txt"),
        ),
    ]));
    all
}

fn known<const COUNT: usize>(facts: [(&str, Option<String>); COUNT]) -> BTreeMap<String, String> {
    let facts = facts.into_iter().filter_map(|(name, fact)| {
        let fact = fact?.trim().to_owned();
        (!fact.is_empty()).then(|| (name.to_owned(), fact))
    });
    facts.collect()
}

/// The version of a package in a folder's lock file.
pub(super) fn locked(folder: &Path, name: &str) -> Option<String> {
    let lock = fs::read_to_string(folder.join("Cargo.lock")).ok()?;
    let lock: toml_edit::DocumentMut = lock.parse().ok()?;
    let packages = lock.get("package")?.as_array_of_tables()?;
    let package = packages
        .iter()
        .find(|package| package.get("name").and_then(|found| found.as_str()) == Some(name))?;
    Some(package.get("version")?.as_str()?.to_owned())
}

/// The text after a package's name in a list, up to the end of the version.
fn pinned(list: &str, package: &str) -> Option<String> {
    let mut lines = list.lines();
    let rest = lines.find_map(|line| {
        let start = line.to_ascii_lowercase().find(package)?;
        line.get(start + package.len()..)
    })?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    rest.get(..end.unwrap_or(rest.len())).map(str::to_owned)
}

/// The first line of a program's version output, whatever its exit status: wrk exits with a failure.
fn said(program: Option<PathBuf>, option: &str) -> Option<String> {
    let output = surroundings::command(program?).arg(option).output().ok()?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let line = text.lines().next()?;
    Some(line.split(" Copyright").next()?.trim().to_owned())
}

/// The value of `name : value`, `name=value` or `name="value"`.
fn after(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    let value = line.split_once([':', '=']).map(|(_, value)| value)?;
    Some(value.trim().trim_matches('"').to_owned())
}

/// `24576000 kB` as `23.4 GiB`.
fn gibibytes(kib: &str) -> String {
    let number = kib
        .split(' ')
        .next()
        .and_then(|kib| kib.parse::<u32>().ok());
    number.map_or_else(
        || kib.to_owned(),
        |kib| format!("{:.1} GiB", f64::from(kib) / 1024.0 / 1024.0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_as_each_file_has_them() {
        let cases = [
            (
                "processor\t: 0\nmodel name\t: A CPU @ 2 GHz\n",
                "model name",
                Some("A CPU @ 2 GHz"),
            ),
            (
                "MemTotal:       24576000 kB\n",
                "MemTotal",
                Some("24576000 kB"),
            ),
            (
                "NAME=\"x\"\nPRETTY_NAME=\"Debian 12\"\n",
                "PRETTY_NAME",
                Some("Debian 12"),
            ),
            ("", "CPU", None),
        ];
        for (text, name, want) in cases {
            assert_eq!(after(text, name).as_deref(), want);
        }
        assert_eq!(gibibytes("24576000 kB"), "23.4 GiB");
    }

    #[test]
    fn versions_are_read_from_lists() {
        let cases = [
            (
                "# made\nblinker==1.9\nFlask==3.1.2 \\\n",
                "flask==",
                Some("3.1.2"),
            ),
            ("  \"hono\": \"4.13.19\"\n", "\"hono\": \"", Some("4.13.19")),
            ("", "flask==", None),
        ];
        for (list, package, want) in cases {
            assert_eq!(pinned(list, package).as_deref(), want);
        }
    }

    #[test]
    fn our_own_lock_file_is_read() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let version = locked(root, "wasmtime").unwrap();
        assert_eq!(version.split('.').count(), 3);
        assert_eq!(locked(root, "no-such-package"), None);
    }
}
