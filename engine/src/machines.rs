//! State machines as they are registered, and the programs they run.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minicbor::{Decode, Encode};
use stepwell_asl::diagnostic::refusal;
use stepwell_asl::programs::{ContentHash, Programs};
use stepwell_asl::{Definition, Diagnostic, MachineType, Program, Text, Timestamp, validate};

use crate::error::EngineError;
use crate::store::{RecordKind, Store};

/// Programs that are kept compiled.
const PROGRAMS_MAX: usize = 1_000;

/// A registered state machine.
#[derive(Clone, Debug, PartialEq)]
pub struct StateMachine {
    /// Its ARN.
    pub arn: Text,
    /// Its name.
    pub name: Text,
    /// Standard or Express.
    pub kind: MachineType,
    /// The role it would run under on AWS.
    pub role_arn: Text,
    /// Which definition it has.
    pub definition: ContentHash,
    /// When it was registered first.
    pub created_at: Timestamp,
    /// When its definition or role changed last.
    pub updated_at: Timestamp,
}

/// As it is stored. Field numbers are for ever.
#[derive(Encode, Decode)]
struct Row {
    #[n(0)]
    name: String,
    #[n(1)]
    express: bool,
    #[n(2)]
    role_arn: String,
    #[cbor(n(3), with = "minicbor::bytes")]
    definition: [u8; 32],
    #[n(4)]
    created_at: i64,
    #[n(5)]
    updated_at: i64,
}

impl StateMachine {
    fn encode(&self) -> Vec<u8> {
        let row = Row {
            name: self.name.to_string(),
            express: self.kind == MachineType::Express,
            role_arn: self.role_arn.to_string(),
            definition: *self.definition.as_bytes(),
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
        };
        minicbor::to_vec(row).expect("writing to memory does not fail")
    }

    fn decode(arn: &str, bytes: &[u8]) -> Result<StateMachine, EngineError> {
        let row: Row = minicbor::decode(bytes).map_err(|error| EngineError::Record {
            what: format!("the state machine '{arn}'"),
            source: error.into(),
        })?;
        Ok(StateMachine {
            arn: arn.into(),
            name: row.name.into(),
            kind: if row.express { MachineType::Express } else { MachineType::Standard },
            role_arn: row.role_arn.into(),
            definition: ContentHash::from_bytes(row.definition),
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
        })
    }
}

/// The state machines of an engine. They are read from the store once.
pub(crate) struct Machines {
    programs: Programs,
    known: Mutex<HashMap<Text, Arc<StateMachine>>>,
}

impl Machines {
    pub fn new() -> Machines {
        Machines { programs: Programs::new(PROGRAMS_MAX), known: Mutex::default() }
    }

    /// Registers a state machine, or gives the one of that ARN another definition. Running executions keep theirs.
    pub async fn register(
        &self,
        store: &dyn Store,
        machine: StateMachine,
        definition: &Definition,
    ) -> Result<Arc<StateMachine>, EngineError> {
        let (hash, _) = self.compile(definition, machine.kind)?;
        let name = hash.to_string();
        if store.get(RecordKind::Definition, &name).await?.is_none() {
            let text = definition.text().to_owned();
            store.put(RecordKind::Definition, &name, None, text.into()).await?;
        }
        let mut machine = StateMachine { definition: hash, ..machine };
        let before = self.get(store, &machine.arn).await?;
        if let Some(before) = before {
            let same = before.definition == hash && before.role_arn == machine.role_arn && before.kind == machine.kind;
            if same {
                return Ok(before);
            }
            if before.kind != machine.kind {
                let message = format!("State Machine Already Exists: '{}'", machine.arn);
                return Err(EngineError::call("StateMachineAlreadyExists", message));
            }
            machine.created_at = before.created_at;
        }
        let row = machine.encode();
        store.put(RecordKind::StateMachine, &machine.arn, None, row.into()).await?;
        let machine = Arc::new(machine);
        self.lock().insert(machine.arn.clone(), machine.clone());
        Ok(machine)
    }

    fn compile(&self, definition: &Definition, kind: MachineType) -> Result<(ContentHash, Arc<Program>), EngineError> {
        if let Some(error) = invalid(&validate(definition, kind)) {
            return Err(error);
        }
        let (hash, program) = self.programs.get(definition).map_err(|error| {
            EngineError::call("InvalidDefinition", format!("{} at {}", error.message, error.pointer))
        })?;
        match program.unsupported.first() {
            Some(first) => Err(EngineError::call(
                "InvalidDefinition",
                format!("This version cannot run the definition: {} at {}", first.what, first.pointer),
            )),
            None => Ok((hash, program)),
        }
    }

    /// The state machine of an ARN.
    pub async fn get(&self, store: &dyn Store, arn: &str) -> Result<Option<Arc<StateMachine>>, EngineError> {
        if let Some(machine) = self.lock().get(arn) {
            return Ok(Some(machine.clone()));
        }
        let Some(record) = store.get(RecordKind::StateMachine, arn).await? else { return Ok(None) };
        let machine = Arc::new(StateMachine::decode(arn, &record.value)?);
        self.lock().insert(machine.arn.clone(), machine.clone());
        Ok(Some(machine))
    }

    /// State machines by ARN, after a given one.
    pub async fn list(
        &self,
        store: &dyn Store,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StateMachine>, EngineError> {
        let records = store.records(RecordKind::StateMachine, "", after, limit).await?;
        records.iter().map(|record| StateMachine::decode(&record.name, &record.value)).collect()
    }

    /// The program of a definition that executions have pinned.
    pub async fn program(&self, store: &dyn Store, hash: ContentHash) -> Result<Arc<Program>, EngineError> {
        if let Some(program) = self.programs.cached(hash) {
            return Ok(program);
        }
        let missing = |why: &str| EngineError::Record {
            what: format!("the definition {hash}"),
            source: crate::record::RecordError::Broken(why.to_owned()),
        };
        let record = store.get(RecordKind::Definition, &hash.to_string()).await?;
        let record = record.ok_or_else(|| missing("the store does not have it"))?;
        let options = stepwell_asl::definition::Options { bytes_max: None, ..Default::default() };
        let (definition, _) = Definition::parse_with(&record.value, &options);
        let definition = definition.ok_or_else(|| missing("it is no definition"))?;
        let (_, program) = self.programs.get(&definition).map_err(|error| missing(&error.message))?;
        Ok(program)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Text, Arc<StateMachine>>> {
        // Every critical section is whole at every step.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a definition's text; what is wrong with it is the caller's error.
pub(crate) fn read_definition(text: &str, limited: bool) -> Result<Definition, EngineError> {
    let bytes_max = limited.then_some(stepwell_asl::definition::BYTES_MAX);
    let defines = BTreeMap::new();
    let options = stepwell_asl::definition::Options { defines: Some(&defines), bytes_max, ..Default::default() };
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
