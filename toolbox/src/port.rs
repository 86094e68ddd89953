//! Checks that the port is free before anything is built. A runtime would only report a taken port after its build, and each in
//! its own way.

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use crate::console::Console;

/// A listener on this machine accepts at once.
const PATIENCE: Duration = Duration::from_millis(200);

/// Ports that macOS itself listens on, for `AirPlay` Receiver.
const AIRPLAY: [u16; 2] = [5000, 7000];

/// How many of the following ports are tried.
const NEAR: u16 = 100;

/// A port on the loopback interface that nobody listens on.
///
/// # Errors
///
/// When there is none.
pub fn free() -> Result<u16> {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("there is no free port")?;
    Ok(free.local_addr()?.port())
}

/// Fails where another process listens on the port. Port 0 picks any free one.
pub fn check(console: Console, port: u16) -> Result<()> {
    if port == 0 {
        return Ok(());
    }
    if !is_free(port) {
        bail!(
            "port {port} is taken by another program: {}",
            port_taken(port, is_free)
        );
    }
    if answers((Ipv6Addr::LOCALHOST, port).into()) {
        console.note(&format!(
            "Another program listens on [::1]:{port}, where `localhost` may lead: ask http://127.0.0.1:{port}, or {}",
            port_taken(port, |near| is_free(near) && !answers((Ipv6Addr::LOCALHOST, near).into()))
        ));
    }
    Ok(())
}

/// Whether the port can be bound and nobody listens on it. Some systems let a second process bind a specific address beside a
/// wildcard listener. Other errors are left to the runtime.
fn is_free(port: u16) -> bool {
    let place = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match TcpListener::bind(place) {
        Err(error) => error.kind() != ErrorKind::AddrInUse,
        Ok(own) => {
            drop(own);
            !answers(place)
        }
    }
}

/// What to do about it, worded like Guru's own runtimes (`guru_core::adapter::port_taken`): this command does not depend on the
/// crates that functions are built from.
fn port_taken(port: u16, is_free: impl Fn(u16) -> bool) -> String {
    let mut near = port.saturating_add(1)..=port.saturating_add(NEAR);
    let free = near.find(|near| *near != port && is_free(*near));
    let free = free.map(|free| format!(" {free}")).unwrap_or_default();
    let airplay = if AIRPLAY.contains(&port) {
        format!(
            " (on a Mac, AirPlay Receiver listens on {port} unless it is turned off in the system's settings)"
        )
    } else {
        String::new()
    };
    format!("choose another port with --port{free}, or 0 for a free one{airplay}")
}

fn answers(place: SocketAddr) -> bool {
    TcpStream::connect_timeout(&place, PATIENCE).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_told_with_one_to_try() {
        let console = Console::new();
        for any in ["127.0.0.1:0", "0.0.0.0:0"] {
            let taken = TcpListener::bind(any).unwrap();
            let port = taken.local_addr().unwrap().port();
            let error = check(console, port).unwrap_err().to_string();
            assert!(error.contains(&format!("port {port} is taken")), "{error}");
            let words: Vec<_> = error.split_whitespace().collect();
            let at = words.iter().position(|word| *word == "--port").unwrap();
            let other: u16 = words[at + 1].trim_end_matches(',').parse().unwrap();
            check(console, other).unwrap();
            drop(taken);
            // A process that another test starts has the listener until its `exec`.
            let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
            while let Err(error) = check(console, port) {
                assert!(std::time::Instant::now() < deadline, "{error}");
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
        }
        check(console, 0).unwrap();
    }
}
