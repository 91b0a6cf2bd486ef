//! The desk between an execution, with those that its map runs start, and those outside who answer them: which tokens are
//! out, which tasks wait for a worker.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use stepwell_asl::resource::ResourceKind;
use stepwell_asl::{Program, StateKind, Text};
use stepwell_engine::core::{BranchId, Event, EventKind, Execution, Invoke, Ticket};
use stepwell_engine::runner::Letter;
use stepwell_engine::token::{Token, TokenKey};
use tokio::sync::{Notify, mpsc};

use super::{Answerer, ApiError};

/// Hands tasks out and takes answers in.
pub struct Desk {
    tokens: TokenKey,
    events: mpsc::Sender<Letter>,
    activities: BTreeSet<Text>,
    state: Mutex<State>,
    /// A task was offered, or the desk was closed.
    news: Notify,
}

#[derive(Default)]
struct State {
    /// Armings that somebody outside may answer, by execution.
    open: BTreeMap<(Text, Ticket), BranchId>,
    /// Tasks that no worker has taken yet, by activity.
    offers: BTreeMap<Text, VecDeque<Offer>>,
    closed: bool,
}

struct Offer {
    of: Token,
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
    pub fn new(program: &Program, tokens: TokenKey, events: mpsc::Sender<Letter>) -> Desk {
        let activities = program.states.iter().filter_map(|state| match &state.kind {
            StateKind::Task(task) if task.resource.kind == ResourceKind::Activity => Some(task.resource.arn.clone()),
            _ => None,
        });
        Desk { activities: activities.collect(), tokens, events, state: Mutex::default(), news: Notify::new() }
    }

    /// A token was handed out, or a task is there for an activity's workers.
    pub fn offer(&self, invoke: &Invoke) {
        let Some((token, of)) = invoke.token.clone().and_then(|token| Some((token.clone(), self.tokens.open(&token)?)))
        else {
            return; // only what has a token is answered
        };
        let mut state = self.lock();
        state.open.insert(key(&of), invoke.branch);
        if invoke.callback {
            return;
        }
        let task = ActivityTask { token, input: invoke.input.to_string() };
        let offer = Offer { of, task };
        state.offers.entry(invoke.resource.clone()).or_default().push_back(offer);
        drop(state);
        self.news.notify_waiters();
    }

    /// Of an execution's armings keeps only those under which it still waits.
    pub fn settle(&self, execution: &Execution) {
        let arn = &execution.identity.arn;
        let state = &mut *self.lock();
        state.open.retain(|(of, ticket), branch| of != arn || execution.waiting(*ticket) == Some(*branch));
        for offers in state.offers.values_mut() {
            offers.retain(|offer| state.open.contains_key(&key(&offer.of)));
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
        if state.open.get(&key(&token)) != Some(&token.branch) {
            return Err(Rejected::Closed.into());
        }
        match kind {
            EventKind::TaskSucceeded(_) | EventKind::TaskFailed(_) | EventKind::TaskSubmitFailed(_) => {
                state.open.remove(&key(&token));
            }
            EventKind::TaskHeartbeat | EventKind::TaskStarted { .. } | EventKind::TaskSubmitted(_) => {}
        }
        place.send(letter(&token, kind));
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
                place.send(letter(&offer.of, kind));
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

fn key(token: &Token) -> (Text, Ticket) {
    (token.execution_arn.as_str().into(), token.ticket)
}

fn letter(token: &Token, kind: EventKind) -> Letter {
    let event = Event::Task { branch: token.branch, ticket: token.ticket, kind };
    Letter { execution_arn: Some(token.execution_arn.as_str().into()), event }
}

impl State {
    /// The oldest task that somebody still waits for.
    fn next_offer(&mut self, activity: &str) -> Option<Offer> {
        let offers = self.offers.get_mut(activity)?;
        loop {
            let offer = offers.pop_front()?;
            if self.open.get(&key(&offer.of)) == Some(&offer.of.branch) {
                return Some(offer);
            }
        }
    }
}
