//! What a store promises of values that are long, too long, or gone, one behaviour a test.

use bytes::Bytes;
use futures_util::future::join_all;
use stepwell_engine::ids::Epoch;
use stepwell_engine::store::{
    BODY_BYTES_MAX, Commit, CommitError, ListQuery, Listing, Moved, RecordKind, Store, StoreError, VALUE_BYTES_MAX,
};

use crate::model::stored;
use crate::named::rows;
use crate::support::{Place, bytes_of, id, key, line, same, started, turn};

pub async fn a_turn_that_is_too_large_changes_nothing(place: Place) {
    let (store, epoch) = place.start().await;
    let zeros = Bytes::from(vec![0; BODY_BYTES_MAX + 1]);
    let entry = Listing { entry: zeros.slice(..=VALUE_BYTES_MAX), ..line("list", 1, 1, "") };
    let too_large = [
        Commit { body: zeros.clone(), ..started(id(1), epoch, "one", line("list", 1, 1, "")) },
        Commit { checkpoint: Some(zeros.clone()), ..started(id(1), epoch, "one", line("list", 1, 1, "")) },
        started(id(1), epoch, "one", entry),
    ];
    let before = rows(&*store, 1, "one").await;
    for commit in too_large {
        let answer = store.commit(commit).await;
        assert!(matches!(answer, Err(CommitError::TooLarge { .. })), "{answer:?}");
        same("rows", &rows(&*store, 1, "one").await, &before);
    }
    store.commit(turn(id(1), epoch, 1)).await.expect("the store goes on");
}

pub async fn a_turn_of_several_megabytes_among_small_ones_is_kept(place: Place) {
    let (store, epoch) = place.start().await;
    let big = |number: u64| Commit {
        body: bytes_of(number, 5_000_000 + number as usize),
        checkpoint: Some(bytes_of(number, 3_000_000)),
        ..turn(id(number), epoch, 1)
    };
    let small = |number: u64| turn(id(100 + number), epoch, 1);
    let answers = (1..=3).flat_map(|number| [store.commit(small(number)), store.commit(big(number))]);
    for answer in join_all(answers).await {
        answer.expect("turns are taken");
    }
    for number in 1..=3 {
        let turns = store.turns(id(number), 0, 5).await.expect("turns can be read");
        same("the large turn", &turns, &vec![stored(&big(number))]);
        let log = store.load(id(number)).await.expect("it can be loaded").expect("it is there");
        same("its checkpoint", &log.checkpoint, &Some((1, bytes_of(number, 3_000_000))));
        let turns = store.turns(id(100 + number), 0, 5).await.expect("turns can be read");
        same("the small turn", &turns, &vec![stored(&small(number))]);
    }
}

pub async fn values_around_the_inline_limit_survive(place: Place) {
    let (store, epoch) = place.start().await;
    let lengths: Vec<usize> = (4040..=4110).chain([0, 1, 8191, 8192, 8193, 65_535, 65_536, 131_072, 262_144]).collect();
    let commit = |at: usize, length: usize, epoch| Commit {
        checkpoint: Some(bytes_of(at as u64, length)),
        listing: Some(Moved {
            from: None,
            to: Some(Listing { entry: bytes_of(at as u64, length), ..line("list", 1, at as i64, "") }),
        }),
        body: bytes_of(at as u64, length),
        ..turn(id(at as u64), epoch, 1)
    };
    let answers = lengths.iter().enumerate().map(|(at, length)| store.commit(commit(at, *length, epoch)));
    join_all(answers).await.into_iter().for_each(|answer| answer.expect("turns are taken"));
    for (at, length) in lengths.iter().enumerate() {
        let value = bytes_of(at as u64, *length);
        store.put(RecordKind::Engine, &at.to_string(), Some(0), value.clone()).await.expect("records are taken");
        store.enqueue(id(at as u64), value).await.expect("messages are taken");
    }
    check_lengths(&*store, &lengths, commit, epoch).await;
    store.close().await.expect("the store closes");
    drop(store);
    check_lengths(&*place.open(), &lengths, commit, epoch).await;
}

async fn check_lengths(
    store: &dyn Store,
    lengths: &[usize],
    commit: impl Fn(usize, usize, Epoch) -> Commit,
    epoch: Epoch,
) {
    let messages = store.inbox(None, 1000).await.expect("the inbox can be read");
    let query = ListQuery { list: key("list"), status: Some(1), after: None, limit: 1000 };
    let mut listed = store.list(query).await.expect("lists can be read");
    listed.reverse();
    assert_eq!((messages.len(), listed.len()), (lengths.len(), lengths.len()));
    for (at, length) in lengths.iter().enumerate() {
        let (value, told) = (bytes_of(at as u64, *length), format!("value of {length} bytes"));
        let log = store.load(id(at as u64)).await.expect("it can be loaded").expect("it is there");
        same(&told, &log.checkpoint, &Some((1, value.clone())));
        let turns = store.turns(id(at as u64), 0, 2).await.expect("turns can be read");
        same(&told, &turns, &vec![stored(&commit(at, *length, epoch))]);
        let record = store.get(RecordKind::Engine, &at.to_string()).await.expect("records can be read");
        same(&told, &record.expect("it is there").value, &value);
        same(&told, &messages[at].2, &value);
        same(&told, &listed[at].1.entry, &value);
    }
}

pub async fn space_of_what_is_gone_comes_back_and_the_rest_stays(place: Place) {
    let (store, epoch) = place.start().await;
    let kept = |number: u64| Commit {
        body: bytes_of(number, 20_000),
        checkpoint: Some(bytes_of(number + 1000, 20_000)),
        ..turn(id(number), epoch, 1)
    };
    let zeros = vec![0; VALUE_BYTES_MAX];
    // One record is written again and again, with turns that stay in between.
    for number in 1..=20 {
        store.commit(kept(number)).await.expect("turns are taken");
        store.put(RecordKind::Engine, "large", None, Bytes::from(zeros.clone())).await.expect("records are taken");
    }
    let bytes_max = 13 * VALUE_BYTES_MAX as u64;
    for sequence in 1.. {
        let check = kept(u64::from(sequence) % 20 + 1);
        let log = store.load(check.execution).await.expect("it can be loaded").expect("it is there");
        same("its checkpoint", &log.checkpoint, &Some((1, check.checkpoint.clone().expect("it has one"))));
        let disk_bytes = store.statistics().disk_bytes;
        if disk_bytes < bytes_max {
            break;
        }
        // Space comes back while others commit.
        assert!(sequence < 5000, "there are still {disk_bytes} bytes");
        store.commit(turn(id(99), epoch, sequence)).await.expect("turns are taken");
    }
    drop(store);
    let store = place.open();
    for number in 1..=20 {
        let turns = store.turns(id(number), 0, 9).await.expect("turns can be read");
        same("a turn that stays", &turns, &vec![stored(&kept(number))]);
    }
    let record = store.get(RecordKind::Engine, "large").await.expect("records can be read").expect("it is there");
    assert!(record.revision == 20 && record.value == zeros);
}

pub async fn a_value_that_is_too_large_changes_nothing(place: Place) {
    let store = place.open();
    let value = Bytes::from(vec![7; VALUE_BYTES_MAX + 1]);
    let put = store.put(RecordKind::Definition, "a", None, value.clone()).await;
    assert!(matches!(put, Err(StoreError::TooLarge { .. })), "{put:?}");
    let enqueued = store.enqueue(id(1), value.clone()).await;
    assert!(matches!(enqueued, Err(StoreError::TooLarge { .. })), "{enqueued:?}");
    assert_eq!(store.get(RecordKind::Definition, "a").await.expect("records can be read"), None);
    assert_eq!(store.inbox(None, 9).await.expect("the inbox can be read"), []);
    let longest = value.slice(1..);
    store.put(RecordKind::Definition, "a", None, longest.clone()).await.expect("the longest value is taken");
    store.enqueue(id(1), longest.clone()).await.expect("the longest message is taken");
    let record = store.get(RecordKind::Definition, "a").await.expect("records can be read");
    same("the longest value", &record.expect("it is there").value, &longest);
    same("the longest message", &store.inbox(None, 9).await.expect("the inbox can be read")[0].2, &longest);
}
