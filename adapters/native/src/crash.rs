//! A panic in a handler costs its request, not the process.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use crate::pulse::{Caller, Pulse};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    static REPORT: RefCell<String> = const { RefCell::new(String::new()) };
    static WORKER: RefCell<Option<Arc<Pulse>>> = const { RefCell::new(None) };
}

/// Makes this thread a worker's, for [`watch`].
pub(crate) fn begin(pulse: Arc<Pulse>) {
    pulse.begin();
    WORKER.set(Some(pulse));
}

/// The request that the handler computes for which asks this, for what it leaves to a task; `None` outside of a handler.
pub(crate) fn watch() -> Option<Watch> {
    let pulse = WORKER.with_borrow(Clone::clone)?;
    let caller = pulse.caller()?;
    Some(Watch { pulse, caller })
}

/// Guards what a handler has left to a task as the handler itself is guarded.
pub(crate) struct Watch {
    pulse: Arc<Pulse>,
    caller: Arc<Caller>,
}

impl Watch {
    /// As [`catch`].
    pub(crate) fn catch<T>(&self, compute: impl FnOnce() -> T) -> Result<T, String> {
        catch(&self.pulse, &self.caller, compute)
    }
}

/// Installs a hook that keeps a panic under [`guard`] for its request's log record, instead of printing it without
/// one. Any other panic is reported as before.
pub(crate) fn install() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if GUARDED.get() {
            REPORT.set(report(info));
        } else {
            before(info);
        }
    }));
}

fn report(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    format!("the handler panicked at {place}: {}", text(info.payload()))
}

fn text(payload: &dyn Any) -> &str {
    let owned = || payload.downcast_ref::<String>().map(String::as_str);
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(owned)
        .unwrap_or("(no message)")
}

/// What `compute` comes to, or what it said when it panicked. While it computes, `pulse` has its caller.
pub(crate) fn catch<T>(
    pulse: &Pulse,
    caller: &Arc<Caller>,
    compute: impl FnOnce() -> T,
) -> Result<T, String> {
    GUARDED.set(true);
    pulse.enter(caller);
    // What was computed is not asked again once it has panicked.
    let computed = panic::catch_unwind(AssertUnwindSafe(compute));
    pulse.leave();
    GUARDED.set(false);
    computed.map_err(|payload| {
        let report = REPORT.take();
        if report.is_empty() {
            text(&*payload).into()
        } else {
            report
        }
    })
}

/// The future's value, or what it said when it panicked. While it computes, `pulse` has its caller.
pub(crate) async fn guard<F: Future>(
    pulse: &Pulse,
    caller: &Arc<Caller>,
    future: F,
) -> Result<F::Output, String> {
    let mut future = pin!(future);
    poll_fn(
        move |cx| match catch(pulse, caller, || future.as_mut().poll(cx)) {
            Ok(poll) => poll.map(Ok),
            Err(report) => Poll::Ready(Err(report)),
        },
    )
    .await
}
