//! Runs one execution in memory, with those that its map runs start: receives events, takes turns, dispatches what is
//! outstanding, keeps the time.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use stepwell_asl::{Chance, Program, Text, Timestamp};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinError, JoinSet};

use crate::chance::{random, seed};
use crate::clock::Clock;
use crate::core::{
    ChildEnd, Effect, Env, Event, Execution, Identity, Invoke, Limits, Pace, StartChild, StateError, Status, Ticket,
    Turn, outstanding, step,
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
    /// How fast Waits and retries pass.
    pub pace: Pace,
    /// The time.
    pub clock: Clock,
    /// The key for task tokens.
    pub tokens: TokenKey,
    /// The seed of chance.
    pub seed: [u64; 4],
    /// Events from outside the invokers: answers to callbacks, activity workers, somebody who stops the execution.
    pub inbox: Option<mpsc::Receiver<Letter>>,
    /// Whether callbacks and activities can be answered through the inbox. Where they cannot, activities go to the
    /// invokers, and an execution that waits for an answer and for nothing else ends with an error that says so.
    pub answered_outside: bool,
}

impl Options {
    /// AWS's limits, real time, a key and a seed of chance of its own. An error where the machine has no randomness.
    pub fn new() -> io::Result<Options> {
        Ok(Options {
            limits: Limits::AWS,
            pace: Pace::REAL,
            clock: Clock::real(),
            tokens: TokenKey::new(random()?),
            seed: seed()?,
            inbox: None,
            answered_outside: false,
        })
    }
}

/// An event from outside.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The ARN of the execution that it is for. `None`: the one that is run, not one that a map run of it has started.
    pub execution_arn: Option<Text>,
    /// What happened.
    pub event: Event,
}

/// Sees an execution as it happens.
pub trait Watcher: Send {
    /// A turn was taken.
    fn turn(&mut self, turn: &Turn, execution: &Execution);
    /// A turn was taken by an execution that a map run has started.
    fn child_turn(&mut self, turn: &Turn, execution: &Execution) {
        let _ = (turn, execution);
    }
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
        limits: options.limits.clone(),
        pace: options.pace,
        tokens: options.tokens,
        moves_max: MOVES_MAX,
        bytes_max: usize::MAX,
    };
    let mut run = Run {
        program,
        env,
        limits: options.limits,
        invoker,
        clock: options.clock,
        inbox: options.inbox,
        answered_outside: options.answered_outside,
        in_flight: JoinSet::new(),
        members: HashMap::new(),
        numbers: HashMap::new(),
        started: HashMap::new(),
        next: ROOT,
        able: VecDeque::new(),
        wakes: BTreeSet::new(),
        watcher,
    };
    run.begin(execution, None);
    run.finish().await
}

/// The number of the execution that is run. Those that map runs start have others.
const ROOT: u64 = 0;

struct Run<'a> {
    program: Arc<Program>,
    env: Env,
    limits: Limits,
    invoker: Arc<dyn Invoker>,
    clock: Clock,
    inbox: Option<mpsc::Receiver<Letter>>,
    answered_outside: bool,
    in_flight: JoinSet<(u64, Vec<Event>)>,
    members: HashMap<u64, Member>,
    /// The executions' numbers by their ARNs.
    numbers: HashMap<Text, u64>,
    /// Who was started by whom, under which ticket.
    started: HashMap<(u64, Ticket), u64>,
    next: u64,
    /// Executions that have something to take in.
    able: VecDeque<u64>,
    /// When something happens by itself.
    wakes: BTreeSet<(Timestamp, u64)>,
    watcher: &'a mut dyn Watcher,
}

/// One execution.
struct Member {
    execution: Execution,
    events: VecDeque<Event>,
    calls: HashMap<Ticket, AbortHandle>,
    wake: Option<Timestamp>,
    /// Who waits for its end, under which ticket. `None`: it was told, or nobody does.
    parent: Option<(u64, Ticket)>,
}

impl Run<'_> {
    async fn finish(mut self) -> Status {
        loop {
            match self.able.pop_front() {
                Some(number) => {
                    if let Some(status) = self.take_turn(number) {
                        return status;
                    }
                    tokio::task::yield_now().await; // a loop that never waits must not keep the thread for itself
                }
                None => self.receive().await,
            }
            self.gather();
        }
    }

    fn begin(&mut self, execution: Execution, parent: Option<(u64, Ticket)>) {
        let number = self.next;
        self.next += 1;
        self.numbers.insert(execution.identity.arn.clone(), number);
        self.started.extend(parent.map(|of| (of, number)));
        let (events, calls) = (VecDeque::new(), HashMap::new());
        self.members.insert(number, Member { execution, events, calls, wake: None, parent });
        self.deliver(number, Event::Started);
    }

    fn deliver(&mut self, number: u64, event: Event) {
        if let Some(member) = self.members.get_mut(&number) {
            if member.events.is_empty() {
                self.able.push_back(number);
            }
            member.events.push_back(event);
        }
    }

    /// Takes a turn. Gives the end of the execution that is run.
    fn take_turn(&mut self, number: u64) -> Option<Status> {
        let member = self.members.get_mut(&number)?;
        let events: Vec<Event> = member.events.drain(..member.events.len().min(EVENTS_MAX)).collect();
        if events.is_empty() {
            return None;
        }
        let since = member.execution.last_ticket;
        let express = member.execution.identity.child_of.as_ref().is_some_and(|of| of.express);
        self.env.limits = if express { self.limits.express() } else { self.limits.clone() };
        self.env.now = self.clock.now();
        let turn = step(&self.program, &mut member.execution, &events, &mut self.env);
        let ended = member.execution.status != Status::Running;
        if number == ROOT {
            self.watcher.turn(&turn, &member.execution);
            if ended {
                return Some(member.execution.status.clone());
            }
        } else {
            self.watcher.child_turn(&turn, &member.execution);
        }
        let waiting = outstanding(&self.program, &member.execution, since, &self.env.tokens);
        member.give_up();
        if waiting.more {
            member.events.push_back(Event::Continue);
        }
        if !member.events.is_empty() {
            self.able.push_back(number);
        }
        self.wake_at(number, waiting.wake_at);
        self.dispatch(number, waiting.effects);
        if ended {
            self.ended(number);
        }
        None
    }

    /// An execution of a map run has ended: its parent hears of it. It stays until those that it has started have ended.
    fn ended(&mut self, number: u64) {
        let Some(member) = self.members.get_mut(&number) else { return };
        let (started_at, stopped_at) = (member.execution.identity.started_at, self.env.now);
        let end = Box::new(ChildEnd { status: member.execution.status.clone(), started_at, stopped_at });
        let parent = member.parent.take();
        if member.execution.children.is_empty() {
            self.numbers.remove(&member.execution.identity.arn);
            self.members.remove(&number);
        }
        if let Some((parent, child)) = parent {
            self.started.remove(&(parent, child));
            self.deliver(parent, Event::ChildEnded { child, end });
        }
    }

    fn wake_at(&mut self, number: u64, at: Option<Timestamp>) {
        let Some(member) = self.members.get_mut(&number) else { return };
        if let Some(before) = std::mem::replace(&mut member.wake, at) {
            self.wakes.remove(&(before, number));
        }
        self.wakes.extend(at.map(|at| (at, number)));
    }

    fn dispatch(&mut self, number: u64, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Invoke(invoke) => self.invoke(number, invoke, false),
                Effect::Offer(offer) if self.answered_outside => self.watcher.waits_outside(&offer),
                Effect::Offer(offer) => self.invoke(number, offer, true),
                Effect::StartChild(start) => self.start(number, start),
                Effect::StopChild(child) => {
                    // One that is not there has ended, and its end is on the way.
                    if let Some(child) = self.started.get(&(number, child.ticket)).copied() {
                        self.deliver(child, Event::Stopped(StateError::default()));
                    }
                }
            }
        }
    }

    fn start(&mut self, number: u64, StartChild { child, input }: StartChild) {
        let Some(member) = self.members.get(&number) else { return };
        let parent = &member.execution.identity;
        let identity = child.identity(parent, input, self.env.now, Some(self.next), &self.env.tokens);
        let limits = if child.express { self.limits.express() } else { self.limits.clone() };
        let execution = Execution::new(&self.program, identity, &limits);
        self.begin(execution, Some((number, child.ticket)));
    }

    /// Hands a task to the invokers. Nothing but the answer comes back: its ticket says where it belongs.
    fn invoke(&mut self, number: u64, invoke: Invoke, offered: bool) {
        if invoke.callback && invoke.mocked.is_none() {
            self.watcher.waits_outside(&invoke);
        }
        let Some(member) = self.members.get_mut(&number) else { return };
        let left = invoke.deadline.map(|at| self.clock.until(at));
        let task = dispatch::task(&invoke, &member.execution.identity, left);
        let (ticket, invoker) = (invoke.ticket, self.invoker.clone());
        let running = self
            .in_flight
            .spawn(async move { (number, dispatch::call(invoker.as_ref(), task, &invoke, offered).await) });
        member.calls.insert(ticket, running);
    }

    /// Waits for an answer or for the time.
    async fn receive(&mut self) {
        let idle = self.in_flight.is_empty();
        if idle && !self.answered_outside && !self.is_timed() {
            return self.deliver(ROOT, Event::Stopped(nobody_answers())); // not after the year that every execution has
        }
        let wake_at = self.wakes.first().map(|(at, _)| *at);
        tokio::select! {
            biased;
            Some(answer) = self.in_flight.join_next() => self.answered(answer),
            Some(letter) = next(&mut self.inbox) => self.open(letter),
            () = wake(&mut self.clock, wake_at, idle), if wake_at.is_some() => self.fire(),
            else => self.deliver(ROOT, Event::Stopped(nobody_answers())),
        }
    }

    /// Whether anything happens by itself before an execution has been open for too long.
    fn is_timed(&self) -> bool {
        self.program.timeout_s.is_some()
            || self.members.values().any(|member| {
                let express = member.execution.identity.child_of.as_ref().is_some_and(|of| of.express);
                express || member.execution.next_timer().is_some()
            })
    }

    /// Time has passed for those that are due.
    fn fire(&mut self) {
        let now = self.clock.now();
        let due: Vec<u64> = self.wakes.range(..=(now, u64::MAX)).map(|(_, number)| *number).collect();
        for number in due {
            self.wake_at(number, None);
            self.deliver(number, Event::TimerFired);
        }
    }

    fn answered(&mut self, answer: Result<(u64, Vec<Event>), JoinError>) {
        let Ok((number, events)) = answer else { return }; // it was given up
        events.into_iter().for_each(|event| self.deliver(number, event));
    }

    fn open(&mut self, letter: Letter) {
        let number = match letter.execution_arn {
            Some(arn) => self.numbers.get(&arn).copied(),
            None => Some(ROOT),
        };
        if let Some(number) = number {
            self.deliver(number, letter.event);
        }
    }

    /// Takes what has come in the meantime into the same turns.
    fn gather(&mut self) {
        let mut count = 0;
        while count < EVENTS_MAX
            && let Some(answer) = self.in_flight.try_join_next()
        {
            self.answered(answer);
            count += 1;
        }
        while count < EVENTS_MAX
            && let Some(inbox) = &mut self.inbox
            && let Ok(letter) = inbox.try_recv()
        {
            self.open(letter);
            count += 1;
        }
    }
}

impl Member {
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
}

async fn next(inbox: &mut Option<mpsc::Receiver<Letter>>) -> Option<Letter> {
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
