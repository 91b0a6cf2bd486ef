//! `--load DIR`: definitions in files, registered under the files' names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use stepwell_asl::MachineType;
use stepwell_engine::Engine;

use crate::definition::examine_file;
use crate::output;
use crate::refusal::Refusal;

/// What files with definitions end with.
const ENDINGS: [&str; 3] = [".asl.json", ".asl.yaml", ".asl.yml"];

/// What names end with whose state machines are Express.
const EXPRESS: &str = ".express";

/// Files that are registered.
const FILES_MAX: usize = 10_000;

/// How deep directories are looked into.
const DEPTH_MAX: usize = 32;

/// A file with a definition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The state machine's name.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    express: bool,
}

/// The files with definitions under a directory, by name. Errors: it cannot be read, two files are for one name.
pub fn find(directory: &Path) -> Result<Vec<Source>, Refusal> {
    let mut sources = Vec::new();
    look(directory, 0, &mut sources)?;
    sources.sort();
    match sources.windows(2).find(|pair| pair[0].name == pair[1].name) {
        Some([one, other]) => {
            let (name, one, other) = (&one.name, one.path.display(), other.path.display());
            Err(Refusal::new(format!("{one} and {other} would both be the state machine {name}")))
        }
        Some(_) | None => Ok(sources),
    }
}

fn look(directory: &Path, depth: usize, sources: &mut Vec<Source>) -> Result<(), Refusal> {
    let unreadable = |why: std::io::Error| Refusal::new(format!("{} cannot be read: {why}", directory.display()));
    if depth > DEPTH_MAX {
        return Err(Refusal::new(format!("{} is more than {DEPTH_MAX} directories deep", directory.display())));
    }
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        // A link to a directory is not followed: it may lead back here.
        if entry.file_type().map_err(unreadable)?.is_dir() {
            look(&path, depth + 1, sources)?;
        } else if let Some(source) = source(path)
            && source.path.is_file()
        {
            if sources.len() >= FILES_MAX {
                return Err(Refusal::new(format!("there are more than {FILES_MAX} definitions to load")));
            }
            sources.push(source);
        }
    }
    Ok(())
}

fn source(path: PathBuf) -> Option<Source> {
    let file = path.file_name()?.to_str()?;
    let stem = ENDINGS.iter().find_map(|ending| file.strip_suffix(ending))?;
    let (name, express) = stem.strip_suffix(EXPRESS).map_or((stem, false), |name| (name, true));
    let name = name.to_owned();
    (!name.is_empty()).then_some(Source { name, path, express })
}

/// Registers definitions, all that can be. What is wrong with the others is told, with its places; gives how many.
pub async fn register(engine: &Engine, sources: &[Source], limited: bool) -> usize {
    let mut wrong = 0;
    for source in sources {
        if let Err(refusal) = register_one(engine, source, limited).await {
            output::tell_refusal(&refusal);
            wrong += 1;
        }
    }
    wrong
}

async fn register_one(engine: &Engine, source: &Source, limited: bool) -> Result<(), Refusal> {
    let Source { name, path, express } = source;
    let kind = if *express { MachineType::Express } else { MachineType::Standard };
    let examined = examine_file(path, &BTreeMap::new(), kind, limited)?;
    examined.compile()?; // tells what is wrong, and where
    let text = examined.definition.as_ref().map_or("", |definition| definition.text());
    let of_file = |why: stepwell_engine::EngineError| Refusal::new(format!("{}: {why}", path.display()));
    let machine = engine.register(name, text, kind).await.map_err(of_file)?;
    tracing::info!(file = %path.display(), arn = %machine.arn, "a state machine was loaded");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_s_name_is_the_state_machine_s() {
        for (file, expected) in [
            ("order.asl.json", Some(("order", false))),
            ("a/b/order.asl.yaml", Some(("order", false))),
            ("order.v2.asl.yml", Some(("order.v2", false))),
            ("order.express.asl.json", Some(("order", true))),
            ("order.json", None),
            ("order.asl.JSON", None),
            (".asl.json", None),
            (".express.asl.json", None),
        ] {
            let found = source(file.into());
            let found = found.as_ref().map(|source| (source.name.as_str(), source.express));
            assert_eq!(found, expected, "{file}");
        }
    }
}
