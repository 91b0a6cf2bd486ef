//! The turn: events in, history and changes out.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};

use stepwell_asl::dataflow::{Flow, Observer};
use stepwell_asl::program::StateType;
use stepwell_asl::value::Object;
use stepwell_asl::{Chance, EvalError, Program, State, Text, Timestamp, Value};

use super::branch::{BranchId, Position, Ticket};
use super::context::Around;
use super::delta::Change;
use super::event::{Event, EventKind};
use super::execution::{Execution, Status};
use super::fault::{Fault, StateError};
use super::history::{HistoryEvent, HistoryKind, TaskLabel};
use super::limits::{DEPTH_MAX, Limits};
use super::map_run::{Child, MapRun, MapRunStatus};
use super::nested::Nested;
use super::pace::Pace;
use super::probe::Probe;
use super::state;
use super::trigger::{Join, JoinKind, Trigger, Work};
use crate::token::TokenKey;

/// What a turn gets from outside.
#[derive(Clone)]
pub struct Env {
    /// When the turn happens.
    pub now: Timestamp,
    /// Its chance.
    pub chance: Chance,
    /// The limits that hold.
    pub limits: Limits,
    /// How fast Waits and retries pass.
    pub pace: Pace,
    /// The key for task tokens.
    pub tokens: TokenKey,
    /// How many moves a turn makes at most before it leaves the rest to the next one.
    pub moves_max: u32,
    /// How many bytes of new payloads it writes before it does the same.
    pub bytes_max: usize,
}

/// One step of an execution: to be committed whole, or not at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Turn {
    /// The lines it adds to the history.
    pub history: Vec<HistoryEvent>,
    /// What it changed.
    pub changes: Vec<Change>,
    /// The events, by index, that found nothing to move: late, repeated, addressed to nobody, or after the end. That is
    /// told and not stored.
    pub ignored: Vec<usize>,
}

impl Turn {
    /// Whether the execution ended in this turn.
    pub fn ends(&self) -> bool {
        let status = self.changes.iter().rev().find_map(|change| match change {
            Change::Status(status) => Some(status),
            _ => None,
        });
        status.is_some_and(|status| *status != Status::Running)
    }
}

/// Applies events in order and runs until every branch waits again or the turn is full. No clock, no IO, no async.
///
/// First every event's outcome is recorded, then their consequences run, breadth first over the branches.
pub fn step(program: &Program, execution: &mut Execution, events: &[Event], env: &mut Env) -> Turn {
    take_turn(program, execution, events, env, None)
}

/// The same, while a test of a single state watches.
pub fn step_probed(
    program: &Program,
    execution: &mut Execution,
    events: &[Event],
    env: &mut Env,
    probe: &mut Probe,
) -> Turn {
    take_turn(program, execution, events, env, Some(probe))
}

fn take_turn(
    program: &Program,
    execution: &mut Execution,
    events: &[Event],
    env: &mut Env,
    probe: Option<&mut Probe>,
) -> Turn {
    let mut turn = Turning {
        program,
        execution,
        env,
        probe,
        history: Vec::new(),
        changes: Vec::new(),
        touched: Vec::new(),
        scheduled: Vec::new(),
        halted_children: HashMap::new(),
        touched_map_runs: BTreeSet::new(),
        full: false,
        bytes: 0,
        newest: None,
    };
    let had_ready = !turn.execution.ready.is_empty();
    let was = turn.execution.status.clone();
    let mut ignored = Vec::new();
    for (at, event) in events.iter().enumerate() {
        if !turn.receive(event) {
            ignored.push(at);
        }
    }
    turn.run();
    turn.start_scheduled();
    Turn { ignored, ..turn.finish(had_ready, &was) }
}

/// A turn in the making.
pub(super) struct Turning<'a> {
    pub program: &'a Program,
    pub execution: &'a mut Execution,
    pub env: &'a mut Env,
    /// A test that watches; none in production.
    pub probe: Option<&'a mut Probe>,
    history: Vec<HistoryEvent>,
    changes: Vec<Change>,
    /// Branches whose position has changed, some of them more than once.
    touched: Vec<BranchId>,
    /// Tasks this turn has scheduled: their `Started` events are written after its other events.
    scheduled: Vec<(BranchId, Ticket, TaskLabel)>,
    /// Who is below a join that failed in this turn: its Retry and Catch mostly ask at once, and to look for them takes
    /// long where there are many branches.
    pub halted_children: HashMap<BranchId, Vec<BranchId>>,
    /// Map runs that have changed.
    touched_map_runs: BTreeSet<Ticket>,
    /// The history has reached its limit.
    full: bool,
    /// Bytes of the payloads in the history, without those that follow themselves from event to event.
    bytes: usize,
    /// Where the newest of them lies in memory.
    newest: Option<usize>,
}

impl<'a> Turning<'a> {
    // ---- events ----

    /// Takes an event in. Tells whether it found anything to move.
    fn receive(&mut self, event: &Event) -> bool {
        let running = self.execution.status == Status::Running;
        match event {
            Event::Redriven => self.redrive(),
            // What has ended still has to hear of those that it stopped.
            Event::ChildEnded { child, end } => state::distributed::ended(self, *child, end),
            Event::Task { ticket, kind, .. } if kind.is_final() && self.execution.waiting(*ticket).is_none() => {
                self.close_nested(*ticket)
            }
            _ if !running => false, // nothing else moves what has ended
            Event::Started => self.begin(),
            Event::Continue => !self.execution.ready.is_empty(),
            Event::TimerFired => self.fire_timers(),
            Event::Stopped(error) => {
                self.end(Status::Aborted(error.clone()));
                true
            }
            Event::Failed(error) => {
                self.end(Status::Failed(error.clone()));
                true
            }
            Event::Task { branch, ticket, kind } => self.answer(*branch, *ticket, kind),
            Event::MapRunUpdated { map_run, update } => state::distributed::update(self, *map_run, update),
        }
    }

    fn begin(&mut self) -> bool {
        if self.execution.last_event > 0 {
            return false; // it has begun: a repeated start
        }
        let identity = self.execution.identity.clone();
        self.emit(
            BranchId::ROOT,
            HistoryKind::ExecutionStarted {
                input: identity.input.clone(),
                role_arn: identity.role_arn.clone(),
                version_arn: identity.version_arn.clone(),
                alias_arn: identity.alias_arn.clone(),
            },
        );
        self.push(Work::Enter(BranchId::ROOT));
        true
    }

    fn fire_timers(&mut self) -> bool {
        let now = self.env.now;
        if self.execution.deadline.is_some_and(|at| at <= now) {
            self.end(Status::TimedOut(StateError::named("States.Timeout")));
            return true;
        }
        let due: Vec<Ticket> =
            self.execution.timers.range(..=(now, Ticket(u64::MAX))).map(|(_, ticket)| *ticket).collect();
        let any = !due.is_empty();
        for ticket in due {
            let Some(id) = self.execution.waiting(ticket) else { continue };
            match &self.position(id).trigger {
                Trigger::Timer { .. } => state::wait::wake(self, id),
                Trigger::Retry { .. } => {
                    self.disarm(id);
                    self.push(Work::Attempt(id));
                }
                Trigger::Task { .. } => state::task::time_out(self, id),
                Trigger::Ready | Trigger::Join(_) | Trigger::Halted(_) => {}
            }
        }
        any
    }

    fn answer(&mut self, id: BranchId, ticket: Ticket, kind: &EventKind) -> bool {
        if self.execution.waiting(ticket) != Some(id) {
            return false; // a late or repeated answer: the branch has moved on
        }
        match &self.position(id).trigger {
            Trigger::Task { .. } => state::task::answer(self, id, kind),
            // A ticket names one arming, and only tasks are answered.
            Trigger::Ready | Trigger::Timer { .. } | Trigger::Retry { .. } | Trigger::Join(_) | Trigger::Halted(_) => {
                false
            }
        }
    }

    // ---- moves ----

    fn run(&mut self) {
        let mut moves = 0;
        while let Some(work) = self.execution.ready.pop_front() {
            self.perform(work);
            if self.full {
                self.close(self.history_is_full());
            }
            moves += 1;
            if moves >= self.env.moves_max || self.bytes >= self.env.bytes_max {
                break;
            }
        }
    }

    fn perform(&mut self, work: Work) {
        let Some(branch) = self.execution.branches.get(&work.branch()) else {
            return; // the branch has ended before its move came
        };
        if matches!(branch.position.trigger, Trigger::Halted(_)) && self.is_late(&work) {
            return self.keep(work);
        }
        match work {
            Work::Enter(id) => self.enter(id),
            Work::Attempt(id) => self.attempt(id),
            Work::Resolve(id, result) => self.resolve(id, result),
            Work::Fail(id, fault) => self.fail(id, fault),
            Work::Leave(id, leave) => self.leave(id, *leave),
            Work::Advance(id) => state::distributed::advance(self, id),
        }
    }

    fn enter(&mut self, id: BranchId) {
        let now = self.env.now;
        let state = self.state(id);
        let input = self.position(id).input.clone();
        let event = self.emit(
            id,
            HistoryKind::StateEntered { state_type: state.kind.state_type(), name: state.name.clone(), input },
        );
        let position = self.position_mut(id);
        position.entered_event = event;
        position.entered_at = now;
        position.retries.clear();
        self.attempt(id);
    }

    fn attempt(&mut self, id: BranchId) {
        if let Err(fault) = state::attempt(self, id) {
            self.fail(id, fault);
        }
    }

    /// A task or a join has its result: the rest of the state's data flow.
    fn resolve(&mut self, id: BranchId, result: Value) {
        let state = self.state(id);
        let Some(completion) = state.kind.completion() else { return };
        let raw = self.position(id).input.clone();
        match self.flow(id, |flow| flow.result(state, completion, &raw, result)) {
            Ok(left) => self.leave_with(id, left),
            Err(fault) => self.fail(id, fault),
        }
    }

    // ---- what states are made of ----

    /// The state a branch is in.
    pub fn state(&self, id: BranchId) -> &'a State {
        self.program.state(self.position(id).state)
    }

    /// A live branch's position.
    pub fn position(&self, id: BranchId) -> &Position {
        &self.execution.branches.get(&id).expect("work and triggers name live branches only").position
    }

    /// A live branch's position, to be changed without arming or disarming.
    pub fn position_mut(&mut self, id: BranchId) -> &mut Position {
        self.touch(id);
        &mut self.execution.branches.get_mut(&id).expect("work and triggers name live branches only").position
    }

    /// The next ticket of this execution.
    pub fn draw_ticket(&mut self) -> Ticket {
        self.execution.last_ticket.0 += 1;
        self.execution.last_ticket
    }

    /// Arms a branch's trigger under a new ticket.
    pub fn arm(&mut self, id: BranchId, trigger: Trigger) {
        let ticket = self.draw_ticket();
        self.arm_with(id, ticket, trigger);
    }

    /// Arms a branch's trigger under a ticket that was drawn for it.
    pub fn arm_with(&mut self, id: BranchId, ticket: Ticket, trigger: Trigger) {
        self.execution.unindex(id);
        let position = self.position_mut(id);
        position.ticket = ticket;
        position.trigger = trigger;
        if let Trigger::Join(join) = &position.trigger {
            let width = join.width as usize;
            if let Some(branch) = self.execution.branches.get_mut(&id) {
                branch.slots = vec![None; width];
            }
        }
        self.execution.index(id);
    }

    /// The branch waits for nothing any more.
    pub fn disarm(&mut self, id: BranchId) {
        self.execution.unindex(id);
        self.position_mut(id).trigger = Trigger::Ready;
        self.take_slots(id);
    }

    /// Something to do after everything that is to be done already.
    pub fn push(&mut self, work: Work) {
        self.execution.ready.push_back(work);
    }

    /// A branch's new scope variable.
    pub fn assign(&mut self, id: BranchId, name: Text, value: Value) {
        self.changes.push(Change::Variable(id, name.clone(), value.clone()));
        self.execution.set_variable(id, name, value);
    }

    /// Whether a branch may set these variables, by their own sizes and by that of all variables together.
    pub fn may_assign(&self, id: BranchId, assigned: &Object) -> bool {
        let Limits { assign_bytes, variables_bytes, .. } = &self.env.limits;
        let bytes = assigned.values().map(Value::json_bytes).fold(0, usize::saturating_add);
        assign_bytes.is_none_or(|limit| bytes <= limit)
            && variables_bytes.is_none_or(|limit| self.execution.variables_bytes_with(id, assigned) <= limit)
    }

    /// Fills a slot of a branch's join.
    pub fn fill(&mut self, id: BranchId, slot: u32, result: Value) {
        self.changes.push(Change::Slot(id, slot, result.clone()));
        if let Some(place) = self.execution.branches.get_mut(&id).and_then(|b| b.slots.get_mut(slot as usize)) {
            *place = Some(result);
        }
    }

    /// Takes what a branch's join has gathered. What was recorded of its slots is nobody's any more.
    pub fn take_slots(&mut self, id: BranchId) -> Vec<Option<Value>> {
        let branch = self.execution.branches.get_mut(&id);
        let slots = branch.map(|branch| std::mem::take(&mut branch.slots)).unwrap_or_default();
        if !slots.is_empty() {
            self.changes.retain(|change| !matches!(change, Change::Slot(of, ..) if *of == id));
        }
        slots
    }

    /// The map run that a branch waits for.
    pub fn map_run_of(&self, id: BranchId) -> Option<Ticket> {
        let position = self.position(id);
        match &position.trigger {
            Trigger::Join(Join { kind: JoinKind::Distributed { .. }, .. }) => Some(position.ticket),
            _ => None,
        }
    }

    /// A map run, to be changed.
    pub fn map_run_mut(&mut self, ticket: Ticket) -> Option<&mut MapRun> {
        self.touched_map_runs.insert(ticket);
        self.execution.map_runs.get_mut(&ticket)
    }

    /// A new map run.
    pub fn add_map_run(&mut self, ticket: Ticket, run: MapRun) {
        self.touched_map_runs.insert(ticket);
        self.execution.set_map_run(ticket, run);
    }

    /// A map run ends, unless it has. Where it did not succeed its open executions are to be stopped from now on.
    pub fn end_map_run(&mut self, ticket: Ticket, status: MapRunStatus) {
        let Some(mut run) = self.execution.map_runs.get(&ticket).cloned() else { return };
        if run.status == MapRunStatus::Running {
            (run.status, run.stopped_at) = (status, Some(self.env.now));
            run.stop = (run.running > 0).then(|| self.draw_ticket());
            self.add_map_run(ticket, run);
        }
    }

    /// An execution of a map run is to be started.
    pub fn open_child(&mut self, child: Child) {
        let ticket = self.draw_ticket();
        if let Some(run) = self.map_run_mut(child.map_run) {
            run.running += 1;
        }
        self.bytes += child.input.as_ref().map_or(0, Value::json_bytes);
        self.changes.push(Change::ChildOpened(ticket, child.clone()));
        self.execution.children.insert(ticket, child);
    }

    /// An execution of a map run is open no longer.
    pub fn close_child(&mut self, ticket: Ticket) -> Option<Child> {
        let child = self.execution.children.remove(&ticket)?;
        self.changes.push(Change::ChildEnded(ticket));
        Some(child)
    }

    /// An execution is to be started that a state waits for.
    pub fn open_nested(&mut self, ticket: Ticket, nested: Nested) {
        // In the turn in which a wait has ended its branch may begin the next one.
        self.stop_nested_of(nested.branch);
        self.note_nested(ticket, nested);
    }

    fn note_nested(&mut self, ticket: Ticket, nested: Nested) {
        self.changes.push(Change::NestedOpened(ticket, nested.clone()));
        self.execution.set_nested(ticket, nested);
    }

    /// Such an execution is open no longer. Tells whether it was.
    pub fn close_nested(&mut self, ticket: Ticket) -> bool {
        let was_open = self.execution.close_nested(ticket);
        if was_open {
            self.changes.push(Change::NestedEnded(ticket));
        }
        was_open
    }

    /// Those that these branches waited for and wait for no longer are to be stopped from now on.
    fn stop_nested(&mut self, touched: &[BranchId]) {
        if self.execution.nested_of.is_empty() {
            return;
        }
        touched.iter().for_each(|id| self.stop_nested_of(*id));
    }

    fn stop_nested_of(&mut self, id: BranchId) {
        let Some(ticket) = self.execution.nested_of.get(&id).copied() else { return };
        if self.execution.waiting(ticket) != Some(id)
            && let Some(mut nested) = self.execution.nested.get(&ticket).cloned()
        {
            nested.stop = Some(self.draw_ticket());
            self.note_nested(ticket, nested);
        }
    }

    /// Whether the turn has written as much as one turn should.
    pub fn is_laden(&self) -> bool {
        self.bytes >= self.env.bytes_max
    }

    /// A branch is new or gone: its position is recorded when the turn ends.
    pub fn touch(&mut self, id: BranchId) {
        if self.touched.last() != Some(&id) {
            self.touched.push(id);
        }
    }

    /// A task was scheduled: its `Started` follows when the turn ends.
    pub fn scheduled(&mut self, id: BranchId, ticket: Ticket, label: TaskLabel) {
        self.scheduled.push((id, ticket, label));
    }

    /// Evaluates part of a state's data flow.
    pub fn flow<T>(
        &mut self,
        id: BranchId,
        evaluate: impl FnOnce(&mut Flow<'_>) -> Result<T, EvalError>,
    ) -> Result<T, Fault> {
        self.flow_with_item(id, None, evaluate)
    }

    /// The same, for an iteration that has no branch yet.
    pub fn flow_with_item<T>(
        &mut self,
        id: BranchId,
        item: Option<(u32, &Value)>,
        evaluate: impl FnOnce(&mut Flow<'_>) -> Result<T, EvalError>,
    ) -> Result<T, Fault> {
        let around = Around {
            program: self.program,
            execution: self.execution,
            branch: id,
            tokens: &self.env.tokens,
            item,
            built: self
                .probe
                .as_ref()
                .and_then(|probe| probe.context.clone())
                .map_or_else(OnceCell::new, OnceCell::from),
        };
        let observer: &mut dyn Observer = match &mut self.probe {
            Some(probe) => &mut **probe,
            None => &mut (),
        };
        let (now, chance) = (self.env.now, &mut self.env.chance);
        let evaluated = evaluate(&mut Flow { surroundings: &around, now, chance, observer });
        evaluated.map_err(|error| self.evaluation_failed(id, error))
    }

    /// An evaluation has failed. What goes wrong with JSONata has a line of its own in the history.
    fn evaluation_failed(&mut self, id: BranchId, error: EvalError) -> Fault {
        let (name, location) = (error.name, error.field.clone());
        let fault = self.fault(id, error);
        if name == EvalError::QUERY {
            let follows = self.before_evaluation(id);
            let (state, error) = (self.state(id).name.clone(), fault.error.clone());
            let event = self.emit_after(follows, HistoryKind::EvaluationFailed { state, location, error });
            self.position_mut(id).last_event = event;
        }
        fault
    }

    /// What the line of a failed evaluation follows. Where nothing has happened since the state was entered it is what
    /// the entry follows, too, but for Wait. (Observed on AWS.)
    fn before_evaluation(&self, id: BranchId) -> u64 {
        let position = self.position(id);
        let is_wait = self.state(id).kind.state_type() == StateType::Wait;
        if is_wait || position.last_event != position.entered_event {
            return position.last_event;
        }
        let entry = self.history.iter().rev().find(|event| event.id == position.entered_event);
        entry.map_or(position.last_event, |entry| entry.previous_id)
    }

    /// What has gone wrong while a branch's state was evaluated. A test has no history that a sentence could point to:
    /// AWS then gives the bare reason.
    pub fn fault(&self, id: BranchId, error: EvalError) -> Fault {
        match self.probe {
            Some(_) => Fault::bare(error),
            None => {
                let position = self.position(id);
                Fault::evaluation(error, &self.program.state(position.state).name, position.entered_event)
            }
        }
    }

    /// Counts a call of a state that the execution's test case answers for. `None`: it is called for real.
    pub fn count_mocked_call(&mut self, state: &Text) -> Option<u32> {
        if !self.execution.identity.test_case.as_ref()?.answers_for(state) {
            return None;
        }
        let calls = self.execution.mocked_calls.entry(state.clone()).or_default();
        let call = *calls;
        *calls = calls.saturating_add(1);
        let change = Change::MockedCalls(state.clone(), *calls);
        self.changes.push(change);
        Some(call)
    }

    /// Whether a value may be passed on.
    pub fn fits(&self, value: &Value) -> bool {
        value.depth() <= DEPTH_MAX && self.env.limits.payload_bytes.is_none_or(|limit| value.json_bytes() <= limit)
    }

    /// Writes a line of the history on a branch's chain, and gives its id.
    pub fn emit(&mut self, id: BranchId, kind: HistoryKind) -> u64 {
        let previous_id = self.execution.branches.get(&id).map_or(0, |branch| branch.position.last_event);
        let advances = kind.advances();
        let event = self.emit_after(previous_id, kind);
        if advances {
            self.position_mut(id).last_event = event;
        }
        event
    }

    /// Writes a line of the history that follows a given one.
    pub fn emit_after(&mut self, previous_id: u64, kind: HistoryKind) -> u64 {
        let next = self.execution.last_event + 1;
        let limit = self.env.limits.history_events;
        if limit.is_some_and(|limit| next >= limit) && !kind.is_terminal() {
            self.full = true;
            return previous_id; // the last line is kept for the execution's end
        }
        self.execution.last_event = next;
        self.weigh(&kind);
        self.history.push(HistoryEvent { id: next, previous_id, at: self.env.now, kind });
        next
    }

    fn weigh(&mut self, kind: &HistoryKind) {
        let Some(payload) = kind.payload() else { return };
        let address = payload.address();
        if address.is_none() || address != self.newest {
            self.bytes += payload.json_bytes();
            self.newest = address;
        }
    }

    // ---- the end ----

    /// AWS ends an execution whose history is full with the history's last event, whatever would come next.
    fn history_is_full(&self) -> Status {
        let limit = self.env.limits.history_events.unwrap_or_default();
        let cause = format!("The execution reached the maximum number of history events ({limit}).");
        Status::Failed(StateError::new("States.Runtime", cause))
    }

    /// Ends the execution from outside. Of what still runs AWS tells nothing.
    fn end(&mut self, status: Status) {
        self.full = false;
        self.close(status);
    }

    /// Ends the execution. Where it succeeded there is nothing left to move; else everything halts where it is.
    pub fn close(&mut self, status: Status) {
        if self.execution.status != Status::Running {
            return;
        }
        let status = if std::mem::take(&mut self.full) { self.history_is_full() } else { status };
        let kind = match &status {
            Status::Succeeded(output) => HistoryKind::ExecutionSucceeded { output: output.clone() },
            Status::Failed(error) => HistoryKind::ExecutionFailed(error.clone()),
            Status::TimedOut(error) => HistoryKind::ExecutionTimedOut(error.clone()),
            Status::Aborted(error) => HistoryKind::ExecutionAborted(error.clone()),
            Status::Running => return,
        };
        let follows = match &status {
            Status::TimedOut(_) | Status::Aborted(_) => 0, // it came from outside
            Status::Succeeded(_) | Status::Failed(_) | Status::Running => {
                self.execution.branches.get(&BranchId::ROOT).map_or(0, |root| root.position.last_event)
            }
        };
        // The root's own chain does not end here: a redrive goes on with it.
        self.emit_after(follows, kind);
        self.scheduled.clear();
        if matches!(status, Status::Succeeded(_)) {
            self.execution.ready.clear();
            self.branch_ids().into_iter().for_each(|id| self.end_branch(id));
        } else {
            self.halt_all();
        }
        self.execution.status = status;
    }

    /// Records that the execution goes on.
    pub fn redriven(&mut self, count: u32, at: Timestamp, deadline: Option<Timestamp>) {
        self.execution.redrive_count = count;
        self.execution.redriven_at = Some(at);
        self.execution.deadline = deadline;
        self.changes.push(Change::Redriven { count, at });
        self.changes.push(Change::Deadline(deadline));
    }

    fn start_scheduled(&mut self) {
        for (id, ticket, label) in std::mem::take(&mut self.scheduled) {
            if self.execution.waiting(ticket) == Some(id) {
                self.emit(id, HistoryKind::TaskStarted { label, worker: None });
            }
        }
        if self.full {
            self.close(self.history_is_full());
        }
    }

    fn finish(mut self, had_ready: bool, was: &Status) -> Turn {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        self.stop_nested(&touched);
        for id in touched {
            // Positions come first, so that slots and variables find their branch when the changes are applied.
            let change = match self.execution.branches.get(&id) {
                Some(branch) => Change::Position(id, Box::new(branch.position.clone())),
                None => Change::Ended(id),
            };
            self.changes.push(change);
        }
        let branches = &self.execution.branches;
        self.changes.retain(|change| match change {
            Change::Slot(id, ..) | Change::Variable(id, ..) => branches.contains_key(id),
            _ => true,
        });
        self.changes.sort_by_key(|change| match change {
            Change::Position(..) => 0,
            Change::Slot(..) | Change::Variable(..) => 1,
            Change::Ended(_)
            | Change::Counters { .. }
            | Change::Ready(_)
            | Change::Status(_)
            | Change::Deadline(_)
            | Change::Redriven { .. }
            | Change::MapRun(..)
            | Change::ChildOpened(..)
            | Change::ChildEnded(_)
            | Change::MockedCalls(..)
            | Change::NestedOpened(..)
            | Change::NestedEnded(_) => 2,
        });
        for ticket in std::mem::take(&mut self.touched_map_runs) {
            if let Some(run) = self.execution.map_runs.get(&ticket) {
                self.changes.push(Change::MapRun(ticket, Box::new(run.clone())));
            }
        }
        self.changes.push(Change::Counters {
            last_event: self.execution.last_event,
            next_branch: self.execution.next_branch,
            last_ticket: self.execution.last_ticket,
        });
        if had_ready || !self.execution.ready.is_empty() {
            self.changes.push(Change::Ready(self.execution.ready.clone()));
        }
        if self.execution.status != *was {
            self.changes.push(Change::Status(self.execution.status.clone()));
        }
        Turn { history: self.history, changes: self.changes, ignored: Vec::new() }
    }
}
