//! What a store promises of commits, numbers and ownership, one behaviour a test.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures_util::future::join_all;
use stepwell_asl::Timestamp;
use stepwell_engine::ids::{Epoch, ExecutionId, Shard};
use stepwell_engine::store::{
    Attention, Commit, CommitError, ListCursor, ListQuery, Listing, Log, Moved, Offer, RecordKind, Store, StoreError,
};

use crate::model::stored;
use crate::support::{Place, at, bytes_of, epoch_of, id, key, line, same, started, turn};

/// Everything that may move with a turn, read back.
#[derive(Debug, PartialEq)]
pub struct Rows {
    log: Option<Log>,
    named: Option<ExecutionId>,
    listed: Vec<(ListCursor, Listing)>,
    attention: Vec<(Attention, ExecutionId)>,
    offers: Vec<Offer>,
    messages: usize,
}

pub async fn rows(store: &dyn Store, number: u64, name: &str) -> Rows {
    let query = ListQuery { list: key("list"), status: None, after: None, limit: 100 };
    Rows {
        log: store.load(id(number)).await.expect("it can be loaded"),
        named: store.find(key(name)).await.expect("it can be found"),
        listed: store.list(query).await.expect("it can be listed"),
        attention: store.attention(Attention::Never, None, 100).await.expect("attention can be read"),
        offers: store.offers(key("activity"), None, 100).await.expect("offers can be read"),
        messages: store.inbox(None, 100).await.expect("the inbox can be read").len(),
    }
}

fn offer(number: u64, ticket: u64) -> Offer {
    Offer { activity: key("activity"), at: Timestamp(5), execution: id(number), branch: 0, ticket }
}

pub async fn a_commit_that_conflicts_changes_nothing(place: Place) {
    let (store, epoch) = place.start().await;
    let message = store.enqueue(id(1), Bytes::from_static(b"hello")).await.expect("messages are taken");
    let first = Commit {
        attention: Moved { from: Attention::Never, to: Attention::Unconfirmed },
        offered: vec![offer(1, 1)],
        ..started(id(1), epoch, "one", line("list", 1, 10, "running"))
    };
    store.commit(first.clone()).await.expect("the first turn is taken");
    let before = rows(&*store, 1, "other").await;
    let full = |sequence| Commit {
        sequence,
        turn_id: 77,
        checkpoint: Some(Bytes::from_static(b"checkpoint")),
        attention: Moved { from: Attention::Unconfirmed, to: at(9) },
        listing: Some(Moved { from: Some(line("list", 1, 10, "running")), to: Some(line("list", 2, 10, "succeeded")) }),
        offered: vec![offer(1, 2)],
        withdrawn: vec![offer(1, 1)],
        consumed: vec![message],
        ..turn(id(1), epoch, sequence)
    };
    let taken = Commit { execution: id(2), name: Some(key("one")), listing: None, ..full(1) };
    let renamed = Commit { name: Some(key("other")), ..full(1) };
    for refused in [full(1), full(3), full(u32::MAX), first, renamed, taken] {
        let answer = store.commit(refused.clone()).await;
        assert!(matches!(answer, Err(CommitError::Conflict)), "{refused:?}: {answer:?}");
        same("rows", &rows(&*store, 1, "other").await, &before);
    }
    assert_eq!(store.load(id(2)).await.expect("it can be loaded"), None);
    store.commit(full(2)).await.expect("the next turn is taken");
    let after = rows(&*store, 1, "one").await;
    assert_eq!(after.log.expect("it is there").newest, (2, 77, at(9)));
    assert_eq!((after.offers, after.messages), (vec![offer(1, 2)], 0));
    assert_eq!(after.listed.iter().map(|(_, line)| line.status).collect::<Vec<_>>(), [2]);
}

pub async fn a_refused_commit_leaves_its_group_alone(place: Place) {
    let (store, epoch) = place.start().await;
    let numbers = 1..=60;
    let answers = numbers.clone().map(|number| {
        // Every third wants to begin with its second turn.
        let sequence = if number % 3 == 0 { 2 } else { 1 };
        store.commit(Commit { body: bytes_of(number, 5000), ..turn(id(number), epoch, sequence) })
    });
    let answers = join_all(answers).await;
    for (number, answer) in numbers.zip(answers) {
        let log = store.load(id(number)).await.expect("it can be loaded");
        assert_eq!(answer.is_ok(), number % 3 != 0, "{number}: {answer:?}");
        assert_eq!(log.map(|log| log.turns[0].body.clone()), answer.ok().map(|()| bytes_of(number, 5000)));
    }
}

pub async fn a_name_is_taken_once(place: Place) {
    let (store, epoch) = place.start().await;
    let racing = (1..=20).map(|number| store.commit(started(id(number), epoch, "name", line("list", 1, 1, ""))));
    let answers = join_all(racing).await;
    answers[0].as_ref().expect("the first that was called has the name");
    for answer in &answers[1..] {
        assert!(matches!(answer, Err(CommitError::Conflict)), "{answer:?}");
    }
    assert_eq!(store.find(key("name")).await.expect("it can be found"), Some(id(1)));
    assert_eq!(store.find(key("no name")).await.expect("it can be looked for"), None);
    let again = store.commit(started(id(30), epoch, "name", line("list", 1, 1, ""))).await;
    assert!(matches!(again, Err(CommitError::Conflict)), "{again:?}");
    assert_eq!(store.load(id(30)).await.expect("it can be loaded"), None);
}

pub async fn the_newest_checkpoint_wins_and_only_later_turns_follow(place: Place) {
    let (store, epoch) = place.start().await;
    for sequence in 1..=9 {
        let checkpoint = match sequence {
            3 => Some(bytes_of(3, 100)),
            6 => Some(bytes_of(6, 70_000)),
            _ => None,
        };
        store.commit(Commit { checkpoint, ..turn(id(1), epoch, sequence) }).await.expect("turns are taken");
        let log = store.load(id(1)).await.expect("it can be loaded").expect("it is there");
        let checkpoint = match sequence {
            1..=2 => None,
            3..=5 => Some((3, bytes_of(3, 100))),
            _ => Some((6, bytes_of(6, 70_000))),
        };
        let after = checkpoint.as_ref().map_or(0, |(sequence, _)| *sequence);
        let turns = (after + 1..=sequence).map(|sequence| stored(&turn(id(1), epoch, sequence))).collect();
        let newest = (sequence, turn(id(1), epoch, sequence).turn_id, Attention::Never);
        same("log", &log, &Log { checkpoint, turns, newest });
    }
    assert_eq!(store.turns(id(1), 0, 100).await.expect("turns can be read").len(), 9);
}

pub async fn turns_in_flight_commit_in_the_order_of_their_calls(place: Place) {
    let (store, epoch) = place.start().await;
    let mut flying: Vec<_> = (1..=300).map(|sequence| store.commit(turn(id(1), epoch, sequence))).collect();
    flying.reverse();
    for answer in flying {
        answer.await.expect("every turn is the next one");
    }
    let turns = store.turns(id(1), 0, 1000).await.expect("turns can be read");
    assert_eq!(turns.iter().map(|turn| turn.sequence).collect::<Vec<_>>(), (1..=300).collect::<Vec<_>>());
}

pub async fn a_commit_takes_effect_though_nobody_waits_for_it(place: Place) {
    let (store, epoch) = place.start().await;
    drop(store.commit(turn(id(1), epoch, 1)));
    store.commit(turn(id(1), epoch, 2)).await.expect("the first turn is there");
    assert_eq!(store.turns(id(1), 0, 10).await.expect("turns can be read").len(), 2);
}

pub async fn an_attention_that_stays_is_kept(place: Place) {
    let (store, epoch) = place.start().await;
    let moves = [
        (Attention::Never, at(7)),
        (at(7), at(7)),
        (at(7), Attention::Unconfirmed),
        (Attention::Unconfirmed, Attention::Unconfirmed),
        (Attention::Unconfirmed, Attention::Never),
        (Attention::Never, Attention::Never),
    ];
    for (sequence, (from, to)) in (1..).zip(moves) {
        let commit = Commit { attention: Moved { from, to }, ..turn(id(1), epoch, sequence) };
        store.commit(commit).await.expect("turns are taken");
        let rows = store.attention(Attention::Never, None, 10).await.expect("attention can be read");
        let expected = if to == Attention::Never { vec![] } else { vec![(to, id(1))] };
        assert_eq!(rows, expected, "after turn {sequence}");
    }
}

pub async fn an_older_epoch_is_fenced(place: Place) {
    let (store, epoch) = place.start().await;
    assert!(epoch > Epoch(0), "the default epoch must be older than any");
    let answer = store.commit(started(id(1), Epoch(epoch.0 - 1), "one", line("list", 1, 1, ""))).await;
    assert!(matches!(answer, Err(CommitError::Fenced)), "{answer:?}");
    assert_eq!(store.find(key("one")).await.expect("it can be looked for"), None);
    assert_eq!(store.load(id(1)).await.expect("it can be loaded"), None);
}

pub async fn an_older_epoch_is_fenced_after_opening_again(place: Place) {
    let (store, epoch) = place.start().await;
    store.commit(turn(id(1), epoch, 1)).await.expect("turns are taken");
    drop(store);
    let (store, newer) = place.start().await;
    assert!(newer > epoch, "{newer:?} after {epoch:?}");
    let answer = store.commit(turn(id(1), epoch, 2)).await;
    assert!(matches!(answer, Err(CommitError::Fenced)), "{answer:?}");
    store.commit(turn(id(1), newer, 2)).await.expect("the new owner's turn is taken");
}

pub async fn every_shard_is_acquired_once(place: Place) {
    let (store, _) = place.start().await;
    let shards = store.acquire().await.expect("shards can be acquired");
    let distinct: BTreeSet<Shard> = shards.iter().map(|(shard, _)| *shard).collect();
    assert_eq!((shards.len(), distinct.len()), (256, 256));
    store.release(&shards).await.expect("shards can be given back");
}

pub async fn numbers_are_reserved_once(place: Place) {
    let store = place.open();
    let counts = (1..=100_u64).map(|at| at % 13 + 1);
    let firsts = join_all(counts.clone().map(|count| store.reserve(count))).await;
    let mut given = BTreeSet::new();
    for (first, count) in firsts.into_iter().zip(counts) {
        let first = first.expect("numbers can be reserved");
        assert!((first..first + count).all(|number| given.insert(number)), "{first} and {count} overlap");
    }
}

pub async fn numbers_are_not_reserved_again_after_a_drop(place: Place) {
    let mut end = 0;
    for round in 0..6 {
        let store = place.open();
        for count in [1, 1000, 3] {
            let first = store.reserve(count).await.expect("numbers can be reserved");
            assert!(first >= end, "round {round}: {first} was reserved before {end}");
            end = first + count;
        }
    }
}

pub async fn reads_while_commits_run_see_whole_turns(place: Place) {
    let (store, epoch) = place.start().await;
    let last = 150;
    // Turn n lists the execution with status n and wants attention at n, so that every read can be checked by itself.
    let full = move |sequence: u32| {
        let listed = |status: u32| line("list", status as u8, 1, &status.to_string());
        let before = (sequence > 1).then(|| listed(sequence - 1));
        let since = if sequence > 1 { at(i64::from(sequence) - 1) } else { Attention::Never };
        Commit {
            body: bytes_of(u64::from(sequence), (sequence as usize * 7919) % 9000),
            checkpoint: sequence.is_multiple_of(10).then(|| bytes_of(u64::from(sequence), 6000)),
            attention: Moved { from: since, to: at(i64::from(sequence)) },
            listing: Some(Moved { from: before, to: Some(listed(sequence)) }),
            ..turn(id(1), epoch, sequence)
        }
    };
    let writer = tokio::spawn({
        let store = store.clone();
        async move {
            for sequence in 1..=last {
                store.commit(full(sequence)).await.expect("turns are taken");
            }
        }
    });
    let mut newest = 0;
    while newest < last {
        let done = writer.is_finished();
        let log = store.load(id(1)).await.expect("it can be loaded");
        assert!(!done || log.as_ref().is_some_and(|log| log.newest.0 == last), "the writer is done: {log:?}");
        let Some(log) = log else { continue };
        assert!(log.newest.0 >= newest, "turn {newest} was there, now {}", log.newest.0);
        newest = log.newest.0;
        let after = log.checkpoint.as_ref().map_or(0, |(sequence, _)| *sequence);
        let checkpoint = (after > 0).then(|| (after, bytes_of(u64::from(after), 6000)));
        let turns = (after + 1..=newest).map(|sequence| stored(&full(sequence))).collect();
        same("log", &log, &Log { checkpoint, turns, newest: (newest, full(newest).turn_id, at(newest.into())) });
        let query = ListQuery { list: key("list"), status: None, after: None, limit: 10 };
        let listed = store.list(query).await.expect("lists can be read");
        assert!(listed.len() == 1 && u32::from(listed[0].1.status) >= newest, "{newest}: {listed:?}");
        assert_eq!(listed[0].1.entry, listed[0].1.status.to_string());
        let cursor = ListCursor { started_at: Timestamp(1), execution: id(1) };
        let line = store.listing(key("list"), cursor).await.expect("lines can be read");
        assert!(line.is_some_and(|line| line.status >= listed[0].1.status), "the line was there already");
        let back = store.turns_back(id(1), u32::MAX, 3).await.expect("turns can be read");
        assert!(back[0].sequence >= newest && back.iter().all(|one| *one == stored(&full(one.sequence))));
    }
    writer.await.expect("the writer ends");
}

pub async fn after_close_every_call_fails(place: Place) {
    let (store, epoch) = place.start().await;
    let queued = store.commit(turn(id(1), epoch, 1));
    store.close().await.expect("the store closes");
    queued.await.expect("what was queued is finished");
    let commit = store.commit(turn(id(1), epoch, 2)).await;
    assert!(matches!(&commit, Err(CommitError::Failed(why)) if !why.0.is_empty()), "{commit:?}");
    let query = ListQuery { list: key("list"), status: None, after: None, limit: 1 };
    let cursor = ListCursor { started_at: Timestamp(1), execution: id(1) };
    let answers: [(&str, Result<(), StoreError>); 17] = [
        ("load", store.load(id(1)).await.map(drop)),
        ("turns", store.turns(id(1), 0, 1).await.map(drop)),
        ("turns_back", store.turns_back(id(1), 9, 1).await.map(drop)),
        ("find", store.find(key("one")).await.map(drop)),
        ("listing", store.listing(key("list"), cursor).await.map(drop)),
        ("list", store.list(query).await.map(drop)),
        ("attention", store.attention(Attention::Never, None, 1).await.map(drop)),
        ("offers", store.offers(key("activity"), None, 1).await.map(drop)),
        ("reserve", store.reserve(1).await.map(drop)),
        ("expire", store.expire(Timestamp(1), 1).await.map(drop)),
        ("acquire", store.acquire().await.map(drop)),
        ("enqueue", store.enqueue(id(1), Bytes::new()).await.map(drop)),
        ("inbox", store.inbox(None, 1).await.map(drop)),
        ("get", store.get(RecordKind::Engine, "a").await.map(drop)),
        ("put", store.put(RecordKind::Engine, "a", None, Bytes::new()).await.map(drop)),
        ("remove", store.remove(RecordKind::Engine, "a", None).await.map(drop)),
        ("records", store.records(RecordKind::Engine, "", None, 1).await.map(drop)),
    ];
    for (call, answer) in answers {
        assert!(matches!(&answer, Err(StoreError::Failed(why)) if !why.0.is_empty()), "{call}: {answer:?}");
    }
    if place.lasts() {
        drop(store);
        let store = place.open();
        assert!(epoch_of(&*store).await > epoch);
        assert_eq!(store.turns(id(1), 0, 9).await.expect("turns can be read").len(), 1);
    }
}
