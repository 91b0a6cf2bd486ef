//! A worker, and everything around it: a store that may fail, callers, workers of activities, and time. Whatever the
//! worker says is held against the store in the moment in which it says so.

mod says;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde_json::Value as Json;
use stepwell_asl::programs::ContentHash;
use stepwell_asl::{Chance, Program, Timestamp, Value, compile};
use stepwell_engine::core::{
    BranchId, Dispatch, Env, Event, EventKind, Execution, Identity, Invoke, Limits, StateError, Ticket, Trigger,
};
use stepwell_engine::ids::{ExecutionId, Key, SHARDS, Shard};
use stepwell_engine::record::{Birth, DEPTH_MAX};
use stepwell_engine::store::{Attention, Closed, Commit, CommitError, Failure, StoreError};
use stepwell_engine::token::TokenKey;
use stepwell_engine::worker::{Action, Settings, Start, Worker};

use super::model_store::{EPOCH, Kept, ModelStore};
use super::random::Dice;

const START: i64 = 1_700_000_000_000;
const MACHINE_ARN: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:m";

/// What is different from seed to seed.
#[derive(Clone)]
pub struct Rules {
    pub settings: Settings,
    pub limits: Limits,
    pub moves_max: u32,
    pub bytes_max: usize,
    /// No two answers are alike.
    pub distinct: bool,
    /// One in so many actions is the last one before the power goes; 0: none.
    pub crash_one_in: usize,
}

impl Default for Rules {
    fn default() -> Rules {
        let settings =
            Settings { redrive_ms: 14 * 24 * 3_600_000, watched: false, idle_max: 3, idle_bytes_max: 1 << 20 };
        Rules {
            settings,
            limits: Limits::OFF,
            moves_max: 10_000,
            bytes_max: usize::MAX,
            distinct: false,
            crash_one_in: 0,
        }
    }
}

/// Something that is started under a name, as often as it takes until it is stored.
pub struct Subject {
    pub name: String,
    pub program: Arc<Program>,
    pub definition: ContentHash,
    pub input: Json,
    pub volatile: bool,
    /// The ids under which it was tried.
    pub ids: Vec<ExecutionId>,
}

impl Subject {
    pub fn key(&self) -> Key {
        Key::of(&[MACHINE_ARN, &self.name])
    }
}

/// A caller who waits for a reply.
struct Asked {
    id: ExecutionId,
    event: Event,
    name: Option<Key>,
}

/// What happened, for the tests to know that it did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub actions: u64,
    pub commits: u64,
    pub crashes: u64,
    pub conflicts: u64,
    pub unknown: u64,
    pub refused: u64,
    pub reloads: u64,
    pub checkpoints: u64,
    pub archived: u64,
    pub given: u64,
}

/// How a commit comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Answered,
    UnknownKept,
    UnknownLost,
    TooLarge,
    Failed,
}

pub struct WorkerWorld {
    pub dice: Dice,
    pub rules: Rules,
    pub store: ModelStore,
    pub worker: Worker<u64>,
    pub now: Timestamp,
    pub subjects: Vec<Subject>,
    pub commits: VecDeque<Commit>,
    pub loads: Vec<ExecutionId>,
    pub recovering: Vec<ExecutionId>,
    pub archiving: Vec<Closed>,
    pub timers: BTreeMap<ExecutionId, Timestamp>,
    /// Every task that was ever handed out or offered.
    pub tasks: Vec<(ExecutionId, Invoke)>,
    pub counts: Counts,
    replies: BTreeMap<u64, Asked>,
    asked: u64,
    ids: u64,
    /// Calls that were asked for since their execution was read last.
    calls: BTreeSet<(ExecutionId, Ticket)>,
    /// The newest event of each history that was told.
    told: BTreeMap<ExecutionId, u64>,
    /// When executions have ended, as it was told.
    ended: BTreeMap<ExecutionId, Timestamp>,
    /// Somebody else has written a turn since this worker began; since it read the execution last.
    foreign: BTreeSet<ExecutionId>,
    stale: BTreeSet<ExecutionId>,
    /// They could not be read, so what came for them is lost until the next start.
    neglected: BTreeSet<ExecutionId>,
    unreadable: BTreeSet<ExecutionId>,
    /// A turn of theirs was too large.
    refused: BTreeSet<ExecutionId>,
    failed: bool,
    /// Events that were delivered more than once.
    repeated: Vec<Event>,
}

impl WorkerWorld {
    pub fn new(seed: u64, rules: Rules, machines: Vec<(Json, bool)>) -> WorkerWorld {
        let mut dice = Dice::new(seed);
        let store = ModelStore { redrive_ms: rules.settings.redrive_ms, ..ModelStore::default() };
        let worker = new_worker(&rules, Timestamp(START), &mut dice);
        let mut world = WorkerWorld {
            dice,
            rules,
            store,
            worker,
            now: Timestamp(START),
            subjects: Vec::new(),
            commits: VecDeque::new(),
            loads: Vec::new(),
            recovering: Vec::new(),
            archiving: Vec::new(),
            timers: BTreeMap::new(),
            tasks: Vec::new(),
            counts: Counts::default(),
            replies: BTreeMap::new(),
            asked: 0,
            ids: 0,
            calls: BTreeSet::new(),
            told: BTreeMap::new(),
            ended: BTreeMap::new(),
            foreign: BTreeSet::new(),
            stale: BTreeSet::new(),
            neglected: BTreeSet::new(),
            unreadable: BTreeSet::new(),
            refused: BTreeSet::new(),
            failed: false,
            repeated: Vec::new(),
        };
        machines.into_iter().for_each(|(definition, volatile)| world.add(definition, volatile));
        world
    }

    fn add(&mut self, definition: Json, volatile: bool) {
        let hash = ContentHash::of(&definition.to_string());
        let program = Arc::new(compile::compile(&Value::from(definition)).expect("the test's definition compiles"));
        self.store.programs.push((hash, program.clone()));
        let name = format!("e{}", self.subjects.len());
        let input = serde_json::json!([1, 2, 3]);
        self.subjects.push(Subject { name, program, definition: hash, input, volatile, ids: Vec::new() });
    }

    // ---- what comes to the worker ----

    /// Starts a subject under a new id.
    pub fn start(&mut self, at: usize) {
        self.ids += 1;
        let subject = &mut self.subjects[at];
        let (name, volatile) = (subject.key(), subject.volatile);
        let id = ExecutionId::new(Shard(name.0[0]), self.ids);
        subject.ids.push(id);
        let identity = Identity {
            arn: format!("arn:aws:states:us-east-1:000000000000:execution:m:{}", subject.name).into(),
            name: subject.name.as_str().into(),
            machine_arn: MACHINE_ARN.into(),
            machine_name: "m".into(),
            role_arn: "arn:aws:iam::000000000000:role/r".into(),
            region: "us-east-1".into(),
            started_at: self.now,
            input: Value::from(subject.input.clone()),
            ..Identity::default()
        };
        let (definition, list) = (subject.definition, identity.machine_arn.clone());
        let birth = Birth { identity: Arc::new(identity), definition, deadline: None, list };
        let program = subject.program.clone();
        let reply = Some(self.ask(id, Event::Started, (!volatile).then_some(name)));
        self.worker.start(Start { id, name, birth, program, volatile, reply });
        self.obey();
    }

    /// A number that is not given again.
    pub fn number(&mut self) -> u64 {
        self.asked += 1;
        self.asked
    }

    fn ask(&mut self, id: ExecutionId, event: Event, name: Option<Key>) -> u64 {
        let reply = self.number();
        self.replies.insert(reply, Asked { id, event, name });
        reply
    }

    /// Delivers an event that nobody waits for.
    pub fn tell(&mut self, id: ExecutionId, event: Event) {
        self.note_depth(id, &event);
        self.worker.deliver(id, event, None);
        self.obey();
    }

    /// Delivers an event twice, and expects a reply to both.
    pub fn deliver_twice(&mut self, id: ExecutionId, event: Event) {
        self.repeated.push(event.clone());
        self.deliver(id, event.clone());
        self.deliver(id, event);
    }

    /// Delivers an event, and expects a reply.
    pub fn deliver(&mut self, id: ExecutionId, event: Event) {
        self.note_depth(id, &event);
        let reply = Some(self.ask(id, event.clone(), None));
        self.worker.deliver(id, event, reply);
        self.obey();
    }

    fn note_depth(&mut self, id: ExecutionId, event: &Event) {
        if let Event::Task { kind: EventKind::TaskSucceeded(value), .. } = event
            && value.depth() > DEPTH_MAX
        {
            self.refused.insert(id); // no turn can hold it
        }
    }

    /// Time passes.
    pub fn advance(&mut self, to: Timestamp) {
        self.now = self.now.max(to);
        self.run();
    }

    pub fn run(&mut self) {
        self.worker.run(self.now);
        self.obey();
    }

    /// A timer's time has come: it is forgotten where it was remembered.
    pub fn fire(&mut self, id: ExecutionId) {
        self.timers.remove(&id);
        self.tell(id, Event::TimerFired);
    }

    pub fn recover(&mut self, at: usize) {
        let id = self.recovering.swap_remove(at);
        self.worker.recover(id);
        self.obey();
    }

    pub fn finish_archiving(&mut self, at: usize) {
        let closed = self.archiving.swap_remove(at);
        self.counts.archived += 1;
        self.store.archive(&closed);
    }

    pub fn finish_load(&mut self, at: usize, readable: bool) {
        let id = self.loads.swap_remove(at);
        self.counts.reloads += 1;
        self.stale.remove(&id);
        let result = match readable {
            true => Ok(self.store.load(id)),
            false => Err(StoreError::Failed(Failure("it cannot be read".into()))),
        };
        if readable {
            self.calls.retain(|(of, _)| *of != id);
            self.neglected.remove(&id);
        } else {
            self.neglected.insert(id);
            self.unreadable.insert(id);
        }
        self.worker.loaded(id, result);
        self.obey();
    }

    /// The oldest commit of some execution comes out.
    pub fn finish_commit(&mut self, at: usize, fate: Fate) {
        let id = self.commits[at].execution;
        let at = self.commits.iter().position(|commit| commit.execution == id).expect("it is there");
        let commit = self.commits.remove(at).expect("it is there");
        let result = match fate {
            Fate::Answered => self.keep(&commit),
            Fate::UnknownKept => self.keep(&commit).and(Err(CommitError::Unknown)),
            Fate::UnknownLost => Err(CommitError::Unknown),
            Fate::TooLarge => {
                self.refused.insert(id);
                Err(CommitError::TooLarge { bytes: 2, bytes_max: 1 })
            }
            Fate::Failed => return self.fail(commit),
        };
        match &result {
            Ok(()) => {}
            Err(CommitError::TooLarge { .. }) => self.counts.refused += 1,
            Err(CommitError::Unknown) => self.counts.unknown += 1,
            Err(CommitError::Conflict | CommitError::Fenced | CommitError::Failed(_)) => self.counts.conflicts += 1,
        }
        self.worker.committed(id, commit.sequence, result);
        self.obey();
    }

    fn keep(&mut self, commit: &Commit) -> Result<(), CommitError> {
        self.store.commit(commit)?;
        self.counts.commits += 1;
        self.counts.checkpoints += u64::from(commit.checkpoint.is_some());
        Ok(())
    }

    /// The store fails for good: all that is said from now on is that it has.
    fn fail(&mut self, commit: Commit) {
        self.failed = true;
        if self.dice.one_in(2) {
            self.keep(&commit).unwrap_or_default(); // nobody knows what a disk kept that failed to sync
        }
        let failure = || Failure("the disk is gone".into());
        self.worker.committed(commit.execution, commit.sequence, Err(CommitError::Failed(failure())));
        self.obey();
        for commit in self.commits.iter() {
            let (id, sequence) = (commit.execution, commit.sequence);
            self.worker.committed(id, sequence, Err(CommitError::Failed(failure())));
        }
        for id in self.loads.clone() {
            self.worker.loaded(id, Ok(self.store.load(id)));
        }
        self.start(0);
        for id in self.subjects[0].ids.clone() {
            self.deliver(id, Event::Redriven);
            self.worker.recover(id);
        }
        self.run();
        assert_eq!(self.worker.residents(), 0, "executions outlive their store");
        assert!(self.replies.is_empty(), "somebody is not told that the store has failed");
        self.crash();
    }

    /// The power goes. What was under way is kept or not; then everything begins anew.
    pub fn crash(&mut self) {
        self.counts.crashes += 1;
        let mut lost = BTreeSet::new();
        for commit in std::mem::take(&mut self.commits) {
            let id = commit.execution;
            if lost.contains(&id) || self.dice.one_in(2) || self.keep(&commit).is_err() {
                lost.insert(id);
            }
        }
        self.worker = new_worker(&self.rules, self.now, &mut self.dice);
        self.loads.clear();
        self.archiving.clear();
        self.replies.clear();
        self.calls.clear();
        self.foreign.clear();
        self.stale.clear();
        self.neglected.clear();
        self.unreadable.clear();
        self.failed = false;
        let living = || self.store.executions.iter().filter(|(_, kept)| !kept.archived);
        self.told = living().map(|(id, kept)| (*id, kept.execution.last_event)).collect();
        self.ended = living().filter_map(|(id, kept)| Some((*id, kept.ended_at()?))).collect();
        self.recovering =
            living().filter(|(_, kept)| kept.attention == Attention::Unconfirmed).map(|(id, _)| *id).collect();
        let row = |(id, kept): (&ExecutionId, &Kept)| match kept.attention {
            Attention::At(at) => Some((*id, at)),
            Attention::Unconfirmed | Attention::Never => None,
        };
        self.timers = living().filter_map(row).collect();
    }

    /// Somebody else takes a turn of an execution, and this worker does not know.
    pub fn intrude(&mut self, id: ExecutionId, event: Event) {
        let mut other: Worker<u64> = new_worker(&self.rules, self.now, &mut self.dice);
        other.deliver(id, event, None);
        other.loaded(id, Ok(self.store.load(id)));
        other.run(self.now);
        while let Some(action) = other.next_action() {
            if let Action::Commit(commit) = action {
                self.keep(&commit).expect("it was just read");
                self.foreign.insert(id);
                self.stale.insert(id);
                return;
            }
        }
    }

    // ---- how it stands ----

    pub fn is_volatile(&self, id: ExecutionId) -> bool {
        self.subjects.iter().any(|subject| subject.volatile && subject.ids.contains(&id))
    }

    /// The execution as it is stored, or as it is in memory where nothing of it is stored.
    pub fn execution(&self, id: ExecutionId) -> Option<&Execution> {
        if self.is_volatile(id) { self.worker.execution(id) } else { self.store.execution(id) }
    }

    pub fn dispatch(&self, id: ExecutionId, branch: BranchId) -> Option<Dispatch> {
        match &self.execution(id)?.branch(branch)?.position.trigger {
            Trigger::Task { dispatch, .. } => Some(*dispatch),
            Trigger::Ready | Trigger::Timer { .. } | Trigger::Retry { .. } | Trigger::Join(_) | Trigger::Halted(_) => {
                None
            }
        }
    }

    /// Lets everything come to rest that is under way, without a fault.
    pub fn settle(&mut self) {
        loop {
            self.run();
            if !self.recovering.is_empty() {
                self.recover(0);
            } else if !self.commits.is_empty() {
                self.finish_commit(0, Fate::Answered);
            } else if !self.loads.is_empty() {
                self.finish_load(0, true);
            } else if !self.archiving.is_empty() {
                self.finish_archiving(0);
            } else {
                break;
            }
        }
        self.check_rest();
    }

    /// Whether only a restart brings back what was lost.
    pub fn needs_restart(&self) -> bool {
        !self.stale.is_empty() || !self.neglected.is_empty()
    }
}

fn new_worker(rules: &Rules, now: Timestamp, dice: &mut Dice) -> Worker<u64> {
    let env = Env {
        now,
        chance: Chance::from_seed([dice.below(1 << 30) as u64, 2, 3, 4]),
        limits: rules.limits.clone(),
        pace: stepwell_engine::core::Pace::REAL,
        tokens: tokens(),
        moves_max: rules.moves_max,
        bytes_max: rules.bytes_max,
    };
    Worker::new(rules.settings.clone(), env, vec![EPOCH; usize::from(SHARDS)])
}

fn tokens() -> TokenKey {
    TokenKey::new([1; 32])
}

/// The error of somebody who stops an execution.
pub fn stopped(cause: String) -> StateError {
    StateError::new("Stopped", cause)
}
