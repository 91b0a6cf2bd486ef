//! What the tasks of an engine share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use stepwell_asl::{Text, Timestamp};
use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::activities::Activities;
use crate::activity::Activity;
use crate::clock::Clock;
use crate::core::{Event, Execution, Identity, Invoke, Status, Turn};
use crate::drive::{Command, Reply};
use crate::engine;
use crate::error::EngineError;
use crate::figures::{Figures, Gauges, Load};
use crate::ids::{ExecutionId, Shard};
use crate::invoke::Invoker;
use crate::machines::Machines;
use crate::own::OwnApi;
use crate::resources::Resources;
use crate::store::{Closed, Failure, Store, StoreError};
use crate::timers::Timers;
use crate::token::TokenKey;
use crate::worker::Outcome;

/// Ids of executions that are reserved at once.
const IDS: u64 = 1_024;

/// Sees what happens, turn by turn, as soon as it is durable. Called from the workers: it must not block for long.
pub trait Observer: Send + Sync {
    /// A turn of an execution. `execution` is there as long as it is in memory.
    fn turn(&self, identity: &Identity, turn: &Turn, execution: Option<&Execution>);
    /// A callback's token was handed out: somebody outside must answer.
    fn waits_outside(&self, identity: &Identity, invoke: &Invoke) {
        let _ = (identity, invoke);
    }
}

pub(crate) struct Shared {
    pub store: Arc<dyn Store>,
    pub clock: Clock,
    pub invoker: Arc<dyn Invoker>,
    pub observer: Option<Arc<dyn Observer>>,
    pub machines: Machines,
    pub registered_activities: Resources<Activity>,
    /// Whether a task of an activity that was not created fails.
    pub created_activities_only: bool,
    pub tokens: TokenKey,
    pub timers: Timers,
    pub activities: Activities,
    pub figures: Figures,
    /// What each worker has before it, as it said last.
    pub gauges: OnceLock<Vec<Arc<Gauges>>>,
    /// What makes an engine of this.
    pub handle: OnceLock<engine::Handle>,
    /// What answers the states that call the Step Functions API.
    own_api: Mutex<Option<Weak<dyn OwnApi>>>,
    /// The queues of the workers.
    pub workers: OnceLock<Vec<mpsc::Sender<Command>>>,
    /// Where executions go that are done with.
    archiving: mpsc::Sender<Closed>,
    /// Some did not find a place in that queue: their rows of the index tell which.
    pub archive_later: AtomicBool,
    waiting: Mutex<HashMap<Text, Waiting>>,
    /// Who started an execution and wants to hear of its end, once.
    ends: Mutex<HashMap<ExecutionId, oneshot::Sender<(Status, Timestamp)>>>,
    /// Ids that are reserved and not used yet.
    ids: tokio::sync::Mutex<std::ops::Range<u64>>,
    stopped: watch::Sender<Option<String>>,
}

#[derive(Default)]
struct Waiting {
    ended: Arc<Notify>,
    count: usize,
}

/// The parts that are given.
pub(crate) struct Parts {
    pub store: Arc<dyn Store>,
    pub clock: Clock,
    pub invoker: Arc<dyn Invoker>,
    pub observer: Option<Arc<dyn Observer>>,
    pub tokens: TokenKey,
    pub timers: Timers,
    pub archiving: mpsc::Sender<Closed>,
    pub created_activities_only: bool,
}

impl Shared {
    pub fn new(parts: Parts) -> Shared {
        let Parts { store, clock, invoker, observer, tokens, timers, archiving, created_activities_only } = parts;
        Shared {
            store,
            clock,
            invoker,
            observer,
            machines: Machines::default(),
            registered_activities: Resources::default(),
            created_activities_only,
            tokens,
            timers,
            activities: Activities::default(),
            figures: Figures::default(),
            gauges: OnceLock::new(),
            handle: OnceLock::new(),
            own_api: Mutex::default(),
            workers: OnceLock::new(),
            archiving,
            archive_later: AtomicBool::new(false),
            waiting: Mutex::default(),
            ends: Mutex::default(),
            ids: tokio::sync::Mutex::new(0..0),
            stopped: watch::channel(None).0,
        }
    }

    // ---- to the workers ----

    /// Hands a command to the worker of an execution, when it has room for it.
    pub async fn send(&self, id: ExecutionId, command: Command) -> Result<(), EngineError> {
        let workers = self.workers.get().map_or(&[][..], Vec::as_slice);
        let worker = workers.get(usize::from(id.shard().0) % workers.len().max(1));
        match worker {
            Some(worker) if worker.send(command).await.is_ok() => Ok(()),
            Some(_) | None => Err(self.stop_error()),
        }
    }

    /// Hands an event to an execution and waits for what becomes of it, durably.
    pub async fn deliver(&self, id: ExecutionId, event: Event) -> Result<Outcome, EngineError> {
        self.ask(id, |reply| Command::Deliver(id, event, Some(reply))).await
    }

    /// Sends a command with a reply, and waits for it.
    pub async fn ask(&self, id: ExecutionId, command: impl FnOnce(Reply) -> Command) -> Result<Outcome, EngineError> {
        let (reply, replied) = oneshot::channel();
        self.send(id, command(reply)).await?;
        match replied.await {
            Ok(Outcome::Failed(why)) => Err(EngineError::Stopped(why)),
            Ok(outcome) => Ok(outcome),
            Err(_) => Err(self.stop_error()),
        }
    }

    /// What the workers have before them.
    pub fn loads(&self) -> Vec<Load> {
        let workers = self.workers.get().map_or(&[][..], Vec::as_slice);
        let gauges = self.gauges.get().map_or(&[][..], Vec::as_slice);
        let waiting = workers.iter().map(|queue| queue.max_capacity() - queue.capacity());
        waiting.zip(gauges).map(|(waiting, gauges)| gauges.load(waiting)).collect()
    }

    /// From now on this answers the states that call the Step Functions API.
    pub fn set_own_api(&self, api: Weak<dyn OwnApi>) {
        *self.own_api.lock().unwrap_or_else(PoisonError::into_inner) = Some(api);
    }

    /// What answers them, where something does.
    pub fn own_api(&self) -> Option<Arc<dyn OwnApi>> {
        self.own_api.lock().unwrap_or_else(PoisonError::into_inner).as_ref()?.upgrade()
    }

    /// An execution is done with.
    pub fn archive(&self, closed: Closed) {
        if self.archiving.try_send(closed).is_err() {
            self.archive_later.store(true, Ordering::Relaxed);
        }
    }

    // ---- who waits for an end ----

    /// An execution has ended.
    pub fn ended(&self, id: ExecutionId, arn: &str, status: Status, at: Timestamp) {
        if let Some(waiting) = self.lock().get(arn) {
            waiting.ended.notify_waiters();
        }
        if let Some(end) = self.ends().remove(&id) {
            let _ = end.send((status, at)); // who started it may not care
        }
    }

    /// The end of an execution that is about to begin, for who starts it.
    pub fn end_of(&self, id: ExecutionId) -> oneshot::Receiver<(Status, Timestamp)> {
        let (sender, end) = oneshot::channel();
        self.ends().insert(id, sender);
        end
    }

    /// The execution has not begun.
    pub fn forget_end(&self, id: ExecutionId) {
        self.ends().remove(&id);
    }

    fn ends(&self) -> MutexGuard<'_, HashMap<ExecutionId, oneshot::Sender<(Status, Timestamp)>>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An id that no execution has had.
    pub async fn new_id(&self, shard: Shard) -> Result<ExecutionId, StoreError> {
        let mut ids = self.ids.lock().await;
        if ids.is_empty() {
            let first = self.store.reserve(IDS).await?;
            *ids = first..first + IDS;
        }
        let number = ids.next().unwrap_or_default();
        Ok(ExecutionId::new(shard, number))
    }

    /// Somebody waits for the end of an execution, until what is returned is dropped.
    pub fn wait_for(self: &Arc<Self>, arn: &Text) -> WaitsFor {
        let mut waiting = self.lock();
        let entry = waiting.entry(arn.clone()).or_default();
        entry.count += 1;
        WaitsFor { shared: self.clone(), arn: arn.clone(), ended: entry.ended.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Text, Waiting>> {
        // Every critical section is whole at every step.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // ---- the end ----

    /// The store has failed: everything stops, and says so.
    pub fn fail(&self, failure: Failure) {
        tracing::error!(%failure, "the store has failed");
        self.stop(&failure.to_string());
    }

    /// The same, where a read has failed.
    pub fn fail_with(&self, error: &StoreError) {
        tracing::error!(%error, "the store cannot be read");
        self.stop(&error.to_string());
    }

    /// Everything stops. The first reason stays.
    pub fn stop(&self, why: &str) {
        self.stopped.send_if_modified(|stopped| {
            let first = stopped.is_none();
            stopped.get_or_insert_with(|| why.to_owned());
            first
        });
    }

    /// Why the engine has stopped, if it has.
    pub fn stopped(&self) -> Option<String> {
        self.stopped.borrow().clone()
    }

    /// Comes back when the engine stops.
    pub async fn stopping(&self) {
        let mut stopped = self.stopped.subscribe();
        let _ = stopped.wait_for(Option::is_some).await; // the sender lives as long as this
    }

    pub fn stop_error(&self) -> EngineError {
        EngineError::Stopped(self.stopped().unwrap_or_else(|| "it was shut down".to_owned()))
    }
}

/// Somebody who waits for the end of an execution.
pub(crate) struct WaitsFor {
    shared: Arc<Shared>,
    arn: Text,
    pub ended: Arc<Notify>,
}

impl Drop for WaitsFor {
    fn drop(&mut self) {
        let mut waiting = self.shared.lock();
        if let Some(entry) = waiting.get_mut(&self.arn) {
            entry.count -= 1;
            if entry.count == 0 {
                waiting.remove(&self.arn);
            }
        }
    }
}
