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
    fn borders_of_texts_count() {
        assert_ne!(Key::of(&["ab", "c"]), Key::of(&["a", "bc"]));
        assert_eq!(Key::of(&["a"]), Key::of(&["a"]));
    }
}
