//! What requests go on with after their answers have gone.

use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;

use guru_core::Context;
use guru_core::app::LocalFuture;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::answer::{Shared, Work};
use crate::crash::guard;
use crate::pulse::Caller;
use crate::sockets::is_debugged;

/// How many requests of a thread go on after their answers.
#[derive(Debug, Default)]
pub(crate) struct After(watch::Sender<usize>);

impl After {
    pub(crate) fn count(&self) -> usize {
        *self.0.borrow()
    }

    /// Resolves once there are none.
    pub(crate) async fn done(&self) {
        // The sender is here.
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }
}

/// A request that goes on. Dropping this ends it.
struct Counted(Rc<Shared>);

impl Counted {
    fn new(shared: &Rc<Shared>) -> Self {
        shared.after.0.send_modify(|count| *count += 1);
        Self(Rc::clone(shared))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.after.0.send_modify(|count| *count -= 1);
    }
}

/// Begins what a request goes on with, now that its answer has been handed over. It keeps the request's place.
pub(crate) fn go_on(shared: &Rc<Shared>, cx: &Context, work: &mut Work) {
    let later = work.later.take();
    let Some(doing) = later.and_then(|later| later.work()) else {
        return;
    };
    let counted = Counted::new(shared);
    let (cx, place) = (cx.clone(), work.place.take());
    // It has no connection any more that could be told.
    let caller = Arc::new(Caller {
        request_id: cx.request_id().to_owned(),
        ..Caller::default()
    });
    tokio::task::spawn_local(async move {
        run(&counted.0, &cx, &caller, doing).await;
        drop((counted, place));
    });
}

async fn run(shared: &Shared, cx: &Context, caller: &Arc<Caller>, work: LocalFuture<()>) {
    let mut work = pin!(guard(&shared.pulse, caller, work));
    let done = match shared.limits.time {
        None => work.await,
        Some(time) => loop {
            if let Ok(done) = timeout_at(Instant::now() + time, &mut work).await {
                break done;
            }
            // Whoever steps through it has all the time that there is.
            if !is_debugged() {
                let seconds = time.as_secs_f64();
                let message = format!(
                    "what went on after the answer was stopped after {seconds} s; --time sets the limit"
                );
                return cx.log().error(message, &[]);
            }
        },
    };
    if let Err(report) = done {
        cx.log().error(report, &[]);
        if let Err(report) = shared.instance.renew(&shared.pulse, caller) {
            cx.log().error(report, &[]);
        }
    }
}
