//! The AWS Step Functions API over HTTP, answered by a Stepwell engine.
//!
//! [`Api`] is the operations: a name and a JSON body in, a JSON body out. [`server`] is the HTTP around them. The shapes of
//! AWS's wire protocol live in this crate and in no other; what an operation does is the engine's.

pub mod access;
mod error;
pub mod execution_log;
mod history;
mod json_error;
mod metrics;
mod operation;
mod operations;
mod own;
mod page;
mod payload;
mod protocol;
mod recent;
mod resource;
pub mod server;
mod shape;
mod test_case;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use stepwell_engine::Engine;
use stepwell_engine::status_events::{Counted, StatusEvents};

pub use error::ApiError;
pub use operation::operation_names;

use recent::Recent;

/// The operations of the API, on an engine.
pub struct Api {
    engine: Engine,
    options: Options,
    /// Redrives that were asked for under a client's token.
    redrives: Recent,
}

/// What can be chosen.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether AWS's limits on what requests hold are checked.
    pub limited: bool,
    /// How long a poll for an activity's task lasts. AWS: 60 seconds.
    pub poll: Duration,
    /// The file with mocks in the format of Step Functions Local. It is read by every start that names a test case.
    pub mock_config: Option<PathBuf>,
    /// Who tells of changes of executions' status: what it counts is shown.
    pub status_events: Option<Arc<StatusEvents>>,
}

impl Default for Options {
    fn default() -> Options {
        Options { limited: true, poll: Duration::from_secs(60), mock_config: None, status_events: None }
    }
}

impl Api {
    /// All operations, on this engine.
    pub fn new(engine: Engine, options: Options) -> Api {
        Api { engine, options, redrives: Recent::default() }
    }

    /// What became of the events that tell of executions' status, where somebody wants to hear them.
    pub fn status_events(&self) -> Option<Counted> {
        self.options.status_events.as_ref().map(|events| events.counted())
    }

    /// The engine that answers.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
}
