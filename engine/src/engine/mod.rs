//! The engine: state machines, their executions and those who work for them, behind one handle.
//!
//! What an [`Engine`] acknowledges is durable: it survives kill -9 and, where the store can, a power cut. Executions go on
//! where they were when the engine is opened again.

mod activities;
mod aliases;
mod archivist;
mod executions;
mod machines;
mod map_runs;
mod tags;
mod tasks;
mod test_state;
mod versions;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use stepwell_asl::{Chance, Timestamp};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinHandle;

pub use self::activities::CreateActivity;
pub use self::aliases::{AliasDescription, CreateAlias, UpdateAlias};
pub use self::executions::{
    Description, ExecutionPage, ExecutionSummary, Finished, HistoryCursor, HistoryPage, HistoryQuery, Inspection,
    ListExecutions, MachineOfExecution, StartExecution, Started, made_up_name,
};
pub use self::machines::{
    CreateStateMachine, CreatedStateMachine, StateMachineDescription, UpdateStateMachine, UpdatedStateMachine,
};
pub use self::map_runs::{ListMapRun, ListMapRuns, MapRunDescription, MapRunPage};
pub use self::versions::{PublishVersion, PublishedVersion};
use crate::arn::Place;
use crate::chance::{random, seed};
use crate::clock::Clock;
use crate::core::{Env, Limits, Pace, Status};
use crate::drive::{Command, Driver};
use crate::error::EngineError;
use crate::figures::{Executions, Gauges, Load, Spread};
use crate::ids::{Epoch, Key, SHARDS, Shard};
use crate::invoke::Invoker;
use crate::own::OwnApi;
use crate::quotas::Quotas;
use crate::shared::{Observer, Parts, Shared};
use crate::store::{self, Attention, Closed, ListQuery, RecordKind, Statistics, Store, StoreError};
use crate::timers::{self, Timers};
use crate::token::TokenKey;
use crate::worker::{Settings, Worker, status_number};

/// Commands that wait for one worker. Who has more to say waits.
const COMMANDS_MAX: usize = 1_024;

/// Moves one turn makes at most.
const MOVES_MAX: u32 = 10_000;

/// Payload bytes that one turn writes at most before it leaves the rest to the next one.
const TURN_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Executions whose dispatch is unconfirmed, read at once after a restart.
const RECOVERED_MAX: usize = 1_000;

/// Executions that wait to be archived. What is more is found again by its row in the index.
const CLOSED_MAX: usize = 65_536;

/// Rows that are read at once to count what runs.
const RUNNING_PAGE: usize = 1_000;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// How an engine is opened.
#[derive(Clone)]
pub struct Config {
    /// Where executions are kept.
    pub store: store::Options,
    /// What takes tasks to functions and services.
    pub invoker: Arc<dyn Invoker>,
    /// The region in ARNs.
    pub region: String,
    /// The account in ARNs: twelve digits.
    pub account: String,
    /// AWS's limits, or others.
    pub limits: Limits,
    /// How fast Waits and retries pass.
    pub pace: Pace,
    /// AWS's quotas, or others.
    pub quotas: Quotas,
    /// How long closed executions are kept. `None`: for ever.
    pub retain: Option<Duration>,
    /// How long an execution that did not succeed can be redriven: 14 days on AWS. It is not archived before.
    pub redrive: Duration,
    /// Tasks that step executions. As many as there are cores is enough.
    pub workers: usize,
    /// Executions that only wait and may stay in memory, for each worker. The others come back when their event does.
    pub idle_executions: usize,
    /// Sees every turn.
    pub observer: Option<Arc<dyn Observer>>,
    /// Whether a task of an activity that was not created fails, as on AWS. Else workers may poll for any.
    pub created_activities_only: bool,
    /// Leaves what the store holds as it is until [`Engine::go_on`]: no work is dispatched again and no timer runs.
    pub idle: bool,
}

impl Config {
    /// AWS's limits, 90 days of retention, a worker for each core.
    pub fn new(store: store::Options, invoker: Arc<dyn Invoker>) -> Config {
        Config {
            store,
            invoker,
            region: "us-east-1".to_owned(),
            account: "123456789012".to_owned(),
            limits: Limits::AWS,
            pace: Pace::REAL,
            quotas: Quotas::AWS,
            retain: Some(90 * DAY),
            redrive: 14 * DAY,
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            idle_executions: 1_024,
            observer: None,
            created_activities_only: false,
            idle: false,
        }
    }

    /// In a directory, on sled, the default store.
    pub fn durable(directory: impl Into<PathBuf>, invoker: Arc<dyn Invoker>) -> Config {
        Config::new(store::Options::sled(directory), invoker)
    }
}

/// State machines and their executions. Cheap to clone; all clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
    place: Place,
    limits: Limits,
    quotas: Quotas,
    redrive: Duration,
    running: Arc<Mutex<Running>>,
}

/// What of an engine is not shared by its tasks: with it they can do what its users do.
pub(crate) struct Handle {
    place: Place,
    limits: Limits,
    quotas: Quotas,
    redrive: Duration,
    running: Weak<Mutex<Running>>,
}

#[derive(Default)]
pub(crate) struct Running {
    /// What the work in the background takes in, before it has begun.
    parked: Option<Parked>,
    background: Vec<JoinHandle<()>>,
    drivers: Vec<JoinHandle<()>>,
    shards: Vec<(Shard, Epoch)>,
}

struct Parked {
    said: timers::Said,
    closed: mpsc::Receiver<Closed>,
    retain: Option<Duration>,
}

/// What an engine has to say about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Turns that were taken since it was opened.
    pub turns: u64,
    /// History events in them.
    pub history_events: u64,
    /// Executions that were archived.
    pub archived: u64,
    /// Executions that began and ended.
    pub executions: Executions,
    /// How long commits took.
    pub commits: Spread,
    /// Calls of functions and services that were answered with success.
    pub invocations_succeeded: u64,
    /// Those that were answered with an error.
    pub invocations_failed: u64,
    /// Deadlines of the next moments: those that are held in memory.
    pub timers: usize,
    /// What the workers have before them now, all together.
    pub load: Load,
    /// The store's.
    pub store: Statistics,
}

impl Engine {
    /// Opens the store and goes on with what it holds: unfinished work is dispatched again, timers run. Where
    /// [`Config::idle`] asks for it, that waits for [`Engine::go_on`].
    ///
    /// Errors: the store cannot be opened (the message says why and what to do), or the machine has no randomness.
    pub async fn open(config: Config) -> Result<Engine, EngineError> {
        let options = config.store.clone();
        let opened = tokio::task::spawn_blocking(move || store::open(&options)).await;
        let store = opened.map_err(|error| EngineError::Stopped(error.to_string()))??;
        Engine::on(store, config).await
    }

    /// The same, on a store that is open already.
    pub async fn on(store: Arc<dyn Store>, config: Config) -> Result<Engine, EngineError> {
        let shards = store.acquire().await?;
        let mut epochs = vec![Epoch::default(); usize::from(SHARDS)];
        for (shard, epoch) in &shards {
            epochs[usize::from(shard.0)] = *epoch;
        }
        let (timers, said) = Timers::new();
        let (archiving, closed) = mpsc::channel(CLOSED_MAX);
        let shared = Arc::new(Shared::new(Parts {
            tokens: token_key(store.as_ref()).await?,
            store,
            clock: Clock::real(),
            invoker: config.invoker,
            observer: config.observer,
            timers,
            archiving,
            created_activities_only: config.created_activities_only,
        }));
        let settings = Settings {
            redrive_ms: u64::try_from(config.redrive.as_millis()).unwrap_or(u64::MAX),
            watched: shared.observer.is_some(),
            idle_max: config.idle_executions,
            idle_bytes_max: config.idle_executions.saturating_mul(64 * 1024),
        };
        let (mut queues, mut drivers, mut gauges) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..config.workers.clamp(1, usize::from(SHARDS)) {
            let env = Env {
                now: shared.clock.now(),
                chance: Chance::from_seed(seed()?),
                limits: config.limits.clone(),
                pace: config.pace,
                tokens: shared.tokens.clone(),
                moves_max: MOVES_MAX,
                bytes_max: TURN_BYTES_MAX,
            };
            let (queue, commands) = mpsc::channel(COMMANDS_MAX);
            queues.push(queue);
            let worker = Worker::new(settings.clone(), env, epochs.clone());
            let gauge = Arc::<Gauges>::default();
            gauges.push(gauge.clone());
            drivers.push(tokio::spawn(Driver::new(worker, shared.clone(), commands, gauge).run()));
        }
        let _ = shared.workers.set(queues); // nobody else has set it
        let _ = shared.gauges.set(gauges);
        let parked = Some(Parked { said, closed, retain: config.retain });
        let engine = Engine {
            shared,
            place: Place { region: config.region, account: config.account },
            limits: config.limits,
            quotas: config.quotas,
            redrive: config.redrive,
            running: Arc::new(Mutex::new(Running { parked, background: Vec::new(), drivers, shards })),
        };
        let handle = Handle {
            place: engine.place.clone(),
            limits: engine.limits.clone(),
            quotas: engine.quotas.clone(),
            redrive: engine.redrive,
            running: Arc::downgrade(&engine.running),
        };
        let _ = engine.shared.handle.set(handle); // nobody else has set it
        if !config.idle {
            engine.go_on().await;
        }
        Ok(engine)
    }

    /// The engine that tasks with this part of it belong to. `None`: it is being opened, or nobody has it any more.
    pub(crate) fn of(shared: &Arc<Shared>) -> Option<Engine> {
        let Handle { place, limits, quotas, redrive, running } = shared.handle.get()?;
        Some(Engine {
            shared: shared.clone(),
            place: place.clone(),
            limits: limits.clone(),
            quotas: quotas.clone(),
            redrive: *redrive,
            running: running.upgrade()?,
        })
    }

    /// Lets states that call the Step Functions API (`aws-sdk:sfn`) be answered by this. It is not kept alive by that.
    pub fn answer_own_calls(&self, api: Weak<dyn OwnApi>) {
        self.shared.set_own_api(api);
    }

    /// Goes on with what the store holds, where the engine was opened idle. Does nothing a second time.
    pub async fn go_on(&self) {
        let mut running = self.running.lock().await;
        let Some(Parked { said, closed, retain }) = running.parked.take() else { return };
        let shared = &self.shared;
        running.background.extend([
            tokio::spawn(recover(shared.clone())),
            tokio::spawn(timers::run(shared.clone(), said)),
            tokio::spawn(archivist::run(shared.clone(), closed, retain)),
        ]);
    }

    /// Where the engine pretends to be: what its ARNs are made of.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The time, as the engine has it.
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// What the engine has done since it was opened.
    pub fn counts(&self) -> Counts {
        let figures = &self.shared.figures;
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            turns: of(&figures.turns),
            history_events: of(&figures.history_events),
            archived: of(&figures.archived),
            executions: figures.executions(),
            commits: figures.commits.spread(),
            invocations_succeeded: of(&figures.invocations_succeeded),
            invocations_failed: of(&figures.invocations_failed),
            timers: figures.timers.load(Ordering::Relaxed),
            load: self.shared.loads().into_iter().sum(),
            store: self.shared.store.statistics(),
        }
    }

    /// Counts the executions that run already, for [`Counts`]. To be called on an idle engine, before
    /// [`Engine::go_on`]: none of them may end meanwhile.
    pub async fn count_running(&self) -> Result<(), EngineError> {
        let (mut running, mut after) = (0, None);
        loop {
            let machines = self.state_machines(after.as_deref(), RUNNING_PAGE).await?;
            for machine in &machines {
                running += self.running_of(&machine.arn).await?;
            }
            match machines.last() {
                Some(last) if machines.len() == RUNNING_PAGE => after = Some(last.arn.to_string()),
                _ => break,
            }
        }
        self.shared.figures.running_before.store(running, Ordering::Relaxed);
        Ok(())
    }

    async fn running_of(&self, list: &str) -> Result<u64, EngineError> {
        let (mut running, mut after) = (0, None);
        let (list, status) = (Key::of(&[list]), Some(status_number(&Status::Running)));
        loop {
            let page = self.shared.store.list(ListQuery { list, status, after, limit: RUNNING_PAGE }).await?;
            running += page.len() as u64;
            match page.last() {
                Some((cursor, _)) if page.len() == RUNNING_PAGE => after = Some(*cursor),
                _ => return Ok(running),
            }
        }
    }

    /// Why the engine has stopped, if it has.
    pub fn stopped(&self) -> Option<String> {
        self.shared.stopped()
    }

    /// The engine's clock.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Comes back when the engine has stopped by itself: its store has failed, and the sentence says how.
    pub async fn failed(&self) -> String {
        self.shared.stopping().await;
        self.shared.stopped().unwrap_or_default()
    }

    /// Ends the engine: nothing new is taken in, what is being committed is finished, calls of functions are given up
    /// (and made again after the next start). Comes back within `patience`, whatever happens; nothing acknowledged is
    /// lost either way.
    pub async fn shutdown(&self, patience: Duration) -> Result<(), EngineError> {
        match tokio::time::timeout(patience, self.finish()).await {
            Ok(finished) => finished,
            Err(_) => {
                self.abort().await;
                Err(EngineError::Stopped("it did not end in time: what was acknowledged is safe".to_owned()))
            }
        }
    }

    async fn finish(&self) -> Result<(), EngineError> {
        let mut running = self.running.lock().await;
        running.parked = None;
        running.background.drain(..).for_each(|task| task.abort());
        self.shared.stop("it was shut down");
        for queue in self.shared.workers.get().into_iter().flatten() {
            let (done, finished) = oneshot::channel();
            if queue.send(Command::Finish(done)).await.is_ok() {
                let _ = finished.await; // a worker that is gone has finished
            }
        }
        self.shared.store.release(&running.shards).await?;
        Ok(self.shared.store.close().await?)
    }

    async fn abort(&self) {
        if let Ok(mut running) = self.running.try_lock() {
            running.drivers.drain(..).for_each(|driver| driver.abort());
        }
    }
}

/// The key of task tokens: made once, and kept where the executions are.
async fn token_key(store: &dyn Store) -> Result<TokenKey, EngineError> {
    const NAME: &str = "token-key";
    loop {
        if let Some(record) = store.get(RecordKind::Engine, NAME).await? {
            let bytes: [u8; 32] = record.value[..].try_into().map_err(|_| EngineError::Record {
                what: "the key of task tokens".to_owned(),
                source: crate::record::RecordError::Broken("it does not have 32 bytes".to_owned()),
            })?;
            return Ok(TokenKey::new(bytes));
        }
        match store.put(RecordKind::Engine, NAME, Some(0), Bytes::copy_from_slice(&random()?)).await {
            Ok(_) | Err(StoreError::Conflict) => {} // whoever was first: it is there now
            Err(error) => return Err(error.into()),
        }
    }
}

/// Reads the executions whose work was in flight, so that it is dispatched again. Those that only wait stay where they
/// are.
async fn recover(shared: Arc<Shared>) {
    let mut after = None;
    loop {
        match shared.store.attention(Attention::Unconfirmed, after, RECOVERED_MAX).await {
            Ok(rows) => {
                for (_, id) in &rows {
                    if shared.send(*id, Command::Recover(*id)).await.is_err() {
                        return;
                    }
                }
                match rows.last() {
                    Some(last) if rows.len() == RECOVERED_MAX => after = Some(*last),
                    _ => return,
                }
            }
            Err(error) => return shared.fail_with(&error),
        }
    }
}

/// Names by which people know the statuses of executions.
pub fn status_name(status: u8) -> &'static str {
    match status {
        0 => "RUNNING",
        1 => "SUCCEEDED",
        2 => "FAILED",
        3 => "TIMED_OUT",
        _ => "ABORTED",
    }
}
