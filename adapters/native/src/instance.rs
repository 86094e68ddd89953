//! A worker's instance of the app. It is created when the worker starts, and again after a crash, so that the app
//! keeps no state of a crashed request.

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::sync::Arc;

use guru_core::{App, Result, Service};

use crate::crash;
use crate::pulse::{Caller, Pulse};

/// Creates instances, and holds the current one.
pub(crate) struct Instance {
    app: fn() -> App,
    body_limit: Option<usize>,
    service: RefCell<Service>,
    /// How much room a body needs.
    room: Cell<usize>,
}

impl Instance {
    /// Creates the first instance.
    pub(crate) fn new(app: fn() -> App, body_limit: Option<usize>) -> Result<Self> {
        let service = make(app, body_limit)?;
        Ok(Self {
            app,
            body_limit,
            room: service.body_limit().into(),
            service: service.into(),
        })
    }

    /// How many bytes of a body a handler may read that has no limit of its own.
    pub(crate) fn room(&self) -> usize {
        self.room.get()
    }

    /// Has it be that of an app that has started, also for those that are made after it.
    pub(crate) fn make_room(&self, bytes: usize) {
        self.room.set(bytes);
    }

    /// The instance for a new request.
    pub(crate) fn service(&self) -> Service {
        self.service.borrow().clone()
    }

    /// Replaces the instance. Requests in flight finish in the instance that they started in. If the app cannot be
    /// created again, the old instance stays, and the error says why. The time that this computes counts as
    /// `caller`'s.
    pub(crate) fn renew(&self, pulse: &Pulse, caller: &Arc<Caller>) -> Result<(), String> {
        let renewed = crash::catch(pulse, caller, || {
            let service = make(self.app, self.body_limit)?;
            // Dropping the old instance runs the app's code too.
            drop(self.service.replace(service));
            Ok(())
        });
        let failed = |error: &dyn Display| format!("the app was not made anew: {error}");
        match renewed {
            Ok(made) => made.map_err(|error: guru_core::Error| failed(&error)),
            Err(report) => Err(failed(&report)),
        }
    }
}

fn make(app: fn() -> App, body_limit: Option<usize>) -> Result<Service> {
    let app = match body_limit {
        Some(bytes) => app().body_limit(bytes),
        None => app(),
    };
    app.into_service()
}
