//! Random commits: mostly such as an engine would make, some that a store must refuse.

use bytes::Bytes;
use stepwell_asl::Timestamp;
use stepwell_engine::ids::{Epoch, ExecutionId, Key, Shard};
use stepwell_engine::store::{Attention, Commit, ListCursor, Listing, MessageId, Moved, Offer};

use crate::compare::Seen;
use crate::model::{Kept, Model};
use crate::support::{Dice, bytes_of, turn};

/// The statuses that lists know. The highest and the lowest number are among them.
pub const STATUSES: [u8; 5] = [0, 1, 2, 5, 255];

/// What a list or an offer may have to sort.
const INSTANTS: [i64; 6] = [i64::MIN, -1, 0, 1, 1_764_000_000_000, i64::MAX];

/// Draws commits that fit the model.
#[derive(Default)]
pub struct Draw {
    /// Numbers that no execution has yet.
    pub free: Vec<u64>,
    drawn: u64,
}

impl Draw {
    /// The next turn of an execution or the first of a new one; one in ten is such that it must be refused.
    pub fn commit(&mut self, dice: &mut Dice, model: &Model, seen: &mut Seen) -> Commit {
        self.drawn += 1;
        let execution = self.execution(dice, model);
        let kept = model.executions.get(&execution);
        let sequence = kept.map_or(0, |kept| kept.newest().sequence) + 1;
        let before = kept.map_or(Attention::Never, |kept| kept.newest().attention);
        let mut commit = Commit {
            turn_id: dice.next(),
            first_event: kept.map_or(1, |kept| kept.newest().first_event + u64::from(kept.newest().events)),
            events: dice.below(4) as u32,
            body: self.bytes(dice),
            checkpoint: dice.one_in(6).then(|| self.bytes(dice)),
            name: (sequence == 1 && !dice.one_in(5)).then(|| Key::of(&["name", &self.drawn.to_string()])),
            attention: Moved { from: before, to: attention(dice, before) },
            listing: self.listing(dice, kept, seen),
            offered: (0..dice.below(3)).map(|_| offer(dice, execution, seen)).collect(),
            consumed: consumed(dice, execution, model, seen),
            ..turn(execution, model.epoch, sequence)
        };
        commit.withdrawn = withdrawn(dice, &commit, model, seen);
        if dice.one_in(10) {
            spoil(dice, &mut commit, kept, model);
        }
        remember(&commit, seen);
        commit
    }

    fn execution(&mut self, dice: &mut Dice, model: &Model) -> ExecutionId {
        // Few are going on at a time, so that some get many turns.
        let going: Vec<ExecutionId> = model.executions.keys().rev().take(12).copied().collect();
        let any: Vec<ExecutionId> = model.executions.keys().copied().collect();
        let known = if dice.one_in(4) { dice.of(&any) } else { dice.of(&going) };
        match known {
            Some(known) if !dice.one_in(4) => *known,
            Some(_) | None => {
                let number = self.free.pop().expect("enough numbers were reserved");
                ExecutionId::new(Shard(dice.next() as u8), number)
            }
        }
    }

    /// Bytes of any length: none, some, about as many as fit beside a key, or far more.
    pub fn bytes(&mut self, dice: &mut Dice) -> Bytes {
        let length = match dice.below(200) {
            0..=3 => 0,
            4..=150 => dice.below(200),
            151..=172 => 3900 + dice.below(400),
            173..=194 => dice.below(20_000),
            195..=198 => dice.below(300_000),
            _ if dice.one_in(3) => 2_000_000 + dice.below(3_000_000),
            _ => 300_000,
        };
        bytes_of(dice.next(), length)
    }

    /// A first line, a move to another status, another entry, a line that goes or comes again.
    fn listing(&mut self, dice: &mut Dice, kept: Option<&Kept>, seen: &Seen) -> Option<Moved<Option<Listing>>> {
        let from = kept.and_then(|kept| kept.line.clone());
        let wanted = if kept.is_none() { !dice.one_in(5) } else { dice.one_in(3) };
        if !wanted {
            return None;
        }
        let entry = self.bytes(dice);
        let status = STATUSES[dice.below(STATUSES.len())];
        let to = match &from {
            Some(_) if dice.one_in(8) => None,
            Some(from) if dice.one_in(3) => Some(Listing { entry, ..from.clone() }),
            Some(from) => Some(Listing { entry, status, ..from.clone() }),
            None => {
                let list = *dice.of(&seen.lists).expect("there are lists");
                Some(Listing { list, status, started_at: instant(dice), entry })
            }
        };
        Some(Moved { from, to })
    }
}

fn instant(dice: &mut Dice) -> Timestamp {
    match dice.of(&INSTANTS) {
        Some(instant) if dice.one_in(4) => Timestamp(*instant),
        Some(_) | None => Timestamp(1_764_000_000_000 + dice.below(20) as i64),
    }
}

fn attention(dice: &mut Dice, before: Attention) -> Attention {
    match dice.below(8) {
        0 | 1 => before,
        2 | 3 => Attention::Unconfirmed,
        4 => Attention::Never,
        5 => Attention::At(Timestamp(if dice.one_in(2) { 1 } else { i64::MAX })),
        _ => Attention::At(Timestamp(1 + dice.below(40) as i64)),
    }
}

fn offer(dice: &mut Dice, execution: ExecutionId, seen: &Seen) -> Offer {
    let activity = *dice.of(&seen.activities).expect("there are activities");
    Offer { activity, at: instant(dice), execution, branch: dice.below(3) as u32, ticket: dice.next() % 1000 }
}

/// Offers of this execution, and at times one that is gone already.
fn withdrawn(dice: &mut Dice, commit: &Commit, model: &Model, seen: &Seen) -> Vec<Offer> {
    let own = model.offers.iter().filter(|offer| offer.execution == commit.execution);
    let mut withdrawn: Vec<Offer> = own.filter(|_| dice.one_in(3)).copied().collect();
    withdrawn.extend(dice.of(&seen.offers).filter(|offer| dice.one_in(4) && offer.execution == commit.execution));
    withdrawn.retain(|offer| !commit.offered.contains(offer));
    withdrawn
}

/// Messages to this execution, and at times one that is gone already.
fn consumed(dice: &mut Dice, execution: ExecutionId, model: &Model, seen: &Seen) -> Vec<MessageId> {
    let own = model.inbox.iter().filter(|(_, (to, _))| *to == execution);
    let mut consumed: Vec<MessageId> = own.filter(|_| dice.one_in(2)).map(|(id, _)| *id).collect();
    consumed.extend(dice.of(&seen.messages).filter(|id| dice.one_in(4) && !model.inbox.contains_key(id)));
    consumed
}

/// Makes it a repetition, one too early, one of an older owner, or one that wants a taken name.
fn spoil(dice: &mut Dice, commit: &mut Commit, kept: Option<&Kept>, model: &Model) {
    let taken: Vec<Key> = model.names.keys().copied().collect();
    let archived = kept.is_some_and(|kept| kept.archived.is_some());
    match dice.below(4) {
        0 if commit.sequence > 1 => commit.sequence -= 1,
        1 if !archived && model.epoch > Epoch(0) => commit.epoch = Epoch(model.epoch.0 - 1),
        2 if commit.sequence == 1 && !taken.is_empty() => commit.name = dice.of(&taken).copied(),
        _ => (commit.sequence, commit.name) = (commit.sequence + 1, None),
    }
}

fn remember(commit: &Commit, seen: &mut Seen) {
    let execution = commit.execution;
    if !seen.executions.contains(&execution) {
        seen.executions.push(execution);
    }
    seen.names.extend(commit.name);
    if commit.attention.to != Attention::Never {
        seen.attention.push((commit.attention.to, execution));
    }
    seen.offers.extend(&commit.offered);
    let line = commit.listing.as_ref().and_then(|moved| moved.to.as_ref());
    seen.cursors.extend(line.map(|line| ListCursor { started_at: line.started_at, execution }));
}
