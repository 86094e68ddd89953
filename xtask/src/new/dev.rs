//! Tests `guru dev` on every target that can run here: edits and changed settings show in the response, and a build that fails or
//! does not start leaves the previous one running.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};

use guru_cli::targets::Target;

use super::{Project, SOURCE};
use crate::{child, console::say, context::TestContext, files, leash::Leash};

/// The timeout of a response, which includes a first build.
const PATIENCE: Duration = Duration::from_secs(1800);

/// How long the server must keep serving while its function cannot be built or started.
const BROKEN: Duration = Duration::from_secs(5);

/// The response before and after the edit.
const BEFORE: &str = r#"{"hello":"you"}"#;
const AFTER: &str = r#"{"hello":"you, of .env, of --env = 'x'"}"#;

/// Serves the project on each target, and checks that no development build is left among the releases.
pub(super) fn check(context: &TestContext<'_>, project: &Project) -> Result<()> {
    let is_here = |target: &Target| target.check(context.home).is_ok();
    let on = &context.options.on;
    let is_wanted = |target: &Target| {
        let mut names = on.iter().map(|name| name.split('-').next());
        on.is_empty() || names.any(|name| name == Some(target.name()))
    };
    let targets = Target::all().iter().copied().filter(is_wanted);
    for target in targets.filter(is_here) {
        serve(project, target)?;
    }
    let dist = project.folder.join("dist");
    let entries = fs::read_dir(&dist);
    let entries = entries.with_context(|| format!("cannot read {}", dist.display()))?;
    let mut made: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    made.retain(|name| name != ".dev");
    ensure!(
        made.is_empty(),
        "`guru dev` left {made:?} where releases are"
    );
    Ok(())
}

fn serve(project: &Project, target: Target) -> Result<()> {
    let free = TcpListener::bind("127.0.0.1:0").context("there is no free port")?;
    let port = free.local_addr()?.port();
    drop(free);
    files::write(
        &project.folder.join(".env"),
        "FIRST=\", of .env\"\nSECOND=lost\n",
    )?;
    let mut command = project.guru(&[
        "dev",
        "--on",
        target.name(),
        "--env",
        "SECOND=, of --env = 'x'",
        "--port",
    ]);
    command.arg(port.to_string());
    say(&format!("$ {}", child::spell(&command)));
    let log = project.folder.with_extension("log");
    let out = fs::File::create(&log).with_context(|| format!("cannot create {}", log.display()))?;
    let also = out.try_clone().context("cannot share a file")?;
    command.stdin(Stdio::null()).stdout(out).stderr(also);
    let running = Leash::family(&mut command).context("cannot start `guru dev`")?;
    let url = format!("http://127.0.0.1:{port}/hello/you");
    let path = project.folder.join(SOURCE);
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let watched = edit(&url, &path, &text, target);
    files::write(&path, &text)?;
    let said = fs::read_to_string(&log).unwrap_or_default();
    if watched.is_err() {
        eprintln!("{said}");
    }
    watched?;
    drop(running);
    ensure!(!said.contains(", of"), "the value of a setting was printed");
    let left = project
        .folder
        .read_dir()
        .context("cannot read the project")?;
    let mut left = left.flatten().map(|entry| entry.file_name());
    let left = left.find(|name| name.to_string_lossy().contains(".dev-"));
    ensure!(left.is_none(), "`guru dev` left {left:?} behind");
    Ok(())
}

fn edit(url: &str, path: &Path, text: &str, target: Target) -> Result<()> {
    wait_for(url, BEFORE)?;
    let edited = text.replace(
        "Greeting { hello: name })",
        "Greeting { hello: name + &setting(\"FIRST\")? + &setting(\"SECOND\")? })",
    );
    let edited = edited.replace(
        "    cx.log().info(\"greeting\"",
        "    let setting = |key: &str| cx.config().get(key).map(Option::unwrap_or_default);\n    cx.log().info(\"greeting\"",
    );
    ensure!(
        edited.contains("let setting") && edited.contains("setting(\"SECOND\")"),
        "{} is not as it was expected",
        path.display()
    );
    files::write(path, &edited)?;
    wait_for(url, AFTER)?;
    say("edited, saved: the answer changes, and has the settings");

    files::write(path, &format!("{edited}\nfn broken( {{\n"))?;
    goes_on(url, "does not compile")?;
    say("broken: the last good build keeps serving");
    // A component's routes are checked only on its first request: there each response is a 500, and the log explains why.
    if target.tries_builds() {
        let clash = edited.replace(
            ".get(\"/\", hello_world)",
            ".get(\"/\", hello_world).get(\"/\", hello_world)",
        );
        ensure!(
            clash != edited,
            "{} is not as it was expected",
            path.display()
        );
        files::write(path, &clash)?;
        goes_on(url, "does not start")?;
        say("two routes clash: the last good build keeps serving");
    }
    files::write(path, text)?;
    wait_for(url, BEFORE)
}

/// The server keeps serving the last good build for a while.
fn goes_on(url: &str, why: &str) -> Result<()> {
    let until = Instant::now() + BROKEN;
    while Instant::now() < until {
        let said = get(url)?;
        ensure!(said == AFTER, "while it {why}, {url} answers {said}");
        thread::sleep(Duration::from_millis(200));
    }
    Ok(())
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
