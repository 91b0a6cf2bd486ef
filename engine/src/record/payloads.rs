//! Payloads that are at hand, and the bodies they are in.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use bytes::Bytes;
use stepwell_asl::Value;

use super::body::{self, Body, Kind};
use super::{PayloadId, RecordError};

/// Where a body that is being read was found.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    Turn(u32),
    Checkpoint,
}

/// Bodies of one execution. Each payload is read once, when it is asked for, and shared from then on.
///
/// To read a body, add those that [`Payloads::missing`] names for it first. The bodies that are only fetched for their
/// payloads need nothing themselves.
#[derive(Debug, Default)]
pub struct Payloads {
    turns: HashMap<u32, Body>,
    checkpoint: Option<Body>,
    /// Payloads of turns that the checkpoint has copies of, and where.
    copies: HashMap<PayloadId, u32>,
    /// The same, the other way round.
    origins: HashMap<u32, PayloadId>,
}

impl Payloads {
    /// Takes a turn's body.
    pub fn add(&mut self, turn: u32, body: &Bytes) -> Result<(), RecordError> {
        self.turn(turn, body).map(drop)
    }

    /// The turns that must be added before this body can be read.
    pub fn missing(&self, body: &[u8]) -> Result<BTreeSet<u32>, RecordError> {
        let missing = |id: &PayloadId| !self.turns.contains_key(&id.turn) && !self.copies.contains_key(id);
        Ok(imports(body)?.into_iter().filter(missing).map(|id| id.turn).collect())
    }

    /// A payload.
    pub fn get(&mut self, id: PayloadId) -> Result<Value, RecordError> {
        if let (Some(n), Some(checkpoint)) = (self.copies.get(&id), &mut self.checkpoint) {
            return checkpoint.payload(*n);
        }
        self.turns.get_mut(&id.turn).ok_or(RecordError::Unresolved(id))?.payload(id.n)
    }

    /// Takes a turn's body, and gives what follows its tables.
    pub(super) fn turn(&mut self, turn: u32, body: &Bytes) -> Result<(Bytes, u64), RecordError> {
        match self.turns.entry(turn) {
            Entry::Occupied(body) => Ok(body.get().rest()),
            Entry::Vacant(free) => Ok(free.insert(parse(body, Kind::Turn)?).rest()),
        }
    }

    /// Takes a checkpoint's body in place of any other, so that what it has copies of is not missing.
    pub fn set_checkpoint(&mut self, body: &Bytes) -> Result<(), RecordError> {
        self.checkpoint(body).map(drop)
    }

    /// The same, and gives what follows its tables.
    pub(super) fn checkpoint(&mut self, body: &Bytes) -> Result<(Bytes, u64), RecordError> {
        let body = parse(body, Kind::Checkpoint)?;
        self.copies = body.origins.iter().map(|(n, id)| (*id, *n)).collect();
        self.origins = body.origins.iter().copied().collect();
        Ok(self.checkpoint.insert(body).rest())
    }

    /// The payload at a place in the tables of a body, and the turn that holds it.
    pub(super) fn at(&mut self, source: Source, place: u32) -> Result<(Value, Option<PayloadId>), RecordError> {
        let n = place / 2;
        if place % 2 == 1 {
            let body = match source {
                Source::Turn(turn) => self.turns.get(&turn),
                Source::Checkpoint => self.checkpoint.as_ref(),
            };
            let import = body.and_then(|body| body.imports.get(n as usize)).copied();
            let id = import.ok_or_else(|| RecordError::broken("an import that is not there"))?;
            return Ok((self.get(id)?, Some(id)));
        }
        match source {
            Source::Turn(turn) => {
                let id = PayloadId { turn, n };
                Ok((self.get(id)?, Some(id)))
            }
            Source::Checkpoint => {
                let body = self.checkpoint.as_mut().ok_or_else(|| RecordError::broken("there is no checkpoint"))?;
                Ok((body.payload(n)?, self.origins.get(&n).copied()))
            }
        }
    }
}

fn parse(body: &Bytes, kind: Kind) -> Result<Body, RecordError> {
    let body = Body::parse(body.clone())?;
    match body.kind == kind {
        true => Ok(body),
        false => Err(RecordError::Broken(format!("it is a {:?}, not a {kind:?}", body.kind))),
    }
}

/// The payloads of earlier turns that a body refers to.
pub fn imports(body: &[u8]) -> Result<Vec<PayloadId>, RecordError> {
    body::imports(body)
}

/// A payload of a body's own table.
pub fn payload(body: &Bytes, n: u32) -> Result<Value, RecordError> {
    Body::parse(body.clone())?.payload(n)
}
