//! Where the files of a template lie: beside it, or where `sam build` and `cdk synth` put them.

use std::path::{Path, PathBuf};

/// Where `cdk synth` puts a stack's files when its template is written elsewhere.
const CDK_OUT: &str = "cdk.out";

/// What CDK puts before the name of an asset.
const ASSET: &str = "asset.";

/// Finds a template's files.
pub struct Files {
    /// The template's own directory.
    directory: PathBuf,
}

impl Files {
    /// The files of the template at this path.
    pub fn of(template: &Path) -> Files {
        Files { directory: template.parent().map(Path::to_owned).unwrap_or_default() }
    }

    /// What a path in the template names, if it is there.
    pub fn find(&self, path: &str) -> Option<PathBuf> {
        let places = [self.directory.join(path), self.directory.join(CDK_OUT).join(path)];
        places.into_iter().find(|place| place.exists())
    }

    /// Where a path would be.
    pub fn expected(&self, path: &str) -> PathBuf {
        self.directory.join(path)
    }

    /// What CDK has uploaded under this key, if it is here: a directory for an archive, a file for anything else.
    pub fn asset(&self, key: &str) -> Option<PathBuf> {
        let name = key.rsplit('/').next().unwrap_or(key);
        let stem = name.strip_suffix(".zip").unwrap_or(name);
        self.find(&format!("{ASSET}{stem}"))
            .or_else(|| self.find(&format!("{ASSET}{name}")))
            .or_else(|| self.find(name))
    }
}
