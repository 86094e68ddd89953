//! What comes back from the host for something that was asked of it, by a number. A function that asks for nothing has none of
//! the code that listens: an export is there in every function, so that the one export calls whoever has asked.

use std::cell::Cell;

/// What has come. Which of these count is said by `what`.
pub(crate) struct Came {
    pub(crate) what: u8,
    pub(crate) status: u16,
    pub(crate) size: f64,
    pub(crate) text: String,
    pub(crate) bytes: Option<Vec<u8>>,
}

type Listener = fn(u32, Came);

thread_local! {
    static LISTENER: Cell<Option<Listener>> = const { Cell::new(None) };
}

/// From now on `listener` hears of what comes.
pub(crate) fn listen(listener: Listener) {
    LISTENER.set(Some(listener));
}

/// Something has come by this number.
pub(crate) fn came(number: u32, came: Came) {
    if let Some(listener) = LISTENER.get() {
        listener(number, came);
    }
}
