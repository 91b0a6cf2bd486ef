//! One execution, as a value.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use stepwell_asl::value::Object;
use stepwell_asl::{Program, StateId, StateKind, Text, Timestamp, Value};

use super::branch::{Branch, BranchId, Position, Ticket};
use super::fault::StateError;
use super::limits::Limits;
use super::map_run::{Child, MapRun};
use super::nested::{Nested, StartedBy};
use super::test_case::TestCase;
use super::trigger::{JoinKind, Trigger, Work};

/// What never changes about an execution.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Identity {
    /// `arn:aws:states:<region>:<account>:execution:<machine>:<name>`
    pub arn: Text,
    /// Its name.
    pub name: Text,
    /// The state machine's ARN.
    pub machine_arn: Text,
    /// The state machine's name.
    pub machine_name: Text,
    /// The role it would run under on AWS.
    pub role_arn: Text,
    /// The region that its history names.
    pub region: Text,
    /// When it was started.
    pub started_at: Timestamp,
    /// Its input.
    pub input: Value,
    /// The version of the state machine that it was started with, if it was with one.
    pub version_arn: Option<Text>,
    /// The alias that it was started with, if it was with one.
    pub alias_arn: Option<Text>,
    /// The caller's X-Ray trace header.
    pub trace_header: Option<Text>,
    /// What its state machine was otherwise when it was started.
    pub revision: Option<Revision>,
    /// Its id in the store. One that runs in memory may have none.
    pub number: Option<u64>,
    /// The map run that started it, if one did.
    pub child_of: Option<ChildOf>,
    /// The state that started it, if one did.
    pub started_by: Option<StartedBy>,
    /// The test case that answers for some of its Task states, if it was started with one.
    pub test_case: Option<Arc<TestCase>>,
}

/// Where an execution of a map run comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildOf {
    /// The map run's ARN.
    pub map_run_arn: Text,
    /// The name of the Map state: the execution runs its item processor.
    pub state: Text,
    /// Whether it is an Express execution.
    pub express: bool,
}

/// One revision of a state machine, without its definition and role, which each execution has by itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Revision {
    /// Its id; the first one has none, as on AWS.
    pub id: Option<Text>,
    /// Since when it is the state machine's.
    pub updated_at: Timestamp,
    /// The logging configuration, where it is not AWS's default: JSON, with AWS's names.
    pub logging: Option<Value>,
    /// The tracing configuration, where it is not AWS's default.
    pub tracing: Option<Value>,
    /// The encryption configuration, where there is one.
    pub encryption: Option<Value>,
}

impl Identity {
    /// Whether it is an Express execution, which is never redriven.
    pub fn is_express(&self) -> bool {
        self.arn.contains(":express:")
    }
}

/// How far an execution has come.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// It goes on.
    Running,
    /// It ended with an output.
    Succeeded(Value),
    /// It ended with an error.
    Failed(StateError),
    /// Its own time was up.
    TimedOut(StateError),
    /// It was stopped.
    Aborted(StateError),
}

/// Branches by id. Ids are the engine's own, so their hash need not be secret, and it gives every run the same order.
pub type Branches = HashMap<BranchId, Branch, foldhash::fast::FixedState>;

/// One execution. Everything [`super::step`] needs, and nothing it could derive from the program.
#[derive(Clone, Debug)]
pub struct Execution {
    /// What never changes.
    pub identity: Arc<Identity>,
    /// How far it has come.
    pub status: Status,
    /// The branches that are alive; in one that ended without success, those that were, and are halted.
    pub branches: Branches,
    /// Moves that a full turn left over.
    pub ready: VecDeque<Work>,
    /// When the execution itself times out.
    pub deadline: Option<Timestamp>,
    /// Id of the newest history event; ids start at 1.
    pub last_event: u64,
    /// The next branch's id.
    pub next_branch: u32,
    /// The newest ticket drawn.
    pub last_ticket: Ticket,
    /// How often it was redriven.
    pub redrive_count: u32,
    /// When it was redriven last.
    pub redriven_at: Option<Timestamp>,
    /// Its map runs, by the tickets of their armings.
    pub map_runs: BTreeMap<Ticket, MapRun>,
    /// The open executions of all of them.
    pub children: BTreeMap<Ticket, Child>,
    /// The open executions that Task states have started and wait for, or have waited for, by the tickets of the states'
    /// armings.
    pub nested: BTreeMap<Ticket, Nested>,
    /// The ticket of the one that each branch waits for, derived from them.
    pub(super) nested_of: BTreeMap<BranchId, Ticket>,
    /// How often each state was called that the test case answers for: its next answer goes by this.
    pub mocked_calls: BTreeMap<Text, u32>,
    /// The newest of the tickets under which open executions are to be stopped.
    pub(super) newest_stop: Ticket,
    /// Indexes over the branches, derived from them: armed tickets, deadlines, and how many tasks are
    /// [`super::Dispatch::Call`].
    pub(super) armed: BTreeMap<Ticket, BranchId>,
    pub(super) timers: BTreeSet<(Timestamp, Ticket)>,
    calls: usize,
    /// What all variables take, in bytes of JSON text. Derived, too.
    variables_bytes: usize,
}

/// All of an execution that is not derived: what a checkpoint holds. The fields are [`Execution`]'s.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Parts {
    pub identity: Arc<Identity>,
    pub status: Status,
    pub branches: Branches,
    pub ready: VecDeque<Work>,
    pub deadline: Option<Timestamp>,
    pub last_event: u64,
    pub next_branch: u32,
    pub last_ticket: Ticket,
    pub redrive_count: u32,
    pub redriven_at: Option<Timestamp>,
    pub map_runs: BTreeMap<Ticket, MapRun>,
    pub children: BTreeMap<Ticket, Child>,
    pub nested: BTreeMap<Ticket, Nested>,
    pub mocked_calls: BTreeMap<Text, u32>,
}

impl PartialEq for Execution {
    fn eq(&self, other: &Execution) -> bool {
        self.identity == other.identity
            && self.status == other.status
            && self.branches == other.branches
            && self.ready == other.ready
            && self.deadline == other.deadline
            && self.last_event == other.last_event
            && self.next_branch == other.next_branch
            && self.last_ticket == other.last_ticket
            && self.redrive_count == other.redrive_count
            && self.redriven_at == other.redriven_at
            && self.map_runs == other.map_runs
            && self.children == other.children
            && self.nested == other.nested
            && self.mocked_calls == other.mocked_calls
    }
}

/// Where an execution begins: at the program's start, or at that of the item processor it was started for.
fn entry(program: &Program, identity: &Identity) -> StateId {
    let map = identity.child_of.as_ref().and_then(|of| program.find(&of.state)).map(|id| &program.state(id).kind);
    match map {
        Some(StateKind::Map(map)) => map.processor,
        _ => program.start,
    }
}

impl Execution {
    /// An execution that has not begun: [`super::Event::Started`] begins it.
    pub fn new(program: &Program, identity: impl Into<Arc<Identity>>, limits: &Limits) -> Execution {
        let identity = identity.into();
        let root = Branch {
            position: Position {
                parent: None,
                state: entry(program, &identity),
                input: identity.input.clone(),
                entered_event: 0,
                entered_at: identity.started_at,
                last_event: 0,
                retries: Vec::new(),
                item: None,
                ticket: Ticket::default(),
                trigger: Trigger::Ready,
            },
            slots: Vec::new(),
            variables: BTreeMap::new(),
        };
        let started_at = identity.started_at;
        let mut execution = Execution::from_parts(Parts {
            deadline: None,
            identity,
            status: Status::Running,
            branches: Branches::from_iter([(BranchId::ROOT, root)]),
            ready: VecDeque::new(),
            last_event: 0,
            next_branch: 1,
            last_ticket: Ticket::default(),
            redrive_count: 0,
            redriven_at: None,
            map_runs: BTreeMap::new(),
            children: BTreeMap::new(),
            nested: BTreeMap::new(),
            mocked_calls: BTreeMap::new(),
        });
        execution.deadline = execution.deadline_from(program, limits, started_at);
        execution
    }

    /// When an execution that is started or redriven at `from` times out: its definition's time begins anew with a
    /// redrive, the longest time that any execution may be open does not.
    pub(super) fn deadline_from(&self, program: &Program, limits: &Limits, from: Timestamp) -> Option<Timestamp> {
        // The definition's time is that of the whole machine, not of one of its items.
        let own = program
            .timeout_s
            .filter(|_| self.identity.child_of.is_none())
            .map(|seconds| from.plus_ms(seconds.saturating_mul(1000)));
        let longest = limits.execution_s.map(|seconds| self.after_start(seconds));
        own.into_iter().chain(longest).min()
    }

    /// An execution made of its parts, with the indexes that are derived from them.
    pub fn from_parts(parts: Parts) -> Execution {
        let Parts { identity, status, branches, ready, deadline, .. } = parts;
        let variables = branches.values().flat_map(|branch| branch.variables.values());
        let variables_bytes = variables.map(Value::json_bytes).sum();
        let mut execution = Execution {
            identity,
            status,
            branches,
            ready,
            deadline,
            last_event: parts.last_event,
            next_branch: parts.next_branch,
            last_ticket: parts.last_ticket,
            redrive_count: parts.redrive_count,
            redriven_at: parts.redriven_at,
            newest_stop: parts.map_runs.values().filter_map(|run| run.stop).max().unwrap_or_default(),
            map_runs: parts.map_runs,
            children: parts.children,
            nested: BTreeMap::new(),
            nested_of: BTreeMap::new(),
            mocked_calls: parts.mocked_calls,
            armed: BTreeMap::new(),
            timers: BTreeSet::new(),
            calls: 0,
            variables_bytes,
        };
        parts.nested.into_iter().for_each(|(ticket, nested)| execution.set_nested(ticket, nested));
        let ids: Vec<BranchId> = execution.branches.keys().copied().collect();
        ids.into_iter().for_each(|id| execution.index(id));
        execution
    }

    /// Whether the world may not have heard all of what it has to do: after a crash, somebody has to come back at once.
    pub fn unconfirmed(&self) -> bool {
        self.has_open() || self.status == Status::Running && (self.calls > 0 || !self.ready.is_empty())
    }

    /// Whether there are executions that it has started and whose end it has to hear.
    pub fn has_open(&self) -> bool {
        !self.children.is_empty() || !self.nested.is_empty()
    }

    /// Whether it can be redriven now, else the reason in AWS's words. Its type and how long ago it ended are not
    /// looked at.
    pub fn redrivable(&self, limits: &Limits, now: Timestamp) -> Result<(), &'static str> {
        match self.status {
            Status::Running => return Err("Execution is RUNNING and cannot be redriven"),
            Status::Succeeded(_) => return Err("Execution is SUCCEEDED and cannot be redriven"),
            Status::Failed(_) | Status::TimedOut(_) | Status::Aborted(_) => {}
        }
        let halted_in_map_run = self.branches.values().any(|branch| {
            let join = branch.position.trigger.join();
            join.is_some_and(|join| matches!(join.kind, JoinKind::Distributed { .. }))
        });
        if halted_in_map_run {
            return Err("Execution has a Map Run that did not succeed, and Stepwell does not redrive Map Runs");
        }
        // There must be room for `ExecutionRedriven` and for the event with which it ends again.
        if limits.history_events.is_some_and(|limit| self.last_event.saturating_add(1) >= limit) {
            return Err("Execution history event limit exceeded");
        }
        if limits.execution_s.is_some_and(|limit| self.after_start(limit) <= now) {
            return Err("Execution has exceeded the max execution time");
        }
        Ok(())
    }

    /// Notes how far a map run has come.
    pub(super) fn set_map_run(&mut self, ticket: Ticket, run: MapRun) {
        self.newest_stop = self.newest_stop.max(run.stop.unwrap_or_default());
        self.map_runs.insert(ticket, run);
    }

    /// Notes an execution that a state waits for, or one that is to be stopped.
    pub(super) fn set_nested(&mut self, ticket: Ticket, nested: Nested) {
        match nested.stop {
            None => drop(self.nested_of.insert(nested.branch, ticket)),
            Some(stop) => {
                self.newest_stop = self.newest_stop.max(stop);
                self.forget_nested_of(nested.branch, ticket);
            }
        }
        self.nested.insert(ticket, nested);
    }

    /// It has been heard that such an execution has ended. Tells whether it was open.
    pub(super) fn close_nested(&mut self, ticket: Ticket) -> bool {
        let Some(nested) = self.nested.remove(&ticket) else { return false };
        self.forget_nested_of(nested.branch, ticket);
        true
    }

    fn forget_nested_of(&mut self, branch: BranchId, ticket: Ticket) {
        if self.nested_of.get(&branch) == Some(&ticket) {
            self.nested_of.remove(&branch);
        }
    }

    fn after_start(&self, seconds: u64) -> Timestamp {
        self.identity.started_at.plus_ms(seconds.saturating_mul(1000))
    }

    /// The branch of this id, where it is alive.
    pub fn branch(&self, id: BranchId) -> Option<&Branch> {
        self.branches.get(&id)
    }

    /// The branch that waits under this ticket.
    pub fn waiting(&self, ticket: Ticket) -> Option<BranchId> {
        self.armed.get(&ticket).copied()
    }

    /// When something happens by itself next.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        if self.status != Status::Running {
            return None;
        }
        [self.next_timer(), self.deadline].into_iter().flatten().min()
    }

    /// When the first of its branches is due: a Wait, a retry, a task that times out.
    pub fn next_timer(&self) -> Option<Timestamp> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Replaces a branch's position and keeps the indexes true.
    pub(super) fn set_position(&mut self, id: BranchId, position: Position) {
        self.unindex(id);
        if let Some(branch) = self.branches.get_mut(&id) {
            branch.position = position;
        }
        self.index(id);
    }

    /// Takes a branch out, and its variables with it.
    pub(super) fn remove(&mut self, id: BranchId) -> Option<Branch> {
        self.unindex(id);
        let branch = self.branches.remove(&id)?;
        for value in branch.variables.values() {
            self.variables_bytes = self.variables_bytes.saturating_sub(value.json_bytes());
        }
        Some(branch)
    }

    /// Sets a variable of a branch's own scope.
    pub(super) fn set_variable(&mut self, id: BranchId, name: Text, value: Value) {
        let Some(branch) = self.branches.get_mut(&id) else { return };
        self.variables_bytes = self.variables_bytes.saturating_add(value.json_bytes());
        if let Some(old) = branch.variables.insert(name, value) {
            self.variables_bytes = self.variables_bytes.saturating_sub(old.json_bytes());
        }
    }

    /// What all variables would take, in bytes of JSON text, if a branch set these.
    pub(super) fn variables_bytes_with(&self, id: BranchId, assigned: &Object) -> usize {
        let own = self.branches.get(&id).map(|branch| &branch.variables);
        let old = |name| own.and_then(|own| own.get(name)).map_or(0, Value::json_bytes);
        assigned.iter().fold(self.variables_bytes, |bytes, (name, value)| {
            bytes.saturating_sub(old(name)).saturating_add(value.json_bytes())
        })
    }

    pub(super) fn index(&mut self, id: BranchId) {
        let Some(branch) = self.branches.get(&id) else { return };
        let position = &branch.position;
        if !position.trigger.is_armed() {
            return;
        }
        self.armed.insert(position.ticket, id);
        self.calls += usize::from(position.trigger.is_call());
        if let Some(at) = position.trigger.deadline() {
            self.timers.insert((at, position.ticket));
        }
    }

    pub(super) fn unindex(&mut self, id: BranchId) {
        let Some(branch) = self.branches.get(&id) else { return };
        let position = &branch.position;
        if self.armed.remove(&position.ticket).is_some() {
            self.calls -= usize::from(position.trigger.is_call());
        }
        if let Some(at) = position.trigger.deadline() {
            self.timers.remove(&(at, position.ticket));
        }
    }
}
