//! Gives back the space that sled keeps. Its file never shrinks: where it has become much longer than what is live, an
//! opening copies all rows to a new database and puts it in place of the old one.
//!
//! The new database is `db.new` until it is whole and synced. Then `db` becomes `db.old`, `db.new` becomes `db`, and
//! `db.old` goes. Wherever a crash comes, one of them is whole, and which one is known by the names.

use std::fs;
use std::io;
use std::ops::{Bound, ControlFlow};
use std::path::{Path, PathBuf};

use super::checked::Checked;
use super::directory::{disk_bytes, sync_directory};
use super::kv::{Kv, Operation, Order, Range, View};
use super::open::OpenError;
use super::record::Fields;
use super::sled::Sled;
use super::{Failure, key};

/// A shorter database is never worth the time.
const DISK_BYTES_MIN: u64 = 64 * 1024 * 1024;
/// How many times what is live a database may take, where it is quickly copied.
const FACTOR_MAX: u64 = 4;
/// What is quickly copied: somebody waits for the opening. 64 MiB take about five seconds.
const QUICK_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// How many times what is live any database may take.
const FACTOR_MAX_SLOW: u64 = 8;
/// Rows and bytes of one batch.
const ROWS_AT_ONCE: usize = 200;
const BYTES_AT_ONCE: usize = 512 * 1024;

/// Opens the database of a store, compacted if it needs it.
pub fn open(store: &Path, cache_bytes: u64) -> Result<Checked<Sled>, OpenError> {
    open_over(store, cache_bytes, DISK_BYTES_MIN)
}

fn open_over(store: &Path, cache_bytes: u64, disk_bytes_min: u64) -> Result<Checked<Sled>, OpenError> {
    let paths = Paths {
        store: store.to_owned(),
        current: store.join("db"),
        new: store.join("db.new"),
        old: store.join("db.old"),
    };
    paths.finish_exchange().map_err(|error| OpenError::unusable(store, error))?;
    let sled = Checked(Sled::open(&paths.current, cache_bytes)?);
    let is_worth_it = is_sparse(&sled, disk_bytes(&paths.current), disk_bytes_min);
    if !is_worth_it.map_err(|failure| OpenError::damaged(store, failure.to_string()))? {
        return Ok(sled);
    }
    let new = Checked(Sled::open(&paths.new, cache_bytes)?);
    copy(&sled, &new).map_err(|failure| OpenError::damaged(store, failure.to_string()))?;
    drop((sled, new));
    paths.exchange().map_err(|error| OpenError::unusable(store, error))?;
    Ok(Checked(Sled::open(&paths.current, cache_bytes)?))
}

fn is_sparse(sled: &Checked<Sled>, disk_bytes: u64, disk_bytes_min: u64) -> Result<bool, Failure> {
    // Without a count, nothing is known.
    let live = sled.view()?.get(key::LIVE)?.and_then(|row| Fields(&row).u64());
    let factor_max = |live| if live <= QUICK_BYTES_MAX { FACTOR_MAX } else { FACTOR_MAX_SLOW };
    Ok(disk_bytes > disk_bytes_min && live.is_some_and(|live| disk_bytes / factor_max(live) > live))
}

/// Copies all rows, and counts them.
fn copy(from: &Checked<Sled>, to: &Checked<Sled>) -> Result<(), Failure> {
    let mut next = Range { from: Bound::Unbounded, to: Bound::Unbounded };
    let mut live = 0;
    loop {
        let (rows, bytes) = page(&*from.view()?, &next)?;
        let Some(Operation::Put(last, _)) = rows.last() else { break };
        next.from = Bound::Excluded(last.clone());
        live += bytes as u64;
        to.apply(rows)?;
    }
    to.apply(vec![Operation::Put(key::LIVE.to_vec(), live.to_be_bytes().to_vec())])?;
    to.sync()
}

fn page(view: &dyn View, range: &Range) -> Result<(Vec<Operation>, usize), Failure> {
    let mut rows = Vec::new();
    let mut bytes = 0;
    view.scan(range, Order::Up, &mut |key, value| {
        rows.push(Operation::Put(key.to_vec(), value.to_vec()));
        bytes += key.len() + value.len();
        match rows.len() == ROWS_AT_ONCE || bytes >= BYTES_AT_ONCE {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    })?;
    Ok((rows, bytes))
}

struct Paths {
    store: PathBuf,
    current: PathBuf,
    new: PathBuf,
    old: PathBuf,
}

impl Paths {
    /// Puts the new database in place of the current one. Both are closed, and the new one is whole.
    fn exchange(&self) -> io::Result<()> {
        fs::rename(&self.current, &self.old)?;
        sync_directory(&self.store)?;
        self.finish_exchange()
    }

    /// Brings an exchange to its end that was cut off anywhere, or takes it back where the new database is not whole.
    fn finish_exchange(&self) -> io::Result<()> {
        if !self.current.exists() && self.old.exists() {
            // The old one only makes room for a whole new one.
            fs::rename(&self.new, &self.current)?;
            sync_directory(&self.store)?;
        }
        for left in [&self.new, &self.old] {
            if left.exists() {
                fs::remove_dir_all(left)?;
            }
        }
        sync_directory(&self.store)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: u32 = 2000;

    fn open_small(store: &Path) -> Checked<Sled> {
        open_over(store, 1 << 20, 0).expect("it opens")
    }

    fn put(key: u32, value: &[u8]) -> Operation {
        Operation::Put(key.to_be_bytes().to_vec(), value.to_vec())
    }

    /// Rows that were written over many times, and a count that says how little is live.
    fn fill(store: &Path, live: u64) {
        let sled = open_small(store);
        for round in 0..10 {
            for first in (0..ROWS).step_by(100) {
                let value = vec![round; 500];
                sled.apply((first..first + 100).map(|key| put(key, &value)).collect()).expect("it is written");
            }
        }
        sled.apply(vec![Operation::Put(key::LIVE.to_vec(), live.to_be_bytes().to_vec())]).expect("it is written");
        sled.sync().expect("it is synced");
    }

    fn check_rows(sled: &Checked<Sled>) {
        let view = sled.view().expect("it can be read");
        for key in 0..ROWS {
            let value = view.get(&key.to_be_bytes()).expect("it can be read");
            assert_eq!(value.as_deref(), Some(&[9; 500][..]), "{key}");
        }
    }

    #[test]
    fn a_sparse_database_is_copied() {
        let store = tempfile::tempdir().expect("a directory");
        fill(store.path(), 500_000);
        let before = disk_bytes(&store.path().join("db"));
        let marker = store.path().join("db/marker");
        fs::write(&marker, "is in this directory and no other").expect("it is written");
        let sled = open_small(store.path());
        check_rows(&sled);
        let view = sled.view().expect("it can be read");
        let live = view.get(key::LIVE).expect("it can be read").and_then(|row| Fields(&row).u64());
        assert_eq!(live, Some(u64::from(ROWS) * 504 + (key::LIVE.len() + 8) as u64));
        drop(view);
        let after = disk_bytes(&store.path().join("db"));
        assert!(after < before && !marker.exists(), "{after} of {before}");
        assert!(!store.path().join("db.old").exists() && !store.path().join("db.new").exists());
    }

    #[test]
    fn a_dense_database_is_left() {
        let store = tempfile::tempdir().expect("a directory");
        fill(store.path(), u64::MAX / 2);
        let marker = store.path().join("db/marker");
        fs::write(&marker, "is in this directory and no other").expect("it is written");
        check_rows(&open_small(store.path()));
        assert!(marker.exists());
    }

    #[test]
    fn an_exchange_that_was_cut_off_is_finished_or_taken_back() {
        let store = tempfile::tempdir().expect("a directory");
        fill(store.path(), u64::MAX / 2);
        let at = |name: &str| store.path().join(name);

        // While rows were copied.
        fs::create_dir(at("db.new")).expect("a directory");
        fs::write(at("db.new/db"), "half").expect("it is written");
        check_rows(&open_small(store.path()));
        assert!(!at("db.new").exists());

        // Between the two renamings.
        fs::rename(at("db"), at("db.new")).expect("it is renamed");
        fs::create_dir(at("db.old")).expect("a directory");
        check_rows(&open_small(store.path()));
        assert!(!at("db.old").exists());

        // Before the old one was gone.
        fs::create_dir(at("db.old")).expect("a directory");
        check_rows(&open_small(store.path()));
        assert!(!at("db.old").exists());
    }
}
