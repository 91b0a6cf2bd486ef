//! The one thread that writes. It takes what waits as a group, checks each write against the rows and the writes before
//! it, syncs long values and applies one batch. While a second thread syncs that batch, it goes on with the next group;
//! one sync makes all durable that was applied before it, and then all of those are answered, in their order. Where
//! nobody else waits, the first thread syncs by itself: handing over would only cost time.
//!
//! Readers see what was applied. What they saw is shown when it is durable: see [`Committer::durable`].
//!
//! Any error and any panic on the way is the end of all writing. A failed sync is never repeated: the operating system may
//! have dropped what it could not write, and a second sync would then succeed without it.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::thread;

use foldhash::HashMap;
use tokio::sync::{oneshot, watch};

use super::Failure;
use super::draft::Draft;
use super::kv::Kv;
use super::sled::said;
use super::writer::Writer;
use crate::ids::ExecutionId;

/// A group that has this much takes no more. Greater ones are slower, and make sled hold memory that it never gives back.
const GROUP: Cost = Cost { turns: 128, operations: 512, bytes: 1024 * 1024 };

/// Groups that may be applied and not yet be synced.
const GROUPS_AHEAD: usize = 2;

/// What a write brings to its group.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    pub turns: usize,
    pub operations: usize,
    pub bytes: usize,
}

impl Cost {
    fn add(&mut self, other: Cost) {
        self.turns += other.turns;
        self.operations += other.operations;
        self.bytes = self.bytes.saturating_add(other.bytes);
    }

    fn exceeds(&self, limit: Cost) -> bool {
        self.turns > limit.turns || self.operations > limit.operations || self.bytes > limit.bytes
    }
}

/// What has been written since the store was opened.
#[derive(Debug, Default)]
pub struct Counters {
    pub groups: AtomicU64,
    pub turns: AtomicU64,
    pub body_bytes: AtomicU64,
}

/// Says how the group went to who waits.
type Answer = Box<dyn FnOnce(Result<(), Failure>) + Send>;
/// Makes a write's changes, or leaves them where the group cannot be written.
type Work = Box<dyn FnOnce(Result<&mut Draft<'_>, Failure>) -> Answer + Send>;

struct Waiting {
    cost: Cost,
    /// Whose turn it is, if it is one.
    execution: Option<ExecutionId>,
    work: Work,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    closed: bool,
}

/// The queue in front of the threads.
pub struct Committer {
    queue: Mutex<Queue>,
    wake: Condvar,
    failure: OnceLock<Failure>,
    /// The newest group that a reader may have seen, and the newest that is durable. When the store has failed, none will
    /// be.
    applied: AtomicU64,
    durable: watch::Sender<u64>,
    /// Executions that groups change which are not durable, and the newest of those groups.
    changing: Mutex<HashMap<ExecutionId, u64>>,
    /// Groups on their way through the second thread.
    handed_over: AtomicUsize,
    pub counters: Counters,
}

impl Default for Committer {
    fn default() -> Committer {
        Committer {
            queue: Mutex::default(),
            wake: Condvar::new(),
            failure: OnceLock::new(),
            applied: AtomicU64::new(0),
            durable: watch::channel(0).0,
            changing: Mutex::default(),
            handed_over: AtomicUsize::new(0),
            counters: Counters::default(),
        }
    }
}

/// A group that was applied, or was not.
struct Group {
    number: u64,
    executions: Vec<ExecutionId>,
    answers: Vec<Answer>,
    /// Whether there is something to sync.
    applied: Result<bool, Failure>,
    turns: u64,
    body_bytes: u64,
}

impl Committer {
    /// Starts the thread.
    pub fn start(self: &Arc<Self>, writer: Writer) -> std::io::Result<thread::JoinHandle<()>> {
        let committer = Arc::clone(self);
        thread::Builder::new().name("stepwell-store".into()).spawn(move || committer.run(writer))
    }

    /// Whether it still takes writes.
    pub fn is_open(&self) -> Result<(), Failure> {
        self.failure()?;
        if self.lock().closed { Err(closed()) } else { Ok(()) }
    }

    /// The newest group that somebody may have seen who has read before this was called.
    pub fn seen(&self) -> u64 {
        self.applied.load(Ordering::SeqCst)
    }

    /// Comes back when all that somebody may have seen of this execution is durable.
    pub async fn settled(&self, execution: ExecutionId) -> Result<(), Failure> {
        let group = self.changing().get(&execution).copied();
        match group {
            Some(group) => self.durable(group).await,
            None => Ok(()),
        }
    }

    fn changing(&self) -> MutexGuard<'_, HashMap<ExecutionId, u64>> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Comes back when this group is durable.
    pub async fn durable(&self, group: u64) -> Result<(), Failure> {
        if *self.durable.borrow() < group {
            // The sender lives as long as this.
            let _ = self.durable.subscribe().wait_for(|durable| *durable >= group).await;
        }
        self.failure()
    }

    /// Why the store has failed, if it has.
    pub fn failure(&self) -> Result<(), Failure> {
        self.failure.get().map_or(Ok(()), |failure| Err(failure.clone()))
    }

    /// Puts a write at the end of the queue now, whether or not the future is polled. It gives what `edit` gave, when that
    /// is durable.
    pub fn submit<T, E, F>(&self, cost: Cost, edit: F) -> impl Future<Output = Result<T, E>> + Send + use<T, E, F>
    where
        T: Send + 'static,
        E: From<Failure> + Send + 'static,
        F: FnOnce(&mut Draft<'_>) -> Result<T, E> + Send + 'static,
    {
        let answer = self.enqueue(cost, None, edit);
        async move { answer.await.unwrap_or_else(|_| Err(unanswered().into())) }
    }

    /// The same for a turn of this execution.
    pub fn submit_turn<T, E, F>(
        &self,
        execution: ExecutionId,
        cost: Cost,
        edit: F,
    ) -> impl Future<Output = Result<T, E>> + Send + use<T, E, F>
    where
        T: Send + 'static,
        E: From<Failure> + Send + 'static,
        F: FnOnce(&mut Draft<'_>) -> Result<T, E> + Send + 'static,
    {
        let answer = self.enqueue(cost, Some(execution), edit);
        async move { answer.await.unwrap_or_else(|_| Err(unanswered().into())) }
    }

    /// The same for a thread that waits, now or later.
    pub fn submit_blocking<T, E, F>(&self, cost: Cost, edit: F) -> Pending<T, E>
    where
        T: Send + 'static,
        E: From<Failure> + Send + 'static,
        F: FnOnce(&mut Draft<'_>) -> Result<T, E> + Send + 'static,
    {
        Pending(self.enqueue(cost, None, edit))
    }

    fn enqueue<T, E, F>(&self, cost: Cost, execution: Option<ExecutionId>, edit: F) -> oneshot::Receiver<Result<T, E>>
    where
        T: Send + 'static,
        E: From<Failure> + Send + 'static,
        F: FnOnce(&mut Draft<'_>) -> Result<T, E> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let work: Work = Box::new(move |draft| {
            let planned = draft.map_err(E::from).and_then(|draft| {
                let planned = edit(draft);
                match planned.is_ok() {
                    true => draft.keep(),
                    false => draft.roll_back(),
                }
                planned
            });
            Box::new(move |written: Result<(), Failure>| {
                // A refusal waits too: it may rest on a write of the same group. Who asked may have gone meanwhile.
                let _ = sender.send(written.map_err(E::from).and(planned));
            })
        });
        let mut queue = self.lock();
        if queue.closed || self.failure.get().is_some() {
            drop(queue);
            let failure = self.failure().err().unwrap_or_else(closed);
            work(Err(failure.clone()))(Err(failure));
        } else {
            queue.waiting.push_back(Waiting { cost, execution, work });
            drop(queue);
            self.wake.notify_one();
        }
        receiver
    }

    /// Takes no more writes. The thread ends when it has written those that wait.
    pub fn close(&self) {
        self.lock().closed = true;
        self.wake.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, mut writer: Writer) {
        let kv = writer.kv();
        let (hand_over, handed_over) = mpsc::sync_channel(GROUPS_AHEAD);
        thread::scope(|scope| {
            let syncing = thread::Builder::new().name("stepwell-sync".into());
            let rows = &*kv;
            let syncing = syncing.spawn_scoped(scope, move || self.sync_groups(rows, &handed_over));
            while let Some(works) = self.next_group() {
                let group = self.apply(&mut writer, works);
                let alone = self.handed_over.load(Ordering::SeqCst) == 0 && self.lock().waiting.is_empty();
                if alone || syncing.is_err() {
                    self.settle(&*kv, vec![group]);
                } else {
                    self.handed_over.fetch_add(1, Ordering::SeqCst);
                    hand_over.send(group).expect("the second thread listens until this one ends");
                }
            }
            drop(hand_over);
        });
        if self.failure().is_ok() {
            let finished = catch_unwind(AssertUnwindSafe(|| writer.finish()));
            // What failed here is known to who asks for it; there is no write that it could be the answer to.
            let _ = self.checked(finished);
        }
    }

    fn apply(&self, writer: &mut Writer, waiting: Vec<Waiting>) -> Group {
        let executions: Vec<ExecutionId> = waiting.iter().filter_map(|waiting| waiting.execution).collect();
        let mut works: VecDeque<Work> = waiting.into_iter().map(|waiting| waiting.work).collect();
        // Who sees something of the group must find its number here.
        let number = self.applied.fetch_add(1, Ordering::SeqCst) + 1;
        self.changing().extend(executions.iter().map(|execution| (*execution, number)));
        let mut group = Group {
            number,
            executions,
            answers: Vec::with_capacity(works.len()),
            applied: Ok(false),
            turns: 0,
            body_bytes: 0,
        };
        let Group { answers, turns, body_bytes, .. } = &mut group;
        let apply = || {
            writer.apply(|draft| {
                while let Some(work) = works.pop_front() {
                    answers.push(work(Ok(draft)));
                }
                (*turns, *body_bytes) = (draft.turns, draft.body_bytes);
            })
        };
        let applied = self.failure().and_then(|()| self.checked(catch_unwind(AssertUnwindSafe(apply))));
        group.applied = applied;
        // Those that were not even looked at when something broke.
        group.answers.extend(works.into_iter().map(|work| work(Err(closed()))));
        group
    }

    /// Syncs what is handed over, as much at once as there is.
    fn sync_groups(&self, kv: &dyn Kv, handed_over: &mpsc::Receiver<Group>) {
        while let Ok(first) = handed_over.recv() {
            let groups: Vec<Group> = std::iter::once(first).chain(handed_over.try_iter()).collect();
            let count = groups.len();
            self.settle(kv, groups);
            self.handed_over.fetch_sub(count, Ordering::SeqCst);
        }
    }

    /// Makes groups durable and answers them.
    fn settle(&self, kv: &dyn Kv, groups: Vec<Group>) {
        let something = groups.iter().any(|group| matches!(group.applied, Ok(true)));
        let synced = match self.failure() {
            Ok(()) if something => self.checked(catch_unwind(AssertUnwindSafe(|| kv.sync()))),
            // What the others were refused for is durable: it came with an earlier group.
            other => other,
        };
        for Group { number, executions, answers, applied, turns, body_bytes } in groups {
            let written = applied.and_then(|_| synced.clone());
            if written.is_ok() {
                let mut changing = self.changing();
                for execution in executions {
                    if changing.get(&execution) == Some(&number) {
                        changing.remove(&execution);
                    }
                }
                drop(changing);
                self.counters.groups.fetch_add(1, Ordering::Relaxed);
                self.counters.turns.fetch_add(turns, Ordering::Relaxed);
                self.counters.body_bytes.fetch_add(body_bytes, Ordering::Relaxed);
                // Not back from the end of all numbers, where the store has failed meanwhile.
                self.durable.send_modify(|durable| *durable = number.max(*durable));
            }
            answers.into_iter().for_each(|answer| answer(written.clone()));
        }
    }

    /// Remembers for good that something failed.
    fn checked<T>(&self, written: thread::Result<Result<T, Failure>>) -> Result<T, Failure> {
        written.unwrap_or_else(|panic| Err(Failure::new(said(&*panic)))).map_err(|failure| {
            let failure = Failure::new(format!(
                "the store has stopped, because it could not write: {failure}. Free disk space or check the disk, then start \
                 again: nothing that was acknowledged is lost"
            ));
            let failure = self.failure.get_or_init(|| failure).clone();
            self.durable.send_replace(u64::MAX); // who waits looks at the failure
            failure
        })
    }

    /// Waits for work. `None`: the store is closed, and nothing is left.
    fn next_group(&self) -> Option<Vec<Waiting>> {
        let idle = |queue: &mut Queue| queue.waiting.is_empty() && !queue.closed;
        let mut queue = self.wake.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        let mut total = Cost::default();
        let mut works = Vec::new();
        while let Some(next) = queue.waiting.front() {
            let mut with_next = total;
            with_next.add(next.cost);
            if with_next.exceeds(GROUP) && !works.is_empty() {
                break;
            }
            total = with_next;
            works.extend(queue.waiting.pop_front());
        }
        (!works.is_empty()).then_some(works)
    }
}

/// A write that somebody is going to wait for.
pub struct Pending<T, E>(oneshot::Receiver<Result<T, E>>);

impl<T, E: From<Failure>> Pending<T, E> {
    pub fn wait(self) -> Result<T, E> {
        self.0.blocking_recv().unwrap_or_else(|_| Err(unanswered().into()))
    }
}

fn closed() -> Failure {
    Failure::new("the store is closed")
}

fn unanswered() -> Failure {
    Failure::new("the store has stopped without an answer. Start again: nothing that was acknowledged is lost")
}
