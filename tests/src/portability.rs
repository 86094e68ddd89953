//! The generated part of docs/portability.md: the matrix, the runtimes, and how much code each target takes.

use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

use crate::report::Report;

/// Everything between these two lines of the page is generated.
const BEGIN: &str = "<!-- measured: `cargo guru test --docs` writes what follows -->";
const END: &str = "<!-- measured: end -->";

/// What identifies vendor-specific code, in any letter case; a function's code contains none of it.
const VENDORS: [&str; 8] = [
    "cloudflare",
    "worker",
    "spin",
    "wasi",
    "wasm",
    "lambda",
    "aws",
    "target_",
];

/// Writes the results into the page at `page`, for the workspace at `root`.
pub(crate) fn write(report: &Report, root: &Path, page: &Path) -> Result<()> {
    let shown = page.display();
    let text = fs::read_to_string(page).with_context(|| format!("cannot read {shown}"))?;
    let parts = text
        .split_once(BEGIN)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let Some((before, after)) = parts else {
        bail!("{shown} has no lines `{BEGIN}` and `{END}` to write between");
    };
    let measured = section(report, root)?;
    let text = format!("{before}{BEGIN}\n\n{measured}\n{END}{after}");
    fs::write(page, text).with_context(|| format!("cannot write {shown}"))
}

fn section(report: &Report, root: &Path) -> Result<String> {
    let mut lines = vec![format!("Measured on {}.", report.when)];
    lines.extend([String::new(), report.matrix(), String::new()]);
    lines.push("A number is of cases that pass; `≠` counts those among them that pass with a capability of this page in place of the contract.".into());
    lines.extend([
        String::new(),
        "| folder | lines of Rust |".into(),
        "| --- | --- |".into(),
    ]);
    for (name, count) in folders(root)? {
        lines.push(format!("| `{name}` | {count} |"));
    }
    let (all, specific) = functions(root)?;
    lines.extend([
        String::new(),
        format!(
            "Lines without blank ones, comments and tests. Of the {all} lines of the functions themselves, {specific} know a vendor."
        ),
        String::new(),
    ]);
    Ok(lines.join("\n"))
}

/// The folders of vendor-specific code, with the lines of each.
fn folders(root: &Path) -> Result<Vec<(String, usize)>> {
    let mut found = Vec::new();
    for top in ["adapters", "targets"] {
        for name in names(&root.join(top))? {
            let folder = root.join(top).join(&name);
            for (part, source) in parts(&folder)? {
                found.push((format!("{top}/{name}{part}"), count(&source, &|_| true)?));
            }
        }
    }
    found.push(("host".to_owned(), count(&root.join("host/src"), &|_| true)?));
    Ok(found)
}

/// The source folders of a crate and of the crates nested in it.
fn parts(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    let below = names(folder)?.into_iter().map(|name| format!("/{name}"));
    for part in std::iter::once(String::new()).chain(below) {
        let source = folder.join(part.trim_start_matches('/')).join("src");
        if source.is_dir() {
            found.push((part, source));
        }
    }
    Ok(found)
}

/// The lines of all functions, and how many of them are vendor-specific.
fn functions(root: &Path) -> Result<(usize, usize)> {
    let is_specific = |line: &str| {
        let line = line.to_ascii_lowercase();
        VENDORS.iter().any(|vendor| line.contains(vendor))
    };
    let (mut all, mut specific) = (0, 0);
    for name in names(&root.join("functions"))? {
        let source = root.join("functions").join(name).join("src");
        all += count(&source, &|_| true)?;
        specific += count(&source, &is_specific)?;
    }
    Ok((all, specific))
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Result<Vec<String>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Counts the lines of code below a folder that `counts` accepts, without tests, blank lines and comments.
fn count(folder: &Path, counts: &dyn Fn(&str) -> bool) -> Result<usize> {
    let mut total = 0;
    for name in names(folder)? {
        let path = folder.join(&name);
        if name == "tests" {
            continue;
        }
        if path.is_dir() {
            total += count(&path, counts)?;
        } else if name.ends_with(".rs") && name != "tests.rs" {
            let text = fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            let code = text.split("#[cfg(test)]\nmod tests {").next();
            total += code
                .unwrap_or_default()
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty() && !line.starts_with("//"))
                .filter(|line| counts(line))
                .count();
        }
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_function_knows_a_vendor() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let (all, specific) = functions(here.parent().unwrap()).unwrap();
        assert!(all > 100, "only {all} lines were found");
        assert_eq!(specific, 0);
    }

    #[test]
    fn what_stands_around_the_measured_part_stays() {
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("page.md");
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = here.parent().unwrap();
        let report = Report::new(&[], std::iter::empty());
        fs::write(&page, format!("before\n{BEGIN}\nold\n{END}\nafter\n")).unwrap();
        write(&report, root, &page).unwrap();
        let text = fs::read_to_string(&page).unwrap();
        assert!(text.starts_with("before\n") && text.ends_with("\nafter\n"));
        assert!(
            text.contains("adapters/native")
                && text.contains("targets/lambda/gateway")
                && !text.contains("\nold\n")
        );
        fs::write(&page, "nothing to write between").unwrap();
        assert!(write(&report, root, &page).is_err());
    }
}
