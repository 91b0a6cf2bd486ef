//! Ordered bytes: all that an embedded store needs of the engine below it. What rows mean, where long values go and who
//! may write is decided above; here, batches are atomic, views are consistent, and a sync survives a power cut.

use std::ops::{Bound, ControlFlow};

use bytes::Bytes;

use super::Failure;

/// One change of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Writes a row, over the one there may be.
    Put(Vec<u8>, Vec<u8>),
    /// Removes a row, where there is one.
    Delete(Vec<u8>),
}

/// An engine. One thread writes; any may read.
pub trait Kv: Send + Sync + 'static {
    /// Makes the whole batch visible at once. Not yet durable.
    fn apply(&self, batch: Vec<Operation>) -> Result<(), Failure>;

    /// Returns when all that was applied would survive a power cut.
    fn sync(&self) -> Result<(), Failure>;

    /// The rows as they are between two batches. The writer may have to wait until the view is dropped, so it is not for
    /// keeping: no file is read while there is one.
    fn view(&self) -> Result<Box<dyn View + '_>, Failure>;
}

/// What [`View::scan`] calls with every row. It says whether to go on.
pub type Visit<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>;

/// The rows at one moment.
pub trait View {
    /// The value of a row.
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Failure>;

    /// Whether there is such a row.
    fn contains(&self, key: &[u8]) -> Result<bool, Failure>;

    /// Visits the rows of a range one by one, until the visitor breaks off.
    fn scan(&self, range: &Range, order: Order, visit: Visit<'_>) -> Result<(), Failure>;
}

/// In which order rows are visited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Lowest key first.
    Up,
    /// Highest key first.
    Down,
}

/// Keys between two bounds.
#[derive(Clone, Debug)]
pub struct Range {
    /// Where it begins.
    pub from: Bound<Vec<u8>>,
    /// Where it ends.
    pub to: Bound<Vec<u8>>,
}

impl Range {
    /// All keys that begin like this.
    pub fn prefix(prefix: &[u8]) -> Range {
        Range { from: Bound::Included(prefix.to_vec()), to: after_prefix(prefix) }
    }

    /// The same keys, without those up to this one and without itself.
    pub fn after(self, key: Vec<u8>) -> Range {
        match &self.from {
            Bound::Included(from) | Bound::Excluded(from) if *from > key => self,
            Bound::Included(_) | Bound::Excluded(_) | Bound::Unbounded => Range { from: Bound::Excluded(key), ..self },
        }
    }

    /// The same keys, without this one and those that follow it.
    pub fn before(self, key: Vec<u8>) -> Range {
        match &self.to {
            Bound::Included(to) | Bound::Excluded(to) if *to < key => self,
            Bound::Included(_) | Bound::Excluded(_) | Bound::Unbounded => Range { to: Bound::Excluded(key), ..self },
        }
    }

    /// Whether no key can be in it. Some engines panic when asked for such a range.
    pub fn is_empty(&self) -> bool {
        match (&self.from, &self.to) {
            (Bound::Included(from), Bound::Included(to)) => from > to,
            (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) => from >= to,
            (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
        }
    }

    /// The bounds as engines take them.
    pub fn bounds(&self) -> (Bound<&[u8]>, Bound<&[u8]>) {
        (self.from.as_ref().map(Vec::as_slice), self.to.as_ref().map(Vec::as_slice))
    }
}

/// The first key that does not begin like this any more.
fn after_prefix(prefix: &[u8]) -> Bound<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return Bound::Excluded(end);
        }
    }
    Bound::Unbounded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_before_the_next_one() {
        assert_eq!(after_prefix(b"ab"), Bound::Excluded(b"ac".to_vec()));
        assert_eq!(after_prefix(&[1, 255, 255]), Bound::Excluded(vec![2]));
        assert_eq!(after_prefix(&[255]), Bound::Unbounded);
    }

    #[test]
    fn a_range_that_ends_before_it_begins_is_empty() {
        let empty = |range: Range| range.is_empty();
        assert!(empty(Range::prefix(b"a").after(b"b".to_vec())));
        assert!(empty(Range::prefix(b"b").before(b"a".to_vec())));
        assert!(empty(Range::prefix(b"a").before(b"a".to_vec())));
        assert!(!empty(Range::prefix(b"a")));
        assert!(!empty(Range::prefix(b"a").after(b"a".to_vec())));
    }

    #[test]
    fn a_range_is_only_ever_narrowed() {
        let range = Range::prefix(b"b").after(b"a".to_vec()).before(b"d".to_vec());
        assert_eq!(range.bounds(), Range::prefix(b"b").bounds());
    }
}
