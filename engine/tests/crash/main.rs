//! Engines that are killed with SIGKILL, again and again, and opened again on what is left.
//!
//! Each test starts itself as a child process, which opens an engine, runs a load and writes down what it was told and
//! what it was asked for. The parent kills it at random moments. After the last kill a child ends everything in peace, and
//! the parent compares what the store holds with what each execution must come to.
//!
//! `STEPWELL_KILLS` says how often is killed in all tests together, `STEPWELL_SEED` repeats the moments of a run. A run
//! that finds something keeps its directory.

#![allow(clippy::disallowed_methods)] // the moments of the kills are the machine's, not the engine's

mod child;
mod facts;
mod invoker;
mod model;
mod parent;
mod verify;

use parent::Scenario;
use stepwell_engine::store::Kind;

#[test]
fn nothing_acknowledged_is_lost_on_sled() {
    parent::run(Scenario {
        test: "nothing_acknowledged_is_lost_on_sled",
        store: Kind::Sled,
        expires: false,
        made: false,
    });
}

#[test]
fn nothing_acknowledged_is_lost_on_redb() {
    parent::run(Scenario {
        test: "nothing_acknowledged_is_lost_on_redb",
        store: Kind::Redb,
        expires: false,
        made: false,
    });
}

#[test]
fn what_is_archived_is_whole_or_gone_on_sled() {
    parent::run(Scenario {
        test: "what_is_archived_is_whole_or_gone_on_sled",
        store: Kind::Sled,
        expires: true,
        made: false,
    });
}

#[test]
fn what_is_archived_is_whole_or_gone_on_redb() {
    parent::run(Scenario {
        test: "what_is_archived_is_whole_or_gone_on_redb",
        store: Kind::Redb,
        expires: true,
        made: false,
    });
}

#[test]
fn a_store_that_was_being_made_opens_on_sled() {
    parent::run_anew(Scenario {
        test: "a_store_that_was_being_made_opens_on_sled",
        store: Kind::Sled,
        expires: false,
        made: true,
    });
}

#[test]
fn a_store_that_was_being_made_opens_on_redb() {
    parent::run_anew(Scenario {
        test: "a_store_that_was_being_made_opens_on_redb",
        store: Kind::Redb,
        expires: false,
        made: true,
    });
}
