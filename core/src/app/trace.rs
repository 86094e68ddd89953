//! The trace that a request belongs to, passed on to the servers that are asked for it (W3C Trace Context, level 1,
//! <https://www.w3.org/TR/trace-context-1/>).

use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;

use crate::http::{Headers, Request};
use crate::ports::Random;

/// The header, which counts unless it is repeated.
const NAME: &str = "traceparent";

/// Where the trace of a request is to be found. Headers that have not been read are read only by a function that fetches.
#[derive(Clone)]
pub(super) enum Source {
    Value(Option<Box<[u8]>>),
    Headers(Rc<dyn Fn() -> Headers>),
}

impl Source {
    pub(super) fn of(request: &Request) -> Self {
        match request.headers_or_source() {
            Ok(headers) => Self::Value(headers.get_single(NAME).map(Into::into)),
            Err(source) => Self::Headers(source),
        }
    }

    pub(super) fn trace(&self) -> Option<Trace> {
        let read;
        let value = match self {
            Self::Value(value) => value.as_deref(),
            Self::Headers(source) => {
                read = source();
                read.get_single(NAME)
            }
        };
        core::str::from_utf8(value?).ok().and_then(Trace::parse)
    }
}

/// What stays the same along a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trace {
    /// 32 hexadecimal digits.
    id: String,
    is_sampled: bool,
}

impl Trace {
    /// Reads the value of `traceparent`; `None` for one that is malformed, which is not passed on (section 3.2.2).
    ///
    /// Of a version above 00 the parts that version 00 has are read (section 3.2.4).
    pub(super) fn parse(traceparent: &str) -> Option<Self> {
        let mut parts = traceparent.split('-');
        let version = hex(parts.next()?, 2)?;
        let id = hex(parts.next()?, 32).filter(|id| !is_zero(id))?;
        hex(parts.next()?, 16).filter(|parent| !is_zero(parent))?;
        let flags = hex(parts.next()?, 2)?;
        if version == "ff" || (version == "00" && parts.next().is_some()) {
            return None;
        }
        let flags = u8::from_str_radix(flags, 16).ok()?;
        Some(Self {
            id: id.into(),
            // The one flag that there is; others are sent as zero (section 3.2.2.5.2).
            is_sampled: flags & 1 == 1,
        })
    }

    /// The value of `traceparent` for a request of its own: the same trace with a new parent.
    pub(super) fn child(&self, random: &dyn Random) -> String {
        // Zero is no parent (section 3.2.2.4).
        let parent = u64::from_le_bytes(random.bytes()).max(1);
        format!(
            "00-{}-{parent:016x}-0{}",
            self.id,
            u8::from(self.is_sampled)
        )
    }
}

/// So many hexadecimal digits in lower case.
fn hex(text: &str, length: usize) -> Option<&str> {
    let is_hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (text.len() == length && text.bytes().all(is_hex)).then_some(text)
}

fn is_zero(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'0')
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::memory;

    const ID: &str = "0af7651916cd43dd8448eb211c80319c";

    #[test]
    fn what_is_malformed_is_no_trace() {
        let of = |text: &str| Trace::parse(&text.replace("ID", ID));
        for (text, is_sampled) in [
            ("00-ID-b7ad6b7169203331-01", true),
            ("00-ID-b7ad6b7169203331-00", false),
            ("00-ID-b7ad6b7169203331-fe", false),
            ("00-ID-b7ad6b7169203331-ff", true),
            ("cc-ID-b7ad6b7169203331-01", true),
            ("cc-ID-b7ad6b7169203331-01-what-is-new", true),
        ] {
            let id = ID.to_string();
            assert_eq!(of(text), Some(Trace { id, is_sampled }), "{text}");
        }
        for text in [
            "",
            "00",
            "00-ID-b7ad6b7169203331",
            "00-ID-b7ad6b7169203331-1",
            "00-ID-b7ad6b7169203331-01-",
            "00-ID-b7ad6b7169203331-01-00",
            "ff-ID-b7ad6b7169203331-01",
            "0-ID-b7ad6b7169203331-01",
            "00-ID0-b7ad6b7169203331-01",
            "00-ID-b7ad6b716920333-01",
            "00-ID-0000000000000000-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-ID-B7AD6B7169203331-01",
            "00-ID-b7ad6b716920333g-01",
            "00-ID-b7ad6b7169203331-+1",
            "00-ID-b7ad6b7169203331-01\t",
            "cc-ID-b7ad6b7169203331-01.x",
            "00_ID_b7ad6b7169203331_01",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn a_child_is_of_the_same_trace_and_has_a_parent_of_its_own() {
        struct Zero;
        impl Random for Zero {
            fn fill(&self, bytes: &mut [u8]) {
                bytes.fill(0);
            }
        }
        let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03";
        let trace = Trace::parse(text).unwrap();
        let random = memory::Random::seeded(1);
        let (one, other) = (trace.child(&random), trace.child(&random));
        assert_ne!(one, other);
        for child in [one, other, trace.child(&Zero)] {
            assert_eq!(Trace::parse(&child), Some(trace.clone()), "{child}");
            assert_eq!(child.len(), text.len());
        }
    }
}
