//! A worker's instance of the app: made when the worker starts, and anew after a crash, so that nothing
//! of a crashed request is in what the app keeps. It must not know what a request is.

use std::cell::RefCell;
use std::fmt::Display;

use guru_core::{App, Result, Service};

use crate::crash;
use crate::pulse::{Caller, Pulse};

/// Makes instances, and has the one that requests are handed to.
pub(crate) struct Instance {
    app: fn() -> App,
    body_limit: Option<usize>,
    service: RefCell<Service>,
}

impl Instance {
    /// The first instance.
    pub(crate) fn new(app: fn() -> App, body_limit: Option<usize>) -> Result<Self> {
        let service = RefCell::new(make(app, body_limit)?);
        Ok(Self {
            app,
            body_limit,
            service,
        })
    }

    /// The instance for a request that begins now.
    pub(crate) fn service(&self) -> Service {
        self.service.borrow().clone()
    }

    /// Puts a new instance in the place of this one. Requests that have begun end in the one that
    /// they have. Where the app cannot be made again the old one stays, and it is said why. What this computes
    /// is on the account of `caller`.
    pub(crate) async fn renew(&self, pulse: &Pulse, caller: &Caller) -> Result<(), String> {
        let renewed = crash::guard(pulse, caller, async {
            let service = make(self.app, self.body_limit)?;
            // To drop the old one is the app's code too.
            drop(self.service.replace(service));
            Ok(())
        });
        let failed = |error: &dyn Display| format!("the app was not made anew: {error}");
        match renewed.await {
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
