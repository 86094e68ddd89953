//! Stores, by `spin:key-value`. A value has the second at which it expires before it, in eight bytes: Spin's stores have no such
//! thing.
//!
//! `guru build --on spin` composes a function's component with this one, where it has such a store. A store is named in `spin.toml`
//! as the function names it.

#![cfg(target_family = "wasm")]

use std::time::{Duration, SystemTime};

use guru_core::ports::ListQuery;
use guru_wit::key_value_adapter::export_key_value;
use guru_wit::key_value_adapter::key_value::{Error, ErrorKind, Guest, Page};
use spin_sdk::key_value::{self, Store};

struct Ports;

export_key_value!(Ports with_types_in guru_wit::key_value_adapter);

/// How many bytes say when a value expires: a number, the most significant byte first, which is 0 for never.
const HEAD: usize = 8;

impl Guest for Ports {
    async fn get(store: String, key: String) -> Result<Option<Vec<u8>>, Error> {
        let opened = open(&store).await?;
        live(&opened, &store, &key).await
    }

    async fn exists(store: String, key: String) -> Result<bool, Error> {
        let opened = open(&store).await?;
        Ok(live(&opened, &store, &key).await?.is_some())
    }

    async fn set(
        store: String,
        key: String,
        value: Vec<u8>,
        ttl: Option<u64>,
    ) -> Result<(), Error> {
        let expires = ttl.map_or(0, |ttl| {
            let now = now();
            let second = now
                .as_secs()
                .saturating_add(u64::from(now.subsec_nanos() > 0));
            second.saturating_add(ttl)
        });
        let mut kept = expires.to_be_bytes().to_vec();
        kept.extend_from_slice(&value);
        let opened = open(&store).await?;
        opened
            .set(&key, kept)
            .await
            .map_err(|error| failed(&store, error))
    }

    async fn delete(store: String, key: String) -> Result<(), Error> {
        let opened = open(&store).await?;
        opened
            .delete(&key)
            .await
            .map_err(|error| failed(&store, error))
    }

    /// Spin lists all keys of a store, in any order.
    async fn list_keys(
        store: String,
        prefix: String,
        limit: u32,
        cursor: Option<String>,
    ) -> Result<Page, Error> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let query = ListQuery::new(prefix).with_limit(limit).with_cursor(cursor);
        query.check_cursor().map_err(|error| Error {
            kind: ErrorKind::InvalidKey,
            message: error.to_string(),
        })?;
        let opened = open(&store).await?;
        let keys = opened.get_keys().await.collect().await;
        let mut keys = keys.map_err(|error| failed(&store, error))?;
        let (from, after) = query.range();
        keys.retain(|key| &**key >= from && key != after && key.starts_with(&query.prefix));
        keys.sort_unstable();
        let mut found = Vec::new();
        for key in keys {
            // One more says whether there is more.
            if found.len() > limit {
                break;
            }
            if live(&opened, &store, &key).await?.is_some() {
                found.push(key);
            }
        }
        let page = query.page(found);
        Ok(Page {
            keys: page.keys,
            cursor: page.cursor,
        })
    }
}

async fn open(store: &str) -> Result<Store, Error> {
    Store::open(store)
        .await
        .map_err(|error| failed(store, error))
}

/// The value of a key, unless it has expired.
async fn live(opened: &Store, store: &str, key: &str) -> Result<Option<Vec<u8>>, Error> {
    let kept = opened
        .get(key)
        .await
        .map_err(|error| failed(store, error))?;
    let Some(mut kept) = kept else {
        return Ok(None);
    };
    let Some(head) = kept.first_chunk::<HEAD>() else {
        return Err(Error {
            kind: ErrorKind::Corrupt,
            message: format!("a value of the store `{store}` was written by no port"),
        });
    };
    let expires = u64::from_be_bytes(*head);
    if expires != 0 && expires <= now().as_secs() {
        return Ok(None);
    }
    kept.drain(..HEAD);
    Ok(Some(kept))
}

fn failed(store: &str, error: key_value::Error) -> Error {
    let (kind, why) = match error {
        key_value::Error::StoreTableFull => (
            ErrorKind::Unavailable,
            "too many are open at once".to_owned(),
        ),
        key_value::Error::NoSuchStore => (
            ErrorKind::Unavailable,
            "there is none of this name: `--runtime-config-file` says where it is".to_owned(),
        ),
        key_value::Error::AccessDenied => (
            ErrorKind::Denied,
            "`key_value_stores` of spin.toml does not name it".to_owned(),
        ),
        key_value::Error::Other(why) => (ErrorKind::Other, why),
    };
    let message = format!("the store `{store}`: {why}");
    Error { kind, message }
}

/// The time since 1970. A clock before that is wrong by decades: 0 is as good as any value.
fn now() -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap_or_default()
}
