//! `ValidateStateMachineDefinition`

use stepwell_asl::validate::{RESULTS_MAX, Verdict, examine};
use stepwell_asl::{Diagnostic, MachineType, Severity};

use super::*;
use crate::shape::{DEFINITION, MACHINE_TYPE, Member, Shape, one_of, optional, required};

pub const INPUT: &[Member] = &[
    required("definition", DEFINITION),
    optional("type", MACHINE_TYPE),
    optional("severity", one_of(&["ERROR", "WARNING"])),
    optional("maxResults", Shape::Integer(0, RESULTS_MAX as i64)),
];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    definition: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    severity: Option<String>,
    max_results: Option<usize>,
}

pub async fn call(_: &Api, input: Input) -> Answer {
    let kind = match input.kind.as_deref() {
        Some("EXPRESS") => MachineType::Express,
        Some(_) | None => MachineType::Standard,
    };
    let least = match input.severity.as_deref() {
        Some("WARNING") => Severity::Warning,
        Some(_) | None => Severity::Error,
    };
    // A definition of a megabyte takes a while, and others are waiting.
    let examined = tokio::task::spawn_blocking(move || examine(&input.definition, kind).1).await;
    let diagnostics = examined.map_err(|why| ApiError::internal(format!("the validation did not end: {why}")))?;
    let verdict = Verdict::new(diagnostics, least, input.max_results.unwrap_or_default());
    Output::default()
        .with("result", verdict.result())
        .with("diagnostics", verdict.diagnostics.iter().map(shown).collect::<Vec<Value>>())
        .with("truncated", verdict.truncated)
        .done()
}

fn shown(diagnostic: &Diagnostic) -> Value {
    let output = Output::default()
        .with("severity", diagnostic.severity.as_str())
        .with("code", diagnostic.code.as_str())
        .with("message", diagnostic.message.as_str())
        .with_some("location", diagnostic.location.as_deref());
    output.0.into()
}
