//! The desk between an execution and those outside who answer it: which tokens are out, which tasks wait for a worker.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use stepwell_asl::resource::ResourceKind;
use stepwell_asl::{Program, StateKind, Text};
use stepwell_engine::core::{BranchId, Event, EventKind, Invoke, Ticket};
use stepwell_engine::token::TokenKey;
use tokio::sync::{Notify, mpsc};

use super::{Answerer, ApiError};

/// Hands tasks out and takes answers in.
pub struct Desk {
    tokens: TokenKey,
    events: mpsc::Sender<Event>,
    activities: BTreeSet<Text>,
    state: Mutex<State>,
    /// A task was offered, or the desk was closed.
    news: Notify,
}

#[derive(Default)]
struct State {
    /// Armings that somebody outside may answer.
    open: BTreeMap<Ticket, BranchId>,
    /// Tasks that no worker has taken yet, by activity.
    offers: BTreeMap<Text, VecDeque<Offer>>,
    closed: bool,
}

struct Offer {
    branch: BranchId,
    ticket: Ticket,
    task: ActivityTask,
}

/// What a worker gets.
#[derive(Clone, Debug)]
pub struct ActivityTask {
    /// The token to answer with.
    pub token: Text,
    /// The input, as JSON text.
    pub input: String,
}

/// Why an answer was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// The token was not made by this execution.
    Forged,
    /// Nobody waits for this answer any more.
    Closed,
}

impl Desk {
    /// A desk for an execution of this program. Tokens are opened with this key, answers go to `events`.
    pub fn new(program: &Program, tokens: TokenKey, events: mpsc::Sender<Event>) -> Desk {
        let activities = program.states.iter().filter_map(|state| match &state.kind {
            StateKind::Task(task) if task.resource.kind == ResourceKind::Activity => Some(task.resource.arn.clone()),
            _ => None,
        });
        Desk { activities: activities.collect(), tokens, events, state: Mutex::default(), news: Notify::new() }
    }

    /// A token was handed out, or a task is there for an activity's workers.
    pub fn offer(&self, invoke: &Invoke) {
        let mut state = self.lock();
        state.open.insert(invoke.ticket, invoke.branch);
        let Some(token) = invoke.token.clone().filter(|_| !invoke.callback) else { return };
        let task = ActivityTask { token, input: invoke.input.to_string() };
        let offer = Offer { branch: invoke.branch, ticket: invoke.ticket, task };
        state.offers.entry(invoke.resource.clone()).or_default().push_back(offer);
        drop(state);
        self.news.notify_waiters();
    }

    /// Keeps only the armings for which this holds.
    pub fn retain(&self, armed: impl Fn(BranchId, Ticket) -> bool) {
        let state = &mut *self.lock();
        state.open.retain(|ticket, branch| armed(*branch, *ticket));
        for offers in state.offers.values_mut() {
            offers.retain(|offer| state.open.contains_key(&offer.ticket));
        }
    }
}

#[async_trait]
impl Answerer for Desk {
    async fn knows(&self, activity: &str) -> Result<bool, ApiError> {
        Ok(self.activities.contains(activity))
    }

    /// One that ends the task closes the token.
    async fn answer(&self, token: &str, kind: EventKind) -> Result<(), ApiError> {
        let token = self.tokens.open(token).ok_or(Rejected::Forged)?;
        // The place in the queue comes first: once the token is closed, nothing may keep the answer from arriving.
        let place = self.events.reserve().await.map_err(|_| Rejected::Closed)?;
        let mut state = self.lock();
        if state.open.get(&token.ticket) != Some(&token.branch) {
            return Err(Rejected::Closed.into());
        }
        match kind {
            EventKind::TaskSucceeded(_) | EventKind::TaskFailed(_) => drop(state.open.remove(&token.ticket)),
            EventKind::TaskHeartbeat | EventKind::TaskStarted { .. } | EventKind::TaskSubmitted(_) => {}
        }
        place.send(Event::Task { branch: token.branch, ticket: token.ticket, kind });
        Ok(())
    }

    async fn take(
        &self,
        activity: &str,
        worker: Option<Text>,
        patience: Duration,
    ) -> Result<Option<ActivityTask>, ApiError> {
        let taken = tokio::time::timeout(patience, self.next_task(activity, worker)).await;
        Ok(taken.ok().flatten())
    }

    fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.open.clear();
        drop(state);
        self.news.notify_waiters();
    }
}

impl Desk {
    async fn next_task(&self, activity: &str, worker: Option<Text>) -> Option<ActivityTask> {
        loop {
            let news = self.news.notified();
            tokio::pin!(news);
            news.as_mut().enable();
            let place = self.events.reserve().await.ok()?;
            let offer = {
                let mut state = self.lock();
                if state.closed {
                    return None;
                }
                state.next_offer(activity)
            };
            if let Some(offer) = offer {
                let kind = EventKind::TaskStarted { worker };
                place.send(Event::Task { branch: offer.branch, ticket: offer.ticket, kind });
                return Some(offer.task);
            }
            drop(place);
            news.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every critical section is whole at every step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The oldest task that somebody still waits for.
    fn next_offer(&mut self, activity: &str) -> Option<Offer> {
        let offers = self.offers.get_mut(activity)?;
        loop {
            let offer = offers.pop_front()?;
            if self.open.get(&offer.ticket) == Some(&offer.branch) {
                return Some(offer);
            }
        }
    }
}
