//! Key-value stores, by Cloudflare's KV (<https://developers.cloudflare.com/kv/api/>): a binding of the store's name.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use guru_core::ports::{self, Called, ListQuery, Page};
use wasm_bindgen::prelude::*;

use crate::stores::{call, corrupt};

/// The host's part, which is there only in a worker whose function has such a store: `kv.js`.
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = host, js_name = "kvGet")]
    fn get(number: u32, store: &str, key: &str);

    #[wasm_bindgen(js_namespace = host, js_name = "kvExists")]
    fn exists(number: u32, store: &str, key: &str);

    /// Sets a value for so many seconds, or for ever, for NaN.
    #[wasm_bindgen(js_namespace = host, js_name = "kvSet")]
    fn set(number: u32, store: &str, key: &str, value: &[u8], ttl: f64);

    #[wasm_bindgen(js_namespace = host, js_name = "kvDelete")]
    fn delete(number: u32, store: &str, key: &str);

    /// Replies with JSON: the keys, and the cursor or null.
    #[wasm_bindgen(js_namespace = host, js_name = "kvList")]
    fn list(number: u32, store: &str, prefix: &str, limit: u32, cursor: Option<&str>);
}

/// The key-value store of this name.
#[doc(hidden)]
#[must_use]
pub fn key_value(name: &'static str) -> Rc<dyn ports::KeyValue> {
    Rc::new(Kv(name))
}

struct Kv(&'static str);

impl ports::KeyValue for Kv {
    fn get(&self, key: &str) -> Called<Option<Bytes>> {
        let reply = call(self.0, |number| get(number, self.0, key));
        Box::pin(async move { Ok(reply.await?.bytes.map(Bytes::from)) })
    }

    fn set(&self, key: &str, value: Bytes, ttl: Option<Duration>) -> Called<()> {
        let ttl = ttl.map_or(f64::NAN, |ttl| ttl.as_secs_f64());
        let reply = call(self.0, |number| set(number, self.0, key, &value, ttl));
        Box::pin(async move { reply.await.map(drop) })
    }

    fn delete(&self, key: &str) -> Called<()> {
        let reply = call(self.0, |number| delete(number, self.0, key));
        Box::pin(async move { reply.await.map(drop) })
    }

    fn list(&self, query: ListQuery) -> Called<Page> {
        let (name, cursor) = (self.0, query.cursor.as_deref());
        // A page has a thousand keys at most.
        let limit = u32::try_from(query.limit).unwrap_or(u32::MAX);
        let reply = call(name, |number| {
            list(number, name, &query.prefix, limit, cursor);
        });
        Box::pin(async move {
            let page = serde_json::from_str(&reply.await?.text);
            let (keys, cursor) = page.map_err(|_| corrupt(name))?;
            Ok(Page { keys, cursor })
        })
    }

    fn exists(&self, key: &str) -> Called<bool> {
        let reply = call(self.0, |number| exists(number, self.0, key));
        Box::pin(async move { Ok(reply.await?.size > 0.0) })
    }
}
