//! `Conditions`, and the functions that ask for them.

use stepwell_asl::{Place as At, Value};

use super::evaluate::{Evaluator, call, json, literal};
use super::fault::{Checked, Fault};
use super::node::{Kind, Member, Node};
use super::suggest;

/// `Fn::If: [condition, then, else]`
pub fn choose(evaluator: &mut Evaluator<'_>, argument: &Node) -> Checked<Option<Node>> {
    let Some([condition, then, otherwise]) = argument.items() else {
        return Err(Fault::new(argument.place, "Fn::If takes a list: the name of a condition and two values"));
    };
    let name = literal(condition, "Fn::If")?;
    match outcome(evaluator, name, condition.place)? {
        true => evaluator.value(then),
        false => evaluator.value(otherwise),
    }
}

/// Whether the condition of that name holds.
pub fn outcome(evaluator: &mut Evaluator<'_>, name: &str, at: At) -> Checked<bool> {
    if let Some(outcome) = evaluator.outcomes.get(name) {
        return Ok(*outcome);
    }
    let stack = evaluator.stack;
    let Some((name, condition)) = stack.conditions.get_key_value(name) else {
        let fault = Fault::new(at, format!("the template has no condition '{name}'"));
        return Err(fault.maybe(suggest::among(name, stack.conditions.keys().copied())));
    };
    let holds = evaluator.within(name, at, |evaluator| holds(evaluator, condition))?;
    evaluator.outcomes.insert(name, holds);
    Ok(holds)
}

/// Whether a condition that is written out holds.
fn holds(evaluator: &mut Evaluator<'_>, node: &Node) -> Checked<bool> {
    evaluator.deeper(node.place, |evaluator| holds_within(evaluator, node))
}

fn holds_within(evaluator: &mut Evaluator<'_>, node: &Node) -> Checked<bool> {
    if let Some([Member { name, value, .. }]) = node.members()
        && name == "Condition"
    {
        let name = literal(value, "Condition")?;
        return outcome(evaluator, name, value.place);
    }
    let member = match &node.kind {
        Kind::Map(members) => call(members)?,
        Kind::Plain { value: Value::Bool(holds), .. } => return Ok(*holds),
        Kind::Text(_) | Kind::Plain { .. } | Kind::List(_) => None,
    };
    let Some(Member { name, value, place }) = member else { return Err(no_condition(node)) };
    match name.as_str() {
        "Fn::Equals" => match value.items() {
            Some([one, other]) => {
                let (one, other) = (evaluator.needed(one)?, evaluator.needed(other)?);
                Ok(same(&one, &other))
            }
            _ => Err(Fault::new(value.place, "Fn::Equals takes a list of two values")),
        },
        "Fn::Not" => match value.items() {
            Some([one]) => Ok(!holds(evaluator, one)?),
            _ => Err(Fault::new(value.place, "Fn::Not takes a list of one condition")),
        },
        "Fn::And" | "Fn::Or" => {
            let Some(items) = value.items().filter(|items| !items.is_empty()) else {
                return Err(Fault::new(value.place, format!("{name} takes a list of conditions")));
            };
            let mut all = Vec::with_capacity(items.len());
            for item in items {
                all.push(holds(evaluator, item)?);
            }
            Ok(if name == "Fn::And" { all.iter().all(|one| *one) } else { all.contains(&true) })
        }
        "Fn::If" | "Fn::FindInMap" | "Fn::Select" | "Fn::Sub" | "Fn::Join" | "Ref" => {
            match evaluator.text(node)?.as_str() {
                "true" => Ok(true),
                "false" => Ok(false),
                _ => Err(no_condition(node)),
            }
        }
        other => {
            let known = ["Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not", "Condition"];
            Err(Fault::new(*place, format!("{other} is no condition")).maybe(suggest::among(other, known)))
        }
    }
}

fn no_condition(node: &Node) -> Fault {
    let known = "Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition is needed";
    Fault::new(node.place, format!("this is no condition: {known}"))
}

/// CloudFormation compares texts: `true` and `"true"` are the same.
fn same(one: &Node, other: &Node) -> bool {
    match (one.as_text(), other.as_text()) {
        (Some(one), Some(other)) => one == other,
        _ => json(one) == json(other),
    }
}
