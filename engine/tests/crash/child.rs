//! The process that is killed: it opens the engine on what is there, looks at it, goes on with what waits for somebody
//! outside, and starts more and more.

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use stepwell_asl::{MachineType, Value};
use stepwell_engine::core::{HistoryEvent, StateError, Status};
use stepwell_engine::engine::{ExecutionSummary, HistoryQuery, ListExecutions, StartExecution};
use stepwell_engine::store::{Kind as StoreKind, Options};
use stepwell_engine::{Config, Engine, EngineError, history_json};
use tokio::sync::{Notify, SetOnce};
use tokio::task::JoinSet;

use super::facts::{Book, Fact, facts};
use super::invoker::World;
use super::model::{ACTIVITY, Kind, mix};

/// By this variable a process knows that it is a child.
pub const CHILD: &str = "STEPWELL_CRASH_CHILD";

/// Executions that run at once before no more are started.
const RUNNING_MAX: usize = 200;

/// Where closed executions expire, they are kept for so long.
const RETAINED: Duration = Duration::from_secs(3);

/// What a child is told.
#[derive(Clone, Debug)]
pub struct Orders {
    pub directory: PathBuf,
    pub store: StoreKind,
    /// The number of this life, from 1.
    pub life: u32,
    /// Nobody kills this one: it ends when everything has ended.
    pub finishing: bool,
    /// Closed executions expire at once.
    pub expires: bool,
}

impl Orders {
    /// As an environment variable has it.
    pub fn text(&self) -> String {
        let Orders { directory, store, life, finishing, expires } = self;
        format!("{store}\t{life}\t{finishing}\t{expires}\t{}", directory.display())
    }

    fn read(text: &str) -> Option<Orders> {
        let mut words = text.splitn(5, '\t');
        Some(Orders {
            store: words.next()?.parse().ok()?,
            life: words.next()?.parse().ok()?,
            finishing: words.next()?.parse().ok()?,
            expires: words.next()?.parse().ok()?,
            directory: words.next()?.into(),
        })
    }

    /// Which state machines are made use of.
    pub fn kinds(&self) -> Vec<Kind> {
        match self.expires {
            true => vec![Kind::Chain, Kind::Loop, Kind::Map, Kind::Doomed],
            false => Kind::ALL.to_vec(),
        }
    }

    /// How the engine is opened on what a child leaves behind.
    pub fn config(&self, invoker: Arc<dyn stepwell_engine::invoke::Invoker>) -> Config {
        let directory = Some(self.directory.join("store"));
        let store = Options { kind: self.store, directory, cache_bytes: 16 * 1024 * 1024 };
        let config = Config { workers: 2, ..Config::new(store, invoker) };
        // Executions leave memory seldom, often, or as soon as they can.
        let idle_executions = [1_024, 4, 0][self.life as usize % 3];
        match self.expires {
            true => Config { retain: Some(RETAINED), redrive: Duration::ZERO, idle_executions, ..config },
            false => Config { idle_executions, ..config },
        }
    }
}

/// Lives as a child, if this process is one.
pub fn live() -> bool {
    let Ok(orders) = std::env::var(CHILD) else { return false };
    let orders = Orders::read(&orders).expect("the parent wrote it");
    // A parent that is gone has closed the other end.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(1);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime can be made").block_on(act(orders));
    true
}

async fn act(orders: Orders) {
    let book = Arc::new(Book::new(&orders.directory, orders.life));
    let engine = Arc::new(SetOnce::new());
    let world = World { book: book.clone(), engine: engine.clone(), life: orders.life, finishing: orders.finishing };
    let opened = match Engine::open(orders.config(Arc::new(world.clone()))).await {
        Ok(opened) => opened,
        Err(error) => return book.broken(format!("the engine does not open: {error}")),
    };
    let _ = engine.set(opened.clone()); // nobody else sets it
    book.write(&Fact::Opened);
    let (failed, told) = (opened.clone(), book.clone());
    let watch = tokio::spawn(async move { told.broken(format!("the engine has stopped: {}", failed.failed().await)) });
    let child =
        Arc::new(Child { orders, book, engine: opened, world, running: AtomicUsize::new(0), fewer: Notify::new() });
    if let Err(error) = child.clone().work(&watch).await {
        child.book.broken(format!("a call has failed: {error}"));
    }
}

struct Child {
    orders: Orders,
    book: Arc<Book>,
    engine: Engine,
    world: World,
    running: AtomicUsize,
    /// One of those that run has ended.
    fewer: Notify,
}

/// What the lives before have written down.
#[derive(Default)]
struct Past {
    unacknowledged: HashMap<String, i64>,
    /// Tokens that nobody has brought back, with their answers.
    open: HashMap<String, u64>,
    /// Of the life before this one.
    answered: Vec<String>,
    started: Vec<String>,
    ended: Vec<String>,
}

impl Past {
    fn read(orders: &Orders) -> Past {
        let mut past = Past::default();
        for life in 1..orders.life {
            let newest = life + 1 == orders.life;
            for fact in facts(&orders.directory, life) {
                match fact {
                    Fact::Starting { name, until_ms } => drop(past.unacknowledged.insert(name, until_ms)),
                    Fact::Started { name } => {
                        past.unacknowledged.remove(&name);
                        past.started.extend(newest.then_some(name));
                    }
                    Fact::Token { token, answer, .. } => drop(past.open.insert(token, answer)),
                    Fact::Answered { token } => {
                        past.open.remove(&token);
                        past.answered.extend(newest.then_some(token));
                    }
                    Fact::Late { token } => drop(past.open.remove(&token)),
                    Fact::Ended { name, .. } => past.ended.extend(newest.then_some(name)),
                    Fact::Opened | Fact::Called(_) | Fact::Broken { .. } | Fact::Finished => {}
                }
            }
        }
        past
    }
}

impl Child {
    async fn work(self: Arc<Self>, watch: &tokio::task::JoinHandle<()>) -> Result<(), EngineError> {
        let activity = self.engine.create_activity(ACTIVITY).await?;
        for kind in self.orders.kinds() {
            // To check a definition takes longer than some lives.
            if self.engine.state_machine(&self.engine.place().state_machine(&kind.name())).await?.is_none() {
                self.engine.register(&kind.name(), &kind.definition(&activity), MachineType::Standard).await?;
            }
        }
        let mut acting = JoinSet::new();
        for _ in 0..2 {
            acting.spawn(self.world.clone().act(activity.to_string()));
        }
        let past = Past::read(&self.orders);
        let mut followed = JoinSet::new();
        let waiting = self.clone().waiting().await?;
        for name in &waiting {
            followed.spawn(self.clone().follow(name.clone()));
        }
        let looking = tokio::spawn(self.clone().look_back(past.started, past.ended, past.answered));
        for (token, answer) in past.open {
            let world = self.world.clone();
            tokio::spawn(async move { world.answer(&token, answer).await });
        }
        for (name, until_ms) in past.unacknowledged {
            self.start(&name, until_ms).await?;
            if !waiting.contains(&name) {
                followed.spawn(self.clone().follow(name));
            }
        }
        if !self.orders.finishing {
            return self.start_more().await;
        }
        let _ = looking.await; // what it found is written down
        while followed.join_next().await.is_some() {}
        for name in self.clone().waiting().await? {
            self.book.broken(format!("{name} still runs, and its end was seen"));
        }
        watch.abort(); // it is stopped by its user now
        acting.shutdown().await;
        self.engine.shutdown(Duration::from_secs(20)).await?;
        self.book.write(&Fact::Finished);
        Ok(())
    }

    async fn start_more(self: &Arc<Self>) -> Result<(), EngineError> {
        let kinds = self.orders.kinds();
        for number in 0_u64.. {
            while self.running.load(Ordering::SeqCst) >= RUNNING_MAX {
                self.fewer.notified().await;
            }
            let chance = mix("start", u64::from(self.orders.life) << 32 | number);
            let kind = kinds[chance as usize % kinds.len()];
            let name = format!("{}-{}-{number}", kind.name(), self.orders.life);
            let until_ms = self.engine.now().0 + i64::try_from(chance / 100 % 800).unwrap_or_default();
            self.start(&name, until_ms).await?;
            tokio::spawn(self.clone().follow(name));
            tokio::time::sleep(Duration::from_millis(chance / 1_000 % 8)).await;
        }
        Ok(())
    }

    /// Starts an execution, for the first time or because nobody acknowledged it.
    async fn start(&self, name: &str, until_ms: i64) -> Result<(), EngineError> {
        self.book.write(&Fact::Starting { name: name.to_owned(), until_ms });
        let kind = Kind::of(name);
        let start = StartExecution {
            machine_arn: self.engine.place().state_machine(&kind.name()),
            name: Some(name.to_owned()),
            input: Value::from(kind.input(name, until_ms)),
            ..StartExecution::default()
        };
        match self.engine.start(start).await {
            Err(error) if error.code() != Some("ExecutionAlreadyExists") => Err(error),
            Ok(_) | Err(_) => {
                self.book.write(&Fact::Started { name: name.to_owned() });
                Ok(())
            }
        }
    }

    /// Waits for an execution's end, and redrives it where it waits for that.
    async fn follow(self: Arc<Self>, name: String) {
        self.running.fetch_add(1, Ordering::SeqCst);
        if let Err(error) = self.see_its_end(&name).await {
            let expired = self.orders.expires && error.code() == Some("ExecutionDoesNotExist");
            if !expired {
                self.book.broken(format!("{name} cannot be waited for: {error}"));
            }
        }
        self.running.fetch_sub(1, Ordering::SeqCst);
        self.fewer.notify_one();
    }

    async fn see_its_end(&self, name: &str) -> Result<(), EngineError> {
        let kind = Kind::of(name);
        let arn = self.engine.place().execution(&kind.name(), name);
        if kind == Kind::Stopped {
            tokio::time::sleep(Duration::from_millis(mix(name, 0) % 50)).await;
            self.engine.stop(&arn, StateError::new("Enough", "stopped by hand")).await?;
        }
        loop {
            let there = self.engine.wait(&arn).await?;
            let (events, checksum) = summed(&history(&self.engine, &arn).await?);
            let redrives = there.redrive_count;
            self.book.write(&Fact::Ended { name: name.to_owned(), redrives, events, checksum });
            let redriven = kind == Kind::Redriven && redrives == 0 && matches!(there.status, Status::Failed(_));
            if !redriven {
                return Ok(());
            }
            self.engine.redrive(&arn).await?;
        }
    }

    /// Executions that run or wait to be redriven; each is listed once.
    async fn waiting(self: Arc<Self>) -> Result<Vec<String>, EngineError> {
        let mut waiting = Vec::new();
        for kind in self.orders.kinds() {
            let mut seen = HashSet::new();
            for line in listed(&self.engine, kind, None).await? {
                if !seen.insert(line.name.clone()) {
                    self.book.broken(format!("{} is listed twice", line.name));
                }
                let redriven = kind == Kind::Redriven && line.status == 2 && line.redrive_count == 0;
                waiting.extend((line.status == 0 || redriven).then_some(line.name));
            }
        }
        Ok(waiting)
    }

    /// What the life before was told must be so.
    async fn look_back(self: Arc<Self>, started: Vec<String>, ended: Vec<String>, answered: Vec<String>) {
        for token in answered {
            self.world.answer_twice(&token).await;
        }
        let ended: HashSet<String> = ended.into_iter().collect();
        for name in started {
            let kind = Kind::of(&name);
            match self.engine.describe(&self.engine.place().execution(&kind.name(), &name)).await {
                Ok(there) => {
                    let again = there.status == Status::Running && ended.contains(&name);
                    if again && (kind != Kind::Redriven || there.redrive_count > 1) {
                        self.book.broken(format!("{name} had ended, and runs again"));
                    }
                }
                Err(error) if self.orders.expires && error.code() == Some("ExecutionDoesNotExist") => {}
                Err(error) => self.book.broken(format!("{name} was acknowledged: {error}")),
            }
        }
    }
}

/// All executions of a state machine with a status, or with any.
pub async fn listed(engine: &Engine, kind: Kind, status: Option<u8>) -> Result<Vec<ExecutionSummary>, EngineError> {
    let machine_arn = engine.place().state_machine(&kind.name());
    let (mut lines, mut after) = (Vec::new(), None);
    loop {
        let page = engine.list(ListExecutions { machine_arn: machine_arn.clone(), status, after, limit: 100 }).await?;
        lines.extend(page.executions);
        after = page.next;
        if after.is_none() {
            return Ok(lines);
        }
    }
}

/// A whole history.
pub async fn history(engine: &Engine, arn: &str) -> Result<Vec<HistoryEvent>, EngineError> {
    let (mut events, mut after) = (Vec::new(), None);
    loop {
        let page = engine.history(arn, HistoryQuery { reverse: false, after, limit: 1_000 }).await?;
        events.extend(page.events);
        after = page.next;
        if after.is_none() {
            return Ok(events);
        }
    }
}

/// How many events, and what they are, in short.
pub fn summed(history: &[HistoryEvent]) -> (usize, u32) {
    let mut checksum = crc32fast::Hasher::new();
    for event in history {
        checksum.update(history_json::to_json(event).to_string().as_bytes());
    }
    (history.len(), checksum.finalize())
}
