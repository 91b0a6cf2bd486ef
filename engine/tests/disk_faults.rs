//! What embedded stores do when a disk fails them: damaged and missing files, a full disk, directories that are not
//! theirs. Every fault ends with a message that says what to do; none with a panic, a hang, or data that is silently gone.

#![cfg(unix)]

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use stepwell_asl::Timestamp;
use stepwell_engine::ids::{ExecutionId, Key};
use stepwell_engine::store::{
    Attention, Closed, Commit, CommitError, Kind, Moved, OpenError, Options, Store, StoreError, open,
};
use tempfile::TempDir;

const KINDS: [Kind; 2] = [Kind::Sled, Kind::Redb];
const EXECUTION: ExecutionId = ExecutionId(7);
/// Where a test that runs itself again, in a second process, finds the store.
const CHILD: &str = "STEPWELL_TEST_STORE";
/// A child that takes longer hangs.
const CHILD_TIME_MAX: Duration = Duration::from_secs(120);

fn options(kind: Kind, directory: &Path) -> Options {
    Options { kind, directory: Some(directory.to_owned()), cache_bytes: 1 << 20 }
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

/// A body that is the turn's own. Every tenth is long enough for a segment.
fn body(sequence: u32) -> Bytes {
    let length = if sequence.is_multiple_of(10) { 20_000 } else { 300 };
    (0..length).map(|at: u32| (at.wrapping_mul(31) ^ sequence.wrapping_mul(2_654_435_761) >> 7) as u8).collect()
}

/// Commits turns from this one on, all at once. Gives how many became durable, and what the next one was told.
fn commit(store: &dyn Store, first: u32, count: u32) -> (u32, Option<CommitError>) {
    let epoch = match wait(store.acquire()) {
        Ok(shards) => shards[0].1,
        Err(StoreError::Failed(failure)) => return (0, Some(failure.into())),
        Err(other) => panic!("{other}"),
    };
    let turn = |sequence| Commit {
        execution: EXECUTION,
        epoch,
        sequence,
        turn_id: u64::from(sequence),
        first_event: 1,
        events: 1,
        body: body(sequence),
        checkpoint: None,
        name: None,
        attention: Moved { from: Attention::Never, to: Attention::Never },
        listing: None,
        offered: Vec::new(),
        withdrawn: Vec::new(),
        consumed: Vec::new(),
    };
    let waiting: Vec<_> = (first..first + count).map(|sequence| store.commit(turn(sequence))).collect();
    let outcomes = wait(join_all(waiting));
    let durable = outcomes.iter().take_while(|outcome| outcome.is_ok()).count();
    (durable as u32, outcomes.into_iter().find_map(Result::err))
}

fn turns(store: &dyn Store) -> Result<u32, StoreError> {
    let turns = wait(store.turns(EXECUTION, 0, usize::MAX))?;
    for (turn, sequence) in turns.iter().zip(1..) {
        assert_eq!((turn.sequence, &turn.body), (sequence, &body(sequence)));
    }
    Ok(turns.len() as u32)
}

/// A store of so many turns that was closed in order.
fn filled(kind: Kind, count: u32) -> (TempDir, PathBuf) {
    let parent = tempfile::tempdir().expect("a directory");
    let directory = parent.path().join("store");
    let store = open(&options(kind, &directory)).expect("it opens");
    assert_eq!(commit(&*store, 1, count).0, count);
    wait(store.close()).expect("it closes");
    (parent, directory)
}

fn refusal(kind: Kind, directory: &Path) -> OpenError {
    match open(&options(kind, directory)) {
        Ok(_) => panic!("{} opens", directory.display()),
        Err(error) => error,
    }
}

#[track_caller]
fn refuses(kind: Kind, directory: &Path, expected: &[&str]) {
    let message = refusal(kind, directory).to_string();
    for part in expected {
        assert!(message.contains(part), "{part:?} is not in {message:?}");
    }
    assert!(message.contains(&directory.display().to_string()), "{message:?} does not name the directory");
}

fn only_file(directory: &Path) -> PathBuf {
    let mut files: Vec<_> =
        fs::read_dir(directory).expect("it is there").map(|entry| entry.expect("it is there").path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

fn flip(file: &Path, at: u64) {
    let file = OpenOptions::new().read(true).write(true).open(file).expect("the file");
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).expect("it is that long");
    file.write_all_at(&[!byte[0]], at).expect("it is written");
}

fn cut(file: &Path, length: u64) {
    OpenOptions::new().write(true).open(file).and_then(|file| file.set_len(length)).expect("it is cut");
}

/// Nothing may be gone without a word.
#[track_caller]
fn all_or_error(kind: Kind, directory: &Path, count: u32) {
    let outcome = match open(&options(kind, directory)) {
        Ok(store) => turns(&*store).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match outcome {
        Ok(read) => assert_eq!(read, count, "{kind}"),
        Err(message) => {
            assert!(message.contains("disk") || message.contains("backup"), "{message:?} says not what to do");
        }
    }
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("it is there") {
        let entry = entry.expect("it can be read");
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy_all(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).expect("it is copied")),
        }
    }
}

fn database(kind: Kind, directory: &Path) -> PathBuf {
    match kind {
        Kind::Sled => directory.join("db/db"),
        Kind::Redb => directory.join("data.redb"),
        Kind::Memory => panic!("memory has no file"),
    }
}

/// This test again, in a process of its own. It finds [`CHILD`].
fn child(test: &str, store: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", test, "--nocapture"]).env(CHILD, store).stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn store_of_parent() -> Option<PathBuf> {
    std::env::var_os(CHILD).map(PathBuf::from)
}

/// What the child printed, when it has ended in order and in time.
fn finish(mut child: Child) -> String {
    let (sender, receiver) = mpsc::channel();
    let stdout = child.stdout.take().expect("it is piped");
    thread::spawn(move || sender.send(std::io::read_to_string(stdout).expect("it is text")));
    let printed = receiver.recv_timeout(CHILD_TIME_MAX);
    if printed.is_err() {
        child.kill().expect("it runs");
    }
    let status = child.wait().expect("it was started");
    let printed = printed.expect("the child ends in time");
    assert!(status.success(), "{status}: {printed}");
    printed
}

#[test]
fn a_directory_that_is_not_a_store_is_left_alone() {
    for kind in KINDS {
        let parent = tempfile::tempdir().expect("a directory");
        let file = parent.path().join("file");
        fs::write(&file, "something else").expect("it is written");
        refuses(kind, &file, &["is not a directory", "name another one"]);
        refuses(kind, parent.path(), &["is not a store", "holds file", "Name an empty directory"]);
        assert_eq!(only_file(parent.path()), file);

        let missing = parent.path().join("file/below");
        refuses(kind, &missing, &["cannot use", "Check the path"]);
    }
}

#[test]
fn a_format_that_is_not_known_is_refused() {
    for (kind, other) in [(Kind::Sled, Kind::Redb), (Kind::Redb, Kind::Sled)] {
        let (_parent, directory) = filled(kind, 1);
        let made_by = format!("made by {kind}, not {other}");
        refuses(other, &directory, &[&made_by, &format!("choose {kind}")]);

        let format = directory.join("FORMAT");
        let text = fs::read_to_string(&format).expect("it is text");
        fs::write(&format, text.replace("format 1", "format 2")).expect("it is written");
        refuses(kind, &directory, &["has format 2", "use the newer version"]);
        for damaged in ["", "garbage", "stepwell store\n", "stepwell store\nengine sled\nformat one\n"] {
            fs::write(&format, damaged).expect("it is written");
            refuses(kind, &directory, &["is damaged", "FORMAT", "restore the whole directory from a backup"]);
        }
        fs::write(&format, text).expect("it is written");
        all_or_error(kind, &directory, 1);
    }
}

#[test]
fn a_database_that_is_gone_is_not_made_anew() {
    for kind in KINDS {
        let (_parent, directory) = filled(kind, 3);
        let database = database(kind, &directory);
        match kind {
            Kind::Sled => fs::remove_dir_all(directory.join("db")),
            Kind::Redb | Kind::Memory => fs::remove_file(database),
        }
        .expect("it is removed");
        refuses(kind, &directory, &["is damaged", "does not remember", "restore the whole directory"]);
        // Once more: the refusal must not have changed anything.
        refuses(kind, &directory, &["does not remember"]);
    }
}

#[test]
fn a_database_that_is_cut_off_is_not_taken_for_whole() {
    for kind in KINDS {
        let (_parent, directory) = filled(kind, 300);
        let length = fs::metadata(database(kind, &directory)).expect("it is there").len();
        for cut_to in [0, 1, 4096, length / 4, length / 2, length * 3 / 4, length - 1] {
            let copy = tempfile::tempdir().expect("a directory");
            copy_all(&directory, copy.path());
            cut(&database(kind, copy.path()), cut_to);
            all_or_error(kind, copy.path(), 300);
        }
    }
}

#[test]
fn a_damaged_database_gives_no_wrong_answer() {
    for kind in KINDS {
        let (_parent, directory) = filled(kind, 300);
        let length = fs::metadata(database(kind, &directory)).expect("it is there").len();
        for part in 0..12 {
            let copy = tempfile::tempdir().expect("a directory");
            copy_all(&directory, copy.path());
            flip(&database(kind, copy.path()), length * part / 12 + 5);
            all_or_error(kind, copy.path(), 300);
        }
    }
}

#[test]
fn a_snapshot_that_was_cut_off_does_not_matter() {
    let (_parent, directory) = filled(Kind::Sled, 30);
    let db = directory.join("db");
    fs::write(db.join("snap.ffffffffffffff00.generating"), "cut").expect("it is written");
    let store = open(&options(Kind::Sled, &directory)).expect("it opens");
    assert_eq!(turns(&*store).expect("it can be read"), 30);
    drop(store);

    let snapshots = || {
        let names = fs::read_dir(&db).expect("it is there").map(|entry| entry.expect("it can be read").path());
        names.filter(|path| path.to_string_lossy().contains("snap.")).collect::<Vec<_>>()
    };
    assert!(!snapshots().is_empty());
    for snapshot in snapshots() {
        fs::write(snapshot, "neither is this one whole").expect("it is written");
    }
    let store = open(&options(Kind::Sled, &directory)).expect("it opens");
    assert_eq!(turns(&*store).expect("it can be read"), 30);
    assert!(snapshots().iter().all(|path| !path.to_string_lossy().contains("aside")));
}

#[test]
fn a_damaged_segment_is_named() {
    for kind in KINDS {
        let (_parent, directory) = filled(kind, 30);
        let segment = only_file(&directory.join("segments"));
        flip(&segment, 20_000 + 10_000); // in the second of three records
        let store = open(&options(kind, &directory)).expect("it opens");
        let error = turns(&*store).expect_err("turn 20 is damaged").to_string();
        for part in ["byte ", &segment.display().to_string(), "Check the disk"] {
            assert!(error.contains(part), "{part:?} is not in {error:?}");
        }
        for sequence in (1..=30).filter(|sequence| *sequence != 20) {
            let turn = wait(store.turns(EXECUTION, sequence - 1, 1)).expect("the others can be read");
            assert_eq!(turn[0].body, body(sequence));
        }
        assert_eq!(commit(&*store, 31, 1).0, 1, "writing goes on");
        wait(store.close()).expect("it closes");

        cut(&segment, 30_000);
        let store = open(&options(kind, &directory)).expect("it opens");
        let error = turns(&*store).expect_err("turns 20 and 30 are gone").to_string();
        assert!(error.contains(&segment.display().to_string()), "{error}");
        wait(store.close()).expect("it closes");

        fs::remove_file(&segment).expect("it is removed");
        refuses(kind, &directory, &["is missing", "restore the whole directory from a backup"]);
    }
}

#[test]
fn a_damaged_archive_is_named() {
    for kind in KINDS {
        let (_parent, directory) = filled(kind, 30);
        let store = open(&options(kind, &directory)).expect("it opens");
        let closed = Closed {
            execution: EXECUTION,
            attention: Attention::Never,
            name: Key::of(&["name"]),
            list: Key::of(&["list"]),
            status: 1,
            started_at: Timestamp(1),
            ended_at: Timestamp(2),
        };
        wait(store.archive(&[closed])).expect("it is archived");
        assert_eq!(turns(&*store).expect("it can be read"), 30);
        let archive = only_file(&directory.join("archive"));
        flip(&archive, 1000);
        let error = turns(&*store).expect_err("a turn is damaged").to_string();
        for part in ["byte ", &archive.display().to_string(), "Check the disk"] {
            assert!(error.contains(part), "{part:?} is not in {error:?}");
        }
        wait(store.close()).expect("it closes");
        fs::remove_file(&archive).expect("it is removed");
        refuses(kind, &directory, &["is missing", "restore the whole directory from a backup"]);
    }
}

#[test]
fn a_second_process_is_kept_out() {
    if let Some(directory) = store_of_parent() {
        let _store = open(&options(Kind::Sled, &directory)).expect("it opens");
        println!("opened");
        std::io::stdin().read_line(&mut String::new()).expect("the parent says when");
        return;
    }
    let (_parent, directory) = filled(Kind::Sled, 3);
    let mut holder = child("a_second_process_is_kept_out", &directory).spawn().expect("it starts");
    let mut printed = BufReader::new(holder.stdout.as_mut().expect("it is piped")).lines();
    assert!(printed.any(|line| line.expect("it is text").contains("opened")));
    refuses(Kind::Sled, &directory, &["in use by another process", "stop that process"]);
    holder.stdin.take().expect("it is piped").write_all(b"\n").expect("it waits for this");
    assert!(holder.wait().expect("it was started").success());

    let store = open(&options(Kind::Sled, &directory)).expect("it opens");
    refuses(Kind::Sled, &directory, &["in use"]);
    assert_eq!(turns(&*store).expect("it can be read"), 3);
}

#[test]
fn a_directory_without_permission_is_refused() {
    if let Some(directory) = store_of_parent() {
        refuses(Kind::Sled, &directory, &["cannot use", "Give the user that runs Stepwell the right"]);
        refuses(Kind::Redb, &directory.join("below"), &["cannot use", "Give the user that runs Stepwell the right"]);
        return;
    }
    let parent = tempfile::tempdir().expect("a directory");
    let readable = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    readable(parent.path(), 0o755);
    let directory = parent.path().join("store");
    fs::create_dir(&directory).expect("a directory");
    readable(&directory, 0o555);

    let program = parent.path().join("program");
    fs::copy(std::env::current_exe().expect("this program"), &program).expect("it is copied");
    let mut command = Command::new(&program);
    command.args(["--exact", "a_directory_without_permission_is_refused", "--nocapture"]).env(CHILD, &directory);
    command.current_dir(parent.path()).stdout(Stdio::piped());
    let is_root = fs::metadata(parent.path()).expect("it is there").uid() == 0;
    if is_root {
        command.uid(65534).gid(65534); // nothing is forbidden to root
    }
    finish(command.spawn().expect("it starts"));
}

#[test]
fn a_full_disk_loses_nothing_that_was_acknowledged_in_sled() {
    full_disk(Kind::Sled, "a_full_disk_loses_nothing_that_was_acknowledged_in_sled");
}

#[test]
fn a_full_disk_loses_nothing_that_was_acknowledged_in_redb() {
    full_disk(Kind::Redb, "a_full_disk_loses_nothing_that_was_acknowledged_in_redb");
}

/// Turns that the child commits together.
const AT_ONCE: u32 = 20;

/// The child may not make files longer than 8 MiB.
fn full_disk(kind: Kind, test: &str) {
    if let Some(directory) = store_of_parent() {
        return write_until_full(kind, &directory);
    }
    let parent = tempfile::tempdir().expect("a directory");
    let directory = parent.path().join("store");
    let again = child(test, &directory);
    let mut command = Command::new("sh");
    // Counted in blocks of 512 bytes. Without the trap, the signal would end the process.
    command.args(["-c", "trap '' XFSZ; ulimit -f 16384; exec \"$@\"", "sh"]).arg(again.get_program());
    command.args(again.get_args()).env(CHILD, &directory).stdout(Stdio::piped());
    let printed = finish(command.spawn().expect("it starts"));
    let acknowledged = printed.lines().find_map(|line| line.split_once("acknowledged "));
    let acknowledged: u32 = acknowledged.expect("the child says so").1.parse().expect("a number");
    assert!(acknowledged > 100, "{acknowledged}");

    let store = open(&options(kind, &directory)).expect("with room it opens again");
    let there = turns(&*store).expect("it can be read");
    // The writes that found the disk full may be there or not.
    assert!((acknowledged..=acknowledged + AT_ONCE).contains(&there), "{there} of {acknowledged}");
    assert_eq!(commit(&*store, there + 1, 1).0, 1, "and takes writes");
}

fn write_until_full(kind: Kind, directory: &Path) {
    let store: Arc<dyn Store> = open(&options(kind, directory)).expect("it opens");
    let mut acknowledged = 0;
    let failure = loop {
        let (durable, error) = commit(&*store, acknowledged + 1, AT_ONCE);
        acknowledged += durable;
        match error {
            None => {}
            Some(CommitError::Failed(failure)) => break failure.to_string(),
            Some(other) => panic!("{other}"),
        }
    };
    for part in ["Free disk space", "start again", "nothing that was acknowledged is lost"] {
        assert!(failure.contains(part), "{part:?} is not in {failure:?}");
    }
    let (durable, again) = commit(&*store, acknowledged + 1, 1);
    assert_eq!((durable, again.map(|error| error.to_string())), (0, Some(failure.clone())), "it has failed for good");
    assert_eq!(turns(&*store).expect_err("what is not durable is not shown").to_string(), failure);
    assert_eq!(wait(store.close()).expect_err("it did not close in order").to_string(), failure);
    drop(store);
    println!("\nacknowledged {acknowledged}");
}
