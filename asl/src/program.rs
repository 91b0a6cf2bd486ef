//! A compiled state machine: states in an arena, every path, template and rule compiled. At run time no definition is
//! read and no name is resolved. Programs are immutable, `Send + Sync`, and cheap to share.

use crate::choice::Rule;
use crate::error::EvalError;
use crate::path::{ReferencePath, Selector};
use crate::query::Query;
use crate::resource::Resource;
use crate::retry::{Catcher, Retrier};
use crate::template::Template;
use crate::value::{Text, Value};

/// A compiled state machine.
#[derive(Clone, Debug)]
pub struct Program {
    /// Where an execution starts.
    pub start: StateId,
    /// All states: the machine's own, then those of branches and item processors.
    pub states: Box<[State]>,
    /// The whole execution's limit in seconds, where the definition has one.
    pub timeout_s: Option<u64>,
    /// What the definition asks for that is not run: each with its place and a sentence. Empty for a program that runs.
    pub unsupported: Box<[Unsupported]>,
    /// Whether a state is in JSONata, whose expressions may take long to evaluate.
    pub has_jsonata: bool,
}

/// A part of a definition that is valid but is not run by this build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// JSON pointer of the state or field.
    pub pointer: Text,
    /// What it is, as a sentence.
    pub what: String,
}

/// The place of a state in its program's arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateId(pub u32);

impl Program {
    /// The state at this place.
    pub fn state(&self, id: StateId) -> &State {
        &self.states[id.0 as usize]
    }

    /// The state of this name, wherever it is nested: names are unique in a definition.
    pub fn find(&self, name: &str) -> Option<StateId> {
        self.states.iter().position(|state| &*state.name == name).map(|at| StateId(at as u32))
    }
}

/// Which language a state's expressions are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueryLanguage {
    /// Paths, templates with `.$` fields, intrinsic functions.
    #[default]
    JsonPath,
    /// `{% %}` expressions.
    Jsonata,
}

/// One state.
#[derive(Clone, Debug)]
pub struct State {
    /// Its name, unique in the definition.
    pub name: Text,
    /// JSON pointer of its definition, for messages that show the place.
    pub pointer: Text,
    /// The language of its expressions.
    pub language: QueryLanguage,
    /// `InputPath`
    pub input_path: PathField,
    /// `OutputPath`
    pub output_path: PathField,
    /// `Assign`: the variables to set when the state is left.
    pub assign: Option<Template>,
    /// `Output`, in JSONata.
    pub output: Option<Template>,
    /// Where it leads, for the types that have `Next` or `End`.
    pub next: Transition,
    /// What it does.
    pub kind: StateKind,
}

/// Where a state leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// `Next`
    To(StateId),
    /// `End`, and the states that end by nature.
    End,
}

/// The eight types of state.
#[derive(Clone, Debug)]
pub enum StateKind {
    /// Takes the first rule that holds.
    Choice(Choice),
    /// Ends its branch with an error.
    Fail(Fail),
    /// Runs a machine for every item of an array.
    Map(Map),
    /// Runs machines side by side.
    Parallel(Parallel),
    /// Passes data on, or makes some.
    Pass(Pass),
    /// Ends its branch.
    Succeed,
    /// Has work done outside.
    Task(Task),
    /// Waits for a time.
    Wait(Wait),
}

/// The type of a state, without what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum StateType {
    Choice,
    Fail,
    Map,
    Parallel,
    Pass,
    Succeed,
    Task,
    Wait,
}

impl StateType {
    /// The `Type` as it is written in definitions and in the names of history events.
    pub fn name(self) -> &'static str {
        match self {
            StateType::Choice => "Choice",
            StateType::Fail => "Fail",
            StateType::Map => "Map",
            StateType::Parallel => "Parallel",
            StateType::Pass => "Pass",
            StateType::Succeed => "Succeed",
            StateType::Task => "Task",
            StateType::Wait => "Wait",
        }
    }
}

impl StateKind {
    /// The state's type.
    pub fn state_type(&self) -> StateType {
        match self {
            StateKind::Choice(_) => StateType::Choice,
            StateKind::Fail(_) => StateType::Fail,
            StateKind::Map(_) => StateType::Map,
            StateKind::Parallel(_) => StateType::Parallel,
            StateKind::Pass(_) => StateType::Pass,
            StateKind::Succeed => StateType::Succeed,
            StateKind::Task(_) => StateType::Task,
            StateKind::Wait(_) => StateType::Wait,
        }
    }

    /// What becomes of result and errors, for the types that have both.
    pub fn completion(&self) -> Option<&Completion> {
        match self {
            StateKind::Map(map) => Some(&map.completion),
            StateKind::Parallel(parallel) => Some(&parallel.completion),
            StateKind::Task(task) => Some(&task.completion),
            StateKind::Choice(_)
            | StateKind::Fail(_)
            | StateKind::Pass(_)
            | StateKind::Succeed
            | StateKind::Wait(_) => None,
        }
    }
}

/// A field that selects with a path: `InputPath`, `OutputPath`, a Catcher's `OutputPath`.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum PathField {
    /// Absent, or `$`.
    #[default]
    Whole,
    /// `null`: the empty object.
    Nothing,
    /// Anything else.
    Select(Selector),
}

/// Where a result goes in the state's input.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ResultPath {
    /// Absent, or `$`: the result replaces the input.
    #[default]
    Replace,
    /// `null`: the result is dropped.
    Discard,
    /// The result is written into the input.
    Write(ReferencePath),
}

/// What a Task, Parallel or Map makes of its result and of errors.
#[derive(Clone, Debug, Default)]
pub struct Completion {
    /// `ResultSelector`
    pub result_selector: Option<Template>,
    /// `ResultPath`
    pub result_path: ResultPath,
    /// `Retry`, in the order they are asked.
    pub retry: Box<[Retrier]>,
    /// `Catch`, in the order they are asked.
    pub catch: Box<[Catcher]>,
}

/// `Type: Pass`
#[derive(Clone, Debug, Default)]
pub struct Pass {
    /// `Parameters`
    pub parameters: Option<Template>,
    /// `Result`, taken as it is.
    pub result: Option<Value>,
    /// `ResultPath`
    pub result_path: ResultPath,
}

/// `Type: Choice`
#[derive(Clone, Debug)]
pub struct Choice {
    /// `Choices`
    pub rules: Box<[Rule]>,
    /// `Default`
    pub default: Option<StateId>,
}

/// `Type: Fail`
#[derive(Clone, Debug)]
pub struct Fail {
    /// `Error` or `ErrorPath`
    pub error: Option<Phrase>,
    /// `Cause` or `CausePath`
    pub cause: Option<Phrase>,
}

/// A text that is written down, or is computed.
#[derive(Clone, Debug)]
pub enum Phrase {
    /// As written.
    Literal(Text),
    /// A path or an intrinsic function, with the name of its field.
    Computed(Template),
    /// A JSONata expression.
    Query(Query),
}

/// `Type: Wait`
#[derive(Clone, Debug)]
pub enum Wait {
    /// `Seconds`
    Seconds(u64),
    /// `SecondsPath`
    SecondsPath(Selector),
    /// `Timestamp`
    Timestamp(crate::time::Timestamp),
    /// `TimestampPath`
    TimestampPath(Selector),
    /// `Seconds`, as a JSONata expression.
    SecondsQuery(Query),
    /// `Timestamp`, as a JSONata expression.
    TimestampQuery(Query),
}

/// `Type: Task`
#[derive(Clone, Debug)]
pub struct Task {
    /// `Resource`
    pub resource: Resource,
    /// `Parameters`, or `Arguments` in JSONata.
    pub parameters: Option<Template>,
    /// `TimeoutSeconds[Path]`
    pub timeout: Option<Quantity>,
    /// `HeartbeatSeconds[Path]`
    pub heartbeat: Option<Quantity>,
    /// `Credentials`
    pub credentials: Option<Template>,
    /// What becomes of result and errors.
    pub completion: Completion,
}

/// `Type: Parallel`
#[derive(Clone, Debug)]
pub struct Parallel {
    /// Where each branch starts.
    pub branches: Box<[StateId]>,
    /// `Parameters`, or `Arguments` in JSONata.
    pub parameters: Option<Template>,
    /// What becomes of result and errors.
    pub completion: Completion,
}

/// `Type: Map`
#[derive(Clone, Debug)]
pub struct Map {
    /// `ItemsPath`
    pub items_path: Option<Selector>,
    /// `Items`, in JSONata.
    pub items: Option<Template>,
    /// `ItemSelector`, or the older `Parameters`.
    pub item_selector: Option<Template>,
    /// Where every iteration starts.
    pub processor: StateId,
    /// `ProcessorConfig.Mode` is `DISTRIBUTED`: every iteration is an execution of its own.
    pub distributed: bool,
    /// `ProcessorConfig.ExecutionType` is `EXPRESS`.
    pub express: bool,
    /// `Label`, or one that is made of the state's name: it is part of the ARNs of a Distributed Map's runs and executions.
    pub label: Text,
    /// `MaxConcurrency[Path]`
    pub max_concurrency: Option<Quantity>,
    /// `ToleratedFailureCount[Path]`
    pub tolerated_failure_count: Option<Quantity>,
    /// `ToleratedFailurePercentage[Path]`
    pub tolerated_failure_percentage: Option<Quantity>,
    /// `ItemBatcher`
    pub batcher: Option<Box<ItemBatcher>>,
    /// What becomes of result and errors.
    pub completion: Completion,
}

/// `ItemBatcher`: how a Distributed Map groups its items.
#[derive(Clone, Debug)]
pub struct ItemBatcher {
    /// `MaxItemsPerBatch[Path]`
    pub max_items: Option<Quantity>,
    /// `MaxInputBytesPerBatch[Path]`
    pub max_input_bytes: Option<Quantity>,
    /// `BatchInput`: what every batch gets besides its items.
    pub batch_input: Option<Template>,
}

/// A number that is written down, or is selected by a `...Path` field.
#[derive(Clone, Debug)]
pub enum Quantity {
    /// As written.
    Fixed(Value),
    /// From the state's input.
    Path(Selector),
    /// A JSONata expression.
    Query(Query),
}

impl Quantity {
    /// What is wrong with its value, as an error of its language.
    pub fn failure(&self, reason: impl Into<String>) -> EvalError {
        match self {
            Quantity::Query(query) => query.failure(reason),
            Quantity::Fixed(_) | Quantity::Path(_) => EvalError::runtime(reason),
        }
    }
}
