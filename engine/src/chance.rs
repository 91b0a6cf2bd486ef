//! Randomness from the machine, for seeds and keys. The core gets it as a value.

/// 32 random bytes. A machine that has no randomness gives zeros: keys and seeds are then known, but nothing stops.
pub fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    if getrandom::fill(&mut bytes).is_err() {
        bytes = [0; 32];
    }
    bytes
}

/// A seed for [`stepwell_asl::Chance`].
pub fn seed() -> [u64; 4] {
    let bytes = random();
    std::array::from_fn(|at| {
        let mut word = [0; 8];
        word.copy_from_slice(&bytes[at * 8..at * 8 + 8]);
        u64::from_be_bytes(word)
    })
}
