//! `guru new`: creates a function.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::{Context as _, Result, bail};
use guru_toolbox::{
    name,
    template::{self, FILES, File},
};

use crate::{
    args::{self, Template},
    child,
    console::{Console, say},
    files, interrupt,
    source::is_checkout,
    targets::Target,
};

use guru_toolbox::around::ParentWorkspace;

impl Template {
    /// Its files and what its manifests have.
    fn data(self) -> &'static template::Template {
        match self {
            Self::Hello => &template::HELLO,
            Self::Proxy => &template::PROXY,
            Self::Stream => &template::STREAM,
            Self::Links => &template::LINKS,
        }
    }

    /// All files of the folder: the vendor-independent ones first, beginning with the manifest, then each vendor's.
    fn all_files(self) -> Vec<File> {
        let mut all = FILES.to_vec();
        all.extend(self.data().files);
        for target in Target::all() {
            all.extend(target.skeleton());
        }
        all
    }
}

/// The sources that this command was built from.
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The cargo configuration, which is not committed.
const CONFIG: &str = ".cargo/config.toml";

/// The version requirement of the manifest: any Guru that is compatible with this command.
fn version() -> String {
    let mut parts = env!("CARGO_PKG_VERSION").split('.');
    let (major, minor) = (parts.next(), parts.next());
    match major {
        Some("0") | None => format!("0.{}", minor.unwrap_or_default()),
        Some(major) => major.to_owned(),
    }
}

/// Creates the folder. Always returns true; failures are errors and leave nothing behind.
pub fn run(console: Console, options: &args::New) -> Result<bool> {
    let name = name::name(&options.name)?;
    let guru = source(options.guru.as_deref())?;
    let lock = guru.as_ref().map(|guru| guru.with_file_name("Cargo.lock"));
    let lock = lock.and_then(|lock| fs::read_to_string(lock).ok());
    let lock = lock.unwrap_or_default();
    name::check_crates(name, &lock)?;
    let folder = &options.name;
    if fs::symlink_metadata(folder).is_ok() {
        bail!(
            "{} is there already: take another name, or move it away",
            folder.display()
        );
    }
    let around = ParentWorkspace::find(folder, name)?;
    let function = Function {
        template: options.template,
        name,
        guru: guru.as_deref(),
        lock: &lock,
        around: around.as_ref(),
    };
    function.make(folder)?;
    for (file, _) in options.template.all_files() {
        console.note(&format!("  {}", folder.join(file).display()));
    }
    if let Some(around) = &around {
        around.tell(console);
    }
    if let Some(guru) = &guru {
        function.tell(console, guru);
    }
    say(&format!(
        "{name} is made. Serve it:\n\n    {}\n",
        enter(folder)
    ));
    Ok(true)
}

/// A shell command that enters the folder and serves the function.
fn enter(folder: &Path) -> String {
    // `cd` takes a leading hyphen for an option.
    let is_option = folder.to_string_lossy().starts_with('-');
    let folder = if is_option {
        Path::new(".").join(folder)
    } else {
        folder.to_owned()
    };
    format!("cd {} && guru dev", child::quote(folder.as_os_str()))
}

/// A function to be created.
struct Function<'a> {
    template: Template,
    name: &'a str,
    /// The folder of the `guru` crate, unless it comes from the registry.
    guru: Option<&'a Path>,
    /// The lock file that Guru itself is tested with.
    lock: &'a str,
    around: Option<&'a ParentWorkspace>,
}

impl Function<'_> {
    /// Creates the folder with its parents and, in a workspace, adds it to the members. All or nothing.
    fn make(&self, folder: &Path) -> Result<()> {
        let parent = match folder.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        // The topmost folder that does not exist yet.
        let above = parent.ancestors().take_while(|above| !above.exists());
        let above = above.last().map(Path::to_owned);
        // A partial folder has a temporary name.
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
        // The manifest comes last: a folder without one cannot be a member.
        for (file, text) in self.template.all_files().iter().rev() {
            files::write(&unfinished.join(file), &self.named(file, text)?)?;
        }
        if let (Some(guru), None) = (self.guru, self.around) {
            files::write(&unfinished.join(CONFIG), &patch(guru)?)?;
        }
        // In a workspace, the lock file is the workspace's. Cargo removes the packages that the function does not need.
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

    /// Fills in a file's template for this function.
    fn named(&self, file: &str, text: &str) -> Result<String> {
        let (name, data) = (self.name, self.template.data());
        let features = data.guru;
        // A workspace cannot contain two `guru` crates.
        let guru = match self.around.and_then(ParentWorkspace::guru) {
            Some(guru) => format!("{{ path = {}{features} }}", quoted(guru)?),
            None if features.is_empty() => format!("\"{}\"", version()),
            None => format!("{{ version = \"{}\"{features} }}", version()),
        };
        let text = match file {
            "template.yaml" | "samconfig.toml" => text
                .replace("dist/lambda/meditations/", "dist/lambda/")
                .replace("meditations", name),
            _ => text
                .replace("{{try}}", data.trial.trim_end())
                .replace("{{hosts}}", data.hosts)
                .replace("{{features}}", data.features)
                .replace("{{dependencies}}", data.dependencies)
                .replace("{{name}}", name)
                .replace("{{crate}}", &name.replace('-', "_"))
                .replace("{{guru}}", &guru),
        };
        match (file, self.around) {
            ("Cargo.toml", Some(around)) => around.adapt(&text),
            (_, Some(around)) => {
                let targets = Target::all().iter().map(|target| target.name());
                Ok(around.place(&text, name, targets))
            }
            _ => Ok(text),
        }
    }

    /// Reports where Guru comes from on this machine.
    fn tell(&self, console: Console, guru: &Path) {
        let shown = guru.parent().unwrap_or(guru).display();
        match (self.around, patch(guru)) {
            (None, _) => console.note(&format!(
                "On this machine Guru itself is taken from {shown}: {CONFIG} says so, and is not committed."
            )),
            (Some(around), Ok(patch)) if around.guru().is_none() => console.note(&format!(
                "To take Guru itself from {shown}, put this into the workspace's {CONFIG}:\n\n{patch}"
            )),
            _ => {}
        }
    }
}

/// A cargo configuration that patches Guru to a folder on this machine. The committed manifest names a version.
fn patch(guru: &Path) -> Result<String> {
    Ok(format!(
        "# Guru itself, on this machine only: this file is not committed.\n[patch.crates-io]\nguru = {{ path = {} }}\n",
        quoted(guru)?
    ))
}

/// A path as a TOML string.
fn quoted(path: &Path) -> Result<String> {
    let text = path.to_str();
    let text =
        text.with_context(|| format!("{} is not UTF-8, as a manifest must be", path.display()))?;
    Ok(toml_edit::Value::from(text).to_string().trim().to_owned())
}

/// The folder of the `guru` crate, unless it comes from the registry: in the named folder, else in the clone that this command
/// was built from, if that still exists.
fn source(named: Option<&Path>) -> Result<Option<PathBuf>> {
    let source = named.unwrap_or(Path::new(SOURCE));
    let guru = source.join("guru");
    let is_clone = source.join("host/Cargo.toml").is_file() && guru.join("Cargo.toml").is_file();
    let is_clone = is_clone && (named.is_some() || !is_checkout(source));
    match (is_clone, named) {
        (false, Some(named)) => bail!(
            "{} is not the folder of Guru's sources: there is no guru/Cargo.toml, or no host/Cargo.toml, in it",
            named.display()
        ),
        (false, None) => Ok(None),
        (true, _) => fs::canonicalize(&guru)
            .with_context(|| format!("cannot resolve {}", guru.display()))
            .map(Some),
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    fn function(template: Template, around: Option<&ParentWorkspace>) -> Function<'_> {
        Function {
            template,
            name: "my-own",
            guru: None,
            lock: "",
            around,
        }
    }

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
        let templates = Template::value_variants();
        let all = templates.iter().flat_map(|template| {
            let files = template.all_files().into_iter();
            files.map(move |(file, text)| (function(*template, None), file, text))
        });
        for (function, file, text) in all {
            let text = function.named(file, text).unwrap();
            // CloudFormation's own placeholder, filled in at deployment.
            let text = text.replace("{{resolve:", "");
            let open = ["{{", "meditations"].iter().find(|open| {
                // Text about the example does not belong in a new function.
                text.contains(**open)
            });
            assert_eq!(open, None, "{file}");
        }
        // Where links are not checked out as links, a file has the path of another one.
        let is_path = |text: &str| text.starts_with("../");
        let mut files = templates.iter().flat_map(|template| template.all_files());
        assert!(!files.any(|(_, text)| is_path(text)));
        let function = function(Template::Hello, None);
        let manifest = function.named("Cargo.toml", FILES[0].1).unwrap();
        assert!(manifest.contains("guru = \"0.1\"\n"), "{manifest}");
    }

    #[test]
    fn spin_may_fetch_from_what_a_template_declares() {
        for template in Template::value_variants() {
            let hosts = template.data().hosts;
            let (_, code) = template.data().files[0];
            let declares = code.contains("Fetch[");
            assert_eq!(declares, hosts != "[]", "{template:?}");
            assert!(!declares || code.contains(&format!("Fetch{hosts}")));
        }
    }

    #[test]
    fn what_is_for_this_machine_stands_in_a_file_of_its_own() {
        let patch = patch(Path::new("/a \"b\"/guru")).unwrap();
        let parsed: toml_edit::DocumentMut = patch.parse().unwrap();
        let path = parsed["patch"]["crates-io"]["guru"]["path"].as_str();
        assert_eq!(path, Some("/a \"b\"/guru"));
        assert!(
            FILES
                .iter()
                .any(|(file, text)| *file == ".gitignore" && text.contains(CONFIG))
        );
    }

    #[test]
    fn settings_and_secrets_of_this_machine_are_not_committed() {
        let mut files = FILES.iter();
        let (_, ignored) = files.find(|(file, _)| *file == ".gitignore").unwrap();
        for wanted in ["/dist", ".guru/", ".env", ".dev.vars"] {
            assert!(ignored.lines().any(|line| line == wanted), "{wanted}");
        }
    }

    #[test]
    fn a_name_that_cargo_rejects_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = folder.path().join("Cargo.toml");
        fs::write(&manifest, "[workspace]\n").unwrap();
        let place = folder.path().join("deep/hello");
        let around = ParentWorkspace::find(&place, "hello").unwrap();
        let name = "no name";
        let function = function(Template::Hello, around.as_ref());
        Function { name, ..function }.make(&place).unwrap_err();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(fs::read_to_string(&manifest).unwrap(), "[workspace]\n");
    }
}
