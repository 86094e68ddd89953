//! Answers that take their time, and answers that are made while they are sent.

use std::time::Duration;

use guru::prelude::*;
use guru::{ErrorKind, Event};
use sha2::{Digest as _, Sha256};

/// How long one request may sleep, in milliseconds.
const LONGEST: u64 = 10_000;

/// How large a chunk may be, in bytes.
const LARGEST: usize = 1024 * 1024;

pub(crate) async fn sleep(cx: Context, req: Request) -> Result<Response> {
    #[derive(Deserialize)]
    #[serde(crate = "guru::serde")]
    struct Query {
        ms: u64,
    }
    let Query { ms } = req.query()?;
    if ms > LONGEST {
        return Err(Error::field("ms", format_args!("is more than {LONGEST}")));
    }
    cx.sleep(Duration::from_millis(ms)).await;
    Ok(Response::typed("text/plain", "ok"))
}

#[derive(Deserialize)]
#[serde(crate = "guru::serde")]
struct Chunks {
    n: u64,
    every: u64,
    size: usize,
    fail: Option<u64>,
    length: Option<u8>,
}

pub(crate) async fn stream(cx: Context, req: Request) -> Result<Response> {
    let Chunks {
        n,
        every,
        size,
        fail,
        length,
    } = req.query()?;
    if !(2..=LARGEST).contains(&size) {
        return Err(Error::field(
            "size",
            format_args!("is not within 2 and {LARGEST}"),
        ));
    }
    let make = move |mut out: guru::Out| async move {
        for i in 0..n {
            if i > 0 && every > 0 {
                cx.sleep(Duration::from_millis(every)).await;
            }
            if fail == Some(i) {
                return Err(Error::new(
                    ErrorKind::Internal,
                    "the probe was asked to fail",
                ));
            }
            out.send(line(i, size)).await?;
        }
        Ok(())
    };
    Ok(match length {
        Some(1) => Response::sized_stream("text/plain", n.saturating_mul(size as u64), make),
        _ => Response::stream("text/plain", make),
    })
}

/// The number, padded with dots to a line of this size. (Not with `format!`, whose widths end at 65,535.)
fn line(i: u64, size: usize) -> Vec<u8> {
    let mut line = i.to_string().into_bytes();
    line.resize(size - 1, b'.');
    line.push(b'\n');
    line
}

pub(crate) async fn events(cx: Context, req: Request) -> Result<Response> {
    #[derive(Deserialize)]
    #[serde(crate = "guru::serde")]
    struct Query {
        n: u64,
        every: u64,
    }
    let Query { n, every } = req.query()?;
    Ok(Response::events(move |mut events| async move {
        for i in 0..n {
            if i > 0 {
                cx.sleep(Duration::from_millis(every)).await;
            }
            events.send(Event::data(i).id(i)).await?;
        }
        Ok(())
    }))
}

/// What came, of any size: none of it is kept.
pub(crate) async fn digest(_cx: Context, mut req: Request) -> Result<Response> {
    #[derive(Serialize)]
    #[serde(crate = "guru::serde")]
    struct Digest {
        bytes: u64,
        sha256: String,
        chunks: u64,
    }
    let (mut body, mut hash) = (req.take_body(), Sha256::new());
    let (mut bytes, mut chunks) = (0, 0);
    while let Some(chunk) = body.chunk().await? {
        hash.update(&chunk);
        bytes += chunk.len() as u64;
        chunks += 1;
    }
    Response::json(&Digest {
        bytes,
        sha256: hex::encode(hash.finalize()),
        chunks,
    })
}

/// The body, back as it comes.
pub(crate) async fn relay(_cx: Context, mut req: Request) -> Result<Response> {
    let body = req.take_body();
    Ok(Response::typed("application/octet-stream", body))
}
