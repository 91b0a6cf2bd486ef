//! Empties segments of which little is live: copies what their rows still refer to, and removes the files. A thread of
//! its own reads; the rows are rewritten by the committer, like everything else.

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use super::committer::{Committer, Cost};
use super::draft::Draft;
use super::kv::Kv;
use super::record::{self, Row};
use super::segment::{Record, Segments};
use super::{Failure, key};

/// Below this share of live bytes a segment is emptied.
const LIVE_PERCENT_MIN: u64 = 30;
/// How much is copied at once.
const ROWS_MAX: usize = 128;
const BYTES_MAX: usize = 512 * 1024;

/// Whether so little of a segment is live that it pays to copy it.
pub fn is_sparse(live_bytes: u64, bytes: u64) -> bool {
    live_bytes * 100 < bytes * LIVE_PERCENT_MIN || live_bytes == 0
}

/// Who empties.
pub struct Sweeper {
    pub kv: Arc<dyn Kv>,
    pub segments: Arc<Segments>,
    pub committer: Arc<Committer>,
}

impl Sweeper {
    /// Empties the segments that are named, until nobody can name any more or the store has failed.
    pub fn run(self, sparse: Receiver<u32>) {
        while let Ok(number) = sparse.recv() {
            // A segment may have been named more than once.
            let is_there = self.segments.path(number).exists();
            if is_there && self.empty(number).is_err() && self.committer.failure().is_err() {
                return;
            }
            // A segment that cannot be read stays as it is: its rows say so to those who read them.
        }
    }

    fn empty(&self, number: u32) -> Result<(), Failure> {
        let mut records = self.segments.records(number)?;
        let mut batch = Vec::new();
        let mut bytes = 0;
        while let Some(record) = records.next()? {
            if self.is_live(&record)? {
                bytes += record.value.len();
                batch.push(record);
            }
            if batch.len() == ROWS_MAX || bytes >= BYTES_MAX {
                self.copy(std::mem::take(&mut batch), std::mem::take(&mut bytes))?;
            }
        }
        self.copy(batch, bytes)?;
        self.remove(number)
    }

    fn is_live(&self, record: &Record) -> Result<bool, Failure> {
        let Some(row) = self.kv.view()?.get(&record.key)? else { return Ok(false) };
        Ok(record::external(&record.key, &row)? == Some(record.at))
    }

    fn copy(&self, batch: Vec<Record>, bytes: usize) -> Result<(), Failure> {
        if batch.is_empty() {
            return Ok(());
        }
        let cost = Cost { operations: batch.len(), bytes, ..Cost::default() };
        let copy = self.committer.submit_blocking(cost, move |draft: &mut Draft<'_>| -> Result<(), Failure> {
            for record in batch {
                // The row may have changed since it was looked at.
                if let Some((row, at)) = draft.external(&record.key)?
                    && at == record.at
                {
                    let head = record::head_bytes(&record.key).unwrap_or_default();
                    let head = row.get(..head).ok_or_else(|| record::damaged(&record.key))?;
                    draft.put(record.key, Row::new(head, record.value));
                }
            }
            Ok(())
        });
        copy.wait()
    }

    /// Removes the file, where the count agrees that nothing is live. It does not where a record could not be read.
    fn remove(&self, number: u32) -> Result<(), Failure> {
        let row = key::segment(number);
        let cost = Cost { operations: 1, ..Cost::default() };
        let remove = self.committer.submit_blocking(cost, move |draft: &mut Draft<'_>| -> Result<bool, Failure> {
            let is_empty = draft.number(&row)?.unwrap_or_default() == 0;
            if is_empty {
                draft.delete(row);
            }
            Ok(is_empty)
        });
        match remove.wait()? {
            true => self.segments.remove(number),
            false => Ok(()),
        }
    }
}
