//! Writes down what an endpoint answered, as cases: what differs from run to run becomes references and placeholders.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value, json};

use crate::Trouble;
use crate::case::Case;
use crate::history::Line;
use crate::outcome::Heard;
use crate::references::References;

/// Members whose values are instants.
const TIMES: [&str; 7] =
    ["creationDate", "redriveDate", "startDate", "stopDate", "timestamp", "updateDate", "expirationDate"];
/// Members whose values are made up by the endpoint.
const TOKENS: [&str; 2] = ["nextToken", "taskToken"];
/// Texts that are shorter may stand in an answer by chance.
const REFERENCE_BYTES_MIN: usize = 8;

/// The files of a case with what was heard as what is expected.
pub fn files(case: &Case, heard: &Heard) -> Result<BTreeMap<String, String>, Trouble> {
    let wrong = |why: String| Trouble::wrong_case(&case.name, &why);
    let mut files = case.files.clone();
    let text = files.get("case.json").map_or("{}", String::as_str);
    let mut text: Value = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    let normal = Normal { references: &heard.references };
    if let Some(end) = &heard.end {
        text["expect"] = normal.outcome(end);
        if !case.is_express() {
            files.insert("history.txt".to_owned(), normal.history(&heard.events).map_err(wrong)?);
        }
    }
    for (at, answer) in heard.answers.iter().enumerate() {
        let Some((status, body)) = answer else { continue };
        let Some(step) = text["steps"].get_mut(at) else { continue };
        let history = step.get("history").and_then(Value::as_str).map(str::to_owned);
        if let (Some(file), 200) = (history, *status) {
            let events = body["events"].as_array().cloned().unwrap_or_default();
            files.insert(file, normal.history(&events).map_err(wrong)?);
        } else {
            normal.step(step, *status, body);
        }
    }
    let pretty = serde_json::to_string_pretty(&text).map_err(|error| wrong(error.to_string()))?;
    files.insert("case.json".to_owned(), pretty + "\n");
    Ok(files)
}

/// Writes a case's files below a directory. Files that are there are left alone, and refused, unless `overwrite`.
pub fn write(directory: &Path, name: &str, files: &BTreeMap<String, String>, overwrite: bool) -> Result<(), Trouble> {
    let place = directory.join(name);
    if let Some(file) = files.keys().find(|file| !overwrite && place.join(file).exists()) {
        return Err(Trouble::Exists { path: place.join(file) });
    }
    std::fs::create_dir_all(&place).map_err(|source| Trouble::Unwritable { path: place.clone(), source })?;
    for (file, text) in files {
        let path = place.join(file);
        std::fs::write(&path, text).map_err(|source| Trouble::Unwritable { path, source })?;
    }
    Ok(())
}

struct Normal<'a> {
    references: &'a References,
}

static TIME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)").expect("it is well formed")
});

static UUID: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}").expect("it is well formed"));

impl Normal<'_> {
    fn outcome(&self, end: &Value) -> Value {
        let mut outcome = json!({ "status": end["status"] });
        for name in ["output", "error", "cause"] {
            let Some(text) = end.get(name).and_then(Value::as_str) else { continue };
            let document = serde_json::from_str(text).ok().filter(|_| name == "output");
            outcome[name] = self.value("", &document.unwrap_or_else(|| Value::from(text)));
        }
        outcome
    }

    fn history(&self, events: &[Value]) -> Result<String, String> {
        let mut text = String::new();
        for event in events {
            let mut line = Line::of_event(event)?.trimmed();
            for (name, value) in &mut line.details {
                *value = self.value(name, value);
            }
            text.push_str(&line.text());
            text.push('\n');
        }
        Ok(text)
    }

    fn step(&self, step: &mut Value, status: u16, body: &Value) {
        let Some(members) = step.as_object_mut() else { return };
        members.remove("expect");
        members.remove("error");
        if status == 200 {
            members.insert("expect".to_owned(), self.value("", body));
            return;
        }
        let code = body.get("__type").and_then(Value::as_str).unwrap_or_default();
        let code = code.rsplit_once('#').map_or(code, |(_, code)| code);
        let mut error = Map::from_iter([("code".to_owned(), Value::from(code))]);
        if let Some(message) = body.get("message").or(body.get("Message")) {
            error.insert("message".to_owned(), self.value("", message));
        }
        if status != 400 {
            error.insert("status".to_owned(), status.into());
        }
        members.insert("error".to_owned(), Value::Object(error));
    }

    fn value(&self, name: &str, value: &Value) -> Value {
        match value {
            Value::Number(_) | Value::String(_) if TIMES.contains(&name) => "<time>".into(),
            Value::String(_) if TOKENS.contains(&name) => "<text>".into(),
            Value::Object(members) => {
                let each = |(name, value): (&String, &Value)| (name.clone(), self.value(name, value));
                Value::Object(members.iter().map(each).collect())
            }
            Value::Array(items) => Value::Array(items.iter().map(|item| self.value("", item)).collect()),
            Value::String(text) => match serde_json::from_str(text) {
                Ok(inner @ (Value::Object(_) | Value::Array(_))) => self.value("", &inner),
                Ok(_) | Err(_) => Value::String(self.text(text)),
            },
            other => other.clone(),
        }
    }

    fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in self.references.texts() {
            let is_file = name == "definition" || name.starts_with("file:");
            if value.len() >= REFERENCE_BYTES_MIN && !is_file {
                text = text.replace(value, &format!("${{{name}}}"));
            }
        }
        let text = TIME.replace_all(&text, "<time>");
        UUID.replace_all(&text, "<uuid>").into_owned()
    }
}
