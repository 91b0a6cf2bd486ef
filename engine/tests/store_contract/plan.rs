//! Executions that follow from their id alone, so that whoever finds one in a store knows what must be there.

use bytes::Bytes;
use stepwell_asl::Timestamp;
use stepwell_engine::ids::{Epoch, ExecutionId, Key};
use stepwell_engine::store::{Attention, Closed, Commit, Listing, Moved, Offer, StoredTurn};

use crate::model::stored;
use crate::support::{Dice, bytes_of, key, turn};

pub const DAY_MS: i64 = 86_400_000;

/// Attention up to here is wanted by executions that have not ended; later, by those that wait to be archived.
pub const GOING_ON_MS: i64 = 50;

/// What one execution does.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub execution: ExecutionId,
    /// How many turns it has.
    pub length: u32,
}

impl Plan {
    pub fn of(execution: ExecutionId) -> Plan {
        Plan { execution, length: 1 + Dice::new(execution.0).below(10) as u32 }
    }

    fn dice(&self, sequence: u32) -> Dice {
        Dice::new(self.execution.0 ^ u64::from(sequence) << 48)
    }

    pub fn commit(&self, sequence: u32, epoch: Epoch) -> Commit {
        let mut dice = self.dice(sequence);
        let (before, after) = (self.line(sequence - 1), self.line(sequence));
        Commit {
            turn_id: dice.next(),
            first_event: u64::from(sequence) * 3,
            events: dice.below(4) as u32,
            body: bytes(&mut dice),
            checkpoint: self.checkpoint(sequence),
            name: (sequence == 1).then(|| self.name()),
            attention: Moved { from: self.attention(sequence - 1), to: self.attention(sequence) },
            listing: (before != after).then_some(Moved { from: before, to: after }),
            offered: self.offer(sequence).into_iter().collect(),
            withdrawn: self.offer(sequence - 1).into_iter().collect(),
            ..turn(self.execution, epoch, sequence)
        }
    }

    pub fn turns(&self, newest: u32) -> Vec<StoredTurn> {
        (1..=newest).map(|sequence| stored(&self.commit(sequence, Epoch(0)))).collect()
    }

    pub fn name(&self) -> Key {
        key(&format!("execution {}", self.execution.0))
    }

    pub fn checkpoint(&self, sequence: u32) -> Option<Bytes> {
        let mut dice = self.dice(sequence + 1000);
        dice.one_in(4).then(|| bytes(&mut dice))
    }

    pub fn newest_checkpoint(&self, newest: u32) -> Option<(u32, Bytes)> {
        (1..=newest).rev().find_map(|sequence| Some((sequence, self.checkpoint(sequence)?)))
    }

    pub fn attention(&self, sequence: u32) -> Attention {
        match sequence {
            0 => Attention::Never,
            last if last == self.length => Attention::At(Timestamp(1000 + (self.execution.0 % 100) as i64)),
            _ if self.dice(sequence).one_in(2) => Attention::Unconfirmed,
            _ => Attention::At(Timestamp(1 + (self.execution.0 % GOING_ON_MS as u64) as i64)),
        }
    }

    /// The line that is kept of it after this turn: new with every third and the last.
    pub fn line(&self, sequence: u32) -> Option<Listing> {
        let written = if sequence == self.length { sequence } else { sequence.checked_sub(1)? / 3 * 3 + 1 };
        Some(Listing {
            list: key("list"),
            status: if sequence == self.length { 2 } else { 1 },
            started_at: self.started_at(),
            entry: bytes(&mut self.dice(written + 2000)),
        })
    }

    pub fn started_at(&self) -> Timestamp {
        Timestamp((self.execution.0 % 1000) as i64)
    }

    /// What it offers after this turn, until the next.
    pub fn offer(&self, sequence: u32) -> Option<Offer> {
        let offers = sequence % 2 == 1 && sequence < self.length;
        let at = Timestamp(sequence.into());
        let ticket = u64::from(sequence);
        offers.then_some(Offer { activity: key("activity"), at, execution: self.execution, branch: 0, ticket })
    }

    pub fn ended_at(&self) -> Timestamp {
        Timestamp((1 + (self.execution.0 % 3) as i64) * DAY_MS)
    }

    pub fn closed(&self) -> Closed {
        Closed {
            execution: self.execution,
            attention: self.attention(self.length),
            name: self.name(),
            list: key("list"),
            status: 2,
            started_at: self.started_at(),
            ended_at: self.ended_at(),
        }
    }
}

/// Mostly few, at times many.
pub fn bytes(dice: &mut Dice) -> Bytes {
    let length = match dice.below(100) {
        0..=79 => dice.below(600),
        80..=89 => 4000 + dice.below(200),
        90..=98 => dice.below(30_000),
        _ => dice.below(400_000),
    };
    bytes_of(dice.next(), length)
}
