//! The functions that the entry module provides to an instance: the `host` in `worker.js`.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Passes the response to the current request: a status, the header fields as alternating lines of names and
    /// values (or nothing if both equal those of the previous response), and the content, which may be passed as a
    /// string.
    #[wasm_bindgen(js_namespace = host)]
    pub(crate) fn answer(status: u16, fields: Option<&str>, content: &[u8], is_text: bool);

    /// The header fields of the request, as alternating lines of names and values. The platform has validated them,
    /// and neither can contain a line break.
    #[wasm_bindgen(js_namespace = host)]
    pub(crate) fn fields() -> String;

    /// Takes the head of an answer whose content is a stream, which it pulls at afterwards: as `answer`, and the size of the
    /// content, or a negative number where that is not known.
    #[wasm_bindgen(js_namespace = host)]
    pub(crate) fn stream(status: u16, fields: Option<&str>, size: f64);

    /// Takes a chunk of the stream.
    #[wasm_bindgen(js_namespace = host)]
    pub(crate) fn chunk(content: &[u8]);

    /// Takes the end of the stream: a good one, or one that breaks the transfer.
    #[wasm_bindgen(js_namespace = host)]
    pub(crate) fn end(is_broken: bool);

    /// Takes note that the request goes on after its answer, for which it is to be polled.
    #[wasm_bindgen(js_namespace = host)]
    pub(crate) fn after();

    /// Reads on in the request's body, and calls `came` with what there is.
    #[wasm_bindgen(js_namespace = host)]
    pub(crate) fn read();

    /// Discards the rest of the request's body: nobody reads it.
    #[wasm_bindgen(js_namespace = host)]
    pub(crate) fn discard();

    /// Rings a timer, by calling `ring` with its number, once so many milliseconds have passed.
    #[wasm_bindgen(js_namespace = host)]
    pub(crate) fn sleep(milliseconds: f64, number: u32);

    /// Refuses the request that the instance has. It throws, and is where the instance ends: nothing that called it goes
    /// on.
    #[wasm_bindgen(js_namespace = host)]
    pub(crate) fn refuse(why: &str);

    /// Requests another poll. This only schedules it.
    #[wasm_bindgen(js_namespace = host)]
    pub(crate) fn wake();

    /// Writes a log record, a JSON object, at its level: 0 is debug, 3 is error. The host adds the time.
    #[wasm_bindgen(js_namespace = host)]
    pub(crate) fn log(level: u8, record: &str);

    /// A variable or a secret of the worker.
    #[wasm_bindgen(js_namespace = host)]
    pub(crate) fn variable(key: &str) -> Option<String>;

    /// <https://developer.mozilla.org/docs/Web/API/Crypto/getRandomValues>
    #[wasm_bindgen(js_namespace = crypto, js_name = "getRandomValues")]
    pub(crate) fn get_random_values(bytes: &mut [u8]);

    /// Milliseconds since 1970. The clock stands still while a request computes
    /// (<https://developers.cloudflare.com/workers/reference/security-model/>).
    #[wasm_bindgen(js_namespace = Date)]
    pub(crate) fn now() -> f64;
}
