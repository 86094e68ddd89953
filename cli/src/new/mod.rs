//! `guru new`: a function of one's own. Knows what is in its folder, not what any of the tools that read it does.

mod around;
mod name;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::{Context as _, Result, bail};

use crate::{
    args, child,
    console::{Console, say},
    files, interrupt,
};

use around::Around;

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

/// Makes the folder. Always true: what goes wrong is an error, and leaves nothing behind.
pub(crate) fn run(console: Console, options: &args::New) -> Result<bool> {
    let name = name::name(&options.name)?;
    let guru = source(options.guru.as_deref())?;
    let lock = fs::read_to_string(guru.with_file_name("Cargo.lock")).unwrap_or_default();
    name::check_crates(name, &lock)?;
    let folder = &options.name;
    if fs::symlink_metadata(folder).is_ok() {
        bail!(
            "{} is there already: take another name, or move it away",
            folder.display()
        );
    }
    let around = Around::find(folder, name)?;
    let guru = match around.as_ref().and_then(Around::guru) {
        Some(guru) => guru.to_owned(),
        None => guru,
    };
    let function = Function {
        name,
        guru: &guru,
        lock: &lock,
        around: around.as_ref(),
    };
    function.make(folder)?;
    for (file, _) in FILES {
        console.note(&format!("  {}", folder.join(file).display()));
    }
    if let Some(around) = &around {
        around.tell(console);
    }
    say(&format!(
        "{name} is made. Serve it:\n\n    {}\n",
        enter(folder)
    ));
    Ok(true)
}

/// The line that enters the folder and serves what is in it, for a shell.
fn enter(folder: &Path) -> String {
    // What begins with a hyphen is an option to `cd`.
    let is_option = folder.to_string_lossy().starts_with('-');
    let folder = if is_option {
        Path::new(".").join(folder)
    } else {
        folder.to_owned()
    };
    format!("cd {} && guru dev", child::quote(folder.as_os_str()))
}

/// A function that is to be.
struct Function<'a> {
    name: &'a str,
    /// The folder of the author's crate.
    guru: &'a Path,
    /// The versions that Guru itself is tested with.
    lock: &'a str,
    around: Option<&'a Around>,
}

impl Function<'_> {
    /// Makes the folder, and the folders above it; in a workspace, a member of it. All or nothing.
    fn make(&self, folder: &Path) -> Result<()> {
        let parent = match folder.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        // The topmost folder that is not there yet.
        let above = parent.ancestors().take_while(|above| !above.exists());
        let above = above.last().map(Path::to_owned);
        // What is half made has another name.
        let unfinished = parent.join(format!(".{}.{}", self.name, std::process::id()));
        let mut doomed = vec![unfinished.clone(), folder.to_owned()];
        doomed.extend(above);
        let made = self.fill(&unfinished, folder, doomed.clone());
        if made.is_err() {
            for path in &doomed {
                files::remove(path)?;
            }
        }
        made
    }

    fn fill(&self, unfinished: &Path, folder: &Path, doomed: Vec<PathBuf>) -> Result<()> {
        let is_done = Arc::new(AtomicBool::new(false));
        let also = Arc::clone(&is_done);
        interrupt::undo(move || {
            let left = doomed.iter().filter(|_| !also.load(Ordering::SeqCst));
            left.for_each(|path| drop(files::remove(path)));
        });
        // The manifest last: a folder without one is no member of anything.
        for (file, text) in FILES.iter().rev() {
            files::write(&unfinished.join(file), &self.named(file, text)?)?;
        }
        // The lock file is the workspace's; cargo takes out what the function does not need.
        if self.around.is_none() && !self.lock.is_empty() {
            files::write(&unfinished.join("Cargo.lock"), self.lock)?;
        }
        fs::rename(unfinished, folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        if let Some(around) = self.around {
            around.join()?;
        }
        is_done.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// What a file says of this function.
    fn named(&self, file: &str, text: &str) -> Result<String> {
        let (name, guru) = (self.name, self.guru);
        let guru = guru
            .to_str()
            .with_context(|| format!("{} is not UTF-8, as a manifest must be", guru.display()))?;
        let text = match file {
            "template.yaml" | "samconfig.toml" => text
                .replace("dist/lambda/meditations/", "dist/lambda/")
                .replace("meditations", name),
            _ => text
                .replace("{{name}}", name)
                .replace("{{crate}}", &name.replace('-', "_"))
                .replace("{{guru}}", &toml_edit::Value::from(guru).to_string()),
        };
        match (file, self.around) {
            ("Cargo.toml", Some(around)) => around.adapt(&text),
            // What is built is at the top of a workspace, in a folder for each function.
            ("wrangler.toml" | "spin.toml" | "template.yaml", Some(around)) => {
                let up = around.up();
                Ok(["cloudflare", "spin", "lambda"]
                    .iter()
                    .fold(text, |text, target| {
                        let (here, there) = (
                            format!("dist/{target}/"),
                            format!("{up}dist/{target}/{name}/"),
                        );
                        text.replace(&here, &there)
                    }))
            }
            _ => Ok(text),
        }
    }
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
    fn the_line_that_enters_a_folder_can_be_pasted() {
        for (folder, want) in [
            ("hello", "cd hello && guru dev"),
            ("../x/hello", "cd ../x/hello && guru dev"),
            ("my dir/x", "cd 'my dir/x' && guru dev"),
            ("it's/x", r"cd 'it'\''s/x' && guru dev"),
            ("~/x", "cd '~/x' && guru dev"),
            ("$HOME/x", "cd '$HOME/x' && guru dev"),
            ("-a/x", "cd ./-a/x && guru dev"),
        ] {
            assert_eq!(enter(Path::new(folder)), want);
        }
    }

    #[test]
    fn nothing_of_the_skeleton_is_left_open() {
        let function = Function {
            name: "my-own",
            guru: Path::new("/guru"),
            lock: "",
            around: None,
        };
        for (file, text) in FILES {
            let text = function.named(file, text).unwrap();
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
}
