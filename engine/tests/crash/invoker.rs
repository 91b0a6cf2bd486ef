//! Whoever does the tasks of a child: functions, holders of tokens and the workers of an activity. All of them write
//! down what came to them before they do anything else.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stepwell_asl::Value;
use stepwell_engine::Engine;
use stepwell_engine::invoke::{Answer, Invoker, Task};
use tokio::sync::SetOnce;

use super::facts::{Book, Call, Fact};
use super::model::{ACT, NEVER, failure, mix, result};

/// Does the tasks of one life.
#[derive(Clone)]
pub struct World {
    pub book: Arc<Book>,
    /// Known a little later than the first calls may come.
    pub engine: Arc<SetOnce<Engine>>,
    pub life: u32,
    /// Nobody is killed any more: everything is answered.
    pub finishing: bool,
}

/// What a task is about.
struct Work {
    at: String,
    item: u64,
    n: u64,
    fails: u64,
}

impl Work {
    fn of(input: &Value) -> Option<Work> {
        let input = input.get("MessageBody").unwrap_or(input).to_json();
        let number = |name: &str| input[name].as_u64();
        Some(Work {
            at: input["at"].as_str()?.to_owned(),
            item: number("item")?,
            n: number("n")?,
            fails: number("fails")?,
        })
    }
}

#[async_trait]
impl Invoker for World {
    async fn invoke(&self, task: &Task) -> Answer {
        let name = task.execution_name.to_string();
        let Some(work) = Work::of(&task.input) else {
            self.book.broken(format!("{name} calls with {}", task.input));
            return Answer::failed("Broken", "no such work");
        };
        let Work { at, item, n, fails } = work;
        let now_ms = self.engine.wait().await.now().0;
        let call = Call { name: name.clone(), at: at.clone(), item, attempt: task.attempt, now_ms };
        self.book.write(&Fact::Called(call));
        let chance = mix(&format!("{name}{at}{item}"), u64::from(self.life));
        if at == NEVER {
            return Answer::Succeeded(Value::Null);
        }
        if let Some(token) = &task.token {
            let answer = result(&at, item, n);
            self.book.write(&Fact::Token { name, at, token: token.to_string(), answer });
            if self.finishing || !chance.is_multiple_of(3) {
                let (world, token) = (self.clone(), token.to_string());
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(chance % 20)).await;
                    world.answer(&token, answer).await;
                });
            }
            return Answer::Succeeded(Value::Null);
        }
        if at == "A" && !self.finishing && chance % 40 == 7 {
            std::future::pending::<()>().await; // a later life calls again
        }
        tokio::time::sleep(Duration::from_millis(chance % 16)).await;
        match failure(&at, item, fails, task.attempt) {
            Some((error, cause)) => Answer::failed(error, cause),
            None => Answer::Succeeded(Value::from(serde_json::json!(result(&at, item, n)))),
        }
    }
}

impl World {
    /// Brings a token back. What is late was answered before, or has timed out.
    pub async fn answer(&self, token: &str, answer: u64) {
        let answered = self.engine.wait().await.task_succeeded(token, Value::from(serde_json::json!(answer))).await;
        match answered {
            Ok(()) => self.book.write(&Fact::Answered { token: token.to_owned() }),
            Err(error) => match error.code() {
                Some("TaskTimedOut" | "TaskDoesNotExist") => self.book.write(&Fact::Late { token: token.to_owned() }),
                Some(_) | None => self.book.broken(format!("an answer is refused: {error}")),
            },
        }
    }

    /// What was answered and acknowledged must not be waited for any more.
    pub async fn answer_twice(&self, token: &str) {
        let engine = self.engine.wait().await;
        if engine.task_succeeded(token, Value::from(serde_json::json!("a second answer"))).await.is_ok() {
            self.book.broken(format!("the answer to {token} was acknowledged, and is waited for again"));
        }
    }

    /// Polls for the tasks of an activity for ever.
    pub async fn act(self, activity: String) {
        let engine = self.engine.wait().await;
        let mut seen = HashSet::new();
        loop {
            let task = match engine.poll_activity(&activity, Some("worker"), Duration::from_secs(5)).await {
                Ok(Some(task)) => task,
                Ok(None) => continue,
                Err(error) => return self.book.broken(format!("an activity's worker is refused: {error}")),
            };
            let Some(work) = Work::of(&task.input).filter(|work| work.at == ACT) else {
                return self.book.broken(format!("an activity's worker gets {}", task.input));
            };
            let (token, answer) = (task.token.to_string(), result(&work.at, work.item, work.n));
            if !seen.insert(token.clone()) {
                self.book.broken("an activity's task was handed out twice");
            }
            self.book.write(&Fact::Token { name: "?".to_owned(), at: work.at, token: token.clone(), answer });
            let chance = mix(&token, u64::from(self.life));
            if self.finishing || !chance.is_multiple_of(4) {
                tokio::time::sleep(Duration::from_millis(chance % 10)).await;
                self.answer(&token, answer).await;
            }
        }
    }
}
