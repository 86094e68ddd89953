//! Progress output: a spinner on a terminal, plain lines elsewhere.

use std::{
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

/// What a command exits with: 0, or 1 where it has reported a failure, or fails with this error, which is printed with its
/// causes.
pub fn exit_code(outcome: anyhow::Result<bool>) -> ExitCode {
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            for cause in error.chain().skip(1) {
                eprintln!("  because: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Where progress is written: standard error, so that standard output carries only results.
#[derive(Debug, Clone, Copy)]
pub struct Console {
    terminal: bool,
}

impl Default for Console {
    fn default() -> Self {
        Self {
            terminal: std::io::stderr().is_terminal(),
        }
    }
}

impl Console {
    /// The console of this process.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether standard error is a terminal.
    pub const fn is_terminal(self) -> bool {
        self.terminal
    }

    /// Prints a line.
    pub fn note(self, text: &str) {
        eprintln!("{text}");
    }

    /// Starts a step that may take long.
    pub fn step(self, title: &str) -> Step {
        let bar = self.terminal.then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) =
                ProgressStyle::with_template("{spinner} {prefix} {elapsed} {wide_msg:.dim}")
            {
                bar.set_style(style);
            }
            bar.set_prefix(title.to_owned());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        if bar.is_none() {
            eprintln!("  {title} …");
        }
        Step {
            title: title.to_owned(),
            started: Instant::now(),
            bar,
            ended: false,
        }
    }
}

/// A running step. Dropped without `done`, it counts as failed.
#[derive(Debug)]
pub struct Step {
    title: String,
    started: Instant,
    bar: Option<ProgressBar>,
    ended: bool,
}

impl Step {
    /// Shows the latest line of output beside the spinner.
    pub fn line(&self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(text.trim().to_owned());
        }
    }

    /// Shows the progress.
    pub fn progress(&self, done: u64, of: u64) {
        let Some(bar) = &self.bar else { return };
        if bar.length() != Some(of) {
            bar.set_length(of);
            if let Ok(style) = ProgressStyle::with_template(
                "{spinner} {prefix} {elapsed} {bar:20} {pos}/{len} {wide_msg:.dim}",
            ) {
                bar.set_style(style);
            }
        }
        bar.set_position(done);
    }

    /// Marks the step as succeeded.
    pub fn done(mut self) {
        self.end("done");
    }

    fn end(&mut self, how: &str) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        eprintln!(
            "  {} … {how} in {}",
            self.title,
            seconds(self.started.elapsed())
        );
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.end("failed");
    }
}

/// Prints a line of a result on standard output. A closed pipe (`| head`) is not an error.
pub fn say(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

/// The mark before a line of a result, coloured where colours are enabled.
pub fn mark(good: bool, required: bool) -> String {
    let sign = match (good, required) {
        (true, _) => console::style("✓").green(),
        (false, true) => console::style("✗").red(),
        (false, false) => console::style("–").yellow(),
    };
    sign.to_string()
}

/// A duration for display: `0.4 s`, `12.3 s`, `3 min 05 s`.
pub fn seconds(time: Duration) -> String {
    let whole = time.as_secs();
    if whole < 60 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} min {:02} s", whole / 60, whole % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        let cases = [(40, "0.0 s"), (12_340, "12.3 s"), (185_000, "3 min 05 s")];
        for (millis, want) in cases {
            assert_eq!(seconds(Duration::from_millis(millis)), want);
        }
    }
}
