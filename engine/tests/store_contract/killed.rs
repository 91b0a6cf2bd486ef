//! The child that is killed: writers that commit plans, put records, enqueue messages, archive and expire, and write
//! down in a file what the store has acknowledged. It ends when it is killed, or when whoever started it is gone.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::future::join_all;
use stepwell_asl::Timestamp;
use stepwell_engine::ids::{Epoch, ExecutionId, Shard};
use stepwell_engine::store::{Attention, Closed, Commit, MessageId, RecordKind, Store};

use crate::plan::{DAY_MS, GOING_ON_MS, Plan};
use crate::support::{Dice, Place, bytes_of};

/// Tells the child where the store is, and that it is the child.
pub const DIRECTORY: &str = "STEPWELL_STORE_KILL_DIRECTORY";

/// What it says when the store is open.
pub const READY: &str = "the store is open";

pub const WRITERS: u64 = 8;

/// Far more than any test keeps.
pub const ALL: usize = 10_000_000;

/// What ended before this expires: the first of three days.
pub const EXPIRES: Timestamp = Timestamp(DAY_MS * 3 / 2);

/// Something that the store has acknowledged.
#[derive(Clone, Copy, Debug)]
pub enum Report {
    /// The id is this execution's alone. Written before its first commit.
    Reserved(ExecutionId),
    Committed(ExecutionId, u32),
    /// The message that is consumed with this turn.
    Enqueued(ExecutionId, u32),
    /// A writer's record, and how often it was put.
    Put(u64, u64),
}

impl Report {
    fn write(self, mut file: &File) {
        let (kind, one, other) = match self {
            Report::Reserved(execution) => (1_u64, execution.0, 0),
            Report::Committed(execution, sequence) => (2, execution.0, sequence.into()),
            Report::Enqueued(execution, sequence) => (3, execution.0, sequence.into()),
            Report::Put(writer, count) => (4, writer, count),
        };
        let bytes = [kind.to_be_bytes(), one.to_be_bytes(), other.to_be_bytes()].concat();
        file.write_all(&bytes).expect("reports can be written"); // one write(2): whole, or not there
    }

    pub fn read_all(directory: &Path) -> Vec<Report> {
        let bytes = match std::fs::read(directory.join("reports")) {
            Ok(bytes) => bytes,
            Err(_) => return Vec::new(), // the child was killed before it wrote any
        };
        let number = |bytes: &[u8]| u64::from_be_bytes(bytes.try_into().expect("eight bytes"));
        bytes
            .chunks_exact(24)
            .map(|row| Report::of(number(&row[..8]), number(&row[8..16]), number(&row[16..])))
            .collect()
    }

    fn of(kind: u64, one: u64, other: u64) -> Report {
        match kind {
            1 => Report::Reserved(ExecutionId(one)),
            2 => Report::Committed(ExecutionId(one), other as u32),
            3 => Report::Enqueued(ExecutionId(one), other as u32),
            4 => Report::Put(one, other),
            other => panic!("no report has the number {other}"),
        }
    }
}

/// What all writers share.
struct Shared {
    store: Arc<dyn Store>,
    epoch: Epoch,
    reports: File,
    /// Messages that were there at the start, for those that take them in.
    inbox: BTreeMap<(ExecutionId, u32), Vec<MessageId>>,
    /// Closed executions that wait to be archived, by the day on which they ended.
    closed: Mutex<BTreeMap<Timestamp, Vec<Closed>>>,
}

pub async fn write_until_killed(place: Place) {
    std::thread::spawn(|| {
        // Ends when the other side is gone, so that nobody writes for ever.
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let (store, epoch) = place.start().await;
    println!("{READY}");
    let path = place.directory.join("reports");
    let reports = OpenOptions::new().create(true).append(true).open(path).expect("reports can be written");
    let mut inbox: BTreeMap<_, Vec<MessageId>> = BTreeMap::new();
    for (id, execution, message) in store.inbox(None, ALL).await.expect("the inbox can be read") {
        inbox.entry((execution, sequence_of(&message))).or_default().push(id);
    }
    let attention = store.attention(Attention::Never, None, ALL).await.expect("attention can be read");
    let (going_on, ended): (Vec<_>, Vec<_>) =
        attention.into_iter().partition(|(attention, _)| *attention <= Attention::At(Timestamp(GOING_ON_MS)));
    let shared = Arc::new(Shared { store, epoch, reports, inbox, closed: Mutex::default() });
    for (_, execution) in ended {
        shared.close(Plan::of(execution)).await;
    }
    let writers = (0..WRITERS).map(|writer| {
        let mine = going_on.iter().map(|row| row.1).skip(writer as usize).step_by(WRITERS as usize).collect();
        tokio::spawn(shared.clone().write(writer, mine))
    });
    for writer in join_all(writers).await {
        writer.expect("a writer goes on until it is killed");
    }
}

impl Shared {
    async fn write(self: Arc<Shared>, writer: u64, unfinished: Vec<ExecutionId>) {
        for execution in unfinished {
            let log = self.store.load(execution).await.expect("executions can be loaded");
            self.run(Plan::of(execution), log.expect("it wants attention").newest.0).await;
        }
        let record = self.store.get(RecordKind::Engine, &record_name(writer)).await.expect("records can be read");
        let (mut revision, mut count) = record.map_or((0, 0), |record| (record.revision, count_of(&record.value)));
        loop {
            let first = self.store.reserve(4).await.expect("numbers can be reserved");
            for number in first..first + 4 {
                let execution = ExecutionId::new(Shard((number % 256) as u8), number);
                Report::Reserved(execution).write(&self.reports);
                self.run(Plan::of(execution), 0).await;
            }
            count += 1;
            let (name, value) = (record_name(writer), record_value(writer, count));
            let put = self.store.put(RecordKind::Engine, &name, Some(revision), value).await;
            revision = put.expect("nobody else puts it");
            Report::Put(writer, count).write(&self.reports);
        }
    }

    /// Commits its turns after this one, at times several before the first is answered.
    async fn run(&self, plan: Plan, newest: u32) {
        let mut dice = Dice::new(plan.execution.0 + u64::from(newest));
        let mut sequence = newest;
        while sequence < plan.length {
            let until = plan.length.min(sequence + 1 + dice.below(3) as u32);
            let mut commits = Vec::new();
            for sequence in sequence + 1..=until {
                let consumed = self.messages(plan, sequence, &mut dice).await;
                commits.push(Commit { consumed, ..plan.commit(sequence, self.epoch) });
            }
            let answers: Vec<_> = commits.into_iter().map(|commit| self.store.commit(commit)).collect();
            for answer in answers {
                sequence += 1;
                answer.await.unwrap_or_else(|error| panic!("turn {sequence} of {plan:?}: {error}"));
                Report::Committed(plan.execution, sequence).write(&self.reports);
            }
        }
        self.close(plan).await;
    }

    /// Messages for this turn: those that were left by who was killed, and at times a new one.
    async fn messages(&self, plan: Plan, sequence: u32, dice: &mut Dice) -> Vec<MessageId> {
        let mut messages = self.inbox.get(&(plan.execution, sequence)).cloned().unwrap_or_default();
        if dice.one_in(5) {
            let message = Bytes::copy_from_slice(&sequence.to_be_bytes());
            messages.push(self.store.enqueue(plan.execution, message).await.expect("messages are taken"));
            Report::Enqueued(plan.execution, sequence).write(&self.reports);
        }
        messages
    }

    /// Archives closed executions, ten of a day at once, and lets old ones expire.
    async fn close(&self, plan: Plan) {
        let ready = {
            let mut closed = self.closed.lock().expect("no writer panics with it");
            let day = closed.entry(plan.ended_at()).or_default();
            day.push(plan.closed());
            if day.len() < 10 { Vec::new() } else { std::mem::take(day) }
        };
        if !ready.is_empty() {
            self.store.archive(&ready).await.expect("closed executions can be archived");
            self.store.expire(EXPIRES, 15).await.expect("archived executions can expire");
        }
    }
}

pub fn sequence_of(message: &Bytes) -> u32 {
    u32::from_be_bytes(message[..].try_into().expect("a message holds a number"))
}

pub fn record_name(writer: u64) -> String {
    format!("writer {writer}")
}

/// The count, then bytes that follow from it.
pub fn record_value(writer: u64, count: u64) -> Bytes {
    let length = if count.is_multiple_of(10) { 6000 } else { 100 };
    Bytes::from([&count.to_be_bytes()[..], &bytes_of(writer << 32 | count, length)].concat())
}

pub fn count_of(value: &Bytes) -> u64 {
    u64::from_be_bytes(value[..8].try_into().expect("a record begins with a number"))
}
