//! Durable turns per second of every store, beside what the disk itself can do: appending to a plain file and syncing it
//! for all who wait.
//!
//! `cargo bench --bench store` prints the table. Files are made in the directory that `STEPWELL_BENCH_DIRECTORY` names, or
//! else in the one for temporary files. Disks are moody: rows are measured in turns, and the median of the rounds counts.

#![allow(clippy::disallowed_methods)] // a benchmark measures time

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use stepwell_asl::Timestamp;
use stepwell_engine::ids::{Epoch, ExecutionId, Key};
use stepwell_engine::store::{Attention, Commit, Kind, Listing, Moved, Options, Store, open};
use tokio::sync::oneshot;

const ROUND: Duration = Duration::from_secs(2);
const ROUNDS: usize = 3;
const TURNS: u32 = 10;

/// Who takes turns, in the way of the contract.
enum Target {
    Log(Log),
    Store(Arc<dyn Store>, Epoch),
}

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return; // `cargo test --benches` only wants to see that it builds
    }
    let writers: Vec<usize> = match std::env::var("STEPWELL_BENCH_WRITERS") {
        Ok(list) => list.split(',').map(|count| count.parse().expect("a number of writers")).collect(),
        Err(_) => vec![1, 8, 64, 512],
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    println!("{:<8} {:>8} {:>10} {:>9} {:>9}", "target", "writers", "turns/s", "p50 ms", "p99 ms");
    for count in writers {
        let names = ["log", "sled", "redb", "memory"];
        let mut rounds = names.map(|_| Vec::new());
        for _ in 0..ROUNDS {
            for (name, rounds) in names.iter().zip(&mut rounds) {
                rounds.push(round(&runtime, name, count));
            }
        }
        for (name, mut rounds) in names.iter().zip(rounds) {
            rounds.sort_by(|one, other| one.0.total_cmp(&other.0));
            let (rate, p50, p99) = rounds[ROUNDS / 2];
            println!("{name:<8} {count:>8} {rate:>10.0} {p50:>9.2} {p99:>9.2}");
        }
    }
}

fn round(runtime: &tokio::runtime::Runtime, name: &str, writers: usize) -> (f64, f64, f64) {
    let directory = tempfile::tempdir_in(place()).expect("a directory");
    let target = Arc::new(target(runtime, name, directory.path()));
    let start = Instant::now();
    let tasks: Vec<_> = (0..writers).map(|writer| runtime.spawn(write(Arc::clone(&target), writer, start))).collect();
    let mut latencies: Vec<f64> = tasks
        .into_iter()
        .flat_map(|task| runtime.block_on(task).expect("the writer ends"))
        .map(|latency| latency.as_secs_f64() * 1000.0)
        .collect();
    let rate = latencies.len() as f64 / start.elapsed().as_secs_f64();
    latencies.sort_by(f64::total_cmp);
    (rate, latencies[latencies.len() / 2], latencies[latencies.len() * 99 / 100])
}

fn place() -> PathBuf {
    std::env::var_os("STEPWELL_BENCH_DIRECTORY").map_or_else(std::env::temp_dir, PathBuf::from)
}

fn target(runtime: &tokio::runtime::Runtime, name: &str, directory: &Path) -> Target {
    if name == "log" {
        return Target::Log(Log::start(&directory.join("log")));
    }
    let kind: Kind = name.parse().expect("the name of a store");
    let options = Options { kind, directory: Some(directory.to_owned()), ..Options::memory() };
    let store = open(&options).expect("the store opens");
    let epoch = runtime.block_on(store.acquire()).expect("it is ours")[0].1;
    Target::Store(store, epoch)
}

/// One execution after the other, ten turns each, with the index rows that a short execution moves.
async fn write(target: Arc<Target>, writer: usize, start: Instant) -> Vec<Duration> {
    let mut latencies = Vec::new();
    for number in 0.. {
        let execution = ExecutionId::new(Key::of(&[&writer.to_string()]).shard(), (writer as u64) << 32 | number);
        for sequence in 1..=TURNS {
            let before = Instant::now();
            if before.duration_since(start) > ROUND {
                return latencies;
            }
            match &*target {
                Target::Log(log) => log.append(body(execution, sequence)).await,
                Target::Store(store, epoch) => {
                    store.commit(turn(*epoch, execution, sequence)).await.expect("the turn is committed");
                }
            }
            latencies.push(before.elapsed());
        }
    }
    latencies
}

fn turn(epoch: Epoch, execution: ExecutionId, sequence: u32) -> Commit {
    let at = |sequence| match sequence {
        1..TURNS => Attention::Unconfirmed,
        _ => Attention::Never,
    };
    let listing = |status, entry: &'static str| Listing {
        list: Key::of(&["list"]),
        status,
        started_at: Timestamp(1_700_000_000_000 + execution.0 as i64 % 1_000_000),
        entry: Bytes::from_static(entry.as_bytes()),
    };
    let listing = match sequence {
        1 => Some(Moved { from: None, to: Some(listing(0, "running")) }),
        TURNS => Some(Moved { from: Some(listing(0, "running")), to: Some(listing(1, "succeeded")) }),
        _ => None,
    };
    Commit {
        execution,
        epoch,
        sequence,
        turn_id: execution.0 ^ u64::from(sequence),
        first_event: u64::from(sequence) * 5,
        events: 5,
        body: body(execution, sequence),
        checkpoint: None,
        name: (sequence == 1).then(|| Key::of(&[&execution.0.to_string()])),
        attention: Moved { from: if sequence == 1 { Attention::Never } else { at(sequence - 1) }, to: at(sequence) },
        listing,
        offered: Vec::new(),
        withdrawn: Vec::new(),
        consumed: Vec::new(),
    }
}

/// From a few hundred bytes to four KiB, 2.2 KB in the mean, half of it hard to compress.
fn body(execution: ExecutionId, sequence: u32) -> Bytes {
    let mut state = execution.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(sequence) << 32 | 1;
    let length = 200 + (state >> 17) as usize % 3880;
    let mut body = Vec::with_capacity(length + 16);
    while body.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        body.extend_from_slice(&state.to_le_bytes());
        body.extend_from_slice(b"{\"a\":1} ");
    }
    body.truncate(length);
    body.into()
}

type Line = (Bytes, oneshot::Sender<()>);

/// An append-only file, synced for all who wait.
struct Log {
    lines: Arc<(Mutex<Option<Vec<Line>>>, Condvar)>,
    ended: Mutex<mpsc::Receiver<()>>,
}

impl Log {
    fn start(path: &Path) -> Log {
        let mut file = File::create(path).expect("a file");
        let lines = Arc::new((Mutex::new(Some(Vec::<Line>::new())), Condvar::new()));
        let (ending, ended) = mpsc::channel();
        let waiting = Arc::clone(&lines);
        thread::spawn(move || {
            loop {
                let (lines, wake) = &*waiting;
                let lines = lines.lock().expect("no writer panics");
                let mut lines = wake
                    .wait_while(lines, |lines| lines.as_ref().is_some_and(Vec::is_empty))
                    .expect("no writer panics");
                let Some(group) = lines.as_mut().map(std::mem::take) else { break };
                drop(lines);
                let bytes: Vec<u8> = group.iter().flat_map(|(line, _)| line.iter().copied()).collect();
                file.write_all(&bytes).expect("the disk has room");
                file.sync_data().expect("the disk can be synced");
                for (_, answer) in group {
                    answer.send(()).expect("the writer waits");
                }
            }
            drop(ending);
        });
        Log { lines, ended: Mutex::new(ended) }
    }

    async fn append(&self, line: Bytes) {
        let (answer, answered) = oneshot::channel();
        if let Some(lines) = self.lines.0.lock().expect("no writer panics").as_mut() {
            lines.push((line, answer));
        }
        self.lines.1.notify_one();
        answered.await.expect("the log answers");
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        *self.lines.0.lock().expect("no writer panics") = None;
        self.lines.1.notify_one();
        // The thread's end drops the other end.
        let _ = self.ended.lock().expect("no writer panics").recv();
    }
}
