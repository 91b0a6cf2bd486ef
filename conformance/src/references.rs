//! `${...}` in a case: what is known only when it is played.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The longest text that `${repeat:TEXT:N}` makes.
const REPEATED_BYTES_MAX: usize = 4 << 20;

/// What references refer to.
#[derive(Clone, Debug, Default)]
pub struct References {
    values: BTreeMap<String, Value>,
}

impl References {
    /// `${name}` stands for this from now on.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.values.insert(name.into(), value.into());
    }

    /// The texts behind the references, and behind the members of answers, for those who want to find them in an
    /// answer: the longest first.
    pub fn texts(&self) -> Vec<(String, &str)> {
        let mut texts = Vec::new();
        for (name, value) in &self.values {
            texts.extend(value.as_str().map(|text| (name.clone(), text)));
            for (member, value) in value.as_object().into_iter().flatten() {
                texts.extend(value.as_str().map(|text| (format!("{name}.{member}"), text)));
            }
        }
        texts.sort_by_key(|(name, text)| (std::cmp::Reverse(text.len()), name.len()));
        texts
    }

    /// The value with all references resolved. A string that is one reference becomes what it refers to.
    pub fn resolve(&self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => self.resolve_string(text)?,
            Value::Array(items) => Value::Array(items.iter().map(|item| self.resolve(item)).collect::<Result<_, _>>()?),
            Value::Object(members) => {
                let mut resolved = Map::new();
                for (name, value) in members {
                    resolved.insert(self.resolve_text(name)?, self.resolve(value)?);
                }
                Value::Object(resolved)
            }
            other => other.clone(),
        })
    }

    /// The text with all references resolved.
    pub fn resolve_text(&self, text: &str) -> Result<String, String> {
        let (mut resolved, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once("${") {
            let (reference, after) = after.split_once('}').ok_or(format!("'${{{after}' does not end"))?;
            resolved.push_str(before);
            match self.look_up(reference)? {
                Value::String(text) => resolved.push_str(&text),
                other => resolved.push_str(&other.to_string()),
            }
            rest = after;
        }
        resolved.push_str(rest);
        Ok(resolved)
    }

    fn resolve_string(&self, text: &str) -> Result<Value, String> {
        let inner = text.strip_prefix("${").and_then(|text| text.strip_suffix('}'));
        match inner.filter(|inner| !inner.contains(['{', '}'])) {
            Some(reference) => self.look_up(reference),
            None => self.resolve_text(text).map(Value::String),
        }
    }

    fn look_up(&self, reference: &str) -> Result<Value, String> {
        if let Some(repeated) = reference.strip_prefix("repeat:") {
            return repeat(repeated).map(Value::String);
        }
        if let Some(value) = self.values.get(reference) {
            return Ok(value.clone());
        }
        let unknown = || format!("nothing is known of ${{{reference}}}");
        let (name, path) = reference.find(['.', '[']).map(|at| reference.split_at(at)).ok_or_else(unknown)?;
        let pointer = path.replace('[', ".").replace(']', "").replace('.', "/");
        let value = self.values.get(name).ok_or_else(unknown)?;
        value.pointer(&pointer).cloned().ok_or_else(|| format!("there is no {path} in the answer of {name}: {value}"))
    }
}

fn repeat(text: &str) -> Result<String, String> {
    let wrong = || format!("'repeat:{text}' is not repeat:TEXT:N");
    let (text, count) = text.rsplit_once(':').ok_or_else(wrong)?;
    let count: usize = count.parse().map_err(|_| wrong())?;
    match text.len().checked_mul(count) {
        Some(bytes) if bytes <= REPEATED_BYTES_MAX => Ok(text.repeat(count)),
        Some(_) | None => Err(format!("repeat makes at most {REPEATED_BYTES_MAX} bytes")),
    }
}
