//! What a test of a single state sees of it, and what it puts in the place of the execution's own. In production there
//! is none, and nothing is recorded.

use stepwell_asl::Value;
use stepwell_asl::dataflow::{Observer, Stage};
use stepwell_asl::value::Array;

use super::fault::StateError;

/// Watches the state of one branch. A Map or Parallel under a probe begins nothing: who tests it answers for what would
/// run inside.
#[derive(Debug, Default)]
pub struct Probe {
    /// The context object, in the place of the execution's own.
    pub context: Option<Value>,
    /// The items of a Map, in the place of those that it would read from elsewhere.
    pub items: Option<Array>,
    /// Every value of the state's data flow, in the order it was made.
    pub stages: Vec<(Stage, Value)>,
    /// The newest failure, also where it was retried or caught.
    pub error: Option<StateError>,
    /// The retrier that begins another attempt.
    pub retried: Option<Retried>,
    /// The catcher that stopped the failure, from 0.
    pub caught: Option<usize>,
}

/// Another attempt that a retrier has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retried {
    /// The retrier, from 0.
    pub index: usize,
    /// How long it waits, in milliseconds, before jitter.
    pub backoff_ms: u64,
}

impl Probe {
    /// The newest value of a stage.
    pub fn stage(&self, stage: Stage) -> Option<&Value> {
        self.stages.iter().rev().find(|(seen, _)| *seen == stage).map(|(_, value)| value)
    }
}

impl Observer for Probe {
    fn saw(&mut self, stage: Stage, value: &Value) {
        self.stages.push((stage, value.clone()));
    }
}
