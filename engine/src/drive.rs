//! Drives a [`Worker`]: does what it asks for, and brings it what comes of that. One task for each worker; it never waits
//! for anything but news.

use std::collections::{HashMap, HashSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{FuturesUnordered, StreamExt};
use stepwell_asl::Value;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::AbortHandle;

use crate::children;
use crate::core::{ChildRef, Event, EventKind, Identity, Invoke, StartedBy, StateError, Ticket};
use crate::dispatch;
use crate::figures::Gauges;
use crate::ids::ExecutionId;
use crate::load::load;
use crate::own;
use crate::shared::Shared;
use crate::store::{CommitError, StoreError};
use crate::worker::{Action, Loaded, NestedWork, Outcome, Parent, Start, Worker};

/// Commits that one worker has under way before it takes in nothing more from outside.
const COMMITS_MAX: usize = 1_024;

/// Executions that are read at once.
const LOADS_MAX: usize = 256;

/// Calls that one worker has under way. What is more waits in line.
const CALLS_MAX: usize = 10_000;

/// News that are taken in before turns are taken: what comes together shares turns and commits.
const NEWS_MAX: usize = 4_096;

/// How a caller is answered.
pub(crate) type Reply = oneshot::Sender<Outcome>;

/// What comes to a worker from outside.
pub(crate) enum Command {
    /// Begin an execution.
    Start(Box<Start<Reply>>),
    /// Take in an event.
    Deliver(ExecutionId, Event, Option<Reply>),
    /// Read an execution whose work was in flight when the engine ended.
    Recover(ExecutionId),
    /// Finish what is being committed and end.
    Finish(oneshot::Sender<()>),
}

/// What a call has come to.
type Answer = (ExecutionId, Ticket, Vec<Event>);
type Committing = BoxFuture<'static, (ExecutionId, u32, Result<(), CommitError>)>;
type Loading = BoxFuture<'static, (ExecutionId, Result<Option<Loaded>, StoreError>)>;

/// One worker's task.
pub(crate) struct Driver {
    worker: Worker<Reply>,
    shared: Arc<Shared>,
    commands: mpsc::Receiver<Command>,
    /// A call's place in this queue is taken when it is made: there are never more answers than calls.
    answers: mpsc::UnboundedReceiver<Answer>,
    answering: mpsc::UnboundedSender<Answer>,
    commits: FuturesUnordered<Committing>,
    loads: FuturesUnordered<Loading>,
    calls: HashMap<(ExecutionId, Ticket), AbortHandle>,
    /// Calls that wait in line, and which of those are still wanted.
    waiting: VecDeque<(ExecutionId, Arc<Identity>, Invoke)>,
    wanted: HashSet<(ExecutionId, Ticket)>,
    /// Executions that others wait for, those of map runs and those of states. They take no place from the calls: one may wait for another one's calls.
    children: HashMap<(ExecutionId, Ticket), Awaited>,
    finishing: Option<oneshot::Sender<()>>,
    gauges: Arc<Gauges>,
}

/// An execution that a task sees through.
struct Awaited {
    /// Has it stopped.
    stop: Arc<Notify>,
    task: AbortHandle,
}

impl Driver {
    pub fn new(
        worker: Worker<Reply>,
        shared: Arc<Shared>,
        commands: mpsc::Receiver<Command>,
        gauges: Arc<Gauges>,
    ) -> Driver {
        let (answering, answers) = mpsc::unbounded_channel();
        Driver {
            worker,
            shared,
            commands,
            answers,
            answering,
            commits: FuturesUnordered::new(),
            loads: FuturesUnordered::new(),
            calls: HashMap::new(),
            waiting: VecDeque::new(),
            wanted: HashSet::new(),
            children: HashMap::new(),
            finishing: None,
            gauges,
        }
    }

    /// A turn that may take long leaves the thread's other tasks to another thread.
    fn take_turns(&mut self) {
        let now = self.shared.clock.now();
        let threads = Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread;
        if threads && self.worker.may_take_long() {
            tokio::task::block_in_place(|| self.worker.run(now));
        } else {
            self.worker.run(now);
        }
    }

    /// Works until it is told to finish.
    pub async fn run(mut self) {
        loop {
            if self.finishing.is_none() {
                self.take_turns();
            }
            self.act();
            self.tell();
            if self.finishing.is_some() && self.commits.is_empty() {
                break;
            }
            self.news().await;
            for _ in 0..NEWS_MAX {
                if !self.news_at_hand() {
                    break;
                }
            }
        }
        self.calls.values().for_each(AbortHandle::abort);
        self.children.values().for_each(|awaited| awaited.task.abort());
        if let Some(done) = self.finishing {
            let _ = done.send(()); // whoever asked may have lost patience
        }
    }

    /// Says what there is to do.
    fn tell(&self) {
        let Gauges { executions, commits, loads, calls, calls_waiting } = &*self.gauges;
        executions.store(self.worker.residents(), Ordering::Relaxed);
        commits.store(self.commits.len(), Ordering::Relaxed);
        loads.store(self.loads.len(), Ordering::Relaxed);
        calls.store(self.calls.len(), Ordering::Relaxed);
        calls_waiting.store(self.wanted.len(), Ordering::Relaxed);
    }

    fn accepts(&self) -> bool {
        self.finishing.is_none() && self.worker.commits_in_flight() < COMMITS_MAX && self.loads.len() < LOADS_MAX
    }

    /// Waits for one piece of news.
    async fn news(&mut self) {
        let accepts = self.accepts();
        tokio::select! {
            Some((id, sequence, result)) = self.commits.next() => self.worker.committed(id, sequence, result),
            Some((id, result)) = self.loads.next() => self.loaded(id, result),
            Some(answer) = self.answers.recv(), if self.finishing.is_none() => self.answered(answer),
            command = self.commands.recv(), if accepts => match command {
                Some(command) => self.obey(command),
                None => self.finishing = Some(oneshot::channel().0), // nobody is left to command
            },
        }
    }

    /// Takes in one piece of news that is there already.
    fn news_at_hand(&mut self) -> bool {
        if let Some(Some((id, sequence, result))) = self.commits.next().now_or_never() {
            self.worker.committed(id, sequence, result);
        } else if self.finishing.is_none()
            && let Ok(answer) = self.answers.try_recv()
        {
            self.answered(answer);
        } else if let Some(Some((id, result))) = self.loads.next().now_or_never() {
            self.loaded(id, result);
        } else if self.accepts()
            && let Ok(command) = self.commands.try_recv()
        {
            self.obey(command);
        } else {
            return false;
        }
        true
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Start(start) => self.worker.start(*start),
            Command::Deliver(id, event, reply) => self.worker.deliver(id, event, reply),
            Command::Recover(id) => self.worker.recover(id),
            Command::Finish(done) => self.finishing = Some(done),
        }
    }

    fn loaded(&mut self, id: ExecutionId, result: Result<Option<Loaded>, StoreError>) {
        if let Err(error) = &result {
            tracing::error!(execution = id.0, %error, "an execution cannot be read");
        }
        self.worker.loaded(id, result);
    }

    fn answered(&mut self, (id, ticket, events): Answer) {
        self.calls.remove(&(id, ticket));
        self.children.remove(&(id, ticket));
        for event in events {
            self.worker.deliver(id, event, None);
        }
        self.call_next();
    }

    fn act(&mut self) {
        while let Some(action) = self.worker.next_action() {
            match action {
                Action::Commit(commit) => {
                    let (id, sequence) = (commit.execution, commit.sequence);
                    let (shared, began) = (self.shared.clone(), self.shared.clock.elapsed());
                    let committing = self.shared.store.commit(*commit);
                    let committed = committing.map(move |result| {
                        shared.figures.commits.add(shared.clock.elapsed().saturating_sub(began));
                        (id, sequence, result)
                    });
                    self.commits.push(committed.boxed());
                }
                Action::Load(id) => {
                    let shared = self.shared.clone();
                    self.loads.push(async move { (id, load(&shared, id).await) }.boxed());
                }
                Action::Invoke(id, identity, invoke) => self.invoke(id, identity, invoke),
                Action::Child(id, parent, child, input) => self.child(id, parent, child, input),
                Action::Nested(id, identity, work) => self.nested(id, identity, work),
                Action::GiveUp(id, ticket) => self.give_up(id, ticket),
                Action::Offer(id, offer) if self.shared.created_activities_only => self.look_for_activity(id, offer),
                Action::Offer(..) => {}
                Action::Offered(activity) => self.shared.activities.offered(activity),
                Action::WakeAt(id, wake) => self.shared.timers.wake_at(id, wake),
                Action::Committed(id, turn, identity) => self.committed(id, &turn, &identity),
                Action::Ended(id, identity, status, at) => self.shared.ended(id, &identity.arn, status, at),
                Action::Archive(closed) => self.shared.archive(closed),
                // Who asked may be gone.
                Action::Reply(reply, outcome) => drop(reply.send(outcome)),
                Action::Stop(failure) => self.shared.fail(failure),
            }
        }
    }

    fn committed(&self, id: ExecutionId, turn: &crate::core::Turn, identity: &Identity) {
        self.shared.figures.turn(turn);
        if let Some(observer) = &self.shared.observer {
            observer.turn(identity, turn, self.worker.execution(id));
        }
    }

    fn invoke(&mut self, id: ExecutionId, identity: Arc<Identity>, invoke: Invoke) {
        if invoke.callback
            && invoke.mocked.is_none()
            && let Some(observer) = &self.shared.observer
        {
            observer.waits_outside(&identity, &invoke);
        }
        if self.calls.len() < CALLS_MAX {
            self.call(id, identity, invoke);
        } else if self.wanted.insert((id, invoke.ticket)) {
            self.waiting.push_back((id, identity, invoke));
        }
    }

    /// Makes calls that waited in line, as far as there is room.
    fn call_next(&mut self) {
        while self.calls.len() < CALLS_MAX
            && let Some((id, identity, invoke)) = self.waiting.pop_front()
        {
            if self.wanted.remove(&(id, invoke.ticket)) {
                self.call(id, identity, invoke);
            }
        }
    }

    /// Makes a call, unless it is under way already: an execution that was read again asks for all it waits for.
    fn call(&mut self, id: ExecutionId, identity: Arc<Identity>, invoke: Invoke) {
        let ticket = invoke.ticket;
        if self.calls.contains_key(&(id, ticket)) || self.finishing.is_some() {
            return;
        }
        let left = invoke.deadline.map(|at| self.shared.clock.until(at));
        let task = dispatch::task(&invoke, &identity, left);
        let (shared, answering) = (self.shared.clone(), self.answering.clone());
        let calling = tokio::spawn(async move {
            let caller = own::Caller::new(shared.clone(), Some(StartedBy::new(&identity, ticket)));
            let called = AssertUnwindSafe(dispatch::call(&caller, task, &invoke, false)).catch_unwind().await;
            let events = called.unwrap_or_else(|_| vec![broken(&invoke)]);
            shared.figures.invoked(&events);
            let _ = answering.send((id, ticket, events)); // the worker has ended: recovery calls again
        });
        self.calls.insert((id, ticket), calling.abort_handle());
    }

    /// A task of an activity that was never created, or was deleted, fails at once. One that has waited before that goes
    /// on waiting.
    fn look_for_activity(&mut self, id: ExecutionId, offer: Invoke) {
        let shared = self.shared.clone();
        tokio::spawn(async move {
            let there = shared.registered_activities.get(shared.store.as_ref(), &offer.resource).await;
            // A store that cannot be read stops the engine by itself.
            if !matches!(there, Ok(None)) {
                return;
            }
            let cause = format!("Activity Does Not Exist: '{}'", offer.resource);
            let kind = EventKind::TaskSubmitFailed(StateError::new("ActivityDoesNotExist", cause));
            let event = Event::Task { branch: offer.branch, ticket: offer.ticket, kind };
            let _ = shared.send(id, Command::Deliver(id, event, None)).await; // the engine has stopped
        });
    }

    /// Has an execution of a map run seen through to its end. One that is seen through already can still be stopped.
    fn child(&mut self, id: ExecutionId, parent: Parent, child: ChildRef, input: Option<Value>) {
        let ticket = child.ticket;
        if let Some(awaited) = self.children.get(&(id, ticket)) {
            if input.is_none() {
                awaited.stop.notify_one();
            }
            return;
        }
        if self.finishing.is_some() {
            return;
        }
        let stop = Arc::new(Notify::new());
        let (shared, answering, told) = (self.shared.clone(), self.answering.clone(), stop.clone());
        let task = tokio::spawn(async move {
            let seeing = children::see_through(&shared, &parent, &child, input, &told);
            let seen = AssertUnwindSafe(seeing).catch_unwind().await;
            let unexpected = || children::broken(&shared, "The execution ended unexpectedly".to_owned());
            if let Some(end) = seen.unwrap_or_else(|_| Some(unexpected())) {
                let ended = Event::ChildEnded { child: ticket, end: Box::new(end) };
                let _ = answering.send((id, ticket, vec![ended])); // the worker has ended: recovery asks again
            }
        });
        self.children.insert((id, ticket), Awaited { stop, task: task.abort_handle() });
    }

    /// Has an execution that a state waits for seen through to its end. One that is seen through already can still be
    /// stopped.
    fn nested(&mut self, id: ExecutionId, parent: Arc<Identity>, work: NestedWork) {
        let ticket = work.ticket();
        if let Some(awaited) = self.children.get(&(id, ticket)) {
            if matches!(work, NestedWork::Stop(_)) {
                awaited.stop.notify_one();
            }
            return;
        }
        if self.finishing.is_some() {
            return;
        }
        let stop = Arc::new(Notify::new());
        let (shared, answering, told) = (self.shared.clone(), self.answering.clone(), stop.clone());
        let task = tokio::spawn(async move {
            let seen = AssertUnwindSafe(own::see_through(&shared, id, &parent, &work, &told)).catch_unwind().await;
            let unexpected = || vec![own::broken(&work, "The execution ended unexpectedly")];
            if let Some(events) = seen.unwrap_or_else(|_| Some(unexpected())) {
                let _ = answering.send((id, ticket, events)); // the worker has ended: recovery asks again
            }
        });
        self.children.insert((id, ticket), Awaited { stop, task: task.abort_handle() });
    }

    fn give_up(&mut self, id: ExecutionId, ticket: Ticket) {
        if let Some(call) = self.calls.remove(&(id, ticket)) {
            call.abort();
        }
        self.wanted.remove(&(id, ticket));
        self.call_next();
    }
}

/// The answer of an invoker that panicked: its task must not wait for ever.
fn broken(invoke: &Invoke) -> Event {
    let cause = format!("The invoker of '{}' ended unexpectedly", invoke.resource);
    let kind = EventKind::TaskFailed(StateError::new("States.Runtime", cause));
    Event::Task { branch: invoke.branch, ticket: invoke.ticket, kind }
}
