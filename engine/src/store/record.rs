//! What rows hold: a head of fixed width, and for some a body that is either in the row or, where it is long, in a
//! segment. The row is the only reference to that place. Numbers are in big-endian.

use bytes::{BufMut, Bytes};
use stepwell_asl::Timestamp;

use super::{Attention, Commit, Failure, StoredTurn, key};

/// A longer body goes to a segment.
pub const INLINE_BYTES_MAX: usize = 4 * 1024;

const INLINE: u8 = 0;
const LOCATED: u8 = 1;

/// A row that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub head: Vec<u8>,
    pub body: Option<Bytes>,
    /// Whether it is known that it takes no other row's place, so that nobody has to look.
    pub is_first: bool,
}

impl Row {
    /// A row that is all head.
    pub fn plain(head: impl Into<Vec<u8>>) -> Row {
        Row { head: head.into(), body: None, is_first: false }
    }

    pub fn new(head: impl Into<Vec<u8>>, body: Bytes) -> Row {
        Row { head: head.into(), body: Some(body), is_first: false }
    }

    /// A row under a key that was never used before.
    pub fn first(head: impl Into<Vec<u8>>, body: Bytes) -> Row {
        Row { is_first: true, ..Row::new(head, body) }
    }

    /// The row's bytes with the body in it.
    pub fn inline(self) -> Vec<u8> {
        let Some(body) = self.body else { return self.head };
        let mut row = self.head;
        row.reserve_exact(1 + body.len() + 4); // and the checksum that follows
        row.put_u8(INLINE);
        row.put_slice(&body);
        row
    }

    /// The row's bytes with the body elsewhere.
    pub fn located(self, at: Location) -> Vec<u8> {
        let mut row = self.head;
        row.put_u8(LOCATED);
        row.put_u32(at.segment);
        row.put_u64(at.offset);
        row.put_u32(at.length);
        row.put_u32(at.crc);
        row
    }
}

/// A place in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// Which segment.
    pub segment: u32,
    /// Where its record begins.
    pub offset: u64,
    /// How long the body is.
    pub length: u32,
    /// The record's checksum.
    pub crc: u32,
}

/// The body of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    Inline(Bytes),
    Located(Location),
}

/// How long the head of a row with a body is; `None` where rows with such a key have none.
pub fn head_bytes(key: &[u8]) -> Option<usize> {
    match key.first() {
        Some(&key::TURN) => Some(TURN_HEAD_BYTES),
        Some(&key::CHECKPOINT) => Some(4),
        Some(&key::RECORD) => Some(8),
        Some(&key::MESSAGE) => Some(8),
        Some(&key::LISTING) => Some(0),
        _ => None,
    }
}

/// The body of a row with one.
pub fn body(key: &[u8], row: &Bytes) -> Result<Body, Failure> {
    let head = head_bytes(key).ok_or_else(|| damaged(key))?;
    match row.get(head) {
        Some(&INLINE) => Ok(Body::Inline(row.slice(head + 1..))),
        Some(&LOCATED) => location(&row[head + 1..]).map(Body::Located).ok_or_else(|| damaged(key)),
        Some(2..) | None => Err(damaged(key)),
    }
}

fn location(bytes: &[u8]) -> Option<Location> {
    let mut fields = Fields(bytes);
    Some(Location { segment: fields.u32()?, offset: fields.u64()?, length: fields.u32()?, crc: fields.u32()? })
}

/// Where a row's body lies, if it lies elsewhere.
pub fn external(key: &[u8], row: &Bytes) -> Result<Option<Location>, Failure> {
    if head_bytes(key).is_none() {
        return Ok(None);
    }
    match body(key, row)? {
        Body::Located(location) => Ok(Some(location)),
        Body::Inline(_) => Ok(None),
    }
}

/// The row of this key does not hold what it should.
pub fn damaged(key: &[u8]) -> Failure {
    let key: String = key.iter().flat_map(|byte| std::ascii::escape_default(*byte)).map(char::from).collect();
    Failure::new(format!(
        "the row {key} is damaged. Check the disk; restore the store's directory from a backup if it stays so"
    ))
}

/// Version, turn id, first event, events, attention.
pub const TURN_HEAD_BYTES: usize = 1 + 8 + 8 + 4 + 9;
const TURN_VERSION: u8 = 1;

/// The head of a turn's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TurnHead {
    pub turn_id: u64,
    pub first_event: u64,
    pub events: u32,
    pub attention: Attention,
}

impl TurnHead {
    pub fn of(commit: &Commit) -> TurnHead {
        let Commit { turn_id, first_event, events, .. } = *commit;
        TurnHead { turn_id, first_event, events, attention: commit.attention.to }
    }

    pub fn of_stored(turn: &StoredTurn) -> TurnHead {
        let StoredTurn { turn_id, first_event, events, attention, .. } = *turn;
        TurnHead { turn_id, first_event, events, attention }
    }

    pub fn encode(self) -> Vec<u8> {
        let mut head = Vec::with_capacity(TURN_HEAD_BYTES + 1 + INLINE_BYTES_MAX.min(512));
        head.put_u8(TURN_VERSION);
        head.put_u64(self.turn_id);
        head.put_u64(self.first_event);
        head.put_u32(self.events);
        let (kind, at) = match self.attention {
            Attention::Unconfirmed => (0, 0),
            Attention::At(at) => (1, at.0),
            Attention::Never => (2, 0),
        };
        head.put_u8(kind);
        head.put_i64(at);
        head
    }

    pub fn decode(row: &[u8]) -> Option<TurnHead> {
        let mut fields = Fields(row);
        if fields.u8()? != TURN_VERSION {
            return None;
        }
        let (turn_id, first_event, events) = (fields.u64()?, fields.u64()?, fields.u32()?);
        let attention = match (fields.u8()?, fields.u64()? as i64) {
            (0, _) => Attention::Unconfirmed,
            (1, at) => Attention::At(Timestamp(at)),
            (2, _) => Attention::Never,
            (3.., _) => return None,
        };
        Some(TurnHead { turn_id, first_event, events, attention })
    }

    pub fn stored(self, sequence: u32, body: Bytes) -> StoredTurn {
        let TurnHead { turn_id, first_event, events, attention } = self;
        StoredTurn { sequence, turn_id, first_event, events, attention, body }
    }
}

/// Reads one number after the other. `None`: there is nothing left.
pub struct Fields<'a>(pub &'a [u8]);

impl Fields<'_> {
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    pub fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ExecutionId;

    #[test]
    fn bodies_are_read_as_they_were_written() {
        let key = key::turn(ExecutionId(1), 1);
        for attention in [Attention::Unconfirmed, Attention::At(Timestamp(-3)), Attention::Never] {
            let head = TurnHead { turn_id: u64::MAX, first_event: 2, events: 3, attention };
            assert_eq!(head.encode().len(), TURN_HEAD_BYTES);

            let row: Bytes = Row::new(head.encode(), Bytes::from_static(b"body")).inline().into();
            assert_eq!(TurnHead::decode(&row), Some(head));
            assert_eq!(body(&key, &row).expect("a body"), Body::Inline(Bytes::from_static(b"body")));

            let at = Location { segment: 1, offset: u64::MAX, length: 3, crc: 4 };
            let row: Bytes = Row::new(head.encode(), Bytes::from_static(b"body")).located(at).into();
            assert_eq!(TurnHead::decode(&row), Some(head));
            assert_eq!(external(&key, &row).expect("a place"), Some(at));
        }
    }

    #[test]
    fn a_row_that_is_cut_off_is_an_error() {
        let key = key::turn(ExecutionId(1), 1);
        let head = TurnHead { turn_id: 1, first_event: 2, events: 3, attention: Attention::Never };
        let at = Location { segment: 1, offset: 2, length: 3, crc: 4 };
        let row: Bytes = Row::new(head.encode(), Bytes::new()).located(at).into();
        for length in 0..row.len() {
            let error = body(&key, &row.slice(..length)).expect_err("it is cut off");
            assert!(error.to_string().starts_with(r"the row h\x00\x00\x00\x00\x00\x00\x00\x01"), "{error}");
        }
    }
}
