//! Runs one execution in memory, with those that its map runs and its states start: receives events, takes turns, dispatches what is
//! outstanding, keeps the time.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use stepwell_asl::{Chance, Program, Text, Timestamp};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinError, JoinSet};

use crate::arn::{self, Place, Qualifier};
use crate::chance::{random, seed};
use crate::clock::Clock;
use crate::core::{
    ChildEnd, DEPTH_MAX, Effect, Env, Event, EventKind, Execution, Identity, Invoke, Limits, NestedRef, Pace,
    StartChild, StartedBy, StateError, Status, Ticket, Turn, outstanding, step,
};
use crate::dispatch;
use crate::engine::{Description, Started};
use crate::error::EngineError;
use crate::invoke::{Answer, Invoker};
use crate::machines::no_machine;
use crate::own::{self, Own, Refused};
use crate::token::TokenKey;
use crate::worker::NestedWork;

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
    /// The state machines whose executions states can start, beside the one that is run.
    pub machines: Vec<Machine>,
}

/// A state machine that is known in a run.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Its name.
    pub name: Text,
    /// Whether it is an Express one.
    pub express: bool,
    /// What it runs.
    pub program: Arc<Program>,
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
            machines: Vec::new(),
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
    /// A turn was taken by an execution that a state has started: of a program of its own.
    fn nested_turn(&mut self, turn: &Turn, execution: &Execution) {
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
    let itself = Machine { name: execution.identity.machine_name.clone(), express: false, program: program.clone() };
    let mut machines = options.machines;
    machines.push(itself);
    let mut run = Run {
        machines,
        names: HashSet::new(),
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
    run.begin(execution, program, None);
    run.finish().await
}

/// The number of the execution that is run. Those that map runs start have others.
const ROOT: u64 = 0;

struct Run<'a> {
    machines: Vec<Machine>,
    /// The ARNs of executions that states have started.
    names: HashSet<Text>,
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
    program: Arc<Program>,
    execution: Execution,
    events: VecDeque<Event>,
    calls: HashMap<Ticket, AbortHandle>,
    wake: Option<Timestamp>,
    /// Who waits for its end. `None`: it was told, or nobody does.
    parent: Option<Waits>,
}

/// Who waits for the end of an execution.
enum Waits {
    /// The map run of another one, for the child of this ticket.
    MapRun(u64, Ticket),
    /// A state of another one.
    State(u64, Box<Invoke>),
}

impl Waits {
    fn key(&self) -> (u64, Ticket) {
        match self {
            Waits::MapRun(number, ticket) => (*number, *ticket),
            Waits::State(number, invoke) => (*number, invoke.ticket),
        }
    }
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

    fn begin(&mut self, execution: Execution, program: Arc<Program>, parent: Option<Waits>) {
        let number = self.next;
        self.next += 1;
        self.numbers.insert(execution.identity.arn.clone(), number);
        self.started.extend(parent.as_ref().map(|of| (of.key(), number)));
        let (events, calls) = (VecDeque::new(), HashMap::new());
        self.members.insert(number, Member { program, execution, events, calls, wake: None, parent });
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
        let express = member.execution.identity.is_express();
        self.env.limits = if express { self.limits.express() } else { self.limits.clone() };
        self.env.now = self.clock.now();
        let turn = step(&member.program, &mut member.execution, &events, &mut self.env);
        let ended = member.execution.status != Status::Running;
        if number == ROOT {
            self.watcher.turn(&turn, &member.execution);
            if ended {
                return Some(member.execution.status.clone());
            }
        } else if member.execution.identity.started_by.is_some() {
            self.watcher.nested_turn(&turn, &member.execution);
        } else {
            self.watcher.child_turn(&turn, &member.execution);
        }
        let waiting = outstanding(&member.program, &member.execution, since, &self.env.tokens);
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

    /// An execution that another one has started has ended: who waits for it hears of it. It stays until those that it
    /// has started have ended.
    fn ended(&mut self, number: u64) {
        let Some(member) = self.members.get_mut(&number) else { return };
        let (status, stopped_at) = (member.execution.status.clone(), self.env.now);
        let (parent, identity) = (member.parent.take(), member.execution.identity.clone());
        if !member.execution.has_open() {
            self.numbers.remove(&identity.arn);
            self.members.remove(&number);
        }
        let Some(parent) = parent else { return };
        self.started.remove(&parent.key());
        match parent {
            Waits::MapRun(parent, child) => {
                let end = Box::new(ChildEnd { status, started_at: identity.started_at, stopped_at });
                self.deliver(parent, Event::ChildEnded { child, end });
            }
            Waits::State(parent, invoke) => {
                let kind = own::outcome(&invoke.resource, &description(&identity, status, stopped_at), None);
                self.deliver(parent, Event::Task { branch: invoke.branch, ticket: invoke.ticket, kind });
            }
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
                Effect::StartNested(invoke) => match self.routed(number, &invoke) {
                    true => self.invoke(number, invoke, false),
                    false => self.start_nested(number, invoke),
                },
                Effect::StopNested(nested) => self.stop_nested(number, nested),
            }
        }
    }

    /// Whether somebody's route or mock leads to this task, whatever Step Functions would do itself.
    fn routed(&self, number: u64, invoke: &Invoke) -> bool {
        let Some(member) = self.members.get(&number) else { return false };
        self.invoker.takes(&dispatch::task(invoke, &member.execution.identity, None))
    }

    /// Starts the execution that a state waits for, and says that it has begun.
    fn start_nested(&mut self, number: u64, invoke: Invoke) {
        let (branch, ticket) = (invoke.branch, invoke.ticket);
        let kind = match self.start_own(number, &invoke, Some(Waits::State(number, Box::new(invoke.clone())))) {
            Ok(started) => EventKind::TaskSubmitted(own::started(&started)),
            Err(refused) => EventKind::TaskSubmitFailed(refused.error()),
        };
        self.deliver(number, Event::Task { branch, ticket, kind });
    }

    fn stop_nested(&mut self, number: u64, nested: NestedRef) {
        match self.started.get(&(number, nested.ticket)).copied() {
            Some(child) => self.deliver(child, Event::Stopped(StateError::default())),
            // It was refused, somebody's route had it, or its end is on the way.
            None => self.deliver(number, own::closing(&NestedWork::Stop(nested))),
        }
    }

    /// Does itself what is for Step Functions.
    fn answer_own(&mut self, number: u64, invoke: &Invoke, own: &Own) -> Answer {
        match own {
            Own::Start => match self.start_own(number, invoke, None) {
                Ok(started) => Answer::Succeeded(own::started(&started)),
                Err(refused) => refused.optimized(),
            },
            Own::Api(operation) if operation == "StartExecution" => match self.start_own(number, invoke, None) {
                Ok(started) => Answer::Succeeded(own::started_by_sdk(&started)),
                Err(refused) => refused.by_sdk(),
            },
            Own::Api(_) => own::nobody_answers(&invoke.resource),
        }
    }

    /// Starts an execution that a state asks for, of a state machine that is known here.
    fn start_own(&mut self, number: u64, invoke: &Invoke, waits: Option<Waits>) -> Result<Started, Refused> {
        let parent = match self.members.get(&number) {
            Some(member) => member.execution.identity.clone(),
            None => return Err(Refused::new("ExecutionDoesNotExist", "The execution has ended")),
        };
        let by = StartedBy::new(&parent, invoke.ticket);
        let start = own::of_sdk(&invoke.input, Some(&by))?;
        let machine = self.machine(&start.machine_arn)?;
        if machine.express && waits.is_some() {
            return Err(own::express());
        }
        let limit = self.limits.payload_bytes.unwrap_or(usize::MAX);
        if start.input.json_bytes() > limit || start.input.depth() > DEPTH_MAX {
            return Err(Refused::new("InvalidExecutionInput", "The input is larger than AWS allows"));
        }
        let name: Text = start.name.unwrap_or_else(|| by.name().to_string()).into();
        arn::check_name(&name).map_err(|_| Refused::new("InvalidName", format!("Invalid Name: '{name}'")))?;
        let place = place_of(&parent);
        let arn: Text = match machine.express {
            true => place.express(&machine.name, &name, &by.name()).into(),
            false => place.execution(&machine.name, &name).into(),
        };
        if !self.names.insert(arn.clone()) {
            return Err(Refused::new("ExecutionAlreadyExists", format!("Execution Already Exists: '{arn}'")));
        }
        let identity = Identity {
            arn: arn.clone(),
            name,
            machine_arn: place.state_machine(&machine.name).into(),
            machine_name: machine.name,
            role_arn: parent.role_arn.clone(),
            region: parent.region.clone(),
            started_at: self.env.now,
            input: start.input,
            number: Some(self.next),
            started_by: Some(by),
            ..Identity::default()
        };
        let limits = if machine.express { self.limits.express() } else { self.limits.clone() };
        let execution = Execution::new(&machine.program, identity, &limits);
        self.begin(execution, machine.program, waits);
        Ok(Started { arn, started_at: self.env.now })
    }

    fn machine(&self, machine_arn: &str) -> Result<Machine, EngineError> {
        let asked = arn::of_machine(machine_arn)?;
        let known = self.machines.iter().find(|machine| *machine.name == *asked.name);
        known.filter(|_| asked.qualifier == Qualifier::None).cloned().ok_or_else(|| no_machine(machine_arn))
    }

    fn start(&mut self, number: u64, StartChild { child, input }: StartChild) {
        let Some(member) = self.members.get(&number) else { return };
        let parent = &member.execution.identity;
        let identity = child.identity(parent, input, self.env.now, Some(self.next), &self.env.tokens);
        let limits = if child.express { self.limits.express() } else { self.limits.clone() };
        let execution = Execution::new(&member.program, identity, &limits);
        let program = member.program.clone();
        self.begin(execution, program, Some(Waits::MapRun(number, child.ticket)));
    }

    /// Hands a task to the invokers. Nothing but the answer comes back: its ticket says where it belongs.
    fn invoke(&mut self, number: u64, invoke: Invoke, offered: bool) {
        if invoke.callback && invoke.mocked.is_none() {
            self.watcher.waits_outside(&invoke);
        }
        if let Some(own) = Own::of(&invoke.resource).filter(|_| !offered && !self.routed(number, &invoke)) {
            let answer = self.answer_own(number, &invoke, &own);
            let events = dispatch::answered(answer, &invoke, false);
            return events.into_iter().for_each(|event| self.deliver(number, event));
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
        self.members.values().any(|member| {
            let express = member.execution.identity.is_express();
            express || member.program.timeout_s.is_some() || member.execution.next_timer().is_some()
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

/// Where an execution pretends to be.
fn place_of(identity: &Identity) -> Place {
    let account = identity.machine_arn.split(':').nth(4).unwrap_or_default().to_owned();
    Place { region: identity.region.to_string(), account }
}

/// An execution that has ended, as a description has it.
fn description(identity: &Identity, status: Status, stopped_at: Timestamp) -> Description {
    Description {
        arn: identity.arn.clone(),
        name: identity.name.clone(),
        machine_arn: identity.machine_arn.clone(),
        version_arn: None,
        alias_arn: None,
        trace_header: None,
        status,
        input: identity.input.clone(),
        started_at: identity.started_at,
        stopped_at: Some(stopped_at),
        redrive_count: 0,
        redriven_at: None,
        map_run_arn: None,
        test_case: None,
    }
}

fn nobody_answers() -> StateError {
    StateError::new(
        "States.Runtime",
        "The execution waits for a task token or an activity worker, and nobody can answer: run it with --api",
    )
}
