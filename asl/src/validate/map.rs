//! Map states: what only a Distributed Map has, and how it reads and writes.

use super::MachineType;
use super::exclusive;
use super::machine::{Seen, State};
use super::paths::has_placeholder;
use super::report::Report;
use crate::diagnostic::Code;
use crate::location::At;
use crate::value::Value;

/// How long a label may be, in characters.
const LABEL_CHARS_MAX: usize = 40;

/// What a label cannot have.
const LABEL_FORBIDDEN: &str = "<>{}[]?*\"#%\\^|~`$&,;:/ \t\r\n";

/// Fields of which an object has at most one.
const PAIRS: [[&str; 2]; 2] =
    [["MaxItemsPerBatch", "MaxItemsPerBatchPath"], ["MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"]];

/// Whether the iterations of a Map are executions of their own.
pub(super) fn is_distributed(processor: &Value) -> bool {
    configured(processor, "Mode", "DISTRIBUTED")
}

/// Whether they are Express executions.
pub(super) fn runs_express(processor: &Value) -> bool {
    is_distributed(processor) && configured(processor, "ExecutionType", "EXPRESS")
}

fn configured(processor: &Value, field: &str, value: &str) -> bool {
    let config = processor.get("ProcessorConfig");
    config.and_then(|config| config.get(field)).and_then(Value::as_str) == Some(value)
}

/// Checks a Map state.
pub(super) fn check(state: &State<'_>, seen: &mut Seen, report: &mut Report) {
    for field in ["ItemProcessor", "Iterator"] {
        if let Some(config) = state.get(field).and_then(|processor| processor.get("ProcessorConfig")) {
            processor_config(config, state.machine, state.at.key(field).key("ProcessorConfig"), report);
        }
    }
    if let Some(reader) = state.get("ItemReader") {
        item_reader(reader, state.at.key("ItemReader"), report);
    }
    if let Some(batcher) = state.get("ItemBatcher").and_then(Value::as_object) {
        for pair in PAIRS {
            exclusive::at_most_one(batcher, &pair, state.at.key("ItemBatcher"), report);
        }
    }
    if let Some(writer) = state.get("ResultWriter") {
        resource(writer, &["s3:putObject"], state.at.key("ResultWriter"), report);
    }
    if let Some(label) = state.text("Label") {
        check_label(label, state.at.key("Label"), seen, report);
    }
}

fn processor_config(config: &Value, machine: MachineType, at: At<'_>, report: &mut Report) {
    let has_type = config.get("ExecutionType").is_some();
    match config.get("Mode").and_then(Value::as_str) {
        Some("DISTRIBUTED") => {
            if !has_type {
                report.schema(at, "These fields are required: [ExecutionType]");
            }
            if machine == MachineType::Express {
                let message =
                    "The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state machines";
                report.schema(at.key("Mode"), message);
            }
        }
        Some("INLINE") | None if has_type => {
            report.schema_field(at, "ExecutionType", "Field 'ExecutionType' is not supported");
        }
        _ => {}
    }
}

fn item_reader(reader: &Value, at: At<'_>, report: &mut Report) {
    resource(reader, &["s3:getObject", "s3:listObjectsV2"], at, report);
    let Some(config) = reader.get("ReaderConfig").and_then(Value::as_object) else { return };
    let at = at.key("ReaderConfig");
    let text = |field| config.get(field).and_then(Value::as_str);
    exclusive::at_most_one(config, &["MaxItems", "MaxItemsPath"], at, report);
    match text("InputType") {
        Some("CSV") if !config.contains_key("CSVHeaderLocation") => {
            report.schema(at, "The field 'CSVHeaderLocation' is required");
        }
        Some("JSON" | "JSONL") if config.contains_key("CSVHeaderLocation") => {
            report.schema_field(at, "CSVHeaderLocation", "Field 'CSVHeaderLocation' is not supported");
        }
        _ => {}
    }
    if text("CSVHeaderLocation") == Some("GIVEN") && !config.contains_key("CSVHeaders") {
        report.schema(at, "These fields are required: [CSVHeaders]");
    }
}

fn resource(object: &Value, actions: &[&str], at: At<'_>, report: &mut Report) {
    let Some(text) = object.get("Resource").and_then(Value::as_str) else { return };
    let action = text.strip_prefix("arn:").and_then(|rest| rest.split_once(":states:::")).map(|(_, action)| action);
    if !has_placeholder(text) && !action.is_some_and(|action| actions.contains(&action)) {
        report.schema(at.key("Resource"), "The field 'Resource' does not match any of the allowed values");
    }
}

fn check_label(label: &str, at: At<'_>, seen: &mut Seen, report: &mut Report) {
    if has_placeholder(label) {
        return;
    }
    let is_bad = |letter: char| letter.is_control() || LABEL_FORBIDDEN.contains(letter);
    if label.chars().count() > LABEL_CHARS_MAX {
        let limit = LABEL_CHARS_MAX;
        let message = format!("Label name '{label}' exceeds the {limit}-character limit allowed by the service");
        report.error(Code::InvalidLabelName, at, message);
    } else if label.is_empty() || label.contains(is_bad) {
        report.error(Code::InvalidLabelName, at, format!("Invalid label name '{label}'"));
    }
    if !seen.labels.insert(label.into()) {
        report.error(Code::DuplicateLabelName, at, format!("Duplicate Label name: {label}"));
    }
}
