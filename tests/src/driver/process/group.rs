//! What the processes of a group are doing, as Linux tells: whether they work or wait, and what they hold.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Between the two looks that tell who works.
const LOOK: Duration = Duration::from_secs(1);

/// A process at one moment.
struct Seen {
    name: String,
    state: String,
    /// The time that it has worked, in ticks of the clock.
    worked: u64,
    threads: String,
}

/// How much a process works that is taken for idle, in ticks between the two looks: a hundredth of a second each.
const IDLE: u64 = 10;

/// What the processes of a group are doing.
#[derive(Default)]
pub(super) struct Doing {
    /// A line for each process; none where the system does not tell.
    pub(super) lines: Vec<String>,
    /// Whether all of them wait.
    pub(super) is_idle: bool,
}

/// Looks at the processes of the group.
pub(super) fn look(group: u32) -> Doing {
    let of_group = |path: &PathBuf| seen(path, group);
    let before: Vec<_> = processes()
        .filter_map(|path| Some((of_group(&path)?, path)))
        .collect();
    std::thread::sleep(LOOK);
    let mut doing = Doing {
        lines: Vec::new(),
        is_idle: !before.is_empty(),
    };
    for (before, path) in before {
        if let Some(after) = of_group(&path) {
            let worked = after.worked.saturating_sub(before.worked);
            doing.is_idle &= worked <= IDLE;
            doing.lines.push(line(&path, worked, &after));
        }
    }
    doing
}

fn processes() -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.map(|entry| entry.path())
}

/// The process of this folder, if it is in the group
/// (<https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>).
fn seen(process: &Path, group: u32) -> Option<Seen> {
    let text = fs::read_to_string(process.join("stat")).ok()?;
    let (front, rest) = text.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    (number(2)? == u64::from(group)).then_some(())?;
    Some(Seen {
        name: front.split_once('(')?.1.to_owned(),
        state: (*fields.first()?).to_owned(),
        worked: number(11)?.saturating_add(number(12)?),
        threads: (*fields.get(17)?).to_owned(),
    })
}

fn line(process: &Path, worked: u64, seen: &Seen) -> String {
    let Seen {
        name,
        state,
        threads,
        ..
    } = seen;
    let id = process.file_name().unwrap_or_default().display();
    let waits = fs::read_to_string(process.join("wchan")).unwrap_or_default();
    let files = fs::read_dir(process.join("fd")).map_or(0, Iterator::count);
    let limits = fs::read_to_string(process.join("limits")).unwrap_or_default();
    let most = limits
        .lines()
        .find_map(|line| {
            line.strip_prefix("Max open files")?
                .split_whitespace()
                .next()
        })
        .unwrap_or("?");
    format!(
        "{name} ({id}): state {state}, {worked} ticks of work in {LOOK:?}, {threads} threads, {files} of {most} files, \
         waits in {waits}"
    )
}
