//! How a store is opened: which engine, where, and everything that can be wrong with a directory.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use super::Store;
use super::embedded::Embedded;

/// The engines below an embedded store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// sled, a log-structured tree.
    Sled,
    /// redb, a copy-on-write B-tree in one file.
    Redb,
    /// Nothing on disk: it ends with its process.
    Memory,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Sled => "sled",
            Kind::Redb => "redb",
            Kind::Memory => "memory",
        })
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Kind, UnknownKind> {
        match text {
            "sled" => Ok(Kind::Sled),
            "redb" => Ok(Kind::Redb),
            "memory" => Ok(Kind::Memory),
            other => Err(UnknownKind(other.to_owned())),
        }
    }
}

/// There is no engine of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no storage engine named {0:?}: choose sled, redb or memory")]
pub struct UnknownKind(pub String);

/// Which store, and where.
#[derive(Clone, Debug)]
pub struct Options {
    /// The engine.
    pub kind: Kind,
    /// The store's directory. `None` only for [`Kind::Memory`].
    pub directory: Option<PathBuf>,
    /// How much memory the engine may use to keep rows at hand.
    pub cache_bytes: u64,
}

const CACHE_BYTES: u64 = 64 * 1024 * 1024;

impl Options {
    /// A store on sled in this directory.
    pub fn sled(directory: impl Into<PathBuf>) -> Options {
        Options { kind: Kind::Sled, directory: Some(directory.into()), cache_bytes: CACHE_BYTES }
    }

    /// A store on redb in this directory.
    pub fn redb(directory: impl Into<PathBuf>) -> Options {
        Options { kind: Kind::Redb, directory: Some(directory.into()), cache_bytes: CACHE_BYTES }
    }

    /// A store in memory.
    pub fn memory() -> Options {
        Options { kind: Kind::Memory, directory: None, cache_bytes: CACHE_BYTES }
    }
}

/// Opens a store, or makes it where there is none yet. Takes as long as the engine needs to look at its files, so it is
/// not for threads that others wait for.
pub fn open(options: &Options) -> Result<Arc<dyn Store>, OpenError> {
    Ok(Arc::new(Embedded::open(options)?))
}

/// Why a store could not be opened. Nothing that it holds was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The engine keeps files, and there is no directory for them.
    #[error("a {kind} store needs a directory: name one, or choose memory")]
    NoDirectory {
        /// The engine.
        kind: Kind,
    },
    /// There is something else of this name.
    #[error("{} is not a directory: name another one for the store", path.display())]
    NotADirectory {
        /// The path.
        path: PathBuf,
    },
    /// Another program's directory.
    #[error("{} is not a store, and it is not empty: it holds {found}. Name an empty directory or a new one", path.display())]
    NotAStore {
        /// The directory.
        path: PathBuf,
        /// Something that is in it.
        found: String,
    },
    /// Another process has the store open.
    #[error("the store in {} is in use by another process: stop that process, or name another directory", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// The store was made with another engine.
    #[error("the store in {} was made by {found}, not {wanted}: choose {found}, or name another directory", path.display())]
    OtherEngine {
        /// The directory.
        path: PathBuf,
        /// The engine that made it.
        found: String,
        /// The one that was asked for.
        wanted: Kind,
    },
    /// The store was made by a later version.
    #[error(
        "the store in {} has format {format}, and this version knows formats up to {known}: use the newer version that made it",
        path.display()
    )]
    Newer {
        /// The directory.
        path: PathBuf,
        /// Its format.
        format: u32,
        /// The newest one that is known.
        known: u32,
    },
    /// The operating system does not let us.
    #[error("cannot use {}: {source}. {}", path.display(), advice(source))]
    Unusable {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something in the store is not as it was left.
    #[error("the store in {} is damaged: {what}. Check the disk, and restore the whole directory from a backup", path.display())]
    Damaged {
        /// The directory.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

impl OpenError {
    pub(super) fn unusable(path: &Path, source: io::Error) -> OpenError {
        OpenError::Unusable { path: path.to_owned(), source }
    }

    pub(super) fn damaged(path: &Path, what: impl Into<String>) -> OpenError {
        OpenError::Damaged { path: path.to_owned(), what: what.into() }
    }
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "Give the user that runs Stepwell the right to read and write there",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "Free space on that disk",
        io::ErrorKind::ReadOnlyFilesystem => "Mount it for writing, or name another directory",
        _ => "Check the path and the disk",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_as_they_are_written() {
        for kind in [Kind::Sled, Kind::Redb, Kind::Memory] {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        let error = "rocksdb".parse::<Kind>().expect_err("there is none");
        assert_eq!(error.to_string(), r#"there is no storage engine named "rocksdb": choose sled, redb or memory"#);
    }
}
