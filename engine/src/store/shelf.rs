//! Where archive files stand: in a directory, or in memory for a store that has none.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Failure;
use super::directory::{read_exact_at, sync_directory};

/// Which archive file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId {
    /// Year, month and day as one decimal number.
    pub day: u32,
    /// Counts all files of the store.
    pub number: u32,
}

impl FileId {
    pub fn name(self) -> String {
        format!("{:08}-{}.arc", self.day, self.number)
    }

    fn of(name: &str) -> Option<FileId> {
        let (day, number) = name.strip_suffix(".arc")?.split_once('-')?;
        Some(FileId { day: day.parse().ok()?, number: number.parse().ok()? })
    }
}

/// A file in memory.
type Sheet = Arc<Mutex<Vec<u8>>>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All archive files of a store.
pub enum Shelf {
    Directory(PathBuf),
    Memory(Mutex<BTreeMap<FileId, Sheet>>),
}

impl Shelf {
    /// The name of a file, for messages.
    pub fn path(&self, id: FileId) -> PathBuf {
        match self {
            Shelf::Directory(directory) => directory.join(id.name()),
            Shelf::Memory(_) => id.name().into(),
        }
    }

    pub fn ids(&self) -> Result<Vec<FileId>, Failure> {
        let directory = match self {
            Shelf::Directory(directory) => directory,
            Shelf::Memory(sheets) => return Ok(lock(sheets).keys().copied().collect()),
        };
        let fail = |error| Failure::new(format!("cannot read {}: {error}", directory.display()));
        let mut ids = Vec::new();
        for entry in fs::read_dir(directory).map_err(fail)? {
            ids.extend(entry.map_err(fail)?.file_name().to_str().and_then(FileId::of));
        }
        Ok(ids)
    }

    pub fn source(&self, id: FileId) -> Result<Source, Failure> {
        let opened = match self {
            Shelf::Directory(_) => File::open(self.path(id)).map(Source::File),
            Shelf::Memory(sheets) => match lock(sheets).get(&id) {
                Some(sheet) => Ok(Source::Memory(Arc::clone(sheet))),
                None => Err(io::ErrorKind::NotFound.into()),
            },
        };
        opened.map_err(|error| self.failure(id, "read", &error))
    }

    /// A new file, whose name is durable.
    pub fn sink(&self, id: FileId) -> Result<Sink, Failure> {
        match self {
            Shelf::Directory(directory) => {
                let made = OpenOptions::new().append(true).create_new(true).open(self.path(id));
                let made = made.and_then(|file| sync_directory(directory).map(|()| file));
                let file = made.map_err(|error| self.failure(id, "make", &error))?;
                Ok(Sink::File(BufWriter::with_capacity(256 * 1024, file)))
            }
            Shelf::Memory(sheets) => Ok(Sink::Memory(Arc::clone(lock(sheets).entry(id).or_default()))),
        }
    }

    pub fn remove(&self, id: FileId) -> Result<(), Failure> {
        match self {
            Shelf::Directory(_) => fs::remove_file(self.path(id)).map_err(|error| self.failure(id, "remove", &error)),
            Shelf::Memory(sheets) => {
                lock(sheets).remove(&id);
                Ok(())
            }
        }
    }

    fn failure(&self, id: FileId, what: &str, error: &io::Error) -> Failure {
        Failure::new(format!("cannot {what} {}: {error}", self.path(id).display()))
    }
}

/// A file to read from, wherever in it.
pub enum Source {
    File(File),
    Memory(Sheet),
}

impl Source {
    pub fn length(&self) -> io::Result<u64> {
        match self {
            Source::File(file) => Ok(file.metadata()?.len()),
            Source::Memory(sheet) => Ok(lock(sheet).len() as u64),
        }
    }

    pub fn read(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        match self {
            Source::File(file) => read_exact_at(file, buffer, offset),
            Source::Memory(sheet) => {
                let sheet = lock(sheet);
                let from = usize::try_from(offset).unwrap_or(usize::MAX);
                let bytes = sheet.get(from..).and_then(|rest| rest.get(..buffer.len()));
                buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
        }
    }
}

/// A file to append to.
pub enum Sink {
    File(BufWriter<File>),
    Memory(Sheet),
}

impl Sink {
    pub fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Sink::File(file) => file.write_all(bytes),
            Sink::Memory(sheet) => {
                lock(sheet).extend_from_slice(bytes);
                Ok(())
            }
        }
    }

    /// Returns when all that was appended would survive a power cut.
    pub fn sync(&mut self) -> io::Result<()> {
        match self {
            Sink::File(file) => {
                file.flush()?;
                file.get_ref().sync_data()
            }
            Sink::Memory(_) => Ok(()),
        }
    }
}
