//! What is asked for under a client's token is done once, as AWS promises for 15 minutes: whoever asks again, or meanwhile,
//! gets the first answer.
//!
//! Kept in memory. A client that repeats a request after the server was started again is told what became of the first.

use std::collections::VecDeque;

use stepwell_asl::Timestamp;
use stepwell_engine::ids::Key;
use tokio::sync::Mutex;

/// How long a token is remembered.
const LIFETIME_MS: i64 = 15 * 60 * 1000;

/// Tokens of one shelf are asked for one after the other; there are so many shelves.
const SHELVES: usize = 64;

/// Answers that a shelf remembers at most; the oldest go first.
const ANSWERS_MAX: usize = 1_000;

/// Answers by token.
pub struct Recent(Vec<Mutex<Shelf>>);

/// Answers, oldest first.
#[derive(Default)]
struct Shelf(VecDeque<Answered>);

struct Answered {
    key: Key,
    at: Timestamp,
    answer: Timestamp,
}

impl Default for Recent {
    fn default() -> Recent {
        Recent((0..SHELVES).map(|_| Mutex::default()).collect())
    }
}

impl Recent {
    /// The answer that was given under this token lately, or that of `ask`. An error is not remembered.
    pub async fn once<E>(
        &self,
        of: &[&str],
        now: Timestamp,
        ask: impl Future<Output = Result<Timestamp, E>>,
    ) -> Result<Timestamp, E> {
        let key = Key::of(of);
        let mut shelf = self.0[usize::from(key.0[0]) % SHELVES].lock().await;
        if let Some(answer) = shelf.find(key, now) {
            return Ok(answer);
        }
        let answer = ask.await?;
        shelf.remember(Answered { key, at: now, answer });
        Ok(answer)
    }
}

impl Shelf {
    fn find(&mut self, key: Key, now: Timestamp) -> Option<Timestamp> {
        while self.0.front().is_some_and(|oldest| now.0.saturating_sub(oldest.at.0) > LIFETIME_MS) {
            self.0.pop_front();
        }
        self.0.iter().find(|answered| answered.key == key).map(|answered| answered.answer)
    }

    fn remember(&mut self, answered: Answered) {
        if self.0.len() >= ANSWERS_MAX {
            self.0.pop_front();
        }
        self.0.push_back(answered);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(
        recent: &Recent,
        token: &str,
        now: i64,
        answer: Result<i64, &'static str>,
    ) -> Result<i64, &'static str> {
        let answer = async move { answer.map(Timestamp) };
        recent.once(&["arn", token], Timestamp(now), answer).await.map(|at| at.0)
    }

    #[tokio::test]
    async fn a_token_is_remembered_for_a_quarter_of_an_hour() {
        let recent = Recent::default();
        assert_eq!(ask(&recent, "t", 0, Err("refused")).await, Err("refused"));
        assert_eq!(ask(&recent, "t", 0, Ok(7)).await, Ok(7), "an error is not remembered");
        assert_eq!(ask(&recent, "t", LIFETIME_MS, Ok(8)).await, Ok(7));
        assert_eq!(ask(&recent, "other", 0, Ok(9)).await, Ok(9));
        assert_eq!(ask(&recent, "t", LIFETIME_MS + 1, Ok(8)).await, Ok(8));
    }

    #[test]
    fn the_oldest_are_forgotten_first() {
        let (mut shelf, key) = (Shelf::default(), |n: usize| Key::of(&[&n.to_string()]));
        for n in 0..=ANSWERS_MAX {
            shelf.remember(Answered { key: key(n), at: Timestamp(0), answer: Timestamp(1) });
        }
        assert_eq!([shelf.find(key(0), Timestamp(0)), shelf.find(key(1), Timestamp(0))], [None, Some(Timestamp(1))]);
    }
}
