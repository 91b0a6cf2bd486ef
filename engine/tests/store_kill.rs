//! Kills a process that writes to an embedded store, again and again, and looks whether all that it acknowledged is there.
//! The writer commits turns, replaces long values so that segments are emptied, and archives what is closed.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use stepwell_asl::Timestamp;
use stepwell_engine::ids::{Epoch, ExecutionId, Key};
use stepwell_engine::store::{
    Attention, Closed, Commit, Kind, ListQuery, Listing, Moved, Options, RecordKind, Store, open,
};

/// Where the writer finds the store.
const CHILD: &str = "STEPWELL_TEST_STORE";
const WRITERS: u64 = 6;
/// Every execution has so many turns and is archived then.
const TURNS: u32 = 30;
/// After how many lines the writer is killed: at the very start, and further and further on.
const ROUNDS: [usize; 7] = [1, 2, 20, 100, 300, 800, 1500];

#[test]
fn nothing_acknowledged_is_lost_on_sled() {
    check(Kind::Sled, "nothing_acknowledged_is_lost_on_sled");
}

#[test]
fn nothing_acknowledged_is_lost_on_redb() {
    check(Kind::Redb, "nothing_acknowledged_is_lost_on_redb");
}

fn check(kind: Kind, test: &str) {
    let options = |directory: &Path| Options { kind, directory: Some(directory.to_owned()), cache_bytes: 1 << 20 };
    if let Some(directory) = std::env::var_os(CHILD).map(PathBuf::from) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
        return runtime.block_on(write(open(&options(&directory)).expect("it opens")));
    }
    let parent = tempfile::tempdir().expect("a directory");
    let directory = parent.path().join("store");
    let mut acknowledged = Acknowledged::default();
    for lines in ROUNDS {
        let child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", test, "--nocapture"])
            .env(CHILD, &directory)
            .stdout(Stdio::piped())
            .spawn();
        kill_after(lines, child.expect("it starts"), &mut acknowledged);
        let store = open(&options(&directory)).expect("it opens after the kill");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(verify(&*store, &acknowledged));
        runtime.block_on(store.close()).expect("it closes");
    }
    assert!(acknowledged.turns.len() > 50, "{} executions are too few to mean anything", acknowledged.turns.len());
}

/// What the writer said was durable.
#[derive(Default)]
struct Acknowledged {
    /// Turns by execution.
    turns: BTreeMap<u64, u32>,
    revision: u64,
}

/// Reads what the writer says, kills it, and reads what it had said before it was dead.
fn kill_after(lines: usize, mut child: Child, acknowledged: &mut Acknowledged) {
    let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut line = String::new();
    let mut seen = 0;
    while seen < lines && output.read_line(&mut line).expect("it is text") > 0 {
        seen += usize::from(note(line.trim_end(), acknowledged));
        line.clear();
    }
    assert_eq!(seen, lines, "the writer ended by itself");
    child.kill().expect("it runs");
    let mut rest = String::new();
    output.read_to_string(&mut rest).expect("it is text");
    let whole = rest.rsplit_once('\n').map_or("", |(whole, _)| whole);
    for line in whole.lines() {
        note(line, acknowledged);
    }
    child.wait().expect("it was started");
}

fn note(line: &str, acknowledged: &mut Acknowledged) -> bool {
    let words: Vec<u64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
    match (line.split(' ').next(), &words[..]) {
        (Some("turn"), [execution, sequence]) => drop(acknowledged.turns.insert(*execution, *sequence as u32)),
        (Some("value"), [revision]) => acknowledged.revision = *revision,
        _ => return false, // what the test harness says
    }
    true
}

async fn verify(store: &dyn Store, acknowledged: &Acknowledged) {
    for (execution, sequence) in &acknowledged.turns {
        let id = ExecutionId(*execution);
        let turns = store.turns(id, 0, usize::MAX).await.expect("it can be read");
        // The turn that was under way may be there too.
        let count = turns.len() as u32;
        assert!(count == *sequence || count == sequence + 1, "{count} turns, not {sequence}, of {execution}");
        for (turn, sequence) in turns.iter().zip(1..) {
            assert_eq!((turn.sequence, &turn.body), (sequence, &body(*execution, sequence)));
        }
        assert_eq!(store.find(name(*execution)).await.expect("it can be read"), Some(id));
    }
    let record = store.get(RecordKind::Engine, "value").await.expect("it can be read");
    let revision = record.as_ref().map_or(0, |record| record.revision);
    assert!(revision == acknowledged.revision || revision == acknowledged.revision + 1, "{revision}");
    assert!(record.is_none_or(|record| record.value == value(revision)));
    one_line_each(store).await;
}

/// Every execution is listed once, with the status that its turns say.
async fn one_line_each(store: &dyn Store) {
    let query = ListQuery { list: Key::of(&["list"]), status: None, after: None, limit: usize::MAX };
    let lines = store.list(query).await.expect("it can be read");
    let mut seen = BTreeMap::new();
    for (cursor, listing) in lines {
        assert_eq!(seen.insert(cursor.execution, listing.status), None, "{cursor:?} is listed twice");
        let newest = store.turns_back(cursor.execution, u32::MAX, 1).await.expect("it can be read");
        assert_eq!(listing.status, u8::from(newest[0].sequence == TURNS), "{cursor:?}");
    }
}

async fn write(store: Arc<dyn Store>) {
    let epoch = store.acquire().await.expect("it is ours")[0].1;
    let mut tasks: Vec<_> = (0..WRITERS).map(|_| tokio::spawn(executions(Arc::clone(&store), epoch))).collect();
    tasks.push(tokio::spawn(values(store)));
    for task in tasks {
        task.await.expect("it goes on until it is killed");
    }
}

async fn values(store: Arc<dyn Store>) {
    let known = store.get(RecordKind::Engine, "value").await.expect("it can be read");
    let mut revision = known.map_or(0, |record| record.revision);
    loop {
        let next = store.put(RecordKind::Engine, "value", Some(revision), value(revision + 1)).await;
        revision = next.expect("it is written");
        println!("value {revision}");
    }
}

async fn executions(store: Arc<dyn Store>, epoch: Epoch) {
    loop {
        let execution = store.reserve(1).await.expect("it is written");
        for sequence in 1..=TURNS {
            store.commit(turn(execution, epoch, sequence)).await.expect("it is written");
            println!("turn {execution} {sequence}");
        }
        let closed = Closed {
            execution: ExecutionId(execution),
            attention: Attention::At(Timestamp(i64::from(TURNS))),
            name: name(execution),
            list: Key::of(&["list"]),
            status: 1,
            started_at: Timestamp(0),
            ended_at: Timestamp(1),
        };
        store.archive(&[closed]).await.expect("it is archived");
    }
}

fn turn(execution: u64, epoch: Epoch, sequence: u32) -> Commit {
    let listed = |status| {
        let (list, entry) = (Key::of(&["list"]), Bytes::from_static(b"line"));
        Some(Listing { list, status, started_at: Timestamp(0), entry })
    };
    let attention = |sequence| match sequence {
        0 => Attention::Never,
        _ => Attention::At(Timestamp(i64::from(sequence))),
    };
    let listing = match sequence {
        1 => Some(Moved { from: None, to: listed(0) }),
        TURNS => Some(Moved { from: listed(0), to: listed(1) }),
        _ => None,
    };
    Commit {
        execution: ExecutionId(execution),
        epoch,
        sequence,
        turn_id: u64::from(sequence),
        first_event: 1,
        events: 1,
        body: body(execution, sequence),
        checkpoint: sequence.is_multiple_of(10).then(|| body(execution, sequence + 5)),
        name: (sequence == 1).then(|| name(execution)),
        attention: Moved { from: attention(sequence - 1), to: attention(sequence) },
        listing,
        offered: Vec::new(),
        withdrawn: Vec::new(),
        consumed: Vec::new(),
    }
}

fn name(execution: u64) -> Key {
    Key::of(&[&execution.to_string()])
}

/// A body that is the turn's own; every fifth is long enough for a segment.
fn body(execution: u64, sequence: u32) -> Bytes {
    let length = if sequence.is_multiple_of(5) { 10_000 } else { 400 };
    pattern(execution.wrapping_mul(1_000_003) ^ u64::from(sequence), length)
}

fn value(revision: u64) -> Bytes {
    pattern(revision, 700_000)
}

fn pattern(seed: u64, length: usize) -> Bytes {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes.into()
}
