//! The entry module's side of the boundary: `targets/cloudflare/worker.js`, as far as heads and responses are concerned.

use std::cell::{Cell, RefCell};

/// A response as the entry module receives it.
#[derive(Clone, Default)]
pub(crate) struct HostResponse {
    pub(crate) status: u16,
    pub(crate) fields: String,
    pub(crate) content: Vec<u8>,
}

thread_local! {
    static FIELDS: RefCell<String> = const { RefCell::new(String::new()) };
    static REFUSED: Cell<bool> = const { Cell::new(false) };
    static GIVEN: RefCell<Option<HostResponse>> = const { RefCell::new(None) };
}

/// Sets the header fields of the next request.
pub(crate) fn set_fields(text: &str) {
    FIELDS.replace(text.to_owned());
}

/// The last response.
pub(crate) fn given() -> HostResponse {
    GIVEN.with_borrow(|given| given.clone().unwrap_or_default())
}

/// Whether a request was refused since the last call.
pub(crate) fn was_refused() -> bool {
    REFUSED.take()
}

/// In a worker this ends the instance. A fuzzer takes any panic for a finding, so it is only recorded.
pub(crate) fn refuse(why: &str) {
    assert!(!why.is_empty());
    REFUSED.set(true);
}

pub(crate) fn fields() -> String {
    FIELDS.with_borrow(Clone::clone)
}

/// Omitted fields mean that status and fields are those of the previous response.
pub(crate) fn answer(status: u16, fields: Option<&str>, content: &[u8], is_text: bool) {
    assert!(!is_text || std::str::from_utf8(content).is_ok());
    GIVEN.with_borrow_mut(|given| {
        let before = given.take().unwrap_or_default();
        assert!(fields.is_some() || before.status == status);
        *given = Some(HostResponse {
            status,
            fields: fields.map_or(before.fields, str::to_owned),
            content: content.to_vec(),
        });
    });
}

/// No answer here is a stream.
pub(crate) fn stream(_status: u16, _fields: Option<&str>, _size: f64) {
    unreachable!("an answer in memory is a stream");
}
