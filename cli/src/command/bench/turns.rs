//! Turns as short executions have them: ten each, with the index rows that they move.

use bytes::Bytes;
use stepwell_asl::Timestamp;
use stepwell_engine::ids::{Epoch, ExecutionId, Key};
use stepwell_engine::store::{Attention, Commit, Listing, Moved};

/// Turns of an execution.
pub const TURNS: u32 = 10;

/// The turn of this number.
pub fn turn(epoch: Epoch, execution: ExecutionId, sequence: u32) -> Commit {
    let listing = |status, entry: &'static str| Listing {
        list: Key::of(&["list"]),
        status,
        started_at: Timestamp(1_700_000_000_000 + execution.0 as i64 % 1_000_000),
        entry: Bytes::from_static(entry.as_bytes()),
    };
    let listing = match sequence {
        1 => Some(Moved { from: None, to: Some(listing(0, "running")) }),
        TURNS => Some(Moved { from: Some(listing(0, "running")), to: Some(listing(1, "succeeded")) }),
        _ => None,
    };
    Commit {
        execution,
        epoch,
        sequence,
        turn_id: execution.0 ^ u64::from(sequence),
        first_event: u64::from(sequence) * 5,
        events: 5,
        body: body(execution, sequence),
        checkpoint: None,
        name: (sequence == 1).then(|| Key::of(&[&execution.0.to_string()])),
        attention: Moved { from: attention(execution, sequence - 1), to: attention(execution, sequence) },
        listing,
        offered: Vec::new(),
        withdrawn: Vec::new(),
        consumed: Vec::new(),
    }
}

/// A call is in flight, then there is a deadline for a while, then another call.
fn attention(execution: ExecutionId, sequence: u32) -> Attention {
    match sequence {
        0 | TURNS => Attention::Never,
        4..7 => Attention::At(Timestamp(1_800_000_000_000 + (execution.0 & 0xfffff) as i64)),
        _ => Attention::Unconfirmed,
    }
}

/// From 200 bytes to 4 KB, mostly short, 1.2 KB in the mean; half of it hard to compress.
pub fn body(execution: ExecutionId, sequence: u32) -> Bytes {
    let mut state = execution.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(sequence) << 32 | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    next();
    let part = next() >> 54; // of 1024
    let length = 200 + ((3_900 * part.pow(3)) >> 30) as usize;
    let mut body = Vec::with_capacity(length + 16);
    while body.len() < length {
        body.extend_from_slice(&next().to_le_bytes());
        body.extend_from_slice(b"{\"a\":1} ");
    }
    body.truncate(length);
    body.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_as_long_as_they_are_said_to_be() {
        let lengths: Vec<usize> = (0..10_000).map(|id| body(ExecutionId(id), 3).len()).collect();
        assert!(lengths.iter().all(|length| (200..=4_100).contains(length)));
        let mean = lengths.iter().sum::<usize>() / lengths.len();
        assert!((1_050..1_350).contains(&mean), "{mean}");
    }
}
