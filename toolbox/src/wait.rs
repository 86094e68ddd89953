//! Builds Guru's own programs with visible progress: a first build takes minutes, so it is announced, with a progress bar on a
//! terminal.

use std::{
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, anyhow};

use crate::{
    cargo::Program,
    console::{Console, Step},
    files,
    workspace::Workspace,
};

/// A build that finishes within this time is not announced: the program was up to date.
const SOON: Duration = Duration::from_secs(2);

/// Builds a program and returns its path. The first build is announced with an estimate of its duration.
pub fn build(
    console: Console,
    workspace: &Workspace,
    program: Program,
    is_release: bool,
) -> Result<PathBuf> {
    if let Some(named) = program.named().filter(|_| !is_release) {
        return Ok(named);
    }
    let stamp = stamp(workspace.target(), program, is_release);
    let is_known = match program.is_installed(workspace, is_release)? {
        Some(is_installed) => is_installed,
        None => stamp.is_file(),
    };
    if is_known {
        return program.build(workspace, is_release);
    }
    let built = if console.is_terminal() {
        with_bar(console, workspace, program, is_release)
    } else {
        with_lines(console, workspace, program, is_release)
    }?;
    files::write(&stamp, "")?;
    Ok(built)
}

/// The stamp that records a first build.
fn stamp(target: &Path, program: Program, is_release: bool) -> PathBuf {
    let profile = if is_release { "release" } else { "dev" };
    let parts = [program.name, profile].into_iter();
    let name = parts
        .chain(program.features.iter().copied())
        .collect::<Vec<_>>();
    target.join("guru").join("built").join(name.join("-"))
}

/// The announcement of a first build.
fn title(program: Program, is_release: bool) -> &'static str {
    match (program.name, is_release) {
        ("bootstrap", true) => {
            "building the host for Lambda, optimised, once: some ten minutes on two cores"
        }
        ("bootstrap", false) => "building the host for Lambda, once: some ten minutes on two cores",
        ("guru-host", _) => {
            "building the host of components and its compiler, once: some ten minutes on two cores"
        }
        _ => "building what stands in front of the function, once: a minute or two on two cores",
    }
}

/// Passes cargo's own output through, between an announcement and a final line.
fn with_lines(
    console: Console,
    workspace: &Workspace,
    program: Program,
    is_release: bool,
) -> Result<PathBuf> {
    thread::scope(|scope| {
        let (sender, over) = mpsc::channel::<()>();
        let announced = scope.spawn(move || announce(console, title(program, is_release), &over));
        let built = program.build(workspace, is_release);
        drop(sender);
        let step = announced
            .join()
            .map_err(|_| anyhow!("cannot say what is built"))?;
        if let (Ok(_), Some(step)) = (&built, step) {
            step.done();
        }
        built
    })
}

/// Announces the build, unless it finishes soon.
fn announce(console: Console, title: &str, over: &mpsc::Receiver<()>) -> Option<Step> {
    let is_soon = over.recv_timeout(SOON) != Err(RecvTimeoutError::Timeout);
    (!is_soon).then(|| console.step(title))
}

/// Turns cargo's output into a progress bar; if the build fails, the output is printed as it was.
fn with_bar(
    console: Console,
    workspace: &Workspace,
    program: Program,
    is_release: bool,
) -> Result<PathBuf> {
    let (reader, writer) = io::pipe().context("cannot make a pipe")?;
    let title = title(program, is_release);
    let watching = thread::spawn(move || watch(console, title, reader));
    // Once this returns, cargo has exited and closed its end of the pipe.
    let built = program.build_with(workspace, is_release, |cargo| {
        cargo
            .stderr(writer)
            .env("CARGO_TERM_PROGRESS_WHEN", "always")
            .env("CARGO_TERM_PROGRESS_WIDTH", "80")
            .env("CARGO_TERM_COLOR", "never");
    });
    let (step, said) = watching
        .join()
        .map_err(|_| anyhow!("cannot read what cargo says"))?;
    match &built {
        Ok(_) => step.done(),
        Err(_) => {
            drop(step);
            eprint!("{said}");
        }
    }
    built
}

/// Shows cargo's progress, and keeps its other lines.
fn watch(console: Console, title: &str, mut source: impl io::Read) -> (Step, String) {
    let step = console.step(title);
    let mut said = String::new();
    let mut line = Vec::new();
    for byte in io::BufReader::new(source.by_ref())
        .bytes()
        .map_while(io::Result::ok)
    {
        if byte != b'\r' && byte != b'\n' {
            line.push(byte);
            continue;
        }
        let text = String::from_utf8_lossy(&line).replace("\u{1b}[K", "");
        line.clear();
        match progress(&text) {
            Some((done, of)) => step.progress(done, of),
            None if text.trim().is_empty() => {}
            None => {
                step.line(&text);
                said.push_str(&text);
                said.push('\n');
            }
        }
    }
    (step, said)
}

/// Parses cargo's own progress bar: `Building [===>   ] 12/230: wasmtime, ...`.
fn progress(line: &str) -> Option<(u64, u64)> {
    let (_, rest) = line
        .trim_start()
        .strip_prefix("Building [")?
        .split_once("] ")?;
    let (done, rest) = rest.split_once('/')?;
    let of = rest.split(|char: char| !char.is_ascii_digit()).next()?;
    Some((done.trim().parse().ok()?, of.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_bar_is_read() {
        let cases = [
            (
                "    Building [=====>        ] 12/230: wasmtime, cranelift",
                Some((12, 230)),
            ),
            (
                "    Building [============> ] 229/230: guru-host(bin)",
                Some((229, 230)),
            ),
            ("   Compiling wasmtime v48.0.8", None),
            ("    Building [", None),
            ("    Building [=> ] x/y", None),
            ("", None),
        ];
        for (line, want) in cases {
            assert_eq!(progress(line), want, "{line}");
        }
    }

    #[test]
    fn what_cargo_says_beside_its_bar_is_kept() {
        let console = Console::new();
        let source = "   Compiling a v1\n    Building [> ] 0/2: a\r\u{1b}[Kerror: no luck\n";
        let (step, said) = watch(console, "building", source.as_bytes());
        step.done();
        assert_eq!(said, "   Compiling a v1\nerror: no luck\n");
    }

    #[test]
    fn only_what_takes_long_is_announced() {
        let (sender, over) = mpsc::channel();
        drop(sender);
        assert!(announce(Console::new(), "x", &over).is_none());
        let (_sender, over) = mpsc::channel();
        assert!(announce(Console::new(), "x", &over).is_some());
    }

    #[test]
    fn each_program_and_profile_is_announced_once() {
        let of = |program, is_release| stamp(Path::new("/t"), program, is_release);
        let all = [
            of(crate::cargo::HOST, false),
            of(crate::cargo::SERVER, false),
            of(crate::cargo::BOOTSTRAP, false),
            of(crate::cargo::BOOTSTRAP, true),
            of(crate::cargo::GATEWAY, false),
        ];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }
}
