//! Conversion of request targets to origin form.

use alloc::borrow::Cow;
use alloc::format;

/// Converts what remains of an absolute-form target, without its scheme and authority, to origin form. An empty path
/// becomes `/` (RFC 9110, section 4.2.3).
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
