//! Time for the engine. The only file that asks the machine what time it is.

#![allow(clippy::disallowed_methods)] // this is the file that may

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use stepwell_asl::Timestamp;

/// A clock that follows the machine's, or one that jumps over times in which nothing happens.
#[derive(Clone, Debug)]
pub struct Clock {
    base: Timestamp,
    since: Instant,
    skipped_ms: u64,
    jumps: bool,
}

impl Clock {
    /// Time as it passes.
    pub fn real() -> Clock {
        Clock { base: machine_time(), since: Instant::now(), skipped_ms: 0, jumps: false }
    }

    /// Time that passes at once while everybody only waits for it, and as usual while a function is at work.
    pub fn virtual_from(base: Timestamp) -> Clock {
        Clock { base, since: Instant::now(), skipped_ms: 0, jumps: true }
    }

    /// A clock that jumps, from the machine's time on.
    pub fn jumping() -> Clock {
        Clock { jumps: true, ..Clock::real() }
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        let elapsed_ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.base.plus_ms(elapsed_ms.saturating_add(self.skipped_ms))
    }

    /// How long this clock has been there, at the pace of the machine: for measuring how long things take.
    pub fn elapsed(&self) -> Duration {
        self.since.elapsed()
    }

    /// How long it takes until then, at the pace of the machine.
    pub fn until(&self, at: Timestamp) -> Duration {
        let left_ms = at.0.saturating_sub(self.now().0);
        Duration::from_millis(u64::try_from(left_ms).unwrap_or(0))
    }

    /// Jumps to an instant, where this clock jumps and the instant lies ahead. Tells whether it is there.
    pub fn jump_to(&mut self, at: Timestamp) -> bool {
        let ahead_ms = at.0.saturating_sub(self.now().0);
        if self.jumps && ahead_ms > 0 {
            self.skipped_ms = self.skipped_ms.saturating_add_signed(ahead_ms);
        }
        self.jumps
    }
}

fn machine_time() -> Timestamp {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
}
