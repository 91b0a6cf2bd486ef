//! Branches that begin and end: leaving a state, filling a join's slot, failing through Retry and Catch, aborting
//! siblings.

use std::collections::BTreeMap;

use stepwell_asl::dataflow::{Left, place};
use stepwell_asl::program::{QueryLanguage, StateType, Transition};
use stepwell_asl::retry::{Catcher, Retrier, backoff_ms, matches};
use stepwell_asl::{State, StateId, Value};

use super::branch::{Branch, BranchId, Item, Parent, Position, Ticket};
use super::execution::Status;
use super::fault::{Fault, StateError};
use super::history::HistoryKind;
use super::limits::DEPTH_MAX;
use super::probe::Retried;
use super::step::Turning;
use super::trigger::{JoinKind, Leave, Trigger, Work};

impl Turning<'_> {
    // ---- leaving ----

    /// Leaves the state with what its data flow gave, after everything that is to be done already.
    pub fn leave_with(&mut self, id: BranchId, left: Left) {
        self.leave_to(id, left, None);
    }

    /// The same, to a state that is not the state's own `Next`.
    pub fn leave_to(&mut self, id: BranchId, left: Left, next: Option<StateId>) {
        let too_deep = left.assigned.as_ref().is_some_and(|assigned| assigned.depth() > DEPTH_MAX);
        if too_deep || !self.fits(&left.output) {
            let error = Fault::too_large(&self.state(id).name);
            return self.fail(id, Fault::terminal(error));
        }
        self.push(Work::Leave(id, Box::new(Leave { output: left.output, assigned: left.assigned, next })));
    }

    pub fn leave(&mut self, id: BranchId, leave: Leave) {
        let state = self.state(id);
        let Leave { output, assigned, next } = leave;
        if let Some(Value::Object(variables)) = &assigned {
            if !self.may_assign(id, variables) {
                return self.fail(id, Fault::terminal(Fault::variables_too_large(&state.name)));
            }
            for (name, value) in variables.iter() {
                self.assign(id, name.clone(), value.clone());
            }
        }
        self.emit(
            id,
            HistoryKind::StateExited {
                state_type: state.kind.state_type(),
                name: state.name.clone(),
                output: output.clone(),
                assigned: assigned.filter(|value| value.as_object().is_some_and(|object| !object.is_empty())),
            },
        );
        match (next, state.next) {
            (Some(next), _) | (None, Transition::To(next)) => {
                let position = self.position_mut(id);
                position.state = next;
                position.input = output;
                self.push(Work::Enter(id));
            }
            (None, Transition::End) => self.branch_ended(id, output),
        }
    }

    fn branch_ended(&mut self, id: BranchId, output: Value) {
        let Some(parent) = self.position(id).parent else {
            return self.close(Status::Succeeded(output));
        };
        let parent_state = self.state(parent.branch);
        let mut succeeded_id = None;
        if parent_state.kind.state_type() == StateType::Map {
            let name = parent_state.name.clone();
            succeeded_id = Some(self.emit(id, HistoryKind::MapIterationSucceeded { name, index: parent.slot }));
        }
        let last_event = self.position(id).last_event;
        self.end_branch(id);
        self.fill(parent.branch, parent.slot, output);
        let position = self.position_mut(parent.branch);
        position.last_event = last_event;
        let Trigger::Join(join) = &mut position.trigger else { return };
        join.filled += 1;
        if join.filled < join.width {
            if matches!(join.kind, JoinKind::Map { .. }) && join.next < join.width {
                super::state::map::iterate(self, parent.branch);
            }
            return;
        }
        let succeeded = match join.kind {
            JoinKind::Map { .. } | JoinKind::Distributed { .. } => HistoryKind::MapStateSucceeded,
            JoinKind::Parallel(_) => HistoryKind::ParallelStateSucceeded,
        };
        let results: Value = self.take_slots(parent.branch).into_iter().flatten().collect();
        self.disarm(parent.branch);
        // The next iteration follows what the last one did; the end of the Map follows the end of the iteration.
        if let Some(succeeded_id) = succeeded_id {
            self.position_mut(parent.branch).last_event = succeeded_id;
        }
        self.emit(parent.branch, succeeded);
        if !self.fits(&results) {
            let error = Fault::too_large(&parent_state.name);
            return self.push(Work::Fail(parent.branch, Fault::terminal(error)));
        }
        self.push(Work::Resolve(parent.branch, results));
    }

    // ---- children ----

    /// Begins a branch that a join waits for. Its first event follows the parent's newest.
    pub fn begin_child(&mut self, parent: Parent, state: StateId, input: Value, item: Option<Item>) -> BranchId {
        let id = BranchId(self.execution.next_branch);
        self.execution.next_branch += 1;
        let above = self.position(parent.branch);
        let position = Position {
            parent: Some(parent),
            state,
            input,
            entered_event: 0,
            entered_at: self.env.now,
            last_event: above.last_event,
            retries: Vec::new(),
            item: item.or_else(|| above.item.clone()),
            ticket: Ticket::default(),
            trigger: Trigger::Ready,
        };
        self.execution.branches.insert(id, Branch { position, slots: Vec::new(), variables: BTreeMap::new() });
        self.touch(id);
        id
    }

    pub fn end_branch(&mut self, id: BranchId) {
        self.execution.remove(id);
        self.touch(id);
    }

    /// The branches that a join waits for, or waited for before it halted.
    pub fn children(&self, id: BranchId) -> Vec<BranchId> {
        if self.position(id).trigger.join().is_none() {
            return Vec::new();
        }
        let is_child = |branch: &Branch| branch.position.parent.is_some_and(|parent| parent.branch == id);
        let mut children: Vec<BranchId> =
            self.execution.branches.iter().filter(|(_, branch)| is_child(branch)).map(|(child, _)| *child).collect();
        children.sort_unstable(); // in the order they were begun
        children
    }

    // ---- failing ----

    /// The state has failed: its Retry is asked, then its Catch, then the join around it.
    pub fn fail(&mut self, id: BranchId, fault: Fault) {
        let state = self.state(id);
        if let Some(probe) = &mut self.probe {
            probe.error = Some(fault.error.clone());
        }
        if let Some(completion) = state.kind.completion().filter(|_| !fault.terminal) {
            let name = fault.error.name.as_deref().unwrap_or_default();
            if let Some(at) = completion.retry.iter().position(|entry| matches(&entry.error_equals, name))
                && self.retry(id, at, &completion.retry)
            {
                return;
            }
            self.state_failed(id, state);
            if let Some(at) = completion.catch.iter().position(|entry| matches(&entry.error_equals, name)) {
                return self.catch(id, at, &completion.catch[at], &fault.error);
            }
        } else if fault.error.name.as_deref() != Some("States.Runtime") {
            self.state_failed(id, state);
        }
        self.branch_failed(id, fault);
    }

    /// `ParallelStateFailed` and `MapStateFailed`; the other types have no such event.
    fn state_failed(&mut self, id: BranchId, state: &State) {
        match state.kind.state_type() {
            StateType::Parallel => drop(self.emit(id, HistoryKind::ParallelStateFailed)),
            StateType::Map => drop(self.emit(id, HistoryKind::MapStateFailed)),
            StateType::Choice
            | StateType::Fail
            | StateType::Pass
            | StateType::Succeed
            | StateType::Task
            | StateType::Wait => {}
        }
    }

    /// Arms the next attempt, where the retrier has one left.
    fn retry(&mut self, id: BranchId, at: usize, retriers: &[Retrier]) -> bool {
        let retrier = &retriers[at];
        let position = self.position_mut(id);
        position.retries.resize(retriers.len(), 0);
        if position.retries[at] >= retrier.max_attempts {
            return false;
        }
        position.retries[at] += 1;
        let attempt = position.retries[at];
        self.abandon(id);
        let mut delay_ms = backoff_ms(retrier, attempt);
        if let Some(probe) = &mut self.probe {
            probe.retried = Some(Retried { index: at, backoff_ms: delay_ms });
        }
        if retrier.full_jitter {
            delay_ms = (delay_ms as f64 * self.env.chance.next_f64()) as u64;
        }
        let at = self.env.pace.after(self.env.now, delay_ms);
        self.arm(id, Trigger::Retry { at });
        true
    }

    fn catch(&mut self, id: BranchId, at: usize, catcher: &Catcher, error: &StateError) {
        let raw = self.position(id).input.clone();
        let (error, language) = (error.to_value(), self.state(id).language);
        let left = self.flow(id, |flow| {
            if language == QueryLanguage::Jsonata {
                let outcome = Some(("errorOutput", &error));
                return flow.transform(catcher.assign.as_ref(), catcher.output.as_ref(), &raw, outcome);
            }
            let assigned = flow.assigned(catcher.assign.as_ref(), &error)?;
            Ok(Left { output: place(&catcher.result_path, &raw, error)?, assigned })
        });
        match left {
            Ok(left) => {
                if let Some(probe) = &mut self.probe {
                    probe.caught = Some(at);
                }
                self.abandon(id);
                self.leave_to(id, left, Some(catcher.next));
            }
            Err(fault) => self.branch_failed(id, fault),
        }
    }

    /// Nothing in the branch stops the failure: the join around it fails, or the execution does.
    fn branch_failed(&mut self, id: BranchId, fault: Fault) {
        let Some(parent) = self.position(id).parent else {
            return self.close(Status::Failed(fault.error));
        };
        let last = self.position(id).last_event;
        let parent_state = self.state(parent.branch);
        let map_name = (parent_state.kind.state_type() == StateType::Map).then(|| parent_state.name.clone());
        if let Some(name) = &map_name {
            self.emit_after(last, HistoryKind::MapIterationFailed { name: name.clone(), index: parent.slot });
        }
        self.abort_state(id, last);
        self.halt(id);
        let children = self.children(parent.branch);
        for sibling in children.iter().copied().filter(|child| *child != id) {
            let slot = self.position(sibling).parent.map_or(0, |parent| parent.slot);
            if let Some(name) = &map_name {
                self.emit_after(last, HistoryKind::MapIterationAborted { name: name.clone(), index: slot });
            }
            self.abort_tree(sibling, last);
        }
        self.halt(parent.branch);
        self.halted_children.insert(parent.branch, children);
        self.position_mut(parent.branch).last_event = last;
        self.push(Work::Fail(parent.branch, fault));
    }

    /// A join cannot go on: what runs below it is aborted, and its state fails.
    pub fn fail_join(&mut self, id: BranchId, fault: Fault) {
        let last = self.position(id).last_event;
        let map_name = self.state(id).name.clone();
        for child in self.children(id) {
            if let Some(parent) = self.position(child).parent {
                self.emit_after(last, HistoryKind::MapIterationAborted { name: map_name.clone(), index: parent.slot });
            }
            self.abort_tree(child, last);
        }
        self.halt(id);
        if fault.error.name.as_deref() == Some("States.DataLimitExceeded") {
            self.abandon(id); // AWS then runs all of the state again when it is redriven
        }
        self.push(Work::Fail(id, fault));
    }

    /// Aborts a branch and everything below it. The lines follow the event that made it necessary.
    fn abort_tree(&mut self, id: BranchId, last: u64) {
        let children = match self.position(id).trigger {
            Trigger::Join(_) => self.children(id),
            // A join that has failed already told of those below it.
            Trigger::Ready
            | Trigger::Task { .. }
            | Trigger::Timer { .. }
            | Trigger::Retry { .. }
            | Trigger::Halted(_) => Vec::new(),
        };
        let map_name = {
            let state = self.state(id);
            (state.kind.state_type() == StateType::Map).then(|| state.name.clone())
        };
        for child in children {
            if let (Some(name), Some(parent)) = (&map_name, self.position(child).parent) {
                self.emit_after(last, HistoryKind::MapIterationAborted { name: name.clone(), index: parent.slot });
            }
            self.abort_tree(child, last);
        }
        if self.map_run_of(id).is_some() {
            self.emit_after(last, HistoryKind::MapRunAborted);
        }
        self.abort_state(id, last);
        self.halt(id);
    }

    /// `<Type>StateAborted`, for the types that have such an event and only while the state is entered and not left.
    fn abort_state(&mut self, id: BranchId, last: u64) {
        let position = self.position(id);
        let waiting = position.trigger.is_armed();
        let state_type = self.state(id).kind.state_type();
        let aborts = match state_type {
            StateType::Task => position.entered_event > 0,
            StateType::Wait | StateType::Parallel | StateType::Map => waiting,
            StateType::Choice | StateType::Fail | StateType::Pass | StateType::Succeed => false,
        };
        if aborts {
            self.emit_after(last, HistoryKind::StateAborted { state_type });
        }
    }
}

impl Work {
    /// Whose move it is.
    pub fn branch(&self) -> BranchId {
        match self {
            Work::Enter(id)
            | Work::Attempt(id)
            | Work::Resolve(id, _)
            | Work::Fail(id, _)
            | Work::Leave(id, _)
            | Work::Advance(id) => *id,
        }
    }
}
