//! Function names that cargo, Rust and every vendor accept.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use toml_edit::{DocumentMut, Item};

/// With the stage appended, the strictest vendor allows 63 characters
/// (<https://developers.cloudflare.com/workers/configuration/routing/workers-dev/>).
const LONGEST: usize = 48;

/// Names with a meaning of their own in Rust or cargo, and names of the function's dependencies.
const TAKEN: [&str; 63] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "build",
    "const",
    "continue",
    "core",
    "crate",
    "deps",
    "do",
    "dyn",
    "else",
    "enum",
    "examples",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "guru",
    "if",
    "impl",
    "in",
    "incremental",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "union",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

/// Reserved device names, which a folder cannot have (<https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file>).
const DEVICES: [&str; 6] = ["aux", "con", "nul", "prn", "com", "lpt"];

/// The function's name, checked against the rules of cargo and every vendor.
pub fn name(path: &Path) -> Result<&str> {
    let last = path.file_name().and_then(|name| name.to_str());
    let name = last.with_context(|| format!("{} does not end in a name", path.display()))?;
    let is_word = |word: &str| {
        let mut bytes = word.bytes();
        bytes.next().is_some_and(|first| first.is_ascii_lowercase())
            && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    ensure!(
        name.split('-').all(is_word),
        "`{name}` is not a name that every vendor takes: it must be words of a to z and 0 to 9 that begin with a letter, \
         with single hyphens between, such as `my-function`"
    );
    ensure!(
        name.len() <= LONGEST,
        "`{name}` is too long: every vendor takes {LONGEST} characters"
    );
    ensure!(
        !TAKEN.contains(&name),
        "`{name}` is something else to Rust or cargo: take another, such as `my-{name}`"
    );
    let device = name.trim_end_matches(|char: char| char.is_ascii_digit());
    // `com` and `lpt` are reserved with one digit appended, the others without.
    let digits = usize::from(["com", "lpt"].contains(&device));
    ensure!(
        !DEVICES.contains(&device) || name.len() != device.len() + digits,
        "`{name}` is a device to Windows, where no folder can be called so: take another, such as `my-{name}`"
    );
    Ok(name)
}

/// Fails if a crate of Guru's that the function depends on has the same name: a lock file cannot distinguish two packages of the
/// same name and version that come from no registry.
pub fn check_crates(name: &str, lock: &str) -> Result<()> {
    let Ok(document) = lock.parse::<DocumentMut>() else {
        return Ok(());
    };
    let packages = document.get("package").and_then(Item::as_array_of_tables);
    let is_ours = packages.into_iter().flatten().any(|package| {
        let text = |key: &str| package.get(key).and_then(Item::as_str);
        text("name") == Some(name) && text("source").is_none() && name.starts_with("guru-")
    });
    if is_ours {
        bail!(
            "`{name}` is a crate of Guru's own, of which functions are made: take another name, such as `my-{name}`"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_every_vendor_takes() {
        for good in [
            "hello",
            "my-function",
            "a1",
            "x",
            "com",
            "nul1",
            "url",
            "guru-bot",
        ] {
            assert_eq!(name(Path::new(good)).unwrap(), good);
            assert_eq!(name(&Path::new("..").join(good)).unwrap(), good);
        }
        let long = "a".repeat(LONGEST + 1);
        let bad = [
            "",
            ".",
            "..",
            "Hello",
            "1a",
            "-a",
            "a-",
            "a--b",
            "a_b",
            "a b",
            "a.b",
            "é",
            "a-1",
            "fn",
            "test",
            "guru",
            "yield",
            "core",
            "std",
            "alloc",
            "self",
            "crate",
            "proc-macro",
            "nul",
            "com1",
            &long,
        ];
        for bad in bad {
            let refused = name(Path::new(bad));
            assert!(refused.is_err(), "{bad}: {refused:?}");
        }
    }

    #[test]
    fn names_taken_are_sorted_and_told_once() {
        assert!(TAKEN.is_sorted());
    }
}
