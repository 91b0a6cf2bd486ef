//! What comes after a commit: outcomes let effects out, failures have the execution read again.

use super::live::{Live, Pending};
use super::{Action, Asked, Loaded, Outcome, Queued, Resident, Stage, Worker, too_large};
use crate::core::{Event, StateError, Status};
use crate::ids::ExecutionId;
use crate::store::{CommitError, Failure, StoreError};

impl<R> Worker<R> {
    /// A commit has been answered.
    pub fn committed(&mut self, id: ExecutionId, sequence: u32, result: Result<(), CommitError>) {
        self.commits -= 1;
        match result {
            Ok(()) => self.commit_succeeded(id, sequence),
            Err(CommitError::Failed(failure)) => self.fail(failure),
            Err(CommitError::Fenced) => self.moved(id),
            Err(CommitError::Conflict | CommitError::Unknown) => {
                self.commit_failed(id, None);
                self.answered_while_failing(id);
            }
            Err(CommitError::TooLarge { bytes, bytes_max }) => {
                self.commit_failed(id, Some((sequence, too_large(bytes, bytes_max))));
                self.answered_while_failing(id);
            }
        }
    }

    fn commit_succeeded(&mut self, id: ExecutionId, sequence: u32) {
        let Some(resident) = self.residents.get_mut(&id) else { return };
        match &mut resident.stage {
            Stage::Live(live) => {
                if let Some(pending) = live.pending.iter_mut().find(|one| one.sequence == sequence && !one.durable) {
                    pending.durable = true;
                }
                self.settle_durable(id);
            }
            // A commit before it has failed: what is durable is told by what is read.
            Stage::Failing { .. } => self.answered_while_failing(id),
            Stage::Loading { .. } => {}
        }
    }

    /// Lets out what durable turns have to say, in order.
    pub(super) fn settle_durable(&mut self, id: ExecutionId) {
        let Some(resident) = self.residents.get_mut(&id) else { return };
        let Stage::Live(live) = &mut resident.stage else { return };
        while let Some(pending) = live.pending.pop_front_if(|pending| pending.durable) {
            let identity = live.execution.identity.clone();
            let Pending {
                replies,
                turn,
                invokes,
                children,
                nested,
                offers,
                offered,
                given_up,
                given,
                wake,
                ended,
                closed,
                ..
            } = pending;
            let (mut ignored, mut given) = (turn.ignored.iter().peekable(), given.into_iter().peekable());
            for (at, reply) in replies.into_iter().enumerate() {
                let outcome = match (ignored.next_if_eq(&&at), given.next_if(|(of, _)| *of == at)) {
                    (Some(_), _) => Outcome::Ignored,
                    (None, Some((_, given))) => given,
                    (None, None) => Outcome::Accepted,
                };
                self.actions.extend(reply.map(|reply| Action::Reply(reply, outcome)));
            }
            self.actions.extend(given_up.into_iter().map(|ticket| Action::GiveUp(id, ticket)));
            // A later turn may have disarmed a ticket already: nobody would listen to the answer.
            let wanted = invokes.into_iter().filter(|invoke| live.execution.waiting(invoke.ticket).is_some());
            self.actions.extend(wanted.map(|invoke| Action::Invoke(id, identity.clone(), invoke)));
            if !children.is_empty() {
                let parent = live.as_parent();
                let wanted = children.into_iter().filter(|child| live.wants(child));
                self.actions.extend(wanted.map(|(child, input)| Action::Child(id, parent.clone(), child, input)));
            }
            let nested = nested.into_iter().filter(|work| live.wants_nested(work));
            self.actions.extend(nested.map(|work| Action::Nested(id, identity.clone(), work)));
            self.actions.extend(offers.into_iter().map(|offer| Action::Offer(id, offer)));
            self.actions.extend(offered.into_iter().map(Action::Offered));
            self.actions.extend(wake.map(|wake| Action::WakeAt(id, wake)));
            if !turn.history.is_empty() || self.settings.watched {
                self.actions.push_back(Action::Committed(id, turn, identity.clone()));
            }
            self.actions.extend(ended.map(|(status, at)| Action::Ended(id, identity, status, at)));
            self.actions.extend(closed.map(Action::Archive));
        }
        self.rest(id);
        self.enable(id);
    }

    /// An execution with nothing under way may leave memory; one that has ended does.
    fn rest(&mut self, id: ExecutionId) {
        let Some(resident) = self.residents.get(&id) else { return };
        if !resident.is_idle() {
            return self.idle.remove(id);
        }
        let Stage::Live(live) = &resident.stage else { return };
        if live.execution.status == Status::Running {
            self.idle.insert(id, live.weight());
        } else {
            self.idle.remove(id);
            self.residents.remove(&id);
        }
    }

    /// A turn is not durable: what is in memory is given up, and with it all turns that follow. One that can never be
    /// stored is `refused`: it would be the same however often it was taken, so the execution fails in its place.
    pub(super) fn commit_failed(&mut self, id: ExecutionId, refused: Option<(u32, StateError)>) {
        let Some(resident) = self.residents.get_mut(&id) else { return };
        if let Stage::Live(live) = &mut resident.stage {
            let mut unresolved: Vec<Pending<R>> = live.pending.drain(..).collect();
            let unanswered = unresolved.iter().filter(|pending| !pending.durable).count();
            if let Some((sequence, error)) = refused
                && let Some(pending) = unresolved.iter_mut().find(|pending| pending.sequence == sequence)
            {
                // As many as before: each has somebody who may want to know.
                pending.events.fill(Event::Failed(error));
            }
            resident.stage = Stage::Failing { unresolved, unanswered };
        }
        self.idle.remove(id);
    }

    /// When every commit of a failing execution has been answered, it is read again.
    pub(super) fn answered_while_failing(&mut self, id: ExecutionId) {
        let Some(resident) = self.residents.get_mut(&id) else { return };
        let Stage::Failing { unresolved, unanswered } = &mut resident.stage else { return };
        *unanswered -= 1;
        if *unanswered == 0 {
            let unresolved = std::mem::take(unresolved);
            resident.stage = Stage::Loading { unresolved };
            self.actions.push_back(Action::Load(id));
        }
    }

    /// An execution has been read. `None`: there is none.
    pub fn loaded(&mut self, id: ExecutionId, result: Result<Option<Loaded>, StoreError>) {
        let Some(resident) = self.residents.get_mut(&id) else { return };
        let Stage::Loading { unresolved } = &mut resident.stage else { return };
        let unresolved = std::mem::take(unresolved);
        match result {
            Ok(Some(loaded)) => self.resume(id, loaded, unresolved),
            Ok(None) => self.dismiss(id, unresolved, &Outcome::NotFound),
            Err(StoreError::Failed(failure)) => {
                self.dismiss(id, unresolved, &Outcome::Failed(failure.to_string()));
            }
            Err(error @ (StoreError::Conflict | StoreError::TooLarge { .. })) => {
                self.dismiss(id, unresolved, &Outcome::Failed(error.to_string()));
            }
        }
    }

    fn resume(&mut self, id: ExecutionId, loaded: Loaded, unresolved: Vec<Pending<R>>) {
        let Some(resident) = self.residents.get_mut(&id) else { return };
        // What follows one of our turns is ours too, and what comes before it was committed with it.
        let committed = unresolved
            .iter()
            .rposition(|pending| pending.sequence > 0 && loaded.turns.contains(&(pending.sequence, pending.turn_id)));
        let mut live = Box::new(Live::loaded(id, loaded));
        let mut again = Vec::new();
        for (at, mut pending) in unresolved.into_iter().enumerate() {
            if committed.is_some_and(|newest| at <= newest) {
                // Its effects are asked for below, with all that is outstanding.
                (pending.durable, pending.invokes, pending.wake) = (true, Vec::new(), None);
                (pending.children, pending.nested, pending.offers) = (Vec::new(), Vec::new(), Vec::new());
                live.pending.push_back(pending);
            } else {
                again.extend(
                    pending.events.into_iter().zip(pending.replies.into_iter().chain(std::iter::repeat_with(|| None))),
                );
            }
        }
        for (event, reply) in again.into_iter().rev() {
            resident.queue.push_front(Queued { event, reply });
        }
        let identity = live.execution.identity.clone();
        let Asked { offers: _, invokes, children, nested } = live.outstanding(&self.env.tokens);
        for invoke in invokes {
            self.actions.push_back(Action::Invoke(id, identity.clone(), invoke));
        }
        for (child, input) in children {
            self.actions.push_back(Action::Child(id, live.as_parent(), child, input));
        }
        self.actions.extend(nested.into_iter().map(|work| Action::Nested(id, identity.clone(), work)));
        let fired = resident.queue.iter().any(|queued| queued.event == Event::TimerFired);
        self.actions.extend(live.wake_as_loaded(self.env.now, fired).map(|wake| Action::WakeAt(id, wake)));
        resident.stage = Stage::Live(live);
        self.settle_durable(id);
    }

    /// There is no execution for these events.
    fn dismiss(&mut self, id: ExecutionId, unresolved: Vec<Pending<R>>, outcome: &Outcome) {
        let Some(Resident { queue, .. }) = self.residents.remove(&id) else { return };
        for pending in unresolved {
            for (event, reply) in pending.events.into_iter().zip(pending.replies) {
                let outcome = match event {
                    // A start that did not come through has lost its name to another, or is to be tried again.
                    Event::Started => Outcome::Taken,
                    Event::Failed(error) => Outcome::Failed(error.cause.unwrap_or_default().to_string()),
                    _ => outcome.clone(),
                };
                self.actions.extend(reply.map(|reply| Action::Reply(reply, outcome)));
            }
        }
        for Queued { reply, .. } in queue {
            self.actions.extend(reply.map(|reply| Action::Reply(reply, outcome.clone())));
        }
    }

    /// Somebody else owns the shard: nothing that is in memory of it counts any more.
    fn moved(&mut self, id: ExecutionId) {
        self.idle.remove(id);
        let unresolved = match self.residents.get_mut(&id).map(|resident| &mut resident.stage) {
            Some(Stage::Live(live)) => live.pending.drain(..).collect(),
            Some(Stage::Failing { unresolved, .. } | Stage::Loading { unresolved }) => std::mem::take(unresolved),
            None => return,
        };
        self.dismiss(id, unresolved, &Outcome::Failed("another node runs this execution now".to_owned()));
    }

    /// The store has failed: nobody is told anything but that.
    pub fn fail(&mut self, failure: Failure) {
        if self.failed.is_some() {
            return;
        }
        self.failed = Some(failure.clone());
        self.actions.push_back(Action::Stop(failure.clone()));
        let outcome = Outcome::Failed(failure.to_string());
        for (_, Resident { queue, stage, .. }) in self.residents.drain() {
            let unresolved = match stage {
                Stage::Loading { unresolved } | Stage::Failing { unresolved, .. } => unresolved,
                Stage::Live(live) => live.pending.into_iter().collect(),
            };
            let replies = unresolved.into_iter().flat_map(|pending| pending.replies);
            for reply in replies.chain(queue.into_iter().map(|queued| queued.reply)).flatten() {
                self.actions.push_back(Action::Reply(reply, outcome.clone()));
            }
        }
    }
}
