//! Executions as they come from a store.

use std::sync::Arc;

use stepwell_asl::Program;

use crate::core::Execution;
use crate::record::{Birth, Known, Payloads, RecordError, replay};
use crate::store::{Attention, Log};

/// An execution as it was read from the store.
pub struct Loaded {
    /// The execution.
    pub execution: Execution,
    /// What it runs.
    pub program: Arc<Program>,
    /// Who it is.
    pub birth: Arc<Birth>,
    /// The payloads that its turns have stored.
    pub known: Known,
    /// Number and id of the turns that were read, in order; the newest is there in any case.
    pub turns: Vec<(u32, u64)>,
    /// The attention after the newest turn.
    pub attention: Attention,
    /// Bytes of the turns since the newest checkpoint.
    pub log_bytes: usize,
    /// Bytes of the newest checkpoint.
    pub checkpoint_bytes: usize,
}

impl Loaded {
    /// What a store has kept, as an execution. `birth` is that of the first turn, and `payloads` must have what the
    /// checkpoint and the turns refer to.
    pub fn from_log(
        log: &Log,
        birth: Birth,
        program: Arc<Program>,
        payloads: &mut Payloads,
    ) -> Result<Loaded, RecordError> {
        let mut known = Known::default();
        let checkpoint = log.checkpoint.as_ref().map(|(_, body)| body);
        let turns = log.turns.iter().map(|turn| (turn.sequence, &turn.body));
        let (_, execution) = replay(checkpoint, turns, &program, payloads, &mut known)?;
        let (newest, newest_id, attention) = log.newest;
        let mut turns: Vec<(u32, u64)> = log.turns.iter().map(|turn| (turn.sequence, turn.turn_id)).collect();
        if turns.last() != Some(&(newest, newest_id)) {
            turns.push((newest, newest_id));
        }
        Ok(Loaded {
            execution,
            program,
            birth: Arc::new(birth),
            known,
            turns,
            attention,
            log_bytes: log.turns.iter().map(|turn| turn.body.len()).sum(),
            checkpoint_bytes: checkpoint.map_or(0, |body| body.len()),
        })
    }
}
