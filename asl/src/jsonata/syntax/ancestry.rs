//! Where a `%` finds its parent: every `%` looks backwards through the steps before it for the step whose context it
//! is, and both get the same name.

use super::grow;
use super::raw::too_deep;
use super::tree::{Kind, Node};
use super::walk;
use crate::jsonata::error::Error;
use crate::value::Text;

/// A list of what still looks for its step. Lists are shared: what is added to a part's list is added for all around it.
pub type List = usize;

/// How much may be looked at. The search is quadratic in the number of `%`.
const PATIENCE: usize = 20_000_000;

/// All `%` of an expression.
#[derive(Debug, Default)]
pub struct Ancestry {
    slots: Vec<Slot>,
    lists: Vec<Vec<usize>>,
    renamed: bool,
    looked: usize,
}

/// One `%`.
#[derive(Debug)]
struct Slot {
    /// The number in its name, which is another's where both mean the same step.
    label: usize,
    /// How many steps further back its step is.
    level: i64,
}

fn name(slot: usize) -> Text {
    format!("!{slot}").as_str().into()
}

fn number(name: &str) -> usize {
    name.strip_prefix('!').and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// Which `%` a node is, where it is one.
fn slot_of(node: &Node) -> Option<usize> {
    match &node.kind {
        Kind::Parent(name) => Some(number(name)),
        _ => None,
    }
}

impl Ancestry {
    /// The node kind of one more `%`.
    pub fn parent(&mut self) -> Kind {
        let slot = self.slots.len();
        self.slots.push(Slot { label: slot, level: 1 });
        Kind::Parent(name(slot))
    }

    /// The list of a path that begins with this step.
    pub fn begin(&mut self, first: &Node) -> Option<List> {
        slot_of(first).map(|slot| self.list(vec![slot]))
    }

    fn list(&mut self, slots: Vec<usize>) -> List {
        self.lists.push(slots);
        self.lists.len() - 1
    }

    fn look(&mut self, at: usize, position: usize) -> Result<(), Error> {
        self.looked += at;
        if self.looked > PATIENCE { Err(too_deep(position)) } else { Ok(()) }
    }

    /// The list of a part, and itself where it is a `%`.
    fn gathered(&mut self, node: &Node, seeking: Option<List>) -> Option<List> {
        let slot = slot_of(node);
        match (seeking, slot) {
            (None, None) => None,
            (None, Some(slot)) => Some(self.list(vec![slot])),
            (Some(list), slot) => {
                self.lists[list].extend(slot);
                Some(list)
            }
        }
    }

    /// What a part looks for, the whole looks for.
    pub fn hand_up(&mut self, whole: &mut Option<List>, part: &Node, seeking: Option<List>) -> Result<(), Error> {
        let Some(list) = self.gathered(part, seeking) else { return Ok(()) };
        match *whole {
            None => *whole = Some(list),
            Some(whole) => {
                let more = self.lists[list].clone();
                self.look(more.len(), part.position)?;
                self.lists[whole].extend(more);
            }
        }
        Ok(())
    }

    /// What a filter looks for begins at the step that it filters.
    pub fn filter(&mut self, step: &mut Node, seeking: Option<List>) -> Result<(), Error> {
        let Some(list) = seeking else { return Ok(()) };
        for slot in self.lists[list].clone() {
            if self.slots[slot].level == 1 {
                self.seek(step, slot)?;
            } else {
                self.slots[slot].level -= 1;
            }
        }
        Ok(())
    }

    /// Looks for what the last of these steps seeks; what is not found is sought by the path.
    pub fn resolve(&mut self, steps: &mut [Node], last: Option<List>, path: &mut Option<List>) -> Result<(), Error> {
        let Some((laststep, before)) = steps.split_last_mut() else { return Ok(()) };
        let Some(list) = self.gathered(laststep, last) else { return Ok(()) };
        for slot in self.lists[list].clone() {
            let mut index = before.len();
            self.look(1, laststep.position)?;
            while self.slots[slot].level > 0 {
                let Some(mut at) = index.checked_sub(1) else {
                    match *path {
                        None => *path = Some(self.list(vec![slot])),
                        Some(path) => self.lists[path].push(slot),
                    }
                    break;
                };
                // Steps in a row that keep the context count as one.
                while at > 0 && before[at].focus.is_some() && before[at - 1].focus.is_some() {
                    at -= 1;
                }
                self.look(index - at, laststep.position)?;
                index = at;
                self.seek(&mut before[at], slot)?;
            }
        }
        Ok(())
    }

    fn seek(&mut self, node: &mut Node, slot: usize) -> Result<(), Error> {
        self.look(1, node.position)?;
        match &mut node.kind {
            Kind::Name(_) | Kind::Wildcard => {
                self.slots[slot].level -= 1;
                if self.slots[slot].level == 0 {
                    if let Some(known) = &node.ancestor {
                        self.slots[slot].label = self.slots[number(known)].label;
                        self.renamed = true;
                    }
                    node.ancestor = Some(name(slot));
                    node.tuple = true;
                }
            }
            Kind::Parent(_) => self.slots[slot].level += 1,
            Kind::Block(parts) => {
                if let Some(last) = parts.last_mut() {
                    node.tuple = true;
                    grow(|| self.seek(last, slot))?;
                }
            }
            Kind::Path { steps, .. } => {
                node.tuple = true;
                for (index, step) in steps.iter_mut().rev().enumerate() {
                    if index > 0 && self.slots[slot].level <= 0 {
                        break;
                    }
                    grow(|| self.seek(step, slot))?;
                }
            }
            _ => return Err(Error::new("S0217").at(node.position)),
        }
        Ok(())
    }

    /// Gives those that mean the same step the same name, when all are resolved.
    pub fn rename(&self, root: &mut Node) {
        if !self.renamed {
            return;
        }
        walk::each_mut(root, &mut |node| {
            let label = |old: &Text| self.slots.get(number(old)).map(|slot| name(slot.label));
            if let Kind::Parent(old) = &mut node.kind
                && let Some(new) = label(old)
            {
                *old = new;
            }
            if let Some(new) = node.ancestor.as_ref().and_then(label) {
                node.ancestor = Some(new);
            }
        });
    }
}
