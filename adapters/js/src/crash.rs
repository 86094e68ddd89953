//! A panic in a handler costs its request and its instance.

use std::panic::{self, PanicHookInfo};

/// Turns a panic into a JavaScript exception that says where and why, to be caught where the instance was entered.
/// The instance is not entered again. Without this, a panic arrives in the same place as a bare `RuntimeError:
/// unreachable`.
pub(crate) fn install() {
    panic::set_hook(Box::new(|info| wasm_bindgen::throw_str(&report(info))));
}

fn report(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let text = info.payload_as_str().unwrap_or("(no message)");
    format!("the handler panicked at {place}: {text}")
}
