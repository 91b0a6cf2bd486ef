//! The keys of rows: a tag, then numbers of fixed width in big-endian, so that rows lie in the order in which they are
//! asked for. All rows are in one tree.
//!
//! | tag | then | row |
//! |---|---|---|
//! | `h` | execution u64, turn u32 | a turn |
//! | `c` | execution u64 | the newest checkpoint |
//! | `w` | due u64, execution u64 | an execution that wants attention |
//! | `n` | key | a name, to its execution |
//! | `l` | list, status u8, inverted start u64, inverted execution u64 | a line of a listing |
//! | `o` | activity, since u64, execution u64, branch u32, ticket u64 | a task for an activity's workers |
//! | `i` | message u64 | a message of the inbox |
//! | `r` | kind u8, name | a record of the registry |
//! | `a` | execution u64 | where an archived execution lies |
//! | `f` | number u32 | an archive file, and the newest end of an execution in it |
//! | `g` | segment u32 | how many bytes of a segment are live |
//! | `m` | name | counters of the store |

use stepwell_asl::Timestamp;

use super::{Attention, ListCursor, MessageId, Offer, RecordKind};
use crate::ids::{ExecutionId, Key};

pub const TURN: u8 = b'h';
pub const CHECKPOINT: u8 = b'c';
pub const ATTENTION: u8 = b'w';
pub const NAME: u8 = b'n';
pub const LISTING: u8 = b'l';
pub const OFFER: u8 = b'o';
pub const MESSAGE: u8 = b'i';
pub const RECORD: u8 = b'r';
pub const ARCHIVED: u8 = b'a';
pub const ARCHIVE_FILE: u8 = b'f';
pub const SEGMENT: u8 = b'g';
pub const META: u8 = b'm';

/// The number of the next execution.
pub const NEXT_EXECUTION: &[u8] = b"mexecution";
/// The number of the next message.
pub const NEXT_MESSAGE: &[u8] = b"mmessage";
/// The epoch of the newest opening.
pub const EPOCH: &[u8] = b"mepoch";
/// The epoch whose owner closed the store in order.
pub const CLOSED: &[u8] = b"mclosed";
/// How many bytes of rows are live, about.
pub const LIVE: &[u8] = b"mlive";

struct Builder(Vec<u8>);

impl Builder {
    fn new(tag: u8) -> Builder {
        let mut key = Vec::with_capacity(48);
        key.push(tag);
        Builder(key)
    }

    fn bytes(mut self, bytes: &[u8]) -> Builder {
        self.0.extend_from_slice(bytes);
        self
    }

    fn u8(self, number: u8) -> Builder {
        self.bytes(&[number])
    }

    fn u32(self, number: u32) -> Builder {
        self.bytes(&number.to_be_bytes())
    }

    fn u64(self, number: u64) -> Builder {
        self.bytes(&number.to_be_bytes())
    }
}

/// A turn.
pub fn turn(execution: ExecutionId, sequence: u32) -> Vec<u8> {
    Builder::new(TURN).u64(execution.0).u32(sequence).0
}

/// How the turns of an execution begin.
pub fn turns(execution: ExecutionId) -> Vec<u8> {
    Builder::new(TURN).u64(execution.0).0
}

/// The turn's number, of a turn's key.
pub fn turn_of(key: &[u8]) -> Option<u32> {
    u32_at(key, 9)
}

/// A checkpoint.
pub fn checkpoint(execution: ExecutionId) -> Vec<u8> {
    Builder::new(CHECKPOINT).u64(execution.0).0
}

/// An execution that wants attention; `None` where it never does.
pub fn attention(attention: Attention, execution: ExecutionId) -> Option<Vec<u8>> {
    Some(Builder::new(ATTENTION).u64(due(attention)?).u64(execution.0).0)
}

/// The instant as a number: 0 for at once, later ones from 1 on.
fn due(attention: Attention) -> Option<u64> {
    match attention {
        Attention::Unconfirmed => Some(0),
        Attention::At(at) => Some(u64::try_from(at.0).unwrap_or(1).max(1)),
        Attention::Never => None,
    }
}

/// Who wants attention when, of a key of [`attention`].
pub fn attention_of(key: &[u8]) -> Option<(Attention, ExecutionId)> {
    let attention = match u64_at(key, 1)? {
        0 => Attention::Unconfirmed,
        due => Attention::At(Timestamp(i64::try_from(due).unwrap_or(i64::MAX))),
    };
    Some((attention, ExecutionId(u64_at(key, 9)?)))
}

/// A name.
pub fn name(name: Key) -> Vec<u8> {
    Builder::new(NAME).bytes(&name.0).0
}

/// A line of a listing.
pub fn listing(list: Key, status: u8, cursor: ListCursor) -> Vec<u8> {
    let started = !ordered(cursor.started_at);
    Builder::new(LISTING).bytes(&list.0).u8(status).u64(started).u64(!cursor.execution.0).0
}

/// How the lines of a list begin.
pub fn list(list: Key) -> Vec<u8> {
    Builder::new(LISTING).bytes(&list.0).0
}

/// How the lines of a list with a status begin.
pub fn list_status(list: Key, status: u8) -> Vec<u8> {
    Builder::new(LISTING).bytes(&list.0).u8(status).0
}

/// Status and place, of a key of [`listing`].
pub fn listing_of(key: &[u8]) -> Option<(u8, ListCursor)> {
    let status = *key.get(17)?;
    let started_at = instant(!u64_at(key, 18)?);
    Some((status, ListCursor { started_at, execution: ExecutionId(!u64_at(key, 26)?) }))
}

/// An activity's task.
pub fn offer(offer: &Offer) -> Vec<u8> {
    let Offer { activity, at, execution, branch, ticket } = offer;
    Builder::new(OFFER).bytes(&activity.0).u64(ordered(*at)).u64(execution.0).u32(*branch).u64(*ticket).0
}

/// How the tasks of an activity begin.
pub fn offers(activity: Key) -> Vec<u8> {
    Builder::new(OFFER).bytes(&activity.0).0
}

/// The task, of a key of [`offer`].
pub fn offer_of(key: &[u8]) -> Option<Offer> {
    Some(Offer {
        activity: Key(key.get(1..17)?.try_into().ok()?),
        at: instant(u64_at(key, 17)?),
        execution: ExecutionId(u64_at(key, 25)?),
        branch: u32_at(key, 33)?,
        ticket: u64_at(key, 37)?,
    })
}

/// A message.
pub fn message(message: MessageId) -> Vec<u8> {
    Builder::new(MESSAGE).u64(message.0).0
}

/// Its number, of a key of [`message`].
pub fn message_of(key: &[u8]) -> Option<MessageId> {
    u64_at(key, 1).map(MessageId)
}

/// A record; or, with the head of a name, how all records with such names begin.
pub fn record(kind: RecordKind, name: &str) -> Vec<u8> {
    Builder::new(RECORD).u8(kind as u8).bytes(name.as_bytes()).0
}

/// Its name, of a key of [`record`].
pub fn record_of(key: &[u8]) -> Option<String> {
    String::from_utf8(key.get(2..)?.to_vec()).ok()
}

/// Where an archived execution lies.
pub fn archived(execution: ExecutionId) -> Vec<u8> {
    Builder::new(ARCHIVED).u64(execution.0).0
}

/// An archive file.
pub fn archive_file(number: u32) -> Vec<u8> {
    Builder::new(ARCHIVE_FILE).u32(number).0
}

/// Its number, of a key of [`archive_file`].
pub fn archive_file_of(key: &[u8]) -> Option<u32> {
    u32_at(key, 1)
}

/// A segment.
pub fn segment(number: u32) -> Vec<u8> {
    Builder::new(SEGMENT).u32(number).0
}

/// Its number, of a key of [`segment`].
pub fn segment_of(key: &[u8]) -> Option<u32> {
    u32_at(key, 1)
}

/// An instant as a number that grows as it does.
fn ordered(at: Timestamp) -> u64 {
    (at.0 as u64) ^ (1 << 63)
}

fn instant(ordered: u64) -> Timestamp {
    Timestamp((ordered ^ (1 << 63)) as i64)
}

fn u32_at(key: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(key.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(key: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(key.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ascending(keys: &[Vec<u8>]) {
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "{keys:?}");
    }

    fn cursor(started_at: i64, execution: u64) -> ListCursor {
        ListCursor { started_at: Timestamp(started_at), execution: ExecutionId(execution) }
    }

    #[test]
    fn turns_lie_in_the_order_of_their_numbers() {
        let first = ExecutionId(7);
        ascending(&[
            turn(first, 1),
            turn(first, 255),
            turn(first, 256),
            turn(first, u32::MAX),
            turn(ExecutionId(8), 1),
        ]);
        assert_eq!(turn_of(&turn(first, 70_000)), Some(70_000));
    }

    #[test]
    fn unconfirmed_comes_before_every_instant() {
        let key = |wanted| attention(wanted, ExecutionId(1)).expect("there is a row");
        let at = |ms| key(Attention::At(Timestamp(ms)));
        ascending(&[key(Attention::Unconfirmed), at(i64::MIN), at(2), at(256), at(i64::MAX)]);
        assert_eq!(at(-5), at(1));
        assert_eq!(attention(Attention::Never, ExecutionId(1)), None);
        assert_eq!(attention_of(&at(256)), Some((Attention::At(Timestamp(256)), ExecutionId(1))));
        assert_eq!(attention_of(&key(Attention::Unconfirmed)), Some((Attention::Unconfirmed, ExecutionId(1))));
    }

    #[test]
    fn the_newest_line_of_a_list_comes_first() {
        let key = |started_at, execution| listing(Key::of(&["list"]), 3, cursor(started_at, execution));
        ascending(&[key(i64::MAX, 1), key(5, 9), key(5, 2), key(0, 9), key(-1, 9), key(i64::MIN, 9)]);
        assert_eq!(listing_of(&key(-5, 9)), Some((3, cursor(-5, 9))));
    }

    #[test]
    fn the_oldest_offer_comes_first() {
        let new = |at, execution, branch, ticket| Offer {
            activity: Key::of(&["activity"]),
            at: Timestamp(at),
            execution: ExecutionId(execution),
            branch,
            ticket,
        };
        let all =
            [new(-1, 9, 9, 9), new(0, 9, 9, 9), new(1, 1, 9, 9), new(1, 2, 1, 9), new(1, 2, 2, 1), new(1, 2, 2, 2)];
        ascending(&all.map(|one| offer(&one)));
        assert_eq!(all.map(|one| offer_of(&offer(&one))), all.map(Some));
    }

    #[test]
    fn names_of_records_are_kept() {
        let key = record(RecordKind::Activity, "arn:ü");
        assert_eq!(record_of(&key), Some("arn:ü".into()));
        assert!(key.starts_with(&record(RecordKind::Activity, "arn:")));
    }

    #[test]
    fn a_key_that_is_cut_off_means_nothing() {
        let whole = offer(&Offer {
            activity: Key::of(&["a"]),
            at: Timestamp(1),
            execution: ExecutionId(1),
            branch: 1,
            ticket: 1,
        });
        assert!((0..whole.len()).all(|length| offer_of(&whole[..length]).is_none()));
    }
}
