//! The probe at a URL, wherever it was deployed: nothing is started.
//!
//! It must not know which vendor answers there.

use crate::vector::Function;
use crate::wire::Endpoint;

use super::{Driver, NotRun, Refusal, Running};

/// A deployed copy of the probe.
#[derive(Debug, Clone)]
pub struct Deployed(pub Endpoint);

impl Driver for Deployed {
    fn name(&self) -> &'static str {
        "url"
    }

    fn about(&self) -> String {
        format!("the probe deployed at {:?}", self.0)
    }

    fn start(&self, function: Function) -> Result<Running, Refusal> {
        match function {
            Function::Probe => Ok(Running::new(self.0.clone(), Vec::new())),
            Function::Meditations => Err(Refusal::NotRun(NotRun(
                "the URL is the probe's; the example is not asked for there".into(),
            ))),
        }
    }
}
