//! Conditions and ranges (RFC 9110, sections 13 and 14), and a blob as the answer to a request that has them.

use alloc::format;
use alloc::string::String;

use super::{Blob, Error, Result};
use crate::http::{Headers, Method, Request, Response, Status};
use crate::ports::{BlobInfo, BlobRange, ErrorKind, FoundBlob};

const PARTIAL_CONTENT: Status = Status::new(206);
const PRECONDITION_FAILED: Status = Status::new(412);
const RANGE_NOT_SATISFIABLE: Status = Status::new(416);

/// Answers with the blob of a key, or the part of it that the request asks for.
pub(super) async fn serve(blobs: &Blob, key: &str, req: &Request) -> Result<Response> {
    if *req.method() == Method::HEAD {
        let info = blobs.head(key).await?.ok_or_else(Error::not_found)?;
        return match refused(req, &info)? {
            Some(answer) => Ok(answer),
            // The framework leaves the content out, and keeps its size.
            None => {
                let body = crate::http::Body::sized_stream(info.size, Nothing);
                Ok(described(Response::new(Status::OK), &info)?.with_body(body))
            }
        };
    }
    let range = range(req);
    if range.is_some() && has_condition(req) {
        // Conditions come before the range, which they may be the reason not to ask for.
        let info = blobs.head(key).await?.ok_or_else(Error::not_found)?;
        if let Some(answer) = refused(req, &info)? {
            return Ok(answer);
        }
        if !is_for(req, &info) {
            return whole(blobs, key, req).await;
        }
    }
    let Some(range) = range else {
        return whole(blobs, key, req).await;
    };
    let found = match blobs.get_range(key, range).await {
        Err(error) if error.kind() == ErrorKind::Invalid => {
            let info = blobs.head(key).await?.ok_or_else(Error::not_found)?;
            let said = format!("bytes */{}", info.size);
            let answer = Response::new(RANGE_NOT_SATISFIABLE);
            return Ok(answer.with_header("content-range", said)?);
        }
        found => found?.ok_or_else(Error::not_found)?,
    };
    let FoundBlob {
        info,
        offset,
        content,
    } = found;
    // It may be another one by now.
    if let Some(answer) = refused(req, &info)? {
        return Ok(answer);
    }
    if !is_for(req, &info) {
        return whole(blobs, key, req).await;
    }
    let count = content.size().unwrap_or_default();
    let last = offset.saturating_add(count).saturating_sub(1);
    let said = format!("bytes {offset}-{last}/{}", info.size);
    let answer = described(Response::new(PARTIAL_CONTENT), &info)?;
    Ok(answer
        .with_header("content-range", said)?
        .with_body(content))
}

async fn whole(blobs: &Blob, key: &str, req: &Request) -> Result<Response> {
    let found = blobs.get(key).await?.ok_or_else(Error::not_found)?;
    if let Some(answer) = refused(req, &found.info)? {
        return Ok(answer);
    }
    let answer = described(Response::new(Status::OK), &found.info)?;
    Ok(answer.with_body(found.content))
}

/// A body that nobody reads.
struct Nothing;

impl crate::http::Chunks for Nothing {
    fn poll_chunk(
        self: core::pin::Pin<&mut Self>,
        _: &mut core::task::Context<'_>,
    ) -> core::task::Poll<Option<core::result::Result<bytes::Bytes, crate::http::Error>>> {
        core::task::Poll::Ready(None)
    }
}

fn etag(info: &BlobInfo) -> String {
    format!("\"{}\"", info.etag)
}

fn described(answer: Response, info: &BlobInfo) -> Result<Response> {
    Ok(answer
        .with_header("content-type", &info.content_type)?
        .with_header("etag", etag(info))?
        .with_header("accept-ranges", "bytes")?)
}

fn has_condition(req: &Request) -> bool {
    ["if-match", "if-none-match", "if-range"]
        .iter()
        .any(|name| req.headers().contains(name))
}

/// The answer to a request whose conditions do not hold for a blob.
fn refused(req: &Request, info: &BlobInfo) -> Result<Option<Response>> {
    let etag = etag(info);
    let Some(status) = unmet(req.headers(), etag.as_bytes()) else {
        return Ok(None);
    };
    let answer = Response::new(status);
    if status == Status::NOT_MODIFIED {
        return Ok(Some(answer.with_header("etag", etag)?));
    }
    Ok(Some(answer))
}

/// The status of the answer to a request whose conditions do not hold for what has this etag: 412 or 304. `if-match` comes before
/// `if-none-match` (RFC 9110, section 13.2.2).
pub(super) fn unmet(headers: &Headers, etag: &[u8]) -> Option<Status> {
    let asked = |name: &str| {
        let mut all = headers.get_all(name).peekable();
        all.peek()?;
        let is_weak = name == "if-none-match";
        Some(all.any(|list| names(list, etag, is_weak)))
    };
    if asked("if-match") == Some(false) {
        return Some(PRECONDITION_FAILED);
    }
    (asked("if-none-match") == Some(true)).then_some(Status::NOT_MODIFIED)
}

/// Whether a list of etags has this one, or is `*`. Where one of them is weak, they are alike only if that is enough (RFC 9110,
/// section 8.8.3.2).
fn names(list: &[u8], etag: &[u8], is_weak_enough: bool) -> bool {
    if list == b"*" {
        return true;
    }
    let Some((is_weak, own)) = tags(etag).next() else {
        return false;
    };
    tags(list).any(|(weak, one)| one == own && (is_weak_enough || !(weak || is_weak)))
}

/// The etags of a list without their quotes, each with whether it is weak. One may have a comma in it (RFC 9110, section 8.8.3). What
/// comes after something that is none is not read.
fn tags(mut rest: &[u8]) -> impl Iterator<Item = (bool, &[u8])> {
    core::iter::from_fn(move || {
        while let [b' ' | b'\t' | b',', after @ ..] = rest {
            rest = after;
        }
        let strong = rest.strip_prefix(b"W/");
        let quoted = strong.unwrap_or(rest).strip_prefix(b"\"")?;
        let end = quoted.iter().position(|byte| *byte == b'"')?;
        let (tag, after) = quoted.split_at(end);
        rest = after.get(1..)?;
        Some((strong.is_some(), tag))
    })
}

/// Whether the range is for this version (RFC 9110, section 13.1.5). A date is for none: there are etags.
fn is_for(req: &Request, info: &BlobInfo) -> bool {
    match req.headers().get("if-range") {
        None => true,
        Some(one) => one.starts_with(b"\"") && names(one, etag(info).as_bytes(), false),
    }
}

/// The one range of bytes that a request asks for. What is malformed, or asks for several, is as if it were not there (RFC 9110,
/// section 14.2).
fn range(req: &Request) -> Option<BlobRange> {
    let value = req.headers().get_single("range")?;
    let value = core::str::from_utf8(value).ok()?;
    let (unit, set) = value.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (from, to) = set.trim().split_once('-')?;
    match (number(from), number(to)) {
        (Some(from), None) if to.is_empty() => Some(BlobRange::From(from)),
        (None, Some(count)) if from.is_empty() => Some(BlobRange::Last(count)),
        (Some(from), Some(to)) if from <= to => Some(BlobRange::Between(from, to)),
        _ => None,
    }
}

/// Digits alone; too many of them are as many as there can be.
fn number(digits: &str) -> Option<u64> {
    let is_one = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_one.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Uri;

    fn asked(value: &str) -> Option<BlobRange> {
        let req = Request::new(Method::GET, Uri::parse("/").unwrap());
        range(&req.with_header("range", value).unwrap())
    }

    #[test]
    fn one_range_of_bytes_is_one() {
        for (value, want) in [
            ("bytes=0-0", Some(BlobRange::Between(0, 0))),
            ("Bytes=2-", Some(BlobRange::From(2))),
            ("bytes=-5", Some(BlobRange::Last(5))),
            ("bytes=-0", Some(BlobRange::Last(0))),
            (
                "bytes=1-99999999999999999999999",
                Some(BlobRange::Between(1, u64::MAX)),
            ),
            ("bytes=5-2", None),
            ("bytes=0-1,3-4", None),
            ("bytes=+1-2", None),
            ("bytes=-", None),
            ("lines=0-1", None),
            ("0-1", None),
        ] {
            assert_eq!(asked(value), want, "{value}");
        }
    }

    #[test]
    fn a_list_names_the_etags_that_it_has() {
        // The list, the etag, and whether they are alike weakly and strongly.
        for (list, etag, weakly, strongly) in [
            ("*", r#""a""#, true, true),
            (r#""a""#, r#""a""#, true, true),
            (r#"W/"a""#, r#""a""#, true, false),
            (r#""a""#, r#"W/"a""#, true, false),
            (r#"W/"a""#, r#"W/"a""#, true, false),
            (r#""x" ,, W/"y","a""#, r#""a""#, true, true),
            (r#""x","b,c""#, r#""b,c""#, true, true),
            (r#""""#, r#""""#, true, true),
            (r#""b,*,c""#, r#""a""#, false, false),
            (r#""x", *"#, r#""a""#, false, false),
            (r#""A""#, r#""a""#, false, false),
            (r#"w/"a""#, r#""a""#, false, false),
            (r#"a, "a""#, r#""a""#, false, false),
            (r#""a"#, r#""a""#, false, false),
            ("a", "a", false, false),
            ("", r#""a""#, false, false),
        ] {
            let (bytes, own) = (list.as_bytes(), etag.as_bytes());
            assert_eq!(names(bytes, own, true), weakly, "{list} {etag}");
            assert_eq!(names(bytes, own, false), strongly, "{list} {etag}");
        }
    }
}
