//! The one thread that writes. It takes what waits as a group, checks each write against the rows and the writes before
//! it, syncs long values, applies one batch, syncs, and then answers all. There is no delay: while one group is being
//! synced, the next one gathers.
//!
//! Any error and any panic on the way is the end of all writing. A failed sync is never repeated: the operating system may
//! have dropped what it could not write, and a second sync would then succeed without it.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use tokio::sync::oneshot;

use super::Failure;
use super::draft::Draft;
use super::sled::said;
use super::writer::Writer;

/// A group that has this much takes no more. Greater ones are slower, and make sled hold memory that it never gives back.
const GROUP: Cost = Cost { turns: 128, operations: 512, bytes: 1024 * 1024 };

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
    work: Work,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    closed: bool,
}

/// The queue in front of the thread.
#[derive(Default)]
pub struct Committer {
    queue: Mutex<Queue>,
    wake: Condvar,
    failure: OnceLock<Failure>,
    pub counters: Counters,
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
        let answer = self.enqueue(cost, edit);
        async move { answer.await.unwrap_or_else(|_| Err(unanswered().into())) }
    }

    /// The same for a thread that waits, now or later.
    pub fn submit_blocking<T, E, F>(&self, cost: Cost, edit: F) -> Pending<T, E>
    where
        T: Send + 'static,
        E: From<Failure> + Send + 'static,
        F: FnOnce(&mut Draft<'_>) -> Result<T, E> + Send + 'static,
    {
        Pending(self.enqueue(cost, edit))
    }

    fn enqueue<T, E, F>(&self, cost: Cost, edit: F) -> oneshot::Receiver<Result<T, E>>
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
            queue.waiting.push_back(Waiting { cost, work });
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
        while let Some(mut works) = self.next_group() {
            let mut answers = Vec::with_capacity(works.len());
            let written = match self.failure() {
                Ok(()) => self.write(&mut writer, &mut works, &mut answers),
                Err(failure) => Err(failure),
            };
            // Those that were not even looked at when something broke.
            let refused = works.into_iter().map(|work| work(Err(closed())));
            answers.into_iter().chain(refused).for_each(|answer| answer(written.clone()));
        }
        if self.failure().is_ok() {
            let finished = catch_unwind(AssertUnwindSafe(|| writer.finish()));
            // What failed here is known to who asks for it; there is no write that it could be the answer to.
            let _ = self.checked(finished);
        }
    }

    fn write(&self, writer: &mut Writer, works: &mut VecDeque<Work>, answers: &mut Vec<Answer>) -> Result<(), Failure> {
        let (mut turns, mut body_bytes) = (0, 0);
        let write = || {
            writer.write(|draft| {
                while let Some(work) = works.pop_front() {
                    answers.push(work(Ok(draft)));
                }
                (turns, body_bytes) = (draft.turns, draft.body_bytes);
            })
        };
        self.checked(catch_unwind(AssertUnwindSafe(write)))?;
        self.counters.groups.fetch_add(1, Ordering::Relaxed);
        self.counters.turns.fetch_add(turns, Ordering::Relaxed);
        self.counters.body_bytes.fetch_add(body_bytes, Ordering::Relaxed);
        Ok(())
    }

    /// Remembers for good that something failed.
    fn checked(&self, written: thread::Result<Result<(), Failure>>) -> Result<(), Failure> {
        written.unwrap_or_else(|panic| Err(Failure::new(said(&*panic)))).map_err(|failure| {
            let failure = Failure::new(format!(
                "the store has stopped, because it could not write: {failure}. Free disk space or check the disk, then start \
                 again: nothing that was acknowledged is lost"
            ));
            self.failure.get_or_init(|| failure).clone()
        })
    }

    /// Waits for work. `None`: the store is closed, and nothing is left.
    fn next_group(&self) -> Option<VecDeque<Work>> {
        let idle = |queue: &mut Queue| queue.waiting.is_empty() && !queue.closed;
        let mut queue = self.wake.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        let mut total = Cost::default();
        let mut works = VecDeque::new();
        while let Some(next) = queue.waiting.front() {
            let mut with_next = total;
            with_next.add(next.cost);
            if with_next.exceeds(GROUP) && !works.is_empty() {
                break;
            }
            total = with_next;
            works.extend(queue.waiting.pop_front().map(|waiting| waiting.work));
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
