//! Asks another server for many answers at once. It must not know how many its host allows.

use std::future::poll_fn;
use std::task::Poll;

use guru::prelude::*;

guru::ports! {
    /// A server on the same machine.
    pub(crate) server: Fetch["http://127.0.0.1:*"],
}

/// How much of an answer is read, in bytes.
const LARGEST: usize = 1024 * 1024;

/// Responds with a line for each answer: its size, or what went wrong.
pub(crate) async fn fetch(cx: Context, req: Request) -> Result<Response> {
    let (count, port): (usize, u16) = (req.param("count")?, req.param("port")?);
    let url = format!("http://127.0.0.1:{port}/");
    let mut asked: Vec<_> = (0..count).map(|_| Box::pin(size(&cx, &url))).collect();
    let mut lines = String::new();
    poll_fn(|task| {
        asked.retain_mut(|one| match one.as_mut().poll(task) {
            Poll::Ready(line) => {
                lines += &line;
                lines.push('\n');
                false
            }
            Poll::Pending => true,
        });
        if asked.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    Ok(Response::typed("text/plain", lines))
}

async fn size(cx: &Context, url: &str) -> String {
    let mut answer = match cx.port(server).get(url).await {
        Ok(answer) => answer,
        Err(error) => return error.to_string(),
    };
    match answer.take_body().collect(LARGEST).await {
        Ok(content) => content.len().to_string(),
        Err(error) => error.to_string(),
    }
}
