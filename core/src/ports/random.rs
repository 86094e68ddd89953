//! The random port, and values derived from it.

use core::convert::Infallible;

use rand::TryRng;
use rand::seq::IndexedRandom;

/// A source of random bytes.
///
/// # For implementers
///
/// - Return unpredictable bytes.
/// - Fill any length, however many calls to the platform that takes.
/// - Do not fail. A target whose source can fail must find out before it serves its first request.
///
/// # For users
///
/// - The bytes are fit for keys and tokens. (`memory::Random` is the one exception, and says so.)
pub trait Random {
    /// Fills all of `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Random + '_ {
    /// Returns one of the items, each equally likely. An empty array does not compile.
    ///
    /// ```
    /// use guru_core::{memory, ports::Random};
    ///
    /// let source = memory::Random::seeded(1);
    /// let random: &dyn Random = &source;
    /// assert!(["a", "b"].contains(random.choose(&["a", "b"])));
    /// ```
    #[must_use]
    pub fn choose<'a, T, const N: usize>(&self, items: &'a [T; N]) -> &'a T {
        const { assert!(N > 0, "there is nothing to choose from") };
        #[expect(
            clippy::expect_used,
            reason = "the assertion above makes None impossible"
        )]
        self.sample(items).expect("one of at least one")
    }

    /// Returns one of the items, each equally likely; `None` if there are none.
    #[must_use]
    pub fn sample<'a, T>(&self, items: &'a [T]) -> Option<&'a T> {
        items.choose(&mut Source(self))
    }

    /// Returns this many random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// Returns a random UUID (version 4, RFC 9562, section 5.4), used as request id where the vendor has none.
    #[must_use]
    pub fn uuid(&self) -> uuid::Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }
}

/// Adapts the port to `rand`.
struct Source<'a>(&'a dyn Random);

impl TryRng for Source<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.0.bytes()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.0.bytes()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}
