//! Atomic key-value stores, in a table of Cloudflare's D1 (<https://developers.cloudflare.com/d1/>): a binding of the store's
//! name.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use guru_core::adapter::sqlite::{
    ADD, CREATE, DELETE, EXISTS, LIST, PURGE, READ, SET, SET_IF_ABSENT, SET_IF_VERSION,
};
use guru_core::adapter::{no_sum, overtaken};
use guru_core::ports::{self, Called, Condition, Error, ListQuery, Page, Version};
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;

use crate::calls::Reply;
use crate::host;
use crate::stores::{NO_TABLE, corrupt, failure, reply};

/// The host's part, which is there only in a worker whose function has such a store: `d1.js`.
#[wasm_bindgen]
extern "C" {
    /// Runs a statement with these parameters, a JSON array in which `[]` stands for `content`. Replies with the number of rows, and
    /// their first columns as a JSON array; where that of the first row is bytes, it is apart, and the second stands for it.
    #[wasm_bindgen(js_namespace = host, js_name = "d1")]
    fn d1(number: u32, store: &str, statement: &str, parameters: &str, content: Option<&[u8]>);
}

/// The atomic key-value store of this name.
#[doc(hidden)]
#[must_use]
pub fn atomic(name: &'static str) -> Rc<dyn ports::Atomic> {
    Rc::new(D1(name))
}

#[derive(Clone, Copy)]
struct D1(&'static str);

impl D1 {
    /// Runs a statement, on a table that is made where it was not.
    async fn run(
        self,
        statement: &str,
        parameters: Value,
        content: Option<Bytes>,
    ) -> Result<Reply, Error> {
        let parameters = parameters.to_string();
        let begin = |number| {
            d1(number, self.0, statement, &parameters, content.as_deref());
        };
        let mut said = reply(begin).await;
        if said.what == NO_TABLE {
            for create in CREATE {
                let made = reply(|number| d1(number, self.0, create, "[]", None)).await;
                failure(self.0, &made).map_or(Ok(()), Err)?;
            }
            said = reply(begin).await;
        }
        failure(self.0, &said).map_or(Ok(said), Err)
    }

    /// The texts of a reply.
    fn texts(self, reply: &Reply) -> Result<Vec<String>, Error> {
        serde_json::from_str(&reply.text).map_err(|_| corrupt(self.0))
    }

    /// The only text of a reply, if there is a row.
    fn text(self, reply: &Reply) -> Result<Option<String>, Error> {
        Ok(self.texts(reply)?.pop())
    }
}

/// Milliseconds since 1970. D1 binds every number as a float, which has these exactly.
fn now() -> f64 {
    host::now()
}

fn expiry(ttl: Option<Duration>) -> Option<f64> {
    ttl.map(|ttl| now() + ttl.as_secs_f64() * 1000.0)
}

impl ports::KeyValue for D1 {
    fn get(&self, key: &str) -> Called<Option<Bytes>> {
        let read = ports::Atomic::read(self, key);
        Box::pin(async move { Ok(read.await?.map(|(value, _)| value)) })
    }

    fn set(&self, key: &str, value: Bytes, ttl: Option<Duration>) -> Called<()> {
        let written = ports::Atomic::write(self, key, value, ttl, Condition::None);
        Box::pin(async move { written.await.map(drop) })
    }

    fn delete(&self, key: &str) -> Called<()> {
        let (this, parameters) = (*self, json!([self.0, key]));
        Box::pin(async move { this.run(DELETE, parameters, None).await.map(drop) })
    }

    fn list(&self, query: ListQuery) -> Called<Page> {
        let this = *self;
        Box::pin(async move {
            query.check_cursor()?;
            let (from, after) = query.range();
            // One more says whether there is more.
            let most = query.limit.saturating_add(1);
            let parameters = json!([this.0, from, after, now(), most]);
            let rows = this.run(LIST, parameters, None).await?;
            Ok(query.page(this.texts(&rows)?))
        })
    }

    fn exists(&self, key: &str) -> Called<bool> {
        let (this, parameters) = (*self, json!([self.0, key, now()]));
        Box::pin(async move { Ok(this.run(EXISTS, parameters, None).await?.size > 0.0) })
    }
}

impl ports::Atomic for D1 {
    fn read(&self, key: &str) -> Called<Option<(Bytes, Version)>> {
        let (this, parameters) = (*self, json!([self.0, key, now()]));
        Box::pin(async move {
            let row = this.run(READ, parameters, None).await?;
            let Some(version) = this.text(&row)? else {
                return Ok(None);
            };
            let value = row.bytes.ok_or_else(|| corrupt(this.0))?;
            Ok(Some((value.into(), Version::new(version))))
        })
    }

    fn write(
        &self,
        key: &str,
        value: Bytes,
        ttl: Option<Duration>,
        condition: Condition,
    ) -> Called<Version> {
        let (this, now, expires) = (*self, now(), expiry(ttl));
        let content = json!([]);
        let (statement, parameters) = match condition {
            Condition::Absent => (SET_IF_ABSENT, json!([this.0, key, content, expires, now])),
            Condition::Version(version) => (
                SET_IF_VERSION,
                json!([this.0, key, content, expires, now, version.as_str()]),
            ),
            _ => (SET, json!([this.0, key, content, expires])),
        };
        Box::pin(async move {
            if ttl.is_some() {
                // Whoever makes values that expire removes those that have.
                this.run(PURGE, json!([now]), None).await?;
            }
            let row = this.run(statement, parameters, Some(value)).await?;
            let version = this.text(&row)?;
            version.map(Version::new).ok_or_else(|| overtaken(this.0))
        })
    }

    fn add(&self, key: &str, by: i64) -> Called<i64> {
        let this = *self;
        // As text: a float has no more than 53 bits.
        let parameters = json!([self.0, key, by.to_string(), now()]);
        Box::pin(async move {
            let row = this.run(ADD, parameters, None).await?;
            let sum = this.text(&row)?.and_then(|sum| sum.parse().ok());
            sum.ok_or_else(|| no_sum(this.0))
        })
    }
}
