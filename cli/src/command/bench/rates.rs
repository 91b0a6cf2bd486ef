//! Latencies as they are gathered and told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::refusal::Refusal;

/// Digits that are kept of a latency.
const DIGITS: u8 = 3;

/// The longest latency that is told from others: an hour, in microseconds.
const US_MAX: u64 = 3_600_000_000;

/// Many latencies. All clones gather into the same ones: one for each of many writers would take much memory.
#[derive(Clone)]
pub struct Latencies(Arc<Mutex<Histogram<u64>>>);

impl Latencies {
    /// None yet.
    pub fn new() -> Result<Latencies, Refusal> {
        let histogram = Histogram::new_with_max(US_MAX, DIGITS).map_err(|error| Refusal::new(error.to_string()))?;
        Ok(Latencies(Arc::new(Mutex::new(histogram))))
    }

    /// One more.
    pub fn record(&self, latency: Duration) {
        self.lock().saturating_record(u64::try_from(latency.as_micros()).unwrap_or(US_MAX));
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.lock().len()
    }

    /// A quantile in milliseconds, such as 0.99.
    pub fn ms(&self, quantile: f64) -> f64 {
        self.lock().value_at_quantile(quantile) as f64 / 1000.0
    }

    fn lock(&self) -> MutexGuard<'_, Histogram<u64>> {
        // Every critical section is whole at every step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_what_was_recorded() {
        let latencies = Latencies::new().expect("the bounds are good");
        (1..=100).for_each(|ms| latencies.clone().record(Duration::from_millis(ms)));
        latencies.record(Duration::from_secs(100_000));
        assert_eq!(latencies.count(), 101);
        assert!((latencies.ms(0.5) - 51.0).abs() < 0.1, "{}", latencies.ms(0.5));
        assert!((latencies.ms(1.0) / 3_600_000.0 - 1.0).abs() < 0.01, "{}", latencies.ms(1.0));
    }
}
