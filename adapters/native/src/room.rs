//! Limits on concurrent requests and on the bytes of their bodies, shared by all threads.

use std::sync::Arc;
use std::time::Duration;

use guru_core::{Error, ErrorKind};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::pulse::{Held, Pulse};

/// How long a request waits for room. After that, the client is better off when it retries.
const PATIENCE: Duration = Duration::from_secs(2);

/// Room for requests, and for the bytes of their bodies.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    requests: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
}

/// Room that a thread has taken. It is released on drop.
#[derive(Debug)]
pub(crate) struct Taken {
    permit: Option<OwnedSemaphorePermit>,
    pulse: Arc<Pulse>,
    of: fn(&mut Held) -> &mut usize,
}

impl Taken {
    fn new(pulse: &Arc<Pulse>, of: fn(&mut Held) -> &mut usize) -> Self {
        Self {
            permit: None,
            pulse: Arc::clone(pulse),
            of,
        }
    }

    /// No room for the bytes of a body yet.
    pub(crate) fn of_bytes(pulse: &Arc<Pulse>) -> Self {
        Self::new(pulse, |held| &mut held.bytes)
    }

    pub(crate) fn add(&mut self, more: OwnedSemaphorePermit) {
        self.pulse
            .takes(|held| *(self.of)(held) += more.num_permits());
        match &mut self.permit {
            Some(permit) => permit.merge(more),
            None => self.permit = Some(more),
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            let count = permit.num_permits();
            if !self.pulse.returns(|held| *(self.of)(held) -= count) {
                permit.forget();
            }
        }
    }
}

impl Room {
    pub(crate) fn new(requests: usize, bytes: usize) -> Self {
        let semaphore =
            |permits: usize| Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS)));
        Self {
            requests: semaphore(requests),
            bytes: semaphore(bytes),
        }
    }

    /// Takes room for one request. It is released when the returned value is dropped.
    pub(crate) async fn request(&self, pulse: &Arc<Pulse>) -> Result<Taken, Error> {
        let mut taken = Taken::new(pulse, |held| &mut held.requests);
        let requests = Arc::clone(&self.requests);
        if let Ok(permit) = Arc::clone(&requests).try_acquire_owned() {
            taken.add(permit);
            return Ok(taken);
        }
        match timeout(PATIENCE, requests.acquire_owned()).await {
            Ok(Ok(permit)) => taken.add(permit),
            _ => return Err(full()),
        }
        Ok(taken)
    }

    /// Takes room for this many more bytes of a body, if there is room at once.
    pub(crate) fn hold_now(&self, taken: &mut Taken, bytes: usize) -> bool {
        let permit = Arc::clone(&self.bytes).try_acquire_many_owned(count(bytes));
        permit.map(|permit| taken.add(permit)).is_ok()
    }

    /// Waits for room for this many bytes of a body: `None` if there is none in time.
    pub(crate) fn bytes(
        &self,
        bytes: usize,
    ) -> impl Future<Output = Option<OwnedSemaphorePermit>> + use<> {
        let acquired = Arc::clone(&self.bytes).acquire_many_owned(count(bytes));
        async { timeout(PATIENCE, acquired).await.ok()?.ok() }
    }

    /// Releases what is held by a thread that will never release it.
    pub(crate) fn give_back(&self, held: Held) {
        self.requests.add_permits(held.requests);
        self.bytes.add_permits(held.bytes);
    }
}

fn count(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

fn full() -> Error {
    let seconds = PATIENCE.as_secs();
    let message = format!("there was no room for more requests within {seconds} s");
    Error::new(ErrorKind::Unavailable, message)
        .with_header("retry-after", "1")
        .unwrap_or_else(Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_room_is_told_to_come_again() {
        let (room, pulse) = (Room::new(1, 100), Arc::new(Pulse::default()));
        let mut held = Taken::of_bytes(&pulse);
        assert!(room.hold_now(&mut held, 60) && room.hold_now(&mut held, 40));
        assert!(!room.hold_now(&mut held, 1) && room.bytes(1).await.is_none());
        let more = room.bytes(100);
        drop(held);
        assert!(more.await.is_some());

        let request = room.request(&pulse).await.unwrap();
        let refused = room.request(&pulse).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unavailable);
        drop(request);
        assert!(room.request(&pulse).await.is_ok());
    }
}
