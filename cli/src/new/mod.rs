//! `guru new`: a function of one's own. Knows what is in its folder, not what any of the tools that read it does.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{
    args,
    console::{Console, say},
    files, interrupt,
};

/// A file of the folder: where it goes, and what it says before names are filled in.
const FILES: [(&str, &str); 10] = [
    ("Cargo.toml", include_str!("skeleton/manifest.toml")),
    ("src/lib.rs", include_str!("skeleton/lib.rs")),
    ("src/main.rs", include_str!("skeleton/main.rs")),
    ("wrangler.toml", include_str!("skeleton/wrangler.toml")),
    ("spin.toml", include_str!("skeleton/spin.toml")),
    // The example's own, so that there is one to keep right.
    ("template.yaml", include_str!("../../../template.yaml")),
    ("samconfig.toml", include_str!("../../../samconfig.toml")),
    ("README.md", include_str!("skeleton/README.md")),
    (".gitignore", include_str!("skeleton/gitignore")),
    ("clippy.toml", include_str!("skeleton/clippy.toml")),
];

/// Where this command was built from.
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Stage and all, the strictest of the vendors takes 63 characters
/// (<https://developers.cloudflare.com/workers/configuration/routing/workers-dev/>).
const LONGEST: usize = 48;

/// Names that are something else to Rust or to cargo, or that the function depends on.
const TAKEN: [&str; 61] = [
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
];

/// Makes the folder. Always true: what goes wrong is an error, and leaves nothing behind.
pub(crate) fn run(console: Console, options: &args::New) -> Result<bool> {
    let name = name(&options.name)?;
    let guru = source(options.guru.as_deref())?;
    let folder = &options.name;
    if fs::symlink_metadata(folder).is_ok() {
        bail!(
            "{} is there already: take another name, or move it away",
            folder.display()
        );
    }
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
    // All or nothing: what is half made has another name.
    let unfinished = parent.join(format!(".{name}.{}", std::process::id()));
    let doomed = unfinished.clone();
    interrupt::undo(move || drop(files::remove(&doomed)));
    let made = fill(&unfinished, name, &guru).and_then(|()| {
        fs::rename(&unfinished, folder)
            .with_context(|| format!("cannot create {}", folder.display()))
    });
    if made.is_err() {
        files::remove(&unfinished)?;
    }
    made?;
    for (file, _) in FILES {
        console.note(&format!("  {}", folder.join(file).display()));
    }
    say(&format!(
        "{name} is made. Serve it:\n\n    cd {} && guru dev\n",
        folder.display()
    ));
    Ok(true)
}

fn fill(folder: &Path, name: &str, guru: &Path) -> Result<()> {
    for (file, text) in FILES {
        files::write(&folder.join(file), &named(file, text, name, guru)?)?;
    }
    // The versions that Guru itself is tested with; cargo takes out what the function does not need.
    let lock = guru.with_file_name("Cargo.lock");
    if lock.is_file() {
        files::copy(&lock, &folder.join("Cargo.lock"))?;
    }
    Ok(())
}

/// What a file says of this function.
fn named(file: &str, text: &str, name: &str, guru: &Path) -> Result<String> {
    let guru = guru
        .to_str()
        .with_context(|| format!("{} is not UTF-8, as a manifest must be", guru.display()))?;
    Ok(match file {
        "template.yaml" | "samconfig.toml" => text
            .replace("dist/lambda/meditations/", "dist/lambda/")
            .replace("meditations", name),
        _ => text
            .replace("{{name}}", name)
            .replace("{{crate}}", &name.replace('-', "_"))
            .replace("{{guru}}", &toml_edit::Value::from(guru).to_string()),
    })
}

/// The name, which every vendor and cargo must take.
fn name(path: &Path) -> Result<&str> {
    let last = path.file_name().and_then(|name| name.to_str());
    let name = last.with_context(|| format!("{} does not end in a name", path.display()))?;
    let is_word = |word: &str| {
        let mut bytes = word.bytes();
        bytes.next().is_some_and(|first| first.is_ascii_lowercase())
            && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    ensure!(
        name.split('-').all(is_word),
        "`{name}` is no name that every vendor takes: it must be words of a to z and 0 to 9 that begin with a letter, \
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
    Ok(name)
}

/// The folder of the author's crate.
fn source(named: Option<&Path>) -> Result<PathBuf> {
    let source = named.unwrap_or(Path::new(SOURCE));
    let guru = source.join("guru");
    if !guru.join("Cargo.toml").is_file() {
        match named {
            Some(named) => bail!(
                "{} is not the folder of Guru's sources: there is no guru/Cargo.toml in it",
                named.display()
            ),
            None => bail!(
                "the sources that this command was built from are gone: say where Guru's sources are with --guru or in \
                 GURU_SOURCE"
            ),
        }
    }
    fs::canonicalize(&guru).with_context(|| format!("cannot resolve {}", guru.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_every_vendor_takes() {
        for good in ["hello", "my-function", "a1", "x"] {
            assert_eq!(name(Path::new(good)).unwrap(), good);
            assert_eq!(name(&Path::new("..").join(good)).unwrap(), good);
        }
        let long = "a".repeat(LONGEST + 1);
        let bad = [
            "", ".", "..", "Hello", "1a", "-a", "a-", "a--b", "a_b", "a b", "a.b", "é", "a-1",
            "fn", "test", "guru", &long,
        ];
        for bad in bad {
            let refused = name(Path::new(bad));
            assert!(refused.is_err(), "{bad}: {refused:?}");
        }
    }

    #[test]
    fn nothing_of_the_skeleton_is_left_open() {
        for (file, text) in FILES {
            let text = named(file, text, "my-own", Path::new("/guru")).unwrap();
            // CloudFormation's own, for who deploys to fill in.
            let text = text.replace("{{resolve:", "");
            let open = ["{{", "meditations"].iter().find(|open| {
                // What the example says is not what a function of one's own says.
                text.contains(**open)
            });
            assert_eq!(open, None, "{file}");
        }
    }

    #[test]
    fn settings_and_secrets_of_this_machine_are_not_committed() {
        let (_, ignored) = FILES
            .iter()
            .find(|(file, _)| *file == ".gitignore")
            .unwrap();
        for wanted in ["/dist", ".guru/", ".env", ".dev.vars"] {
            assert!(ignored.lines().any(|line| line == wanted), "{wanted}");
        }
    }

    #[test]
    fn names_taken_are_sorted_and_told_once() {
        assert!(TAKEN.is_sorted());
    }
}
