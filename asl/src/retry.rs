//! Retriers and Catchers: which errors they are for, and how long a retry waits.

use crate::program::{ResultPath, StateId};
use crate::template::Template;
use crate::value::Text;

/// One entry of `Retry`.
#[derive(Clone, Debug)]
pub struct Retrier {
    /// `ErrorEquals`
    pub error_equals: Box<[Text]>,
    /// `IntervalSeconds`, 1 where it is not written.
    pub interval_s: u64,
    /// `MaxAttempts`, 3 where it is not written; 0 means never.
    pub max_attempts: u32,
    /// `BackoffRate`, 2.0 where it is not written.
    pub backoff_rate: f64,
    /// `MaxDelaySeconds`
    pub max_delay_s: Option<u64>,
    /// `JitterStrategy` is `FULL`.
    pub full_jitter: bool,
}

/// One entry of `Catch`.
#[derive(Clone, Debug)]
pub struct Catcher {
    /// `ErrorEquals`
    pub error_equals: Box<[Text]>,
    /// Where it leads.
    pub next: StateId,
    /// `ResultPath`
    pub result_path: ResultPath,
    /// `Assign`
    pub assign: Option<Template>,
    /// `Output`, in JSONata.
    pub output: Option<Template>,
}

/// Delay before attempt `attempt` (1 = first retry), in milliseconds, before jitter.
///
/// `IntervalSeconds * BackoffRate^(attempt - 1)`, capped at `MaxDelaySeconds`; saturates, because the
/// specification allows intervals that no calendar can hold. Jitter is the caller's: it needs chance.
pub fn backoff_ms(retrier: &Retrier, attempt: u32) -> u64 {
    let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
    let delay_s = retrier.interval_s as f64 * retrier.backoff_rate.powi(exponent);
    let capped_s = retrier.max_delay_s.map_or(delay_s, |cap| delay_s.min(cap as f64));
    (capped_s * 1000.0) as u64 // a float that is too large or not a number becomes the end of the range or 0
}

/// Whether a list of error names is for this error.
///
/// `States.ALL` is for every error. `States.TaskFailed` is for every error but a timeout. `States.Timeout` is for
/// `States.HeartbeatTimeout` too.
pub fn matches(error_equals: &[Text], error: &str) -> bool {
    error_equals.iter().any(|name| match &**name {
        "States.ALL" => true,
        "States.TaskFailed" => error != "States.Timeout",
        "States.Timeout" => matches!(error, "States.Timeout" | "States.HeartbeatTimeout"),
        name => name == error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retrier(interval_s: u64, backoff_rate: f64, max_delay_s: Option<u64>) -> Retrier {
        Retrier { error_equals: [].into(), interval_s, max_attempts: 3, backoff_rate, max_delay_s, full_jitter: false }
    }

    #[test]
    fn delays_grow_by_the_rate_up_to_the_cap() {
        let delays = |r: Retrier| [1, 2, 3, 4].map(|attempt| backoff_ms(&r, attempt));
        assert_eq!(delays(retrier(1, 2.0, None)), [1000, 2000, 4000, 8000]);
        assert_eq!(delays(retrier(3, 2.0, Some(5))), [3000, 5000, 5000, 5000]);
        assert_eq!(delays(retrier(2, 1.5, None)), [2000, 3000, 4500, 6750]);
    }

    #[test]
    fn a_delay_beyond_the_calendar_saturates() {
        assert_eq!(backoff_ms(&retrier(99_999_999, 1e300, None), u32::MAX), u64::MAX);
    }

    #[test]
    fn reserved_names_match_as_on_aws() {
        let check = |names: &[&str], error| {
            let names: Vec<Text> = names.iter().map(|name| (*name).into()).collect();
            matches(&names, error)
        };
        assert!(check(&["A", "B"], "B"));
        assert!(!check(&["A", "B"], "C"));
        assert!(check(&["States.ALL"], "anything"));
        assert!(check(&["States.TaskFailed"], "Exception"));
        assert!(!check(&["States.TaskFailed"], "States.Timeout"));
        assert!(check(&["States.Timeout"], "States.HeartbeatTimeout"));
        assert!(!check(&["States.HeartbeatTimeout"], "States.Timeout"));
    }
}
