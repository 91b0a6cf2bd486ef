//! What a group of writes is going to change: the rows as they are, and over them what the writes before in the group
//! did. A write that is refused leaves nothing behind.

use bytes::Bytes;
use foldhash::{HashMap, HashMapExt};

use super::Failure;
use super::kv::View;
use super::record::{self, Location, Row};

/// A row to write, or `None` for one to remove.
type Change = Option<Row>;

/// The rows, as the group would leave them.
pub struct Draft<'a> {
    view: &'a dyn View,
    changes: HashMap<Vec<u8>, Change>,
    /// What was there of the rows that the current write changed, to put it back.
    undo: Vec<(Vec<u8>, Option<Change>)>,
    /// How many turns are in it, for the statistics.
    pub turns: u64,
    /// Bytes of their bodies and checkpoints.
    pub body_bytes: u64,
}

impl<'a> Draft<'a> {
    pub fn new(view: &'a dyn View) -> Draft<'a> {
        Draft { view, changes: HashMap::new(), undo: Vec::new(), turns: 0, body_bytes: 0 }
    }

    /// Whether there is such a row.
    pub fn contains(&self, key: &[u8]) -> Result<bool, Failure> {
        match self.changes.get(key) {
            Some(change) => Ok(change.is_some()),
            None => self.view.contains(key),
        }
    }

    /// The head of a row. More may follow it.
    pub fn head(&self, key: &[u8]) -> Result<Option<Bytes>, Failure> {
        match self.changes.get(key) {
            Some(change) => Ok(change.as_ref().map(|row| Bytes::copy_from_slice(&row.head))),
            None => self.view.get(key),
        }
    }

    /// A row that is nothing but a number.
    pub fn number(&self, key: &[u8]) -> Result<Option<u64>, Failure> {
        let head = self.head(key)?;
        head.map(|head| record::Fields(&head).u64().ok_or_else(|| record::damaged(key))).transpose()
    }

    /// Where the body of a row lies, for one that this group leaves alone; with the row.
    pub fn external(&self, key: &[u8]) -> Result<Option<(Bytes, Location)>, Failure> {
        if self.changes.contains_key(key) {
            return Ok(None);
        }
        let Some(row) = self.view.get(key)? else { return Ok(None) };
        Ok(record::external(key, &row)?.map(|at| (row, at)))
    }

    pub fn put(&mut self, key: Vec<u8>, row: Row) {
        self.change(key, Some(row));
    }

    pub fn delete(&mut self, key: Vec<u8>) {
        self.change(key, None);
    }

    fn change(&mut self, key: Vec<u8>, change: Change) {
        let before = self.changes.insert(key.clone(), change);
        self.undo.push((key, before));
    }

    /// The current write stays.
    pub fn keep(&mut self) {
        self.undo.clear();
    }

    /// The current write never was.
    pub fn roll_back(&mut self) {
        while let Some((key, before)) = self.undo.pop() {
            match before {
                Some(change) => drop(self.changes.insert(key, change)),
                None => drop(self.changes.remove(&key)),
            }
        }
    }

    /// All changes, by key: in this order trees take them best, and long values lie in their segment.
    pub fn into_changes(self) -> Vec<(Vec<u8>, Change)> {
        let mut changes: Vec<_> = self.changes.into_iter().collect();
        changes.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::kv::{Kv, Operation};
    use crate::store::memory::Memory;

    #[test]
    fn a_refused_write_leaves_what_was_before_it() {
        let rows = Memory::default();
        rows.apply(vec![Operation::Put(b"a".to_vec(), b"old".to_vec())]).expect("memory takes it");
        let view = rows.view().expect("memory shows it");
        let mut draft = Draft::new(&*view);
        draft.put(b"b".to_vec(), Row::plain(*b"kept"));
        draft.keep();

        draft.delete(b"a".to_vec());
        draft.put(b"b".to_vec(), Row::plain(*b"refused"));
        draft.put(b"b".to_vec(), Row::plain(*b"twice"));
        draft.put(b"c".to_vec(), Row::plain(*b"refused"));
        assert!(!draft.contains(b"a").expect("memory can be read"));
        draft.roll_back();

        let head = |key: &[u8]| draft.head(key).expect("memory can be read");
        assert_eq!(head(b"a").as_deref(), Some(&b"old"[..]));
        assert_eq!(head(b"b").as_deref(), Some(&b"kept"[..]));
        assert_eq!(head(b"c"), None);
        assert_eq!(draft.into_changes().len(), 1);
    }
}
