//! Key-value stores in a table of Amazon's DynamoDB
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/Welcome.html>).
//!
//! Stores share a table, whose partition key is `store` and whose sort key is `key`, both strings: the keys of a store are in the
//! order of their bytes so. A number is kept as a number, for [`add`](crate::Store::add), and any other value as binary.

mod api;
mod item;
mod table;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use guru_core::adapter::{no_sum, overtaken};
use guru_core::ports::{Condition, Error, ErrorKind, ListQuery, Page, Version};
use serde_json::{Map, Value, json};

use crate::{Called, Store};
use api::{Api, Repeat};
use item::{expiry, number_of, of_value, read_value, version_of};

pub use table::Table;

/// How often a sum is tried again that others have come between.
const TRIES: usize = 16;

/// How many items a query looks at, at least.
const LOOKED_AT: usize = 250;

/// Where the item has expired, or is not there.
const IS_GONE: &str = "attribute_not_exists(#k) OR #e <= :now";

/// A key-value store in a table of DynamoDB. Its calls are waited for on a tokio runtime.
#[derive(Clone, Debug)]
pub struct DynamoDb {
    api: Arc<Api>,
    name: Arc<str>,
}

impl DynamoDb {
    /// The store of this name in this table. Nothing is asked for before the first call.
    #[must_use]
    pub fn open(table: &Table, name: &str) -> Self {
        Self {
            api: Api::of(table),
            name: name.into(),
        }
    }

    /// The key of an item.
    fn key(&self, key: &str) -> Value {
        json!({"store": {"S": &*self.name}, "key": {"S": key}})
    }

    /// The item of a key, unless it has expired.
    async fn item(&self, key: &str, projection: Option<&str>) -> Result<Option<Value>, Error> {
        let mut ask = json!({"Key": self.key(key), "ConsistentRead": true});
        if let Some(names) = projection {
            set(&mut ask, "ProjectionExpression", json!(names));
            set(
                &mut ask,
                "ExpressionAttributeNames",
                json!({"#k": "key", "#e": "expires"}),
            );
        }
        let mut answer = self.api.call("GetItem", ask, Repeat::Always).await?;
        let item = answer.get_mut("Item").map(Value::take);
        Ok(item.filter(|item| !item::has_expired(item, now())))
    }

    /// Puts an item where the condition holds.
    async fn put(
        &self,
        key: &str,
        value: &[u8],
        expires: Option<u64>,
        condition: &Condition,
    ) -> Result<Version, Error> {
        let version = version();
        let mut item = self.key(key);
        set(&mut item, "value", of_value(value));
        set(&mut item, "version", json!({"S": version}));
        if let Some(expires) = expires {
            set(&mut item, "expires", json!({"N": expires.to_string()}));
        }
        let mut ask = json!({"Item": item});
        let condition = match condition {
            Condition::Absent => Some((
                IS_GONE,
                json!({"#k": "key", "#e": "expires"}),
                json!({":now": number(now())}),
            )),
            Condition::Version(version) => Some((
                "#v = :v AND (attribute_not_exists(#e) OR #e > :now)",
                json!({"#v": "version", "#e": "expires"}),
                json!({":v": {"S": version.as_str()}, ":now": number(now())}),
            )),
            _ => None,
        };
        let repeat = match condition {
            Some(_) => Repeat::Refused,
            None => Repeat::Always,
        };
        conditional(&mut ask, condition);
        match self.api.call("PutItem", ask, repeat).await {
            Ok(_) => Ok(Version::new(version)),
            Err(error) if error.kind() == ErrorKind::Conflict => Err(overtaken(&self.name)),
            Err(error) => Err(error),
        }
    }

    /// Adds to a number that has not expired, or to nothing. `None` where there is another item.
    async fn sum(&self, key: &str, by: i64) -> Result<Option<i64>, Error> {
        // The sum is none beyond the ends of an `i64`, which DynamoDB's numbers go far beyond.
        let least = if by < 0 {
            i64::MIN.saturating_sub(by)
        } else {
            i64::MIN
        };
        let most = if by > 0 {
            i64::MAX.saturating_sub(by)
        } else {
            i64::MAX
        };
        let ask = json!({
            "Key": self.key(key),
            "UpdateExpression": "SET #v = :v ADD #n :by",
            "ConditionExpression": "attribute_not_exists(#k) OR \
                 (attribute_type(#n, :type) AND #n BETWEEN :least AND :most AND (attribute_not_exists(#e) OR #e > :now))",
            "ExpressionAttributeNames": {"#k": "key", "#n": "value", "#v": "version", "#e": "expires"},
            "ExpressionAttributeValues": {
                ":v": {"S": version()},
                ":by": number(by),
                ":type": {"S": "N"},
                ":least": number(least),
                ":most": number(most),
                ":now": number(now()),
            },
            "ReturnValues": "UPDATED_NEW",
        });
        match self.api.call("UpdateItem", ask, Repeat::Refused).await {
            Ok(answer) => {
                let sum = answer
                    .pointer("/Attributes/value/N")
                    .and_then(Value::as_str);
                let sum = sum.and_then(|sum| sum.parse().ok());
                sum.map(Some).ok_or_else(|| api::corrupt("a sum"))
            }
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

fn conditional(ask: &mut Value, condition: Option<(&str, Value, Value)>) {
    if let Some((expression, names, values)) = condition {
        set(ask, "ConditionExpression", json!(expression));
        set(ask, "ExpressionAttributeNames", names);
        set(ask, "ExpressionAttributeValues", values);
    }
}

fn number(number: impl ToString) -> Value {
    json!({"N": number.to_string()})
}

/// A version that no other value has.
fn version() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// Seconds since 1970, which is how DynamoDB has the time at which an item expires.
fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}

impl Store for DynamoDb {
    fn read(&self, key: &str) -> Called<Option<(Bytes, Version)>> {
        let (this, key) = (self.clone(), key.to_owned());
        Box::pin(async move {
            let item = this.item(&key, None).await?;
            item.map(|item| Ok((read_value(&item)?, version_of(&item)?)))
                .transpose()
        })
    }

    fn exists(&self, key: &str) -> Called<bool> {
        let (this, key) = (self.clone(), key.to_owned());
        Box::pin(async move { Ok(this.item(&key, Some("#k, #e")).await?.is_some()) })
    }

    fn write(
        &self,
        key: &str,
        value: Bytes,
        ttl: Option<Duration>,
        condition: Condition,
    ) -> Called<Version> {
        let (this, key, expires) = (self.clone(), key.to_owned(), expiry(ttl));
        Box::pin(async move { this.put(&key, &value, expires, &condition).await })
    }

    fn add(&self, key: &str, by: i64) -> Called<i64> {
        let (this, key) = (self.clone(), key.to_owned());
        Box::pin(async move {
            for _ in 0..TRIES {
                if let Some(sum) = this.sum(&key, by).await? {
                    return Ok(sum);
                }
                // Another value, or one that has expired and was not removed yet: DynamoDB takes its time.
                if let Some(item) = this.item(&key, None).await? {
                    // One that somebody else has begun meanwhile is added to.
                    let number = number_of(&item).and_then(|number| number.checked_add(by));
                    if number.is_some() {
                        continue;
                    }
                    return Err(no_sum(&this.name));
                }
                let text = by.to_string();
                let put = this.put(&key, text.as_bytes(), None, &Condition::Absent);
                match put.await {
                    Ok(_) => return Ok(by),
                    Err(error) if error.kind() == ErrorKind::Conflict => {}
                    Err(error) => return Err(error),
                }
            }
            Err(overtaken(&this.name))
        })
    }

    fn delete(&self, key: &str) -> Called<()> {
        let ask = json!({"Key": self.key(key)});
        let api = Arc::clone(&self.api);
        Box::pin(async move { api.call("DeleteItem", ask, Repeat::Always).await.map(drop) })
    }

    fn list(&self, query: ListQuery) -> Called<Page> {
        let this = self.clone();
        Box::pin(async move {
            query.check_cursor()?;
            let mut keys = Vec::new();
            let mut after = query.cursor.clone();
            // One more says whether there is more.
            while keys.len() <= query.limit {
                let mut ask = this.asked(&query);
                let left = query.limit.saturating_add(1).saturating_sub(keys.len());
                // What has expired counts, too, though it is left out.
                set(&mut ask, "Limit", json!(left.max(LOOKED_AT)));
                if let Some(after) = &after {
                    set(&mut ask, "ExclusiveStartKey", this.key(after));
                }
                let answer = this.api.call("Query", ask, Repeat::Always).await;
                let answer = answer.map_err(|error| match (error.kind(), &query.cursor) {
                    // A key that no page of this list has had.
                    (ErrorKind::Invalid, Some(_)) => {
                        Error::new(ErrorKind::InvalidKey, error.to_string())
                    }
                    _ => error,
                })?;
                let items = answer.get("Items").and_then(Value::as_array);
                for item in items.into_iter().flatten() {
                    let key = item.pointer("/key/S").and_then(Value::as_str);
                    keys.push(key.ok_or_else(|| api::corrupt("a key"))?.to_owned());
                }
                let last = answer.pointer("/LastEvaluatedKey/key/S");
                after = last.and_then(Value::as_str).map(str::to_owned);
                if after.is_none() {
                    break;
                }
            }
            Ok(query.page(keys))
        })
    }
}

impl DynamoDb {
    /// A query for the keys that begin with a prefix and have not expired.
    fn asked(&self, query: &ListQuery) -> Value {
        let mut condition = "#s = :s".to_owned();
        let mut values = Map::new();
        values.insert(":s".into(), json!({"S": &*self.name}));
        values.insert(":now".into(), number(now()));
        if !query.prefix.is_empty() {
            condition.push_str(" AND begins_with(#k, :p)");
            values.insert(":p".into(), json!({"S": query.prefix}));
        }
        json!({
            "KeyConditionExpression": condition,
            "FilterExpression": "attribute_not_exists(#e) OR #e > :now",
            "ProjectionExpression": "#k",
            "ExpressionAttributeNames": {"#s": "store", "#k": "key", "#e": "expires"},
            "ExpressionAttributeValues": values,
            "ConsistentRead": true,
        })
    }
}
