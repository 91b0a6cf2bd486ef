//! Where stores are opened, how they are waited for, and the small makers of test data.

use std::fmt::Debug;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use stepwell_asl::{Chance, Timestamp};
use stepwell_engine::ids::{Epoch, ExecutionId, Key, Shard};
use stepwell_engine::store::{Attention, Commit, Kind, Listing, Moved, Options, Store, open};

/// Runs one test on a store of this kind, in a directory of its own.
pub fn run<F: Future<Output = ()>>(kind: Kind, test: impl FnOnce(Place) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be made");
    runtime.block_on(test(Place::new(kind)));
}

/// A directory in which a store is opened, again and again.
pub struct Place {
    pub kind: Kind,
    pub directory: PathBuf,
    /// Goes with the place, where it was made for it.
    _made: Option<tempfile::TempDir>,
}

impl Place {
    pub fn new(kind: Kind) -> Place {
        let made = tempfile::tempdir().expect("a directory can be made");
        Place { kind, directory: made.path().to_path_buf(), _made: Some(made) }
    }

    /// A directory that somebody else made and removes.
    pub fn of(kind: Kind, directory: PathBuf) -> Place {
        Place { kind, directory, _made: None }
    }

    pub fn open(&self) -> Arc<dyn Store> {
        let directory = self.directory.join("store");
        let options = match self.kind {
            Kind::Sled => Options::sled(directory),
            Kind::Redb => Options::redb(directory),
            Kind::Memory => Options::memory(),
        };
        open(&options).unwrap_or_else(|error| panic!("the store does not open: {error}"))
    }

    /// An open store, and the epoch under which everything may be committed.
    pub async fn start(&self) -> (Arc<dyn Store>, Epoch) {
        let store = self.open();
        let epoch = epoch_of(&*store).await;
        (store, epoch)
    }

    /// Whether what was written is there when the store is opened again.
    pub fn lasts(&self) -> bool {
        match self.kind {
            Kind::Sled | Kind::Redb => true,
            Kind::Memory => false,
        }
    }
}

/// Acquires everything. An embedded store gives all shards under one epoch.
pub async fn epoch_of(store: &dyn Store) -> Epoch {
    let shards = store.acquire().await.expect("shards can be acquired");
    let epoch = shards.first().expect("an embedded store gives all shards").1;
    assert!(shards.iter().all(|(_, other)| *other == epoch), "{shards:?}");
    epoch
}

/// Chance that can be repeated.
pub struct Dice(Chance);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        let mut chance =
            Chance::from_seed([seed, seed.rotate_left(17) ^ 0x9e37, seed.wrapping_mul(0x0100_0000_01b3), 1]);
        for _ in 0..8 {
            chance.next_u64(); // near seeds begin alike
        }
        Dice(chance)
    }

    pub fn next(&mut self) -> u64 {
        self.0.next_u64()
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    pub fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    /// One of these, if there is any.
    pub fn of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }

    pub fn shuffle<T>(&mut self, all: &mut [T]) {
        for at in (1..all.len()).rev() {
            all.swap(at, self.below(at + 1));
        }
    }
}

/// This many bytes that follow from the seed, and do not compress.
pub fn bytes_of(seed: u64, length: usize) -> Bytes {
    let mut chance = Chance::from_seed([seed, length as u64, 0x5157, 7]);
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        bytes.extend_from_slice(&chance.next_u64().to_be_bytes());
    }
    bytes.truncate(length);
    Bytes::from(bytes)
}

/// Fails where two readings differ, and shows the place rather than megabytes.
#[track_caller]
pub fn same<T: PartialEq + Debug>(what: &str, got: &T, want: &T) {
    if got == want {
        return;
    }
    let (got, want) = (format!("{got:?}"), format!("{want:?}"));
    let differs = got.bytes().zip(want.bytes()).take_while(|(one, other)| one == other).count();
    let from = differs.saturating_sub(400);
    let around = |text: &str| -> String { text.chars().skip(from).take(1000).collect() };
    panic!(
        "{what}: they differ at character {differs} (shown from {from})\n got ({}) {}\nwant ({}) {}",
        got.len(),
        around(&got),
        want.len(),
        around(&want)
    );
}

pub fn id(number: u64) -> ExecutionId {
    ExecutionId::new(Shard((number % 7) as u8 * 40), number)
}

pub fn key(name: &str) -> Key {
    Key::of(&[name])
}

pub fn at(ms: i64) -> Attention {
    Attention::At(Timestamp(ms))
}

/// A plain turn: one event, no rows but its own.
pub fn turn(execution: ExecutionId, epoch: Epoch, sequence: u32) -> Commit {
    Commit {
        execution,
        epoch,
        sequence,
        turn_id: execution.0.rotate_left(20) ^ u64::from(sequence),
        first_event: u64::from(sequence),
        events: 1,
        body: bytes_of(execution.0 ^ u64::from(sequence), 30),
        checkpoint: None,
        name: None,
        attention: Moved { from: Attention::Never, to: Attention::Never },
        listing: None,
        offered: Vec::new(),
        withdrawn: Vec::new(),
        consumed: Vec::new(),
    }
}

pub fn line(list: &str, status: u8, started_at: i64, entry: &str) -> Listing {
    Listing { list: key(list), status, started_at: Timestamp(started_at), entry: Bytes::from(entry.to_string()) }
}

/// A first turn that names the execution and lists it.
pub fn started(execution: ExecutionId, epoch: Epoch, name: &str, line: Listing) -> Commit {
    Commit { name: Some(key(name)), listing: Some(Moved { from: None, to: Some(line) }), ..turn(execution, epoch, 1) }
}
