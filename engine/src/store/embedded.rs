//! The store of one machine: rows in an engine, long values in segments, one committer. All engines share it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, RwLock, mpsc};
use std::thread::{self, JoinHandle};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use stepwell_asl::Timestamp;
use tokio::runtime::Handle;

use super::archive::Archive;
use super::checked::Checked;
use super::committer::{Committer, Cost};
use super::directory::{Directory, disk_bytes};
use super::kv::{Kv, Operation};
use super::memory::Memory;
use super::open::{Kind, OpenError, Options};
use super::read::{Missed, Reader};
use super::record::Fields;
use super::redb::Redb;
use super::segment::Segments;
use super::shelf::Shelf;
use super::sled::said;
use super::sweep::Sweeper;
use super::writer::{Live, Writer};
use super::{
    Attention, Closed, Commit, CommitError, Failure, ListCursor, ListQuery, Listing, Log, MessageId, Offer, Record,
    RecordKind, Statistics, Store, StoreError, StoredTurn, compact, key, plan,
};
use crate::ids::{Epoch, ExecutionId, Key, SHARDS, Shard};

/// A store in a directory, or in memory.
pub struct Embedded {
    shared: Arc<Shared>,
}

struct Shared {
    committer: Arc<Committer>,
    live: Arc<Live>,
    epoch: Epoch,
    /// Whether reading may take long.
    reads_files: bool,
    /// `None` when it is closed.
    open: RwLock<Option<Open>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// What is let go when the store is closed. The directory goes last: it holds the lock.
struct Open {
    reader: Reader,
    directory: Option<Directory>,
}

impl Embedded {
    pub fn open(options: &Options) -> Result<Embedded, OpenError> {
        let path = match (options.kind, &options.directory) {
            (Kind::Memory, _) => return Embedded::in_memory(),
            (Kind::Sled | Kind::Redb, Some(path)) => path,
            (kind @ (Kind::Sled | Kind::Redb), None) => return Err(OpenError::NoDirectory { kind }),
        };
        let directory = Directory::take(path, options.kind)?;
        let kv: Arc<dyn Kv> = match options.kind {
            Kind::Sled => Arc::new(compact::open(path, options.cache_bytes)?),
            Kind::Redb => Arc::new(Checked(Redb::open(&path.join("data.redb"), options.cache_bytes)?)),
            Kind::Memory => return Embedded::in_memory(),
        };
        let epoch = next_epoch(&*kv, &directory)?;
        let damaged = |failure: Failure| OpenError::damaged(path, failure.to_string());

        let live = Arc::new(live(&*kv).map_err(damaged)?);
        let segments = Arc::new(Segments::new(path.join("segments")));
        let (sparse, named_sparse) = mpsc::channel();
        let writer = Writer::new(Arc::clone(&kv), Arc::clone(&segments), Arc::clone(&live), sparse);
        let archive = Archive::open(Shelf::Directory(path.join("archive")), &*kv).map_err(damaged)?;
        let reader = Reader { kv: Arc::clone(&kv), segments: Some(Arc::clone(&segments)), archive };
        let open = Open { reader, directory: Some(directory) };
        let store = Embedded::start(writer.map_err(damaged)?, open, (epoch, live))?;
        let sweeper = Sweeper { kv, segments, committer: Arc::clone(&store.shared.committer) };
        let sweeping = thread::Builder::new().name("stepwell-sweep".into()).spawn(move || sweeper.run(named_sparse));
        store.shared.adopt(sweeping.map_err(|error| OpenError::unusable(path, error))?);
        Ok(store)
    }

    fn in_memory() -> Result<Embedded, OpenError> {
        let kv: Arc<dyn Kv> = Arc::new(Memory::default());
        let live = Arc::new(Live::default());
        let writer = Writer::inline(Arc::clone(&kv), Arc::clone(&live));
        let archive = Archive::open(Shelf::Memory(Mutex::default()), &*kv);
        let archive = archive.expect("nothing is archived in memory yet, and memory can be read");
        let open = Open { reader: Reader { kv, segments: None, archive }, directory: None };
        Embedded::start(writer, open, (Epoch(1), live))
    }

    fn start(writer: Writer, open: Open, (epoch, live): (Epoch, Arc<Live>)) -> Result<Embedded, OpenError> {
        let committer = Arc::new(Committer::default());
        let thread = committer.start(writer).map_err(|error| {
            let path = open.directory.as_ref().map_or(Path::new("memory"), Directory::path);
            OpenError::unusable(path, error)
        })?;
        let shared = Shared {
            committer,
            live,
            epoch,
            reads_files: open.directory.is_some(),
            open: RwLock::new(Some(open)),
            threads: Mutex::new(vec![thread]),
        };
        Ok(Embedded { shared: Arc::new(shared) })
    }

    /// Reads on a thread that may wait for the disk.
    async fn read<T: Send + 'static>(
        &self,
        read: impl Fn(&Reader) -> Result<T, Missed> + Send + 'static,
    ) -> Result<T, StoreError> {
        let value = match self.shared.reads_files {
            true => self.aside(move |shared| shared.read(read)).await?,
            false => self.shared.read(read)?,
        };
        self.shown(value).await
    }

    /// Reads of one execution: this waits for nobody else's turns. It is short, and most of it is in memory: to go to
    /// another thread for it would take longer.
    async fn read_of<T>(
        &self,
        execution: ExecutionId,
        read: impl Fn(&Reader) -> Result<T, Missed>,
    ) -> Result<T, StoreError> {
        let value = self.shared.read(read)?;
        self.shared.committer.settled(execution).await?;
        Ok(value)
    }

    /// What was just read, when it is durable.
    async fn shown<T>(&self, value: T) -> Result<T, StoreError> {
        self.shared.committer.durable(self.shared.committer.seen()).await?;
        Ok(value)
    }

    /// Reads and writes on a thread that may wait for the committer.
    async fn move_rows<T: Send + 'static>(
        &self,
        work: impl Fn(&Reader, &Committer) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.aside(move |shared| shared.read(|reader| Ok(work(reader, &shared.committer)?))).await
    }

    /// Does something on a thread that may wait, where there is a runtime that has such threads.
    async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = Arc::clone(&self.shared);
        match Handle::try_current() {
            Ok(runtime) => match runtime.spawn_blocking(move || work(&shared)).await {
                Ok(outcome) => outcome,
                Err(error) => Err(Failure::new(format!("the runtime has ended the store's work: {error}")).into()),
            },
            Err(_) => work(&shared),
        }
    }
}

/// Raises the epoch, in the database and beside it. The database must know the newest one: if it does not, it has lost
/// what was written to it.
fn next_epoch(kv: &dyn Kv, directory: &Directory) -> Result<Epoch, OpenError> {
    let damaged = |failure: Failure| OpenError::damaged(directory.path(), failure.to_string());
    let (newest, was_closed) = directory.epoch()?;
    let view = kv.view().map_err(damaged)?;
    let number = |key: &[u8]| -> Result<u64, OpenError> {
        let row = view.get(key).map_err(damaged)?;
        Ok(row.and_then(|row| Fields(&row).u64()).unwrap_or_default())
    };
    let (known, closed) = (number(key::EPOCH)?, number(key::CLOSED)?);
    drop(view);
    if known < newest || (was_closed && closed < newest) {
        let what =
            "the database does not remember what was written last: it is not whole, or not the one of this directory";
        return Err(OpenError::damaged(directory.path(), what));
    }
    let epoch = known + 1;
    kv.apply(vec![Operation::Put(key::EPOCH.to_vec(), epoch.to_be_bytes().to_vec())]).map_err(damaged)?;
    kv.sync().map_err(damaged)?;
    directory.write_epoch(epoch, false).map_err(|error| OpenError::unusable(directory.path(), error))?;
    Ok(Epoch(epoch))
}

fn live(kv: &dyn Kv) -> Result<Live, Failure> {
    let live = Live::default();
    let rows = kv.view()?.get(key::LIVE)?.and_then(|row| Fields(&row).u64());
    live.rows.store(rows.unwrap_or_default(), Ordering::Relaxed);
    Ok(live)
}

impl Shared {
    fn adopt(&self, thread: JoinHandle<()>) {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
    }

    fn read<T>(&self, read: impl Fn(&Reader) -> Result<T, Missed>) -> Result<T, StoreError> {
        self.committer.failure()?;
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        let Some(Open { reader, .. }) = &*open else { return Err(Failure::new("the store is closed").into()) };
        // Engines check some of what they read by assertions.
        match catch_unwind(AssertUnwindSafe(|| reader.again(read))) {
            Ok(outcome) => Ok(outcome?),
            Err(panic) => {
                Err(Failure::new(format!("the store cannot be read: {}. Check the disk", said(&*panic))).into())
            }
        }
    }

    /// Writes what waits, ends the threads and lets the directory go. Called again, it finds nothing to do.
    fn close(&self) -> Result<(), StoreError> {
        self.committer.close();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // What a thread had to say about its end, it has said to those who waited for it.
            let _ = thread.join();
        }
        let open = self.open.write().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Open { reader, directory }) = open else { return Ok(()) };
        drop(reader);
        self.committer.failure()?;
        if let Some(directory) = directory {
            let written = directory.write_epoch(self.epoch.0, true);
            written.map_err(|error| Failure::new(format!("{}: {error}", directory.path().display())))?;
        }
        Ok(())
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _ = self.shared.close();
    }
}

#[async_trait]
impl Store for Embedded {
    fn commit(&self, commit: Commit) -> BoxFuture<'static, Result<(), CommitError>> {
        if let Err(error) = plan::check_size(&commit) {
            return ready(Err(error)).boxed();
        }
        let epoch = self.shared.epoch;
        let (execution, cost) = (commit.execution, plan::cost(&commit));
        self.shared.committer.submit_turn(execution, cost, move |draft| plan::commit(draft, commit, epoch)).boxed()
    }

    async fn load(&self, execution: ExecutionId) -> Result<Option<Log>, StoreError> {
        self.read_of(execution, move |reader| reader.load(execution)).await
    }

    async fn turns(&self, execution: ExecutionId, after: u32, limit: usize) -> Result<Vec<StoredTurn>, StoreError> {
        self.read_of(execution, move |reader| reader.turns(execution, after, limit)).await
    }

    async fn turns_back(
        &self,
        execution: ExecutionId,
        before: u32,
        limit: usize,
    ) -> Result<Vec<StoredTurn>, StoreError> {
        self.read_of(execution, move |reader| reader.turns_back(execution, before, limit)).await
    }

    async fn find(&self, name: Key) -> Result<Option<ExecutionId>, StoreError> {
        let found = self.shared.read(|reader| reader.find(name))?;
        if let Some(execution) = found {
            self.shared.committer.settled(execution).await?;
        }
        Ok(found)
    }

    async fn listing(&self, list: Key, cursor: ListCursor) -> Result<Option<Listing>, StoreError> {
        let listing = self.shared.read(|reader| reader.listing(list, cursor))?;
        self.shared.committer.settled(cursor.execution).await?;
        Ok(listing)
    }

    async fn list(&self, query: ListQuery) -> Result<Vec<(ListCursor, Listing)>, StoreError> {
        self.read(move |reader| reader.list(&query)).await
    }

    async fn attention(
        &self,
        until: Attention,
        after: Option<(Attention, ExecutionId)>,
        limit: usize,
    ) -> Result<Vec<(Attention, ExecutionId)>, StoreError> {
        self.read(move |reader| reader.attention(until, after, limit)).await
    }

    async fn offers(&self, activity: Key, after: Option<Offer>, limit: usize) -> Result<Vec<Offer>, StoreError> {
        self.read(move |reader| reader.offers(activity, after, limit)).await
    }

    async fn reserve(&self, count: u64) -> Result<u64, StoreError> {
        let cost = Cost { operations: 1, ..Cost::default() };
        self.shared.committer.submit(cost, move |draft| plan::reserve(draft, key::NEXT_EXECUTION, count)).await
    }

    async fn archive(&self, closed: &[Closed]) -> Result<(), StoreError> {
        let closed = closed.to_vec();
        self.move_rows(move |reader, committer| reader.archive.archive(reader, committer, &closed)).await
    }

    async fn expire(&self, ended_before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.move_rows(move |reader, committer| reader.archive.expire(reader, committer, ended_before, limit)).await
    }

    /// All shards, under one epoch: the lock on the directory is the ownership.
    async fn acquire(&self) -> Result<Vec<(Shard, Epoch)>, StoreError> {
        self.shared.committer.is_open()?;
        Ok((0..SHARDS).map(|shard| (Shard(shard as u8), self.shared.epoch)).collect())
    }

    async fn release(&self, _shards: &[(Shard, Epoch)]) -> Result<(), StoreError> {
        Ok(self.shared.committer.is_open()?)
    }

    async fn enqueue(&self, execution: ExecutionId, message: Bytes) -> Result<MessageId, StoreError> {
        plan::check_value("", &message)?;
        let cost = Cost { operations: 2, bytes: message.len(), ..Cost::default() };
        self.shared.committer.submit(cost, move |draft| plan::enqueue(draft, execution, message)).await
    }

    async fn inbox(
        &self,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<(MessageId, ExecutionId, Bytes)>, StoreError> {
        self.read(move |reader| reader.inbox(after, limit)).await
    }

    async fn get(&self, kind: RecordKind, name: &str) -> Result<Option<Record>, StoreError> {
        let record = self.shared.read(|reader| reader.record(kind, name))?;
        self.shown(record).await
    }

    async fn put(&self, kind: RecordKind, name: &str, expected: Option<u64>, value: Bytes) -> Result<u64, StoreError> {
        plan::check_value(name, &value)?;
        let name = name.to_owned();
        let cost = Cost { operations: 1, bytes: value.len(), ..Cost::default() };
        self.shared.committer.submit(cost, move |draft| plan::put(draft, (kind, &name), expected, value)).await
    }

    async fn remove(&self, kind: RecordKind, name: &str, expected: Option<u64>) -> Result<bool, StoreError> {
        let name = name.to_owned();
        let cost = Cost { operations: 1, ..Cost::default() };
        self.shared.committer.submit(cost, move |draft| plan::remove(draft, (kind, &name), expected)).await
    }

    async fn records(
        &self,
        kind: RecordKind,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let (prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
        self.read(move |reader| reader.records(kind, &prefix, after.as_deref(), limit)).await
    }

    fn statistics(&self) -> Statistics {
        let open = self.shared.open.read().unwrap_or_else(PoisonError::into_inner);
        let directory = open.as_ref().and_then(|open| open.directory.as_ref());
        let counters = &self.shared.committer.counters;
        let live = &self.shared.live;
        let archived = directory.map_or(0, |directory| disk_bytes(&directory.path().join("archive")));
        Statistics {
            disk_bytes: directory.map_or(0, |directory| disk_bytes(directory.path())),
            live_bytes: live.rows.load(Ordering::Relaxed) + live.segments.load(Ordering::Relaxed) + archived,
            groups: counters.groups.load(Ordering::Relaxed),
            turns: counters.turns.load(Ordering::Relaxed),
            body_bytes: counters.body_bytes.load(Ordering::Relaxed),
        }
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.aside(Shared::close).await
    }
}
