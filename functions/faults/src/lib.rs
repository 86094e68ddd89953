//! Typical mistakes in functions: endless loops, exhausted memory, infinite recursion, crashes, kept state. Used to test the
//! hosts of functions.

mod fetch;
mod host;
mod library;

use std::future::pending;
use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};

use guru::prelude::*;

/// The number of requests that this instance has counted.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// The function.
pub fn app() -> App {
    App::new()
        .get("/ok", ok)
        .post("/length", length)
        .get("/large", large)
        .get("/named", named)
        .get("/count", count)
        .get("/panic", panic)
        .get("/loop", endless)
        .get("/wait", wait)
        .get("/memory", memory)
        .get("/stack", stack)
        .get("/stream/{end}", stream)
        .get("/after/{end}", after)
        .get("/fetch/{count}/{port}", fetch::fetch)
        .get("/std/{what}", host::call)
        .get("/library/{what}", library::call)
}

async fn ok(_cx: Context, _req: Request) -> Result<Response> {
    Ok(text("ok"))
}

async fn length(_cx: Context, mut req: Request) -> Result<Response> {
    Ok(text(&req.bytes().await?.len().to_string()))
}

/// More than any buffer on the way holds.
async fn large(_cx: Context, _req: Request) -> Result<Response> {
    Ok(Response::typed("text/plain", vec![b'x'; 16 * 1024 * 1024]))
}

/// The parts of a request's head that must be hidden from a function.
async fn named(_cx: Context, req: Request) -> Result<Response> {
    let names: Vec<&str> = req.headers().iter().map(|(name, _)| name).collect();
    let host = req.headers().get_str("host").unwrap_or_default();
    Ok(text(&format!("{} {host} {}", req.uri(), names.join(" "))))
}

/// Where instances are shared, the next request sees the count of this one.
async fn count(_cx: Context, _req: Request) -> Result<Response> {
    let before = COUNT.fetch_add(1, Ordering::Relaxed);
    Ok(text(&before.to_string()))
}

/// A stream that does not end as it should, or never.
#[expect(clippy::panic, reason = "what this route is for")]
async fn stream(cx: Context, req: Request) -> Result<Response> {
    let end: String = req.param("end")?;
    Ok(Response::stream("text/plain", move |mut out| async move {
        out.send("a chunk").await?;
        match &*end {
            "panic" => panic!("the function was asked to panic in a stream"),
            "late" => cx.sleep(std::time::Duration::from_secs(60)).await,
            "never" => loop {
                out.send("another chunk").await?;
            },
            _ => {}
        }
        Ok(())
    }))
}

/// Goes on after its answer, and ends as it is asked to.
#[expect(clippy::panic, reason = "what this route is for")]
async fn after(cx: Context, req: Request) -> Result<Response> {
    let end: String = req.param("end")?;
    let later = cx.clone();
    cx.wait_until(async move {
        match &*end {
            "panic" => panic!("the function was asked to panic after its answer"),
            "late" => later.sleep(std::time::Duration::from_secs(60)).await,
            _ => later.sleep(std::time::Duration::from_millis(400)).await,
        }
        later.log().info("done after the answer", &[]);
        Ok(())
    });
    Ok(text("ok"))
}

#[expect(clippy::panic, reason = "what this route is for")]
async fn panic(_cx: Context, _req: Request) -> Result<Response> {
    panic!("the function was asked to panic")
}

async fn endless(_cx: Context, _req: Request) -> Result<Response> {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

async fn wait(_cx: Context, _req: Request) -> Result<Response> {
    pending().await
}

async fn memory(_cx: Context, _req: Request) -> Result<Response> {
    let mut all = Vec::new();
    loop {
        all.push(vec![black_box(1_u8); 1024 * 1024]);
        black_box(&all);
    }
}

async fn stack(_cx: Context, _req: Request) -> Result<Response> {
    Ok(text(&deeper(0).to_string()))
}

#[expect(unconditional_recursion, reason = "what this route is for")]
fn deeper(depth: u64) -> u64 {
    let room = black_box([depth; 64]);
    black_box(deeper(black_box(depth + 1))) + room.iter().sum::<u64>()
}

fn text(text: &str) -> Response {
    Response::typed("text/plain", text.to_owned())
}

guru::export!(app);
