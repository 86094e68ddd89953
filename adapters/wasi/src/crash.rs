//! Logs a panic in a handler.
//!
//! Rust aborts on a panic on this target, and the instance is lost: the host responds with 500, and continues with
//! another instance.

use std::cell::RefCell;
use std::future::poll_fn;
use std::panic::{self, PanicHookInfo};
use std::pin::pin;

use guru_core::ports::{Level, Log as _, Record};

use crate::log::Log;

thread_local! {
    /// The id of the request that is being polled.
    static CURRENT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Installs a hook that logs a panic like any other record, with the id of its request.
pub(crate) fn install() {
    panic::set_hook(Box::new(|info| {
        let report = report(info);
        let record = Record::new(Level::Error, &report, &[]);
        let id = CURRENT.take();
        Log.log(&match &id {
            Some(id) => record.of_request(id),
            None => record,
        });
    }));
}

fn report(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let text = info.payload_as_str().unwrap_or("(no message)");
    format!("the handler panicked at {place}: {text}")
}

/// Runs a future on behalf of the request with this id.
pub(crate) async fn name<F: Future>(id: &str, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| {
        CURRENT.set(Some(id.to_owned()));
        let polled = future.as_mut().poll(cx);
        CURRENT.set(None);
        polled
    })
    .await
}
