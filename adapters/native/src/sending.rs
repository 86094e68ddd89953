//! The content of a fetched request as hyper sends it. A handler's stream stays on its thread, and hyper's connection wants
//! what can move between threads: a task of the thread's own makes the chunks and passes them on, one at a time.

use std::error::Error as StdError;
use std::future::poll_fn;
use std::panic;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use guru_core::Body;
use guru_core::http::Error;
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt as _, Full};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::crash::{Watch, watch};

/// A chunk, `None` at the end, or why there is none.
type Made = Result<Option<Bytes>, Error>;

/// The content of a request for hyper, and what sends it where it is a stream.
pub(crate) fn outgoing(body: Body) -> (guru_client::Body, Option<Sending>) {
    let body = match body.into_bytes() {
        Ok(bytes) => {
            let whole = Full::new(bytes).map_err(|never| match never {});
            return (whole.boxed_unsync(), None);
        }
        Err(body) => body,
    };
    let size = body.size();
    let source = Source {
        body,
        watch: watch(),
    };
    let room = Arc::new(Semaphore::new(0));
    let (chunks, made) = mpsc::channel(1);
    let (report, crash) = oneshot::channel();
    let task = tokio::task::spawn_local(pass(source, chunks, Arc::clone(&room), report));
    let content = Content {
        made,
        room: Some(room),
        size,
    };
    let sending = Sending {
        task,
        crash: Some(crash),
    };
    (content.boxed_unsync(), Some(sending))
}

/// Makes chunks and passes them on, until the end, an error, a crash, or nobody wants them any more.
async fn pass(
    mut source: Source,
    chunks: mpsc::Sender<Made>,
    room: Arc<Semaphore>,
    report: oneshot::Sender<String>,
) {
    // There is room once hyper asks for the first chunk, and then once it has written the one before.
    while let Ok(place) = Arc::clone(&room).acquire_owned().await {
        let made = tokio::select! {
            biased;
            () = chunks.closed() => return,
            made = poll_fn(|cx| source.poll(cx)) => made,
        };
        let passed = match made {
            Ok(Some(Ok(chunk))) => chunks.send(Ok(Some(held(chunk, place)))).await,
            Ok(Some(Err(error))) => return drop(chunks.send(Err(error)).await),
            Ok(None) => return drop(chunks.send(Ok(None)).await),
            // If nobody hears it, the handler has gone.
            Err(crash) => return drop(report.send(crash)),
        };
        if passed.is_err() {
            return;
        }
    }
}

/// A chunk that makes room for the next when hyper lets go of it, which is once it is written.
fn held(chunk: Bytes, place: OwnedSemaphorePermit) -> Bytes {
    struct Held(
        Bytes,
        #[expect(dead_code, reason = "it is held")] OwnedSemaphorePermit,
    );

    impl AsRef<[u8]> for Held {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }

    Bytes::from_owner(Held(chunk, place))
}

/// A stream of a handler's: its code runs when it is polled, and when it is dropped.
struct Source {
    body: Body,
    /// Over the request that it runs for; `None` outside of the server.
    watch: Option<Watch>,
}

impl Source {
    /// The next chunk, or what the handler said when it panicked.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Result<Bytes, Error>>, String>> {
        let body = &mut self.body;
        let polled = match &self.watch {
            Some(watch) => watch.catch(|| body.poll_chunk(cx)),
            None => Ok(body.poll_chunk(cx)),
        };
        match polled {
            Ok(poll) => poll.map(Ok),
            Err(report) => Poll::Ready(Err(report)),
        }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        let body = std::mem::take(&mut self.body);
        if let Some(watch) = &self.watch {
            // Its request may be over: there is nobody to tell.
            let _ = watch.catch(|| drop(body));
        }
    }
}

/// A stream that is being sent. Dropping this cancels it: hyper then cuts it off, and closes the connection.
pub(crate) struct Sending {
    task: JoinHandle<()>,
    /// What the handler said when it crashed; `None` once it cannot.
    crash: Option<oneshot::Receiver<String>>,
}

impl Sending {
    /// Panics once the handler's stream has, now that the handler itself runs.
    pub(crate) fn poll_crash(&mut self, cx: &mut Context<'_>) {
        if let Some(crash) = &mut self.crash
            && let Poll::Ready(crashed) = Pin::new(crash).poll(cx)
        {
            self.crash = None;
            if let Ok(report) = crashed {
                // The panic has been reported where it was.
                panic::resume_unwind(Box::new(report));
            }
        }
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What hyper takes of a stream.
struct Content {
    made: mpsc::Receiver<Made>,
    /// To ask for the first chunk with; `None` once that has been done.
    room: Option<Arc<Semaphore>>,
    size: Option<u64>,
}

impl http_body::Body for Content {
    type Data = Bytes;
    type Error = Box<dyn StdError + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        if let Some(room) = this.room.take() {
            room.add_permits(1);
        }
        this.made.poll_recv(cx).map(|made| match made {
            Some(Ok(chunk)) => chunk.map(|chunk| Ok(Frame::data(chunk))),
            Some(Err(error)) => Some(Err(error.into())),
            // Not the end, which is said: what was sent so far must not look complete.
            None => Some(Err("it was cancelled".into())),
        })
    }

    fn size_hint(&self) -> SizeHint {
        self.size
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
