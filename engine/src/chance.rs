//! Randomness from the machine, for seeds and keys. The core gets it as a value.

use std::io;

/// 32 random bytes. An error where the machine has none to give: keys must not be guessed.
pub fn random() -> io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| io::Error::other(format!("the machine gives no randomness: {error}")))?;
    Ok(bytes)
}

/// A seed for [`stepwell_asl::Chance`].
pub fn seed() -> io::Result<[u64; 4]> {
    let bytes = random()?;
    Ok(std::array::from_fn(|at| {
        let mut word = [0; 8];
        word.copy_from_slice(&bytes[at * 8..at * 8 + 8]);
        u64::from_be_bytes(word)
    }))
}
