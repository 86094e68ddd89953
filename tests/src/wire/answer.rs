//! Parses a response strictly, reporting every ambiguity: RFC 9112 section 6.

use httparse::{EMPTY_HEADER, Status};

/// A response with everything in the order received.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawResponse {
    /// The status code.
    pub status: u16,
    /// The reason phrase.
    pub reason: String,
    /// Names and values as bytes, in order, repeats kept.
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// The body, without its framing.
    pub body: Vec<u8>,
    /// The trailer section of a chunked body.
    pub trailers: Vec<(Vec<u8>, Vec<u8>)>,
    /// The statuses of the preceding 1xx responses.
    pub interim: Vec<u16>,
    /// Whether the server keeps the connection open.
    pub keep_alive: bool,
    /// Bytes received after the end of the response, where there must be none.
    pub surplus: Vec<u8>,
    /// How long it took from the first bytes of the body to its end.
    pub lasted: std::time::Duration,
}

impl RawResponse {
    /// All values of a header, in order.
    #[must_use]
    pub fn values(&self, name: &str) -> Vec<&[u8]> {
        self.headers
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value.as_slice())
            .collect()
    }
}

enum Framing {
    Nothing,
    Length(usize),
    Chunked,
    UntilClose,
}

/// More headers than any server sends; a response with more is an error.
const MOST_HEADERS: usize = 256;

/// Parses the response at the start of `bytes` and returns it with its length, or `None` when more bytes are needed.
///
/// `ended` means that no more bytes will come.
pub(super) fn parse(
    bytes: &[u8],
    is_head: bool,
    ended: bool,
    interim: &mut Vec<u16>,
) -> Result<Option<(RawResponse, usize)>, String> {
    interim.clear();
    let mut start = 0;
    loop {
        let rest = bytes.get(start..).unwrap_or_default();
        let Some((mut answer, head)) = head(rest)? else {
            return Ok(None);
        };
        if is_interim(&answer) {
            interim.push(answer.status);
            start += head;
            continue;
        }
        let framing = framing(&answer, is_head)?;
        answer.keep_alive = answer.keep_alive && !matches!(framing, Framing::UntilClose);
        let Some(length) = body(
            rest.get(head..).unwrap_or_default(),
            &framing,
            ended,
            &mut answer,
        )?
        else {
            return Ok(None);
        };
        answer.interim.clone_from(interim);
        return Ok(Some((answer, start + head + length)));
    }
}

/// The head of the final response at the start of `bytes`, if it is whole.
pub(super) fn final_head(mut bytes: &[u8]) -> Option<RawResponse> {
    loop {
        let (answer, length) = head(bytes).ok()??;
        if !is_interim(&answer) {
            return Some(answer);
        }
        bytes = bytes.get(length..)?;
    }
}

/// Whether something of the body of the final answer has come.
pub(super) fn has_body(mut bytes: &[u8]) -> bool {
    while let Ok(Some((answer, length))) = head(bytes) {
        bytes = bytes.get(length..).unwrap_or_default();
        if !is_interim(&answer) {
            return !bytes.is_empty();
        }
    }
    false
}

/// Whether a final response follows (RFC 9110 section 15.2). 101 is final: the protocol changes after it.
fn is_interim(answer: &RawResponse) -> bool {
    (100..200).contains(&answer.status) && answer.status != 101
}

fn head(bytes: &[u8]) -> Result<Option<(RawResponse, usize)>, String> {
    let mut headers = [EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(bytes) {
        Ok(Status::Partial) => return Ok(None),
        Ok(Status::Complete(length)) => length,
        Err(error) => return Err(format!("its head is not HTTP/1.1 ({error})")),
    };
    let mut answer = RawResponse {
        status: response.code.unwrap_or_default(),
        reason: response.reason.unwrap_or_default().to_owned(),
        headers: response
            .headers
            .iter()
            .map(|header| (header.name.as_bytes().to_vec(), header.value.to_vec()))
            .collect(),
        ..RawResponse::default()
    };
    let connection = tokens(&answer, "connection");
    answer.keep_alive = match response.version {
        Some(0) => connection.iter().any(|token| token == "keep-alive"),
        _ => !connection.iter().any(|token| token == "close"),
    };
    Ok(Some((answer, length)))
}

/// How the body is delimited, by RFC 9112 section 6.3. What it calls an error is an error here.
fn framing(answer: &RawResponse, is_head: bool) -> Result<Framing, String> {
    let lengths = answer.values("content-length");
    let codings = tokens(answer, "transfer-encoding");
    if !lengths.is_empty() && !codings.is_empty() {
        return Err(
            "it has both content-length and transfer-encoding (RFC 9112 section 6.2 forbids that)"
                .into(),
        );
    }
    if lengths.len() > 1 {
        return Err(format!("it has {} content-length headers", lengths.len()));
    }
    let length = lengths
        .first()
        .map(|value| {
            std::str::from_utf8(value)
                .ok()
                .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| format!("its content-length is {}", crate::bytes::quoted(value, 60)))
        })
        .transpose()?;
    if is_head || matches!(answer.status, 101 | 204 | 304) {
        return Ok(Framing::Nothing);
    }
    match (codings.as_slice(), length) {
        ([], Some(length)) => Ok(Framing::Length(length)),
        ([], None) => Ok(Framing::UntilClose),
        ([coding], _) if coding == "chunked" => Ok(Framing::Chunked),
        (codings, _) => Err(format!(
            "its transfer-encoding is {codings:?}; only chunked was allowed for"
        )),
    }
}

fn tokens(answer: &RawResponse, name: &str) -> Vec<String> {
    answer
        .values(name)
        .iter()
        .flat_map(|value| value.split(|byte| *byte == b','))
        .map(|token| String::from_utf8_lossy(token).trim().to_ascii_lowercase())
        .filter(|token| !token.is_empty())
        .collect()
}

/// Moves the body into `answer` and returns its length in bytes, or `None` when more are needed.
fn body(
    bytes: &[u8],
    framing: &Framing,
    ended: bool,
    answer: &mut RawResponse,
) -> Result<Option<usize>, String> {
    match framing {
        Framing::Nothing => Ok(Some(0)),
        Framing::Length(length) => Ok(bytes.get(..*length).map(|body| {
            answer.body = body.to_vec();
            *length
        })),
        Framing::UntilClose if ended => {
            answer.body = bytes.to_vec();
            Ok(Some(bytes.len()))
        }
        Framing::UntilClose => Ok(None),
        Framing::Chunked => chunks(bytes, answer),
    }
}

/// Decodes the chunked transfer coding: RFC 9112 section 7.1.
fn chunks(bytes: &[u8], answer: &mut RawResponse) -> Result<Option<usize>, String> {
    let mut position = 0;
    let mut ranges = Vec::new();
    loop {
        let rest = bytes.get(position..).unwrap_or_default();
        let (line, size) = match httparse::parse_chunk_size(rest) {
            Ok(Status::Complete(found)) => found,
            Ok(Status::Partial) => return Ok(None),
            Err(_) => {
                return Err(format!(
                    "no chunk size at byte {position} of its body: {}",
                    crate::bytes::quoted(rest, 60)
                ));
            }
        };
        let size = usize::try_from(size).map_err(|_| format!("a chunk of {size} bytes"))?;
        position += line;
        if size == 0 {
            break;
        }
        let end = position.saturating_add(size);
        match bytes.get(end..end.saturating_add(2)) {
            None => return Ok(None),
            Some(b"\r\n") => {}
            Some(other) => {
                return Err(format!(
                    "a chunk ends with {} and not with CR LF",
                    crate::bytes::quoted(other, 2)
                ));
            }
        }
        ranges.push(position..end);
        position = end + 2;
    }
    let mut trailers = [EMPTY_HEADER; MOST_HEADERS];
    let rest = bytes.get(position..).unwrap_or_default();
    let length = match httparse::parse_headers(rest, &mut trailers) {
        Ok(Status::Partial) => return Ok(None),
        Err(error) => return Err(format!("its trailer section cannot be read ({error})")),
        Ok(Status::Complete((length, trailers))) => {
            answer.trailers = trailers
                .iter()
                .map(|header| (header.name.as_bytes().to_vec(), header.value.to_vec()))
                .collect();
            length
        }
    };
    for range in ranges {
        answer
            .body
            .extend_from_slice(bytes.get(range).unwrap_or_default());
    }
    Ok(Some(position + length))
}
