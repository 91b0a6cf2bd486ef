//! What is read of a store's rows. Rows are collected in one view; long values are read from their segments after it is
//! dropped, so that nobody who writes waits for a file.

use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use bytes::Bytes;

use super::archive::{Archive, Archived, Wanted};
use super::kv::{Kv, Order, Range, View};
use super::record::{self, Body, Fields, TurnHead, damaged};
use super::segment::Segments;
use super::{
    Attention, Failure, ListCursor, ListQuery, Listing, Log, MessageId, Offer, Record, RecordKind, StoredTurn, key,
};
use crate::ids::{ExecutionId, Key};

/// Where the rows and the long values are.
pub struct Reader {
    pub kv: Arc<dyn Kv>,
    /// Where long values are; without, all are in their rows.
    pub segments: Option<Arc<Segments>>,
    pub archive: Archive,
}

/// Why nothing was read.
#[derive(Debug)]
pub enum Missed {
    /// A row changed between the view and its segment. Reading again will do.
    Moved,
    /// It cannot be read.
    Failed(Failure),
}

impl From<Failure> for Missed {
    fn from(failure: Failure) -> Missed {
        Missed::Failed(failure)
    }
}

type Rows = Vec<(Vec<u8>, Bytes)>;

fn rows(view: &dyn View, range: &Range, order: Order, limit: usize) -> Result<Rows, Failure> {
    let mut rows = Vec::new();
    if limit > 0 {
        view.scan(range, order, &mut |key, row| {
            rows.push((key.to_vec(), Bytes::copy_from_slice(row)));
            if rows.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
    }
    Ok(rows)
}

fn keys<T>(
    view: &dyn View,
    range: &Range,
    limit: usize,
    decode: impl Fn(&[u8]) -> Option<T>,
) -> Result<Vec<T>, Failure> {
    rows(view, range, Order::Up, limit)?.iter().map(|(key, _)| decode(key).ok_or_else(|| damaged(key))).collect()
}

impl Reader {
    /// Reads until nothing moves under it.
    pub fn again<T>(&self, read: impl Fn(&Reader) -> Result<T, Missed>) -> Result<T, Failure> {
        loop {
            match read(self) {
                Ok(value) => return Ok(value),
                Err(Missed::Moved) => {}
                Err(Missed::Failed(failure)) => return Err(failure),
            }
        }
    }

    /// The body of a row.
    fn body(&self, key: &[u8], row: &Bytes) -> Result<Bytes, Missed> {
        let at = match record::body(key, row)? {
            Body::Inline(body) => return Ok(body),
            Body::Located(at) => at,
        };
        let segments = self.segments.as_ref().ok_or_else(|| damaged(key))?;
        match segments.read(key, at) {
            Ok(body) => Ok(body),
            Err(failure) => match self.kv.view()?.get(key)?.as_ref() == Some(row) {
                true => Err(failure.into()),
                false => Err(Missed::Moved),
            },
        }
    }

    fn stored(&self, key: &[u8], row: &Bytes) -> Result<StoredTurn, Missed> {
        let (sequence, head) = turn_head(key, row)?;
        Ok(head.stored(sequence, self.body(key, row)?))
    }

    pub fn load(&self, execution: ExecutionId) -> Result<Option<Log>, Missed> {
        let view = self.kv.view()?;
        if let Some(archived) = Archived::of(&*view, execution)? {
            drop(view);
            let turns = self.archived(execution, archived, Wanted::After(0), usize::MAX)?;
            let newest = turns.last().map(|newest| (newest.sequence, newest.turn_id, newest.attention));
            return Ok(newest.map(|newest| Log { checkpoint: None, turns, newest }));
        }
        let key = key::checkpoint(execution);
        let checkpoint = match view.get(&key)? {
            Some(row) => Some((Fields(&row).u32().ok_or_else(|| damaged(&key))?, row)),
            None => None,
        };
        let after = checkpoint.as_ref().map_or(0, |(sequence, _)| *sequence);
        let range = Range::prefix(&key::turns(execution)).after(key::turn(execution, after));
        let turns = rows(&*view, &range, Order::Up, usize::MAX)?;
        let newest = match (turns.last(), &checkpoint) {
            (Some((key, row)), _) => turn_head(key, row)?,
            (None, Some((sequence, _))) => {
                let key = key::turn(execution, *sequence);
                turn_head(&key, &view.get(&key)?.ok_or_else(|| damaged(&key))?)?
            }
            (None, None) => return Ok(None),
        };
        drop(view);
        let checkpoint = match checkpoint {
            Some((sequence, row)) => Some((sequence, self.body(&key, &row)?)),
            None => None,
        };
        let turns: Vec<_> = turns.iter().map(|(key, row)| self.stored(key, row)).collect::<Result<_, _>>()?;
        no_gap(execution, Some(after + 1), &turns)?;
        Ok(Some(Log { checkpoint, turns, newest: (newest.0, newest.1.turn_id, newest.1.attention) }))
    }

    pub fn turns(&self, execution: ExecutionId, after: u32, limit: usize) -> Result<Vec<StoredTurn>, Missed> {
        let range = Range::prefix(&key::turns(execution)).after(key::turn(execution, after));
        self.turns_in(execution, (&range, Order::Up), Wanted::After(after), limit)
    }

    pub fn turns_back(&self, execution: ExecutionId, before: u32, limit: usize) -> Result<Vec<StoredTurn>, Missed> {
        let range = Range::prefix(&key::turns(execution)).before(key::turn(execution, before));
        self.turns_in(execution, (&range, Order::Down), Wanted::Before(before), limit)
    }

    fn turns_in(
        &self,
        execution: ExecutionId,
        (range, order): (&Range, Order),
        wanted: Wanted,
        limit: usize,
    ) -> Result<Vec<StoredTurn>, Missed> {
        let view = self.kv.view()?;
        // Some of its turns may be in their rows still.
        if let Some(archived) = Archived::of(&*view, execution)? {
            drop(view);
            return self.archived(execution, archived, wanted, limit);
        }
        let rows = rows(&*view, range, order, limit)?;
        drop(view);
        let turns: Vec<_> = rows.iter().map(|(key, row)| self.stored(key, row)).collect::<Result<_, _>>()?;
        let first = match wanted {
            Wanted::After(after) => Some(after.saturating_add(1)),
            Wanted::Before(_) => None, // the newest one may be anywhere before
        };
        no_gap(execution, first, &turns)?;
        Ok(turns)
    }

    fn archived(
        &self,
        execution: ExecutionId,
        archived: Archived,
        wanted: Wanted,
        limit: usize,
    ) -> Result<Vec<StoredTurn>, Missed> {
        self.archive.turns(archived, wanted, limit).or_else(|failure| {
            // It may have expired meanwhile, and its file with it.
            match Archived::of(&*self.kv.view()?, execution)? == Some(archived) {
                true => Err(failure.into()),
                false => Err(Missed::Moved),
            }
        })
    }

    pub fn find(&self, name: Key) -> Result<Option<ExecutionId>, Missed> {
        let key = key::name(name);
        let Some(row) = self.kv.view()?.get(&key)? else { return Ok(None) };
        Ok(Some(ExecutionId(Fields(&row).u64().ok_or_else(|| damaged(&key))?)))
    }

    pub fn listing(&self, list: Key, cursor: ListCursor) -> Result<Option<Listing>, Missed> {
        let view = self.kv.view()?;
        let mut found = None;
        for status in statuses(&*view, list)? {
            let key = key::listing(list, status, cursor);
            if let Some(row) = view.get(&key)? {
                found = Some((key, row));
                break;
            }
        }
        drop(view);
        found.map(|(key, row)| Ok(self.line(list, &key, &row)?.1)).transpose()
    }

    pub fn list(&self, query: &ListQuery) -> Result<Vec<(ListCursor, Listing)>, Missed> {
        let view = self.kv.view()?;
        let wanted = match query.status {
            Some(status) => vec![status],
            None => statuses(&*view, query.list)?,
        };
        let mut found = Vec::new();
        for status in wanted {
            let all = Range::prefix(&key::list_status(query.list, status));
            let range = match query.after {
                Some(cursor) => all.after(key::listing(query.list, status, cursor)),
                None => all,
            };
            found.extend(rows(&*view, &range, Order::Up, query.limit)?);
        }
        drop(view);
        // Behind the status, keys are in the order of the whole list.
        let status_end = key::list_status(query.list, 0).len();
        found.sort_by(|(one, _), (other, _)| one[status_end..].cmp(&other[status_end..]));
        found.truncate(query.limit);
        found.iter().map(|(key, row)| self.line(query.list, key, row)).collect()
    }

    fn line(&self, list: Key, key: &[u8], row: &Bytes) -> Result<(ListCursor, Listing), Missed> {
        let (status, cursor) = key::listing_of(key).ok_or_else(|| damaged(key))?;
        let entry = self.body(key, row)?;
        Ok((cursor, Listing { list, status, started_at: cursor.started_at, entry }))
    }

    pub fn attention(
        &self,
        until: Attention,
        after: Option<(Attention, ExecutionId)>,
        limit: usize,
    ) -> Result<Vec<(Attention, ExecutionId)>, Missed> {
        let all = Range::prefix(&[key::ATTENTION]);
        let mut range = match key::attention(until, ExecutionId(u64::MAX)) {
            Some(last) => Range { to: Bound::Included(last), ..all },
            None => all,
        };
        if let Some((attention, execution)) = after {
            let Some(after) = key::attention(attention, execution) else { return Ok(Vec::new()) };
            range = range.after(after);
        }
        Ok(keys(&*self.kv.view()?, &range, limit, key::attention_of)?)
    }

    pub fn offers(&self, activity: Key, after: Option<Offer>, limit: usize) -> Result<Vec<Offer>, Missed> {
        let all = Range::prefix(&key::offers(activity));
        let range = match after {
            Some(offer) => all.after(key::offer(&offer)),
            None => all,
        };
        Ok(keys(&*self.kv.view()?, &range, limit, key::offer_of)?)
    }

    pub fn inbox(
        &self,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<(MessageId, ExecutionId, Bytes)>, Missed> {
        let all = Range::prefix(&[key::MESSAGE]);
        let range = match after {
            Some(message) => all.after(key::message(message)),
            None => all,
        };
        let rows = rows(&*self.kv.view()?, &range, Order::Up, limit)?;
        let message = |(key, row): &(Vec<u8>, Bytes)| {
            let id = key::message_of(key).zip(Fields(row).u64());
            let (id, execution) = id.ok_or_else(|| damaged(key))?;
            Ok((id, ExecutionId(execution), self.body(key, row)?))
        };
        rows.iter().map(message).collect()
    }

    pub fn record(&self, kind: RecordKind, name: &str) -> Result<Option<Record>, Missed> {
        let key = key::record(kind, name);
        let row = self.kv.view()?.get(&key)?;
        row.map(|row| self.decode_record(&key, &row)).transpose()
    }

    pub fn records(
        &self,
        kind: RecordKind,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Record>, Missed> {
        let all = Range::prefix(&key::record(kind, prefix));
        let range = match after {
            Some(name) => all.after(key::record(kind, name)),
            None => all,
        };
        let rows = rows(&*self.kv.view()?, &range, Order::Up, limit)?;
        rows.iter().map(|(key, row)| self.decode_record(key, row)).collect()
    }

    fn decode_record(&self, key: &[u8], row: &Bytes) -> Result<Record, Missed> {
        let (name, revision) = key::record_of(key).zip(Fields(row).u64()).ok_or_else(|| damaged(key))?;
        Ok(Record { name, revision, value: self.body(key, row)? })
    }
}

/// Turns are numbered without a gap: where there is one, the database has lost a row.
fn no_gap(execution: ExecutionId, first: Option<u32>, turns: &[StoredTurn]) -> Result<(), Failure> {
    let first_is_there = turns.first().is_none_or(|turn| first.is_none_or(|first| turn.sequence == first));
    let follow = |pair: &[StoredTurn]| pair[0].sequence.abs_diff(pair[1].sequence) == 1;
    match first_is_there && turns.windows(2).all(follow) {
        true => Ok(()),
        false => Err(Failure::new(format!(
            "turns of execution {} are missing. Check the disk; restore the store's directory from a backup",
            execution.0
        ))),
    }
}

fn turn_head(key: &[u8], row: &[u8]) -> Result<(u32, TurnHead), Failure> {
    key::turn_of(key).zip(TurnHead::decode(row)).ok_or_else(|| damaged(key))
}

/// The statuses that occur in a list, found by jumping from one to the next.
fn statuses(view: &dyn View, list: Key) -> Result<Vec<u8>, Failure> {
    let mut statuses = Vec::new();
    let mut range = Range::prefix(&key::list(list));
    while let Some((key, _)) = rows(view, &range, Order::Up, 1)?.first() {
        let (status, _) = key::listing_of(key).ok_or_else(|| damaged(key))?;
        statuses.push(status);
        let Some(next) = status.checked_add(1) else { break };
        range.from = Bound::Included(key::list_status(list, next));
    }
    Ok(statuses)
}
