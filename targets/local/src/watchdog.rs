//! Looks after threads that never come back from a handler. A thread cannot be ended from outside: what it kept from
//! others is given back to them.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use guru_core::http::convert;
use guru_core::ports::{self, Level, Record};
use guru_core::{ErrorKind, Method, Service};

use crate::log::{Log, note};
use crate::pulse::Stuck;
use crate::sockets::is_debugged;
use crate::worker::Workers;

/// How many threads may be lost before it is better to begin anew.
const MOST: usize = 64;

/// Looks after the workers until there is something to receive, or nobody to send it.
pub(crate) fn watch(workers: &Workers, limit: Duration, log: Log, stopped: &Receiver<()>) {
    let often = (limit / 4).clamp(Duration::from_millis(10), Duration::from_secs(1));
    let mut lost = 0;
    while matches!(stopped.recv_timeout(often), Err(RecvTimeoutError::Timeout)) {
        // Whoever steps through a handler has all the time that there is.
        if is_debugged() {
            continue;
        }
        for stuck in workers.give_up(limit) {
            lost += 1;
            tell(log, &stuck, limit);
            give_back(&stuck);
            if lost > MOST {
                note(
                    log,
                    Level::Error,
                    "too many threads never came back: the process ends, for whatever started it to start it again",
                );
                std::process::exit(1);
            }
            if let Err(error) = workers.spawn() {
                note(log, Level::Error, &error.to_string());
            }
        }
    }
}

fn tell(log: Log, stuck: &Stuck, limit: Duration) {
    let message = format!(
        "the handler has computed for more than {} s without waiting: its thread goes on at the lowest priority, and \
         another serves in its place; --time sets the limit",
        limit.as_secs_f64()
    );
    let record = Record::new(Level::Error, &message, &[]).of_request(&stuck.caller.request_id);
    ports::Log::log(&log, &record);
}

fn give_back(stuck: &Stuck) {
    if let Some(thread) = stuck.thread {
        thread.yield_to_others();
    }
    for socket in &stuck.sockets {
        let is_caller = stuck.caller.socket == Some(*socket) && stuck.caller.is_http1;
        socket.end(&if is_caller {
            answer(&stuck.caller.request_id)
        } else {
            Vec::new()
        });
    }
}

/// What any other handler that takes too long is answered with.
fn answer(request_id: &str) -> Vec<u8> {
    let lost = Service::lost(ErrorKind::Timeout, request_id, &Method::GET);
    let Ok(response) = convert::response(lost) else {
        return Vec::new();
    };
    let mut bytes = format!("HTTP/1.1 {}\r\n", response.status()).into_bytes();
    for (name, value) in response.headers() {
        bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    let end = format!(
        "content-length: {}\r\nconnection: close\r\n\r\n",
        response.body().len()
    );
    bytes.extend(end.into_bytes());
    bytes.extend(response.body());
    bytes
}
