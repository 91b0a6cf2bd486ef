//! Plain paths such as `$states.input.customer.id`: most expressions are one, and need no evaluator.

use super::Names;
use crate::value::{Text, Value};

/// `$name.a.b` or `a.b`.
#[derive(Debug)]
pub struct PlainPath {
    /// The variable it starts from; `None` for the input.
    pub variable: Option<Text>,
    /// The members, in order.
    pub members: Box<[Text]>,
}

impl PlainPath {
    /// What is there. `None` takes the evaluator: an array is on the way, or at the start, or the name is not a variable.
    pub fn find(&self, input: Option<&Value>, names: &dyn Names) -> Option<Option<Value>> {
        match (&self.variable, &*self.members) {
            (None, members) => {
                let input = input?;
                match input {
                    Value::Array(_) => None,
                    _ => walk(input, members),
                }
            }
            (Some(name), []) => names.variable(name).map(Some),
            (Some(name), [member, members @ ..]) if &**name == "states" => match names.member(name, member) {
                Some(value) => walk(&value, members),
                None => Some(None),
            },
            (Some(name), members) => walk(&names.variable(name)?, members),
        }
    }
}

fn walk(start: &Value, members: &[Text]) -> Option<Option<Value>> {
    let mut at = start;
    for member in members {
        match at {
            Value::Object(object) => match object.get(&**member) {
                Some(value) => at = value,
                None => return Some(None),
            },
            Value::Array(_) => return None,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return Some(None),
        }
    }
    Some(Some(at.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    struct States(Value);

    impl Names for States {
        fn variable(&self, name: &str) -> Option<Value> {
            self.0.get(name).cloned()
        }
    }

    #[test]
    fn what_needs_no_evaluator_is_found_and_the_rest_is_left_to_it() {
        let names = States(
            json!({"states": {"input": {"a": {"b": 12345678901234567890_u64}, "list": [{"a": 1}]}}, "x": [1]}).into(),
        );
        let find = |path: &str| {
            let mut parts = path.split('.');
            let variable = parts.next().and_then(|name| name.strip_prefix('$')).map(Text::from);
            let path = PlainPath { variable, members: parts.map(Text::from).collect() };
            path.find(None, &names).map(|found| found.map(|value| value.to_string()))
        };
        for (path, found) in [
            ("$states.input.a.b", Some(Some("12345678901234567890"))),
            ("$states.input.list", Some(Some(r#"[{"a":1}]"#))),
            ("$states.input.c.d", Some(None)),
            ("$states.input.a.b.c", Some(None)),
            ("$states.nothing", Some(None)),
            ("$x", Some(Some("[1]"))),
            ("$states.input.list.a", None),
            ("$x.a", None),
            ("$sum", None),
        ] {
            assert_eq!(find(path), found.map(|found| found.map(String::from)), "{path}");
        }
    }
}
