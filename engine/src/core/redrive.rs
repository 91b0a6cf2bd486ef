//! Branches that halt when something around them fails, and the redrive that has them go on.
//!
//! A join that has failed halts what runs below it. If its own Retry or Catch stops the failure, or one further up, all
//! of that is abandoned. If the execution ends, everything stays where it is and waits for nothing.

use stepwell_asl::program::StateType;

use super::branch::BranchId;
use super::execution::Status;
use super::history::HistoryKind;
use super::map_run::MapRunStatus;
use super::state;
use super::step::Turning;
use super::trigger::{Resume, Trigger, Work};

impl Turning<'_> {
    // ---- halting ----

    /// A branch stops where it is. Its scope stays, and so does what its join has gathered.
    pub fn halt(&mut self, id: BranchId) {
        if let Some(map_run) = self.map_run_of(id) {
            self.end_map_run(map_run, MapRunStatus::Aborted);
        }
        self.execution.unindex(id);
        let trigger = &mut self.position_mut(id).trigger;
        *trigger = match std::mem::replace(trigger, Trigger::Ready) {
            Trigger::Halted(resume) => Trigger::Halted(resume),
            Trigger::Join(join) => Trigger::Halted(Resume::Join(join)),
            Trigger::Ready | Trigger::Task { .. } | Trigger::Timer { .. } | Trigger::Retry { .. } => {
                Trigger::Halted(Resume::Attempt)
            }
        };
    }

    /// Whether a halted branch's move comes too late. A join that has failed and still has to ask its own Retry and
    /// Catch has halted and is not late: what is around it still waits for it.
    pub fn is_late(&self, work: &Work) -> bool {
        let parent = self.position(work.branch()).parent;
        let waited_for = parent.is_none_or(|parent| matches!(self.position(parent.branch).trigger, Trigger::Join(_)));
        !(waited_for && matches!(work, Work::Fail(..)))
    }

    /// A halted branch keeps the move it did not come to, where a task was done for it. A failure is forgotten: the
    /// state is attempted again.
    pub fn keep(&mut self, work: Work) {
        match work {
            Work::Attempt(_) | Work::Fail(..) | Work::Advance(_) => {}
            Work::Enter(id) | Work::Resolve(id, _) | Work::Leave(id, _) => {
                self.position_mut(id).trigger = Trigger::Halted(Resume::Move(Box::new(work)));
            }
        }
    }

    /// Nothing of a failed join is gone on with: its state is attempted anew, or left.
    pub fn abandon(&mut self, id: BranchId) {
        if !matches!(self.position(id).trigger, Trigger::Halted(Resume::Join(_))) {
            return;
        }
        let children = self.halted_children.remove(&id).unwrap_or_else(|| self.children(id));
        for child in children {
            self.abandon(child);
            self.end_branch(child);
        }
        self.disarm(id);
    }

    /// Every branch of an execution that did not succeed halts.
    pub fn halt_all(&mut self) {
        for id in self.branch_ids() {
            self.halt(id);
        }
        for work in std::mem::take(&mut self.execution.ready) {
            if self.execution.branches.contains_key(&work.branch()) {
                self.keep(work);
            }
        }
    }

    // ---- going on ----

    /// Every branch goes on where it has halted. Tells whether the execution could be redriven.
    pub fn redrive(&mut self) -> bool {
        let now = self.env.now;
        if self.execution.redrivable(&self.env.limits, now).is_err() {
            return false;
        }
        let count = self.execution.redrive_count.saturating_add(1);
        let event = self.emit_after(self.execution.last_event, HistoryKind::ExecutionRedriven { count });
        self.execution.status = Status::Running;
        let deadline = self.execution.deadline_from(self.program, &self.env.limits, now);
        self.redriven(count, now, deadline);
        let ids = self.branch_ids();
        for id in &ids {
            self.resume(*id, event);
        }
        for id in ids {
            // An ItemSelector that failed has left room. Should it fail again, branches that come later may be gone.
            if self.execution.branch(id).is_some() {
                state::map::iterate(self, id);
            }
        }
        true
    }

    /// AWS does not tell of the state again: what comes next follows the event with which it was entered.
    fn resume(&mut self, id: BranchId, redriven: u64) {
        let fails = self.state(id).kind.state_type() == StateType::Fail;
        let position = self.position_mut(id);
        let Trigger::Halted(resume) = std::mem::replace(&mut position.trigger, Trigger::Ready) else { return };
        position.retries.clear();
        match resume {
            // A branch that was never begun has nothing to attempt yet.
            Resume::Attempt if position.entered_event == 0 => self.push(Work::Enter(id)),
            Resume::Attempt => {
                // A root that fails at once leaves no event between.
                let follows_redrive = fails && position.parent.is_none();
                position.last_event = if follows_redrive { redriven } else { position.entered_event };
                self.push(Work::Attempt(id));
            }
            Resume::Move(work) => self.push(*work),
            Resume::Join(join) => {
                position.last_event = if position.parent.is_none() { redriven } else { position.entered_event };
                // The ticket stays: nobody answers a join by it, and what is gathered under it is still true.
                position.trigger = Trigger::Join(join);
                self.execution.index(id);
            }
        }
    }

    /// The branches in the order in which they were begun.
    pub fn branch_ids(&self) -> Vec<BranchId> {
        let mut ids: Vec<BranchId> = self.execution.branches.keys().copied().collect();
        ids.sort_unstable();
        ids
    }
}
