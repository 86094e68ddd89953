//! Version numbers as tools print them.

use std::fmt;

/// `major.minor.patch`; missing parts count as zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u64, u64, u64);

impl Version {
    /// Creates a version from its parts.
    pub const fn new(major: u64, minor: u64, patch: u64) -> Self {
        Self(major, minor, patch)
    }

    /// The first version in a tool's output: `rustc 1.95.0 (5980 2026-04-14)`, `Python 3.11.7`, `v22.12.0`.
    pub fn find(output: &str) -> Option<Self> {
        output.split_whitespace().find_map(Self::parse)
    }

    /// Parses a word as a version, with an optional `v` prefix and any suffix (`-nightly`, `+deb12`, `rc1`).
    fn parse(word: &str) -> Option<Self> {
        let word = word.strip_prefix('v').unwrap_or(word);
        let mut parts = word.splitn(3, '.').map(digits);
        let major = parts.next()??;
        let minor = parts.next()??;
        let patch = parts.next().flatten().unwrap_or(0);
        Some(Self(major, minor, patch))
    }
}

/// The number at the start of a word.
fn digits(word: &str) -> Option<u64> {
    let end = word
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(word.len());
    word.get(..end)?.parse().ok()
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_version_in_what_tools_print() {
        let cases = [
            (
                "rustc 1.95.0 (59807616e 2026-04-14)",
                Some(Version(1, 95, 0)),
            ),
            (
                "rustc 1.97.0-nightly (abc 2026-05-01)",
                Some(Version(1, 97, 0)),
            ),
            (
                "rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)",
                Some(Version(1, 96, 0)),
            ),
            ("Python 3.11.7", Some(Version(3, 11, 7))),
            ("Python 3.14.0rc1", Some(Version(3, 14, 0))),
            ("v22.12.0", Some(Version(22, 12, 0))),
            ("1.95", Some(Version(1, 95, 0))),
            ("1.96.0+dfsg1-1~deb12u2", Some(Version(1, 96, 0))),
            ("no version here", None),
            ("7", None),
            ("", None),
            ("99999999999999999999999.1", None),
        ];
        for (output, want) in cases {
            assert_eq!(Version::find(output), want, "{output}");
        }
    }

    #[test]
    fn orders_by_number_not_by_text() {
        assert!(Version(1, 100, 0) > Version(1, 95, 3));
        assert!(Version(3, 9, 18) < Version(3, 10, 0));
        assert_eq!(Version::new(1, 2, 3).to_string(), "1.2.3");
    }
}
