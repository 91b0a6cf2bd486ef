//! The contract of stores, held against every store: named behaviours, a model that random work is compared with, and
//! kill -9. What a store promises is written in `engine/src/store/mod.rs`; a new store is one more `Kind` here.

#[path = "store_contract/compare.rs"]
mod compare;
#[path = "store_contract/draw.rs"]
mod draw;
#[path = "store_contract/kill.rs"]
mod kill;
#[path = "store_contract/killed.rs"]
mod killed;
#[path = "store_contract/model.rs"]
mod model;
#[path = "store_contract/named.rs"]
mod named;
#[path = "store_contract/named_archive.rs"]
mod named_archive;
#[path = "store_contract/named_rows.rs"]
mod named_rows;
#[path = "store_contract/named_sizes.rs"]
mod named_sizes;
#[path = "store_contract/plan.rs"]
mod plan;
#[path = "store_contract/random.rs"]
mod random;
#[path = "store_contract/support.rs"]
mod support;

/// The tests under these names, once for each of these stores.
macro_rules! on {
    ($($store:ident $kind:ident { $($home:ident::$test:ident)* })*) => {
        $(mod $store {
            use stepwell_engine::store::Kind;
            $(#[test]
            fn $test() {
                crate::support::run(Kind::$kind, crate::$home::$test);
            })*
        })*
    };
}

/// What every store promises, and what only those that can be opened again do.
macro_rules! contract {
    (every: $every:tt disk: $disk:tt) => {
        contract!(@one sled Sled $every);
        contract!(@one redb Redb $every);
        contract!(@one memory Memory $every);
        mod reopened {
            contract!(@one sled Sled $disk);
            contract!(@one redb Redb $disk);
        }
    };
    (@one $store:ident $kind:ident $tests:tt) => { on! { $store $kind $tests } };
}

contract! {
    every: {
        named::a_commit_that_conflicts_changes_nothing
        named::a_refused_commit_leaves_its_group_alone
        named::a_name_is_taken_once
        named::the_newest_checkpoint_wins_and_only_later_turns_follow
        named::turns_in_flight_commit_in_the_order_of_their_calls
        named::a_commit_takes_effect_though_nobody_waits_for_it
        named::an_attention_that_stays_is_kept
        named_sizes::a_turn_that_is_too_large_changes_nothing
        named::an_older_epoch_is_fenced
        named::every_shard_is_acquired_once
        named::numbers_are_reserved_once
        named::reads_while_commits_run_see_whole_turns
        named_sizes::a_turn_of_several_megabytes_among_small_ones_is_kept
        named::after_close_every_call_fails
        named_archive::an_archived_execution_reads_as_before
        named_archive::archiving_again_and_what_is_not_there_changes_nothing
        named_archive::reads_while_archives_move_find_every_execution
        named_archive::expiring_removes_what_ended_before_with_name_and_line
        named_rows::places_in_a_list_stay_valid_while_lines_come_and_go
        named_rows::attention_comes_in_order_up_to_an_instant
        named_rows::messages_come_in_order_and_go_with_a_turn
        named_rows::offers_come_oldest_first_and_only_of_their_activity
        named_rows::a_record_changes_only_under_its_revision
        named_rows::records_are_found_by_prefix
        named_sizes::a_value_that_is_too_large_changes_nothing
        random::random_work_reads_as_the_model_says
    }
    disk: {
        named::numbers_are_not_reserved_again_after_a_drop
        named_sizes::values_around_the_inline_limit_survive
        named_sizes::space_of_what_is_gone_comes_back_and_the_rest_stays
        named::an_older_epoch_is_fenced_after_opening_again
        named_archive::archived_executions_survive
        named_rows::numbers_of_messages_are_not_used_again
        kill::what_was_acknowledged_survives_a_kill
    }
}
