//! Writes log records as lines on standard error, which every host keeps: JSON, or text if the environment selects
//! it.

use std::sync::LazyLock;

use guru_core::ports::{self, Clock as _, LogLine, Record, Timestamp};
use wasip2::cli::stderr::{OutputStream, get_stderr};
use wasip2::io::streams::StreamError;

use crate::clock::Clock;
use crate::environment::variable;

/// `GURU_LOG=text` in the environment selects text for people.
static IS_TEXT: LazyLock<bool> = LazyLock::new(|| variable("GURU_LOG") == Some("text"));

/// `wasi:cli/stderr` of WASI 0.2. That of 0.3 must be awaited, and nothing can await a record about a crash. The
/// standard library makes three host calls per line.
static STDERR: LazyLock<OutputStream> = LazyLock::new(get_stderr);

/// The maximum number of bytes per write
/// (<https://github.com/WebAssembly/wasi-io/blob/v0.2.4/wit/streams.wit>, `blocking-write-and-flush`).
const AT_ONCE: usize = 4096;

/// Standard error.
pub(crate) struct Log;

impl ports::Log for Log {
    fn log(&self, record: &Record<'_>) {
        let now = Timestamp::new(Clock.now());
        let line = LogLine {
            time: Some(now.as_str()),
            record,
        };
        let mut line = if *IS_TEXT {
            line.to_string()
        } else {
            line.to_json()
        };
        line.push('\n');
        // A line that cannot be written is lost: there is nowhere left to report it.
        let _ = write(line.as_bytes());
    }
}

/// Uses one call if the line fits, otherwise writes as large as the host accepts, so that lines of several instances
/// do not interleave.
fn write(line: &[u8]) -> Result<(), StreamError> {
    if line.len() <= AT_ONCE {
        return STDERR.blocking_write_and_flush(line);
    }
    let mut rest = line;
    while !rest.is_empty() {
        let room = usize::try_from(STDERR.check_write()?).unwrap_or(usize::MAX);
        let (now, later) = rest.split_at(room.min(rest.len()));
        STDERR.write(now)?;
        STDERR.blocking_flush()?;
        rest = later;
    }
    Ok(())
}
