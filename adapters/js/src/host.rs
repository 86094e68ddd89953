//! What the entry module offers to an instance: the `host` in `worker.js`. It must not know who calls.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Takes the answer to the request that the instance has: a status, the header fields as lines of a
    /// name and of a value in turn, or nothing where both are those of the answer before, and the content,
    /// which may cross as a text.
    #[wasm_bindgen(js_namespace = host)]
    pub(crate) fn answer(status: u16, fields: Option<&str>, content: &[u8], is_text: bool);

    /// The header fields of the request, as lines of a name and of a value in turn. The platform has
    /// checked them, and neither can hold a line's end.
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

    /// Rings a timer, by calling `ring` with its number, once so many milliseconds have passed.
    #[wasm_bindgen(js_namespace = host)]
    pub(crate) fn sleep(milliseconds: f64, number: u32);

    /// Refuses the request that the instance has. It throws, and is where the instance ends: nothing that called it goes
    /// on.
    #[wasm_bindgen(js_namespace = host)]
    pub(crate) fn refuse(why: &str);

    /// Asks for another poll. It only schedules one.
    #[wasm_bindgen(js_namespace = host)]
    pub(crate) fn wake();

    /// Writes a log record, a JSON object, under its level: 0 is debug, 3 is error. The host puts the
    /// time in.
    #[wasm_bindgen(js_namespace = host)]
    pub(crate) fn log(level: u8, record: &str);

    /// A variable or a secret of the worker.
    #[wasm_bindgen(js_namespace = host)]
    pub(crate) fn variable(key: &str) -> Option<String>;

    /// <https://developer.mozilla.org/docs/Web/API/Crypto/getRandomValues>
    #[wasm_bindgen(js_namespace = crypto, js_name = "getRandomValues")]
    pub(crate) fn get_random_values(bytes: &mut [u8]);

    /// Milliseconds since 1970. It stands still while a request computes
    /// (<https://developers.cloudflare.com/workers/reference/security-model/>).
    #[wasm_bindgen(js_namespace = Date)]
    pub(crate) fn now() -> f64;
}
