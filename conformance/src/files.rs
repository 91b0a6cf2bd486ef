//! The text of cases: built into this crate, or in a directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::Trouble;

/// The longest file that is read.
const FILE_BYTES_MAX: u64 = 4 << 20;
/// How deep directories are followed: feature, case, and one level to spare.
const DEPTH_MAX: usize = 4;

include!(concat!(env!("OUT_DIR"), "/cases.rs"));

/// Files by their path below the directory of cases, with `/` between the parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(pub BTreeMap<String, String>);

impl Files {
    /// The project's own cases, which are part of the binary.
    pub fn built_in() -> Files {
        Files(BUILT_IN.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
    }

    /// All `.json`, `.txt` and `.toml` files below a directory.
    pub fn read(directory: &Path) -> Result<Files, Trouble> {
        let mut files = BTreeMap::new();
        let mut waiting = vec![(directory.to_owned(), String::new(), 0)];
        while let Some((directory, prefix, depth)) = waiting.pop() {
            let unreadable = |source| Trouble::Unreadable { path: directory.clone(), source };
            for entry in std::fs::read_dir(&directory).map_err(unreadable)? {
                let path = entry.map_err(unreadable)?.path();
                let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
                let below = format!("{prefix}{name}");
                if path.is_dir() {
                    if depth < DEPTH_MAX && !name.starts_with('.') {
                        waiting.push((path, below + "/", depth + 1));
                    }
                } else if is_wanted(name) {
                    files.insert(below, read_file(path)?);
                }
            }
        }
        Ok(Files(files))
    }

    /// A file's text.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }
}

fn is_wanted(name: &str) -> bool {
    [".json", ".txt", ".toml"].iter().any(|ending| name.ends_with(ending))
}

fn read_file(path: PathBuf) -> Result<String, Trouble> {
    let unreadable = |source| Trouble::Unreadable { path: path.clone(), source };
    let length = std::fs::metadata(&path).map_err(unreadable)?.len();
    if length > FILE_BYTES_MAX {
        return Err(Trouble::TooLong { path, bytes_max: FILE_BYTES_MAX });
    }
    std::fs::read_to_string(&path).map_err(unreadable)
}
