//! What a call of SQL may take and give, whoever runs its statements.

use alloc::format;
use core::time::Duration;

use crate::ports::{Error, ErrorKind};

/// How long a call may take, with what it waits for: as long as one of D1's (<https://developers.cloudflare.com/d1/platform/limits/>).
pub const TIME: Duration = Duration::from_secs(30);

/// The most bytes of what a call comes back with, which is in memory as a whole.
pub const RESULT_LIMIT: usize = 16 * 1024 * 1024;

/// The room that there is for what a call comes back with.
#[derive(Debug)]
pub struct Room(usize);

impl Default for Room {
    fn default() -> Self {
        Self(RESULT_LIMIT)
    }
}

impl Room {
    /// Takes so many bytes of it.
    ///
    /// # Errors
    ///
    /// [`too_large`] where there are not so many.
    pub fn take(&mut self, size: usize) -> Result<(), Error> {
        self.0 = self.0.checked_sub(size).ok_or_else(too_large)?;
        Ok(())
    }
}

/// Why a call fails that would come back with more.
#[must_use]
pub fn too_large() -> Error {
    let message = format!(
        "what a call of SQL comes back with has {RESULT_LIMIT} bytes at most: ask for fewer rows"
    );
    Error::new(ErrorKind::TooLarge, message)
}

/// Why a call fails that takes longer.
#[must_use]
pub fn late() -> Error {
    Error::new(ErrorKind::Timeout, format!("a call of SQL has {TIME:?}"))
}
