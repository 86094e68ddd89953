//! Work after an answer.

use std::time::Duration;

use guru::http::Url;
use guru::ports::FetchRequest;
use guru::prelude::*;

use crate::ports::origins;

/// The longest time to wait, in milliseconds.
const LONGEST: u64 = 10_000;

#[derive(Deserialize)]
#[serde(crate = "guru::serde")]
struct Query {
    /// How long to wait before.
    #[serde(default)]
    ms: u64,
    /// Whom to tell.
    to: Option<String>,
    /// In how many chunks to answer; 0 is without content.
    chunks: Option<u32>,
    /// Whether to panic instead.
    #[serde(default)]
    crash: u8,
}

/// Answers `later`, and then tells a server.
pub(crate) async fn after(cx: Context, req: Request) -> Result<Response> {
    let Query {
        ms,
        to,
        chunks,
        crash,
    } = req.query()?;
    let to = to.map(|to| Url::parse(&to)).transpose();
    let to = to.map_err(|error| Error::field("to", error))?;
    let later = cx.clone();
    cx.wait_until(async move {
        later.sleep(Duration::from_millis(ms.min(LONGEST))).await;
        assert!(
            crash == 0,
            "the function was asked to panic after its answer"
        );
        if let Some(to) = to {
            let told = FetchRequest::new(Method::POST, to);
            later.port(origins).send(told).await?;
        }
        Ok(())
    });
    Ok(match chunks {
        None => Response::text("later"),
        Some(0) => Response::new(Status::NO_CONTENT),
        Some(chunks) => Response::stream("text/plain", move |mut out| async move {
            for _ in 1..chunks {
                out.send("later ").await?;
            }
            out.send("later").await
        }),
    })
}
