//! What is particular to embedded stores. What every store does is in `engine/tests/store_contract.rs`.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use stepwell_asl::Timestamp;
use tempfile::TempDir;

use super::*;

const KINDS: [Kind; 2] = [Kind::Sled, Kind::Redb];

/// A store in a directory of its own, which can be opened again.
struct Bench {
    kind: Kind,
    directory: TempDir,
    store: Option<Arc<dyn Store>>,
}

impl Bench {
    fn new(kind: Kind) -> Bench {
        let mut bench = Bench { kind, directory: tempfile::tempdir().expect("a directory"), store: None };
        bench.reopen();
        bench
    }

    fn options(&self) -> Options {
        let directory = Some(self.directory.path().join("store"));
        Options { kind: self.kind, directory, cache_bytes: 1 << 20 }
    }

    fn reopen(&mut self) {
        self.store = None;
        self.store = Some(open(&self.options()).expect("the store opens"));
    }

    fn store(&self) -> &dyn Store {
        &**self.store.as_ref().expect("it is open between two openings")
    }

    fn segments(&self) -> Vec<String> {
        names(&self.directory.path().join("store/segments"))
    }
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("the directory is there");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(future)
}

fn epoch(store: &dyn Store) -> Epoch {
    wait(store.acquire()).expect("it is open")[0].1
}

fn turn(store: &dyn Store, execution: u64, sequence: u32, body: impl Into<Bytes>) -> Commit {
    Commit {
        execution: ExecutionId(execution),
        epoch: epoch(store),
        sequence,
        turn_id: u64::from(sequence) + 100,
        first_event: 1,
        events: 1,
        body: body.into(),
        checkpoint: None,
        name: None,
        attention: Moved { from: Attention::Never, to: Attention::Never },
        listing: None,
        offered: Vec::new(),
        withdrawn: Vec::new(),
        consumed: Vec::new(),
    }
}

fn bodies(store: &dyn Store, execution: u64) -> Vec<Bytes> {
    let turns = wait(store.turns(ExecutionId(execution), 0, usize::MAX)).expect("it can be read");
    turns.into_iter().map(|turn| turn.body).collect()
}

#[test]
fn turns_of_all_lengths_outlive_the_process() {
    for kind in KINDS {
        let mut bench = Bench::new(kind);
        let lengths = [0, 1, record::INLINE_BYTES_MAX, record::INLINE_BYTES_MAX + 1, 300_000];
        let written: Vec<_> = lengths.iter().map(|length| Bytes::from(vec![b'x'; *length])).collect();
        for (body, sequence) in written.iter().zip(1..) {
            let commit = turn(bench.store(), 7, sequence, body.clone());
            wait(bench.store().commit(commit)).expect("it is written");
        }
        bench.reopen();
        assert_eq!(bodies(bench.store(), 7), written, "{kind}");
        assert_eq!(bench.segments(), ["00000001.seg"], "{kind}");
    }
}

#[test]
fn every_opening_has_an_epoch_of_its_own() {
    for kind in KINDS {
        let mut bench = Bench::new(kind);
        let old = turn(bench.store(), 7, 1, "");
        bench.reopen();
        assert_eq!(epoch(bench.store()).0, old.epoch.0 + 1, "{kind}");
        assert!(matches!(wait(bench.store().commit(old)), Err(CommitError::Fenced)), "{kind}");
    }
}

#[test]
fn a_segment_of_which_little_is_live_is_emptied() {
    for kind in KINDS {
        let mut bench = Bench::new(kind);
        let long = Bytes::from(vec![b'x'; 1 << 20]);
        let put = |store: &dyn Store, name: &str| {
            wait(store.put(RecordKind::Definition, name, None, long.clone())).expect("it is written")
        };
        put(bench.store(), "kept");
        let kept = turn(bench.store(), 7, 1, long.clone());
        wait(bench.store().commit(kept)).expect("it is written");
        for _ in 0..70 {
            put(bench.store(), "replaced");
        }
        // Whatever was not done before the store was closed is done after it is opened.
        bench.reopen();
        let shows = |store: &dyn Store, name| wait(store.get(RecordKind::Definition, name)).expect("it can be read");
        while bench.segments().contains(&"00000001.seg".to_owned()) {
            assert_eq!(shows(bench.store(), "kept").map(|record| record.value), Some(long.clone()), "{kind}");
        }
        bench.reopen();
        for (name, revision) in [("kept", 1), ("replaced", 70)] {
            let expected = Record { name: name.into(), revision, value: long.clone() };
            assert_eq!(shows(bench.store(), name), Some(expected), "{kind}");
        }
        assert_eq!(bodies(bench.store(), 7), std::slice::from_ref(&long), "{kind}");
        assert_eq!(bench.segments(), ["00000002.seg"], "{kind}");
    }
}

#[test]
fn a_segment_that_nothing_refers_to_goes() {
    let mut bench = Bench::new(Kind::Sled);
    bench.store = None;
    let segments = bench.directory.path().join("store/segments");
    fs::write(segments.join("00000003.seg"), "cut off before its batch").expect("it is written");
    fs::write(segments.join("00000004.seg"), "this one too").expect("it is written");
    bench.reopen();
    assert_eq!(bench.segments(), Vec::<String>::new());
}

#[test]
fn closing_writes_what_waits() {
    for kind in KINDS {
        let mut bench = Bench::new(kind);
        let commits: Vec<_> = (1..=300).map(|sequence| turn(bench.store(), 7, sequence, "waits")).collect();
        let waiting: Vec<_> = commits.into_iter().map(|commit| bench.store().commit(commit)).collect();
        wait(bench.store().close()).expect("it closes");
        assert!(wait(bench.store().load(ExecutionId(7))).is_err(), "{kind}");
        wait(futures_util::future::try_join_all(waiting)).expect("all were written");
        bench.reopen();
        assert_eq!(bodies(bench.store(), 7).len(), 300, "{kind}");
    }
}

#[test]
fn what_was_refused_leaves_nothing_and_spoils_nothing() {
    for kind in KINDS {
        let bench = Bench::new(kind);
        let store = bench.store();
        let name = Key::of(&["name"]);
        let named = |execution, sequence| Commit { name: Some(name), ..turn(store, execution, sequence, "named") };
        let commits =
            [turn(store, 1, 1, "a"), named(2, 1), named(3, 1), turn(store, 1, 1, "b"), turn(store, 1, 2, "c")];
        let outcomes = commits.map(|commit| store.commit(commit));
        let outcomes = wait(futures_util::future::join_all(outcomes));
        let conflicts = outcomes.iter().map(|outcome| matches!(outcome, Err(CommitError::Conflict)));
        assert_eq!(conflicts.collect::<Vec<_>>(), [false, false, true, true, false], "{kind}");
        assert_eq!(bodies(store, 1), ["a", "c"], "{kind}");
        assert_eq!(bodies(store, 3), Vec::<Bytes>::new(), "{kind}");
        assert_eq!(wait(store.find(name)).expect("it can be read"), Some(ExecutionId(2)), "{kind}");
    }
}

#[test]
fn a_list_is_in_one_order_over_all_statuses() {
    for kind in [Kind::Sled, Kind::Redb, Kind::Memory] {
        let bench = Bench::new(kind);
        let store = bench.store();
        let list = Key::of(&["list"]);
        for (execution, status, started) in [(1, 1, 10), (2, 0, 20), (3, 5, 20), (4, 1, 30), (5, 255, 15)] {
            let entry = Bytes::from(execution.to_string());
            let to = Some(Listing { list, status, started_at: Timestamp(started), entry });
            let commit = turn(store, execution, 1, "");
            wait(store.commit(Commit { listing: Some(Moved { from: None, to }), ..commit })).expect("it is written");
        }
        let mut query = ListQuery { list, status: None, after: None, limit: 2 };
        let mut seen = Vec::new();
        loop {
            let page = wait(store.list(query.clone())).expect("it can be read");
            let Some((cursor, _)) = page.last() else { break };
            query.after = Some(*cursor);
            seen.extend(page.iter().map(|(cursor, listing)| {
                assert_eq!(listing.entry, cursor.execution.0.to_string());
                cursor.execution.0
            }));
        }
        assert_eq!(seen, [4, 3, 2, 5, 1], "{kind}");
        let cursor = ListCursor { started_at: Timestamp(15), execution: ExecutionId(5) };
        let line = wait(store.listing(list, cursor)).expect("it can be read").expect("it is listed");
        assert_eq!(line.status, 255, "{kind}");
    }
}

#[test]
fn the_archive_outlives_the_process() {
    for kind in KINDS {
        let mut bench = Bench::new(kind);
        let (list, name) = (Key::of(&["list"]), Key::of(&["name"]));
        let day_ms = 24 * 3600 * 1000;
        let closed: Vec<_> = [(1, day_ms), (2, day_ms + 5), (3, 3 * day_ms)]
            .map(|(execution, ended_at)| Closed {
                execution: ExecutionId(execution),
                attention: Attention::At(Timestamp(9)),
                name,
                list,
                status: 1,
                started_at: Timestamp(1),
                ended_at: Timestamp(ended_at),
            })
            .into();
        for execution in 1..=3 {
            let commit = turn(bench.store(), execution, 1, vec![b'x'; 10_000]);
            let attention = Moved { from: Attention::Never, to: Attention::At(Timestamp(9)) };
            wait(bench.store().commit(Commit { attention, ..commit })).expect("it is written");
        }
        wait(bench.store().archive(&closed[1..])).expect("they are archived");
        bench.reopen();
        wait(bench.store().archive(&closed)).expect("all are archived");
        let archive = bench.directory.path().join("store/archive");
        assert_eq!(names(&archive), ["19700102-1.arc", "19700102-3.arc", "19700104-2.arc"], "{kind}");
        bench.reopen();
        for execution in 1..=3 {
            assert_eq!(bodies(bench.store(), execution), [vec![b'x'; 10_000]], "{kind}");
            let again = turn(bench.store(), execution, 1, "");
            assert!(matches!(wait(bench.store().commit(again)), Err(CommitError::Conflict)), "{kind}");
        }
        let attention = wait(bench.store().attention(Attention::Never, None, 9)).expect("it can be read");
        assert_eq!(attention, [], "{kind}");
        assert_eq!(wait(bench.store().expire(Timestamp(2 * day_ms), 9)).expect("it can be read"), 2, "{kind}");
        assert_eq!(names(&archive), ["19700104-2.arc"], "{kind}");
        assert_eq!(bodies(bench.store(), 1), Vec::<Bytes>::new(), "{kind}");
        assert_eq!(bodies(bench.store(), 3).len(), 1, "{kind}");
    }
}
