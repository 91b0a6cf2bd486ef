//! What every store promises. The engine knows stores by this contract alone, and one suite
//! (`engine/tests/store_contract.rs`) holds every store to it.
//!
//! A store keeps bytes: it knows the order of turns, names, listings, deadlines and offers, and nothing of what a turn
//! holds. What is durable when:
//!
//! * [`Store::commit`], [`Store::put`], [`Store::remove`] and [`Store::enqueue`]: when the future gives `Ok`, all of it
//!   survives kill -9 and a power cut. On `Err` nothing of it happened, except [`CommitError::Unknown`].
//! * Commits take effect in the order in which `commit` was called, whatever the order in which futures are polled.
//! * Reads see every commit that has given `Ok`. They may or may not see one that has not given its answer yet; what they
//!   show is durable when they come back.
//! * [`Store::archive`] and [`Store::expire`] may be cut off at any point: calling them again finishes the work.
//! * [`CommitError::Failed`] and [`StoreError::Failed`] after a failed write are final: the store takes no more writes
//!   until it is opened again, because nobody knows what a disk kept that failed to sync. Of the writes that were under
//!   way at that moment, each is there as a whole or not at all when the store is opened again.
//!
//! Embedded stores share everything but the engine that keeps their rows: `kv` says what an engine is, `sled`, `redb` and
//! `memory` are engines, and `checked` guards their rows. `directory` says which files a store has, `key` which rows, `record` what is in them. Long
//! values are in `segment`, closed executions in `archive`. `committer` is the one thread that writes, `plan` what each
//! write does, `read` all that is read.

mod archive;
mod archive_file;
mod checked;
mod committer;
mod compact;
mod directory;
mod draft;
mod embedded;
mod key;
mod kv;
mod memory;
mod open;
mod plan;
mod read;
mod record;
mod redb;
mod segment;
mod shelf;
mod sled;
mod sweep;
#[cfg(test)]
mod tests;
mod writer;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use stepwell_asl::Timestamp;

use crate::ids::{Epoch, ExecutionId, Key, Shard};

pub use open::{Kind, OpenError, Options, UnknownKind, open};

/// The longest body of a turn, and the longest checkpoint. A longer one is [`CommitError::TooLarge`].
pub const BODY_BYTES_MAX: usize = 256 * 1024 * 1024;

/// The longest value of a registry row, entry of a listing or message.
pub const VALUE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// One turn of one execution, to be kept whole or not at all.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Whose turn it is.
    pub execution: ExecutionId,
    /// Under which ownership of the execution's shard.
    pub epoch: Epoch,
    /// The turn's number, from 1. The store must hold the one before, and not this one.
    pub sequence: u32,
    /// Drawn by who commits. It tells one's own turn from another's when an outcome was unknown.
    pub turn_id: u64,
    /// Id of the turn's first history event. A turn without events has the next one's id.
    pub first_event: u64,
    /// How many history events it holds.
    pub events: u32,
    /// What the turn holds. The store does not look into it.
    pub body: Bytes,
    /// The execution after this turn, where it is time to write it: loading starts from the newest one.
    pub checkpoint: Option<Bytes>,
    /// The name under which the execution is found: with its first turn, and only then.
    pub name: Option<Key>,
    /// When the execution wants attention, before and after this turn.
    pub attention: Moved<Attention>,
    /// Where the execution is listed, before and after this turn; `None` where that did not change.
    pub listing: Option<Moved<Option<Listing>>>,
    /// Tasks that an activity's workers may take from now on.
    pub offered: Vec<Offer>,
    /// Tasks they may not take any more.
    pub withdrawn: Vec<Offer>,
    /// Messages of the inbox that this turn took in.
    pub consumed: Vec<MessageId>,
}

/// Before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved<T> {
    /// Before the turn.
    pub from: T,
    /// After it.
    pub to: T,
}

/// When somebody has to look at an execution. One row of a time-ordered index each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attention {
    /// After a restart, at once: it has work in flight that nobody has confirmed. Comes before every instant.
    Unconfirmed,
    /// From this instant on: its earliest deadline or, for a closed one, the time to archive it.
    At(Timestamp),
    /// Never: there is no row.
    Never,
}

/// A line of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Which list: of a state machine's executions, for one.
    pub list: Key,
    /// The execution's status, as a number that the engine chooses. Lists can be filtered by it.
    pub status: u8,
    /// When it was started. The newest come first.
    pub started_at: Timestamp,
    /// What the line says. The store does not look into it.
    pub entry: Bytes,
}

/// A task for an activity's workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offer {
    /// Which activity.
    pub activity: Key,
    /// Since when. The oldest come first.
    pub at: Timestamp,
    /// Whose task.
    pub execution: ExecutionId,
    /// Which branch waits.
    pub branch: u32,
    /// Under which ticket.
    pub ticket: u64,
}

/// Why a commit did not happen, or may not have.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommitError {
    /// The store does not hold exactly the turns before this one, or the name is taken: load again.
    #[error("another turn was committed first")]
    Conflict,
    /// Somebody else owns the shard now: forget everything about it.
    #[error("the shard has a new owner")]
    Fenced,
    /// The turn may have been committed or not: load again and compare `turn_id`.
    #[error("it is not known whether the turn was committed")]
    Unknown,
    /// The store cannot hold so large a turn, however often it is tried.
    #[error("a turn of {bytes} bytes is larger than the store's {bytes_max}")]
    TooLarge {
        /// How large it is.
        bytes: usize,
        /// How large it may be.
        bytes_max: usize,
    },
    /// The store has failed for good.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// Why the store could not do something.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// A registry row had another revision than expected.
    #[error("the record has changed meanwhile")]
    Conflict,
    /// The value is too large for the store.
    #[error("a value of {bytes} bytes is larger than the store's {bytes_max}")]
    TooLarge {
        /// How large it is.
        bytes: usize,
        /// How large it may be.
        bytes_max: usize,
    },
    /// The store cannot be read or has failed for good.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// A store that cannot go on: what happened, and what to do.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub Arc<str>);

impl Failure {
    fn new(what: impl Into<Arc<str>>) -> Failure {
        Failure(what.into())
    }
}

/// A turn as it was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTurn {
    /// Its number.
    pub sequence: u32,
    /// What who committed it drew.
    pub turn_id: u64,
    /// Id of its first history event.
    pub first_event: u64,
    /// How many it holds.
    pub events: u32,
    /// When the execution wanted attention after it.
    pub attention: Attention,
    /// What it holds.
    pub body: Bytes,
}

/// All that is needed to have an execution in memory again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The newest checkpoint and the number of the turn it was written with.
    pub checkpoint: Option<(u32, Bytes)>,
    /// The turns after the checkpoint, or all of them.
    pub turns: Vec<StoredTurn>,
    /// The newest turn, with or without being in `turns`: its number, id, and the attention after it.
    pub newest: (u32, u64, Attention),
}

/// Which executions of a list are wanted, and from where on.
#[derive(Clone, Debug)]
pub struct ListQuery {
    /// Which list.
    pub list: Key,
    /// Only this status.
    pub status: Option<u8>,
    /// The last one of the page before.
    pub after: Option<ListCursor>,
    /// How many at most.
    pub limit: usize,
}

/// A place in a list that stays valid whatever is added or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListCursor {
    /// When the execution there was started.
    pub started_at: Timestamp,
    /// Its id.
    pub execution: ExecutionId,
}

impl std::fmt::Display for ListCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.started_at.0, self.execution.0)
    }
}

impl std::str::FromStr for ListCursor {
    type Err = ();
    fn from_str(text: &str) -> Result<ListCursor, ()> {
        let (at, id) = text.split_once('.').ok_or(())?;
        let started_at = Timestamp(at.parse().map_err(drop)?);
        Ok(ListCursor { started_at, execution: ExecutionId(id.parse().map_err(drop)?) })
    }
}

/// A message in the inbox, in the order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub u64);

/// A row of the registry: state machines, activities, definitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its name, unique among its kind.
    pub name: String,
    /// Grows with every change, from 1.
    pub revision: u64,
    /// What it holds.
    pub value: Bytes,
}

/// The kinds of registry rows. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RecordKind {
    /// A state machine, by its ARN, with its versions, aliases and tags: so they change together.
    StateMachine = 1,
    /// An activity, with its tags.
    Activity = 4,
    /// A definition's text, by its hash.
    Definition = 6,
    /// The engine's own: the key of task tokens, for one.
    Engine = 7,
}

/// What a store has to say about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Bytes on disk.
    pub disk_bytes: u64,
    /// Bytes of what is live, as far as it is known.
    pub live_bytes: u64,
    /// Groups that were synced since the store was opened.
    pub groups: u64,
    /// Turns in them.
    pub turns: u64,
    /// Bytes of their bodies and checkpoints.
    pub body_bytes: u64,
}

/// A place where turns are kept.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    // ---- executions ----

    /// Keeps a turn and moves its index rows: all or nothing. Queued when it is called; see the module's promises.
    fn commit(&self, commit: Commit) -> BoxFuture<'static, Result<(), CommitError>>;

    /// The newest checkpoint and what came after. `None`: there is no such execution, or it has expired.
    async fn load(&self, execution: ExecutionId) -> Result<Option<Log>, StoreError>;

    /// Turns in order of their numbers, after this one (0: from the first on). Archived ones too.
    async fn turns(&self, execution: ExecutionId, after: u32, limit: usize) -> Result<Vec<StoredTurn>, StoreError>;

    /// Turns in reverse order, before this one (`u32::MAX`: from the last on). Archived ones too.
    async fn turns_back(
        &self,
        execution: ExecutionId,
        before: u32,
        limit: usize,
    ) -> Result<Vec<StoredTurn>, StoreError>;

    /// The execution of this name.
    async fn find(&self, name: Key) -> Result<Option<ExecutionId>, StoreError>;

    /// The line of a listing that is kept of an execution.
    async fn listing(&self, list: Key, cursor: ListCursor) -> Result<Option<Listing>, StoreError>;

    /// A page of a list, newest first; equal times by id, the higher one first.
    async fn list(&self, query: ListQuery) -> Result<Vec<(ListCursor, Listing)>, StoreError>;

    /// Executions that want attention up to `until`, in order, after a given one.
    async fn attention(
        &self,
        until: Attention,
        after: Option<(Attention, ExecutionId)>,
        limit: usize,
    ) -> Result<Vec<(Attention, ExecutionId)>, StoreError>;

    /// An activity's open tasks, oldest first, after a given one.
    async fn offers(&self, activity: Key, after: Option<Offer>, limit: usize) -> Result<Vec<Offer>, StoreError>;

    /// Reserves numbers for executions: the first of `count` that nobody gets again.
    async fn reserve(&self, count: u64) -> Result<u64, StoreError>;

    // ---- closed executions ----

    /// Moves closed executions out of the way of the living. Those that are there no more are passed over; their names
    /// and listings stay until they expire.
    async fn archive(&self, closed: &[Closed]) -> Result<(), StoreError>;

    /// Removes archived executions that ended before this instant, as far as whole archive files allow it, with their
    /// names and listings. Gives how many; 0: there is nothing left to remove.
    async fn expire(&self, ended_before: Timestamp, limit: usize) -> Result<usize, StoreError>;

    // ---- several nodes ----

    /// Takes ownership of shards that nobody owns, and gives the epoch of each. An embedded store gives all.
    async fn acquire(&self) -> Result<Vec<(Shard, Epoch)>, StoreError>;

    /// Gives ownership back.
    async fn release(&self, shards: &[(Shard, Epoch)]) -> Result<(), StoreError>;

    /// Puts a message for an execution into its inbox, whoever owns it.
    async fn enqueue(&self, execution: ExecutionId, message: Bytes) -> Result<MessageId, StoreError>;

    /// Messages in order of arrival, after a given one.
    async fn inbox(
        &self,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<(MessageId, ExecutionId, Bytes)>, StoreError>;

    // ---- registry ----

    /// A record.
    async fn get(&self, kind: RecordKind, name: &str) -> Result<Option<Record>, StoreError>;

    /// Writes a record. `expected` is the revision it must have: 0 for none at all, `None` for whatever there is. Gives
    /// the new revision.
    async fn put(&self, kind: RecordKind, name: &str, expected: Option<u64>, value: Bytes) -> Result<u64, StoreError>;

    /// Removes a record, where it has this revision (`None`: whatever it has). Tells whether it was there.
    async fn remove(&self, kind: RecordKind, name: &str, expected: Option<u64>) -> Result<bool, StoreError>;

    /// Records whose names start with `prefix`, by name, after a given one.
    async fn records(
        &self,
        kind: RecordKind,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError>;

    // ---- the store itself ----

    /// What the store has to say about itself.
    fn statistics(&self) -> Statistics;

    /// Finishes what was queued and lets the data go. Later calls fail.
    async fn close(&self) -> Result<(), StoreError>;
}

/// A closed execution, and where it is found.
#[derive(Clone, Debug)]
pub struct Closed {
    /// Which.
    pub execution: ExecutionId,
    /// The attention that was due: the row goes.
    pub attention: Attention,
    /// Its name.
    pub name: Key,
    /// Which list it is in.
    pub list: Key,
    /// The status it is listed with.
    pub status: u8,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
}
