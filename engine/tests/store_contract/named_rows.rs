//! What a store promises of lists, deadlines, offers, messages and records, one behaviour a test.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures_util::future::join_all;
use stepwell_asl::Timestamp;
use stepwell_engine::ids::Key;
use stepwell_engine::store::{
    Attention, Commit, ListCursor, ListQuery, MessageId, Moved, Offer, Record, RecordKind, StoreError,
};

use crate::support::{Place, at, bytes_of, id, key, line, started, turn};

fn name(number: u64) -> String {
    format!("name {number}")
}

pub async fn places_in_a_list_stay_valid_while_lines_come_and_go(place: Place) {
    let (store, epoch) = place.start().await;
    // Three share each instant, so ids decide; every second is in another status.
    let listing = |number: u64, status: u8| line("list", status, (number / 3) as i64, "");
    for number in 1..=30 {
        let commit = started(id(number), epoch, &name(number), listing(number, (number % 2) as u8));
        store.commit(commit).await.expect("turns are taken");
    }
    let mut expected: Vec<ListCursor> =
        (1..=30).map(|number| ListCursor { started_at: Timestamp(number as i64 / 3), execution: id(number) }).collect();
    expected.sort();
    expected.reverse();
    let page = |status, after, limit| {
        let store = store.clone();
        async move {
            let page = store.list(ListQuery { list: key("list"), status, after, limit }).await;
            page.expect("lists can be read").into_iter().map(|(cursor, _)| cursor).collect::<Vec<_>>()
        }
    };
    let first = page(None, None, 7).await;
    assert_eq!(first, expected[..7]);
    // The line at the page's end goes, one moves to another status, and a newer and an older one come.
    for (cursor, to) in [(first[6], None), (expected[9], Some(9))] {
        let number = cursor.execution.0 & 0xff;
        let moved = Moved { from: Some(listing(number, (number % 2) as u8)), to: to.map(|to| listing(number, to)) };
        let commit = Commit { listing: Some(moved), ..turn(cursor.execution, epoch, 2) };
        store.commit(commit).await.expect("turns are taken");
    }
    store.commit(started(id(40), epoch, "newer", listing(40, 0))).await.expect("turns are taken");
    store.commit(started(id(41), epoch, "older", listing(0, 0))).await.expect("turns are taken");
    let mut rest = Vec::new();
    let mut after = first[6];
    loop {
        let next = page(None, Some(after), 4).await;
        let Some(last) = next.last() else { break };
        after = *last;
        rest.extend(next);
    }
    let older = ListCursor { started_at: Timestamp(0), execution: id(41) };
    let mut wanted: Vec<ListCursor> = expected[7..].iter().copied().chain([older]).collect();
    wanted.sort();
    wanted.reverse();
    assert_eq!(rest, wanted);
    assert_eq!(page(Some(9), None, 9).await, expected[9..10]);
    assert_eq!(page(None, None, 0).await, []);
}

pub async fn attention_comes_in_order_up_to_an_instant(place: Place) {
    let (store, epoch) = place.start().await;
    let wants = [at(50), Attention::Unconfirmed, at(1), Attention::Never, at(50), at(i64::MAX), Attention::Unconfirmed];
    for (number, to) in (1..).zip(wants) {
        let commit = Commit { attention: Moved { from: Attention::Never, to }, ..turn(id(number), epoch, 1) };
        store.commit(commit).await.expect("turns are taken");
    }
    let mut all: Vec<_> = (1..).zip(wants).map(|(number, to)| (to, id(number))).collect();
    all.retain(|row| row.0 != Attention::Never);
    all.sort();
    let until = |until, after, limit| {
        let store = store.clone();
        async move { store.attention(until, after, limit).await.expect("attention can be read") }
    };
    assert_eq!(until(Attention::Never, None, 100).await, all);
    assert_eq!(until(Attention::Unconfirmed, None, 100).await, all[..2]);
    assert_eq!(until(at(49), None, 100).await, all[..3]);
    assert_eq!(until(at(50), None, 100).await, all[..5]);
    assert_eq!(until(at(50), Some(all[1]), 2).await, all[2..4]);
    assert_eq!(until(at(50), Some(all[4]), 2).await, []);
    // A place in the index whose row is gone is still a place.
    assert_eq!(until(Attention::Never, Some((at(7), id(3))), 1).await, all[3..4]);
}

pub async fn messages_come_in_order_and_go_with_a_turn(place: Place) {
    let (store, epoch) = place.start().await;
    let mut ids = Vec::new();
    for number in 1..=9 {
        ids.push(store.enqueue(id(number), bytes_of(number, 10)).await.expect("messages are taken"));
    }
    assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
    let page = store.inbox(Some(ids[1]), 3).await.expect("the inbox can be read");
    let expected = (3..=5).map(|number| (ids[number as usize - 1], id(number), bytes_of(number, 10)));
    assert_eq!(page, expected.collect::<Vec<_>>());
    // What is gone already is no reason to refuse: a message may have been taken in before a restart.
    let commit = |sequence| Commit { consumed: vec![ids[0], ids[4]], ..turn(id(1), epoch, sequence) };
    store.commit(commit(1)).await.expect("turns are taken");
    store.commit(commit(2)).await.expect("turns are taken");
    let left = store.inbox(None, 100).await.expect("the inbox can be read");
    let left: Vec<MessageId> = left.into_iter().map(|(id, _, _)| id).collect();
    assert_eq!(left, [ids[1], ids[2], ids[3], ids[5], ids[6], ids[7], ids[8]]);
}

pub async fn numbers_of_messages_are_not_used_again(place: Place) {
    let mut given = BTreeSet::new();
    for round in 1..=4 {
        let (store, epoch) = place.start().await;
        let messages = join_all((1..=5).map(|number| store.enqueue(id(number), Bytes::new()))).await;
        let consumed: Vec<MessageId> = messages.into_iter().map(|id| id.expect("messages are taken")).collect();
        for id in &consumed {
            assert!(given.last().is_none_or(|last| last < id), "round {round}: {id:?} after {given:?}");
            given.insert(*id);
        }
        store.commit(Commit { consumed, ..turn(id(1), epoch, round) }).await.expect("turns are taken");
    }
}

pub async fn offers_come_oldest_first_and_only_of_their_activity(place: Place) {
    let (store, epoch) = place.start().await;
    let offer = |activity: &str, at, number, branch, ticket| Offer {
        activity: key(activity),
        at: Timestamp(at),
        execution: id(number),
        branch,
        ticket,
    };
    let mut offers = vec![
        offer("one", 5, 2, 0, 1),
        offer("one", 5, 1, 1, 2),
        offer("one", 5, 1, 0, 3),
        offer("one", 5, 1, 0, u64::MAX),
        offer("one", -5, 9, 0, 1),
        offer("one", 4, 9, u32::MAX, 1),
    ];
    let other = offer("two", 1, 1, 0, 9);
    let offered = offers.iter().copied().chain([other]).collect();
    store.commit(Commit { offered, ..turn(id(1), epoch, 1) }).await.expect("turns are taken");
    offers.sort();
    let read = |activity: Key, after, limit| {
        let store = store.clone();
        async move { store.offers(activity, after, limit).await.expect("offers can be read") }
    };
    assert_eq!(read(key("one"), None, 100).await, offers);
    assert_eq!(read(key("two"), None, 100).await, [other]);
    assert_eq!(read(key("one"), Some(offers[1]), 2).await, offers[2..4]);
    let withdrawn = vec![offers[0], offers[3], offer("one", 7, 7, 7, 7)];
    store.commit(Commit { withdrawn, ..turn(id(1), epoch, 2) }).await.expect("turns are taken");
    assert_eq!(read(key("one"), None, 100).await, [offers[1], offers[2], offers[4], offers[5]]);
    assert_eq!(read(key("one"), Some(offers[3]), 1).await, offers[4..5]);
}

pub async fn a_record_changes_only_under_its_revision(place: Place) {
    let store = place.open();
    let put = |expected, value: &'static str| {
        let store = store.clone();
        async move { store.put(RecordKind::Activity, "a", expected, Bytes::from(value)).await }
    };
    assert!(matches!(put(Some(1), "none").await, Err(StoreError::Conflict)));
    let first = put(Some(0), "first").await.expect("there was none");
    assert_eq!(first, 1);
    assert!(matches!(put(Some(0), "again").await, Err(StoreError::Conflict)));
    let second = put(Some(first), "second").await.expect("nobody changed it");
    assert!(second > first && matches!(put(Some(first), "late").await, Err(StoreError::Conflict)));
    let third = put(None, "third").await.expect("whatever there is");
    assert!(third > second);
    let record = Record { name: "a".into(), revision: third, value: Bytes::from("third") };
    assert_eq!(store.get(RecordKind::Activity, "a").await.expect("records can be read"), Some(record));
    assert_eq!(store.get(RecordKind::Engine, "a").await.expect("records can be read"), None);
    let remove = |expected| store.remove(RecordKind::Activity, "a", expected);
    assert!(matches!(remove(Some(second)).await, Err(StoreError::Conflict)));
    assert!(remove(Some(third)).await.expect("nobody changed it"));
    assert!(!remove(None).await.expect("it is gone"));
    // Two that change it at once: one of them is refused.
    let revision = put(None, "shared").await.expect("there was none");
    let (one, other) = tokio::join!(put(Some(revision), "one"), put(Some(revision), "other"));
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
}

pub async fn records_are_found_by_prefix(place: Place) {
    let store = place.open();
    let names = ["", "a", "a/1", "a/10", "a/2", "a\u{10ffff}", "b", "\u{10ffff}"];
    for name in names {
        let put = store.put(RecordKind::Definition, name, Some(0), bytes_of(name.len() as u64, 5000));
        put.await.expect("records are taken");
    }
    store.put(RecordKind::Activity, "a/3", None, Bytes::new()).await.expect("records are taken");
    let find = |prefix: &'static str, after: Option<&'static str>, limit| {
        let store = store.clone();
        async move {
            let records =
                store.records(RecordKind::Definition, prefix, after, limit).await.expect("records can be read");
            assert!(records.iter().all(|record| record.value == bytes_of(record.name.len() as u64, 5000)));
            records.into_iter().map(|record| record.name).collect::<Vec<_>>()
        }
    };
    assert_eq!(find("", None, 100).await, names);
    assert_eq!(find("a/", None, 100).await, ["a/1", "a/10", "a/2"]);
    assert_eq!(find("a/", Some("a/1"), 1).await, ["a/10"]);
    assert_eq!(find("a/", Some("a/11"), 9).await, ["a/2"], "a name that is gone is still a place");
    assert_eq!(find("a/", Some("Z"), 1).await, ["a/1"]);
    assert_eq!(find("a/", Some("b"), 9).await, [""; 0]);
    assert_eq!(find("a\u{10ffff}", None, 9).await, ["a\u{10ffff}"]);
    assert_eq!(find("c", None, 9).await, [""; 0]);
}
