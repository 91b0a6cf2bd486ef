//! Tests of single states, in the place of this engine and with its invokers.

use std::sync::Arc;

use super::Engine;
use crate::error::EngineError;
use crate::own::Caller;
use crate::test_state::{self, TestState, Tested, World};

impl Engine {
    /// Tests a single state. Nothing of it is stored; it comes back within [`test_state::SECONDS_MAX`].
    ///
    /// Errors: see [`test_state::run`].
    pub async fn test_state(&self, test: &TestState) -> Result<Tested, EngineError> {
        let world = World {
            place: self.place.clone(),
            clock: self.shared.clock.clone(),
            invoker: Arc::new(Caller::new(self.shared.clone(), None)),
            tokens: self.shared.tokens.clone(),
            limits: self.limits.clone(),
        };
        test_state::run(test, world).await
    }
}
