//! State machines as they are registered, with their versions, aliases and tags, and the programs they run.

mod alias;
mod configuration;
mod definitions;
mod machine;
mod row;
mod tags;
mod version;

use std::sync::Arc;

use stepwell_asl::Program;
use stepwell_asl::programs::ContentHash;

use crate::error::EngineError;
use crate::resources::Resources;
use crate::store::Store;

pub use alias::{Alias, Route, Routing};
pub(crate) use alias::{check_alias_name, not_found, read_routing};
pub(crate) use configuration::checked_encryption;
pub use configuration::{Configuration, default_encryption, default_logging, default_tracing};
use definitions::Definitions;
pub use machine::{Content, StateMachine};
pub(crate) use machine::{Origin, deleting, no_machine};
pub use tags::{Tag, Tags};
pub use version::Version;

/// The state machines of an engine, and their definitions.
#[derive(Default)]
pub(crate) struct Machines {
    pub resources: Resources<StateMachine>,
    pub definitions: Definitions,
}

impl Machines {
    /// The program of a definition that executions have pinned.
    pub async fn program(&self, store: &dyn Store, hash: ContentHash) -> Result<Arc<Program>, EngineError> {
        self.definitions.program(store, hash).await
    }
}
