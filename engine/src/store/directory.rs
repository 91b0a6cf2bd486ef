//! The directory of a store: who may use it, what made it, and what its files need of the operating system.
//!
//! | in it | what it is |
//! |---|---|
//! | `LOCK` | held by the process that has the store open |
//! | `FORMAT` | product, engine and number of the format, as text |
//! | `EPOCH` | the newest epoch, and whether its owner closed the store: what the database must remember too |
//! | `db/` or `data.redb` | the database; `db.new` and `db.old` while it is compacted |
//! | `segments/` | long values |
//! | `archive/` | closed executions |

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::open::{Kind, OpenError};

/// The number of this format. A greater one is a later version's.
const FORMAT: u32 = 1;
const PRODUCT: &str = "stepwell store";

/// A directory that no other process uses.
pub struct Directory {
    path: PathBuf,
    /// Locked as long as it is open.
    _lock: File,
}

impl Directory {
    /// Makes the directory, where there is none, and takes it. Changes nothing in one that is of another kind.
    pub fn take(path: &Path, kind: Kind) -> Result<Directory, OpenError> {
        let io = |error| OpenError::unusable(path, error);
        if path.exists() && !path.is_dir() {
            return Err(OpenError::NotADirectory { path: path.to_owned() });
        }
        let is_new = !path.exists();
        fs::create_dir_all(path).map_err(io)?;
        if is_new && let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            sync_directory(parent).map_err(io)?;
        }
        refuse_strangers(path)?;
        let lock = lock(path)?;
        match fs::read_to_string(path.join("FORMAT")) {
            Ok(text) => check_format(path, &text, kind)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                write_whole(&path.join("FORMAT"), &format_text(kind)).map_err(io)?;
            }
            Err(error) => return Err(io(error)),
        }
        for part in ["segments", "archive"] {
            fs::create_dir_all(path.join(part)).map_err(io)?;
        }
        sync_directory(path).map_err(io)?;
        Ok(Directory { path: path.to_owned(), _lock: lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The newest epoch that was given out and whether its owner closed the store; 0 before the first.
    pub fn epoch(&self) -> Result<(u64, bool), OpenError> {
        let path = self.path.join("EPOCH");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((0, false)),
            Err(error) => return Err(OpenError::unusable(&path, error)),
        };
        let (number, state) = text.trim_end().split_once(' ').unwrap_or((text.trim_end(), ""));
        let number = number.parse().map_err(|_| OpenError::Damaged {
            path: self.path.clone(),
            what: format!("{} does not hold a number", path.display()),
        })?;
        Ok((number, state == "closed"))
    }

    pub fn write_epoch(&self, epoch: u64, closed: bool) -> io::Result<()> {
        let state = if closed { "closed" } else { "open" };
        write_whole(&self.path.join("EPOCH"), &format!("{epoch} {state}\n"))
    }
}

fn format_text(kind: Kind) -> String {
    format!("{PRODUCT}\nengine {kind}\nformat {FORMAT}\n")
}

fn check_format(path: &Path, text: &str, kind: Kind) -> Result<(), OpenError> {
    let damaged = || OpenError::Damaged {
        path: path.to_owned(),
        what: format!("{} does not say what made the store", path.join("FORMAT").display()),
    };
    let mut lines = text.lines();
    if lines.next() != Some(PRODUCT) {
        return Err(damaged());
    }
    let mut found = None;
    let mut format = None;
    for line in lines {
        match line.split_once(' ') {
            Some(("engine", name)) => found = Some(name.to_owned()),
            Some(("format", number)) => format = number.parse::<u32>().ok(),
            Some(_) | None => {} // a later version's
        }
    }
    let (found, format) = found.zip(format).ok_or_else(damaged)?;
    if format > FORMAT {
        return Err(OpenError::Newer { path: path.to_owned(), format, known: FORMAT });
    }
    match found == kind.to_string() {
        true => Ok(()),
        false => Err(OpenError::OtherEngine { path: path.to_owned(), found, wanted: kind }),
    }
}

/// A directory that holds something, but no store, is left alone.
fn refuse_strangers(path: &Path) -> Result<(), OpenError> {
    let io = |error| OpenError::unusable(path, error);
    if path.join("FORMAT").exists() {
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(io)? {
        let name = entry.map_err(io)?.file_name();
        // A first start that was cut off leaves these.
        if name != "LOCK" && name != "FORMAT.new" && name != "lost+found" {
            return Err(OpenError::NotAStore { path: path.to_owned(), found: name.to_string_lossy().into_owned() });
        }
    }
    Ok(())
}

/// A child that this process begins while a store is open has its locks too, until it runs its own program: after a close
/// they may be held for some more milliseconds.
pub const LOCK_ATTEMPTS: usize = 25;
/// How long it is waited between two attempts.
pub const LOCK_PAUSE: Duration = Duration::from_millis(20);

fn lock(path: &Path) -> Result<File, OpenError> {
    let file = path.join("LOCK");
    let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&file);
    let lock = opened.map_err(|error| OpenError::unusable(&file, error))?;
    for _ in 0..LOCK_ATTEMPTS {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
            Err(TryLockError::Error(error)) => return Err(OpenError::unusable(&file, error)),
        }
    }
    Err(OpenError::InUse { path: path.to_owned() })
}

/// Writes a small file so that after a crash there is the old one or the new one.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    path.parent().map_or(Ok(()), sync_directory)
}

/// Makes the names in a directory durable.
#[cfg(unix)]
pub fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Elsewhere names are durable with the files, as far as anybody can tell.
#[cfg(not(unix))]
pub fn sync_directory(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Reads from a place, whoever else reads from the same handle.
#[cfg(unix)]
pub fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

/// Reads from a place, whoever else reads from the same handle.
#[cfg(windows)]
pub fn read_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, buffer, offset)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        buffer = &mut buffer[read..];
        offset += read as u64;
    }
    Ok(())
}

/// The length of all files in a directory.
pub fn disk_bytes(path: &Path) -> u64 {
    // Files come and go meanwhile; what cannot be seen is not counted.
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(about) if about.is_dir() => disk_bytes(&entry.path()),
            Ok(about) => about.len(),
            Err(_) => 0,
        })
        .sum()
}
