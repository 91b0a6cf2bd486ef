//! Rows in sled 0.34, with what it lacks: a sync that survives a power cut, an opening that survives a crash during an
//! earlier one, and views. Rows are kept short above, because sled never syncs the files it makes of long ones.

use std::fs::{self, File};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use sled::{Batch, Db, IVec, Mode};

use super::Failure;
use super::directory::sync_directory;
use super::kv::{Kv, Operation, Order, Range, View, Visit};
use super::open::OpenError;

/// The database. All rows are in its default tree: batches on two trees can be cut in half by a crash.
pub struct Sled {
    db: Db,
    /// A handle of our own on sled's log. sled's flush ends in `sync_file_range`, which leaves the drive's cache and the
    /// file's length behind.
    log: File,
    directory: PathBuf,
    /// sled has no snapshots: views and batches take turns.
    gate: RwLock<()>,
}

/// sled's threads may hold its file a little longer than the database they worked for. Nobody else does: the directory
/// is ours.
const LOCK_ATTEMPTS: usize = 500;

/// sled refuses to work with next to nothing.
const CACHE_BYTES_MIN: u64 = 1 << 20;

impl Sled {
    /// Opens the directory, or makes it.
    pub fn open(directory: &Path, cache_bytes: u64) -> Result<Sled, OpenError> {
        let io = |error: io::Error| OpenError::unusable(directory, error);
        fs::create_dir_all(directory).map_err(io)?;
        remove_unfinished_snapshots(directory).map_err(io)?;
        let db = match open_db(directory, cache_bytes) {
            Err(OpenError::Damaged { .. }) if set_snapshots_aside(directory).map_err(io)? > 0 => {
                // A snapshot only saves time: sled reads its whole log instead.
                open_db(directory, cache_bytes)?
            }
            opened => opened?,
        };
        remove_set_aside(directory).map_err(io)?;
        no_blobs(directory)?;
        let log = File::open(directory.join("db")).map_err(io)?;
        log.sync_all().map_err(io)?;
        sync_directory(directory).map_err(io)?;
        Ok(Sled { db, log, directory: directory.to_owned(), gate: RwLock::new(()) })
    }

    fn failure(&self, error: &dyn std::error::Error) -> Failure {
        failure(&self.directory, error)
    }
}

fn failure(directory: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::new(format!("{}: {error}", directory.display()))
}

fn open_db(directory: &Path, cache_bytes: u64) -> Result<Db, OpenError> {
    let config = sled::Config::default()
        .path(directory)
        .mode(Mode::HighThroughput)
        .cache_capacity(cache_bytes.max(CACHE_BYTES_MIN))
        .flush_every_ms(Some(500)); // this thread also collects sled's garbage
    let open = || {
        let mut opened = config.open();
        for _ in 0..LOCK_ATTEMPTS {
            match &opened {
                Err(sled::Error::Io(error)) if error.to_string().contains("could not acquire lock") => {}
                Ok(_) | Err(_) => break,
            }
            thread::sleep(Duration::from_millis(10));
            opened = config.open();
        }
        opened
    };
    // sled checks some of what it reads by assertions.
    match catch_unwind(AssertUnwindSafe(open)) {
        Ok(Ok(db)) => Ok(db),
        Ok(Err(sled::Error::Io(error))) => Err(OpenError::unusable(directory, error)),
        Ok(Err(error)) => Err(OpenError::damaged(directory, error.to_string())),
        Err(panic) => Err(OpenError::damaged(directory, said(&*panic))),
    }
}

/// What a panic said.
pub fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it gave no reason").to_owned()
}

/// A start that was cut off leaves part of a snapshot, which sled would take for a whole one and refuse for ever.
fn remove_unfinished_snapshots(directory: &Path) -> io::Result<()> {
    each_file(
        directory,
        |name| name.starts_with("snap.") && name.ends_with(".generating"),
        |path| fs::remove_file(path),
    )?;
    Ok(())
}

fn set_snapshots_aside(directory: &Path) -> io::Result<usize> {
    each_file(
        directory,
        |name| name.starts_with("snap."),
        |path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            fs::rename(path, path.with_file_name(format!("aside.{name}")))
        },
    )
}

fn remove_set_aside(directory: &Path) -> io::Result<()> {
    each_file(directory, |name| name.starts_with("aside.snap."), |path| fs::remove_file(path))?;
    Ok(())
}

fn each_file(
    directory: &Path,
    wanted: impl Fn(&str) -> bool,
    act: impl Fn(&Path) -> io::Result<()>,
) -> io::Result<usize> {
    let mut count = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if wanted(&entry.file_name().to_string_lossy()) {
            act(&entry.path())?;
            count += 1;
        }
    }
    Ok(count)
}

/// Long values are kept out of sled, so there is nothing that it would have had to put into files of their own.
fn no_blobs(directory: &Path) -> Result<(), OpenError> {
    let blobs = directory.join("blobs");
    let count = each_file(&blobs, |_| true, |_| Ok(())).map_err(|error| OpenError::unusable(&blobs, error))?;
    match count {
        0 => Ok(()),
        _ => Err(OpenError::damaged(directory, "blobs/ is not empty: another program has written to it")),
    }
}

impl Kv for Sled {
    fn apply(&self, batch: Vec<Operation>) -> Result<(), Failure> {
        let mut writes = Batch::default();
        for operation in batch {
            match operation {
                Operation::Put(key, value) => writes.insert(key, value),
                Operation::Delete(key) => writes.remove(key),
            }
        }
        let _gate = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        self.db.apply_batch(writes).map_err(|error| self.failure(&error))
    }

    fn sync(&self) -> Result<(), Failure> {
        self.db.flush().map_err(|error| self.failure(&error))?;
        self.log.sync_data().map_err(|error| self.failure(&error))
    }

    fn view(&self) -> Result<Box<dyn View + '_>, Failure> {
        let gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        Ok(Box::new(SledView { sled: self, _gate: gate }))
    }
}

struct SledView<'a> {
    sled: &'a Sled,
    _gate: RwLockReadGuard<'a, ()>,
}

impl View for SledView<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Failure> {
        let value = self.sled.db.get(key).map_err(|error| self.sled.failure(&error))?;
        Ok(value.map(|value| Bytes::copy_from_slice(&value)))
    }

    fn contains(&self, key: &[u8]) -> Result<bool, Failure> {
        self.sled.db.contains_key(key).map_err(|error| self.sled.failure(&error))
    }

    fn scan(&self, range: &Range, order: Order, visit: Visit<'_>) -> Result<(), Failure> {
        if range.is_empty() {
            return Ok(());
        }
        let rows = self.sled.db.range::<&[u8], _>(range.bounds());
        match order {
            Order::Up => self.visit(rows, visit),
            Order::Down => self.visit(rows.rev(), visit),
        }
    }
}

impl SledView<'_> {
    fn visit(&self, rows: impl Iterator<Item = sled::Result<(IVec, IVec)>>, visit: Visit<'_>) -> Result<(), Failure> {
        for row in rows {
            let (key, value) = row.map_err(|error| self.sled.failure(&error))?;
            if visit(&key, &value).is_break() {
                break;
            }
        }
        Ok(())
    }
}
