//! Random work from a seed, on a store and on the model at once. Everything that can be read is compared.
//!
//! `STEPWELL_STORE_SEEDS=7` repeats one seed, `STEPWELL_STORE_SEEDS=1..1000` runs many.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::{BoxFuture, join_all, join3};
use stepwell_asl::Timestamp;
use stepwell_engine::ids::ExecutionId;
use stepwell_engine::store::{Closed, CommitError, MessageId, Record, RecordKind, Store, StoreError};

use crate::compare::{self, KINDS, Seen};
use crate::draw::{Draw, STATUSES};
use crate::model::{Model, Refused};
use crate::support::{Dice, Place, key};

const STEPS: usize = 120;
const DAY_MS: i64 = 86_400_000;

pub async fn random_work_reads_as_the_model_says(place: Place) {
    for seed in seeds() {
        let told = ToldOnPanic(seed);
        Work::start(Place::new(place.kind), seed).await.run().await;
        drop(told);
    }
}

fn seeds() -> Range<u64> {
    let Ok(text) = std::env::var("STEPWELL_STORE_SEEDS") else { return 1..4 };
    let number = |text: &str| text.trim().parse::<u64>().expect("STEPWELL_STORE_SEEDS is a number, or two: 1..100");
    match text.split_once("..") {
        Some((from, to)) => number(from)..number(to),
        None => number(&text)..number(&text) + 1,
    }
}

struct ToldOnPanic(u64);

impl Drop for ToldOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("This was seed {0}. To repeat it: STEPWELL_STORE_SEEDS={0}", self.0);
        }
    }
}

/// A store, what it should hold, and the chance that decides what comes next.
struct Work {
    place: Place,
    store: Option<Arc<dyn Store>>,
    model: Model,
    seen: Seen,
    dice: Dice,
    draw: Draw,
    reserved: BTreeSet<u64>,
    closed: Vec<Closed>,
    /// Turns and bytes that were committed since the store was opened.
    turns: u64,
    body_bytes: u64,
}

impl Work {
    async fn start(place: Place, seed: u64) -> Work {
        let (store, epoch) = place.start().await;
        let seen = Seen {
            lists: vec![key("list one"), key("list two")],
            statuses: [&STATUSES[..], &[3, 254]].concat(),
            activities: vec![key("activity one"), key("activity two")],
            records: record_names(),
            ..Seen::default()
        };
        Work {
            place,
            store: Some(store),
            model: Model { epoch, ..Model::default() },
            seen,
            dice: Dice::new(seed),
            draw: Draw::default(),
            reserved: BTreeSet::new(),
            closed: Vec::new(),
            turns: 0,
            body_bytes: 0,
        }
    }

    async fn run(mut self) {
        for _ in 0..STEPS {
            self.step().await;
            for _ in 0..6 {
                let store = self.store();
                compare::something(&*store, &self.model, &self.seen, &mut self.dice).await;
            }
        }
        self.everything().await;
        self.reopen().await;
        self.everything().await;
        self.store().close().await.expect("the store closes");
    }

    fn store(&self) -> Arc<dyn Store> {
        self.store.clone().expect("it is only away while it is opened again")
    }

    async fn everything(&self) {
        let store = self.store();
        compare::everything(&*store, &self.model, &self.seen).await;
        let statistics = store.statistics();
        assert_eq!((statistics.turns, statistics.body_bytes), (self.turns, self.body_bytes), "{statistics:?}");
        assert!(self.turns == 0 || statistics.groups > 0, "{statistics:?}");
    }

    async fn step(&mut self) {
        match self.dice.below(24) {
            0..=9 => self.commits().await,
            10..=12 => self.all_at_once().await,
            13 | 14 => self.put().await,
            15 => self.remove().await,
            16 | 17 => self.enqueue().await,
            18 => self.reserve().await,
            19 | 20 => self.archive().await,
            21 => self.expire().await,
            22 => self.reopen().await,
            _ => self.everything().await,
        }
    }

    // ---- commits ----

    /// Several in flight, awaited in another order than they were called in.
    async fn commits(&mut self) {
        let mut flying = self.call_commits().await;
        self.dice.shuffle(&mut flying);
        for (answer, expected) in flying {
            expected.check(answer.await);
        }
    }

    /// Draws commits, calls them, and lets the model have them in the order of the calls.
    async fn call_commits(&mut self) -> Vec<(BoxFuture<'static, Result<(), CommitError>>, Expected)> {
        let count = 1 + self.dice.below(24);
        while self.draw.free.len() < count {
            self.reserve().await;
        }
        let store = self.store();
        (0..count)
            .map(|_| {
                let commit = self.draw.commit(&mut self.dice, &self.model, &mut self.seen);
                let outcome = self.model.commit(&commit);
                if outcome.is_ok() {
                    self.turns += 1;
                    self.body_bytes += (commit.body.len() + commit.checkpoint.as_ref().map_or(0, Bytes::len)) as u64;
                }
                let told = format!("turn {} of {:?}", commit.sequence, commit.execution);
                (store.commit(commit), Expected { told, outcome })
            })
            .collect()
    }

    /// Commits, messages and records that meet in one group.
    async fn all_at_once(&mut self) {
        let flying = self.call_commits().await;
        let store = self.store();
        let messages: Vec<(ExecutionId, Bytes)> = (0..self.dice.below(6)).map(|_| self.draw_message()).collect();
        let puts: Vec<(RecordKind, String, Bytes)> = (0..KINDS.len()).map(|at| self.draw_record(KINDS[at])).collect();
        let (_, ids, revisions) = join3(
            join_all(flying.into_iter().map(|(answer, expected)| async { expected.check(answer.await) })),
            join_all(messages.iter().map(|(execution, message)| store.enqueue(*execution, message.clone()))),
            join_all(puts.iter().map(|(kind, name, value)| store.put(*kind, name, None, value.clone()))),
        )
        .await;
        for (id, (execution, message)) in ids.into_iter().zip(messages) {
            self.keep_message(id.expect("messages are taken"), execution, message);
        }
        for (revision, (kind, name, value)) in revisions.into_iter().zip(puts) {
            self.keep_record(kind, name, revision.expect("records are taken"), value);
        }
    }

    async fn reserve(&mut self) {
        let count = 1 + self.dice.below(40) as u64;
        let first = self.store().reserve(count).await.expect("numbers can be reserved");
        for number in first..first + count {
            assert!(self.reserved.insert(number), "{number} was reserved twice");
            self.draw.free.push(number);
        }
    }

    // ---- messages and records ----

    async fn enqueue(&mut self) {
        let (execution, message) = self.draw_message();
        let id = self.store().enqueue(execution, message.clone()).await.expect("messages are taken");
        self.keep_message(id, execution, message);
    }

    fn draw_message(&mut self) -> (ExecutionId, Bytes) {
        let execution = self.dice.of(&self.seen.executions).copied().unwrap_or(ExecutionId(9));
        (execution, self.draw.bytes(&mut self.dice))
    }

    fn keep_message(&mut self, id: MessageId, execution: ExecutionId, message: Bytes) {
        assert!(!self.seen.messages.contains(&id), "{id:?} was given twice");
        self.seen.messages.push(id);
        self.model.inbox.insert(id, (execution, message));
    }

    fn draw_record(&mut self, kind: RecordKind) -> (RecordKind, String, Bytes) {
        let name = self.dice.of(&self.seen.records).expect("there are names").clone();
        (kind, name, self.draw.bytes(&mut self.dice))
    }

    fn keep_record(&mut self, kind: RecordKind, name: String, revision: u64, value: Bytes) {
        let record = Record { name: name.clone(), revision, value };
        let before = self.model.records.insert((kind, name), record).map_or(0, |record| record.revision);
        assert!(revision > before, "revision {revision} after {before}");
    }

    /// The revision to expect: the right one, a wrong one, none at all, or whatever there is.
    fn draw_revision(&mut self, held: u64) -> Option<u64> {
        match self.dice.below(5) {
            0 => Some(held + 1),
            1 => Some(held.saturating_sub(1)),
            2 => None,
            _ => Some(held),
        }
    }

    async fn put(&mut self) {
        let kind = KINDS[self.dice.below(KINDS.len())];
        let (kind, name, value) = self.draw_record(kind);
        let held = self.model.records.get(&(kind, name.clone())).map_or(0, |record| record.revision);
        let expected = self.draw_revision(held);
        let outcome = self.store().put(kind, &name, expected, value.clone()).await;
        match (expected.is_none_or(|expected| expected == held), outcome) {
            (true, Ok(revision)) => self.keep_record(kind, name, revision, value),
            (false, Err(StoreError::Conflict)) => {}
            (_, outcome) => panic!("put {name:?} with {held}, expected {expected:?}: {outcome:?}"),
        }
    }

    async fn remove(&mut self) {
        let kind = KINDS[self.dice.below(KINDS.len())];
        let name = self.dice.of(&self.seen.records).expect("there are names").clone();
        let held = self.model.records.get(&(kind, name.clone())).map_or(0, |record| record.revision);
        let expected = self.draw_revision(held);
        let outcome = self.store().remove(kind, &name, expected).await;
        match (expected.is_none_or(|expected| expected == held), outcome) {
            (true, Ok(was_there)) if was_there == (held > 0) => drop(self.model.records.remove(&(kind, name))),
            (false, Err(StoreError::Conflict)) => {}
            (_, outcome) => panic!("remove {name:?} with {held}, expected {expected:?}: {outcome:?}"),
        }
    }

    // ---- closed executions ----

    async fn archive(&mut self) {
        let mut closed = Vec::new();
        let day = self.dice.below(6) as i64;
        let is_mixed = self.dice.one_in(4);
        for (execution, kept) in &self.model.executions {
            let (Some(name), Some(line), None) = (kept.name, &kept.line, &kept.archived) else { continue };
            if self.dice.one_in(3) {
                closed.push(Closed {
                    execution: *execution,
                    attention: kept.newest().attention,
                    name,
                    list: line.list,
                    status: line.status,
                    started_at: line.started_at,
                    ended_at: Timestamp(
                        DAY_MS * (20_000 + if is_mixed { self.dice.below(6) as i64 } else { day })
                            + self.dice.below(1000) as i64,
                    ),
                });
            }
        }
        for one in &closed {
            self.model.archive(one);
        }
        self.closed.extend(closed.iter().cloned());
        // Those that were archived before, or have even expired, are passed over.
        closed.extend((0..2).filter_map(|_| self.dice.of(&self.closed).cloned()));
        self.dice.shuffle(&mut closed);
        self.store().archive(&closed).await.expect("closed executions can be archived");
    }

    /// Which of those that ended before go is the store's to say. They go whole, and no others.
    async fn expire(&mut self) {
        let before = Timestamp(DAY_MS * (20_000 + self.dice.below(6) as i64));
        let limit = 1 + self.dice.below(20);
        for _ in 0..self.dice.below(4) {
            let count = self.store().expire(before, limit).await.expect("archived executions can expire");
            assert!(count <= limit, "{count} expired, not {limit}");
            let mut gone = Vec::new();
            for (execution, kept) in &self.model.executions {
                if kept.archived.as_ref().is_some_and(|closed| closed.ended_at < before)
                    && self.store().load(*execution).await.expect("executions can be loaded").is_none()
                {
                    gone.push(*execution);
                }
            }
            assert_eq!(gone.len(), count, "{gone:?}");
            gone.into_iter().for_each(|execution| self.model.forget(execution));
        }
    }

    /// Opens the store again, after it was closed or just let go.
    async fn reopen(&mut self) {
        if !self.place.lasts() {
            return;
        }
        let store = self.store.take().expect("it is open");
        if self.dice.one_in(2) {
            store.close().await.expect("the store closes");
        }
        drop(store);
        let (store, epoch) = self.place.start().await;
        assert!(epoch > self.model.epoch, "{epoch:?} after {:?}", self.model.epoch);
        (self.store, self.model.epoch, self.turns, self.body_bytes) = (Some(store), epoch, 0, 0);
    }
}

/// What a commit should come to.
struct Expected {
    told: String,
    outcome: Result<(), Refused>,
}

impl Expected {
    fn check(self, answer: Result<(), CommitError>) {
        let answered = match answer {
            Ok(()) => Ok(()),
            Err(CommitError::Conflict) => Err(Refused::Conflict),
            Err(CommitError::Fenced) => Err(Refused::Fenced),
            Err(error @ (CommitError::Unknown | CommitError::TooLarge { .. } | CommitError::Failed(_))) => {
                panic!("{}: {error}", self.told)
            }
        };
        assert_eq!(answered, self.outcome, "{}", self.told);
    }
}

/// Names that share beginnings, are empty or long, or sort unlike their letters.
fn record_names() -> Vec<String> {
    let mut names: Vec<String> =
        ["", "a", "ab", "abc", "abd", "b", "a\u{0}", "a\u{0}b", "a\u{ff}", "a\u{10ffff}", "ä", "äb"]
            .map(String::from)
            .to_vec();
    names.push("abc".repeat(100));
    names.push(format!("{}d", "abc".repeat(100)));
    names
}
