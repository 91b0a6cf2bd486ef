//! What an expression refers to that AWS does not have: fields of a document, for there is none, and members of `$states`
//! that are not there.

use std::collections::HashSet;

use super::grow;
use super::tree::{Kind, Node};
use super::walk;
use crate::value::Text;

/// The fields that are looked for in the document itself, and `$$`, each with the position of its first use.
pub fn at_top_level(root: &Node) -> Vec<(Text, usize)> {
    let mut found = Found::default();
    search(root, true, &mut found);
    found.uses
}

#[derive(Default)]
struct Found {
    uses: Vec<(Text, usize)>,
    names: HashSet<Text>,
}

impl Found {
    fn note(&mut self, name: &str, position: usize) {
        let name = Text::from(name);
        if self.names.insert(name.clone()) {
            self.uses.push((name, position));
        }
    }
}

/// Where the expression begins a path with this member of this variable.
pub fn of_member(root: &Node, variable: &str, member: &str) -> Option<usize> {
    let mut found = None;
    walk::each(root, &mut |node| {
        let Kind::Path { steps, .. } = &node.kind else { return };
        let [first, second, ..] = steps.as_slice() else { return };
        let is_variable = matches!(&first.kind, Kind::Variable(name) if &**name == variable);
        if is_variable && matches!(&second.kind, Kind::Name(name) if &**name == member) {
            found = found.or(Some(second.position));
        }
    });
    found
}

/// `top`: the context is the document itself.
fn search(node: &Node, top: bool, found: &mut Found) {
    grow(|| match &node.kind {
        Kind::Name(name) if top => found.note(name, node.position),
        Kind::Variable(name) if &**name == "$" => found.note("$$", node.position),
        Kind::Path { steps, .. } => {
            let mut context = top;
            for step in steps {
                search(step, context, found);
                context = false; // each step's context is what the one before has found
            }
        }
        // Its parts are evaluated on what it is applied to.
        Kind::Transform(_) => walk::below(node, &mut |part| search(part, false, found)),
        _ => {
            // Filters and groups come after what they belong to, which is their context.
            let own = own_parts(node);
            let mut at = 0;
            walk::below(node, &mut |part| {
                search(part, top && at < own, found);
                at += 1;
            });
        }
    });
    if matches!(node.kind, Kind::Path { .. } | Kind::Name(_) | Kind::Variable(_)) {
        behind(node, found);
    }
}

/// Filters and groups behind a path, a name or a variable.
fn behind(node: &Node, found: &mut Found) {
    let own = own_parts(node);
    let mut at = 0;
    walk::below(node, &mut |part| {
        if at >= own {
            search(part, false, found);
        }
        at += 1;
    });
}

/// How many of the parts below a node are its own: filters and groups behind it follow them.
fn own_parts(node: &Node) -> usize {
    match &node.kind {
        Kind::Path { steps, .. } => steps.len(),
        Kind::Binary { .. } | Kind::Apply { .. } => 2,
        Kind::Negate(_) | Kind::Bind { .. } | Kind::Lambda(_) | Kind::TailCall(_) => 1,
        Kind::Array(items) | Kind::Block(items) => items.len(),
        Kind::Object(group) => 2 * group.pairs.len(),
        Kind::Condition { otherwise, .. } => 2 + usize::from(otherwise.is_some()),
        Kind::Call { arguments, .. } => 1 + arguments.len(),
        Kind::Partial { arguments, .. } => 1 + arguments.iter().flatten().count(),
        Kind::Transform(transform) => 2 + usize::from(transform.delete.is_some()),
        Kind::Sort(terms) => terms.len(),
        Kind::Name(_)
        | Kind::String(_)
        | Kind::Number(_)
        | Kind::Bool(_)
        | Kind::Null
        | Kind::Wildcard
        | Kind::Descendant
        | Kind::Parent(_)
        | Kind::Regex(_)
        | Kind::Variable(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Tree;
    use super::*;

    #[test]
    fn fields_of_the_document_are_found_where_there_is_none() {
        for (expression, expected) in [
            ("phone", "phone"),
            ("a.b", "a"),
            ("`a b` + c", "a b c"),
            ("$states.input.a", ""),
            ("$states.input.items[price > 1].name", ""),
            ("$states.input[x = 1]", ""),
            ("$states.input.{'a': b}", ""),
            ("$states.input{a: b}", ""),
            ("{'k': v}", "v"),
            ("[a, 1].b", "a"),
            ("$map($states.input, function($i) { $i.x & y })", "y"),
            ("$states.input.($map(z, function($i) { y }))", ""),
            ("$x ~> |a|{'b': c}|", ""),
            ("$states.input^(>price)", ""),
            ("(a; $b := c; $b.d)", "a c"),
            ("f(a)", "f a"),
            ("$f(?, a)", "a"),
            ("a ? b : c", "a b c"),
            ("$states.input.$$.a", "$$"),
            ("a + a", "a"),
            ("-a in [b]", "a b"),
            ("'text' & 1", ""),
            ("$.a", ""),
        ] {
            let tree = Tree::parse(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
            let found: Vec<_> = at_top_level(&tree.root).into_iter().map(|(name, _)| name.to_string()).collect();
            assert_eq!(found.join(" "), expected, "{expression}");
        }
    }

    #[test]
    fn members_of_a_variable_are_found() {
        for (expression, expected) in [
            ("$states.errorOutput", true),
            ("$states.input & $states.errorOutput.Error", true),
            ("$states.input.errorOutput", false),
            ("$x.errorOutput", false),
            ("$states", false),
        ] {
            let tree = Tree::parse(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
            assert_eq!(of_member(&tree.root, "states", "errorOutput").is_some(), expected, "{expression}");
        }
    }
}
