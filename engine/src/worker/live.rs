//! One execution in memory: it takes turns, and makes commits of them.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use stepwell_asl::{Program, StateKind, Timestamp};

use super::entry::{Entry, status_number};
use super::{Asked, Loaded, NestedWork, Outcome, Parent, Settings, Wake, Wanted, sorted};
use crate::core::{
    BranchId, Change, Dispatch, Env, Event, EventKind, Execution, Identity, Invoke, Limits, MapRunStatus, Status,
    Ticket, Trigger, Turn, outstanding, step,
};
use crate::ids::{Epoch, ExecutionId, Key};
use crate::record::{self, Birth, Known, RecordError, TurnRecord};
use crate::store::{Attention, Closed, Commit, Listing, Moved, Offer};
use crate::token::TokenKey;

/// A checkpoint is written when the turns since the last one have more bytes than this, and than the last one has twice.
const CHECKPOINT_BYTES_MIN: usize = 32 * 1024;

/// One execution in memory.
pub(super) struct Live<R> {
    pub program: Arc<Program>,
    pub birth: Arc<Birth>,
    pub execution: Execution,
    /// Turns that were stepped and have not been settled, oldest first.
    pub pending: VecDeque<Pending<R>>,
    /// Nothing of it is stored.
    pub volatile: bool,
    /// The name that its first commit takes.
    name: Option<Key>,
    known: Known,
    /// The newest turn's number.
    sequence: u32,
    /// The attention after the newest turn.
    attention: Attention,
    listing: Option<Listing>,
    log_bytes: usize,
    checkpoint_bytes: usize,
    offers: HashMap<BranchId, Offer>,
    calls: HashMap<BranchId, Ticket>,
    /// What was said last of when to wake it.
    wake: Option<Wake>,
}

/// A turn that was stepped: what goes out once it is durable.
pub(super) struct Pending<R> {
    pub sequence: u32,
    pub turn_id: u64,
    pub durable: bool,
    pub events: Vec<Event>,
    pub replies: Vec<Option<R>>,
    pub turn: Turn,
    pub invokes: Vec<Invoke>,
    pub children: Vec<Wanted>,
    pub nested: Vec<NestedWork>,
    pub offers: Vec<Invoke>,
    pub offered: Vec<Key>,
    pub given_up: Vec<Ticket>,
    /// When to wake it, where that is another time than before.
    pub wake: Option<Option<Wake>>,
    /// Tasks that this turn gave to activity workers, by the place of the event.
    pub given: Vec<(usize, Outcome)>,
    pub ended: Option<(Status, Timestamp)>,
    /// How it is archived, where it need not wait.
    pub closed: Option<Closed>,
}

impl<R> Live<R> {
    /// An execution that is about to begin. Without a name it is volatile.
    pub fn begin(mut birth: Birth, program: Arc<Program>, name: Option<Key>, limits: &Limits) -> Live<R> {
        let execution = Execution::new(&program, birth.identity.clone(), limits);
        birth.deadline = execution.deadline;
        Live {
            execution,
            program,
            birth: Arc::new(birth),
            pending: VecDeque::new(),
            volatile: name.is_none(),
            name,
            known: Known::default(),
            sequence: 0,
            attention: Attention::Never,
            listing: None,
            log_bytes: 0,
            checkpoint_bytes: 0,
            offers: HashMap::new(),
            calls: HashMap::new(),
            wake: None,
        }
    }

    /// An execution that was read.
    pub fn loaded(id: ExecutionId, loaded: Loaded) -> Live<R> {
        let Loaded { execution, program, birth, known, turns, attention, log_bytes, checkpoint_bytes } = loaded;
        let mut live = Live {
            program,
            birth,
            pending: VecDeque::new(),
            volatile: false,
            name: None,
            known,
            sequence: turns.last().map_or(0, |(sequence, _)| *sequence),
            attention,
            listing: None,
            log_bytes,
            checkpoint_bytes,
            offers: HashMap::new(),
            calls: HashMap::new(),
            wake: None,
            execution,
        };
        live.listing = Some(live.listing_now(None));
        let branches: Vec<BranchId> = live.execution.branches.keys().copied().collect();
        for branch in branches {
            if let Some(offer) = live.offer_of(id, branch) {
                live.offers.insert(branch, offer);
            }
        }
        live
    }

    /// Whether a full turn has left something to do.
    pub fn has_more(&self) -> bool {
        self.execution.status == Status::Running && !self.execution.ready.is_empty()
    }

    /// Whether nothing is under way but waiting.
    pub fn is_idle(&self) -> bool {
        let waits = !self.execution.unconfirmed() && self.calls.is_empty() && !self.volatile;
        self.pending.is_empty() && !self.execution.has_open() && (waits || self.execution.status != Status::Running)
    }

    /// The newest turn's number.
    pub fn newest(&self) -> u32 {
        self.sequence
    }

    /// Roughly what it takes in memory.
    pub fn weight(&self) -> usize {
        self.log_bytes + self.checkpoint_bytes
    }

    /// All that it asks of the world, from the beginning.
    pub fn outstanding(&mut self, tokens: &TokenKey) -> Asked {
        let all = outstanding(&self.program, &self.execution, Ticket::default(), tokens);
        let asked = sorted(all.effects);
        self.calls.extend(asked.invokes.iter().map(|invoke| (invoke.branch, invoke.ticket)));
        asked
    }

    /// Whether it runs under the limits of Express executions.
    pub fn is_express(&self) -> bool {
        self.volatile || self.birth.identity.child_of.as_ref().is_some_and(|of| of.express)
    }

    /// As its map runs' executions know it.
    pub fn as_parent(&self) -> Parent {
        Parent { birth: self.birth.clone(), program: self.program.clone() }
    }

    /// Whether an execution of a map run is still to be started, or stopped: a later turn may have heard of its end, or
    /// ended the run.
    pub fn wants(&self, (child, input): &Wanted) -> bool {
        let run = self.execution.map_runs.get(&child.map_run);
        let runs = run.is_some_and(|run| run.status == MapRunStatus::Running);
        self.execution.children.contains_key(&child.ticket) && (input.is_none() || runs)
    }

    /// The same for an execution that a state waits for, or has waited for.
    pub fn wants_nested(&self, work: &NestedWork) -> bool {
        match work {
            NestedWork::Start(invoke) => self.execution.waiting(invoke.ticket).is_some(),
            NestedWork::Stop(nested) => self.execution.nested.contains_key(&nested.ticket),
        }
    }

    /// When to wake it, where that is another time than was said last. A row of the index is honoured even where it
    /// comes too early: only then is it moved.
    pub fn wake(&mut self, attention: Attention) -> Option<Option<Wake>> {
        let deadline = self.execution.next_deadline();
        let wake = match (&self.execution.status, attention) {
            (Status::Succeeded(_), _) => None, // it is archived at once
            (Status::Running, Attention::At(at)) if deadline.is_some() => Some(Wake { at, indexed: true }),
            (Status::Running, _) => deadline.map(|at| Wake { at, indexed: false }),
            // So long it can be redriven.
            (Status::Failed(_) | Status::TimedOut(_) | Status::Aborted(_), Attention::At(at)) => {
                Some(Wake { at, indexed: true })
            }
            (Status::Failed(_) | Status::TimedOut(_) | Status::Aborted(_), _) => None,
        };
        (std::mem::replace(&mut self.wake, wake) != wake).then_some(wake)
    }

    /// The same, for one that was just read. `fired`: a timer waits to be taken in, and what is due now will come of it.
    pub fn wake_as_loaded(&mut self, now: Timestamp, fired: bool) -> Option<Option<Wake>> {
        let wake = self.wake(self.attention);
        wake.filter(|wake| !(fired && wake.is_some_and(|wake| wake.at <= now)))
    }

    /// Whether its time to be archived has come: nothing moves it any more, for it may be on its way already.
    fn is_over(&self, now: Timestamp) -> bool {
        let due = matches!(self.attention, Attention::At(due) if due <= now);
        due && self.execution.status != Status::Running
    }

    /// Takes a turn. `None`: there is nothing to commit, and what goes out waits for the turns before.
    ///
    /// An error: what it holds cannot be written. It is pending all the same.
    #[allow(clippy::too_many_arguments)] // all of it is what a turn is made of
    pub fn step(
        &mut self,
        id: ExecutionId,
        epoch: Epoch,
        events: Vec<Event>,
        replies: Vec<Option<R>>,
        settings: &Settings,
        env: &mut Env,
        turn_id: u64,
    ) -> Result<Option<Commit>, RecordError> {
        let since = self.execution.last_ticket;
        let (is_over, fired) = (self.is_over(env.now), events.contains(&Event::TimerFired));
        let turn = match is_over {
            true => Turn { ignored: (0..events.len()).collect(), ..Turn::default() },
            false => step(&self.program, &mut self.execution, &events, env),
        };
        let new = outstanding(&self.program, &self.execution, since, &env.tokens);
        let given_up = self.changed_calls(&turn);
        let (offered, withdrawn) = self.changed_offers(id, &turn);
        let Asked { offers, invokes, children, nested } = sorted(new.effects);
        self.calls.extend(invokes.iter().map(|invoke| (invoke.branch, invoke.ticket)));
        let ended = self.ended(&turn, env.now);
        let attention = match self.volatile {
            true => Attention::Never,
            false => self.attention_at(env.now, settings.redrive_ms, ended.is_some()),
        };
        if fired && !is_over {
            // What came of it may be due at the same instant, and that instant has been forgotten where it was said.
            self.wake = self.wake.filter(|wake| wake.at > env.now);
        }
        let was = self.attention;
        let given = self.given(&events, &turn, &env.tokens);
        let commits = !self.volatile && (changes_something(&turn) || attention != self.attention);
        let mut pending = Pending {
            sequence: self.sequence + u32::from(commits),
            turn_id,
            durable: !commits,
            events,
            replies,
            turn,
            invokes,
            children,
            nested,
            offers,
            offered: offered.iter().map(|offer| offer.activity).collect(),
            given_up,
            wake: self.wake(attention),
            given,
            ended,
            closed: None,
        };
        let commit = match commits {
            true => self.commit(id, epoch, &mut pending, attention, (offered, withdrawn), env.now).map(Some),
            false => Ok(None),
        };
        let succeeded = matches!(self.execution.status, Status::Succeeded(_)) && !self.execution.unconfirmed();
        if succeeded && (pending.ended.is_some() || was == Attention::Unconfirmed) {
            pending.closed = self.closed(id, env.now);
        } else if fired && is_over {
            pending.closed = self.archivable(id, settings.redrive_ms);
        }
        self.pending.push_back(pending);
        commit
    }

    fn commit(
        &mut self,
        id: ExecutionId,
        epoch: Epoch,
        pending: &mut Pending<R>,
        attention: Attention,
        (offered, withdrawn): (Vec<Offer>, Vec<Offer>),
        now: Timestamp,
    ) -> Result<Commit, RecordError> {
        self.sequence = pending.sequence;
        let first = self.sequence == 1;
        let moved =
            pending.turn.changes.iter().any(|change| matches!(change, Change::Status(_) | Change::Redriven { .. }));
        let record = TurnRecord {
            at: now,
            birth: first.then(|| (*self.birth).clone()),
            events: std::mem::take(&mut pending.events),
            history: std::mem::take(&mut pending.turn.history),
            changes: std::mem::take(&mut pending.turn.changes),
        };
        let body = record::encode_turn(&record, self.sequence, &self.program, &mut self.known);
        let events = record.history.len() as u32;
        pending.events = record.events;
        (pending.turn.history, pending.turn.changes) = (record.history, record.changes);
        let body = body?;
        self.log_bytes += body.len();
        let checkpoint = self.checkpoint(first)?;
        let listing = (first || moved).then(|| {
            let to = Some(self.listing_now(Some(now)));
            Moved { from: std::mem::replace(&mut self.listing, to.clone()), to }
        });
        Ok(Commit {
            execution: id,
            epoch,
            sequence: self.sequence,
            turn_id: pending.turn_id,
            first_event: self.execution.last_event + 1 - u64::from(events),
            events,
            body: body.into(),
            checkpoint,
            name: self.name.take(),
            attention: Moved { from: std::mem::replace(&mut self.attention, attention), to: attention },
            listing,
            offered,
            withdrawn,
            consumed: Vec::new(),
        })
    }

    /// A checkpoint, once the turns since the last one outweigh it.
    fn checkpoint(&mut self, first: bool) -> Result<Option<Bytes>, RecordError> {
        let outweighed = self.log_bytes > CHECKPOINT_BYTES_MIN.max(2 * self.checkpoint_bytes);
        if first || !outweighed || self.execution.status != Status::Running {
            return Ok(None);
        }
        let checkpoint = record::encode_checkpoint(&self.execution, &self.birth, &self.program, &self.known)?;
        (self.log_bytes, self.checkpoint_bytes) = (0, checkpoint.len());
        Ok(Some(checkpoint.into()))
    }

    /// When the execution wants attention after a turn. A row that comes too early stays: looking once for nothing costs
    /// less than moving it with every turn.
    fn attention_at(&self, now: Timestamp, redrive_ms: u64, has_ended: bool) -> Attention {
        if self.execution.unconfirmed() {
            return Attention::Unconfirmed;
        }
        // One that has ended is done with when all that it stopped have ended too.
        let has_ended = has_ended || self.attention == Attention::Unconfirmed;
        match &self.execution.status {
            Status::Running => match (self.execution.next_deadline(), self.attention) {
                (Some(due), Attention::At(row)) if row <= due && row > now => self.attention,
                (Some(due), _) => Attention::At(due),
                (None, _) => Attention::Never,
            },
            Status::Succeeded(_) if has_ended => Attention::At(now),
            Status::Failed(_) | Status::TimedOut(_) | Status::Aborted(_) if has_ended => {
                Attention::At(now.plus_ms(redrive_ms))
            }
            // The turn that closed it has set the time.
            Status::Succeeded(_) | Status::Failed(_) | Status::TimedOut(_) | Status::Aborted(_) => self.attention,
        }
    }

    /// How the execution has ended in a turn. One that was redriven and failed again at once has the status that it had.
    fn ended(&self, turn: &Turn, now: Timestamp) -> Option<(Status, Timestamp)> {
        let is_over = turn.history.last().is_some_and(|event| event.kind.is_terminal());
        is_over.then(|| (self.execution.status.clone(), now))
    }

    /// The line of its listing. `now` is when a closed one has ended.
    fn listing_now(&self, now: Option<Timestamp>) -> Listing {
        let execution = &self.execution;
        Listing {
            list: Key::of(&[&self.birth.list]),
            status: status_number(&execution.status),
            started_at: execution.identity.started_at,
            entry: Entry {
                name: execution.identity.name.to_string(),
                stopped_at: now.filter(|_| execution.status != Status::Running),
                redrive_count: execution.redrive_count,
                redriven_at: execution.redriven_at,
                version: execution.identity.version_arn.as_deref().map(qualifier),
                alias: execution.identity.alias_arn.as_deref().map(qualifier),
            }
            .encode(),
        }
    }

    /// How a closed execution is found when it is to be archived.
    fn closed(&self, id: ExecutionId, ended_at: Timestamp) -> Option<Closed> {
        if self.volatile || self.execution.status == Status::Running {
            return None;
        }
        let identity = &self.execution.identity;
        Some(Closed {
            execution: id,
            attention: self.attention,
            name: name_key(identity),
            list: Key::of(&[&self.birth.list]),
            status: status_number(&self.execution.status),
            started_at: identity.started_at,
            ended_at,
        })
    }

    /// The same, for one that was closed some time ago.
    fn archivable(&self, id: ExecutionId, redrive_ms: u64) -> Option<Closed> {
        let Attention::At(due) = self.attention else { return None };
        let redrivable_ms = if matches!(self.execution.status, Status::Succeeded(_)) { 0 } else { redrive_ms };
        let ended_at = Timestamp(due.0.saturating_sub_unsigned(redrivable_ms));
        self.closed(id, ended_at)
    }

    /// What activity workers get that have taken a task in this turn.
    fn given(&self, events: &[Event], turn: &Turn, tokens: &TokenKey) -> Vec<(usize, Outcome)> {
        let mut given = Vec::new();
        for (at, event) in events.iter().enumerate() {
            let Event::Task { branch, ticket, kind: EventKind::TaskStarted { .. } } = event else { continue };
            let taken = self.execution.branch(*branch).filter(|branch| branch.position.ticket == *ticket);
            if let Some(Trigger::Task { arguments, .. }) = taken.map(|branch| &branch.position.trigger)
                && !turn.ignored.contains(&at)
            {
                let token = tokens.mint(&self.execution.identity.arn, *branch, *ticket);
                given.push((at, Outcome::Given { token, input: arguments.clone() }));
            }
        }
        given
    }

    /// Calls that nobody waits for any more, looking only at the branches that have changed. One that was accepted, and
    /// whose answer comes from somebody else, has come back too.
    fn changed_calls(&mut self, turn: &Turn) -> Vec<Ticket> {
        let mut given_up = Vec::new();
        for branch in turn.changes.iter().filter_map(changed_branch) {
            let Some(ticket) = self.calls.get(&branch).copied() else { continue };
            let waiting = self.execution.waiting(ticket) == Some(branch);
            let position = self.execution.branch(branch).map(|branch| &branch.position.trigger);
            let called = matches!(position, Some(Trigger::Task { dispatch: Dispatch::Call, .. }));
            if !waiting || !called {
                self.calls.remove(&branch);
            }
            if !waiting {
                given_up.push(ticket);
            } else if !self.execution.branch(branch).is_some_and(|branch| branch.position.trigger.is_call()) {
                self.calls.remove(&branch); // the service has it: somebody else will answer
            }
        }
        given_up
    }

    /// Tasks that activity workers may take since this turn, and those they may not take any more.
    fn changed_offers(&mut self, id: ExecutionId, turn: &Turn) -> (Vec<Offer>, Vec<Offer>) {
        let (mut offered, mut withdrawn) = (Vec::new(), Vec::new());
        for branch in turn.changes.iter().filter_map(changed_branch) {
            let now = self.offer_of(id, branch);
            let was = match now {
                Some(offer) => self.offers.insert(branch, offer),
                None => self.offers.remove(&branch),
            };
            if was != now {
                withdrawn.extend(was);
                offered.extend(now);
            }
        }
        (offered, withdrawn)
    }

    fn offer_of(&self, id: ExecutionId, branch: BranchId) -> Option<Offer> {
        if self.execution.status != Status::Running {
            return None;
        }
        let position = &self.execution.branch(branch)?.position;
        let Trigger::Task { dispatch: Dispatch::Offer, .. } = &position.trigger else { return None };
        let StateKind::Task(task) = &self.program.state(position.state).kind else { return None };
        Some(Offer {
            activity: Key::of(&[&task.resource.arn]),
            at: position.entered_at,
            execution: id,
            branch: branch.0,
            ticket: position.ticket.0,
        })
    }
}

/// What follows the state machine in the ARN of a version or an alias.
fn qualifier(arn: &str) -> String {
    arn.rsplit(':').next().unwrap_or_default().to_owned()
}

/// The key under which an execution is found by its name.
pub(crate) fn name_key(identity: &Identity) -> Key {
    Key::of(&[&identity.machine_arn, &identity.name])
}

fn changed_branch(change: &Change) -> Option<BranchId> {
    match change {
        Change::Position(branch, _) | Change::Ended(branch) => Some(*branch),
        _ => None,
    }
}

/// Whether a turn is worth a commit. The counters are in every turn.
fn changes_something(turn: &Turn) -> bool {
    !turn.history.is_empty() || turn.changes.iter().any(|change| !matches!(change, Change::Counters { .. }))
}
