//! Tells others when the status of executions changes: AWS's event `Step Functions Execution Status Change`.
//!
//! The engine hands over its turns as an [`Observer`], once they are durable, and waits for nothing. Events of one
//! execution are delivered one after the other, in order, each until the receiver has taken it: at least once. What waits to
//! be delivered is in memory only, and bounded: an event that finds no room is dropped and counted, and so are those that a
//! receiver refuses for good or does not take for a day. A process that is killed loses what waited.

mod delivery;
mod event;

use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::core::{Execution, Identity, Turn};
use crate::invoke::config::Events;
use crate::shared::Observer;
use delivery::{Delivered, Receiver};
use event::{StatusChange, changes};

/// Deliveries at once. The events of one execution are always in the same lane.
const LANES: usize = 8;

/// Events that wait in one lane.
const LANE_EVENTS_MAX: usize = 8_192;

/// Bytes of payloads that wait in all lanes.
const WAITING_BYTES_MAX: usize = 64 << 20;

/// How long a receiver that does not take an event is asked again: as long as EventBridge asks its targets.
const TRIED_MAX: Duration = Duration::from_secs(24 * 3600);

/// Takes changes in and has them delivered. Give it to the engine as its observer.
pub struct StatusEvents {
    lanes: Vec<mpsc::Sender<StatusChange>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    counters: Arc<Counters>,
}

#[derive(Default)]
struct Counters {
    delivered: AtomicU64,
    retried: AtomicU64,
    no_room: AtomicU64,
    refused: AtomicU64,
    expired: AtomicU64,
    waiting: AtomicUsize,
    waiting_bytes: AtomicUsize,
}

/// What became of events so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// The receiver took them.
    pub delivered: u64,
    /// Deliveries that were tried again.
    pub retried: u64,
    /// Dropped: too many were waiting.
    pub no_room: u64,
    /// Dropped: the receiver said that it will never take them.
    pub refused: u64,
    /// Dropped: the receiver did not take them for a day.
    pub expired: u64,
    /// Those that wait.
    pub waiting: usize,
}

impl StatusEvents {
    /// Begins to deliver. Needs a tokio runtime, whose tasks it uses.
    pub fn start(to: &Events) -> Arc<StatusEvents> {
        let (receiver, counters) = (Arc::new(Receiver::new(to)), Arc::<Counters>::default());
        let (mut lanes, mut tasks) = (Vec::new(), Vec::new());
        for _ in 0..LANES {
            let (lane, changes) = mpsc::channel(LANE_EVENTS_MAX);
            lanes.push(lane);
            tasks.push(tokio::spawn(deliver(receiver.clone(), counters.clone(), changes)));
        }
        Arc::new(StatusEvents { lanes, tasks: Mutex::new(tasks), counters })
    }

    /// What became of events so far.
    pub fn counted(&self) -> Counted {
        let Counters { delivered, retried, no_room, refused, expired, waiting, .. } = &*self.counters;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counted {
            delivered: read(delivered),
            retried: read(retried),
            no_room: read(no_room),
            refused: read(refused),
            expired: read(expired),
            waiting: waiting.load(Ordering::Relaxed),
        }
    }

    /// Waits until everything is delivered, but not longer than that. Gives how many events are lost.
    pub async fn finish(&self, patience: Duration) -> usize {
        let done = async {
            while self.counters.waiting.load(Ordering::Acquire) > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let _ = tokio::time::timeout(patience, done).await; // what is left is told
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.iter().for_each(JoinHandle::abort);
        self.counters.waiting.load(Ordering::Acquire)
    }

    fn take(&self, change: StatusChange) {
        let mut hasher = DefaultHasher::new();
        change.execution_arn.hash(&mut hasher);
        let lane = (hasher.finish() as usize) % self.lanes.len();
        let Counters { waiting, waiting_bytes, no_room, .. } = &*self.counters;
        let bytes = change.payload_bytes();
        let before = waiting_bytes.fetch_add(bytes, Ordering::AcqRel);
        waiting.fetch_add(1, Ordering::AcqRel);
        if before.saturating_add(bytes) > WAITING_BYTES_MAX || self.lanes[lane].try_send(change).is_err() {
            waiting_bytes.fetch_sub(bytes, Ordering::AcqRel);
            waiting.fetch_sub(1, Ordering::AcqRel);
            if no_room.fetch_add(1, Ordering::Relaxed) == 0 {
                tracing::error!("changes of executions' status are dropped: the receiver of events cannot keep up");
            }
        }
    }
}

impl Observer for StatusEvents {
    fn turn(&self, identity: &Identity, turn: &Turn, _: Option<&Execution>) {
        for change in changes(identity, turn) {
            self.take(change);
        }
    }
}

impl fmt::Debug for StatusEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusEvents").field("counted", &self.counted()).finish_non_exhaustive()
    }
}

/// One lane: an event is delivered, or dropped, before the next one is looked at.
async fn deliver(receiver: Arc<Receiver>, counters: Arc<Counters>, mut changes: mpsc::Receiver<StatusChange>) {
    while let Some(change) = changes.recv().await {
        let bytes = change.payload_bytes();
        let event = change.event();
        let trying = receiver.deliver(&event, || {
            counters.retried.fetch_add(1, Ordering::Relaxed);
        });
        let counter = match tokio::time::timeout(TRIED_MAX, trying).await {
            Ok(Delivered::Taken) => &counters.delivered,
            Ok(Delivered::Refused(why)) => {
                tracing::error!(execution = &*change.execution_arn, why, "the receiver of events refuses one for good");
                &counters.refused
            }
            Err(_) => {
                tracing::error!(
                    execution = &*change.execution_arn,
                    "the receiver of events did not take one for a day"
                );
                &counters.expired
            }
        };
        counter.fetch_add(1, Ordering::Relaxed);
        counters.waiting_bytes.fetch_sub(bytes, Ordering::AcqRel);
        counters.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use stepwell_asl::{Timestamp, Value};

    use super::*;
    use crate::core::{HistoryEvent, HistoryKind};

    #[tokio::test]
    async fn what_finds_no_room_is_dropped_and_counted() {
        // Nobody listens there, so nothing is ever delivered.
        let events = StatusEvents::start(&Events::Url("http://127.0.0.1:9/".to_owned()));
        let identity = Identity { input: Value::from("x".repeat(1 << 20)), ..Identity::default() };
        let kind = HistoryKind::ExecutionSucceeded { output: Value::Null };
        let history = vec![HistoryEvent { id: 1, previous_id: 0, at: Timestamp(0), kind }];
        let turn = Turn { history, ..Turn::default() };
        for _ in 0..100 {
            events.turn(&identity, &turn, None);
        }
        let Counted { waiting, no_room, .. } = events.counted();
        assert_eq!((waiting, no_room), (63, 37), "64 MiB hold 63 of a MiB and an envelope");
        assert_eq!(events.finish(Duration::ZERO).await, 63);
    }
}
