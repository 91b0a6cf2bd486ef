//! The engine: state machines, their executions and those who work for them, behind one handle.
//!
//! What an [`Engine`] acknowledges is durable: it survives kill -9 and, where the store can, a power cut. Executions go on
//! where they were when the engine is opened again.

mod archivist;
mod executions;
mod map_runs;
mod tasks;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use stepwell_asl::{Chance, MachineType, Timestamp};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinHandle;

pub use self::executions::{
    Description, ExecutionPage, ExecutionSummary, Finished, HistoryCursor, HistoryPage, HistoryQuery, Inspection,
    ListExecutions, StartExecution, Started, made_up_name,
};
pub use self::map_runs::{ListMapRun, ListMapRuns, MapRunDescription, MapRunPage};
use crate::arn::{Place, check_name};
use crate::chance::{random, seed};
use crate::clock::Clock;
use crate::core::{Env, Limits};
use crate::drive::{Command, Driver};
use crate::error::EngineError;
use crate::ids::{Epoch, SHARDS, Shard};
use crate::invoke::Invoker;
use crate::machines::{Machines, StateMachine, read_definition};
use crate::shared::{Observer, Parts, Shared};
use crate::store::{self, Attention, Closed, RecordKind, Statistics, Store, StoreError};
use crate::timers::{self, Timers};
use crate::token::TokenKey;
use crate::worker::{Settings, Worker};

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
            retain: Some(90 * DAY),
            redrive: 14 * DAY,
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            idle_executions: 1_024,
            observer: None,
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
    redrive: Duration,
    running: Arc<Mutex<Running>>,
}

#[derive(Default)]
struct Running {
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
            machines: Machines::new(),
            timers,
            archiving,
        }));
        let settings = Settings {
            redrive_ms: u64::try_from(config.redrive.as_millis()).unwrap_or(u64::MAX),
            watched: shared.observer.is_some(),
            idle_max: config.idle_executions,
            idle_bytes_max: config.idle_executions.saturating_mul(64 * 1024),
        };
        let (mut queues, mut drivers) = (Vec::new(), Vec::new());
        for _ in 0..config.workers.clamp(1, usize::from(SHARDS)) {
            let env = Env {
                now: shared.clock.now(),
                chance: Chance::from_seed(seed()?),
                limits: config.limits.clone(),
                tokens: shared.tokens.clone(),
                moves_max: MOVES_MAX,
                bytes_max: TURN_BYTES_MAX,
            };
            let (queue, commands) = mpsc::channel(COMMANDS_MAX);
            queues.push(queue);
            let worker = Worker::new(settings.clone(), env, epochs.clone());
            drivers.push(tokio::spawn(Driver::new(worker, shared.clone(), commands).run()));
        }
        let _ = shared.workers.set(queues); // nobody else has set it
        let parked = Some(Parked { said, closed, retain: config.retain });
        let engine = Engine {
            shared,
            place: Place { region: config.region, account: config.account },
            limits: config.limits,
            redrive: config.redrive,
            running: Arc::new(Mutex::new(Running { parked, background: Vec::new(), drivers, shards })),
        };
        if !config.idle {
            engine.go_on().await;
        }
        Ok(engine)
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

    /// Registers a state machine under a name, or gives the one of that name another definition or role. Running
    /// executions keep the definition they were started with.
    ///
    /// Errors: `InvalidName`, `InvalidDefinition` (with what is wrong and where), `StateMachineAlreadyExists` where it
    /// would change its type.
    pub async fn register(
        &self,
        name: &str,
        definition: &str,
        kind: MachineType,
    ) -> Result<Arc<StateMachine>, EngineError> {
        check_name(name).map_err(|_| EngineError::call("InvalidName", format!("Invalid Name: '{name}'")))?;
        let definition = read_definition(definition, self.limits.payload_bytes.is_some())?;
        let now = self.shared.clock.now();
        let machine = StateMachine {
            arn: self.place.state_machine(name).into(),
            name: name.into(),
            kind,
            role_arn: self.place.role().into(),
            definition: stepwell_asl::programs::ContentHash::of(definition.text()),
            created_at: now,
            updated_at: now,
        };
        self.shared.machines.register(self.shared.store.as_ref(), machine, &definition).await
    }

    /// The state machine of an ARN.
    pub async fn state_machine(&self, arn: &str) -> Result<Option<Arc<StateMachine>>, EngineError> {
        self.shared.machines.get(self.shared.store.as_ref(), arn).await
    }

    /// The text of a state machine's definition.
    pub async fn definition(&self, machine: &StateMachine) -> Result<Option<String>, EngineError> {
        let record = self.shared.store.get(RecordKind::Definition, &machine.definition.to_string()).await?;
        Ok(record.map(|record| String::from_utf8_lossy(&record.value).into_owned()))
    }

    /// State machines by ARN, after a given one.
    pub async fn state_machines(&self, after: Option<&str>, limit: usize) -> Result<Vec<StateMachine>, EngineError> {
        self.shared.machines.list(self.shared.store.as_ref(), after, limit).await
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
        let counts = &self.shared.counts;
        Counts {
            turns: counts.turns.load(Ordering::Relaxed),
            history_events: counts.history_events.load(Ordering::Relaxed),
            archived: counts.archived.load(Ordering::Relaxed),
            store: self.shared.store.statistics(),
        }
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
