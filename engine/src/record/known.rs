//! Which values of an execution its turns hold already.

use std::collections::HashMap;

use stepwell_asl::Value;

use super::PayloadId;

/// What an entry counts for beside its value.
const ENTRY_BYTES: usize = 128;
/// Below this nothing is looked through.
const PRUNE_BYTES_MIN: usize = 64 * 1024;

/// The payloads that turns of one execution hold, by where they lie in memory. A later turn refers to them.
///
/// An entry keeps its value alive, so that its address stays its own; what nobody else keeps can never be mentioned
/// again, and goes when the entries have doubled. It belongs to the execution in memory: whoever drops that because a
/// commit failed drops this too, and loading gives both anew.
#[derive(Clone, Debug)]
pub struct Known {
    payloads: HashMap<usize, (Value, PayloadId), foldhash::fast::FixedState>,
    bytes: usize,
    bytes_max: usize,
}

impl Default for Known {
    fn default() -> Known {
        Known { payloads: HashMap::default(), bytes: 0, bytes_max: PRUNE_BYTES_MIN }
    }
}

impl Known {
    /// Where this value is kept.
    pub(super) fn find(&self, value: &Value) -> Option<PayloadId> {
        self.payloads.get(&value.address()?).map(|(_, id)| *id)
    }

    /// A turn holds this value.
    pub(super) fn learn(&mut self, value: &Value, id: PayloadId) {
        let Some(address) = value.address() else { return };
        if self.payloads.insert(address, (value.clone(), id)).is_none() {
            self.bytes += weight(value);
        }
    }

    /// Forgets what nobody else keeps, if there is enough of it to be worth a look.
    pub(super) fn prune(&mut self) {
        if self.bytes <= self.bytes_max {
            return;
        }
        self.payloads.retain(|_, (value, _)| value.is_shared());
        self.bytes = self.payloads.values().map(|(value, _)| weight(value)).sum();
        self.bytes_max = PRUNE_BYTES_MIN.max(2 * self.bytes);
    }

    /// How many payloads are known.
    pub fn len(&self) -> usize {
        self.payloads.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.payloads.is_empty()
    }
}

fn weight(value: &Value) -> usize {
    ENTRY_BYTES
        + match value {
            Value::String(text) => text.len(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.json_bytes(),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_keeps_is_forgotten() {
        let mut known = Known::default();
        let kept = Value::from("k".repeat(1_000));
        known.learn(&kept, PayloadId { turn: 1, n: 0 });
        for turn in 2..10_000 {
            known.learn(&Value::from("x".repeat(1_000)), PayloadId { turn, n: 0 });
            known.prune();
            assert!(known.len() < 100, "{} entries after {turn} turns", known.len());
        }
        assert_eq!(known.find(&kept), Some(PayloadId { turn: 1, n: 0 }));
    }
}
