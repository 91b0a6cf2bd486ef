//! Chance as a value: a turn that is repeated with the same seed takes the same turn.

/// A stream of random numbers from a seed (xoshiro256++): good enough to be unique, not to be secret.
#[derive(Clone, Debug)]
pub struct Chance([u64; 4]);

impl Chance {
    /// A stream that starts at this seed. All zero is no seed: it stands for one.
    pub fn from_seed(seed: [u64; 4]) -> Chance {
        Chance(if seed == [0; 4] { [1, 2, 3, 4] } else { seed })
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        let s = &mut self.0;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A number in `0.0..1.0`.
    pub fn next_f64(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
