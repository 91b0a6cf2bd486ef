//! What the engine counts of itself, in atomics that cost a turn next to nothing.

use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::core::{Event, EventKind, HistoryKind, Turn};

/// Upper bounds of the steps of a [`Histogram`], in microseconds. What is longer falls into one step more.
pub const STEPS_US: [u64; 14] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000, 30_000_000];

/// How long things took.
#[derive(Debug, Default)]
pub struct Histogram {
    steps: [AtomicU64; STEPS_US.len() + 1],
    sum_us: AtomicU64,
}

/// A histogram as it was at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// How many fell into each step of [`STEPS_US`], and last those above.
    pub steps: [u64; STEPS_US.len() + 1],
    /// All durations together, in microseconds.
    pub sum_us: u64,
}

impl Histogram {
    /// One more.
    pub fn add(&self, took: Duration) {
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let step = STEPS_US.partition_point(|bound| *bound < took_us);
        self.steps[step].fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add(took_us, Ordering::Relaxed);
    }

    /// As it is now.
    pub fn spread(&self) -> Spread {
        let steps = std::array::from_fn(|step| self.steps[step].load(Ordering::Relaxed));
        Spread { steps, sum_us: self.sum_us.load(Ordering::Relaxed) }
    }
}

impl Spread {
    /// How many there were.
    pub fn count(&self) -> u64 {
        self.steps.iter().sum()
    }
}

/// Executions that began and ended since the engine was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Executions {
    pub started: u64,
    pub redriven: u64,
    pub succeeded: u64,
    pub failed: u64,
    pub timed_out: u64,
    pub aborted: u64,
    /// Those that run now, from before the engine was opened too where [`crate::Engine::count_running`] counted them.
    pub running: u64,
}

/// What one worker has before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Commands from outside that wait.
    pub commands: usize,
    /// Executions in memory.
    pub executions: usize,
    /// Commits under way.
    pub commits: usize,
    /// Executions that are being read.
    pub loads: usize,
    /// Calls of functions and services under way.
    pub calls: usize,
    /// Calls that wait in line.
    pub calls_waiting: usize,
}

impl std::iter::Sum for Load {
    fn sum<I: Iterator<Item = Load>>(loads: I) -> Load {
        loads.fold(Load::default(), |all, one| Load {
            commands: all.commands + one.commands,
            executions: all.executions + one.executions,
            commits: all.commits + one.commits,
            loads: all.loads + one.loads,
            calls: all.calls + one.calls,
            calls_waiting: all.calls_waiting + one.calls_waiting,
        })
    }
}

/// What has happened since the engine was opened.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub turns: AtomicU64,
    pub history_events: AtomicU64,
    pub archived: AtomicU64,
    pub commits: Histogram,
    pub invocations_succeeded: AtomicU64,
    pub invocations_failed: AtomicU64,
    /// Deadlines that are held in memory.
    pub timers: AtomicUsize,
    /// Executions that ran already when the engine was opened.
    pub running_before: AtomicU64,
    started: AtomicU64,
    redriven: AtomicU64,
    succeeded: AtomicU64,
    failed: AtomicU64,
    timed_out: AtomicU64,
    aborted: AtomicU64,
    running: AtomicI64,
}

impl Figures {
    /// A turn is durable.
    pub fn turn(&self, turn: &Turn) {
        self.turns.fetch_add(1, Ordering::Relaxed);
        self.history_events.fetch_add(turn.history.len() as u64, Ordering::Relaxed);
        for event in &turn.history {
            self.execution(&event.kind);
        }
    }

    fn execution(&self, kind: &HistoryKind) {
        let (counter, running) = match kind {
            HistoryKind::ExecutionStarted { .. } => (&self.started, 1),
            HistoryKind::ExecutionRedriven { .. } => (&self.redriven, 1),
            HistoryKind::ExecutionSucceeded { .. } => (&self.succeeded, -1),
            HistoryKind::ExecutionFailed(_) => (&self.failed, -1),
            HistoryKind::ExecutionTimedOut(_) => (&self.timed_out, -1),
            HistoryKind::ExecutionAborted(_) => (&self.aborted, -1),
            _ => return, // what a state does is no execution's beginning or end
        };
        counter.fetch_add(1, Ordering::Relaxed);
        self.running.fetch_add(running, Ordering::Relaxed);
    }

    /// A call has been answered.
    pub fn invoked(&self, events: &[Event]) {
        let failed = |event: &Event| matches!(event, Event::Task { kind: EventKind::TaskFailed(_), .. });
        let counter = if events.iter().any(failed) { &self.invocations_failed } else { &self.invocations_succeeded };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Beginnings and ends.
    pub fn executions(&self) -> Executions {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let before = i64::try_from(of(&self.running_before)).unwrap_or(i64::MAX);
        let running = self.running.load(Ordering::Relaxed).saturating_add(before);
        Executions {
            started: of(&self.started),
            redriven: of(&self.redriven),
            succeeded: of(&self.succeeded),
            failed: of(&self.failed),
            timed_out: of(&self.timed_out),
            aborted: of(&self.aborted),
            running: u64::try_from(running).unwrap_or(0),
        }
    }
}

/// What one worker says of itself, after every round.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    pub executions: AtomicUsize,
    pub commits: AtomicUsize,
    pub loads: AtomicUsize,
    pub calls: AtomicUsize,
    pub calls_waiting: AtomicUsize,
}

impl Gauges {
    /// As they are, beside the commands that wait.
    pub fn load(&self, commands: usize) -> Load {
        let of = |gauge: &AtomicUsize| gauge.load(Ordering::Relaxed);
        Load {
            commands,
            executions: of(&self.executions),
            commits: of(&self.commits),
            loads: of(&self.loads),
            calls: of(&self.calls),
            calls_waiting: of(&self.calls_waiting),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_falls_into_the_first_step_that_holds_it() {
        let histogram = Histogram::default();
        for took_us in [0, 100, 101, 30_000_000, 30_000_001] {
            histogram.add(Duration::from_micros(took_us));
        }
        let spread = histogram.spread();
        assert_eq!((spread.steps[0], spread.steps[1], spread.steps[13], spread.steps[14]), (2, 1, 1, 1));
        assert_eq!((spread.count(), spread.sum_us), (5, 60_000_202));
    }
}
