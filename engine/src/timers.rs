//! Wakes executions when their time has come. The store's index holds every deadline; here are only those of the next
//! moments, so millions that lie far ahead cost no memory.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use stepwell_asl::Timestamp;
use tokio::sync::mpsc;

use crate::core::Event;
use crate::drive::Command;
use crate::ids::ExecutionId;
use crate::shared::Shared;
use crate::store::{Attention, StoreError};
use crate::worker::Wake;

/// How far ahead the index is read.
const WINDOW_MS: u64 = 60_000;

/// Rows of the index that are read at once, and roughly how many of them are held.
const ROWS_MAX: usize = 10_000;

/// The longest single sleep.
const SLEEP_MAX: Duration = Duration::from_secs(20);

/// Where workers say when to wake their executions.
pub(crate) struct Timers(mpsc::UnboundedSender<(ExecutionId, Option<Wake>)>);

/// What workers have said.
pub(crate) type Said = mpsc::UnboundedReceiver<(ExecutionId, Option<Wake>)>;

impl Timers {
    pub fn new() -> (Timers, Said) {
        let (sender, said) = mpsc::unbounded_channel();
        (Timers(sender), said)
    }

    /// Wakes an execution then, and not when it was said before.
    pub fn wake_at(&self, id: ExecutionId, wake: Option<Wake>) {
        let _ = self.0.send((id, wake)); // the engine is ending: the index knows
    }
}

/// The deadlines of the next moments.
struct Window {
    due: BTreeSet<(Timestamp, ExecutionId)>,
    of: HashMap<ExecutionId, Timestamp, foldhash::fast::FixedState>,
    /// The index has been read up to here.
    read: (Attention, ExecutionId),
}

/// Wakes executions until the engine ends.
pub(crate) async fn run(shared: Arc<Shared>, mut said: Said) {
    let mut window =
        Window { due: BTreeSet::new(), of: HashMap::default(), read: (Attention::Unconfirmed, ExecutionId(u64::MAX)) };
    loop {
        let now = shared.clock.now();
        if let Err(error) = window.read_ahead(&shared, now).await {
            return shared.fail_with(&error);
        }
        while let Some(id) = window.pop_due(shared.clock.now()) {
            // A worker takes it in when it has room; time waits for it.
            if shared.send(id, Command::Deliver(id, Event::TimerFired, None)).await.is_err() {
                return;
            }
        }
        shared.figures.timers.store(window.due.len(), Ordering::Relaxed);
        let sleep = window.due.first().map_or(SLEEP_MAX, |(at, _)| shared.clock.until(*at).min(SLEEP_MAX));
        tokio::select! {
            wake = said.recv() => match wake {
                Some((id, wake)) => window.said(id, wake),
                None => return,
            },
            () = tokio::time::sleep(sleep) => {}
        }
        while let Ok((id, wake)) = said.try_recv() {
            window.said(id, wake);
        }
    }
}

impl Window {
    fn said(&mut self, id: ExecutionId, wake: Option<Wake>) {
        if let Some(before) = self.of.remove(&id) {
            self.due.remove(&(before, id));
        }
        // What lies ahead of the window will be read from the index, unless it is in no index.
        let held = wake.filter(|wake| !wake.indexed || (Attention::At(wake.at), id) <= self.read);
        if let Some(wake) = held {
            self.of.insert(id, wake.at);
            self.due.insert((wake.at, id));
        }
    }

    fn pop_due(&mut self, now: Timestamp) -> Option<ExecutionId> {
        let (at, id) = self.due.first().copied().filter(|(at, _)| *at <= now)?;
        self.due.remove(&(at, id));
        self.of.remove(&id);
        Some(id)
    }

    /// Reads on in the index once half of the window has passed, as long as there is room.
    async fn read_ahead(&mut self, shared: &Shared, now: Timestamp) -> Result<(), StoreError> {
        let until = Attention::At(now.plus_ms(WINDOW_MS));
        while self.read.0 < Attention::At(now.plus_ms(WINDOW_MS / 2)) && self.due.len() < ROWS_MAX {
            let rows = shared.store.attention(until, Some(self.read), ROWS_MAX).await?;
            for (attention, id) in &rows {
                if let Attention::At(at) = attention
                    && !self.of.contains_key(id)
                {
                    self.of.insert(*id, *at);
                    self.due.insert((*at, *id));
                }
            }
            self.read = match rows.last() {
                Some(last) if rows.len() == ROWS_MAX => *last,
                _ => (until, ExecutionId(u64::MAX)),
            };
        }
        Ok(())
    }
}
