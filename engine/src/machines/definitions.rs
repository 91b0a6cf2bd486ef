//! Definitions: checked, kept by the hash of their text, and compiled.

use std::collections::BTreeMap;
use std::sync::Arc;

use stepwell_asl::definition::{BYTES_MAX, Format, Options};
use stepwell_asl::diagnostic::refusal;
use stepwell_asl::programs::{ContentHash, Programs};
use stepwell_asl::{Definition, Diagnostic, MachineType, Program, validate};

use crate::error::EngineError;
use crate::store::{RecordKind, Store};

/// Programs that are kept compiled.
const PROGRAMS_MAX: usize = 1_000;

/// The definitions of an engine.
pub(crate) struct Definitions(Arc<Programs>);

impl Default for Definitions {
    fn default() -> Definitions {
        Definitions(Arc::new(Programs::new(PROGRAMS_MAX)))
    }
}

impl Definitions {
    /// Checks a definition and keeps it. Without a `format` it is in JSON or YAML. Errors: `InvalidDefinition`, with what is wrong and where.
    pub async fn keep(
        &self,
        store: &dyn Store,
        text: &str,
        kind: MachineType,
        limited: bool,
        format: Option<Format>,
    ) -> Result<ContentHash, EngineError> {
        let (programs, owned) = (self.0.clone(), text.to_owned());
        // A large definition takes a while, and others are waiting.
        let compiling = tokio::task::spawn_blocking(move || {
            let definition = read(&owned, limited, format)?;
            Ok::<_, EngineError>((compile(&programs, &definition, kind)?, definition.text().to_owned()))
        });
        let (hash, text) = compiling.await.map_err(|why| EngineError::Stopped(why.to_string()))??;
        let name = hash.to_string();
        if store.get(RecordKind::Definition, &name).await?.is_none() {
            store.put(RecordKind::Definition, &name, None, text.into()).await?;
        }
        Ok(hash)
    }

    /// The text of a definition that was kept.
    pub async fn text(&self, store: &dyn Store, hash: ContentHash) -> Result<String, EngineError> {
        let record = store.get(RecordKind::Definition, &hash.to_string()).await?;
        let record = record.ok_or_else(|| missing(hash, "the store does not have it"))?;
        Ok(String::from_utf8_lossy(&record.value).into_owned())
    }

    /// The program of a definition that executions have pinned.
    pub async fn program(&self, store: &dyn Store, hash: ContentHash) -> Result<Arc<Program>, EngineError> {
        if let Some(program) = self.0.cached(hash) {
            return Ok(program);
        }
        let text = self.text(store, hash).await?;
        let options = Options { bytes_max: None, ..Default::default() };
        let (definition, _) = Definition::parse_with(text.as_bytes(), &options);
        let definition = definition.ok_or_else(|| missing(hash, "it is no definition"))?;
        let (_, program) = self.0.get(&definition).map_err(|error| missing(hash, &error.message))?;
        Ok(program)
    }
}

fn missing(hash: ContentHash, why: &str) -> EngineError {
    EngineError::Record {
        what: format!("the definition {hash}"),
        source: crate::record::RecordError::Broken(why.to_owned()),
    }
}

fn compile(programs: &Programs, definition: &Definition, kind: MachineType) -> Result<ContentHash, EngineError> {
    if let Some(error) = invalid(&validate(definition, kind)) {
        return Err(error);
    }
    let (hash, program) = programs
        .get(definition)
        .map_err(|error| EngineError::call("InvalidDefinition", format!("{} at {}", error.message, error.pointer)))?;
    match program.unsupported.first() {
        Some(first) => Err(EngineError::call(
            "InvalidDefinition",
            format!("This version cannot run the definition: {} at {}", first.what, first.pointer),
        )),
        None => Ok(hash),
    }
}

/// Reads a definition's text; what is wrong with it is the caller's error.
fn read(text: &str, limited: bool, format: Option<Format>) -> Result<Definition, EngineError> {
    let bytes_max = limited.then_some(BYTES_MAX);
    let defines = BTreeMap::new();
    let options = Options { defines: Some(&defines), bytes_max, format };
    let (definition, diagnostics) = Definition::parse_with(text.as_bytes(), &options);
    match (definition, invalid(&diagnostics)) {
        (Some(definition), None) => Ok(definition),
        (_, Some(error)) => Err(error),
        (None, None) => Err(EngineError::call("InvalidDefinition", "Invalid State Machine Definition: no definition")),
    }
}

fn invalid(diagnostics: &[Diagnostic]) -> Option<EngineError> {
    refusal(diagnostics).map(|message| EngineError::call("InvalidDefinition", message))
}
