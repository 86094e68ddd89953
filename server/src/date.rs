//! The `date` header.

use std::cell::RefCell;
use std::time::{Duration, SystemTime};

use http::header::{DATE, Entry, HeaderMap, HeaderValue};

/// The first second whose year `IMF-fixdate` cannot express in four digits.
const END: u64 = 253_402_300_800;

thread_local! {
    /// The last second that was formatted: most responses of a server share it with others.
    static LAST: RefCell<(u64, Option<HeaderValue>)> = const { RefCell::new((u64::MAX, None)) };
}

/// Sets `date`, unless it is present. A server whose clock is too far off to express as a date omits it, as one
/// without a clock does (RFC 9110, section 6.6.1).
pub fn date(headers: &mut HeaderMap) {
    if let Entry::Vacant(vacant) = headers.entry(DATE)
        && let Some(value) = at(SystemTime::now())
    {
        vacant.insert(value);
    }
}

/// Whether this time can be expressed as a date.
pub(crate) fn has_date(now: SystemTime) -> bool {
    let since_1970 = now.duration_since(SystemTime::UNIX_EPOCH);
    since_1970.is_ok_and(|since| since.as_secs() < END)
}

fn at(now: SystemTime) -> Option<HeaderValue> {
    let second = now.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    LAST.with_borrow_mut(|(last, value)| {
        if *last != second {
            *value = (second < END).then(|| write(second)).flatten();
            *last = second;
        }
        value.clone()
    })
}

fn write(second: u64) -> Option<HeaderValue> {
    let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(second))?;
    HeaderValue::try_from(httpdate::fmt_http_date(time)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_wrong_by_centuries_has_no_date() {
        let second = |second| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(second));
        for (time, date) in [
            (second(0), Some("Thu, 01 Jan 1970 00:00:00 GMT")),
            (second(1_795_601_472), Some("Wed, 25 Nov 2026 10:11:12 GMT")),
            (second(END - 1), Some("Fri, 31 Dec 9999 23:59:59 GMT")),
            (second(END), None),
            (second(END * 2), None),
            (
                SystemTime::UNIX_EPOCH.checked_sub(Duration::from_millis(1)),
                None,
            ),
            (
                SystemTime::UNIX_EPOCH.checked_sub(Duration::from_secs(END)),
                None,
            ),
        ] {
            let time = time.unwrap();
            let found = at(time);
            let found = found.as_ref().map(|value| value.to_str().unwrap());
            assert_eq!(found, date, "{time:?}");
            assert_eq!(has_date(time), date.is_some(), "{time:?}");
        }
    }

    #[test]
    fn a_handler_s_own_date_stays() {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, HeaderValue::from_static("mine"));
        date(&mut headers);
        assert_eq!(headers.get_all(DATE).iter().count(), 1);
        assert_eq!(headers[DATE], "mine");
    }
}
