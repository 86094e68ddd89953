//! Which table it is: `dynamodb://NAME?region=eu-central-1`.

use crate::aws::{self, Place};

/// A table of DynamoDB, as a setting names it.
///
/// Where the setting says nothing, the region is that of `AWS_REGION` or `AWS_DEFAULT_REGION`, and the endpoint that of
/// `AWS_ENDPOINT_URL_DYNAMODB` or `AWS_ENDPOINT_URL`, or else Amazon's own in that region
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Table {
    pub(super) name: String,
    pub(super) place: Place,
}

impl Table {
    /// Reads what stands behind `dynamodb:` in a setting.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (name, query) = text.split_once('?').unwrap_or((text, ""));
        // 3 to 255 of these (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html).
        let is_name = (3..=255).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
        Some(Self {
            name: is_name.then(|| name.to_owned())?,
            place: Place::read(query)?,
        })
    }

    pub(super) fn endpoint(&self, region: &str) -> String {
        let named = self.place.endpoint("AWS_ENDPOINT_URL_DYNAMODB");
        // https://docs.aws.amazon.com/general/latest/gr/ddb.html
        named.unwrap_or_else(|| format!("https://dynamodb.{region}.{}", aws::domain(region)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_a_name_and_what_differs() {
        let table =
            Table::read("links-prod?region=eu-central-1&endpoint=http://127.0.0.1:4566/").unwrap();
        assert_eq!((&*table.name, table.place.is_made), ("links-prod", false));
        assert_eq!(table.place.region().unwrap(), "eu-central-1");
        assert_eq!(table.endpoint("eu-central-1"), "http://127.0.0.1:4566");
        assert!(Table::read("links?create").unwrap().place.is_made);
        let table = Table::read("links").unwrap();
        assert_eq!(
            table.endpoint("cn-north-1"),
            "https://dynamodb.cn-north-1.amazonaws.com.cn"
        );
        for wrong in ["", "ab", "a/b/c", "links?colour=red", "lïnks"] {
            assert_eq!(Table::read(wrong), None, "{wrong}");
        }
    }
}
