//! An execution from what was kept of it. Nothing is run again.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use stepwell_asl::Program;

use super::{Birth, Known, Payloads, RecordError, decode_checkpoint, decode_turn};
use crate::core::{Branches, Execution, Parts, Status, Ticket, apply};

/// The execution before its first turn: without any branch, for that turn's changes bring them.
pub fn newborn(birth: &Birth) -> Execution {
    Execution::from_parts(Parts {
        identity: birth.identity.clone(),
        status: Status::Running,
        branches: Branches::default(),
        ready: VecDeque::new(),
        deadline: birth.deadline,
        last_event: 0,
        next_branch: 0,
        last_ticket: Ticket::default(),
        redrive_count: 0,
        redriven_at: None,
        map_runs: BTreeMap::new(),
        mocked_calls: Default::default(),
        children: BTreeMap::new(),
        nested: BTreeMap::new(),
    })
}

/// The execution after these turns, which follow the checkpoint or begin with the first.
///
/// `payloads` must have the turns that [`Payloads::missing`] names for the checkpoint and for each turn.
pub fn replay<'b>(
    checkpoint: Option<&Bytes>,
    turns: impl IntoIterator<Item = (u32, &'b Bytes)>,
    program: &Program,
    payloads: &mut Payloads,
    known: &mut Known,
) -> Result<(Birth, Execution), RecordError> {
    let mut loaded = match checkpoint {
        Some(body) => Some(decode_checkpoint(body, program, payloads, known)?),
        None => None,
    };
    for (sequence, body) in turns {
        let turn = decode_turn(body, sequence, program, payloads, known)?;
        let born = turn.birth.map(|birth| (newborn(&birth), birth)).map(|(execution, birth)| (birth, execution));
        let (_, execution) = match &mut loaded {
            Some(loaded) => loaded,
            none => none.insert(born.ok_or_else(|| RecordError::broken("its first turn holds no birth"))?),
        };
        apply(execution, turn.changes);
    }
    loaded.ok_or_else(|| RecordError::broken("it has neither a checkpoint nor turns"))
}
