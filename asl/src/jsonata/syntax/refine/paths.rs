//! Paths: their steps, and what is written behind steps.

use super::{Error, Group, Kind, List, Node, Pair, Part, Raw, Refiner, Stage, Term};
use crate::jsonata::item::Item;
use crate::value::Text;

/// A path of one step.
pub fn from_step(step: Part) -> Part {
    let position = step.node.position;
    let kind = Kind::Path { steps: vec![step.node], keep_singleton: false };
    Part { last: step.seeking, ..Part::new(kind, position) }
}

/// Gives what a mark behind a part goes to: the last step of a path, or the part itself. The last is true for a path.
fn mark<R>(part: &mut Part, give: impl FnOnce(&mut Node, &mut Option<List>, bool) -> R) -> R {
    if let Kind::Path { steps, .. } = &mut part.node.kind
        && let Some(step) = steps.last_mut()
    {
        return give(step, &mut part.last, true);
    }
    give(&mut part.node, &mut part.seeking, false)
}

/// Filters of a step are applied in turn with its other stages.
fn stage_predicates(step: &mut Node) {
    step.stages.extend(step.predicates.drain(..).map(Stage::Filter));
}

impl Refiner {
    /// `a.b`
    pub(super) fn dot(&mut self, both: Pair) -> Result<Part, Error> {
        let left = self.part(both.0)?;
        let mut path = if matches!(left.node.kind, Kind::Path { .. }) {
            left
        } else {
            let seeking = self.ancestry.begin(&left.node);
            Part { seeking, ..from_step(left) }
        };
        let mut right = self.part(both.1)?;
        let Kind::Path { steps, keep_singleton } = &mut path.node.kind else { return Ok(path) };
        if let Kind::Path { steps: more, .. } = &mut right.node.kind {
            steps.append(more);
            path.last = right.last;
        } else {
            stage_predicates(&mut right.node);
            steps.push(right.node);
            path.last = right.seeking;
        }
        for step in steps.iter_mut() {
            if let Some(literal) = literal(&step.kind) {
                return Err(Error::new("S0213").value(&literal).at(step.position));
            }
            if let Kind::String(text) = &mut step.kind {
                step.kind = Kind::Name(std::mem::take(text));
            }
            *keep_singleton |= step.keep_array;
        }
        for end in [0, steps.len() - 1] {
            if matches!(steps[end].kind, Kind::Array(_)) {
                steps[end].constructs_array = true;
            }
        }
        self.ancestry.resolve(steps, path.last, &mut path.seeking)?;
        Ok(path)
    }

    /// `a[b]`
    pub(super) fn filter(&mut self, both: Pair, position: usize) -> Result<Part, Error> {
        let mut part = self.part(both.0)?;
        if mark(&mut part, |step, _, _| step.group.is_some()) {
            return Err(Error::new("S0209").at(position));
        }
        let filter = self.part(both.1)?;
        mark(&mut part, |step, seeking, path| {
            if filter.seeking.is_some() {
                self.ancestry.filter(step, filter.seeking)?;
                self.ancestry.hand_up(seeking, &filter.node, filter.seeking)?;
            }
            if path {
                step.stages.push(Stage::Filter(filter.node));
            } else {
                step.predicates.push(filter.node);
            }
            Ok(())
        })?;
        Ok(part)
    }

    /// `a{b: c}`
    pub(super) fn group(&mut self, left: Raw, pairs: Vec<Pair>, position: usize) -> Result<Part, Error> {
        let mut part = self.part(left)?;
        if part.node.group.is_some() {
            return Err(Error::new("S0210").at(position));
        }
        let pairs = self.pairs(pairs, &mut None)?;
        part.node.group = Some(Box::new(Group { pairs, position }));
        Ok(part)
    }

    /// `a^(b)`
    pub(super) fn sort(&mut self, left: Raw, terms: Vec<(bool, Raw)>, position: usize) -> Result<Part, Error> {
        let left = self.part(left)?;
        let mut path = if matches!(left.node.kind, Kind::Path { .. }) { left } else { from_step(left) };
        let mut seeking = None;
        let mut keys = Vec::with_capacity(terms.len());
        for (descending, key) in terms {
            keys.push(Term { descending, key: self.inner(key, &mut seeking)? });
        }
        path.last = seeking;
        if let Kind::Path { steps, .. } = &mut path.node.kind {
            steps.push(Part::new(Kind::Sort(keys), position).node);
            self.ancestry.resolve(steps, path.last, &mut path.seeking)?;
        }
        Ok(path)
    }

    /// `a@$b`
    pub(super) fn focus(&mut self, left: Raw, name: Text, keep_array: bool, position: usize) -> Result<Part, Error> {
        let mut part = self.part(left)?;
        mark(&mut part, |step, _, _| {
            if !step.stages.is_empty() || !step.predicates.is_empty() {
                return Err(Error::new("S0215").at(position));
            }
            if matches!(step.kind, Kind::Sort(_)) {
                return Err(Error::new("S0216").at(position));
            }
            step.keep_array |= keep_array;
            step.focus = Some(name).filter(|name| !name.is_empty());
            step.tuple = true;
            Ok(())
        })?;
        Ok(part)
    }

    /// `a#$b`
    pub(super) fn index(&mut self, left: Raw, name: Text) -> Result<Part, Error> {
        let mut part = self.part(left)?;
        if !matches!(part.node.kind, Kind::Path { .. }) {
            stage_predicates(&mut part.node);
            part = from_step(part);
        }
        mark(&mut part, |step, _, _| {
            if step.stages.is_empty() {
                step.index = Some(name).filter(|name| !name.is_empty());
            } else {
                step.stages.push(Stage::Index(name));
            }
            step.tuple = true;
        });
        Ok(part)
    }
}

/// What cannot be a step.
fn literal(kind: &Kind) -> Option<Item> {
    match kind {
        Kind::Number(number) => Some(Item::Number(number.into())),
        Kind::Bool(value) => Some(Item::Bool(*value)),
        Kind::Null => Some(Item::Null),
        _ => None,
    }
}
