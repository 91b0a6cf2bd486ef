//! How fast the times pass for which nothing but waiting is to be done: Waits, and the times between retries.

use stepwell_asl::Timestamp;

/// What a second of waiting takes. Timeouts and heartbeats are not waiting: functions take the time they take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace(f64);

impl Default for Pace {
    fn default() -> Pace {
        Pace::REAL
    }
}

impl Pace {
    /// A second takes a second.
    pub const REAL: Pace = Pace(1.0);

    /// A second takes `scale` seconds. `None` where that is no number from 0 to 1000.
    pub fn scaled(scale: f64) -> Option<Pace> {
        (0.0..=1000.0).contains(&scale).then_some(Pace(scale))
    }

    /// The instant that is `ms` of waiting after `now`.
    pub fn after(self, now: Timestamp, ms: u64) -> Timestamp {
        // Through a float only where there is something to scale: it does not hold every number of milliseconds.
        now.plus_ms(if self == Pace::REAL { ms } else { (ms as f64 * self.0) as u64 })
    }

    /// When a wait ends that would end at `at`. One that has ended is not moved.
    pub fn until(self, now: Timestamp, at: Timestamp) -> Timestamp {
        match u64::try_from(at.0.saturating_sub(now.0)) {
            Ok(ms) if self != Pace::REAL => self.after(now, ms),
            _ => at,
        }
    }
}

impl std::fmt::Display for Pace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_scaled() {
        let check = |scale: f64, ms: i64, expected: i64| {
            let pace = Pace::scaled(scale).expect("it is a scale");
            assert_eq!(pace.until(Timestamp(1000), Timestamp(1000 + ms)), Timestamp(1000 + expected), "{scale} {ms}");
        };
        check(1.0, 7, 7);
        check(0.01, 60_000, 600);
        check(0.0, 60_000, 0);
        check(2.5, 10, 25);
        check(0.5, -10, -10);
        for wrong in [-0.1, f64::NAN, f64::INFINITY, 1000.1] {
            assert_eq!(Pace::scaled(wrong), None, "{wrong}");
        }
    }
}
