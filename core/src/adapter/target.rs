//! The request target, as every handler sees it.

use alloc::borrow::Cow;
use alloc::format;

/// The target in origin form, of what is left of one in absolute form once its scheme and authority are gone: an empty
/// path is `/` (RFC 9110, section 4.2.3).
///
/// ```
/// use guru_core::adapter::origin_form;
///
/// assert_eq!(origin_form("?q=1"), "/?q=1");
/// assert_eq!(origin_form("/a?q=1"), "/a?q=1");
/// ```
#[must_use]
pub fn origin_form(target: &str) -> Cow<'_, str> {
    if target.starts_with('?') {
        format!("/{target}").into()
    } else {
        target.into()
    }
}
