//! A world without a machine: time by hand, answers by script, every invariant checked after every turn.
#![allow(dead_code)] // each test file uses its part

pub mod journal;
pub mod model_store;
pub mod random;
pub mod worker_world;

use std::fmt::Write;

use serde_json::{Value as Json, json};
use stepwell_asl::{Chance, Program, Timestamp, Value, compile};
use stepwell_engine::core::{
    BranchId, ChildEnd, ChildRef, Effect, Env, Event, EventKind, Execution, HistoryEvent, HistoryKind, Identity,
    Invoke, JoinKind, Limits, MapRunStatus, NestedRef, Outstanding, Parts, StartChild, StateError, Status, Ticket,
    Trigger, Turn, apply, outstanding, step,
};
use stepwell_engine::history_json;
use stepwell_engine::token::TokenKey;

/// One execution, and the world around it.
pub struct World {
    pub program: Program,
    pub execution: Execution,
    pub env: Env,
    pub history: Vec<HistoryEvent>,
    /// Everything that was ever asked of the world.
    pub asked: Vec<Invoke>,
    /// Every execution that map runs ever had started.
    pub started: Vec<StartChild>,
    /// Every execution that a state has waited for and that was ever to be stopped.
    pub stops: Vec<NestedRef>,
}

const START: i64 = 1_700_000_000_000;

impl World {
    pub fn new(definition: Json, input: Json) -> World {
        let program = compile::compile(&Value::from(definition)).expect("the test's definition compiles");
        let identity = Identity {
            arn: "arn:aws:states:us-east-1:000000000000:execution:m:e".into(),
            name: "e".into(),
            machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:m".into(),
            machine_name: "m".into(),
            role_arn: "arn:aws:iam::000000000000:role/r".into(),
            region: "us-east-1".into(),
            started_at: Timestamp(START),
            input: Value::from(input),
            ..Identity::default()
        };
        let execution = Execution::new(&program, identity, &Limits::AWS);
        let env = Env {
            now: Timestamp(START),
            chance: Chance::from_seed([1, 2, 3, 4]),
            limits: Limits::AWS,
            pace: stepwell_engine::core::Pace::REAL,
            tokens: TokenKey::new([1; 32]),
            moves_max: 10_000,
            bytes_max: usize::MAX,
        };
        World {
            program,
            execution,
            env,
            history: Vec::new(),
            asked: Vec::new(),
            started: Vec::new(),
            stops: Vec::new(),
        }
    }

    /// Takes one turn, and those that a full one leaves to do.
    pub fn turn(&mut self, events: &[Event]) {
        let mut events = events.to_vec();
        loop {
            let since = self.execution.last_ticket;
            let before = self.execution.clone();
            let turn = step(&self.program, &mut self.execution, &events, &mut self.env);
            self.check_turn(before, &events, &turn);
            self.history.extend(turn.history);
            let outstanding = outstanding(&self.program, &self.execution, since, &self.env.tokens);
            for effect in outstanding.effects {
                match effect {
                    Effect::Invoke(invoke) | Effect::Offer(invoke) => self.asked.push(invoke),
                    Effect::StartNested(invoke) => {
                        let open = self.execution.nested.get(&invoke.ticket);
                        assert_eq!(open.map(|nested| nested.stop), Some(None), "one is started that is not open");
                        self.asked.push(invoke);
                    }
                    Effect::StopNested(nested) => {
                        assert!(self.execution.nested.contains_key(&nested.ticket), "one is stopped that has ended");
                        self.stops.push(nested);
                    }
                    Effect::StartChild(start) => {
                        let again = self.started.iter().any(|other| other.child.ticket == start.child.ticket);
                        assert!(!again, "an execution is started twice");
                        self.started.push(start);
                    }
                    Effect::StopChild(child) => {
                        assert!(self.execution.children.contains_key(&child.ticket), "one is stopped that has ended");
                    }
                }
            }
            if !outstanding.more {
                break;
            }
            events = vec![Event::Continue];
        }
    }

    /// Has an execution go on that has failed, timed out or been stopped.
    pub fn redrive(&mut self) -> &mut World {
        self.turn(&[Event::Redriven]);
        self
    }

    pub fn stop(&mut self) -> &mut World {
        self.turn(&[Event::Stopped(StateError::new("Stopped", "by hand"))]);
        self
    }

    pub fn start(&mut self) -> &mut World {
        self.turn(&[Event::Started]);
        self
    }

    /// Lets time pass to so many seconds after the start, and fires what is due by then, instant by instant.
    pub fn at(&mut self, seconds: u64) -> &mut World {
        let target = Timestamp(START).plus_ms(seconds * 1000);
        while let Some(due) = self.execution.next_deadline().filter(|due| *due <= target) {
            self.env.now = due.max(self.env.now);
            self.turn(&[Event::TimerFired]);
        }
        self.env.now = target.max(self.env.now);
        self
    }

    /// The newest task that was asked of the world for this state; `nth` counts from the oldest that is still open.
    pub fn open(&self, state: &str, nth: usize) -> Invoke {
        let open =
            |invoke: &&Invoke| &*invoke.state == state && self.execution.waiting(invoke.ticket) == Some(invoke.branch);
        self.asked.iter().filter(open).nth(nth).unwrap_or_else(|| panic!("no open task {nth} of {state}")).clone()
    }

    pub fn event(&self, state: &str, nth: usize, kind: EventKind) -> Event {
        let Invoke { branch, ticket, .. } = self.open(state, nth);
        Event::Task { branch, ticket, kind }
    }

    pub fn succeed(&mut self, state: &str, nth: usize, output: Json) -> &mut World {
        let event = self.event(state, nth, EventKind::TaskSucceeded(Value::from(output)));
        self.turn(&[event]);
        self
    }

    pub fn fail(&mut self, state: &str, nth: usize, error: &str, cause: &str) -> &mut World {
        let event = self.event(state, nth, EventKind::TaskFailed(StateError::new(error, cause)));
        self.turn(&[event]);
        self
    }

    /// Answers every open task of a state with its own input, in one turn.
    pub fn echo_all(&mut self, state: &str) -> &mut World {
        let mut events = Vec::new();
        for invoke in &self.asked {
            if &*invoke.state == state && self.execution.waiting(invoke.ticket) == Some(invoke.branch) {
                let kind = EventKind::TaskSucceeded(invoke.input.clone());
                events.push(Event::Task { branch: invoke.branch, ticket: invoke.ticket, kind });
            }
        }
        self.turn(&events);
        self
    }

    /// The end of an execution that a map run has started; `nth` counts from the first that is still open.
    pub fn child_event(&self, nth: usize, status: Status) -> Event {
        let open = |start: &&StartChild| self.execution.children.contains_key(&start.child.ticket);
        let start = self.started.iter().filter(open).nth(nth).unwrap_or_else(|| panic!("no open child {nth}"));
        let end = ChildEnd { status, started_at: Timestamp(START), stopped_at: self.env.now };
        Event::ChildEnded { child: start.child.ticket, end: Box::new(end) }
    }

    /// An execution that a map run has started has ended.
    pub fn child_ends(&mut self, nth: usize, status: Status) -> &mut World {
        let event = self.child_event(nth, status);
        self.turn(&[event]);
        self
    }

    pub fn output(&self) -> Json {
        match &self.execution.status {
            Status::Succeeded(output) => output.to_json(),
            other => json!(format!("{other:?}")),
        }
    }

    pub fn error(&self) -> (String, String) {
        match &self.execution.status {
            Status::Failed(error) | Status::TimedOut(error) | Status::Aborted(error) => (
                error.name.clone().unwrap_or_default().to_string(),
                error.cause.clone().unwrap_or_default().to_string(),
            ),
            other => (format!("{other:?}"), String::new()),
        }
    }

    fn check_turn(&self, mut before: Execution, events: &[Event], turn: &Turn) {
        check_history(&before, &turn.history, &self.execution);
        let unmoved = turn.ignored.len() == events.len() && before.ready.is_empty();
        if unmoved {
            assert!(turn.history.is_empty(), "ignored events have a history");
            assert_eq!(before, self.execution, "ignored events have moved something");
        }
        self.check_map_runs();
        self.check_nested();
        match &self.execution.status {
            Status::Running if self.execution.ready.is_empty() => self.check_waiting(),
            Status::Running => {}
            Status::Succeeded(_) => assert!(self.execution.branches.is_empty(), "no branch outlives a success"),
            Status::Failed(_) | Status::TimedOut(_) | Status::Aborted(_) => self.check_halted(),
        }
        apply(&mut before, turn.changes.clone());
        assert_eq!(before, self.execution, "the changes do not lead where the step led");
        let known = self.waits_for(&self.execution);
        for copy in [before, rebuilt(&self.execution)] {
            assert_eq!(self.waits_for(&copy), known, "recovery would ask for something else");
        }
    }

    /// An execution that runs waits with each of its branches for something.
    fn check_waiting(&self) {
        for (id, branch) in &self.execution.branches {
            let parent = branch.position.parent.map(|parent| parent.branch);
            assert!(parent.is_none_or(|parent| parent < *id), "{id:?} is older than its parent");
            let waited_for = parent.is_none_or(|parent| {
                let parent = self.execution.branch(parent).expect("a branch outlives its parent");
                matches!(parent.position.trigger, Trigger::Join(_))
            });
            assert!(waited_for, "nobody waits for {id:?}");
            assert!(branch.position.trigger.is_armed(), "{id:?} waits for nothing");
            assert_eq!(self.execution.waiting(branch.position.ticket), Some(*id), "{id:?} is not found by ticket");
            self.check_join(*id);
        }
        let calls = self.execution.branches.values().any(|branch| branch.position.trigger.is_call());
        assert_eq!(self.execution.unconfirmed(), calls || self.execution.has_open());
    }

    /// An execution that a state waits for is open, and one for which nobody waits any more is to be stopped.
    fn check_nested(&self) {
        for (ticket, nested) in &self.execution.nested {
            let waits = self.execution.waiting(*ticket);
            let expected = nested.stop.is_none().then_some(nested.branch);
            assert_eq!(waits, expected, "{nested:?} and who waits for it disagree");
        }
        if self.execution.nested.is_empty() {
            return;
        }
        let outstanding = outstanding(&self.program, &self.execution, Ticket::default(), &self.env.tokens).effects;
        let open = outstanding.iter().filter(|effect| matches!(effect, Effect::StartNested(_) | Effect::StopNested(_)));
        assert_eq!(open.count(), self.execution.nested.len(), "nobody sees to an open execution");
    }

    /// A map run knows how many of its executions are open, and those of one that did not succeed are to be stopped.
    fn check_map_runs(&self) {
        let stopped = |child: &ChildRef| self.execution.map_runs[&child.map_run].stop.is_some();
        for (ticket, run) in &self.execution.map_runs {
            let open = self.execution.children.values().filter(|child| child.map_run == *ticket).count();
            assert_eq!(run.running as usize, open, "{run:?} has {open} open executions");
            let waits = self.execution.waiting(*ticket);
            let runs = run.status == MapRunStatus::Running;
            assert_eq!(waits, runs.then_some(run.branch), "{run:?} and who waits for it disagree");
            assert_eq!(run.stopped_at.is_some(), !runs);
        }
        let outstanding = outstanding(&self.program, &self.execution, Ticket::default(), &self.env.tokens).effects;
        let children = outstanding.iter().filter(|effect| match effect {
            Effect::StartChild(start) => self.execution.map_runs[&start.child.map_run].status == MapRunStatus::Running,
            Effect::StopChild(child) => stopped(child),
            Effect::Invoke(_) | Effect::Offer(_) | Effect::StartNested(_) | Effect::StopNested(_) => false,
        });
        assert_eq!(children.count(), self.execution.children.len(), "nobody sees to an open execution");
    }

    /// An execution that ended without success has kept its branches, and waits for nothing.
    fn check_halted(&self) {
        assert!(self.execution.branch(BranchId::ROOT).is_some(), "there is nothing to go on with");
        assert!(self.execution.ready.is_empty(), "nothing is left to do after the end");
        let (Outstanding { effects, wake_at, more }, timer, unconfirmed) = self.waits_for(&self.execution);
        assert_eq!((wake_at, more, timer), (None, false, None));
        assert!(
            effects.iter().all(|effect| matches!(effect, Effect::StopChild(_) | Effect::StopNested(_))),
            "an end waits for ends only"
        );
        assert_eq!(unconfirmed, !effects.is_empty());
        for (id, branch) in &self.execution.branches {
            assert!(matches!(branch.position.trigger, Trigger::Halted(_)), "{id:?} has not halted");
            assert_eq!(self.execution.waiting(branch.position.ticket), None, "{id:?} is found by ticket");
            let parent = branch.position.parent.map(|parent| parent.branch);
            let parent = parent.map(|parent| self.execution.branch(parent).expect("a branch outlives its parent"));
            assert!(parent.is_none_or(|parent| parent.position.trigger.join().is_some()), "{id:?} is in no join");
            self.check_join(*id);
        }
    }

    /// Every slot of a join is filled, or has a branch at work for it, or has not been begun.
    fn check_join(&self, id: BranchId) {
        let branch = &self.execution.branches[&id];
        let Some(join) = branch.position.trigger.join() else {
            return assert!(branch.slots.is_empty(), "{id:?} has slots and no join");
        };
        let mut at_work: Vec<u32> = (self.execution.branches.values())
            .filter_map(|child| child.position.parent.filter(|parent| parent.branch == id))
            .map(|parent| parent.slot)
            .collect();
        let distributed = matches!(join.kind, JoinKind::Distributed { .. });
        if distributed {
            let ticket = branch.position.ticket;
            let open = self.execution.children.values().filter(|child| child.map_run == ticket);
            at_work.extend(open.map(|child| child.slot));
        }
        at_work.sort_unstable();
        let open: Vec<u32> = (0..join.next).filter(|slot| branch.slots[*slot as usize].is_none()).collect();
        // Executions that are stopped fill no slots.
        if !distributed || self.execution.waiting(branch.position.ticket) == Some(id) {
            assert_eq!(at_work, open, "{id:?} has slots that nobody fills, or that two fill");
        }
        assert_eq!(branch.slots.len(), join.width as usize);
        assert_eq!(branch.slots.iter().flatten().count(), join.filled as usize);
    }

    fn waits_for(&self, execution: &Execution) -> (Outstanding, Option<Timestamp>, bool) {
        let outstanding = outstanding(&self.program, execution, Ticket::default(), &self.env.tokens);
        (outstanding, execution.next_timer(), execution.unconfirmed())
    }

    /// The history, a line an event: id, the event it follows, type, and what tells it from others.
    pub fn trace(&self) -> String {
        let mut trace = String::new();
        for event in &self.history {
            let _ = write!(trace, "{}<{} {}", event.id, event.previous_id, history_json::type_name(&event.kind));
            let _ = match &event.kind {
                HistoryKind::StateEntered { name, input, .. } => write!(trace, " {name} {input}"),
                HistoryKind::StateExited { name, output, assigned, .. } => {
                    let assigned = assigned.as_ref().map(|value| format!(" := {value}")).unwrap_or_default();
                    write!(trace, " {name} {output}{assigned}")
                }
                HistoryKind::TaskScheduled(scheduled) => write!(trace, " {}", scheduled.input),
                HistoryKind::TaskSucceeded { output, .. }
                | HistoryKind::TaskSubmitted { output, .. }
                | HistoryKind::ExecutionSucceeded { output } => write!(trace, " {output}"),
                HistoryKind::TaskFailed { error, .. }
                | HistoryKind::TaskTimedOut { error, .. }
                | HistoryKind::ExecutionFailed(error)
                | HistoryKind::MapRunFailed(error)
                | HistoryKind::ExecutionTimedOut(error)
                | HistoryKind::ExecutionAborted(error) => {
                    write!(trace, " {} {}", error.name.as_deref().unwrap_or("-"), error.cause.as_deref().unwrap_or("-"))
                }
                HistoryKind::EvaluationFailed { location, error, .. } => {
                    let (place, cause) = (location.as_deref().unwrap_or("-"), error.cause.as_deref().unwrap_or("-"));
                    write!(trace, " {} {place}: {cause}", error.name.as_deref().unwrap_or("-"))
                }
                HistoryKind::ExecutionRedriven { count } => write!(trace, " {count}"),
                HistoryKind::MapStateStarted { length } => write!(trace, " {length}"),
                HistoryKind::MapIterationStarted { index, .. }
                | HistoryKind::MapIterationSucceeded { index, .. }
                | HistoryKind::MapIterationFailed { index, .. }
                | HistoryKind::MapIterationAborted { index, .. } => write!(trace, " {index}"),
                _ => Ok(()),
            };
            trace.push('\n');
        }
        trace
    }
}

/// The lines of one turn follow those before it, and an execution ends once until it is redriven.
pub fn check_history(before: &Execution, lines: &[HistoryEvent], after: &Execution) {
    for (event, id) in lines.iter().zip(before.last_event + 1..) {
        assert_eq!(event.id, id, "history ids have a gap");
        assert!(event.previous_id < event.id, "an event follows itself or a later one");
    }
    let mut ended = before.status != Status::Running;
    for event in lines {
        let redriven = matches!(event.kind, HistoryKind::ExecutionRedriven { .. });
        assert_eq!(ended, redriven, "only a redrive follows the end, and it follows nothing else");
        ended = event.kind.is_terminal();
    }
    assert_eq!(ended, after.status != Status::Running, "the last event tells whether it has ended");
}

/// The same execution, as a checkpoint brings it back.
fn rebuilt(execution: &Execution) -> Execution {
    let Execution { identity, status, branches, ready, .. } = execution.clone();
    Execution::from_parts(Parts {
        identity,
        status,
        branches,
        ready,
        deadline: execution.deadline,
        last_event: execution.last_event,
        next_branch: execution.next_branch,
        last_ticket: execution.last_ticket,
        redrive_count: execution.redrive_count,
        redriven_at: execution.redriven_at,
        map_runs: execution.map_runs.clone(),
        mocked_calls: execution.mocked_calls.clone(),
        children: execution.children.clone(),
        nested: execution.nested.clone(),
    })
}

/// A machine of these states, which starts at the first.
pub fn machine(states: Json) -> Json {
    let start = states.as_object().and_then(|states| states.keys().next()).cloned();
    json!({ "StartAt": start, "States": states })
}

/// A Task state on a function, which ends the machine.
pub fn task() -> Json {
    json!({ "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f", "End": true })
}

/// One object with another's members over its own.
pub fn with(mut state: Json, more: Json) -> Json {
    if let (Some(state), Some(more)) = (state.as_object_mut(), more.as_object()) {
        for (name, value) in more {
            state.insert(name.clone(), value.clone());
        }
        if more.contains_key("Next") {
            state.remove("End");
        }
    }
    state
}
