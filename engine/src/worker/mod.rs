//! The executions that one worker has in memory, and what they want done. There is no IO here, no clock and nothing
//! asynchronous: events, loaded executions and the outcomes of commits come in, [`Action`]s go out.
//!
//! The rule it keeps: nothing undurable leaves. What a turn asks of the world and what it answers goes out when its
//! commit has succeeded, and an answer that needed no commit goes out with the newest turn it saw.

mod entry;
mod idle;
mod live;
mod loaded;
mod settle;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use stepwell_asl::{Program, Text, Timestamp, Value};

use crate::core::{
    ChildRef, Effect, Env, Event, Execution, Identity, Invoke, Limits, StateError, Status, Ticket, Turn,
};
use crate::ids::{Epoch, ExecutionId, Key};
use crate::record::Birth;
use crate::store::{Closed, Commit, Failure};
pub use entry::{Entry, status_number};
use idle::Idle;
use live::{Live, Pending};
pub use loaded::Loaded;

/// Events that one turn takes at most.
const EVENTS_MAX: usize = 1_000;

/// Turns of one execution that may be stepped and not yet durable: one being synced, and one that follows it.
const PENDING_MAX: usize = 2;

/// What holds for all executions of a worker.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long a failed, aborted or timed-out execution can be redriven.
    pub redrive_ms: u64,
    /// Whether somebody watches every turn: then no turn is stepped before the one before it is durable.
    pub watched: bool,
    /// Idle executions that stay in memory, at most.
    pub idle_max: usize,
    /// And how many bytes their logs may have together.
    pub idle_bytes_max: usize,
}

/// Something a worker wants done. `R` is how a caller is answered.
#[derive(Debug)]
pub enum Action<R> {
    /// Read this execution, and come back with [`Worker::loaded`].
    Load(ExecutionId),
    /// Write this turn, and come back with [`Worker::committed`].
    Commit(Box<Commit>),
    /// Call a function or a service, unless it is being called already.
    Invoke(ExecutionId, Arc<Identity>, Invoke),
    /// See an execution of a map run through to its end, unless that is being done already. Without an input it is to be
    /// stopped.
    Child(ExecutionId, Parent, ChildRef, Option<Value>),
    /// Nobody waits for this call any more.
    GiveUp(ExecutionId, Ticket),
    /// There are new tasks for this activity's workers.
    Offered(Key),
    /// Deliver [`Event::TimerFired`] at this time, and forget the time said before.
    WakeAt(ExecutionId, Option<Wake>),
    /// A turn is durable.
    Committed(ExecutionId, Turn, Arc<Identity>),
    /// The execution has ended, durably.
    Ended(ExecutionId, Arc<Identity>, Status, Timestamp),
    /// The execution needs to be in the way of the living no longer.
    Archive(Closed),
    /// Answer a caller.
    Reply(R, Outcome),
    /// The store has failed: stop everything.
    Stop(Failure),
}

/// An execution, as the executions of its map runs know it.
#[derive(Clone, Debug)]
pub struct Parent {
    /// Who it is; its executions run the definition that it has pinned.
    pub birth: Arc<Birth>,
    /// The same, compiled.
    pub program: Arc<Program>,
}

/// When an execution wants to hear that time has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake {
    /// When.
    pub at: Timestamp,
    /// The store has a row of it too: it need not be remembered while it is far away.
    pub indexed: bool,
}

/// What became of an event or a start.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It has moved the execution, durably.
    Accepted,
    /// An activity's worker has the task, durably.
    Given {
        /// The token to answer with.
        token: Text,
        /// The task's input.
        input: Value,
    },
    /// It found nothing to move: it was late, or repeated, or the execution has ended.
    Ignored,
    /// There is no such execution.
    NotFound,
    /// Somebody else has started an execution of that name: look again.
    Taken,
    /// The engine could not do it; it did not happen.
    Failed(String),
}

/// A new execution.
pub struct Start<R> {
    /// Its id, in the shard of its name.
    pub id: ExecutionId,
    /// Its name's key.
    pub name: Key,
    /// Who it is.
    pub birth: Birth,
    /// What it runs.
    pub program: Arc<Program>,
    /// Nothing of it is stored: an Express execution.
    pub volatile: bool,
    /// Who wants to know that it has begun.
    pub reply: Option<R>,
}

/// The executions of one worker.
pub struct Worker<R> {
    settings: Settings,
    env: Env,
    /// The limits of Express executions.
    express: Limits,
    epochs: Vec<Epoch>,
    residents: HashMap<ExecutionId, Resident<R>, foldhash::fast::FixedState>,
    /// Executions that can take a turn, in the order they became able to.
    able: VecDeque<ExecutionId>,
    idle: Idle,
    actions: VecDeque<Action<R>>,
    commits: usize,
    failed: Option<Failure>,
}

/// One execution, in memory or on its way there.
struct Resident<R> {
    queue: VecDeque<Queued<R>>,
    stage: Stage<R>,
    /// It is in the list of those that can take a turn.
    able: bool,
}

enum Stage<R> {
    /// It is being read. Turns whose commit did not succeed are resolved when it is there.
    Loading { unresolved: Vec<Pending<R>> },
    /// A commit has failed: so many of its commits have not been answered yet, then it is read again.
    Failing { unresolved: Vec<Pending<R>>, unanswered: usize },
    /// It is there.
    Live(Box<Live<R>>),
}

struct Queued<R> {
    event: Event,
    reply: Option<R>,
}

impl<R> Worker<R> {
    /// A worker without executions. `epochs`: of every shard, by number.
    pub fn new(settings: Settings, env: Env, epochs: Vec<Epoch>) -> Worker<R> {
        let idle = Idle::new(settings.idle_max, settings.idle_bytes_max);
        let express = env.limits.express();
        Worker {
            settings,
            env,
            express,
            epochs,
            residents: HashMap::default(),
            able: VecDeque::new(),
            idle,
            actions: VecDeque::new(),
            commits: 0,
            failed: None,
        }
    }

    /// What is to be done next.
    pub fn next_action(&mut self) -> Option<Action<R>> {
        self.actions.pop_front()
    }

    /// Commits that have not been answered.
    pub fn commits_in_flight(&self) -> usize {
        self.commits
    }

    /// Executions in memory.
    pub fn residents(&self) -> usize {
        self.residents.len()
    }

    /// An execution that is in memory, for tests and watchers.
    pub fn execution(&self, id: ExecutionId) -> Option<&Execution> {
        match &self.residents.get(&id)?.stage {
            Stage::Live(live) => Some(&live.execution),
            Stage::Loading { .. } | Stage::Failing { .. } => None,
        }
    }

    /// Begins an execution.
    pub fn start(&mut self, start: Start<R>) {
        let Start { id, name, birth, program, volatile, reply } = start;
        if let Some(failure) = &self.failed {
            let outcome = Outcome::Failed(failure.to_string());
            return self.actions.extend(reply.map(|reply| Action::Reply(reply, outcome)));
        }
        let express = volatile || birth.identity.child_of.as_ref().is_some_and(|of| of.express);
        let limits = if express { &self.express } else { &self.env.limits };
        let live = Live::begin(birth, program, (!volatile).then_some(name), limits);
        let queue = VecDeque::from([Queued { event: Event::Started, reply }]);
        self.residents.insert(id, Resident { queue, stage: Stage::Live(Box::new(live)), able: false });
        self.enable(id);
    }

    /// Takes in an event. An execution that is not in memory is read first.
    pub fn deliver(&mut self, id: ExecutionId, event: Event, reply: Option<R>) {
        if let Some(failure) = &self.failed {
            let outcome = Outcome::Failed(failure.to_string());
            return self.actions.extend(reply.map(|reply| Action::Reply(reply, outcome)));
        }
        let resident = self.residents.entry(id).or_insert_with(|| {
            self.actions.push_back(Action::Load(id));
            Resident { queue: VecDeque::new(), stage: Stage::Loading { unresolved: Vec::new() }, able: false }
        });
        resident.queue.push_back(Queued { event, reply });
        self.enable(id);
    }

    /// Has an execution read, so that what it waits for is asked of the world again: after a restart.
    pub fn recover(&mut self, id: ExecutionId) {
        if self.failed.is_some() {
            return;
        }
        self.residents.entry(id).or_insert_with(|| {
            self.actions.push_back(Action::Load(id));
            Resident { queue: VecDeque::new(), stage: Stage::Loading { unresolved: Vec::new() }, able: false }
        });
    }

    /// Whether the next run may take long: an expression of the turns that can be taken may.
    pub fn may_take_long(&self) -> bool {
        let of = |id| self.residents.get(id).map(|resident| &resident.stage);
        self.able.iter().any(|id| matches!(of(id), Some(Stage::Live(live)) if live.program.has_jsonata))
    }

    /// Takes the turns that can be taken at this time.
    pub fn run(&mut self, now: Timestamp) {
        self.env.now = now;
        while let Some(id) = self.able.pop_front() {
            if let Some(resident) = self.residents.get_mut(&id) {
                resident.able = false;
                self.take_turn(id);
            }
        }
        while let Some(id) = self.idle.surplus() {
            if self.residents.get(&id).is_some_and(Resident::is_idle) {
                self.residents.remove(&id);
            }
        }
    }

    /// An execution may be able to take a turn: it is looked at in the next run.
    fn enable(&mut self, id: ExecutionId) {
        let pending_max = if self.settings.watched { 1 } else { PENDING_MAX };
        let Some(resident) = self.residents.get_mut(&id) else { return };
        let Stage::Live(live) = &resident.stage else { return };
        let has_work = !resident.queue.is_empty() || live.has_more();
        if has_work && live.pending.len() < pending_max && !resident.able {
            resident.able = true;
            self.able.push_back(id);
        }
    }

    fn take_turn(&mut self, id: ExecutionId) {
        let Some(resident) = self.residents.get_mut(&id) else { return };
        let Stage::Live(live) = &mut resident.stage else { return };
        let count = resident.queue.len().min(EVENTS_MAX);
        let (mut events, mut replies): (Vec<Event>, Vec<Option<R>>) =
            resident.queue.drain(..count).map(|queued| (queued.event, queued.reply)).unzip();
        if events.is_empty() {
            if !live.has_more() {
                return;
            }
            events.push(Event::Continue);
            replies.push(None);
        }
        let epoch = self.epochs[usize::from(id.shard().0)];
        let turn_id = self.env.chance.next_u64();
        let express = live.is_express();
        if express {
            std::mem::swap(&mut self.env.limits, &mut self.express);
        }
        let commit = live.step(id, epoch, events, replies, &self.settings, &mut self.env, turn_id);
        if express {
            std::mem::swap(&mut self.env.limits, &mut self.express);
        }
        match commit {
            Ok(Some(commit)) => {
                self.commits += 1;
                self.actions.push_back(Action::Commit(Box::new(commit)));
            }
            Ok(None) => self.settle_durable(id),
            Err(error) => {
                let refused =
                    StateError::new("States.DataLimitExceeded", format!("The turn cannot be stored: {error}"));
                let sequence = live.newest();
                self.commit_failed(id, Some((sequence, refused)));
                self.answered_while_failing(id); // it was never on its way
            }
        }
        self.enable(id);
    }
}

impl<R> Resident<R> {
    /// Whether nothing is under way: it can be read again when its next event comes.
    fn is_idle(&self) -> bool {
        match &self.stage {
            Stage::Loading { .. } | Stage::Failing { .. } => false,
            Stage::Live(live) => self.queue.is_empty() && live.is_idle(),
        }
    }
}

/// The error of an execution whose turn no store can hold.
fn too_large(bytes: usize, bytes_max: usize) -> StateError {
    StateError::new(
        "States.DataLimitExceeded",
        format!(
            "One turn of the execution has {bytes} bytes of data, and the store holds at most {bytes_max} in a turn."
        ),
    )
}

/// Effects that call somebody, and executions of map runs with the inputs of those that are to be started. Offers only
/// have to be known.
fn sorted(effects: Vec<Effect>) -> (Vec<Invoke>, Vec<Wanted>) {
    let (mut invokes, mut children) = (Vec::new(), Vec::new());
    for effect in effects {
        match effect {
            Effect::Invoke(invoke) => invokes.push(invoke),
            Effect::Offer(_) => {}
            Effect::StartChild(start) => children.push((start.child, Some(start.input))),
            Effect::StopChild(child) => children.push((child, None)),
        }
    }
    (invokes, children)
}

/// An execution of a map run that is to be started, or stopped.
type Wanted = (ChildRef, Option<Value>);
