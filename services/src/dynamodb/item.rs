//! What an item of the table says.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use guru_core::ports::{self, Error, Version};
use serde_json::{Value, json};

use super::api::corrupt;

/// A value as an attribute: a number where it is one, which is exact with up to 38 digits
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html>).
pub(super) fn of_value(value: &[u8]) -> Value {
    match ports::number(value) {
        Some(number) => json!({"N": number.to_string()}),
        None => json!({"B": STANDARD.encode(value)}),
    }
}

pub(super) fn read_value(item: &Value) -> Result<Bytes, Error> {
    let wrong = || corrupt("a value");
    let value = item.get("value").ok_or_else(wrong)?;
    if let Some(number) = value.get("N").and_then(Value::as_str) {
        return Ok(number.to_owned().into());
    }
    let bytes = value.get("B").and_then(Value::as_str).ok_or_else(wrong)?;
    STANDARD.decode(bytes).map(Bytes::from).map_err(|_| wrong())
}

/// The number that a value is kept as.
pub(super) fn number_of(item: &Value) -> Option<i64> {
    item.pointer("/value/N")?.as_str()?.parse().ok()
}

pub(super) fn version_of(item: &Value) -> Result<Version, Error> {
    let version = item.pointer("/version/S").and_then(Value::as_str);
    version
        .map(Version::new)
        .ok_or_else(|| corrupt("a version"))
}

/// Whether an item has expired, which DynamoDB removes within days
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html>).
pub(super) fn has_expired(item: &Value, now: u64) -> bool {
    let expires = item.pointer("/expires/N").and_then(Value::as_str);
    let expires = expires.and_then(|expires| expires.parse::<u64>().ok());
    expires.is_some_and(|expires| expires <= now)
}

/// The second at which what is kept for so long expires, and not before.
pub(super) fn expiry(ttl: Option<Duration>) -> Option<u64> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let at = now.unwrap_or_default().saturating_add(ttl?);
    Some(
        at.as_secs()
            .saturating_add(u64::from(at.subsec_nanos() > 0)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back_whatever_it_is_kept_as() {
        for value in [
            &b""[..],
            b"text",
            b"42",
            b"-9223372036854775808",
            b"07",
            b"1.0",
            &[0xff, 0],
        ] {
            let item = json!({"value": of_value(value)});
            assert_eq!(read_value(&item).unwrap(), value);
        }
        for odd in [
            json!({}),
            json!({"value": {"S": "x"}}),
            json!({"value": {"B": "*"}}),
        ] {
            assert!(read_value(&odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn an_item_expires_at_its_second() {
        let item = json!({"expires": {"N": "100"}});
        assert!(!has_expired(&item, 99));
        assert!(has_expired(&item, 100));
        assert!(!has_expired(&json!({}), u64::MAX));
    }
}
