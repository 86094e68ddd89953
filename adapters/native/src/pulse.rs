//! Records whether a thread is computing, and for which request, for other threads to see.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::sockets::{Handle, Socket, Thread};

/// The state of a worker thread.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    polling: Mutex<Polling>,
    sockets: Mutex<HashSet<Socket>>,
    given_up: Notify,
}

#[derive(Debug, Default)]
struct Polling {
    since: Option<Instant>,
    caller: Arc<Caller>,
    thread: Option<Thread>,
    is_given_up: bool,
    held: Held,
}

/// How much a thread holds of what all threads share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) connections: usize,
    pub(crate) requests: usize,
    pub(crate) bytes: usize,
}

/// The request that a handler computes for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Caller {
    pub(crate) request_id: String,
    pub(crate) socket: Option<Socket>,
    /// Whether a response can be written between any two others.
    pub(crate) is_http1: bool,
    pub(crate) is_head: bool,
}

/// A thread that has computed for too long, with everything that it holds.
#[derive(Debug)]
pub(crate) struct Stuck {
    pub(crate) caller: Arc<Caller>,
    /// The connection of its caller, and its other connections.
    pub(crate) own: Option<Handle>,
    pub(crate) others: Vec<Handle>,
    /// How many of these cannot be reached.
    pub(crate) unreached: usize,
    pub(crate) thread: Option<Thread>,
    pub(crate) held: Held,
}

impl Pulse {
    /// Registers this thread as the worker.
    pub(crate) fn begin(&self) {
        lock(&self.polling).thread = Thread::current();
    }

    /// The handler starts to compute.
    pub(crate) fn enter(&self, caller: &Arc<Caller>) {
        let mut polling = lock(&self.polling);
        polling.since = Some(Instant::now());
        polling.caller = Arc::clone(caller);
    }

    /// The handler waits, or has finished.
    pub(crate) fn leave(&self) {
        lock(&self.polling).since = None;
    }

    /// For which request a handler computes at the moment.
    pub(crate) fn caller(&self) -> Option<Arc<Caller>> {
        let polling = lock(&self.polling);
        polling.since.map(|_| Arc::clone(&polling.caller))
    }

    pub(crate) fn opened(&self, socket: Socket) {
        lock(&self.sockets).insert(socket);
    }

    pub(crate) fn closed(&self, socket: Socket) {
        lock(&self.sockets).remove(&socket);
    }

    /// Gives the thread up if its handler has computed for longer than `limit`. This happens at most once.
    pub(crate) fn give_up(&self, limit: Duration) -> Option<Stuck> {
        let mut polling = lock(&self.polling);
        let since = polling.since.filter(|_| !polling.is_given_up)?;
        if since.elapsed() <= limit {
            return None;
        }
        polling.is_given_up = true;
        self.given_up.notify_one();
        let mut stuck = Stuck {
            caller: Arc::clone(&polling.caller),
            own: None,
            others: Vec::new(),
            unreached: 0,
            thread: polling.thread,
            held: polling.held,
        };
        // While this is locked, the thread cannot return and close one of them: it blocks in `leave`.
        for socket in lock(&self.sockets).iter() {
            match socket.handle() {
                Some(handle) if stuck.caller.socket == Some(*socket) => stuck.own = Some(handle),
                Some(handle) => stuck.others.push(handle),
                None => stuck.unreached += 1,
            }
        }
        Some(stuck)
    }

    /// Records that the thread holds more of what all threads share.
    pub(crate) fn takes(&self, more: impl FnOnce(&mut Held)) {
        more(&mut lock(&self.polling).held);
    }

    /// Records that the thread holds less. Returns whether the thread must release it: if it was given up, that has
    /// already been done.
    #[must_use]
    pub(crate) fn returns(&self, less: impl FnOnce(&mut Held)) -> bool {
        let mut polling = lock(&self.polling);
        if !polling.is_given_up {
            less(&mut polling.held);
        }
        !polling.is_given_up
    }

    /// Resolves once the thread is given up: if it returns, another has taken its place.
    pub(crate) async fn given_up(&self) {
        self.given_up.notified().await;
    }

    pub(crate) fn is_given_up(&self) -> bool {
        lock(&self.polling).is_given_up
    }
}

/// Ignores poisoning: the data is consistent at any time.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_given_up_once_and_only_while_it_computes() {
        let (pulse, limit) = (Pulse::default(), Duration::from_millis(5));
        let caller = Arc::new(Caller {
            request_id: "id-1".into(),
            ..Caller::default()
        });
        pulse.enter(&caller);
        assert!(pulse.give_up(Duration::from_secs(60)).is_none());
        pulse.leave();
        std::thread::sleep(2 * limit);
        assert!(pulse.give_up(limit).is_none() && !pulse.is_given_up());
        pulse.enter(&caller);
        std::thread::sleep(2 * limit);
        assert_eq!(pulse.give_up(limit).unwrap().caller.request_id, "id-1");
        assert!(pulse.give_up(limit).is_none() && pulse.is_given_up());
    }

    #[test]
    fn what_a_thread_that_is_given_up_held_is_given_back_once() {
        let (pulse, limit) = (Pulse::default(), Duration::from_millis(1));
        pulse.takes(|held| held.requests += 2);
        assert!(pulse.returns(|held| held.requests -= 1));
        pulse.enter(&Arc::default());
        std::thread::sleep(2 * limit);
        assert_eq!(pulse.give_up(limit).unwrap().held.requests, 1);
        assert!(!pulse.returns(|held| held.requests -= 1));
    }
}
