//! What a store promises of closed executions, one behaviour a test.

use futures_util::future::join_all;
use stepwell_asl::Timestamp;
use stepwell_engine::ids::{Epoch, ExecutionId};
use stepwell_engine::store::{
    Attention, Closed, Commit, CommitError, ListCursor, ListQuery, Listing, Moved, Store, StoredTurn,
};

use crate::support::{Place, at, bytes_of, id, key, line, same, started, turn};

const DAY_MS: i64 = 86_400_000;

/// Commits an execution of three turns, the second one long, with a checkpoint.
async fn run_closed(store: &dyn Store, epoch: Epoch, number: u64) {
    let running = line("list", 1, number as i64, "running");
    let done = line("list", 2, number as i64, "succeeded");
    let turns = [
        Commit {
            attention: Moved { from: Attention::Never, to: Attention::Unconfirmed },
            ..started(id(number), epoch, &name(number), running.clone())
        },
        Commit {
            attention: Moved { from: Attention::Unconfirmed, to: Attention::Unconfirmed },
            body: bytes_of(number, 20_000),
            checkpoint: Some(bytes_of(number, 9000)),
            ..turn(id(number), epoch, 2)
        },
        Commit {
            attention: Moved { from: Attention::Unconfirmed, to: at(99) },
            listing: Some(Moved { from: Some(running), to: Some(done) }),
            ..turn(id(number), epoch, 3)
        },
    ];
    for turn in turns {
        store.commit(turn).await.expect("turns are taken");
    }
}

fn name(number: u64) -> String {
    format!("name {number}")
}

fn closed(number: u64, ended_at: i64) -> Closed {
    Closed {
        execution: id(number),
        attention: at(99),
        name: key(&name(number)),
        list: key("list"),
        status: 2,
        started_at: Timestamp(number as i64),
        ended_at: Timestamp(ended_at),
    }
}

/// What is to be read of an execution after it was archived, as before.
type Read = (Vec<StoredTurn>, Vec<StoredTurn>, Option<ExecutionId>, Option<Listing>);

async fn read(store: &dyn Store, number: u64) -> Read {
    let cursor = ListCursor { started_at: Timestamp(number as i64), execution: id(number) };
    (
        store.turns(id(number), 0, 10).await.expect("turns can be read"),
        store.turns_back(id(number), u32::MAX, 10).await.expect("turns can be read"),
        store.find(key(&name(number))).await.expect("names can be read"),
        store.listing(key("list"), cursor).await.expect("lines can be read"),
    )
}

async fn listed(store: &dyn Store) -> Vec<u64> {
    let query = ListQuery { list: key("list"), status: None, after: None, limit: 1000 };
    let lines = store.list(query).await.expect("lists can be read");
    lines.into_iter().map(|(cursor, _)| cursor.started_at.0 as u64).collect()
}

pub async fn an_archived_execution_reads_as_before(place: Place) {
    let (store, epoch) = place.start().await;
    run_closed(&*store, epoch, 1).await;
    run_closed(&*store, epoch, 2).await;
    let before = read(&*store, 1).await;
    let loaded = store.load(id(1)).await.expect("it can be loaded").expect("it is there");
    store.archive(&[closed(1, 1)]).await.expect("it can be archived");
    same("reads", &read(&*store, 1).await, &before);
    assert_eq!(listed(&*store).await, [2, 1]);
    let log = store.load(id(1)).await.expect("it can be loaded").expect("it is there");
    assert_eq!(log.newest, loaded.newest);
    match log.checkpoint {
        Some(_) => same("log", &log, &loaded),
        None => same("its turns", &log.turns, &before.0),
    }
    let pages = (store.turns(id(1), 1, 1).await, store.turns_back(id(1), 3, 1).await);
    same("a page", &pages.0.expect("turns can be read"), &before.0[1..2].to_vec());
    same("a page back", &pages.1.expect("turns can be read"), &before.0[1..2].to_vec());
    let attention = store.attention(Attention::Never, None, 10).await.expect("attention can be read");
    assert_eq!(attention, [(at(99), id(2))], "an archived execution wants no attention");
    let answer = store.commit(turn(id(1), epoch, 4)).await;
    assert!(matches!(answer, Err(CommitError::Conflict)), "{answer:?}");
    let answer = store.commit(started(id(3), epoch, &name(1), line("list", 1, 3, ""))).await;
    assert!(matches!(answer, Err(CommitError::Conflict)), "its name is still taken: {answer:?}");
}

pub async fn archiving_again_and_what_is_not_there_changes_nothing(place: Place) {
    let (store, epoch) = place.start().await;
    run_closed(&*store, epoch, 1).await;
    let before = read(&*store, 1).await;
    store.archive(&[]).await.expect("nothing can be archived");
    store.archive(&[closed(7, 1), closed(1, 1)]).await.expect("it can be archived");
    store.archive(&[closed(1, 1), closed(1, 1), closed(8, 1)]).await.expect("it can be archived again");
    same("reads", &read(&*store, 1).await, &before);
    let other = read(&*store, 7).await;
    assert_eq!((other.0.len(), other.2, other.3), (0, None, None));
    assert_eq!(listed(&*store).await, [1]);
    // Whatever was archived twice goes once.
    assert_eq!(expire_all(&*store, i64::MAX).await, 1);
}

async fn expire_all(store: &dyn Store, before: i64) -> usize {
    let mut total = 0;
    loop {
        match store.expire(Timestamp(before), 7).await.expect("archived executions can expire") {
            0 => return total,
            count => total += count,
        }
    }
}

pub async fn archived_executions_survive(place: Place) {
    let (store, epoch) = place.start().await;
    for number in 1..=40 {
        run_closed(&*store, epoch, number).await;
    }
    let before = join_all((1..=40).map(|number| read(&*store, number))).await;
    let all: Vec<Closed> = (1..=20).map(|number| closed(number, number as i64 * DAY_MS / 4)).collect();
    store.archive(&all).await.expect("they can be archived");
    drop(store);
    let store = place.open();
    let more: Vec<Closed> = (21..=30).map(|number| closed(number, number as i64 * DAY_MS / 4)).collect();
    store.archive(&more).await.expect("they can be archived");
    for (number, before) in (1..=40).zip(&before) {
        same(&format!("execution {number}"), &read(&*store, number).await, before);
    }
    drop(store);
    let store = place.open();
    for (number, before) in (1..=40).zip(&before) {
        same(&format!("execution {number}"), &read(&*store, number).await, before);
    }
    expire_all(&*store, DAY_MS * 3).await;
    drop(store);
    let store = place.open();
    for (number, before) in (1..=40).zip(&before) {
        let got = read(&*store, number).await;
        if number * DAY_MS as u64 / 4 >= DAY_MS as u64 * 3 || !got.0.is_empty() {
            same(&format!("execution {number}"), &got, before);
        } else {
            assert_eq!((got.2, got.3), (None, None), "execution {number} has gone");
        }
    }
}

pub async fn expiring_removes_what_ended_before_with_name_and_line(place: Place) {
    let (store, epoch) = place.start().await;
    for number in 1..=20 {
        run_closed(&*store, epoch, number).await;
    }
    let before = join_all((1..=20).map(|number| read(&*store, number))).await;
    // The first ten ended on one day, five on a much later one. The last five are not archived.
    let early: Vec<Closed> = (1..=10).map(|number| closed(number, 100 * DAY_MS + number as i64)).collect();
    let late: Vec<Closed> = (11..=15).map(|number| closed(number, 200 * DAY_MS + number as i64)).collect();
    store.archive(&early).await.expect("they can be archived");
    store.archive(&late).await.expect("they can be archived");
    assert_eq!(expire_all(&*store, 100 * DAY_MS).await, 0, "none ended before");
    assert_eq!(expire_all(&*store, 150 * DAY_MS).await, 10);
    assert_eq!(listed(&*store).await, (11..=20).rev().collect::<Vec<_>>());
    for (number, before) in (1..=20).zip(&before) {
        let got = read(&*store, number).await;
        if number <= 10 {
            same(&format!("execution {number}"), &got, &(vec![], vec![], None, None));
            assert_eq!(store.load(id(number)).await.expect("it can be looked for"), None);
        } else {
            same(&format!("execution {number}"), &got, before);
        }
    }
    let again = store.commit(started(id(90), epoch, &name(1), line("list", 1, 90, "")));
    again.await.expect("the name is free again");
}

pub async fn reads_while_archives_move_find_every_execution(place: Place) {
    let (store, epoch) = place.start().await;
    for number in 1..=60 {
        run_closed(&*store, epoch, number).await;
    }
    let before = join_all((1..=60).map(|number| read(&*store, number))).await;
    let archivist = tokio::spawn({
        let store = store.clone();
        async move {
            for number in 1..=60 {
                let day = if number <= 30 { 1 } else { 9 };
                store.archive(&[closed(number, day * DAY_MS)]).await.expect("it can be archived");
            }
            expire_all(&*store, 5 * DAY_MS).await
        }
    });
    // Reads go on until the work is done, and once more. The second half never expires.
    for done in std::iter::from_fn(|| Some(archivist.is_finished())) {
        for number in 1..=60 {
            let (got, want) = (read(&*store, number).await, &before[number as usize - 1]);
            if number > 30 {
                same(&format!("execution {number}"), &got, want);
            }
            // Whether it has expired or not, no read gives half of it.
            assert!(got.0.is_empty() || got.0 == want.0, "execution {number} has lost turns");
            assert!(got.1.is_empty() || got.1 == want.1, "execution {number} has lost turns");
            if let Some(log) = store.load(id(number)).await.expect("it can be looked for") {
                assert_eq!(log.newest.0, 3, "execution {number} has lost turns");
            }
        }
        if done {
            break;
        }
    }
    assert_eq!(archivist.await.expect("the archivist ends"), 30);
}
