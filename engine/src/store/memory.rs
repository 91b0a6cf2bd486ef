//! Rows in memory, for tests and for runs that need not outlive their process. Nothing is durable and nothing fails.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use bytes::Bytes;

use super::Failure;
use super::kv::{Kv, Operation, Order, Range, View, Visit};

type Rows = BTreeMap<Vec<u8>, Bytes>;

/// The rows.
#[derive(Default)]
pub struct Memory(RwLock<Rows>);

impl Kv for Memory {
    fn apply(&self, batch: Vec<Operation>) -> Result<(), Failure> {
        let mut rows = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for operation in batch {
            match operation {
                Operation::Put(key, value) => drop(rows.insert(key, value.into())),
                Operation::Delete(key) => drop(rows.remove(&key)),
            }
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), Failure> {
        Ok(())
    }

    fn view(&self) -> Result<Box<dyn View + '_>, Failure> {
        Ok(Box::new(MemoryView(self.0.read().unwrap_or_else(PoisonError::into_inner))))
    }
}

struct MemoryView<'a>(RwLockReadGuard<'a, Rows>);

impl View for MemoryView<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Failure> {
        Ok(self.0.get(key).cloned())
    }

    fn contains(&self, key: &[u8]) -> Result<bool, Failure> {
        Ok(self.0.contains_key(key))
    }

    fn scan(&self, range: &Range, order: Order, visit: Visit<'_>) -> Result<(), Failure> {
        if range.is_empty() {
            return Ok(());
        }
        let rows = self.0.range::<[u8], (Bound<&[u8]>, Bound<&[u8]>)>(range.bounds());
        // Breaking off is the visitor's wish, not an outcome.
        let _ = match order {
            Order::Up => rows.into_iter().try_for_each(|(key, value)| visit(key, value)),
            Order::Down => rows.rev().try_for_each(|(key, value)| visit(key, value)),
        };
        Ok(())
    }
}
