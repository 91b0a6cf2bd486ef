//! Reads executions from the store: the newest checkpoint, the turns after it, and the payloads they refer to.

use std::collections::BTreeSet;

use crate::core::HistoryEvent;
use crate::error::EngineError;
use crate::ids::ExecutionId;
use crate::record::{self, Birth, Payloads, RecordError};
use crate::shared::Shared;
use crate::store::{Failure, Store, StoreError, StoredTurn};
use crate::worker::Loaded;

/// Turns that are read at once where payloads are looked for.
const TURNS_MAX: usize = 256;

/// An execution, ready to take turns. `None`: there is none.
pub(crate) async fn load(shared: &Shared, id: ExecutionId) -> Result<Option<Loaded>, StoreError> {
    let store = shared.store.as_ref();
    let Some(log) = store.load(id).await? else { return Ok(None) };
    let birth = match log.turns.first().filter(|turn| turn.sequence == 1) {
        Some(first) => birth_of(id, first)?,
        None => birth(store, id).await?,
    };
    let Some(birth) = birth else { return Ok(None) };
    let program = shared.machines.program(store, birth.definition).await.map_err(|error| match error {
        EngineError::Store(error) => error,
        other => unreadable(id, &other),
    })?;
    let mut payloads = Payloads::default();
    let mut bodies = Vec::with_capacity(log.turns.len() + 1);
    if let Some((_, body)) = &log.checkpoint {
        payloads.set_checkpoint(body).map_err(damaged(id))?;
        bodies.push(body);
    }
    for turn in &log.turns {
        payloads.add(turn.sequence, &turn.body).map_err(damaged(id))?;
        bodies.push(&turn.body);
    }
    resolve(store, id, bodies, &mut payloads).await?;
    Loaded::from_log(&log, birth, program, &mut payloads).map(Some).map_err(damaged(id))
}

/// What an execution was born with. `None`: there is none.
pub(crate) async fn birth(store: &dyn Store, id: ExecutionId) -> Result<Option<Birth>, StoreError> {
    match store.turns(id, 0, 1).await?.first() {
        Some(first) => birth_of(id, first),
        None => Ok(None),
    }
}

fn birth_of(id: ExecutionId, first: &StoredTurn) -> Result<Option<Birth>, StoreError> {
    record::birth(&first.body, first.sequence, &mut Payloads::default()).map_err(damaged(id))
}

/// The newest event of a history.
pub(crate) async fn last_event(store: &dyn Store, id: ExecutionId) -> Result<Option<HistoryEvent>, StoreError> {
    let mut before = u32::MAX;
    loop {
        let turns = store.turns_back(id, before, 1).await?;
        let Some(turn) = turns.first() else { return Ok(None) };
        if turn.events > 0 {
            let histories = histories(store, id, &turns).await?;
            return Ok(histories.into_iter().flat_map(|(_, events)| events).next_back());
        }
        before = turn.sequence;
    }
}

/// The history events of these turns, by turn.
pub(crate) async fn histories(
    store: &dyn Store,
    id: ExecutionId,
    turns: &[StoredTurn],
) -> Result<Vec<(u32, Vec<HistoryEvent>)>, StoreError> {
    let mut payloads = Payloads::default();
    for turn in turns {
        payloads.add(turn.sequence, &turn.body).map_err(damaged(id))?;
    }
    resolve(store, id, turns.iter().map(|turn| &turn.body).collect(), &mut payloads).await?;
    turns
        .iter()
        .map(|turn| {
            Ok((turn.sequence, record::history(&turn.body, turn.sequence, &mut payloads).map_err(damaged(id))?))
        })
        .collect()
}

/// Reads the turns that hold what these bodies refer to.
async fn resolve(
    store: &dyn Store,
    id: ExecutionId,
    bodies: Vec<&bytes::Bytes>,
    payloads: &mut Payloads,
) -> Result<(), StoreError> {
    let mut missing = BTreeSet::new();
    for body in bodies {
        missing.extend(payloads.missing(body).map_err(damaged(id))?);
    }
    while let Some(first) = missing.first().copied() {
        // They often lie side by side; where they do not, one at a time.
        let near = missing.range(first..first.saturating_add(TURNS_MAX as u32)).count();
        let limit = if near > 1 { TURNS_MAX } else { 1 };
        let turns = store.turns(id, first - 1, limit).await?;
        let last = turns.last().map(|turn| turn.sequence).filter(|last| *last >= first);
        let last = last.ok_or_else(|| damaged(id)(RecordError::Broken(format!("turn {first} is not there"))))?;
        for turn in &turns {
            if missing.contains(&turn.sequence) {
                payloads.add(turn.sequence, &turn.body).map_err(damaged(id))?;
            }
        }
        missing = missing.split_off(&(last + 1));
    }
    Ok(())
}

fn damaged(id: ExecutionId) -> impl Fn(RecordError) -> StoreError {
    move |error| unreadable(id, &error)
}

/// One execution that cannot be read; the others can.
fn unreadable(id: ExecutionId, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Failed(Failure(format!("execution {:016x} cannot be read: {error}", id.0).into()))
}
