//! A hash of what somebody else chooses, for names and etags.

use alloc::format;
use alloc::string::String;

use sha2::{Digest as _, Sha256};

/// Half of a SHA-256, as 32 hexadecimal digits. Each part has its length before it, so that none goes over into the next.
pub(super) fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let hash: [u8; 32] = hash.finalize().into();
    let half = hash.first_chunk().copied().unwrap_or_default();
    format!("{:032x}", u128::from_be_bytes(half))
}
