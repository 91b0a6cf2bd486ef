//! The API as the engine's own states call it (`aws-sdk:sfn`): the same operations, without HTTP.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use stepwell_engine::Engine;
use stepwell_engine::own::{OwnApi, OwnError};

use crate::error::ApiError;
use crate::{Api, Options, protocol};

impl Api {
    /// All operations, on this engine, which are from now on what answers its states that call them.
    pub fn for_own_calls_too(engine: Engine, options: Options) -> Arc<Api> {
        let api = Arc::new(Api::new(engine, options));
        let own: Arc<dyn OwnApi> = api.clone();
        api.engine().answer_own_calls(Arc::downgrade(&own));
        api
    }
}

#[async_trait]
impl OwnApi for Api {
    async fn call(&self, operation: &str, request: Value) -> Result<Value, OwnError> {
        let operation = protocol::named(operation).map_err(refused)?;
        self.perform(operation, request).await.map_err(refused)
    }
}

fn refused(error: ApiError) -> OwnError {
    let status = error.status();
    OwnError { code: error.code.to_owned(), message: error.message, status }
}
