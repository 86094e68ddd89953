//! A function of somebody's own, the whole way: made by `guru new`, served and served again by `guru dev`, tested by `guru test`,
//! built twice. Knows what its author would do, not what any command does inside.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::{Scene, show};
use crate::{child, console::say, files, leash::Leash, surroundings, tool};

/// A first build is part of it.
const PATIENCE: Duration = Duration::from_secs(900);

/// For so long a server must go on while its function does not compile.
const BROKEN: Duration = Duration::from_secs(5);

const SOURCE: &str = "src/lib.rs";

/// Goes the whole way.
pub(super) fn check(scene: &Scene<'_>) -> Result<()> {
    // In one place, so that it is not compiled anew each time; below the folder of builds, so that it is nobody's.
    let parent = scene.workspace.target().join("new");
    let project = Project {
        guru: tool::own()?.to_owned(),
        folder: parent.join("hello"),
        target: scene.workspace.target().to_owned(),
    };
    files::remove(&project.folder)?;
    fs::create_dir_all(&parent).with_context(|| format!("cannot create {}", parent.display()))?;
    let source = scene.workspace.root();
    show(
        project
            .guru(&["new"])
            .arg(&project.folder)
            .arg("--guru")
            .arg(source)
            .current_dir(&parent),
    )?;
    let again = child::output(
        project
            .guru(&["new"])
            .arg(&project.folder)
            .current_dir(&parent),
    );
    ensure!(
        again.is_err(),
        "`guru new` took a folder that was there already"
    );

    project.watch()?;
    let mut test = project.guru(&["test", "--no-setup"]);
    for (option, targets) in [
        ("--on", &scene.options.on),
        ("--require", &scene.options.require),
    ] {
        if !targets.is_empty() {
            test.arg(option).arg(targets.join(","));
        }
    }
    show(&mut test)?;
    project.build_twice(&parent.join("again"))
}

struct Project {
    guru: PathBuf,
    folder: PathBuf,
    target: PathBuf,
}

impl Project {
    fn guru(&self, words: &[&str]) -> Command {
        let mut command = surroundings::command(&self.guru);
        command
            .args(words)
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// An edit shows in the answer; one that does not compile takes nothing away.
    fn watch(&self) -> Result<()> {
        let free = TcpListener::bind("127.0.0.1:0").context("there is no free port")?;
        let port = free.local_addr()?.port();
        drop(free);
        let mut command = self.guru(&["dev", "--port"]);
        command.arg(port.to_string());
        say(&format!("$ {}", child::spell(&command)));
        let log = self.folder.with_extension("log");
        let out =
            fs::File::create(&log).with_context(|| format!("cannot create {}", log.display()))?;
        let also = out.try_clone().context("cannot share a file")?;
        command.stdin(Stdio::null()).stdout(out).stderr(also);
        let _running = Leash::family(&mut command).context("cannot start `guru dev`")?;
        let url = format!("http://127.0.0.1:{port}/hello/you");
        let watched = self.edit(&url);
        if watched.is_err() {
            eprintln!("{}", fs::read_to_string(&log).unwrap_or_default());
        }
        watched
    }

    fn edit(&self, url: &str) -> Result<()> {
        wait_for(url, r#"{"hello":"you"}"#)?;
        let path = self.folder.join(SOURCE);
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let edited = text.replace(
            "Greeting { hello: name })",
            "Greeting { hello: name + \"!\" })",
        );
        ensure!(
            edited != text,
            "{} is not as it was expected",
            path.display()
        );
        files::write(&path, &edited)?;
        wait_for(url, r#"{"hello":"you!"}"#)?;
        say("edited, saved: the answer changes");

        files::write(&path, &format!("{edited}\nfn broken( {{\n"))?;
        let until = Instant::now() + BROKEN;
        while Instant::now() < until {
            let said = get(url)?;
            ensure!(
                said == r#"{"hello":"you!"}"#,
                "while it does not compile, {url} answers {said}"
            );
            thread::sleep(Duration::from_millis(200));
        }
        say("broken: the last good build keeps serving");
        files::write(&path, &text)?;
        wait_for(url, r#"{"hello":"you"}"#)
    }

    /// The same sources give the same bytes, whatever was built before.
    fn build_twice(&self, other: &Path) -> Result<()> {
        files::remove(other)?;
        let build = ["build", "--release", "--json", "--on", "cloudflare,spin"];
        let once = child::output(&mut self.guru(&build))?;
        let twice = child::output(self.guru(&build).env("CARGO_TARGET_DIR", other))?;
        files::remove(other)?;
        let (once, twice) = (hashes(&once)?, hashes(&twice)?);
        ensure!(
            !once.is_empty() && once == twice,
            "two builds differ: {once:?} and {twice:?}"
        );
        say(&format!(
            "built twice: {} files with the same sha256",
            once.len()
        ));
        Ok(())
    }
}

fn hashes(said: &str) -> Result<Vec<(String, String)>> {
    let said: Value =
        serde_json::from_str(said).context("what `guru build --json` says is no JSON")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let files = said.as_array().into_iter().flatten();
    Ok(files
        .map(|file| (text(&file["path"]), text(&file["sha256"])))
        .collect())
}

fn wait_for(url: &str, want: &str) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let said = get(url);
        if said.as_deref().is_ok_and(|said| said == want) {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("{url} does not answer {want}, but {said:?}");
        }
        thread::sleep(Duration::from_millis(200));
    }
}

fn get(url: &str) -> Result<String> {
    let mut answer = ureq::get(url).call()?;
    Ok(answer.body_mut().read_to_string()?)
}
