//! A deployed probe at a URL: nothing is started.

use crate::vector::Function;
use crate::wire::Endpoint;

use super::{Driver, NotRun, Refusal, Running};

/// A deployed copy of the probe.
pub struct Deployed {
    /// Its endpoint.
    pub endpoint: Endpoint,
    /// The target it was deployed to, if known: its differences apply.
    pub like: Option<Box<dyn Driver>>,
}

impl Driver for Deployed {
    fn name(&self) -> &str {
        "url"
    }

    fn about(&self) -> String {
        match &self.like {
            Some(like) => format!("the probe at {:?}, as {}", self.endpoint, like.name()),
            None => format!("the probe at {:?}", self.endpoint),
        }
    }

    fn differences(&self) -> &[String] {
        self.like.as_ref().map_or(&[], |like| like.differences())
    }

    fn lacks(&self) -> &[String] {
        self.like.as_ref().map_or(&[], |like| like.lacks())
    }

    fn crashes_alone(&self) -> bool {
        self.like.as_ref().is_none_or(|like| like.crashes_alone())
    }

    fn start(&self, function: Function) -> Result<Running, Refusal> {
        match function {
            Function::Probe => Ok(Running::new(self.endpoint.clone(), Vec::new())),
            Function::Meditations | Function::Faults => Err(Refusal::NotRun(NotRun(
                "the URL is the probe's; the example is not asked for there".into(),
            ))),
        }
    }
}
