//! Child processes, run to completion: with their output logged, or captured.

use std::{
    ffi::OsStr,
    fmt, fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use crate::{interrupt, leash::Leash};

/// How many lines of the log a failure shows.
const TAIL_LINES: usize = 20;

/// How long a program without an idle timeout may be silent; in effect forever.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// A program that failed.
#[derive(Debug)]
pub struct Failure {
    program: String,
    ended: String,
    tail: Vec<String>,
    log: PathBuf,
}

impl Failure {
    /// The line of output most likely to explain the failure.
    pub fn reason(&self) -> &str {
        let telling = |line: &&String| {
            let line = line.to_ascii_lowercase();
            line.starts_with("error") || line.starts_with("e: ")
        };
        self.tail
            .iter()
            .find(telling)
            .or_else(|| self.tail.iter().rfind(|l| !l.trim().is_empty()))
            .unwrap_or(&self.ended)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "`{}` {}; its last output:", self.program, self.ended)?;
        for line in &self.tail {
            writeln!(f, "    {line}")?;
        }
        write!(f, "  the whole output: {}", self.log.display())
    }
}

impl std::error::Error for Failure {}

/// Runs a program to completion with all its output written to `log` and each line passed to `line`. The program is killed when
/// it prints nothing for longer than `idle`.
pub fn run(
    command: &mut Command,
    log: &Path,
    idle: Option<Duration>,
    line: &dyn Fn(&str),
) -> Result<()> {
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let program = spell(command);
    let mut file =
        fs::File::create(log).with_context(|| format!("cannot create {}", log.display()))?;
    writeln!(file, "$ {program}").with_context(|| format!("cannot write {}", log.display()))?;

    let (child, chunks) = start(command, &program)?;
    let mut tail = Tail::default();
    let ended = loop {
        match chunks.recv_timeout(idle.unwrap_or(PATIENCE)) {
            Ok(chunk) => {
                file.write_all(&chunk)
                    .with_context(|| format!("cannot write {}", log.display()))?;
                tail.add(&chunk, line);
            }
            Err(RecvTimeoutError::Disconnected) => {
                let status = child
                    .wait()
                    .with_context(|| format!("cannot wait for `{program}`"))?;
                if status.success() {
                    return Ok(());
                }
                interrupt::give_way();
                break describe(status);
            }
            Err(RecvTimeoutError::Timeout) => {
                drop(child);
                break format!(
                    "said nothing for {} s and was ended",
                    idle.unwrap_or(PATIENCE).as_secs()
                );
            }
        }
    };
    Err(Failure {
        program,
        ended,
        tail: tail.lines(),
        log: log.to_owned(),
    }
    .into())
}

/// Starts a program with stdout and stderr combined into one stream, in the order they were written.
fn start(command: &mut Command, program: &str) -> Result<(Leash, mpsc::Receiver<Vec<u8>>)> {
    let (mut reader, writer) = std::io::pipe().context("cannot make a pipe")?;
    let second = writer.try_clone().context("cannot make a pipe")?;
    command.stdin(Stdio::null()).stdout(writer).stderr(second);
    let child = Leash::spawn(command).with_context(|| format!("cannot start `{program}`"))?;
    // The command holds our ends of the pipe; unless they are dropped, the reader would never see the end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let (sender, chunks) = mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(length @ 1..) = reader.read(&mut buffer) {
            let chunk = buffer.get(..length).unwrap_or_default().to_vec();
            if sender.send(chunk).is_err() {
                break;
            }
        }
    });
    Ok((child, chunks))
}

/// The last lines of output.
#[derive(Debug, Default)]
struct Tail {
    lines: std::collections::VecDeque<String>,
    open: Vec<u8>,
}

impl Tail {
    /// Adds a chunk of output. A carriage return also ends a line, since progress bars redraw with it.
    fn add(&mut self, chunk: &[u8], line: &dyn Fn(&str)) {
        for &byte in chunk {
            if byte == b'\n' || byte == b'\r' {
                self.close(line);
            } else {
                self.open.push(byte);
            }
        }
    }

    fn close(&mut self, line: &dyn Fn(&str)) {
        let text = String::from_utf8_lossy(&self.open).trim_end().to_owned();
        self.open.clear();
        if text.is_empty() {
            return;
        }
        line(&text);
        self.lines.push_back(text);
        if self.lines.len() > TAIL_LINES {
            self.lines.pop_front();
        }
    }

    fn lines(mut self) -> Vec<String> {
        self.close(&|_| {});
        self.lines.into()
    }
}

/// Returns a program's standard output if it succeeds.
pub fn output(command: &mut Command) -> Result<String> {
    let program = spell(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start `{program}`"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{program}` {}: {}", describe(output.status), said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Copies a program's output to standard error line by line; returns all of it once the pipe is closed.
pub fn show(source: impl std::io::Read) -> Result<String> {
    let mut all = String::new();
    for line in std::io::BufRead::split(std::io::BufReader::new(source), b'\n') {
        let line = line.context("cannot read what a program prints")?;
        let line = String::from_utf8_lossy(&line);
        eprintln!("{line}");
        all.push_str(&line);
        all.push('\n');
    }
    Ok(all)
}

/// Whether a program can be started and succeeds; its output is discarded.
pub fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Describes an exit status.
pub fn describe(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("ended with exit code {code}"),
        None => format!("was ended by a signal ({status})"),
    }
}

/// The command line, quoted for a shell.
pub fn spell(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(quote)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Whether a command that was waited for, with its output shown, has succeeded.
///
/// # Errors
///
/// When it has not, or could not be waited for.
pub fn succeeded(waited: std::io::Result<ExitStatus>, spelt: &str) -> Result<()> {
    let status = waited.with_context(|| format!("cannot wait for `{spelt}`"))?;
    if !status.success() {
        bail!("`{spelt}` {}; what it said is above", describe(status));
    }
    Ok(())
}

/// Quotes a word for a shell.
pub fn quote(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    // An equals sign needs no quotes in any shell, except at the start of a word in zsh.
    let rest = word.replace('=', "");
    if !rest.is_empty() && !word.starts_with('=') && shell_words::quote(&rest) == rest {
        return word.into_owned();
    }
    shell_words::quote(&word).into_owned()
}

#[cfg(all(test, unix))]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_outputs_are_logged_and_shown_line_by_line() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log/step.log");
        let lines = RefCell::new(Vec::new());
        run(
            &mut shell(r"printf 'a\r'; printf 'b\n' >&2; printf c"),
            &log,
            None,
            &|line| lines.borrow_mut().push(line.to_owned()),
        )
        .unwrap();
        assert_eq!(*lines.borrow(), ["a", "b"]);
        assert!(fs::read_to_string(log).unwrap().ends_with("a\rb\nc"));
    }

    #[test]
    fn a_failure_shows_the_tail_the_reason_and_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("step.log");
        let script =
            "for i in $(seq 30); do echo line $i; done; echo 'error: no luck'; echo after; exit 3";
        let error = run(&mut shell(script), &log, None, &|_| {}).unwrap_err();
        let failure = error.downcast_ref::<Failure>().unwrap();
        assert_eq!(failure.reason(), "error: no luck");
        let text = failure.to_string();
        assert!(
            text.contains("exit code 3") && text.contains("line 30"),
            "{text}"
        );
        assert!(!text.contains("line 5\n"), "{text}");
        assert!(text.contains(log.to_str().unwrap()), "{text}");
    }

    #[test]
    fn silence_ends_a_program() {
        let folder = tempfile::tempdir().unwrap();
        let error = run(
            &mut shell("echo begun; exec sleep 60"),
            &folder.path().join("step.log"),
            Some(Duration::from_millis(200)),
            &|_| {},
        )
        .unwrap_err();
        assert!(error.to_string().contains("said nothing"), "{error}");
        assert_eq!(error.downcast_ref::<Failure>().unwrap().reason(), "begun");
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = output(&mut Command::new("no-such-program-here")).unwrap_err();
        assert!(error.to_string().contains("no-such-program-here"));
        assert!(!succeeds(&mut Command::new("no-such-program-here")));
    }

    #[test]
    fn words_are_quoted_as_a_shell_reads_them() {
        let cases = [
            ("plain-1.2/x", "plain-1.2/x"),
            ("two words", "'two words'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
            ("a;b", "'a;b'"),
            ("a=b", "a=b"),
            ("=a", "'=a'"),
            ("~", "'~'"),
            ("$HOME", "'$HOME'"),
            ("a\"b", "'a\"b'"),
            ("a\\b", "'a\\b'"),
            ("*", "'*'"),
            ("a\nb", "'a\nb'"),
        ];
        for (word, want) in cases {
            assert_eq!(quote(OsStr::new(word)), want);
        }
    }
}
