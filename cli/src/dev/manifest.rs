//! A vendor's manifest as `guru dev` needs it: what the author wrote, with the development build in place of the release. It is
//! beside the author's own, since paths in it count from there, and goes when the command ends. Knows manifests, not runtimes.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use toml_edit::{DocumentMut, Item, TableLike, table, value};

use super::settings::Settings;
use crate::{files, interrupt};

/// A manifest that is there for as long as this is.
#[derive(Debug)]
pub(super) struct Manifest {
    path: PathBuf,
}

impl Manifest {
    /// The place of one beside the author's; each command has its own.
    pub(super) fn beside(own: &Path) -> Self {
        let kind = own.file_stem().unwrap_or_default().to_string_lossy();
        let name = format!(".{kind}.dev-{}.toml", std::process::id());
        let path = own.with_file_name(name);
        let doomed = path.clone();
        interrupt::undo(move || drop(files::remove(&doomed)));
        Self { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes it where it says something else now. There may be secrets in it: nobody else may read it.
    pub(super) fn write(&self, text: &str) -> Result<()> {
        if fs::read_to_string(&self.path).is_ok_and(|before| before == text) {
            return Ok(());
        }
        let mut options = fs::File::options();
        options.create(true).truncate(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options
            .open(&self.path)
            .and_then(|mut file| file.write_all(text.as_bytes()));
        written.with_context(|| format!("cannot write {}", self.path.display()))
    }
}

impl Drop for Manifest {
    fn drop(&mut self) {
        drop(files::remove(&self.path));
    }
}

/// Says what the file is, to whoever finds one that a killed command left behind.
const NOTE: &str = "# Made by `guru dev`, of the manifest beside it; changes are lost.\n";

/// wrangler.toml with another entry module, and without the command that builds: wrangler runs it before anything else, and
/// answers nobody while it fails.
pub(super) fn cloudflare(text: &str, entry: &Path) -> Result<String> {
    let mut document: DocumentMut = text.parse()?;
    let main = document.get("main").and_then(Item::as_str);
    let main = Path::new(main.context("there is no `main`")?);
    let is_ours = main.ends_with("worker.js")
        && main
            .components()
            .any(|part| part.as_os_str() == "cloudflare");
    if !is_ours {
        bail!(
            "its `main` is {}, and `guru dev` serves what `guru build` makes, dist/cloudflare/worker.js: serve another with \
             `wrangler dev`",
            main.display()
        );
    }
    document.insert("main", value(of_path(entry)?));
    document.remove("build");
    Ok(format!("{NOTE}{document}"))
}

/// spin.toml with another source of the function's component, without the command that builds it, and with these settings over
/// its own.
pub(super) fn spin(text: &str, component: &Path, settings: &Settings) -> Result<String> {
    let mut document: DocumentMut = text.parse()?;
    let components = document
        .get_mut("component")
        .and_then(Item::as_table_like_mut)
        .context("there is no [component]")?;
    let is_ours = |component: &Item| {
        let source = component.get("source").and_then(Item::as_str);
        source.is_some_and(is_built)
    };
    let ours = components
        .iter_mut()
        .map(|(_, component)| component)
        .find(|component| is_ours(component))
        .and_then(Item::as_table_like_mut)
        .context(
            "no component has dist/spin/function.wasm as its `source`, which `guru build` makes",
        )?;
    ours.insert("source", value(of_path(component)?));
    ours.remove("build");
    environment(ours, settings)?;
    Ok(format!("{NOTE}{document}"))
}

fn is_built(source: &str) -> bool {
    let source = Path::new(source);
    source.ends_with("function.wasm") && source.components().any(|part| part.as_os_str() == "spin")
}

fn environment(component: &mut dyn TableLike, settings: &Settings) -> Result<()> {
    let environment = component
        .entry("environment")
        .or_insert_with(table)
        .as_table_like_mut()
        .context("`environment` is not a table")?;
    for (key, said) in settings.iter() {
        environment.insert(key, value(said));
    }
    Ok(())
}

fn of_path(path: &Path) -> Result<&str> {
    path.to_str()
        .with_context(|| format!("{} is not UTF-8, as a manifest must be", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> DocumentMut {
        text.parse().unwrap()
    }

    #[test]
    fn wrangler_serves_the_development_build_and_builds_nothing() {
        for text in [
            include_str!("../../../wrangler.toml"),
            include_str!("../new/skeleton/wrangler.toml"),
        ] {
            let made = parsed(&cloudflare(text, Path::new("/d/main.js")).unwrap());
            assert_eq!(made["main"].as_str(), Some("/d/main.js"));
            assert!(made.get("build").is_none());
            let own = parsed(text);
            assert_eq!(made["name"].as_str(), own["name"].as_str());
            assert_eq!(
                made["observability"].to_string(),
                own["observability"].to_string()
            );
        }
        let refused = cloudflare("main = \"src/index.ts\"", Path::new("/d/main.js")).unwrap_err();
        assert!(refused.to_string().contains("src/index.ts"), "{refused}");
        assert!(cloudflare("name = \"x\"", Path::new("/d/main.js")).is_err());
    }

    #[test]
    fn spin_runs_the_development_build_with_settings_over_its_own() {
        let said = ["A=grüß = 1, \"2\"\n'3'", "GURU_CLIENT_ADDRESS_HEADER=mine"].map(str::to_owned);
        let settings = Settings::read(None, &said).unwrap();
        for text in [
            include_str!("../../../spin.toml"),
            "[component.x]\nsource = \"../dist/spin/x/function.wasm\"\nbuild = { command = \"x\" }\n\
             [component.y]\nsource = \"y.wasm\"\n[component.x.environment]\nB = \"kept\"\n",
        ] {
            let made = parsed(&spin(text, Path::new("/d/function.wasm"), &settings).unwrap());
            let (_, ours) = made["component"].as_table().unwrap().iter().next().unwrap();
            assert_eq!(ours["source"].as_str(), Some("/d/function.wasm"));
            assert!(ours.get("build").is_none());
            let environment = &ours["environment"];
            assert_eq!(environment["A"].as_str(), Some("grüß = 1, \"2\"\n'3'"));
            assert_eq!(
                environment["GURU_CLIENT_ADDRESS_HEADER"].as_str(),
                Some("mine")
            );
            if text.contains("kept") {
                assert_eq!(environment["B"].as_str(), Some("kept"));
                assert_eq!(made["component"]["y"]["source"].as_str(), Some("y.wasm"));
            }
        }
        let none = "[component.x]\nsource = \"x.wasm\"\n";
        assert!(spin(none, Path::new("/d/function.wasm"), &settings).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_manifest_is_nobody_elses_and_goes() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let manifest = Manifest::beside(&folder.path().join("spin.toml"));
        manifest.write("a = 1\n").unwrap();
        let path = manifest.path().to_owned();
        assert_eq!(path.parent(), Some(folder.path()));
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        drop(manifest);
        assert!(!path.exists());
    }
}
