//! Hands the tasks of activities to workers that poll for them. The store holds the offers; here is only who waits, and
//! what is being handed over.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stepwell_asl::{Text, Value};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::core::{BranchId, Event, EventKind, Ticket};
use crate::error::EngineError;
use crate::ids::Key;
use crate::shared::Shared;
use crate::store::Offer;
use crate::worker::Outcome;

/// Offers that are read at once.
const OFFERS_MAX: usize = 64;

/// A task for an activity's worker.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivityTask {
    /// The token to answer with.
    pub token: Text,
    /// The task's input.
    pub input: Value,
}

#[derive(Default)]
pub(crate) struct Activities(Mutex<State>);

#[derive(Default)]
struct State {
    polls: HashMap<Key, Poll>,
    /// Offers on their way to a worker: others look further.
    handed: HashSet<Offer>,
}

#[derive(Default)]
struct Poll {
    news: Arc<Notify>,
    /// Who polls now.
    waiting: usize,
    /// Who has a place among those who may.
    admitted: usize,
}

impl Activities {
    /// There are new tasks.
    pub fn offered(&self, activity: Key) {
        if let Some(poll) = self.lock().polls.get(&activity) {
            poll.news.notify_waiters();
        }
    }

    /// A place among those who poll an activity, until it is dropped; `None` where so many have one already.
    pub fn admit(&self, activity: Key, max: Option<usize>) -> Option<Waiting<'_>> {
        let mut state = self.lock();
        let poll = state.polls.entry(activity).or_default();
        if max.is_some_and(|max| poll.admitted >= max) {
            return None;
        }
        poll.admitted += 1;
        Some(Waiting { activities: self, activity, is_admitted: true })
    }

    /// The next task of an activity, durably given to this worker; `None` where none came in time.
    pub async fn poll(
        &self,
        shared: &Shared,
        activity: Key,
        worker: Option<Text>,
        patience: Duration,
    ) -> Result<Option<ActivityTask>, EngineError> {
        let deadline = Instant::now() + patience;
        let news = {
            let mut state = self.lock();
            let poll = state.polls.entry(activity).or_default();
            poll.waiting += 1;
            poll.news.clone()
        };
        let _waiting = Waiting { activities: self, activity, is_admitted: false };
        loop {
            let coming = news.notified();
            tokio::pin!(coming);
            coming.as_mut().enable();
            if let Some(task) = self.take(shared, activity, worker.clone()).await? {
                return Ok(Some(task));
            }
            tokio::select! {
                () = coming => {}
                () = tokio::time::sleep_until(deadline) => return Ok(None),
                () = shared.stopping() => return Ok(None),
            }
        }
    }

    async fn take(
        &self,
        shared: &Shared,
        activity: Key,
        worker: Option<Text>,
    ) -> Result<Option<ActivityTask>, EngineError> {
        let mut after = None;
        loop {
            let offers = shared.store.offers(activity, after, OFFERS_MAX).await?;
            for offer in &offers {
                let Some(_handing) = self.hand(*offer) else { continue };
                let kind = EventKind::TaskStarted { worker: worker.clone() };
                let event = Event::Task { branch: BranchId(offer.branch), ticket: Ticket(offer.ticket), kind };
                if let Outcome::Given { token, input } = shared.deliver(offer.execution, event).await? {
                    return Ok(Some(ActivityTask { token, input }));
                }
            }
            match offers.last() {
                Some(last) if offers.len() == OFFERS_MAX => after = Some(*last),
                _ => return Ok(None),
            }
        }
    }

    fn hand(&self, offer: Offer) -> Option<Handing<'_>> {
        let free = self.lock().handed.insert(offer); // the lock is free again before anything is given back
        free.then(|| Handing(self, offer))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every critical section is whole at every step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who polls, or may; gone when it is dropped.
pub(crate) struct Waiting<'a> {
    activities: &'a Activities,
    activity: Key,
    is_admitted: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.activities.lock();
        if let Some(poll) = state.polls.get_mut(&self.activity) {
            match self.is_admitted {
                true => poll.admitted -= 1,
                false => poll.waiting -= 1,
            }
            if poll.waiting == 0 && poll.admitted == 0 {
                state.polls.remove(&self.activity);
            }
        }
    }
}

/// An offer on its way; given back when it is dropped.
struct Handing<'a>(&'a Activities, Offer);

impl Drop for Handing<'_> {
    fn drop(&mut self) {
        self.0.lock().handed.remove(&self.1);
    }
}
