//! What a worker says, held against the store in the moment in which it says so, and how it all stands at rest.

use stepwell_asl::Timestamp;
use stepwell_engine::core::{Dispatch, Effect, Event, EventKind, HistoryKind, Invoke, Status, Trigger, Turn};
use stepwell_engine::ids::ExecutionId;
use stepwell_engine::store::{Attention, Commit};
use stepwell_engine::worker::{Action, Outcome, Wake};

use super::{Asked, WorkerWorld, tokens};
use crate::support::model_store::Kept;

impl WorkerWorld {
    pub(super) fn obey(&mut self) {
        while let Some(action) = self.worker.next_action() {
            self.counts.actions += 1;
            if self.failed {
                let allowed = matches!(action, Action::Stop(_) | Action::Reply(_, Outcome::Failed(_)));
                assert!(allowed, "after the store has failed: {action:?}");
            }
            match action {
                Action::Load(id) => self.load(id),
                Action::Commit(commit) => self.commit(*commit),
                Action::Invoke(id, _, invoke) => self.invoke(id, invoke),
                Action::Child(..) | Action::Nested(..) => panic!("these machines start no executions"),
                Action::GiveUp(id, ticket) => {
                    let waiting = self.execution(id).and_then(|execution| execution.waiting(ticket));
                    assert_eq!(waiting, None, "a call is given up that is waited for");
                }
                Action::Offer(..) => {} // they are found in the store
                Action::Offered(activity) => {
                    assert!(self.store.activities.contains(&activity), "an offer is told that was never stored");
                }
                Action::WakeAt(id, wake) => self.wake_at(id, wake),
                Action::Committed(id, turn, _) => self.committed(id, &turn),
                Action::Ended(id, _, status, at) => self.ended(id, &status, at),
                Action::Archive(closed) => self.archiving.push(closed),
                Action::Reply(reply, outcome) => self.reply(reply, &outcome),
                Action::Stop(_) => assert!(self.failed, "it stops and nothing has failed"),
            }
            if self.rules.crash_one_in > 0 && !self.failed && self.dice.one_in(self.rules.crash_one_in) {
                return self.crash();
            }
        }
        self.note_offers();
    }

    fn load(&mut self, id: ExecutionId) {
        assert!(!self.loads.contains(&id), "it is being read already");
        assert!(self.commits.iter().all(|commit| commit.execution != id), "it is read before its commits are answered");
        assert!(!self.is_volatile(id) || !self.recovering.contains(&id));
        self.loads.push(id);
    }

    fn commit(&mut self, commit: Commit) {
        let id = commit.execution;
        assert!(!self.is_volatile(id), "a volatile execution is stored");
        self.commits.push_back(commit);
        let under_way = self.commits.iter().filter(|commit| commit.execution == id).count();
        assert!(under_way <= if self.rules.settings.watched { 1 } else { 2 }, "{under_way} commits are under way");
    }

    fn invoke(&mut self, id: ExecutionId, invoke: Invoke) {
        if self.is_volatile(id) {
            return self.tasks.push((id, invoke)); // its next turns may have been taken already
        }
        let execution = self.execution(id).expect("what is stored asks");
        assert_eq!(execution.waiting(invoke.ticket), Some(invoke.branch), "a call leaves that is not stored");
        assert!(execution.branches[&invoke.branch].position.trigger.is_call(), "a task is called that somebody has");
        if let Trigger::Task { arguments, deadline, .. } = &execution.branches[&invoke.branch].position.trigger {
            assert_eq!((arguments, deadline), (&invoke.input, &invoke.deadline), "another call leaves than is stored");
        }
        self.calls.insert((id, invoke.ticket));
        if !self.tasks.iter().any(|(of, task)| *of == id && task.ticket == invoke.ticket) {
            self.tasks.push((id, invoke));
        }
    }

    /// Workers of activities look into the store.
    fn note_offers(&mut self) {
        let new = |offer: &&stepwell_engine::store::Offer| {
            !self.tasks.iter().any(|(id, task)| *id == offer.execution && task.ticket.0 == offer.ticket)
        };
        let new: Vec<_> = self.store.offers.iter().filter(new).copied().collect();
        for offer in new {
            let effects = self.store.executions[&offer.execution].outstanding(&tokens());
            let task = effects.into_iter().find_map(|effect| match effect {
                Effect::Offer(task) if task.ticket.0 == offer.ticket => Some(task),
                Effect::Offer(_)
                | Effect::Invoke(_)
                | Effect::StartChild(_)
                | Effect::StopChild(_)
                | Effect::StartNested(_)
                | Effect::StopNested(_) => None,
            });
            self.tasks.push((offer.execution, task.expect("an offer is armed")));
        }
    }

    /// Whether turns were stored of which this worker cannot tell.
    fn has_gaps(&self, id: ExecutionId) -> bool {
        self.foreign.contains(&id) || self.unreadable.contains(&id)
    }

    fn wake_at(&mut self, id: ExecutionId, wake: Option<Wake>) {
        match wake {
            Some(Wake { at, indexed }) => {
                let row = self.store.living(id).map(|kept| kept.attention);
                let there = row == Some(Attention::At(at)) || self.stale.contains(&id);
                assert!(!indexed || there, "the store has no row at {at:?} but {row:?}");
                self.timers.insert(id, at);
            }
            None => drop(self.timers.remove(&id)),
        }
    }

    fn committed(&mut self, id: ExecutionId, turn: &Turn) {
        let (Some(first), Some(last)) = (turn.history.first(), turn.history.last()) else { return };
        if !self.is_volatile(id) {
            let kept = &self.store.executions[&id];
            let stored = kept.history.get(first.id as usize - 1..last.id as usize);
            assert_eq!(stored, Some(&turn.history[..]), "a turn is told that is not stored");
        }
        let told = self.told.insert(id, last.id).unwrap_or(0);
        let follows = first.id == told + 1 || self.has_gaps(id) && first.id > told;
        assert!(follows, "event {} is told after {told}", first.id);
    }

    fn ended(&mut self, id: ExecutionId, status: &Status, at: Timestamp) {
        if !self.is_volatile(id) {
            let kept = &self.store.executions[&id];
            let is_stored = kept.history.iter().rev().any(|event| event.at == at && ends_so(&event.kind, status));
            assert!(is_stored, "an end is told that is not stored: {status:?}");
        }
        self.ended.insert(id, at);
    }

    fn reply(&mut self, reply: u64, outcome: &Outcome) {
        let asked = self.replies.remove(&reply).expect("a caller is answered once");
        let Asked { id, event, name } = &asked;
        if self.failed {
            return;
        }
        if let (Event::Started, Some(name)) = (event, name) {
            let stored = self.store.names.get(name) == Some(id);
            return match outcome {
                Outcome::Accepted => assert!(stored, "a start is acknowledged that is not stored"),
                Outcome::Taken => {
                    assert!(!stored || self.unreadable.contains(id), "it was started and is told otherwise")
                }
                Outcome::Failed(_) => assert!(self.refused.contains(id) || self.unreadable.contains(id)),
                Outcome::Given { .. } | Outcome::Ignored | Outcome::NotFound => panic!("a start comes to {outcome:?}"),
            };
        }
        if self.is_volatile(*id) {
            return;
        }
        match outcome {
            Outcome::Accepted => assert!(self.is_stored(*id, event), "{event:?} is acknowledged and not stored"),
            Outcome::Given { token, .. } => self.given(*id, event, token),
            Outcome::Ignored => self.ignored(*id, event),
            Outcome::NotFound => assert!(self.store.living(*id).is_none(), "it is there and not found"),
            Outcome::Failed(why) => {
                let never_was = self.refused.contains(id) && self.store.execution(*id).is_none();
                assert!(never_was || self.unreadable.contains(id), "{event:?} has failed: {why}");
            }
            Outcome::Taken => panic!("{event:?} is no start"),
        }
    }

    /// Whether an event has left its mark in the store: its own, or the failure that took its turn's place, or its line's
    /// where the history was full.
    fn is_stored(&self, id: ExecutionId, event: &Event) -> bool {
        let Some(kept) = self.store.executions.get(&id) else { return false };
        let limit = self.rules.limits.history_events;
        let is_full = limit.is_some_and(|limit| kept.execution.last_event >= limit);
        let in_its_place = |kind: &HistoryKind| {
            matches!(kind, HistoryKind::ExecutionFailed(error)
            if error.name.as_deref() == Some("States.DataLimitExceeded"))
        };
        self.has_effect(kept, event) || is_full || self.refused.contains(&id) && kept.has(in_its_place)
    }

    fn has_effect(&self, kept: &Kept, event: &Event) -> bool {
        match event {
            Event::Started => !kept.history.is_empty(),
            Event::Stopped(error) => kept.has(|kind| matches!(kind, HistoryKind::ExecutionAborted(of) if of == error)),
            Event::Failed(error) => kept.has(|kind| matches!(kind, HistoryKind::ExecutionFailed(of) if of == error)),
            Event::Redriven => kept.has(|kind| matches!(kind, HistoryKind::ExecutionRedriven { .. })),
            Event::Task { kind: EventKind::TaskSucceeded(value), .. } => {
                kept.has(|kind| matches!(kind, HistoryKind::TaskSucceeded { output, .. } if output == value))
            }
            Event::Task { kind: EventKind::TaskSubmitted(value), .. } => {
                kept.has(|kind| matches!(kind, HistoryKind::TaskSubmitted { output, .. } if output == value))
            }
            Event::Task { kind: EventKind::TaskFailed(error), .. } => {
                kept.has(|kind| matches!(kind, HistoryKind::TaskFailed { error: of, .. } if of == error))
            }
            Event::Task { kind: EventKind::TaskSubmitFailed(error), .. } => {
                kept.has(|kind| matches!(kind, HistoryKind::TaskSubmitFailed { error: of, .. } if of == error))
            }
            Event::Task { kind: EventKind::TaskStarted { worker }, .. } => {
                kept.has(|kind| matches!(kind, HistoryKind::TaskStarted { worker: of, .. } if of == worker))
            }
            Event::Continue
            | Event::TimerFired
            | Event::Task { kind: EventKind::TaskHeartbeat, .. }
            | Event::ChildEnded { .. }
            | Event::MapRunUpdated { .. } => kept.events.contains(event),
        }
    }

    fn given(&mut self, id: ExecutionId, event: &Event, token: &str) {
        self.counts.given += 1;
        let Event::Task { branch, ticket, kind: EventKind::TaskStarted { .. } } = event else {
            panic!("{event:?} takes nothing");
        };
        let opened = tokens().open(token).expect("the token is ours");
        assert_eq!((opened.branch, opened.ticket), (*branch, *ticket));
        assert!(self.is_stored(id, event), "a task is given and that is not stored");
    }

    fn ignored(&self, id: ExecutionId, event: &Event) {
        let Some(kept) = self.store.living(id).filter(|_| !self.foreign.contains(&id)) else { return };
        match event {
            Event::Task { branch, ticket, kind } => {
                let waits = kept.execution.waiting(*ticket) == Some(*branch);
                let wanted = match kind {
                    EventKind::TaskStarted { .. } => waits && self.dispatch(id, *branch) == Some(Dispatch::Offer),
                    EventKind::TaskSubmitted(_) => waits && self.dispatch(id, *branch) == Some(Dispatch::Call),
                    EventKind::TaskHeartbeat => waits,
                    EventKind::TaskSucceeded(_) | EventKind::TaskFailed(_) | EventKind::TaskSubmitFailed(_) => waits,
                };
                assert!(!wanted, "{event:?} is ignored and waited for");
                let counts = matches!(kind, EventKind::TaskSucceeded(_) | EventKind::TaskFailed(_));
                let counts = counts && self.rules.distinct && !self.repeated.contains(event);
                assert!(!counts || !self.has_effect(kept, event), "{event:?} is ignored and has moved it");
            }
            Event::Stopped(_) => assert!(kept.has(HistoryKind::is_terminal), "it runs and cannot be stopped"),
            Event::Started
            | Event::Continue
            | Event::TimerFired
            | Event::Failed(_)
            | Event::Redriven
            | Event::ChildEnded { .. }
            | Event::MapRunUpdated { .. } => {}
        }
    }

    // ---- at rest ----

    /// Nothing is under way: everybody has been answered, and the worker knows what the store knows.
    pub(super) fn check_rest(&self) {
        assert!(self.replies.is_empty(), "somebody waits for an answer");
        assert_eq!(self.worker.commits_in_flight(), 0);
        let mut in_memory = 0;
        for (id, kept) in self.store.executions.iter().filter(|(_, kept)| !kept.archived) {
            if self.stale.contains(id) || self.neglected.contains(id) {
                continue;
            }
            let resident = self.worker.execution(*id);
            assert!(resident.is_none_or(|of| *of == kept.execution), "the worker has it otherwise than the store");
            let running = kept.execution.status == Status::Running;
            assert!(resident.is_none() || running, "it has ended and stays in memory");
            if kept.execution.unconfirmed() {
                assert!(resident.is_some(), "its calls are under way, and it is not in memory");
            } else {
                in_memory += usize::from(resident.is_some());
            }
            self.check_calls(*id, kept);
            if let Some(due) = kept.execution.next_deadline() {
                let wakes = self.timers.get(id).is_some_and(|at| *at <= due);
                assert!(wakes, "nobody wakes {id:?} at {due:?} but at {:?}", self.timers.get(id));
            }
            if !self.has_gaps(*id) {
                assert_eq!(self.told.get(id), Some(&kept.execution.last_event), "not all of its history was told");
            }
            if let Some(at) = kept.ended_at().filter(|_| !self.has_gaps(*id)) {
                assert_eq!(self.ended.get(id), Some(&at), "its end was not told");
            }
        }
        if !self.needs_restart() {
            assert!(in_memory <= self.rules.settings.idle_max, "{in_memory} executions stay in memory");
        }
    }

    fn check_calls(&self, id: ExecutionId, kept: &Kept) {
        if kept.execution.status != Status::Running {
            return;
        }
        for branch in kept.execution.branches.values().filter(|branch| branch.position.trigger.is_call()) {
            let ticket = branch.position.ticket;
            assert!(self.calls.contains(&(id, ticket)), "nobody was called for {ticket:?}");
        }
    }
}

fn ends_so(kind: &HistoryKind, status: &Status) -> bool {
    match (kind, status) {
        (HistoryKind::ExecutionSucceeded { output }, Status::Succeeded(of)) => output == of,
        (HistoryKind::ExecutionFailed(error), Status::Failed(of))
        | (HistoryKind::ExecutionTimedOut(error), Status::TimedOut(of))
        | (HistoryKind::ExecutionAborted(error), Status::Aborted(of)) => error == of,
        _ => false,
    }
}
