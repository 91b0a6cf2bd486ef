//! Trees as short text, for tests.

use super::tree::{Group, Kind, Node, Stage};

fn list(nodes: &[Node]) -> String {
    nodes.iter().map(outline).collect::<Vec<_>>().join(" ")
}

fn pairs(group: &Group) -> String {
    group
        .pairs
        .iter()
        .map(|(key, value)| format!("{}: {}", outline(key), outline(value)))
        .collect::<Vec<_>>()
        .join(", ")
}

/// A node and all below it. Marks follow: `[]` keeps an array, `!` constructs one, `~` hands on tuples, `^` is an
/// ancestor.
pub fn outline(node: &Node) -> String {
    let mut text = match &node.kind {
        Kind::Path { steps, keep_singleton } => {
            format!("{}<{}>", if *keep_singleton { "keep" } else { "" }, list(steps))
        }
        Kind::Binary { operator, left, right } => {
            format!("({} {} {})", operator.symbol(), outline(left), outline(right))
        }
        Kind::Negate(inner) => format!("(neg {})", outline(inner)),
        Kind::Array(items) => format!("(array {})", list(items)),
        Kind::Object(group) => format!("(object {})", pairs(group)),
        Kind::Name(name) => name.to_string(),
        Kind::String(text) => format!("{text:?}"),
        Kind::Number(number) => number.to_string(),
        Kind::Bool(value) => value.to_string(),
        Kind::Null => "null".into(),
        Kind::Wildcard => "*".into(),
        Kind::Descendant => "**".into(),
        Kind::Parent(name) => format!("%{name}"),
        Kind::Condition { test, then, otherwise } => {
            let otherwise = otherwise.as_ref().map(|node| format!(" {}", outline(node))).unwrap_or_default();
            format!("(if {} {}{otherwise})", outline(test), outline(then))
        }
        Kind::Block(parts) => format!("(block {})", list(parts)),
        Kind::Bind { name, value } => format!("(bind {name} {})", outline(value)),
        Kind::Regex(pattern) => format!("/{}/", pattern.source()),
        Kind::Call { procedure, arguments } => format!("(call {} {})", outline(procedure), list(arguments)),
        Kind::Partial { procedure, arguments } => {
            let arguments: Vec<_> = arguments.iter().map(|node| node.as_ref().map_or("?".into(), outline)).collect();
            format!("(partial {} {})", outline(procedure), arguments.join(" "))
        }
        Kind::Variable(name) => format!("${name}"),
        Kind::Lambda(lambda) => format!("(lambda {} -> {})", lambda.parameters.join(" "), outline(&lambda.body)),
        Kind::TailCall(call) => format!("(tail {})", outline(call)),
        Kind::Apply { left, right } => format!("(~> {} {})", outline(left), outline(right)),
        Kind::Transform(transform) => {
            let delete = transform.delete.as_ref().map(|node| format!(" {}", outline(node))).unwrap_or_default();
            format!("(transform {} {}{delete})", outline(&transform.pattern), outline(&transform.update))
        }
        Kind::Sort(terms) => {
            let terms: Vec<_> = terms
                .iter()
                .map(|term| format!("{}{}", if term.descending { ">" } else { "<" }, outline(&term.key)))
                .collect();
            format!("(sort {})", terms.join(" "))
        }
    };
    for (marked, mark) in [(node.keep_array, "[]"), (node.constructs_array, "!"), (node.tuple, "~")] {
        if marked {
            text.push_str(mark);
        }
    }
    for (sign, name) in [("^", &node.ancestor), ("@", &node.focus), ("#", &node.index)] {
        if let Some(name) = name {
            text.push_str(&format!("{sign}{name}"));
        }
    }
    for predicate in &node.predicates {
        text.push_str(&format!("?[{}]", outline(predicate)));
    }
    for stage in &node.stages {
        match stage {
            Stage::Filter(filter) => text.push_str(&format!("[{}]", outline(filter))),
            Stage::Index(name) => text.push_str(&format!("[#{name}]")),
        }
    }
    if let Some(group) = &node.group {
        text.push_str(&format!("{{{}}}", pairs(group)));
    }
    text
}
