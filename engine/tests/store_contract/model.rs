//! What a store holds, as plain maps: the model that stores are compared with. No cleverness, no bytes, no disk.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use stepwell_asl::Timestamp;
use stepwell_engine::ids::{Epoch, ExecutionId, Key};
use stepwell_engine::store::{
    Attention, Closed, Commit, ListCursor, ListQuery, Listing, Log, MessageId, Moved, Offer, Record, RecordKind,
    StoredTurn,
};

/// Everything a store holds.
#[derive(Default)]
pub struct Model {
    pub epoch: Epoch,
    pub executions: BTreeMap<ExecutionId, Kept>,
    pub names: BTreeMap<Key, ExecutionId>,
    pub attention: BTreeSet<(Attention, ExecutionId)>,
    pub lines: BTreeMap<(Key, Place), Listing>,
    pub offers: BTreeSet<Offer>,
    pub inbox: BTreeMap<MessageId, (ExecutionId, Bytes)>,
    pub records: BTreeMap<(RecordKind, String), Record>,
}

/// Where a line stands in its list: the newest first, of equal ones the higher id.
pub type Place = Reverse<(Timestamp, ExecutionId)>;

/// One execution.
#[derive(Default)]
pub struct Kept {
    pub turns: Vec<StoredTurn>,
    pub checkpoint: Option<(u32, Bytes)>,
    pub name: Option<Key>,
    pub line: Option<Listing>,
    pub archived: Option<Closed>,
}

/// Why the model refuses a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    Conflict,
    Fenced,
}

impl Kept {
    pub fn newest(&self) -> &StoredTurn {
        self.turns.last().expect("an execution is kept from its first turn on")
    }
}

impl Model {
    pub fn commit(&mut self, commit: &Commit) -> Result<(), Refused> {
        if commit.epoch < self.epoch {
            return Err(Refused::Fenced);
        }
        let before = self.executions.get(&commit.execution);
        let sequence = before.map_or(0, |kept| kept.newest().sequence) + 1;
        let archived = before.is_some_and(|kept| kept.archived.is_some());
        let taken = commit.name.is_some_and(|name| self.names.contains_key(&name));
        if sequence != commit.sequence || archived || taken {
            return Err(Refused::Conflict);
        }
        self.apply(commit);
        Ok(())
    }

    fn apply(&mut self, commit: &Commit) {
        let execution = commit.execution;
        let kept = self.executions.entry(execution).or_default();
        kept.turns.push(stored(commit));
        if let Some(checkpoint) = &commit.checkpoint {
            kept.checkpoint = Some((commit.sequence, checkpoint.clone()));
        }
        if let Some(name) = commit.name {
            kept.name = Some(name);
            self.names.insert(name, execution);
        }
        self.attention.remove(&(commit.attention.from, execution));
        if commit.attention.to != Attention::Never {
            self.attention.insert((commit.attention.to, execution));
        }
        if let Some(Moved { from, to }) = &commit.listing {
            kept.line = to.clone();
            if let Some(from) = from {
                self.lines.remove(&(from.list, Reverse((from.started_at, execution))));
            }
            if let Some(to) = to {
                self.lines.insert((to.list, Reverse((to.started_at, execution))), to.clone());
            }
        }
        self.offers.extend(&commit.offered);
        self.offers.retain(|offer| !commit.withdrawn.contains(offer));
        self.inbox.retain(|message, _| !commit.consumed.contains(message));
    }

    pub fn archive(&mut self, closed: &Closed) {
        let Some(kept) = self.executions.get_mut(&closed.execution) else { return };
        kept.archived = Some(closed.clone());
        self.attention.remove(&(closed.attention, closed.execution));
    }

    /// An archived execution has expired.
    pub fn forget(&mut self, execution: ExecutionId) {
        let kept = self.executions.remove(&execution).expect("it was there");
        let closed = kept.archived.expect("only archived ones expire");
        self.names.remove(&closed.name);
        self.lines.remove(&(closed.list, Reverse((closed.started_at, execution))));
    }

    // ---- reads, as the contract has them ----

    /// What loading gives. The checkpoint of an archived execution may be there or not.
    pub fn load(&self, execution: ExecutionId, with_checkpoint: bool) -> Option<Log> {
        let kept = self.executions.get(&execution)?;
        let checkpoint = kept.checkpoint.clone().filter(|_| with_checkpoint);
        let after = checkpoint.as_ref().map_or(0, |(sequence, _)| *sequence);
        let newest = kept.newest();
        Some(Log {
            turns: kept.turns.iter().filter(|turn| turn.sequence > after).cloned().collect(),
            newest: (newest.sequence, newest.turn_id, newest.attention),
            checkpoint,
        })
    }

    pub fn turns(&self, execution: ExecutionId, after: u32, limit: usize) -> Vec<StoredTurn> {
        let turns = self.executions.get(&execution).into_iter().flat_map(|kept| &kept.turns);
        turns.filter(|turn| turn.sequence > after).take(limit).cloned().collect()
    }

    pub fn turns_back(&self, execution: ExecutionId, before: u32, limit: usize) -> Vec<StoredTurn> {
        let turns = self.executions.get(&execution).into_iter().flat_map(|kept| kept.turns.iter().rev());
        turns.filter(|turn| turn.sequence < before).take(limit).cloned().collect()
    }

    pub fn listing(&self, list: Key, cursor: ListCursor) -> Option<Listing> {
        self.lines.get(&(list, Reverse((cursor.started_at, cursor.execution)))).cloned()
    }

    pub fn list(&self, query: &ListQuery) -> Vec<(ListCursor, Listing)> {
        (self.lines.iter())
            .filter(|((list, _), line)| *list == query.list && query.status.is_none_or(|status| status == line.status))
            .map(|((_, Reverse((started_at, execution))), line)| {
                (ListCursor { started_at: *started_at, execution: *execution }, line.clone())
            })
            .filter(|(cursor, _)| query.after.is_none_or(|after| *cursor < after))
            .take(query.limit)
            .collect()
    }

    pub fn attention(
        &self,
        until: Attention,
        after: Option<(Attention, ExecutionId)>,
        limit: usize,
    ) -> Vec<(Attention, ExecutionId)> {
        let rows = self.attention.iter().copied();
        rows.filter(|row| row.0 <= until && after.is_none_or(|after| *row > after)).take(limit).collect()
    }

    pub fn offers(&self, activity: Key, after: Option<Offer>, limit: usize) -> Vec<Offer> {
        let offers = self.offers.iter().copied().filter(|offer| offer.activity == activity);
        offers.filter(|offer| after.is_none_or(|after| *offer > after)).take(limit).collect()
    }

    pub fn inbox(&self, after: Option<MessageId>, limit: usize) -> Vec<(MessageId, ExecutionId, Bytes)> {
        let messages = self.inbox.iter().filter(|(id, _)| after.is_none_or(|after| **id > after));
        messages.take(limit).map(|(id, (execution, message))| (*id, *execution, message.clone())).collect()
    }

    pub fn records(&self, kind: RecordKind, prefix: &str, after: Option<&str>, limit: usize) -> Vec<Record> {
        let records = self.records.iter().filter(|((of, name), _)| *of == kind && name.starts_with(prefix));
        let records = records.filter(|((_, name), _)| after.is_none_or(|after| name.as_str() > after));
        records.take(limit).map(|(_, record)| record.clone()).collect()
    }
}

/// The turn that is read after this commit.
pub fn stored(commit: &Commit) -> StoredTurn {
    StoredTurn {
        sequence: commit.sequence,
        turn_id: commit.turn_id,
        first_event: commit.first_event,
        events: commit.events,
        attention: commit.attention.to,
        body: commit.body.clone(),
    }
}
