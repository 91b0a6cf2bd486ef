//! Runs one execution in memory: receives events, takes turns, dispatches what is outstanding, keeps the time.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use stepwell_asl::{Chance, Program, Timestamp};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use crate::chance::{random, seed};
use crate::clock::Clock;
use crate::core::{
    Effect, Env, Event, Execution, Identity, Invoke, Limits, Outstanding, StateError, Status, Ticket, Turn,
    outstanding, step,
};
use crate::dispatch;
use crate::invoke::Invoker;
use crate::token::TokenKey;

/// Moves one turn makes at most.
const MOVES_MAX: u32 = 10_000;

/// Events one turn takes at most.
const EVENTS_MAX: usize = 1_000;

/// How to run an execution.
pub struct Options {
    /// The limits that hold.
    pub limits: Limits,
    /// The time.
    pub clock: Clock,
    /// The key for task tokens.
    pub tokens: TokenKey,
    /// The seed of chance.
    pub seed: [u64; 4],
    /// Events from outside the invokers: answers to callbacks, activity workers, somebody who stops the execution.
    pub inbox: Option<mpsc::Receiver<Event>>,
    /// Whether callbacks and activities can be answered through the inbox. Where they cannot, activities go to the
    /// invokers, and an execution that waits for an answer and for nothing else ends with an error that says so.
    pub answered_outside: bool,
}

impl Options {
    /// AWS's limits, real time, a key and a seed of chance of its own. An error where the machine has no randomness.
    pub fn new() -> io::Result<Options> {
        Ok(Options {
            limits: Limits::AWS,
            clock: Clock::real(),
            tokens: TokenKey::new(random()?),
            seed: seed()?,
            inbox: None,
            answered_outside: false,
        })
    }
}

/// Sees an execution as it happens.
pub trait Watcher: Send {
    /// A turn was taken.
    fn turn(&mut self, turn: &Turn, execution: &Execution);
    /// Somebody outside must answer this: a callback whose token was handed out, or a task for an activity's workers.
    fn waits_outside(&mut self, invoke: &Invoke) {
        let _ = invoke;
    }
}

/// Nobody watches.
impl Watcher for () {
    fn turn(&mut self, _: &Turn, _: &Execution) {}
}

/// Runs an execution to its end and gives its status: never [`Status::Running`].
pub async fn run(
    program: Arc<Program>,
    identity: Identity,
    invoker: Arc<dyn Invoker>,
    options: Options,
    watcher: &mut dyn Watcher,
) -> Status {
    let execution = Execution::new(&program, identity, &options.limits);
    let env = Env {
        now: options.clock.now(),
        chance: Chance::from_seed(options.seed),
        limits: options.limits,
        tokens: options.tokens,
        moves_max: MOVES_MAX,
        bytes_max: usize::MAX,
    };
    let run = Run {
        program,
        execution,
        env,
        invoker,
        clock: options.clock,
        inbox: options.inbox,
        answered_outside: options.answered_outside,
        in_flight: JoinSet::new(),
        calls: HashMap::new(),
        watcher,
    };
    run.finish().await
}

struct Run<'a> {
    program: Arc<Program>,
    execution: Execution,
    env: Env,
    invoker: Arc<dyn Invoker>,
    clock: Clock,
    inbox: Option<mpsc::Receiver<Event>>,
    answered_outside: bool,
    in_flight: JoinSet<Vec<Event>>,
    calls: HashMap<Ticket, AbortHandle>,
    watcher: &'a mut dyn Watcher,
}

impl Run<'_> {
    async fn finish(mut self) -> Status {
        let mut events = vec![Event::Started];
        loop {
            let since = self.execution.last_ticket;
            self.env.now = self.clock.now();
            let turn = step(&self.program, &mut self.execution, &events, &mut self.env);
            self.watcher.turn(&turn, &self.execution);
            if self.execution.status != Status::Running {
                return self.execution.status;
            }
            let waiting = outstanding(&self.program, &self.execution, since, &self.env.tokens);
            self.give_up();
            let (wake_at, more) = (waiting.wake_at, waiting.more);
            self.dispatch(waiting);
            events = if more {
                tokio::task::yield_now().await; // a loop that never waits must not keep the thread for itself
                vec![Event::Continue]
            } else {
                self.receive(wake_at).await
            };
            self.gather(&mut events);
        }
    }

    fn dispatch(&mut self, outstanding: Outstanding) {
        for effect in outstanding.effects {
            match effect {
                Effect::Invoke(invoke) => self.invoke(invoke, false),
                Effect::Offer(offer) if self.answered_outside => self.watcher.waits_outside(&offer),
                Effect::Offer(offer) => self.invoke(offer, true),
            }
        }
    }

    /// Hands a task to the invokers. Nothing but the answer comes back: its ticket says where it belongs.
    fn invoke(&mut self, invoke: Invoke, offered: bool) {
        if invoke.callback {
            self.watcher.waits_outside(&invoke);
        }
        let left = invoke.deadline.map(|at| self.clock.until(at));
        let task = dispatch::task(&invoke, &self.execution.identity, left);
        let (ticket, invoker) = (invoke.ticket, self.invoker.clone());
        let running =
            self.in_flight.spawn(async move { dispatch::call(invoker.as_ref(), task, &invoke, offered).await });
        self.calls.insert(ticket, running);
    }

    /// Gives up the calls whose tasks have timed out or were aborted: nobody waits for their answers.
    fn give_up(&mut self) {
        let execution = &self.execution;
        self.calls.retain(|ticket, call| {
            let wanted = execution.waiting(*ticket).is_some();
            if !wanted {
                call.abort();
            }
            wanted
        });
    }

    /// Waits for an answer or for the time.
    async fn receive(&mut self, wake_at: Option<Timestamp>) -> Vec<Event> {
        let idle = self.in_flight.is_empty();
        let timed = self.execution.next_timer().is_some() || self.program.timeout_s.is_some();
        if idle && !timed && !self.answered_outside {
            return vec![Event::Stopped(nobody_answers())]; // not after the year that every execution has
        }
        tokio::select! {
            biased;
            Some(answer) = self.in_flight.join_next() => answer.unwrap_or_default(),
            Some(event) = next(&mut self.inbox) => vec![event],
            () = wake(&mut self.clock, wake_at, idle), if wake_at.is_some() => vec![Event::TimerFired],
            else => vec![Event::Stopped(nobody_answers())],
        }
    }

    /// Takes what has come in the meantime into the same turn.
    fn gather(&mut self, events: &mut Vec<Event>) {
        while events.len() < EVENTS_MAX
            && let Some(answer) = self.in_flight.try_join_next()
        {
            events.extend(answer.unwrap_or_default());
        }
        while events.len() < EVENTS_MAX
            && let Some(inbox) = &mut self.inbox
            && let Ok(event) = inbox.try_recv()
        {
            events.push(event);
        }
    }
}

async fn next(inbox: &mut Option<mpsc::Receiver<Event>>) -> Option<Event> {
    match inbox {
        Some(inbox) => inbox.recv().await,
        None => None,
    }
}

/// Comes back when the time has come. A clock that jumps does so only while nobody is at work.
pub(crate) async fn wake(clock: &mut Clock, at: Option<Timestamp>, idle: bool) {
    /// The longest single sleep: timers of the runtime do not reach years ahead.
    const SLEEP_MAX: Duration = Duration::from_secs(24 * 3600);
    let Some(at) = at else { return std::future::pending().await };
    if idle && clock.jump_to(at) {
        return;
    }
    loop {
        let left = clock.until(at);
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left.min(SLEEP_MAX)).await;
    }
}

fn nobody_answers() -> StateError {
    StateError::new(
        "States.Runtime",
        "The execution waits for a task token or an activity worker, and nobody can answer: run it with --api",
    )
}
