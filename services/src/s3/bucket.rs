//! Which bucket it is: `s3://BUCKET/PREFIX?region=eu-central-1`.

use crate::aws::{self, Place};

/// A bucket of S3, as a setting names it, and what the keys in there begin with.
///
/// Where the setting says nothing, the region is that of `AWS_REGION` or `AWS_DEFAULT_REGION`, and the endpoint that of
/// `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`, or else Amazon's own in that region.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bucket {
    pub(super) name: String,
    /// Nothing, or what ends with a slash.
    pub(super) prefix: String,
    pub(super) place: Place,
}

impl Bucket {
    /// Reads what stands behind `s3:` in a setting.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (place, query) = text.split_once('?').unwrap_or((text, ""));
        let (name, prefix) = place.split_once('/').unwrap_or((place, ""));
        // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
        let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let is_name = (3..=63).contains(&name.len())
            && name
                .bytes()
                .all(|byte| is_inner(byte) || b".-".contains(&byte))
            && name.bytes().next().is_some_and(is_inner)
            && name.bytes().last().is_some_and(is_inner);
        let prefix = prefix.trim_end_matches('/');
        let prefix = if prefix.is_empty() {
            String::new()
        } else {
            format!("{prefix}/")
        };
        Some(Self {
            name: is_name.then(|| name.to_owned())?,
            prefix,
            place: Place::read(query)?,
        })
    }

    /// The same, with keys that begin with the name of a port.
    pub(crate) fn below(mut self, port: &str) -> Self {
        self.prefix.push_str(port);
        self.prefix.push('/');
        self
    }

    /// The URL of the bucket, without a slash at its end.
    pub(super) fn url(&self, region: &str) -> String {
        let (name, domain) = (&self.name, aws::domain(region));
        match self.place.endpoint("AWS_ENDPOINT_URL_S3") {
            Some(endpoint) => format!("{endpoint}/{name}"),
            // A name with dots is in no certificate.
            None if name.contains('.') => format!("https://s3.{region}.{domain}/{name}"),
            None => format!("https://{name}.s3.{region}.{domain}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_a_name_and_what_differs() {
        let bucket = Bucket::read("my-files/a/b/?region=eu-central-1&endpoint=http://127.0.0.1:1/");
        let bucket = bucket.unwrap();
        assert_eq!((&*bucket.name, &*bucket.prefix), ("my-files", "a/b/"));
        assert_eq!(bucket.url("x"), "http://127.0.0.1:1/my-files");
        let url = |text: &str, region: &str| Bucket::read(text).unwrap().url(region);
        assert_eq!(
            url("my-files", "eu-central-1"),
            "https://my-files.s3.eu-central-1.amazonaws.com"
        );
        assert_eq!(
            url("my.files", "cn-north-1"),
            "https://s3.cn-north-1.amazonaws.com.cn/my.files"
        );
        assert_eq!(Bucket::read("abc").unwrap().below("files").prefix, "files/");
        for wrong in ["", "ab", "My-files", "-abc", "abc?colour=red", "a_b_c"] {
            assert_eq!(Bucket::read(wrong), None, "{wrong}");
        }
    }
}
