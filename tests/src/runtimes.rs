//! The runtimes of a run: each is started once per function, when the first case needs it, and stopped at the end.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use crate::driver::{Driver, NotRun, Refusal, Running};
use crate::vector::Function;

/// A target and the functions running on it.
pub(crate) struct Target {
    pub(crate) driver: Box<dyn Driver>,
    started: Mutex<BTreeMap<Function, Arc<Start>>>,
    /// Locked for writing by a case that must run alone, for reading by all others.
    alone: RwLock<()>,
    /// Whether a function was started anew.
    anew: AtomicBool,
}

#[derive(Default)]
struct Start {
    outcome: OnceLock<Result<Running, Refusal>>,
    told: AtomicBool,
}

/// Why a function is not running.
pub(crate) enum Absent {
    NotRun(NotRun),
    Failed(String),
}

impl Target {
    pub(crate) fn new(driver: Box<dyn Driver>) -> Self {
        Self {
            driver,
            started: Mutex::default(),
            alone: RwLock::default(),
            anew: AtomicBool::default(),
        }
    }

    /// Whether a case that found nobody who answers may be played once more, by a function that is started anew: where it is known
    /// that the vendor's proxy stops to answer, none of its processes works, and it is the first time.
    pub(crate) fn starts_anew(&self, function: Function) -> bool {
        if self.driver.lost().is_none_or(|lost| lost.hangs.is_none()) {
            return false;
        }
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        let running = started.get(&function).and_then(|start| start.running());
        if running.is_none_or(|running| running.hung().is_none()) {
            // Another case has seen to it.
            return true;
        }
        if !running.is_some_and(Running::is_idle) || self.anew.swap(true, Ordering::Relaxed) {
            return false;
        }
        if let Some(start) = started.remove(&function) {
            start.stop();
        }
        true
    }

    /// Calls `then` with the running `function`, exclusively if `alone`; starts the function on first use.
    pub(crate) fn with<T>(
        &self,
        function: Function,
        alone: bool,
        then: impl FnOnce(&Running) -> T,
    ) -> Result<T, Absent> {
        let start = Arc::clone(
            self.started
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(function)
                .or_default(),
        );
        match start.outcome.get_or_init(|| self.driver.start(function)) {
            Ok(running) if alone => {
                let _alone = self.alone.write().unwrap_or_else(PoisonError::into_inner);
                Ok(then(running))
            }
            Ok(running) => {
                let _beside = self.alone.read().unwrap_or_else(PoisonError::into_inner);
                Ok(then(running))
            }
            Err(Refusal::NotRun(reason)) => Err(Absent::NotRun(reason.clone())),
            Err(Refusal::Failed(error)) => {
                let whole = format!("{error:#}");
                // The first case shows the whole error with the child's output; repeating it would bury everything else.
                let text = if start.told.swap(true, Ordering::Relaxed) {
                    whole.lines().next().unwrap_or_default().to_owned()
                } else {
                    whole
                };
                Err(Absent::Failed(format!("{function} did not start: {text}")))
            }
        }
    }

    /// Stops everything that was started.
    pub(crate) fn stop(&self) {
        for start in self
            .started
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
        {
            start.stop();
        }
    }
}

impl Start {
    fn running(&self) -> Option<&Running> {
        self.outcome.get()?.as_ref().ok()
    }

    fn stop(&self) {
        if let Some(running) = self.running() {
            running.stop();
        }
    }
}
