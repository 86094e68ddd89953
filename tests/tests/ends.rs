//! What `guru dev` starts beside a function ends with it.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use conformance::driver::program;

/// The line that says where the server of the function's databases is.
const DATABASES: &str = "the function's databases are at ";

#[cfg(unix)]
#[test]
fn a_server_of_databases_ends_with_its_function() {
    // Where there is none on this machine, whoever runs the tests says so.
    if std::env::var("GURU_LACKS").is_ok_and(|lacks| lacks.contains("postgres")) {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let mut dev = Command::new(program("guru").unwrap())
        .args(["dev", "probe", "--on", "local", "--no-watch", "--port", "0"])
        .env("GURU_DATA", data.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(dev.stderr.take().unwrap()).lines();
    let url = lines.find_map(|line| Some(line.unwrap().strip_prefix(DATABASES)?.to_owned()));
    let (_, place) = url.as_deref().unwrap().split_once('@').unwrap();
    let place = place.split('/').next().unwrap().to_owned();
    TcpStream::connect(&place).unwrap();
    let process = i32::try_from(dev.id())
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    rustix::process::kill_process(process.unwrap(), rustix::process::Signal::TERM).unwrap();
    dev.wait().unwrap();
    assert!(TcpStream::connect(&place).is_err(), "it is still there");
}
