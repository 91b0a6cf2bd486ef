//! The numbers by which the engine and its stores know things.

use std::fmt;

use sha2::{Digest, Sha256};

/// How many shards there are, in every store, for ever: the shard is part of an execution's id.
pub const SHARDS: u16 = 256;

/// A share of the executions. One writer owns it at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard(pub u8);

/// An execution's id in its store: the shard in the top 8 bits, then a number that is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExecutionId(pub u64);

impl ExecutionId {
    /// The id of the execution with this number in this shard.
    pub fn new(shard: Shard, number: u64) -> ExecutionId {
        ExecutionId(u64::from(shard.0) << 56 | number & (u64::MAX >> 8))
    }

    /// The shard it belongs to.
    pub fn shard(self) -> Shard {
        Shard((self.0 >> 56) as u8)
    }
}

/// Which ownership of a shard: it grows with every new owner, and a commit under an older one is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

/// A long name as 16 bytes: the head of its SHA-256. What is stored under it has a fixed width.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub [u8; 16]);

impl Key {
    /// The key of these texts; their borders count.
    pub fn of(texts: &[&str]) -> Key {
        let mut hash = Sha256::new();
        for text in texts {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        }
        let digest: [u8; 32] = hash.finalize().into();
        let mut head = [0; 16];
        head.copy_from_slice(&digest[..16]);
        Key(head)
    }

    /// The shard of an execution that is found under this key.
    pub fn shard(self) -> Shard {
        Shard(self.0[0])
    }
}

/// The form of a UUID, made of a number. Six of its bits are lost.
pub(crate) fn uuid(number: u128) -> String {
    uuid_of(number >> 80, (number >> 64) & 0xfff, number & (u128::MAX >> 66))
}

/// Bits that a UUID can carry.
pub(crate) const UUID_BITS: u32 = 122;

/// The form of a UUID, with all of a number of [`UUID_BITS`].
pub(crate) fn uuid_with(number: u128) -> String {
    uuid_of(number >> 74, (number >> 62) & 0xfff, number & (u128::MAX >> 66))
}

/// As AWS has them here: a UUID's version 3, of those that are made of names.
fn uuid_of(high: u128, middle: u128, low: u128) -> String {
    let bits = (high & (u128::MAX >> 80)) << 80 | 3 << 76 | middle << 64 | 2 << 62 | low;
    let hex = format!("{bits:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// The number that [`uuid_with`] was given.
pub(crate) fn of_uuid(text: &str) -> Option<u128> {
    let hex: String = text.split('-').collect();
    let bits = u128::from_str_radix(&hex, 16).ok()?;
    let number = bits >> 80 << 74 | (bits >> 64 & 0xfff) << 62 | bits & (u128::MAX >> 66);
    (uuid_with(number) == text).then_some(number)
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shard_is_the_top_of_the_id() {
        let id = ExecutionId::new(Shard(0xab), u64::MAX);
        assert_eq!((id.shard(), id.0 >> 56), (Shard(0xab), 0xab));
        assert_eq!(ExecutionId::new(Shard(1), 5).0 & 0xff, 5);
    }

    #[test]
    fn a_uuid_carries_a_number() {
        for number in [0, 1, u128::MAX >> 6, 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef >> 6, 1 << 61, 1 << 62, 1 << 74]
        {
            let text = uuid_with(number);
            assert_eq!((text.len(), of_uuid(&text)), (36, Some(number)), "{text}");
        }
        for wrong in ["", "x", "00000000-0000-4000-8000-000000000000", "00000000000030008000000000000000"] {
            assert_eq!(of_uuid(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn borders_of_texts_count() {
        assert_ne!(Key::of(&["ab", "c"]), Key::of(&["a", "bc"]));
        assert_eq!(Key::of(&["a"]), Key::of(&["a"]));
    }
}
