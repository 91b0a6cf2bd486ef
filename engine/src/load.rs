//! Reads executions from the store: the newest checkpoint, the turns after it, and the payloads they refer to.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::error::EngineError;
use crate::ids::ExecutionId;
use crate::record::{self, Birth, Known, PayloadId, Payloads, RecordError};
use crate::shared::Shared;
use crate::store::{Failure, Log, Store, StoreError};
use crate::worker::Loaded;

/// Turns that are read at once where payloads are looked for.
const TURNS_MAX: usize = 256;

/// An execution, ready to take turns.
pub(crate) async fn load(shared: &Shared, id: ExecutionId) -> Result<Option<Loaded>, StoreError> {
    let Some(log) = shared.store.load(id).await? else { return Ok(None) };
    let birth = birth(shared.store.as_ref(), id, &log).await?;
    let program = shared.machines.program(shared.store.as_ref(), birth.definition).await.map_err(unreadable(id))?;
    let _ = program;
    todo_load(id)
}

fn todo_load(_: ExecutionId) -> Result<Option<Loaded>, StoreError> {
    unreachable!()
}

async fn birth(_: &dyn Store, _: ExecutionId, _: &Log) -> Result<Birth, StoreError> {
    unreachable!()
}

fn unreadable(id: ExecutionId) -> impl Fn(EngineError) -> StoreError {
    move |error| StoreError::Failed(Failure(format!("execution {:016x} cannot be read: {error}", id.0).into()))
}
