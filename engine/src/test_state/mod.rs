//! Tests of single states: AWS's `TestState`.
//!
//! A state is tried once, by the same core that runs executions, while a probe watches: there is no second data flow
//! here. Nothing is stored. A mock answers for what a Task, Map or Parallel would have done outside; the other types
//! are tried as they are.

mod check;
mod context;
mod definition;
mod drive;
mod fields;
mod given;
mod inspect;
mod item_reader;
mod shape;

use std::sync::Arc;

use stepwell_asl::{Text, Value};

use crate::arn::Place;
use crate::clock::Clock;
use crate::core::Limits;
use crate::error::EngineError;
use crate::invoke::Invoker;
use crate::token::TokenKey;

pub use inspect::{ErrorDetails, Inspection};

/// How long a test may take, in seconds. After that the state has failed with `States.Timeout`.
pub const SECONDS_MAX: u64 = 300;

/// The state to test, and what surrounds it. Texts are as the caller wrote them; JSON in them is read here.
#[derive(Clone, Debug, Default)]
pub struct TestState {
    /// A single state; or a whole state machine, where `state_name` says which of its states.
    pub definition: String,
    /// A state of the machine, wherever it is nested.
    pub state_name: Option<String>,
    /// The role. A Task that is not mocked needs one.
    pub role_arn: Option<String>,
    /// The state's input. Absent: an empty object.
    pub input: Option<Value>,
    /// The variables that the state sees, as a JSON object.
    pub variables: Option<String>,
    /// The context object, in JSON. Only with a mock.
    pub context: Option<String>,
    /// How much to tell.
    pub inspection_level: InspectionLevel,
    /// Whether secrets of HTTP tasks are shown. Not with a mock.
    pub reveal_secrets: bool,
    /// What the state's work comes to, instead of doing it.
    pub mock: Option<Mock>,
    /// In which situation the state is.
    pub configuration: Configuration,
}

/// How much a test tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InspectionLevel {
    /// The outcome.
    #[default]
    Info,
    /// The data flow too.
    Debug,
    /// The request and the response of HTTP tasks too.
    Trace,
}

/// What a state's work comes to: one of `result` and `error_output`.
#[derive(Clone, Debug, Default)]
pub struct Mock {
    /// The result, in JSON.
    pub result: Option<String>,
    /// The error.
    pub error_output: Option<ErrorOutput>,
    /// How strictly the result is held to the shape that the resource's answers have.
    pub field_validation_mode: FieldValidationMode,
}

/// A mocked error.
#[derive(Clone, Debug, Default)]
pub struct ErrorOutput {
    /// Its name. Needed.
    pub error: Option<String>,
    /// Its cause.
    pub cause: Option<String>,
}

/// How strictly a mocked result is held to the shape that the resource's answers have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidationMode {
    /// Required fields must be there, and fields that are there must have the right type.
    #[default]
    Strict,
    /// Fields that are there must have the right type.
    Present,
    /// Not at all.
    None,
}

/// In which situation the state is.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// How often the retrier for the mocked error has tried already.
    pub retrier_retry_count: Option<u32>,
    /// The state inside a Map or Parallel that the mocked error comes from.
    pub error_caused_by_state: Option<String>,
    /// How many iterations of a Map have failed.
    pub map_iteration_failure_count: Option<u32>,
    /// What a Map's `ItemReader` has read, as it is at its source.
    pub map_item_reader_data: Option<String>,
}

/// What a test needs of the engine.
pub struct World {
    /// What ARNs are made of.
    pub place: Place,
    /// The time.
    pub clock: Clock,
    /// What takes a Task that is not mocked to its resource.
    pub invoker: Arc<dyn Invoker>,
    /// The key of task tokens.
    pub tokens: TokenKey,
    /// The limits that hold.
    pub limits: Limits,
}

/// What came of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct Tested {
    /// How the state ended.
    pub status: TestStatus,
    /// Its output, where it was left.
    pub output: Option<Value>,
    /// The error's name, where it failed.
    pub error: Option<Text>,
    /// The error's cause.
    pub cause: Option<Text>,
    /// The state that would follow.
    pub next_state: Option<Text>,
    /// The data flow, above [`InspectionLevel::Info`].
    pub inspection: Option<Inspection>,
}

/// How a tested state ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestStatus {
    /// It was left.
    Succeeded,
    /// It failed, and nothing stopped the failure.
    Failed,
    /// It failed and would be tried again.
    Retriable,
    /// It failed, and a catcher leads on.
    CaughtError,
}

impl TestStatus {
    /// AWS's word.
    pub fn as_str(self) -> &'static str {
        match self {
            TestStatus::Succeeded => "SUCCEEDED",
            TestStatus::Failed => "FAILED",
            TestStatus::Retriable => "RETRIABLE",
            TestStatus::CaughtError => "CAUGHT_ERROR",
        }
    }
}

/// Tests a state.
///
/// Errors, in AWS's words: `InvalidDefinition`, `ValidationException` where the parts of the
/// test do not go together. A state that fails is an outcome, not an error.
pub async fn run(test: &TestState, world: World) -> Result<Tested, EngineError> {
    check::request(test)?;
    let subject = definition::read(test, &world.limits)?;
    check::state(test, &subject)?;
    let given = given::read(test, &subject)?;
    drive::drive(test, &subject, given, world).await
}

fn invalid(message: impl Into<String>) -> EngineError {
    EngineError::call("ValidationException", message)
}
