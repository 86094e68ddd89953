//! Work that goes on after the answer. It must not know who runs it: it is one future, which a target polls once the answer has
//! gone.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::Cell;
use core::mem;
use core::pin::Pin;
use core::task::{self, Poll};

use super::{Context, LocalFuture, Result};

impl Context {
    /// Goes on with this work after the answer, which does not wait for it: to count, to tell another service, to fill a cache.
    ///
    /// It begins once all of the answer has been handed over, a stream with its last chunk, and has as long as a request has;
    /// all that a request goes on with runs at the same time. An error of it is logged. A request whose handler crashes or
    /// runs out of time, whose stream breaks off, or whose client leaves before the end of the answer, begins none. It keeps
    /// the place of its request. What it needs of the request's body is to be read before the answer.
    ///
    /// On AWS Lambda it is part of the invocation: the client has its answer, and the next request waits until it is done.
    ///
    /// ```
    /// use core::time::Duration;
    /// use guru_core::{App, Context, Request, Response, Result, memory};
    ///
    /// async fn order(cx: Context, _req: Request) -> Result<Response> {
    ///     let later = cx.clone();
    ///     cx.wait_until(async move {
    ///         later.sleep(Duration::from_secs(1)).await;
    ///         later.log().info("the kitchen knows", &[]);
    ///         Ok(())
    ///     });
    ///     Ok(Response::text("it will come"))
    /// }
    ///
    /// let client = memory::Client::new(App::new().get("/", order))?;
    /// assert_eq!(client.get("/").body().as_bytes(), Some(&b"it will come"[..]));
    /// assert_eq!(client.log().take()[0].message, "the kitchen knows");
    /// # Ok::<(), guru_core::Error>(())
    /// ```
    pub fn wait_until(&self, work: impl Future<Output = Result<()>> + 'static) {
        let put_off = self.put_off();
        let mut all = put_off.work.take();
        all.push(Box::pin(work));
        put_off.work.set(all);
        put_off.run.set(Some(run));
    }
}

type Run = fn(Context) -> LocalFuture<()>;

/// What a request has put off until after its answer.
#[derive(Default)]
pub(super) struct PutOff {
    work: Cell<Vec<LocalFuture<Result<()>>>>,
    /// What runs it, here so that an app that puts nothing off has none of it.
    run: Cell<Option<Run>>,
}

impl PutOff {
    pub(super) fn is_any(&self) -> bool {
        self.run.get().is_some()
    }
}

fn run(cx: Context) -> LocalFuture<()> {
    Box::pin(Work {
        doing: Vec::new(),
        cx,
    })
}

/// What a request puts off until after its answer. A target makes it before the request is handled: dropping it drops that work,
/// which can hold the context that holds it.
#[derive(Debug)]
#[must_use]
pub struct Later(Context);

impl Later {
    /// The work of the request that this is the context of.
    pub fn of(cx: &Context) -> Self {
        Self(cx.clone())
    }

    /// Whether there is work by now.
    #[must_use]
    pub fn is_put_off(&self) -> bool {
        self.0.put_off().is_any()
    }

    /// The work, all of it with what it puts off itself, to be run once the answer has gone; `None` if there is none.
    #[must_use]
    pub fn work(&self) -> Option<LocalFuture<()>> {
        let run = self.0.put_off().run.take()?;
        Some(run(self.0.clone()))
    }
}

impl Drop for Later {
    fn drop(&mut self) {
        drop(self.work());
    }
}

struct Work {
    doing: Vec<LocalFuture<Result<()>>>,
    cx: Context,
}

impl Work {
    fn take(&self) -> Vec<LocalFuture<Result<()>>> {
        self.cx.put_off().work.take()
    }
}

impl Future for Work {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut pending = Vec::new();
        loop {
            // What is put off by one of these is begun at once: nobody would poll it otherwise.
            this.doing.extend(this.take());
            if this.doing.is_empty() {
                break;
            }
            for mut work in mem::take(&mut this.doing) {
                match work.as_mut().poll(cx) {
                    Poll::Pending => pending.push(work),
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(error)) => this.cx.log().error(error, &[]),
                }
            }
        }
        this.doing = pending;
        if this.doing.is_empty() {
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        drop(self.take());
    }
}
