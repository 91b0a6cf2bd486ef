//! The intrinsic functions that make values of values. `Ref` and `Fn::If`, which may leave nothing, are with the
//! evaluator and the conditions; what `Ref` and `Fn::GetAtt` give of a resource is in `naming`.

use std::collections::BTreeMap;

use stepwell_asl::Place as At;

use super::evaluate::{Evaluator, json, literal};
use super::fault::{Checked, Fault};
use super::node::{Kind, Member, Node};
use super::{naming, suggest};

/// All that are known, without `Fn::`, for suggestions.
const KNOWN: [&str; 9] = ["FindInMap", "GetAtt", "If", "Join", "Select", "Split", "Sub", "ToJsonString", "Ref"];

/// Those of CloudFormation that cannot be worked out here, or that nothing here needs.
const FOREIGN: [&str; 7] =
    ["Fn::Base64", "Fn::Cidr", "Fn::ForEach", "Fn::GetAZs", "Fn::ImportValue", "Fn::Length", "Fn::Transform"];

/// What a function gives.
pub fn call(evaluator: &mut Evaluator<'_>, at: At, member: &Member) -> Checked<Node> {
    let Member { name, place, value: argument } = member;
    match name.as_str() {
        "Fn::GetAtt" => attribute(evaluator, at, argument),
        "Fn::Sub" => substitute(evaluator, at, argument),
        "Fn::Join" => join(evaluator, at, argument),
        "Fn::Select" => select(evaluator, argument),
        "Fn::Split" => split(evaluator, at, argument),
        "Fn::FindInMap" => find_in_map(evaluator, argument),
        "Fn::ToJsonString" => {
            let text = json(&evaluator.needed(argument)?).to_string();
            evaluator.spend(at, text.len())?;
            Ok(Node::text(at, text))
        }
        "Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not" => {
            Err(Fault::new(*place, format!("{name} belongs into Conditions: here Fn::If takes the name of one")))
        }
        name if FOREIGN.contains(&name) => Err(Fault::new(*place, format!("{name} cannot be worked out here"))),
        name => {
            let fault = Fault::new(*place, format!("there is no intrinsic function {name}"));
            Err(fault.maybe(suggest::among(name.trim_start_matches("Fn::"), KNOWN)))
        }
    }
}

/// `[resource, attribute]`, or `resource.attribute`
fn attribute(evaluator: &mut Evaluator<'_>, at: At, argument: &Node) -> Checked<Node> {
    let wrong = || Fault::new(argument.place, "Fn::GetAtt takes a resource and one of its attributes");
    let (resource, attribute) = match &argument.kind {
        Kind::List(items) => match &items[..] {
            [resource, attribute] => (literal(resource, "Fn::GetAtt")?.to_owned(), evaluator.text(attribute)?),
            _ => return Err(wrong()),
        },
        Kind::Text(text) => {
            let (resource, attribute) = text.split_once('.').ok_or_else(wrong)?;
            (resource.to_owned(), attribute.to_owned())
        }
        Kind::Plain { .. } | Kind::Map(_) => return Err(wrong()),
    };
    let text = naming::attribute(evaluator, &resource, &attribute, argument.place)?;
    evaluator.spend(at, text.len())?;
    Ok(Node::text(at, text))
}

/// A text with `${Name}`, or `[text, {name: value}]`
fn substitute(evaluator: &mut Evaluator<'_>, at: At, argument: &Node) -> Checked<Node> {
    let wrong = || Fault::new(argument.place, "Fn::Sub takes a text, or a list of a text and a map of its variables");
    let (text, variables) = match &argument.kind {
        Kind::Text(_) | Kind::Plain { .. } => (argument, &[][..]),
        Kind::List(items) => match &items[..] {
            [text, variables] => (text, variables.members().ok_or_else(wrong)?),
            _ => return Err(wrong()),
        },
        Kind::Map(_) => return Err(wrong()),
    };
    let mut values = BTreeMap::new();
    for Member { name, value, .. } in variables {
        values.insert(name.as_str(), evaluator.text(value)?);
    }
    // It is written as it is: no function makes it.
    let mut rest = text.as_text().ok_or_else(wrong)?;
    evaluator.needed(text)?;
    let mut made = String::new();
    while let Some((before, after)) = rest.split_once("${") {
        made.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            let place = evaluator.stack.written.find(text.place, "${");
            return Err(Fault::new(place, "'${' has no '}'"));
        };
        if let Some(written) = name.strip_prefix('!') {
            made.push_str(&format!("${{{written}}}"));
        } else {
            let value = match values.get(name.trim()) {
                Some(value) => value.clone(),
                None => variable(evaluator, text, name)?,
            };
            evaluator.spend(at, value.len())?;
            made.push_str(&value);
        }
        rest = after;
    }
    made.push_str(rest);
    Ok(Node::text(at, made))
}

/// What `${Name}` and `${Resource.Attribute}` stand for.
fn variable(evaluator: &mut Evaluator<'_>, text: &Node, name: &str) -> Checked<String> {
    let value = variable_of(evaluator, text.place, name.trim());
    // It is looked for only where something is wrong with it: a long text has many of them.
    value.map_err(|fault| match fault.place == text.place {
        true => Fault { place: evaluator.stack.written.find(text.place, &format!("${{{name}}}")), ..fault },
        false => fault,
    })
}

fn variable_of(evaluator: &mut Evaluator<'_>, at: At, name: &str) -> Checked<String> {
    // SAM gives functions a version and an alias whose names have a dot.
    let whole = evaluator.stack.parameters.contains_key(name) || naming::is_generated(evaluator.stack, name);
    if let Some((resource, attribute)) = name.split_once('.').filter(|_| !whole) {
        return naming::attribute(evaluator, resource, attribute, at);
    }
    match evaluator.reference(name, at)? {
        Some(value) => match value.as_text() {
            Some(text) => Ok(text.to_owned()),
            None => Err(Fault::new(at, format!("'{name}' is {}: a text is needed here", value.kind_name()))),
        },
        None => Err(Fault::new(at, "AWS::NoValue leaves nothing here, and a text is needed")),
    }
}

/// `[delimiter, list]`
fn join(evaluator: &mut Evaluator<'_>, at: At, argument: &Node) -> Checked<Node> {
    let Some([delimiter, items]) = argument.items() else {
        return Err(Fault::new(argument.place, "Fn::Join takes a list: a delimiter and a list"));
    };
    let delimiter = evaluator.text(delimiter)?;
    let items = list(evaluator, items, "Fn::Join")?;
    let mut texts = Vec::with_capacity(items.len());
    for item in &items {
        let text = item
            .as_text()
            .ok_or_else(|| Fault::new(item.place, format!("Fn::Join joins texts, and this is {}", item.kind_name())))?;
        evaluator.spend(at, text.len() + delimiter.len())?;
        texts.push(text);
    }
    Ok(Node::text(at, texts.join(&delimiter)))
}

/// `[index, list]`
fn select(evaluator: &mut Evaluator<'_>, argument: &Node) -> Checked<Node> {
    let Some([index, items]) = argument.items() else {
        return Err(Fault::new(argument.place, "Fn::Select takes a list: an index and a list"));
    };
    let (place, index) = (index.place, evaluator.text(index)?);
    let items = list(evaluator, items, "Fn::Select")?;
    let index: usize =
        index.parse().map_err(|_| Fault::new(place, format!("'{index}' is no index: the first item has 0")))?;
    let count = items.len();
    items.into_iter().nth(index).ok_or_else(|| {
        Fault::new(place, format!("there is no item {index}: the list has {count}, and the first has 0"))
    })
}

/// `[delimiter, text]`
fn split(evaluator: &mut Evaluator<'_>, at: At, argument: &Node) -> Checked<Node> {
    let Some([delimiter, text]) = argument.items() else {
        return Err(Fault::new(argument.place, "Fn::Split takes a list: a delimiter and a text"));
    };
    let (place, delimiter) = (delimiter.place, evaluator.text(delimiter)?);
    let text = evaluator.text(text)?;
    if delimiter.is_empty() {
        return Err(Fault::new(place, "the delimiter of Fn::Split cannot be empty"));
    }
    let mut parts = Vec::new();
    for part in text.split(&delimiter) {
        evaluator.spend(at, part.len())?;
        parts.push(Node::text(at, part));
    }
    Ok(Node::list(at, parts))
}

/// `[map, first key, second key]`, and `{DefaultValue: ...}` where the language extensions are on.
fn find_in_map(evaluator: &mut Evaluator<'_>, argument: &Node) -> Checked<Node> {
    let wrong = || Fault::new(argument.place, "Fn::FindInMap takes a list: a map of Mappings and two keys");
    let (names, default) = match argument.items() {
        Some([map, first, second]) => ([map, first, second], None),
        Some([map, first, second, options]) => {
            ([map, first, second], Some(options.get("DefaultValue").ok_or_else(wrong)?))
        }
        _ => return Err(wrong()),
    };
    let mut found = evaluator.stack.mappings;
    for (index, key) in names.into_iter().enumerate() {
        let name = evaluator.text(key)?;
        let within = found.and_then(Node::members).unwrap_or_default();
        found = within.iter().find(|member| member.name == name).map(|member| &member.value);
        if found.is_none() {
            if let Some(default) = default {
                return evaluator.needed(default);
            }
            let what = if index == 0 { "Mappings has no map" } else { "the map has no key" };
            let fault = Fault::new(key.place, format!("{what} '{name}'"));
            return Err(fault.maybe(suggest::among(&name, within.iter().map(|member| member.name.as_str()))));
        }
    }
    evaluator.needed(found.ok_or_else(wrong)?)
}

fn list(evaluator: &mut Evaluator<'_>, node: &Node, of: &str) -> Checked<Vec<Node>> {
    let value = evaluator.needed(node)?;
    match value.kind {
        Kind::List(items) => Ok(items),
        Kind::Text(_) | Kind::Plain { .. } | Kind::Map(_) => {
            Err(Fault::new(node.place, format!("{of} needs a list here, not {}", value.kind_name())))
        }
    }
}
