//! Rows in redb: one file, one table. Every commit of redb is durable by itself, so there is nothing left to sync.

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::thread;

use bytes::Bytes;
use redb::{
    Database, DatabaseError, Durability, ReadOnlyTable, ReadableDatabase, ReadableTable, StorageError, TableDefinition,
};

use super::Failure;
use super::directory::{LOCK_ATTEMPTS, LOCK_PAUSE, sync_directory};
use super::kv::{Kv, Operation, Order, Range, View, Visit};
use super::open::OpenError;
use super::sled::said;

const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("rows");

/// The database.
pub struct Redb {
    database: Database,
    path: PathBuf,
}

impl Redb {
    /// Opens the file, or makes it.
    pub fn open(path: &Path, cache_bytes: u64) -> Result<Redb, OpenError> {
        let cache_bytes = usize::try_from(cache_bytes).unwrap_or(usize::MAX);
        let open = || match path.exists() {
            true => Redb::at(path, cache_bytes),
            false => Redb::make(path, cache_bytes),
        };
        // redb checks some of what it reads by assertions.
        catch_unwind(AssertUnwindSafe(open)).unwrap_or_else(|panic| Err(OpenError::damaged(path, said(&*panic))))
    }

    /// Makes a database whose file has its name only when it is whole: redb does not open one that it was cut off making.
    fn make(path: &Path, cache_bytes: usize) -> Result<Redb, OpenError> {
        let new = path.with_extension("new");
        let io = |error| OpenError::unusable(&new, error);
        if new.exists() {
            fs::remove_file(&new).map_err(io)?;
        }
        drop(Redb::at(&new, cache_bytes)?);
        fs::rename(&new, path).map_err(io)?;
        path.parent().map_or(Ok(()), sync_directory).map_err(io)?;
        Redb::at(path, cache_bytes)
    }

    fn at(path: &Path, cache_bytes: usize) -> Result<Redb, OpenError> {
        let open = || Database::builder().set_cache_size(cache_bytes).create(path);
        let mut opened = open();
        for _ in 0..LOCK_ATTEMPTS {
            if !matches!(opened, Err(DatabaseError::DatabaseAlreadyOpen)) {
                break;
            }
            thread::sleep(LOCK_PAUSE);
            opened = open();
        }
        let database = opened.map_err(|error| refused(path, error))?;
        let redb = Redb { database, path: path.to_owned() };
        // This makes the table, so that views find it.
        redb.apply(Vec::new()).map_err(|failure| OpenError::damaged(path, failure.to_string()))?;
        Ok(redb)
    }

    fn failure(&self, error: &dyn std::error::Error) -> Failure {
        failure(&self.path, error)
    }
}

fn refused(path: &Path, error: DatabaseError) -> OpenError {
    match error {
        // This is how redb says that the file is not one of its own.
        DatabaseError::Storage(StorageError::Io(error)) if error.kind() != io::ErrorKind::InvalidData => {
            OpenError::unusable(path, error)
        }
        error => OpenError::damaged(path, error.to_string()),
    }
}

fn failure(path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::new(format!("{}: {error}", path.display()))
}

impl Kv for Redb {
    fn apply(&self, batch: Vec<Operation>) -> Result<(), Failure> {
        let mut write = self.database.begin_write().map_err(|error| self.failure(&error))?;
        write.set_durability(Durability::Immediate).map_err(|error| self.failure(&error))?;
        {
            let mut rows = write.open_table(ROWS).map_err(|error| self.failure(&error))?;
            for operation in batch {
                let done = match &operation {
                    Operation::Put(key, value) => rows.insert(key.as_slice(), value.as_slice()).map(drop),
                    Operation::Delete(key) => rows.remove(key.as_slice()).map(drop),
                };
                done.map_err(|error| self.failure(&error))?;
            }
        }
        write.commit().map_err(|error| self.failure(&error))
    }

    fn sync(&self) -> Result<(), Failure> {
        Ok(())
    }

    fn view(&self) -> Result<Box<dyn View + '_>, Failure> {
        let read = self.database.begin_read().map_err(|error| self.failure(&error))?;
        let rows = read.open_table(ROWS).map_err(|error| self.failure(&error))?;
        Ok(Box::new(RedbView { rows, redb: self }))
    }
}

struct RedbView<'a> {
    rows: ReadOnlyTable<&'static [u8], &'static [u8]>,
    redb: &'a Redb,
}

impl View for RedbView<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Failure> {
        let value = ReadableTable::get(&self.rows, key).map_err(|error| self.redb.failure(&error))?;
        Ok(value.map(|value| Bytes::copy_from_slice(value.value())))
    }

    fn contains(&self, key: &[u8]) -> Result<bool, Failure> {
        let value = ReadableTable::get(&self.rows, key).map_err(|error| self.redb.failure(&error))?;
        Ok(value.is_some())
    }

    fn scan(&self, range: &Range, order: Order, visit: Visit<'_>) -> Result<(), Failure> {
        if range.is_empty() {
            return Ok(());
        }
        let mut rows =
            ReadableTable::range::<&[u8]>(&self.rows, range.bounds()).map_err(|error| self.redb.failure(&error))?;
        while let Some(row) = match order {
            Order::Up => rows.next(),
            Order::Down => rows.next_back(),
        } {
            let (key, value) = row.map_err(|error| self.redb.failure(&error))?;
            if visit(key.value(), value.value()).is_break() {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_was_cut_off_while_it_was_made_is_made_anew() {
        let directory = tempfile::tempdir().expect("a directory can be made");
        let path = directory.path().join("data.redb");
        fs::write(path.with_extension("new"), [0; 8192]).expect("a file can be written");
        let redb = Redb::open(&path, 1 << 20).expect("what was cut off is not in the way");
        redb.apply(vec![Operation::Put(b"key".to_vec(), b"value".to_vec())]).expect("it can be written");
        drop(redb);
        let redb = Redb::open(&path, 1 << 20).expect("it is there");
        let value = redb.view().and_then(|view| view.get(b"key")).expect("it can be read");
        assert_eq!(value.as_deref(), Some(&b"value"[..]));
    }
}
