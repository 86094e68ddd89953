//! One request on its way through the function: a future that the entry module polls. It must not
//! know what is awaited.

use std::cell::RefCell;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::Response;

thread_local! {
    /// Asks the entry module for another poll. A waker may be sent to other threads, a JavaScript
    /// function may not; an instance has one thread, and one request at a time.
    static WAKE: RefCell<Option<Function>> = const { RefCell::new(None) };
}

type Answer = Result<Response, JsValue>;

/// A request that is being answered.
///
/// It is polled from JavaScript and not through `wasm-bindgen-futures`: there a trap is thrown in a
/// task of its own, where it reaches neither the request nor its instance, and the client waits until
/// workerd gives up ("your Worker's code had hung").
#[wasm_bindgen]
pub struct Call(Pin<Box<dyn Future<Output = Answer>>>);

impl Call {
    pub(crate) fn new(wake: Function, answer: impl Future<Output = Answer> + 'static) -> Self {
        WAKE.set(Some(wake));
        Self(Box::pin(answer))
    }
}

#[wasm_bindgen]
impl Call {
    /// The answer, or `undefined` while there is none. Not called again once there is one.
    ///
    /// # Errors
    ///
    /// What JavaScript says when it refuses the answer.
    pub fn poll(&mut self) -> Result<Option<Response>, JsValue> {
        let waker = Waker::from(Arc::new(Woken));
        match self.0.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(answer) => answer.map(Some),
            Poll::Pending => Ok(None),
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").finish_non_exhaustive()
    }
}

struct Woken;

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        // Outside of the borrow: the function may come back to this instance.
        let wake = WAKE.with_borrow(Option::clone);
        if let Some(wake) = wake {
            // It only schedules a poll, which cannot fail.
            let _ = wake.call0(&JsValue::UNDEFINED);
        }
    }
}
