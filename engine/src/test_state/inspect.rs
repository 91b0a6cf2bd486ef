//! What a test tells of the state's data flow: of all that the probe saw, what AWS shows for the state's type and
//! language.

use stepwell_asl::dataflow::Stage;
use stepwell_asl::program::{QueryLanguage, StateType};
use stepwell_asl::{Map, State, StateKind, Value};

use crate::core::Probe;
use crate::invoke::http_task::{Exchange, Request, Response};

/// The data flow of a tested state. What is not there was not come to, or is not shown for such a state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inspection {
    /// The input as it was given.
    pub input: Option<Value>,
    /// The input after `InputPath`.
    pub after_input_path: Option<Value>,
    /// The input after `Parameters`.
    pub after_parameters: Option<Value>,
    /// The input after `Arguments`.
    pub after_arguments: Option<Value>,
    /// The items after `ItemsPath`.
    pub after_items_path: Option<Value>,
    /// The items after `ItemsPointer`.
    pub after_items_pointer: Option<Value>,
    /// What each iteration gets, as an array.
    pub after_item_selector: Option<Value>,
    /// The items in batches, as an array.
    pub after_item_batcher: Option<Value>,
    /// The result as it came.
    pub result: Option<Value>,
    /// The result after `ResultSelector`.
    pub after_result_selector: Option<Value>,
    /// The result in its place in the input.
    pub after_result_path: Option<Value>,
    /// The variables after the state, as an object. Absent where there are none, or the state was not left.
    pub variables: Option<Value>,
    /// Who handled the error.
    pub error_details: Option<ErrorDetails>,
    /// How many iterations of a Map run at once; 0 for no limit.
    pub max_concurrency: Option<u64>,
    /// How many iterations of a Map may fail.
    pub tolerated_failure_count: Option<u64>,
    /// How many of a hundred iterations of a Map may fail.
    pub tolerated_failure_percentage: Option<f64>,
    /// The request of an HTTP Task: with what its connection has added only where secrets are to be revealed.
    pub request: Option<Request>,
    /// The response to it.
    pub response: Option<Response>,
}

/// Who handled an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorDetails {
    /// A catcher.
    Caught {
        /// Its place in `Catch`, from 0.
        index: usize,
    },
    /// A retrier.
    Retried {
        /// Its place in `Retry`, from 0.
        index: usize,
        /// How long it waits before the next attempt, without jitter.
        backoff_s: u64,
    },
}

/// What AWS shows of what the probe saw.
pub(super) fn inspection(state: &State, input: &Value, probe: &Probe, variables: Map) -> Inspection {
    let kind = state.kind.state_type();
    let is_jsonata = state.language == QueryLanguage::Jsonata;
    let seen = |stage| probe.stage(stage).cloned();
    let in_jsonpath = |stage| if is_jsonata { None } else { seen(stage) };
    let in_jsonata_task = |stage| if is_jsonata && kind == StateType::Task { seen(stage) } else { None };
    // A Pass with a `Result` does not look at its input.
    let overwritten = matches!(&state.kind, StateKind::Pass(pass) if pass.result.is_some());
    let of_input = |stage| if overwritten { None } else { in_jsonpath(stage) };
    let is_join = matches!(kind, StateType::Map | StateType::Parallel);
    let number = |stage| probe.stage(stage).and_then(Value::as_number).cloned();
    Inspection {
        input: Some(input.clone()),
        after_input_path: of_input(Stage::AfterInputPath),
        after_parameters: of_input(Stage::AfterParameters),
        after_arguments: in_jsonata_task(Stage::AfterParameters),
        after_items_path: in_jsonpath(Stage::AfterItemsPath),
        after_items_pointer: None,
        after_item_selector: seen(Stage::AfterItemSelector),
        after_item_batcher: seen(Stage::AfterItemBatcher),
        // The result of a Map or Parallel is what its inside gave, and is not shown by itself.
        result: if is_join { None } else { in_jsonpath(Stage::Result).or_else(|| in_jsonata_task(Stage::Result)) },
        after_result_selector: in_jsonpath(Stage::AfterResultSelector),
        after_result_path: in_jsonpath(Stage::AfterResultPath),
        variables: (!variables.is_empty()).then(|| variables.into()),
        error_details: error_details(probe),
        max_concurrency: number(Stage::MaxConcurrency).and_then(|number| number.as_u64()),
        tolerated_failure_count: number(Stage::ToleratedFailureCount).and_then(|number| number.as_u64()),
        tolerated_failure_percentage: number(Stage::ToleratedFailurePercentage).and_then(|number| number.as_f64()),
        request: None,
        response: None,
    }
}

/// What went over the wire.
pub(super) fn exchange(exchange: Option<Exchange>, reveal_secrets: bool) -> (Option<Request>, Option<Response>) {
    let Some(Exchange { request, request_without_secrets, response }) = exchange else { return (None, None) };
    (Some(if reveal_secrets { request } else { request_without_secrets }), response)
}

fn error_details(probe: &Probe) -> Option<ErrorDetails> {
    match (probe.caught, probe.retried) {
        (Some(index), _) => Some(ErrorDetails::Caught { index }),
        (None, Some(retried)) => {
            Some(ErrorDetails::Retried { index: retried.index, backoff_s: retried.backoff_ms / 1000 })
        }
        (None, None) => None,
    }
}
