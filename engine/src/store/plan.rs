//! What each write needs to be allowed, and which rows it changes.

use bytes::Bytes;

use super::committer::Cost;
use super::draft::Draft;
use super::record::{Row, TurnHead};
use super::{
    Attention, BODY_BYTES_MAX, Commit, CommitError, ListCursor, Listing, MessageId, RecordKind, StoreError,
    VALUE_BYTES_MAX, key,
};
use crate::ids::{Epoch, ExecutionId};

/// The longest name of a record. Names are part of keys, and engines do not like long ones.
const NAME_BYTES_MAX: usize = 1024;

/// What a turn costs its group.
pub fn cost(commit: &Commit) -> Cost {
    let Commit { checkpoint, name, listing, offered, withdrawn, consumed, .. } = commit;
    let attention = usize::from(commit.attention.from != commit.attention.to) * 2;
    let listed = listing.as_ref().map_or(0, |_| 2);
    let rows = 1 + usize::from(checkpoint.is_some()) + usize::from(name.is_some()) + attention + listed;
    Cost {
        turns: 1,
        operations: rows + offered.len() + withdrawn.len() + consumed.len(),
        bytes: body_bytes(commit) + entry(commit).map_or(0, |entry| entry.len()),
    }
}

fn body_bytes(commit: &Commit) -> usize {
    commit.body.len() + commit.checkpoint.as_ref().map_or(0, Bytes::len)
}

fn entry(commit: &Commit) -> Option<&Bytes> {
    commit.listing.as_ref()?.to.as_ref().map(|listing| &listing.entry)
}

/// Whether the store can hold this turn.
pub fn check_size(commit: &Commit) -> Result<(), CommitError> {
    let parts = [(Some(&commit.body), BODY_BYTES_MAX), (commit.checkpoint.as_ref(), BODY_BYTES_MAX)];
    for (part, bytes_max) in parts.into_iter().chain([(entry(commit), VALUE_BYTES_MAX)]) {
        let bytes = part.map_or(0, Bytes::len);
        if bytes > bytes_max {
            return Err(CommitError::TooLarge { bytes, bytes_max });
        }
    }
    Ok(())
}

/// Whether the store can hold this value, under this name.
pub fn check_value(name: &str, value: &Bytes) -> Result<(), StoreError> {
    for (bytes, bytes_max) in [(name.len(), NAME_BYTES_MAX), (value.len(), VALUE_BYTES_MAX)] {
        if bytes > bytes_max {
            return Err(StoreError::TooLarge { bytes, bytes_max });
        }
    }
    Ok(())
}

/// One turn.
pub fn commit(draft: &mut Draft<'_>, commit: Commit, epoch: Epoch) -> Result<(), CommitError> {
    if commit.epoch != epoch {
        return Err(CommitError::Fenced);
    }
    let execution = commit.execution;
    let body_bytes = body_bytes(&commit) as u64;
    expect_next(draft, execution, commit.sequence)?;
    if let Some(name) = commit.name {
        let name = key::name(name);
        if draft.contains(&name)? {
            return Err(CommitError::Conflict);
        }
        draft.put(name, Row::plain(execution.0.to_be_bytes()));
    }
    let head = TurnHead::of(&commit).encode();
    draft.put(key::turn(execution, commit.sequence), Row::first(head, commit.body));
    if let Some(checkpoint) = commit.checkpoint {
        draft.put(key::checkpoint(execution), Row::new(commit.sequence.to_be_bytes(), checkpoint));
    }
    move_attention(draft, execution, commit.attention.from, commit.attention.to);
    if let Some(listing) = commit.listing {
        move_listing(draft, execution, listing.from, listing.to);
    }
    commit.withdrawn.iter().for_each(|offer| draft.delete(key::offer(offer)));
    commit.offered.iter().for_each(|offer| draft.put(key::offer(offer), Row::plain([])));
    commit.consumed.iter().for_each(|message| draft.delete(key::message(*message)));
    draft.turns += 1;
    draft.body_bytes += body_bytes;
    Ok(())
}

/// The turn before must be there, and this one must not. The turns of an archived execution are not there any more, so
/// that only a first one has to be looked for in the archive.
fn expect_next(draft: &Draft<'_>, execution: ExecutionId, sequence: u32) -> Result<(), CommitError> {
    let follows = match sequence {
        0 => false,
        1 => !draft.contains(&key::archived(execution))?,
        _ => draft.contains(&key::turn(execution, sequence - 1))?,
    };
    match follows && !draft.contains(&key::turn(execution, sequence))? {
        true => Ok(()),
        false => Err(CommitError::Conflict),
    }
}

fn move_attention(draft: &mut Draft<'_>, execution: ExecutionId, from: Attention, to: Attention) {
    let (from, to) = (key::attention(from, execution), key::attention(to, execution));
    if from == to {
        return;
    }
    if let Some(from) = from {
        draft.delete(from);
    }
    if let Some(to) = to {
        draft.put(to, Row::plain([]));
    }
}

fn move_listing(draft: &mut Draft<'_>, execution: ExecutionId, from: Option<Listing>, to: Option<Listing>) {
    let key = |listing: &Listing| {
        key::listing(listing.list, listing.status, ListCursor { started_at: listing.started_at, execution })
    };
    let to = to.map(|listing| (key(&listing), listing.entry));
    // A line that stays where it is is written over.
    let from = from.as_ref().map(key).filter(|from| to.as_ref().is_none_or(|(to, _)| from != to));
    if let Some(from) = from {
        draft.delete(from);
    }
    if let Some((key, entry)) = to {
        draft.put(key, Row::new([], entry));
    }
}

/// The first of `count` numbers that are nobody's yet.
pub fn reserve(draft: &mut Draft<'_>, key: &[u8], count: u64) -> Result<u64, StoreError> {
    let first = draft.number(key)?.unwrap_or(1);
    draft.put(key.to_vec(), Row::plain(first.saturating_add(count).to_be_bytes()));
    Ok(first)
}

/// A message for an execution.
pub fn enqueue(draft: &mut Draft<'_>, execution: ExecutionId, message: Bytes) -> Result<MessageId, StoreError> {
    let id = MessageId(reserve(draft, key::NEXT_MESSAGE, 1)?);
    draft.put(key::message(id), Row::first(execution.0.to_be_bytes(), message));
    Ok(id)
}

/// Writes a record, and gives its revision.
pub fn put(
    draft: &mut Draft<'_>,
    (kind, name): (RecordKind, &str),
    expected: Option<u64>,
    value: Bytes,
) -> Result<u64, StoreError> {
    let key = key::record(kind, name);
    let revision = draft.number(&key)?.unwrap_or(0);
    if expected.is_some_and(|expected| expected != revision) {
        return Err(StoreError::Conflict);
    }
    draft.put(key, Row::new((revision + 1).to_be_bytes(), value));
    Ok(revision + 1)
}

/// Removes a record, and tells whether it was there.
pub fn remove(
    draft: &mut Draft<'_>,
    (kind, name): (RecordKind, &str),
    expected: Option<u64>,
) -> Result<bool, StoreError> {
    let key = key::record(kind, name);
    let revision = draft.number(&key)?.unwrap_or(0);
    if expected.is_some_and(|expected| expected != revision) {
        return Err(StoreError::Conflict);
    }
    if revision == 0 {
        return Ok(false);
    }
    draft.delete(key);
    Ok(true)
}
