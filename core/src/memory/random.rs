//! Deterministic random bytes. They must not be used for secrets.

use alloc::rc::Rc;
use core::cell::RefCell;

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

use crate::ports;

/// The `ChaCha8` stream of a seed: the same on every platform and with every version of `rand`, which documents that
/// generator as portable. Predictable, so for tests only. Clones share the stream.
#[derive(Clone, Debug)]
pub struct Random(Rc<RefCell<ChaCha8Rng>>);

impl Random {
    /// Creates the stream of this seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Rc::new(RefCell::new(ChaCha8Rng::seed_from_u64(seed))))
    }
}

impl ports::Random for Random {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.borrow_mut().fill_bytes(bytes);
    }
}
