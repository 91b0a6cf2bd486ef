//! Every read of the contract, held against the model: all rows, and pages at random places.

use stepwell_engine::ids::{ExecutionId, Key};
use stepwell_engine::store::{Attention, ListCursor, ListQuery, MessageId, Offer, RecordKind, Store};

use crate::model::Model;
use crate::support::{Dice, same};

/// Far more than any test keeps.
const ALL: usize = 1_000_000;

/// All kinds of registry rows.
pub const KINDS: [RecordKind; 4] =
    [RecordKind::StateMachine, RecordKind::Activity, RecordKind::Definition, RecordKind::Engine];

/// Everything that was ever written or asked for, there or gone: where reads begin.
#[derive(Default)]
pub struct Seen {
    pub executions: Vec<ExecutionId>,
    pub names: Vec<Key>,
    pub lists: Vec<Key>,
    pub statuses: Vec<u8>,
    pub cursors: Vec<ListCursor>,
    pub activities: Vec<Key>,
    pub offers: Vec<Offer>,
    pub attention: Vec<(Attention, ExecutionId)>,
    pub messages: Vec<MessageId>,
    pub records: Vec<String>,
}

/// Reads everything and compares.
pub async fn everything(store: &dyn Store, model: &Model, seen: &Seen) {
    for execution in &seen.executions {
        load(store, model, *execution).await;
        let got = store.turns(*execution, 0, ALL).await.expect("turns can be read");
        same(&format!("turns of {execution:?}"), &got, &model.turns(*execution, 0, ALL));
    }
    for name in &seen.names {
        let got = store.find(*name).await.expect("names can be read");
        assert_eq!(got, model.names.get(name).copied(), "find {name:?}");
    }
    for list in &seen.lists {
        let statuses = seen.statuses.iter().map(|status| Some(*status));
        for status in statuses.chain([None]) {
            listed(store, model, ListQuery { list: *list, status, after: None, limit: ALL }).await;
        }
    }
    attention(store, model, Attention::Never, None, ALL).await;
    for activity in &seen.activities {
        offers(store, model, *activity, None, ALL).await;
    }
    let got = store.inbox(None, ALL).await.expect("the inbox can be read");
    same("inbox", &got, &model.inbox(None, ALL));
    for kind in KINDS {
        records(store, model, kind, "", None, ALL).await;
    }
}

/// Reads here and there and compares.
pub async fn something(store: &dyn Store, model: &Model, seen: &Seen, dice: &mut Dice) {
    match dice.below(10) {
        0 => {
            let Some(execution) = dice.of(&seen.executions) else { return };
            load(store, model, *execution).await;
        }
        1 => turns(store, model, seen, dice).await,
        2 => {
            let Some(name) = dice.of(&seen.names) else { return };
            let got = store.find(*name).await.expect("names can be read");
            assert_eq!(got, model.names.get(name).copied(), "find {name:?}");
        }
        3 => {
            let (Some(list), Some(cursor)) = (dice.of(&seen.lists), dice.of(&seen.cursors)) else { return };
            let got = store.listing(*list, *cursor).await.expect("lines can be read");
            same(&format!("line {cursor:?}"), &got, &model.listing(*list, *cursor));
        }
        4 | 5 => {
            let Some(list) = dice.of(&seen.lists) else { return };
            let status = dice.of(&seen.statuses).copied().filter(|_| !dice.one_in(3));
            let after = dice.of(&seen.cursors).copied().filter(|_| !dice.one_in(4));
            listed(store, model, ListQuery { list: *list, status, after, limit: dice.below(12) }).await;
        }
        6 => {
            let until = dice.of(&seen.attention).map_or(Attention::Unconfirmed, |row| row.0);
            let until = if dice.one_in(4) { Attention::Never } else { until };
            let after = dice.of(&seen.attention).copied().filter(|_| dice.one_in(2));
            attention(store, model, until, after, dice.below(12)).await;
        }
        7 => {
            let Some(activity) = dice.of(&seen.activities) else { return };
            let own: Vec<Offer> = seen.offers.iter().copied().filter(|offer| offer.activity == *activity).collect();
            let after = dice.of(&own).copied().filter(|_| !dice.one_in(3));
            offers(store, model, *activity, after, dice.below(8)).await;
        }
        8 => {
            let after = dice.of(&seen.messages).copied().filter(|_| !dice.one_in(3));
            let limit = dice.below(8);
            let got = store.inbox(after, limit).await.expect("the inbox can be read");
            same(&format!("inbox after {after:?}"), &got, &model.inbox(after, limit));
        }
        _ => some_records(store, model, seen, dice).await,
    }
}

async fn load(store: &dyn Store, model: &Model, execution: ExecutionId) {
    let got = store.load(execution).await.expect("executions can be loaded");
    let archived = model.executions.get(&execution).is_some_and(|kept| kept.archived.is_some());
    // Archived ones need no checkpoint: they are loaded to be looked at, not to go on.
    let with_checkpoint = !archived || got.as_ref().is_some_and(|log| log.checkpoint.is_some());
    same(&format!("load {execution:?}"), &got, &model.load(execution, with_checkpoint));
}

async fn turns(store: &dyn Store, model: &Model, seen: &Seen, dice: &mut Dice) {
    let Some(execution) = dice.of(&seen.executions).copied() else { return };
    let held = model.executions.get(&execution).map_or(0, |kept| kept.turns.len());
    let (place, limit) = (dice.below(held + 2) as u32, dice.below(held + 2));
    let got = store.turns(execution, place, limit).await.expect("turns can be read");
    same(&format!("turns of {execution:?} after {place}"), &got, &model.turns(execution, place, limit));
    let place = if dice.one_in(3) { u32::MAX } else { place };
    let got = store.turns_back(execution, place, limit).await.expect("turns can be read");
    same(&format!("turns of {execution:?} before {place}"), &got, &model.turns_back(execution, place, limit));
}

async fn listed(store: &dyn Store, model: &Model, query: ListQuery) {
    let got = store.list(query.clone()).await.expect("lists can be read");
    same(&format!("{query:?}"), &got, &model.list(&query));
}

async fn attention(
    store: &dyn Store,
    model: &Model,
    until: Attention,
    after: Option<(Attention, ExecutionId)>,
    limit: usize,
) {
    let got = store.attention(until, after, limit).await.expect("attention can be read");
    same(&format!("attention until {until:?} after {after:?}"), &got, &model.attention(until, after, limit));
}

async fn offers(store: &dyn Store, model: &Model, activity: Key, after: Option<Offer>, limit: usize) {
    let got = store.offers(activity, after, limit).await.expect("offers can be read");
    same(&format!("offers of {activity:?} after {after:?}"), &got, &model.offers(activity, after, limit));
}

async fn some_records(store: &dyn Store, model: &Model, seen: &Seen, dice: &mut Dice) {
    let kind = KINDS[dice.below(KINDS.len())];
    let Some(name) = dice.of(&seen.records) else { return };
    let got = store.get(kind, name).await.expect("records can be read");
    same(&format!("record {name:?}"), &got, &model.records.get(&(kind, name.clone())).cloned());
    let prefix: String = name.chars().take(dice.below(4)).collect();
    let after = dice.of(&seen.records).cloned().filter(|_| dice.one_in(2));
    records(store, model, kind, &prefix, after.as_deref(), dice.below(8)).await;
}

async fn records(store: &dyn Store, model: &Model, kind: RecordKind, prefix: &str, after: Option<&str>, limit: usize) {
    let got = store.records(kind, prefix, after, limit).await.expect("records can be read");
    same(&format!("{kind:?} {prefix:?} after {after:?}"), &got, &model.records(kind, prefix, after, limit));
}
