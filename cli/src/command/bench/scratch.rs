//! A directory for the files of a benchmark, removed when it is over.

use std::path::{Path, PathBuf};

use stepwell_engine::engine::made_up_name;

use crate::refusal::Refusal;

/// A directory of its own.
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes a directory in `place`, or else in the current one.
    pub fn make(place: Option<&Path>) -> Result<Scratch, Refusal> {
        let name = made_up_name().map_err(Refusal::of_machine)?;
        let path = place.unwrap_or(Path::new(".")).join(format!("stepwell-bench-{}", &name[..8]));
        let failed = |error| Refusal::new(format!("{} cannot be made: {error}", path.display()));
        std::fs::create_dir_all(&path).map_err(failed)?;
        Ok(Scratch(path))
    }

    /// A path in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0); // what cannot be removed is seen by who looks there
    }
}
