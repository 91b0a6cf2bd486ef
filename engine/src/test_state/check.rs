//! Which parts of a test go together, in the words of AWS's refusals.

use stepwell_asl::StateKind;
use stepwell_asl::resource::{Pattern, ResourceKind};

use super::definition::Subject;
use super::{TestState, invalid};
use crate::error::EngineError;

/// What can be told without the definition.
pub(super) fn request(test: &TestState) -> Result<(), EngineError> {
    match &test.mock {
        Some(mock) => {
            if mock.result.is_some() && mock.error_output.is_some() {
                return Err(invalid(
                    "A test mock should have only one of the following fields: [result, errorOutput].",
                ));
            }
            if mock.result.is_none() && mock.error_output.is_none() {
                return Err(invalid("A test mock should have one of the following fields: [result, errorOutput]."));
            }
            if test.reveal_secrets {
                return Err(invalid("TestState does not support RevealSecrets when a mock is specified."));
            }
            Ok(())
        }
        None => {
            let given = &test.configuration;
            let only_with_mock = [
                ("Context", test.context.is_some()),
                ("RetrierRetryCount", given.retrier_retry_count.is_some()),
                ("ErrorCausedByState", given.error_caused_by_state.is_some()),
                ("MapIterationFailureCount", given.map_iteration_failure_count.is_some()),
                ("MapItemReaderData", given.map_item_reader_data.is_some()),
            ];
            match only_with_mock.iter().find(|(_, is_given)| *is_given) {
                Some((field, _)) => {
                    Err(invalid(format!("TestState does not support {field} when a mock is not specified.")))
                }
                None => Ok(()),
            }
        }
    }
}

/// What depends on the state.
pub(super) fn state(test: &TestState, subject: &Subject) -> Result<(), EngineError> {
    match test.mock {
        Some(_) => mocked(test, subject),
        None => tried(test, subject),
    }
}

fn mocked(test: &TestState, subject: &Subject) -> Result<(), EngineError> {
    let kind = &subject.state().kind;
    let name = kind.state_type().name();
    let (is_map, is_parallel) = (matches!(kind, StateKind::Map(_)), matches!(kind, StateKind::Parallel(_)));
    if !(is_map || is_parallel || matches!(kind, StateKind::Task(_))) {
        return Err(invalid(format!("State type '{name}' is not supported when a mock is specified")));
    }
    let given = &test.configuration;
    let misplaced = [
        ("ErrorCausedByState", given.error_caused_by_state.is_some() && !is_map && !is_parallel),
        ("MapIterationFailureCount", given.map_iteration_failure_count.is_some() && !is_map),
        ("MapItemReaderData", given.map_item_reader_data.is_some() && subject.written.get("ItemReader").is_none()),
    ];
    if let Some((field, _)) = misplaced.iter().find(|(_, is_misplaced)| *is_misplaced) {
        return Err(invalid(format!("TestState does not support {field} for this {name} state.")));
    }
    match &given.error_caused_by_state {
        Some(inner) if !subject.holds(inner) => {
            Err(invalid(format!("State '{inner}', which ErrorCausedByState names, is not inside the {name} state.")))
        }
        Some(_) | None => Ok(()),
    }
}

fn tried(test: &TestState, subject: &Subject) -> Result<(), EngineError> {
    let unsupported = |what: &str| EngineError::call("InvalidDefinition", what);
    let task = match &subject.state().kind {
        StateKind::Map(_) | StateKind::Parallel(_) => {
            return Err(unsupported(
                "TestState API does not support Map or Parallel states. \
                 Supported state types include: [Task, Wait, Pass, Succeed, Fail, Choice]",
            ));
        }
        StateKind::Task(task) => task,
        StateKind::Choice(_) | StateKind::Fail(_) | StateKind::Pass(_) | StateKind::Succeed | StateKind::Wait(_) => {
            return Ok(());
        }
    };
    match &task.resource.kind {
        ResourceKind::Activity => Err(unsupported("TestState API does not support Activity tasks without a mock.")),
        ResourceKind::Service { pattern: Pattern::Sync | Pattern::TaskToken, .. } => Err(unsupported(
            "TestState API does not support .sync or .waitForTaskToken service integration patterns without a mock.",
        )),
        ResourceKind::Function | ResourceKind::Service { pattern: Pattern::RequestResponse, .. } => {
            match test.role_arn {
                Some(_) => Ok(()),
                None => Err(invalid("RoleArn must be specified when testing a Task state")),
            }
        }
    }
}
