//! How much a server takes on at once: requests that are handled, and bytes of bodies. It is one for all threads.

use std::sync::Arc;
use std::time::Duration;

use guru_core::{Error, ErrorKind};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How long a request waits for room. Longer, and a client that is told to come again is better off.
const PATIENCE: Duration = Duration::from_secs(2);

/// Room for requests, and for the bytes of their bodies.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    requests: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
}

/// The room that a body takes, until this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Held(Option<OwnedSemaphorePermit>);

impl Room {
    pub(crate) fn new(requests: usize, bytes: usize) -> Self {
        let semaphore =
            |permits: usize| Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS)));
        Self {
            requests: semaphore(requests),
            bytes: semaphore(bytes),
        }
    }

    /// Room to be handled, until what is returned is dropped.
    pub(crate) async fn request(&self) -> Result<OwnedSemaphorePermit, Error> {
        acquire(&self.requests, 1, "requests").await
    }

    /// Room for this many more bytes of a body.
    pub(crate) async fn hold(&self, held: &mut Held, bytes: usize) -> Result<(), Error> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let more = acquire(&self.bytes, bytes, "bytes of bodies").await?;
        match &mut held.0 {
            Some(permit) => permit.merge(more),
            None => held.0 = Some(more),
        }
        Ok(())
    }
}

async fn acquire(
    semaphore: &Arc<Semaphore>,
    permits: u32,
    what: &'static str,
) -> Result<OwnedSemaphorePermit, Error> {
    if let Ok(permit) = Arc::clone(semaphore).try_acquire_many_owned(permits) {
        return Ok(permit);
    }
    let acquired = Arc::clone(semaphore).acquire_many_owned(permits);
    match timeout(PATIENCE, acquired).await {
        Ok(Ok(permit)) => Ok(permit),
        _ => Err(full(what)),
    }
}

fn full(what: &str) -> Error {
    let seconds = PATIENCE.as_secs();
    let message = format!("there was no room for more {what} within {seconds} s");
    Error::new(ErrorKind::Unavailable, message)
        .with_header("retry-after", "1")
        .unwrap_or_else(Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_room_is_told_to_come_again() {
        let room = Room::new(1, 100);
        let mut held = Held::default();
        room.hold(&mut held, 60).await.unwrap();
        room.hold(&mut held, 40).await.unwrap();
        let mut more = Held::default();
        let refused = room.hold(&mut more, 1).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unavailable);
        drop(held);
        room.hold(&mut more, 100).await.unwrap();

        let request = room.request().await.unwrap();
        assert!(room.request().await.is_err());
        drop(request);
        assert!(room.request().await.is_ok());
    }
}
