//! Which executions may leave memory: those that only wait, the longest idle first.

use std::collections::{HashMap, VecDeque};

use crate::ids::ExecutionId;

/// Idle executions, within a number and a weight.
pub(super) struct Idle {
    max: usize,
    bytes_max: usize,
    bytes: usize,
    order: VecDeque<(ExecutionId, u64)>,
    /// The newest place in the order, and the weight.
    members: HashMap<ExecutionId, (u64, usize), foldhash::fast::FixedState>,
    clock: u64,
}

impl Idle {
    pub fn new(max: usize, bytes_max: usize) -> Idle {
        Idle { max, bytes_max, bytes: 0, order: VecDeque::new(), members: HashMap::default(), clock: 0 }
    }

    /// It is idle from now on.
    pub fn insert(&mut self, id: ExecutionId, weight: usize) {
        self.remove(id);
        self.clock += 1;
        self.bytes += weight;
        self.members.insert(id, (self.clock, weight));
        self.order.push_back((id, self.clock));
    }

    /// It is idle no more.
    pub fn remove(&mut self, id: ExecutionId) {
        if let Some((_, weight)) = self.members.remove(&id) {
            self.bytes -= weight;
        }
        if self.order.len() > 2 * self.members.len() + 64 {
            let members = &self.members;
            self.order.retain(|(id, at)| members.get(id).is_some_and(|(newest, _)| newest == at));
        }
    }

    /// One that is too many. It is forgotten here.
    pub fn surplus(&mut self) -> Option<ExecutionId> {
        while self.members.len() > self.max || self.bytes > self.bytes_max {
            let (id, at) = self.order.pop_front()?;
            if self.members.get(&id).is_some_and(|(newest, _)| *newest == at) {
                self.remove(id);
                return Some(id);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_idle_leaves_first() {
        let mut idle = Idle::new(2, 100);
        for id in 1..=3 {
            idle.insert(ExecutionId(id), 10);
        }
        idle.insert(ExecutionId(1), 10);
        assert_eq!(idle.surplus(), Some(ExecutionId(2)));
        assert_eq!(idle.surplus(), None);
        idle.insert(ExecutionId(4), 95);
        assert_eq!(idle.surplus(), Some(ExecutionId(3)));
        assert_eq!(idle.surplus(), Some(ExecutionId(1)));
        assert_eq!(idle.surplus(), None);
        idle.remove(ExecutionId(4));
        assert_eq!(idle.bytes, 0);
    }
}
