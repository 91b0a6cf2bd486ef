//! Takes executions that are done with out of the way of the living, and removes those that were kept long enough.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::core::Event;
use crate::drive::Command;
use crate::error::EngineError;
use crate::ids::ExecutionId;
use crate::shared::Shared;
use crate::store::{Attention, Closed, StoreError};

/// Executions that are archived together.
const BATCH_MAX: usize = 256;

/// How long the first of a batch waits for others.
const PATIENCE: Duration = Duration::from_millis(200);

/// How often it is looked for executions that were kept long enough.
const EXPIRY: Duration = Duration::from_secs(600);

/// Executions that are removed together.
const EXPIRED_MAX: usize = 1_000;

/// Archives and expires until the engine ends.
pub(super) async fn run(shared: Arc<Shared>, mut closed: mpsc::Receiver<Closed>, retain: Option<Duration>) {
    let mut next_expiry = Instant::now();
    loop {
        tokio::select! {
            first = closed.recv() => {
                let Some(first) = first else { return };
                let batch = gather(first, &mut closed).await;
                if let Err(error) = shared.store.archive(&batch).await {
                    return shared.fail_with(&error);
                }
                shared.figures.archived.fetch_add(batch.len() as u64, Ordering::Relaxed);
                if closed.is_empty() && shared.archive_later.swap(false, Ordering::Relaxed) {
                    match look_again(&shared).await {
                        Ok(()) => {}
                        Err(EngineError::Store(error)) => return shared.fail_with(&error),
                        Err(_) => return, // the engine is ending
                    }
                }
            }
            () = tokio::time::sleep_until(next_expiry), if retain.is_some() => {
                if let Err(error) = expire(&shared, retain.unwrap_or_default()).await {
                    return shared.fail_with(&error);
                }
                next_expiry = Instant::now() + EXPIRY;
            }
        }
    }
}

/// Has every execution looked at whose time has come: those that found no place in the queue are among them.
async fn look_again(shared: &Shared) -> Result<(), EngineError> {
    let until = Attention::At(shared.clock.now());
    let mut after = Some((Attention::Unconfirmed, ExecutionId(u64::MAX)));
    loop {
        let rows = shared.store.attention(until, after, BATCH_MAX).await?;
        for (_, id) in &rows {
            shared.send(*id, Command::Deliver(*id, Event::TimerFired, None)).await?;
        }
        match rows.last() {
            Some(last) if rows.len() == BATCH_MAX => after = Some(*last),
            _ => return Ok(()),
        }
    }
}

async fn gather(first: Closed, closed: &mut mpsc::Receiver<Closed>) -> Vec<Closed> {
    let mut batch = vec![first];
    let enough = Instant::now() + PATIENCE;
    while batch.len() < BATCH_MAX
        && let Ok(Some(next)) = tokio::time::timeout_at(enough, closed.recv()).await
    {
        batch.push(next);
    }
    batch
}

async fn expire(shared: &Shared, retain: Duration) -> Result<(), StoreError> {
    let retain_ms = i64::try_from(retain.as_millis()).unwrap_or(i64::MAX);
    let before = stepwell_asl::Timestamp(shared.clock.now().0.saturating_sub(retain_ms));
    while shared.store.expire(before, EXPIRED_MAX).await? > 0 {
        tokio::task::yield_now().await;
    }
    Ok(())
}
