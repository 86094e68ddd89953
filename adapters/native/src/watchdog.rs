//! Watches for threads that never return from a handler. A thread cannot be ended from outside, but what it holds is
//! released for the others.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use guru_core::http::convert;
use guru_core::ports::{self, Level, Record};
use guru_core::{ErrorKind, Method, Service};

use crate::log::{Log, note};
use crate::pulse::{Caller, Stuck};
use crate::sockets::is_debugged;
use crate::worker::Workers;

/// How many threads may be lost before it is better to restart the process.
const MOST: usize = 64;

/// Watches the workers until something is received, or the sender is gone.
pub(crate) fn watch(workers: &Workers, limit: Duration, log: Log, stopped: &Receiver<()>) {
    let often = (limit / 4).clamp(Duration::from_millis(10), Duration::from_secs(1));
    let (mut lost, mut owed) = (0, 0_usize);
    while matches!(stopped.recv_timeout(often), Err(RecvTimeoutError::Timeout)) {
        // A handler does not time out under a debugger.
        if is_debugged() {
            continue;
        }
        for stuck in workers.give_up(limit) {
            lost += 1;
            owed += 1;
            tell(log, &stuck, limit);
            workers.give_back(stuck.held);
            end(stuck);
        }
        if lost > MOST {
            let message = "too many threads never came back: the process ends, for whatever started it to start it again";
            note(log, Level::Error, message);
            std::process::exit(1);
        }
        // The system may allow next time what it refuses now.
        while owed > 0 {
            if let Err(error) = workers.spawn() {
                let message = format!("no thread serves in the place of one that is lost: {error}");
                note(log, Level::Error, &message);
                break;
            }
            owed -= 1;
        }
    }
}

fn tell(log: Log, stuck: &Stuck, limit: Duration) {
    let mut message = format!(
        "the handler has computed for more than {} s without waiting: its thread goes on at the lowest priority, and \
         another serves in its place; --time sets the limit",
        limit.as_secs_f64()
    );
    if stuck.unreached > 0 {
        message += &format!(
            "; {} clients of it wait for as long as they like, since this system gives no access to their connections",
            stuck.unreached
        );
    }
    let record = Record::new(Level::Error, &message, &[]).of_request(&stuck.caller.request_id);
    ports::Log::log(&log, &record);
}

/// Releases what the thread holds, and lowers its priority.
fn end(stuck: Stuck) {
    if let Some(thread) = stuck.thread {
        thread.yield_to_others();
    }
    if let Some(own) = stuck.own {
        own.end(&if stuck.caller.is_http1 {
            answer(&stuck.caller)
        } else {
            Vec::new()
        });
    }
    stuck.others.into_iter().for_each(|other| other.end(&[]));
}

/// The same response as for any other handler that times out.
fn answer(caller: &Caller) -> Vec<u8> {
    let method = if caller.is_head {
        Method::HEAD
    } else {
        Method::GET
    };
    let lost = Service::lost(ErrorKind::Timeout, &caller.request_id, &method);
    let mut response = convert::whole_response(lost);
    guru_server::date(response.headers_mut());
    let mut bytes = format!("HTTP/1.1 {}\r\n", response.status()).into_bytes();
    for (name, value) in response.headers() {
        bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    if !caller.is_head {
        let length = response.body().len();
        bytes.extend(format!("content-length: {length}\r\n").into_bytes());
    }
    bytes.extend(b"connection: close\r\n\r\n");
    bytes.extend(response.body());
    bytes
}
