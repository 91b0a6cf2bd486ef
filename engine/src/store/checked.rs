//! Rows that know when they were damaged. Engines check their files when they read them after a crash, and not all of
//! them at other times; so every row ends in a checksum of its key and its value.

use std::ops::ControlFlow;

use bytes::Bytes;

use super::Failure;
use super::kv::{Kv, Operation, Order, Range, View, Visit};
use super::record::damaged;

const CHECKSUM_BYTES: usize = 4;

/// An engine whose rows are checked.
pub struct Checked<K>(pub K);

impl<K: Kv> Kv for Checked<K> {
    fn apply(&self, mut batch: Vec<Operation>) -> Result<(), Failure> {
        for operation in &mut batch {
            match operation {
                Operation::Put(key, value) => value.extend(checksum(key, value)),
                Operation::Delete(_) => {}
            }
        }
        self.0.apply(batch)
    }

    fn sync(&self) -> Result<(), Failure> {
        self.0.sync()
    }

    fn view(&self) -> Result<Box<dyn View + '_>, Failure> {
        Ok(Box::new(CheckedView(self.0.view()?)))
    }
}

struct CheckedView<'a>(Box<dyn View + 'a>);

impl View for CheckedView<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Failure> {
        let Some(row) = self.0.get(key)? else { return Ok(None) };
        let length = check(key, &row)?.len();
        Ok(Some(row.slice(..length)))
    }

    fn contains(&self, key: &[u8]) -> Result<bool, Failure> {
        self.0.contains(key)
    }

    fn scan(&self, range: &Range, order: Order, visit: Visit<'_>) -> Result<(), Failure> {
        let mut failure = None;
        self.0.scan(range, order, &mut |key, row| match check(key, row) {
            Ok(value) => visit(key, value),
            Err(found) => {
                failure = Some(found);
                ControlFlow::Break(())
            }
        })?;
        failure.map_or(Ok(()), Err)
    }
}

fn checksum(key: &[u8], value: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut hash = crc32fast::Hasher::new();
    hash.update(key);
    hash.update(value);
    hash.finalize().to_be_bytes()
}

/// The value of a row that is whole.
fn check<'a>(key: &[u8], row: &'a [u8]) -> Result<&'a [u8], Failure> {
    match row.split_last_chunk() {
        Some((value, sum)) if *sum == checksum(key, value) => Ok(value),
        Some(_) | None => Err(damaged(key)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::Memory;

    #[test]
    fn a_row_that_was_changed_is_not_shown() {
        let rows = Checked(Memory::default());
        let put = |key: &str, value: &[u8]| Operation::Put(key.into(), value.to_vec());
        rows.apply(vec![put("a", b"one"), put("b", b"two")]).expect("memory takes it");
        // As it is below the checks: another value, a row cut off, a row that belongs elsewhere.
        let one = rows.0.view().and_then(|view| view.get(b"a")).expect("memory can be read").expect("it is there");
        let mut changed = one.to_vec();
        changed[0] ^= 1;
        let others = vec![put("c", &changed), put("d", b"cut"), put("e", &one)];
        rows.0.apply(others).expect("memory takes it");

        let view = rows.view().expect("memory can be read");
        assert_eq!(view.get(b"a").expect("it is whole").as_deref(), Some(&b"one"[..]));
        for key in ["c", "d", "e"] {
            let error = view.get(key.as_bytes()).expect_err("it is damaged").to_string();
            assert!(error.starts_with(&format!("the row {key} is damaged. Check the disk")), "{error}");
        }
        let mut seen = Vec::new();
        let mut visit = |key: &[u8], _: &[u8]| {
            seen.push(key.to_vec());
            ControlFlow::Continue(())
        };
        assert!(view.scan(&Range::prefix(b""), Order::Up, &mut visit).is_err());
        assert_eq!(seen, [b"a", b"b"]);
    }
}
