//! `--watch`: definitions are registered again when their files change.
//!
//! The directory is looked at every moment. That works wherever the files are (a network's file system and a container's
//! mounts tell nothing by themselves), and a file is taken only after it has stayed the same for a moment: editors write
//! in several steps.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use stepwell_api::Api;

use super::load::{self, Source};
use crate::output;

/// How often it is looked.
pub const MOMENT: Duration = Duration::from_millis(300);

/// What tells that a file is another one.
pub type Stamp = (Option<SystemTime>, u64);

/// What was seen of the files.
pub struct Watched {
    directory: PathBuf,
    limited: bool,
    /// As they were when they were registered, or found to be wrong.
    taken: BTreeMap<Source, Stamp>,
    /// As they were when it was looked last.
    seen: BTreeMap<Source, Stamp>,
    /// What was told last of a directory that cannot be read: once is enough.
    told: Option<String>,
}

impl Watched {
    /// Begins with files that were registered just now.
    pub fn new(directory: &Path, limited: bool) -> Watched {
        let taken = load::find(directory).map(stamped).unwrap_or_default();
        Watched { directory: directory.to_owned(), limited, seen: taken.clone(), taken, told: None }
    }

    /// Looks until it is dropped. `api` gives the operations as they are then.
    pub async fn run(mut self, api: impl Fn() -> Arc<Api>) {
        loop {
            tokio::time::sleep(MOMENT).await;
            let directory = self.directory.clone();
            let looked = tokio::task::spawn_blocking(move || load::find(&directory).map(stamped)).await;
            let Ok(found) = looked else { continue };
            match found {
                Ok(found) => {
                    self.told = None;
                    let changed = self.changed(found);
                    load::register(api().engine(), &changed, self.limited).await;
                }
                Err(refusal) if self.told.as_ref() != Some(&refusal.message) => {
                    output::tell_refusal(&refusal);
                    self.told = Some(refusal.message);
                }
                Err(_) => {}
            }
        }
    }

    /// The files that are others than those taken last, and the same as a moment ago. One that is gone leaves its state
    /// machine as it is.
    fn changed(&mut self, found: BTreeMap<Source, Stamp>) -> Vec<Source> {
        let settled = |(source, stamp): &(&Source, &Stamp)| {
            self.seen.get(*source) == Some(*stamp) && self.taken.get(*source) != Some(*stamp)
        };
        let changed: Vec<Source> = found.iter().filter(settled).map(|(source, _)| source.clone()).collect();
        for source in &changed {
            if let Some(stamp) = found.get(source) {
                self.taken.insert(source.clone(), *stamp);
            }
        }
        self.taken.retain(|source, _| found.contains_key(source));
        self.seen = found;
        changed
    }
}

fn stamped(sources: Vec<Source>) -> BTreeMap<Source, Stamp> {
    sources.into_iter().filter_map(|source| stamp(&source.path).map(|stamp| (source, stamp))).collect()
}

/// What tells that the file at this path is another one; `None` where there is none.
pub fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = path.metadata().ok()?;
    Some((metadata.modified().ok(), metadata.len()))
}
