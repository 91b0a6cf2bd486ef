//! The variables that an expression takes from outside.

use super::grow;
use super::tree::{Kind, Node, Stage};
use super::walk;
use crate::value::Text;

/// The names that are nowhere bound around where they are used, each use with its position.
pub fn free(root: &Node) -> Vec<(Text, usize)> {
    let mut search = Search::default();
    search.node(root);
    search.free
}

#[derive(Default)]
struct Search {
    free: Vec<(Text, usize)>,
    /// What is bound, the innermost last.
    bound: Vec<Bound>,
    /// In how many functions it is.
    functions: usize,
}

struct Bound {
    name: Text,
    /// Only within this many functions: what a function refers to is looked up when it is called.
    from: usize,
}

impl Search {
    /// With what is bound within forgotten behind it.
    fn scope(&mut self, within: impl FnOnce(&mut Self)) {
        let outer = self.bound.len();
        within(self);
        self.bound.truncate(outer);
    }

    fn bind(&mut self, name: &Text, from: usize) {
        self.bound.push(Bound { name: name.clone(), from });
    }

    fn node(&mut self, node: &Node) {
        grow(|| match &node.kind {
            Kind::Path { .. } => self.scope(|search| search.parts(node)),
            Kind::Block(parts) => self.scope(|search| {
                for part in parts {
                    if let Kind::Bind { name, .. } = &part.kind {
                        search.bind(name, search.functions + 1);
                    }
                }
                search.parts(node);
            }),
            Kind::Lambda(lambda) => self.scope(|search| {
                search.functions += 1;
                for parameter in &lambda.parameters {
                    search.bind(parameter, 0);
                }
                search.parts(node);
                search.functions -= 1;
            }),
            Kind::Bind { name, .. } => {
                self.bind(name, self.functions + 1);
                self.parts(node);
                self.bind(name, 0);
            }
            Kind::Variable(name) => {
                let bound = self.bound.iter().rev().any(|bound| bound.name == *name && bound.from <= self.functions);
                if !bound && !matches!(&**name, "" | "$") {
                    self.free.push((name.clone(), node.position));
                }
                self.parts(node);
            }
            _ => self.parts(node),
        });
    }

    fn parts(&mut self, node: &Node) {
        // The variables of a step are there for its filters and all that follows.
        for name in node.focus.iter().chain(&node.index) {
            self.bind(name, 0);
        }
        for stage in &node.stages {
            if let Stage::Index(name) = stage {
                self.bind(name, 0);
            }
        }
        walk::below(node, &mut |part| self.node(part));
    }
}
