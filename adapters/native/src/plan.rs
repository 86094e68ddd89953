//! The parameters of a worker.

use guru_core::App;
use guru_server::Gate;

use crate::log::Log;
use crate::options::Limits;
use crate::room::Room;

/// What a worker serves, and what all of them share.
pub(crate) struct Plan {
    pub(crate) app: fn() -> App,
    pub(crate) limits: Limits,
    pub(crate) log: Log,
    pub(crate) gate: Gate,
    pub(crate) room: Room,
}
