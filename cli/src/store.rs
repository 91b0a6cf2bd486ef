//! Stores as commands open them.

use std::path::Path;

use stepwell_engine::store::{Kind, OpenError, Options};
use stepwell_engine::{Config, Engine, EngineError};

use crate::refusal::Refusal;

/// How a store in this directory is opened, where nothing else is said.
pub fn options(directory: &Path, kind: Option<Kind>) -> Options {
    match kind {
        Some(Kind::Redb) => Options::redb(directory),
        Some(Kind::Sled | Kind::Memory) | None => Options::sled(directory),
    }
}

/// Opens an engine. Where no kind of store was asked for, it is the one that is there.
pub async fn open(config: Config, asked: Option<Kind>) -> Result<Engine, Refusal> {
    match Engine::open(config.clone()).await {
        Err(EngineError::Open(OpenError::OtherEngine { found, .. })) if asked.is_none() => {
            let kind = found.parse::<Kind>().map_err(|error| Refusal::new(error.to_string()))?;
            let store = Options { kind, ..config.store.clone() };
            Ok(Engine::open(Config { store, ..config }).await?)
        }
        opened => Ok(opened?),
    }
}

/// Refuses a directory that holds no store: looking at one must not make one.
pub fn must_exist(directory: &Path) -> Result<(), Refusal> {
    if directory.join("FORMAT").is_file() {
        return Ok(());
    }
    let message = format!("there is no store in {}", directory.display());
    Err(Refusal::with_help(message, "`stepwell run FILE --data DIR` makes one"))
}
