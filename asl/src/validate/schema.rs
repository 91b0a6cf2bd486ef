//! The structure of a definition, by the schema that is also published for editors; its complaints in AWS's words.
//!
//! Each state is checked against the schema of its own type, so that one complaint does not become eight.

use std::sync::LazyLock;

use indexmap::IndexMap;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use serde_json::{Value, json};

use super::paths::has_placeholder;
use super::report::Report;
use crate::location::{At, Pointer, Segment};

/// The published schema.
const TEXT: &str = include_str!("../../schema/asl.schema.json");

/// The types a state can have, in the order in which AWS lists them, each with its schema.
const STATES: [(&str, &str); 8] = [
    ("Task", "taskState"),
    ("Wait", "waitState"),
    ("Pass", "passState"),
    ("Succeed", "succeedState"),
    ("Fail", "failState"),
    ("Choice", "choiceState"),
    ("Parallel", "parallelState"),
    ("Map", "mapState"),
];

/// The objects that hold states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// The whole definition.
    Machine,
    /// A branch of a Parallel state.
    Branch,
    /// What a Map state runs.
    ItemProcessor,
}

struct Schemas {
    states: Vec<(&'static str, Validator)>,
    machine: Validator,
    branch: Validator,
    item_processor: Validator,
}

static SCHEMAS: LazyLock<Schemas> = LazyLock::new(|| Schemas {
    states: STATES.iter().map(|(name, schema)| (*name, part(schema, &["branch", "itemProcessor"]))).collect(),
    machine: part("machine", &["states"]),
    branch: part("branch", &["states"]),
    item_processor: part("itemProcessor", &["states"]),
});

/// The validator of one definition in the schema, with what is checked on its own replaced by "any object".
fn part(name: &str, opaque: &[&str]) -> Validator {
    let mut schema: Value = serde_json::from_str(TEXT).expect("the schema is JSON");
    schema["$ref"] = json!(format!("#/$defs/{name}"));
    for name in opaque {
        let mut any = json!({"type": "object"});
        if let Some(least) = schema["$defs"][name].get("minProperties") {
            any["minProperties"] = least.clone();
        }
        schema["$defs"][name] = any;
    }
    jsonschema::options().build(&schema).expect("the schema is a schema")
}

/// Checks the fields of an object that holds states, but not the states.
pub(super) fn check_shape(shape: Shape, json: &Value, at: At<'_>, report: &mut Report) {
    let validator = match shape {
        Shape::Machine => &SCHEMAS.machine,
        Shape::Branch => &SCHEMAS.branch,
        Shape::ItemProcessor => &SCHEMAS.item_processor,
    };
    check(validator, json, at, report);
}

/// Checks the fields of a state, but not the state machines inside it.
pub(super) fn check_state(json: &Value, at: At<'_>, report: &mut Report) {
    if json.as_str().is_some_and(has_placeholder) {
        return;
    }
    let Some(fields) = json.as_object() else {
        return report.schema(at, expected("Object"));
    };
    let Some(name) = fields.get("Type") else {
        return report.schema(at, "These fields are required: [Type]");
    };
    match SCHEMAS.states.iter().find(|(known, _)| Some(*known) == name.as_str()) {
        Some((_, validator)) => check(validator, json, at, report),
        None if name.as_str().is_some_and(has_placeholder) => {}
        None => {
            let known: Vec<&str> = STATES.iter().map(|(name, _)| *name).collect();
            let message = format!("The field 'Type' should have one of these values: [{}]", known.join(", "));
            report.schema(at.key("Type"), message);
        }
    }
}

/// The fields that objects lack, by the objects' paths.
type Missing = IndexMap<String, Vec<String>>;

fn check(validator: &Validator, json: &Value, at: At<'_>, report: &mut Report) {
    let mut missing = Missing::new();
    for error in validator.iter_errors(json) {
        if report.is_full() {
            return;
        }
        explain(&error, json, at, &mut missing, report);
    }
    for (path, fields) in missing {
        let message = format!("These fields are required: [{}]", fields.join(", "));
        report.schema_pointer(pointer(&path, json, at), None, message);
        if report.is_full() {
            return;
        }
    }
}

fn explain(error: &ValidationError<'_>, root: &Value, at: At<'_>, missing: &mut Missing, report: &mut Report) {
    // What a placeholder will be is not known.
    if error.instance().as_str().is_some_and(has_placeholder) {
        return;
    }
    let path = error.instance_path().as_str();
    let message = match error.kind() {
        ValidationErrorKind::Required { property } => {
            let field = property.as_str().unwrap_or_default().to_owned();
            missing.entry(path.to_owned()).or_default().push(field);
            return;
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            for field in unexpected {
                if report.is_full() {
                    break;
                }
                let message = format!("Field '{field}' is not supported");
                report.schema_pointer(pointer(path, root, at), Some(field.clone()), message);
            }
            return;
        }
        // The first alternative is the plain form; the others are expressions and placeholders.
        ValidationErrorKind::AnyOf { context } => {
            for error in context.first().into_iter().flatten() {
                explain(error, root, at, missing, report);
            }
            return;
        }
        ValidationErrorKind::Type { kind } => expected(type_name(kind)),
        ValidationErrorKind::Enum { options } => {
            let options: Vec<&str> = options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            format!("Value should be one of the following: [{}]", options.join(", "))
        }
        ValidationErrorKind::Minimum { limit } => format!("Minimum value is {limit}"),
        ValidationErrorKind::Maximum { limit } => format!("Maximum value is {limit}"),
        ValidationErrorKind::MinItems { .. } | ValidationErrorKind::MinProperties { .. } => {
            "Value cannot be empty".to_owned()
        }
        _ => error.to_string(),
    };
    report.schema_pointer(pointer(path, root, at), None, message);
}

/// AWS's complaint about a value of the wrong type.
pub(super) fn expected(name: &str) -> String {
    format!("Expected value of type {name}")
}

fn type_name(kind: &TypeKind) -> &'static str {
    let name = match kind {
        TypeKind::Single(single) => single.as_str(),
        // Of several types the first but null: `path` is a text, or null.
        TypeKind::Multiple(several) => {
            several.into_iter().map(|one| one.as_str()).find(|name| *name != "null").unwrap_or("null")
        }
    };
    match name {
        "array" => "Array",
        "boolean" => "Boolean",
        "integer" => "Integer",
        "number" => "Number",
        "object" => "Object",
        "string" => "String",
        _ => "Null",
    }
}

/// Where a path from here leads. Only the document tells whether a step called `0` is an index.
fn pointer(path: &str, root: &Value, at: At<'_>) -> Pointer {
    let mut pointer = at.pointer();
    let mut value = Some(root);
    for part in path.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        match value {
            Some(Value::Array(items)) => {
                let index = part.parse().unwrap_or_default();
                value = items.get(index);
                pointer.0.push(Segment::Index(index));
            }
            _ => {
                value = value.and_then(|object| object.get(&part));
                pointer.0.push(Segment::Key(part));
            }
        }
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_as_published_is_a_schema() {
        let schema: Value = serde_json::from_str(TEXT).unwrap();
        assert!(jsonschema::meta::is_valid(&schema));
        let validator = jsonschema::options().build(&schema).unwrap();
        let nested = json!({"StartAt": "P", "States": {"P": {"Type": "Parallel", "End": true, "Branches": [
            {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1, "End": true}}}
        ]}}});
        assert!(validator.is_valid(&nested));
        let mut wrong = nested;
        wrong["States"]["P"]["Branches"][0]["States"]["W"]["Seconds"] = json!("soon");
        assert!(!validator.is_valid(&wrong));
    }
}
