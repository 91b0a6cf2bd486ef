//! The types that rows are made of, with their fields in the order in which they are written.
//!
//! The numbers of variants and the order of fields are for ever. A field that may be absent can be added at the end, and
//! so can a variant; nothing is taken away. A field that is forgotten here does not compile.

use stepwell_asl::program::StateType;

use super::row::{row_enum, row_struct};
use super::{Birth, PayloadId};
use crate::core::{
    Branch, BranchId, Change, Child, ChildEnd, ChildOf, Dispatch, Event, EventKind, Fault, Heartbeat, HistoryKind,
    Identity, Item, Join, JoinKind, Leave, MapRun, MapRunStatus, MapRunUpdate, Nested, Parent, Position, Resume,
    Revision, Scheduled, StartedBy, StateError, Status, TaskLabel, TestCase, Ticket, Trigger, Work,
};

row_struct!(PayloadId { turn, n });

// ---- executions ----

row_struct!(Birth { identity, definition, deadline, list });
row_struct!(Identity {
    arn,
    name,
    machine_arn,
    machine_name,
    role_arn,
    region,
    started_at,
    input,
    version_arn,
    alias_arn,
    trace_header,
    revision,
    number,
    child_of,
    started_by,
    test_case,
});
row_struct!(TestCase { name, states });
row_struct!(ChildOf { map_run_arn, state, express });
row_struct!(StartedBy { arn, number, ticket });
row_struct!(Revision { id, updated_at, logging, tracing, encryption });
row_struct!(StateError { name, cause });
row_struct!(Fault { error, terminal });
row_enum!(Status { 0 => Running, 1 => Succeeded(output), 2 => Failed(error), 3 => TimedOut(error), 4 => Aborted(error) });

// ---- branches ----

row_struct!(Branch { position, slots, variables });
row_struct!(Position { state, input, entered_event, entered_at, last_event, ticket, trigger, parent, item, retries });
row_struct!(Parent { branch, slot });
row_struct!(Item { index, value });
row_enum!(Trigger {
    0 => Ready,
    1 => Task { arguments, dispatch, role, deadline, heartbeat, mocked_call },
    2 => Timer { at },
    3 => Retry { at },
    4 => Join(join),
    5 => Halted(resume),
});
row_enum!(Dispatch { 0 => Call, 1 => Offer, 2 => Taken });
row_enum!(Resume { 0 => Attempt, 1 => Join(join), 2 => Move(work) });
row_struct!(Heartbeat { every_ms, due });
row_struct!(Join { kind, width, filled, next });
row_enum!(JoinKind { 0 => Parallel(input), 1 => Map { items, input, concurrency }, 2 => Distributed { items, input } });
row_enum!(Work {
    0 => Enter(branch),
    1 => Attempt(branch),
    2 => Resolve(branch, result),
    3 => Fail(branch, fault),
    4 => Leave(branch, leave),
    5 => Advance(branch),
});
row_struct!(Leave { output, assigned, next });

// ---- map runs ----

row_struct!(MapRun {
    state,
    label,
    express,
    branch,
    status,
    started_at,
    max_concurrency,
    total,
    running,
    succeeded,
    failed,
    timed_out,
    aborted,
    tolerated_count,
    tolerated_percentage,
    stopped_at,
    stop,
});
row_enum!(MapRunStatus { 0 => Running, 1 => Succeeded, 2 => Failed, 3 => Aborted });
row_struct!(Child { map_run, slot, input });

// ---- executions that states wait for ----

row_struct!(Nested { branch, machine_arn, name, stop });

// ---- turns ----

row_enum!(Event {
    0 => Started,
    1 => Continue,
    2 => TimerFired,
    3 => Stopped(error),
    4 => Redriven,
    5 => Task { branch, ticket, kind },
    6 => Failed(error),
    7 => ChildEnded { child, end },
    8 => MapRunUpdated { map_run, update },
});
row_struct!(ChildEnd { status, started_at, stopped_at });
row_struct!(MapRunUpdate { max_concurrency, tolerated_count, tolerated_percentage });
row_enum!(EventKind {
    0 => TaskStarted { worker },
    1 => TaskSubmitted(output),
    2 => TaskHeartbeat,
    3 => TaskSucceeded(output),
    4 => TaskFailed(error),
    5 => TaskSubmitFailed(error),
});
row_enum!(Change {
    0 => Position(branch, position),
    1 => Ended(branch),
    2 => Slot(branch, slot, result),
    3 => Variable(branch, name, value),
    4 => Counters { last_event, next_branch, last_ticket },
    5 => Ready(work),
    6 => Status(status),
    7 => Deadline(at),
    8 => Redriven { count, at },
    9 => MapRun(map_run, run),
    10 => ChildOpened(ticket, child),
    11 => ChildEnded(ticket),
    12 => NestedOpened(ticket, nested),
    13 => NestedEnded(ticket),
    14 => MockedCalls(state, calls),
});
row_enum!(HistoryKind {
    0 => ExecutionStarted { input, role_arn, version_arn, alias_arn },
    1 => ExecutionSucceeded { output },
    2 => ExecutionFailed(error),
    3 => ExecutionTimedOut(error),
    4 => ExecutionAborted(error),
    5 => ExecutionRedriven { count },
    6 => StateEntered { state_type, name, input },
    7 => StateExited { state_type, name, output, assigned },
    8 => StateAborted { state_type },
    9 => TaskScheduled(scheduled),
    10 => TaskStarted { label, worker },
    11 => TaskSubmitted { label, output },
    12 => TaskSucceeded { label, output },
    13 => TaskFailed { label, error },
    14 => TaskTimedOut { label, error },
    15 => ParallelStateStarted,
    16 => ParallelStateSucceeded,
    17 => ParallelStateFailed,
    18 => MapStateStarted { length },
    19 => MapStateSucceeded,
    20 => MapStateFailed,
    21 => MapIterationStarted { name, index },
    22 => MapIterationSucceeded { name, index },
    23 => MapIterationFailed { name, index },
    24 => MapIterationAborted { name, index },
    25 => MapRunStarted { map_run_arn },
    26 => MapRunSucceeded,
    27 => MapRunFailed(error),
    28 => MapRunAborted,
    29 => EvaluationFailed { state, location, error },
    30 => TaskSubmitFailed { label, error },
});
row_struct!(Scheduled { label, resource, input, region, timeout_s, heartbeat_s, role });
row_enum!(TaskLabel { 0 => Function, 1 => Activity, 2 => Service { service, action } });
row_enum!(StateType {
    0 => Choice,
    1 => Fail,
    2 => Map,
    3 => Parallel,
    4 => Pass,
    5 => Succeed,
    6 => Task,
    7 => Wait,
});

// ---- numbers with a name ----

macro_rules! row_newtype {
    ($($type:ident),*) => { $(
        impl super::row::Row for $type {
            fn write(&self, writer: &mut super::writer::Writer<'_>) -> Result<(), super::RecordError> {
                self.0.write(writer)
            }

            fn read(reader: &mut super::reader::Reader<'_, '_>) -> Result<$type, super::RecordError> {
                super::row::Row::read(reader).map($type)
            }
        }
    )* };
}

row_newtype!(BranchId, Ticket);
