//! What was answered lately under a client's token: the same request is not done twice, as AWS promises for 15 minutes.
//!
//! Kept in memory. A client that repeats a request after the server was started again is told what became of the first.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use stepwell_asl::Timestamp;
use stepwell_engine::ids::Key;

/// How long a token is remembered.
const LIFETIME_MS: i64 = 15 * 60 * 1000;

/// Answers that are remembered at most; the oldest go first.
const ANSWERS_MAX: usize = 10_000;

/// Answers by token, oldest first.
#[derive(Default)]
pub struct Recent(Mutex<VecDeque<Answered>>);

struct Answered {
    key: Key,
    at: Timestamp,
    answer: Timestamp,
}

impl Recent {
    /// The answer that was given under this token, if it was given lately.
    pub fn find(&self, of: &[&str], now: Timestamp) -> Option<Timestamp> {
        let key = Key::of(of);
        let mut answers = self.lock();
        while answers.front().is_some_and(|oldest| now.0.saturating_sub(oldest.at.0) > LIFETIME_MS) {
            answers.pop_front();
        }
        answers.iter().find(|answered| answered.key == key).map(|answered| answered.answer)
    }

    /// Remembers an answer.
    pub fn remember(&self, of: &[&str], answer: Timestamp, now: Timestamp) {
        let mut answers = self.lock();
        if answers.len() >= ANSWERS_MAX {
            answers.pop_front();
        }
        answers.push_back(Answered { key: Key::of(of), at: now, answer });
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Answered>> {
        // Every critical section is whole at every step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_remembered_for_a_quarter_of_an_hour() {
        let (recent, now) = (Recent::default(), Timestamp(1_000));
        recent.remember(&["arn", "token"], Timestamp(7), now);
        assert_eq!(recent.find(&["arn", "token"], now), Some(Timestamp(7)));
        assert_eq!(recent.find(&["arn", "other"], now), None);
        assert_eq!(recent.find(&["arn", "token"], Timestamp(now.0 + LIFETIME_MS)), Some(Timestamp(7)));
        assert_eq!(recent.find(&["arn", "token"], Timestamp(now.0 + LIFETIME_MS + 1)), None);
    }

    #[test]
    fn the_oldest_are_forgotten_first() {
        let (recent, now) = (Recent::default(), Timestamp(0));
        for n in 0..=ANSWERS_MAX {
            recent.remember(&[&n.to_string()], Timestamp(1), now);
        }
        assert_eq!((recent.find(&["0"], now), recent.find(&["1"], now)), (None, Some(Timestamp(1))));
    }
}
