//! Writes a group: long values to segments, synced, then one batch of rows. Keeps count of what is live.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;

use bytes::Bytes;

use super::Failure;
use super::draft::Draft;
use super::kv::{Kv, Operation, Order, Range, View};
use super::record::{self, Fields, INLINE_BYTES_MAX, Location, Row};
use super::segment::{self, Appender, Segments};
use super::{key, sweep};

/// After how many groups the count of live bytes is written down. It may be wrong by what happened since.
const LIVE_EVERY_GROUPS: u64 = 256;

/// The writing end of a store.
pub struct Writer {
    kv: Arc<dyn Kv>,
    /// Where long values go; without, all stay in their rows.
    long: Option<Long>,
    live: Arc<Live>,
    groups: u64,
}

/// What is known to be live.
#[derive(Debug, Default)]
pub struct Live {
    /// Bytes of rows, about.
    pub rows: AtomicU64,
    /// Bytes of records in segments.
    pub segments: AtomicU64,
}

struct Long {
    segments: Arc<Segments>,
    appender: Appender,
    /// Live bytes of each segment. The rows say the same.
    live: BTreeMap<u32, u64>,
    /// Whose live bytes changed in this group.
    changed: BTreeSet<u32>,
    /// Who empties sparse segments.
    sparse: Sender<u32>,
}

impl Writer {
    /// A writer that keeps all values in their rows.
    pub fn inline(kv: Arc<dyn Kv>, live: Arc<Live>) -> Writer {
        Writer { kv, long: None, live, groups: 0 }
    }

    /// A writer that puts long values into segments. Removes the segments that nothing refers to.
    pub fn new(
        kv: Arc<dyn Kv>,
        segments: Arc<Segments>,
        live: Arc<Live>,
        sparse: Sender<u32>,
    ) -> Result<Writer, Failure> {
        let appender = Appender::new(Arc::clone(&segments))?;
        let mut long = Long { live: read_live(&*kv.view()?)?, segments, appender, changed: BTreeSet::new(), sparse };
        long.look_around()?;
        live.segments.store(long.live.values().sum(), Ordering::Relaxed);
        Ok(Writer { kv, long: Some(long), live, groups: 0 })
    }

    /// What it writes to.
    pub fn kv(&self) -> Arc<dyn Kv> {
        Arc::clone(&self.kv)
    }

    /// Has a group planned and writes it. It is durable after the next sync; long values are synced here, before the rows
    /// that refer to them. `false`: nothing was written.
    pub fn apply(&mut self, plan: impl FnOnce(&mut Draft<'_>)) -> Result<bool, Failure> {
        let view = self.kv.view()?;
        let mut draft = Draft::new(&*view);
        plan(&mut draft);
        let changes = draft.into_changes();
        let mut batch = Batch { operations: Vec::with_capacity(changes.len() + 2), row_bytes: 0 };
        batch.fill(&*view, self.long.as_mut(), changes)?;
        drop(view);
        if batch.operations.is_empty() {
            return Ok(false); // everything was refused
        }
        if let Some(long) = &mut self.long {
            long.appender.sync()?;
            batch.operations.extend(long.counts());
            self.live.segments.store(long.live.values().sum(), Ordering::Relaxed);
        }
        let rows = self.live.rows.load(Ordering::Relaxed).saturating_add_signed(batch.row_bytes);
        self.live.rows.store(rows, Ordering::Relaxed);
        self.groups += 1;
        if self.groups.is_multiple_of(LIVE_EVERY_GROUPS) {
            batch.operations.push(self.live_row());
        }
        self.kv.apply(batch.operations)?;
        if let Some(long) = &mut self.long {
            long.report_sparse();
        }
        Ok(true)
    }

    /// Writes down what the next opening wants to know.
    pub fn finish(&mut self) -> Result<(), Failure> {
        let mut rows = vec![self.live_row()];
        if let Some(epoch) = self.kv.view()?.get(key::EPOCH)? {
            rows.push(Operation::Put(key::CLOSED.to_vec(), epoch.to_vec()));
        }
        self.kv.apply(rows)?;
        self.kv.sync()
    }

    fn live_row(&self) -> Operation {
        let rows = self.live.rows.load(Ordering::Relaxed);
        Operation::Put(key::LIVE.to_vec(), rows.to_be_bytes().to_vec())
    }
}

fn read_live(view: &dyn View) -> Result<BTreeMap<u32, u64>, Failure> {
    let mut live = BTreeMap::new();
    let mut broken = None;
    view.scan(&Range::prefix(&[key::SEGMENT]), Order::Up, &mut |key, row| {
        match key::segment_of(key).zip(Fields(row).u64()) {
            Some((number, bytes)) => drop(live.insert(number, bytes)),
            None => broken = Some(record::damaged(key)),
        }
        ControlFlow::Continue(())
    })?;
    broken.map_or(Ok(live), Err)
}

/// The operations of a group.
struct Batch {
    operations: Vec<Operation>,
    /// By how much the rows grow.
    row_bytes: i64,
}

impl Batch {
    fn fill(
        &mut self,
        view: &dyn View,
        mut long: Option<&mut Long>,
        changes: Vec<(Vec<u8>, Option<Row>)>,
    ) -> Result<(), Failure> {
        for (key, change) in changes {
            let is_first = change.as_ref().is_some_and(|row| row.is_first);
            let old = if is_first { None } else { replaced(view, &key) };
            if let Some(old) = old {
                self.row_bytes -= (key.len() + old.len()) as i64;
                if let Some(long) = &mut long
                    && let Ok(Some(at)) = record::external(&key, &old)
                {
                    long.release(&key, at);
                }
            } else if change.is_none() {
                self.row_bytes -= key.len() as i64;
            }
            let Some(row) = change else {
                self.operations.push(Operation::Delete(key));
                continue;
            };
            let value = match (&mut long, &row.body) {
                (Some(long), Some(body)) if body.len() > INLINE_BYTES_MAX => {
                    let at = long.put(&key, body)?;
                    row.located(at)
                }
                _ => row.inline(),
            };
            self.row_bytes += (key.len() + value.len()) as i64;
            self.operations.push(Operation::Put(key, value));
        }
        Ok(())
    }
}

/// The row that is going to be written over or removed, where it matters. One that cannot be read is replaced all the
/// same: then more is taken for live than there is, and a segment stays that could go.
fn replaced(view: &dyn View, key: &[u8]) -> Option<Bytes> {
    match key.first() {
        // Counters are written over again and again.
        Some(&key::META) => view.get(key).unwrap_or(None),
        Some(_) if record::head_bytes(key).is_some() => view.get(key).unwrap_or(None),
        Some(_) | None => None,
    }
}

impl Long {
    fn put(&mut self, key: &[u8], body: &Bytes) -> Result<Location, Failure> {
        let before = self.appender.number();
        let at = self.appender.append(key, body)?;
        // One that is left behind may be sparse already.
        self.changed.extend(before.filter(|before| *before != at.segment));
        *self.live.entry(at.segment).or_default() += segment::record_bytes(key, at);
        self.changed.insert(at.segment);
        Ok(at)
    }

    fn release(&mut self, key: &[u8], at: Location) {
        let live = self.live.entry(at.segment).or_default();
        *live = live.saturating_sub(segment::record_bytes(key, at));
        self.changed.insert(at.segment);
    }

    /// The rows that say how much is live.
    fn counts(&self) -> Vec<Operation> {
        let row = |number: &u32| {
            let live = self.live.get(number).copied().unwrap_or_default();
            Operation::Put(key::segment(*number), live.to_be_bytes().to_vec())
        };
        self.changed.iter().map(row).collect()
    }

    fn report_sparse(&mut self) {
        for number in std::mem::take(&mut self.changed) {
            self.report_if_sparse(number);
        }
    }

    fn report_if_sparse(&self, number: u32) {
        let live = self.live.get(&number).copied().unwrap_or_default();
        let is_closed = self.appender.number() != Some(number);
        if is_closed && self.segments.bytes(number).is_ok_and(|bytes| sweep::is_sparse(live, bytes)) {
            // Nobody listens any more when the store closes: the next opening looks again.
            let _ = self.sparse.send(number);
        }
    }

    /// At the opening: every segment that is referred to must be there; the others go.
    fn look_around(&mut self) -> Result<(), Failure> {
        let there: BTreeSet<u32> = self.segments.numbers()?.into_iter().collect();
        for (number, live) in &self.live {
            if *live > 0 && !there.contains(number) {
                let path = self.segments.path(*number);
                return Err(Failure::new(format!("{} is missing, and rows refer to it", path.display())));
            }
        }
        for number in there {
            if !self.live.contains_key(&number) && self.appender.number() != Some(number) {
                self.segments.remove(number)?; // a crash came before the batch that would have referred to it
            } else {
                self.report_if_sparse(number);
            }
        }
        Ok(())
    }
}
