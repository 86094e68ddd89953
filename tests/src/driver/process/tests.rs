//! Children that start, fail to start, die, and have children of their own.

use super::*;

fn shell(script: &str) -> Process {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    Process::spawn(command, "the server").unwrap()
}

fn listening(process: &Process, limit: Duration) -> Result<String> {
    process.wait_for(limit, |line| {
        line.strip_prefix("listening on ").map(str::to_owned)
    })
}

const SOON: Duration = Duration::from_secs(10);

/// Whether a process with this id exists and is not a zombie.
fn alive(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()))
        .is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn the_line_is_found_whichever_way_it_is_printed() {
    assert_eq!(
        listening(&shell("echo noise; echo listening on x; sleep 60"), SOON).unwrap(),
        "x"
    );
    assert_eq!(
        listening(&shell("echo listening on y >&2; sleep 60"), SOON).unwrap(),
        "y"
    );
}

#[test]
fn a_missing_tool_is_one_clear_line() {
    let missing = Process::spawn(Command::new("no-such-tool-here"), "the server").unwrap_err();
    let said = missing.to_string();
    assert!(
        said.starts_with(
            "the server cannot be started: `no-such-tool-here` is not on this machine"
        ),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1);
}

#[test]
fn an_early_death_says_how_and_shows_the_output() {
    let said = listening(&shell("echo one; echo two >&2; exit 3"), SOON)
        .unwrap_err()
        .to_string();
    assert!(
        said.starts_with("the server ended with exit status 3 before it listened"),
        "{said}"
    );
    assert!(
        said.contains("    one") && said.contains("    two"),
        "{said}"
    );
}

#[test]
fn an_early_death_is_seen_though_a_child_holds_the_output() {
    let process = shell("sleep 60 & exit 4");
    let said = listening(&process, SOON).unwrap_err().to_string();
    assert!(
        said.starts_with("the server ended with exit status 4"),
        "{said}"
    );
}

#[test]
fn a_port_in_use_is_named() {
    let said = listening(
        &shell("echo 'Error: Address already in use (os error 98)' >&2; exit 1"),
        SOON,
    )
    .unwrap_err()
    .to_string();
    assert!(
        said.starts_with("the server found its port in use and ended with exit status 1"),
        "{said}"
    );
}

#[test]
fn a_start_that_takes_too_long_meets_the_deadline() {
    let said = listening(
        &shell("echo starting; sleep 60"),
        Duration::from_millis(200),
    )
    .unwrap_err()
    .to_string();
    assert!(
        said.starts_with("the server did not say within 200ms that it listens"),
        "{said}"
    );
    assert!(said.contains("    starting"), "{said}");
}

#[test]
fn the_whole_family_ends_with_it() {
    for script in [
        "sleep 60 & echo listening on $!; wait",
        "trap '' TERM; sh -c 'trap \"\" TERM; sleep 60' & echo listening on $!; while true; do sleep 1; done",
    ] {
        let process = shell(script);
        let child = listening(&process, SOON).unwrap();
        assert!(alive(&child));
        assert_eq!(process.died(), None);
        drop(process);
        let deadline = Instant::now() + SOON;
        while alive(&child) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(!alive(&child), "{script} left a process behind");
    }
}

#[test]
fn a_death_while_it_serves_is_told() {
    let process = shell("echo listening on x; sleep 0.2; echo ouch >&2; exit 9");
    listening(&process, SOON).unwrap();
    let deadline = Instant::now() + SOON;
    while process.died().is_none() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    let said = process.died().unwrap();
    assert!(
        said.starts_with("the server ended with exit status 9"),
        "{said}"
    );
}

#[test]
fn who_works_and_who_waits_is_told() {
    let process = shell("echo listening on x; while :; do :; done & sleep 60");
    listening(&process, SOON).unwrap();
    let (said, is_idle) = process.doing();
    assert!(!is_idle, "{said}");
    let line = |state: &str| {
        let mut lines = said.lines();
        lines.find(|line| line.contains(state)).unwrap_or_default()
    };
    assert!(!line("state R, ").contains(" 0 ticks of work"), "{said}");
    assert!(
        line("state S, 0 ticks of work").contains(" files, waits in "),
        "{said}"
    );
    assert!(
        said.contains("its last output:\n    listening on x"),
        "{said}"
    );
}

#[test]
fn a_group_that_only_waits_is_idle() {
    let process = shell("echo listening on x; sleep 60");
    listening(&process, SOON).unwrap();
    let (said, is_idle) = process.doing();
    assert!(is_idle, "{said}");
}
