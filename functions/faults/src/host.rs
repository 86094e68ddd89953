//! Calls the parts of the standard library that a function might use instead of its ports, and reports whether the target has
//! them. docs/travel.md says what to use instead, and is tested with these routes.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use guru::prelude::*;

/// Makes the call that the path names; responds with `works` or the error. Where the library panics, so does this.
pub(crate) async fn call(cx: Context, req: Request) -> Result<Response> {
    let what: String = req.param("what")?;
    let outcome = match &*what {
        "system-time" => system_time(&cx),
        "instant" => instant(),
        "sleep" => sleep(),
        "env" => environment(),
        "file" => file(),
        "tcp" => tcp(),
        "thread" => thread(),
        "process" => process(),
        "static" => kept(),
        _ => return Err(Error::not_found()),
    };
    let text = outcome.unwrap_or_else(|error| error.to_string());
    Ok(Response::typed("text/plain", text))
}

pub(crate) type Outcome = Result<String, Box<dyn std::error::Error>>;

pub(crate) fn works() -> Outcome {
    Ok("works".into())
}

fn system_time(cx: &Context) -> Outcome {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    if now.abs_diff(cx.clock().now()) > Duration::from_secs(3600) {
        return Err("another time than the clock's".into());
    }
    works()
}

fn instant() -> Outcome {
    let now = Instant::now();
    let _: Duration = now.elapsed();
    works()
}

fn sleep() -> Outcome {
    std::thread::sleep(Duration::from_millis(1));
    works()
}

fn environment() -> Outcome {
    // The setting that the suite passes to each target in its vendor's way.
    std::env::var("GURU_PROBE_SETTING")?;
    works()
}

fn file() -> Outcome {
    std::fs::read_dir("/")?;
    works()
}

fn tcp() -> Outcome {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    TcpStream::connect(listener.local_addr()?)?;
    works()
}

fn thread() -> Outcome {
    let thread = std::thread::Builder::new().spawn(|| ())?;
    thread.join().map_err(|_| "it panicked")?;
    works()
}

fn process() -> Outcome {
    let program = std::env::current_exe()?;
    std::process::Command::new(program)
        .arg("--version")
        .output()?;
    works()
}

/// Whether a `static` survives from an earlier request.
fn kept() -> Outcome {
    static WAS_HERE: AtomicBool = AtomicBool::new(false);
    if WAS_HERE.swap(true, Ordering::Relaxed) {
        return works();
    }
    Err("nothing of an earlier request".into())
}
