//! A store in memory that looks into everything it is given: whether the contract is kept, and whether the rows say what
//! is true of the execution.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use stepwell_asl::programs::ContentHash;
use stepwell_asl::{Program, Timestamp};
use stepwell_engine::core::{
    Dispatch, Effect, Event, Execution, HistoryEvent, HistoryKind, Status, Ticket, Trigger, apply, outstanding,
};
use stepwell_engine::ids::{Epoch, ExecutionId, Key};
use stepwell_engine::record::{self, Birth, Known, Payloads, decode_turn, newborn};
use stepwell_engine::store::{Attention, Closed, Commit, CommitError, Listing, Log, Offer, StoredTurn};
use stepwell_engine::token::TokenKey;
use stepwell_engine::worker::{Entry, Loaded, status_number};

use super::check_history;

/// The ownership under which everything is committed.
pub const EPOCH: Epoch = Epoch(7);

#[derive(Default)]
pub struct ModelStore {
    pub programs: Vec<(ContentHash, Arc<Program>)>,
    pub executions: BTreeMap<ExecutionId, Kept>,
    pub names: BTreeMap<Key, ExecutionId>,
    pub offers: BTreeSet<Offer>,
    /// Whose tasks were ever offered.
    pub activities: BTreeSet<Key>,
    /// How long executions can be redriven.
    pub redrive_ms: u64,
}

/// All that is kept of an execution.
pub struct Kept {
    pub birth: Birth,
    /// The execution after the newest turn.
    pub execution: Execution,
    pub history: Vec<HistoryEvent>,
    /// Every event of every turn.
    pub events: Vec<Event>,
    pub attention: Attention,
    pub listing: Option<Listing>,
    pub archived: bool,
    pub checkpoint: Option<(u32, Bytes)>,
    turns: Vec<StoredTurn>,
    name: Key,
    program: Arc<Program>,
    payloads: Payloads,
    known: Known,
}

impl ModelStore {
    /// Keeps a turn, or refuses it as the contract says.
    pub fn commit(&mut self, commit: &Commit) -> Result<(), CommitError> {
        assert_eq!(commit.epoch, EPOCH, "it is committed under another ownership");
        assert_eq!(commit.name.is_some(), commit.sequence == 1, "the name goes with the first turn");
        assert!(commit.consumed.is_empty(), "there is no inbox");
        let held = self.executions.get(&commit.execution);
        let next = held.map_or(1, |kept| kept.turns.len() as u32 + 1);
        let is_taken = commit.name.is_some_and(|name| self.names.contains_key(&name));
        if commit.sequence != next || is_taken || held.is_some_and(|kept| kept.archived) {
            return Err(CommitError::Conflict);
        }
        if let Some(name) = commit.name {
            let kept = self.born(commit, name);
            self.names.insert(name, commit.execution);
            self.executions.insert(commit.execution, kept);
        }
        let kept = self.executions.get_mut(&commit.execution).expect("it was born");
        kept.take(commit);
        for offer in &commit.withdrawn {
            assert!(self.offers.remove(offer), "{offer:?} is withdrawn and was not offered");
        }
        for offer in &commit.offered {
            assert!(self.offers.insert(*offer), "{offer:?} is offered twice");
            self.activities.insert(offer.activity);
        }
        self.check_rows(commit.execution);
        Ok(())
    }

    fn born(&self, commit: &Commit, name: Key) -> Kept {
        let birth = record::birth(&commit.body, 1, &mut Payloads::default()).expect("the first turn can be read");
        let birth = birth.expect("the first turn holds the birth");
        let program = self.programs.iter().find(|(hash, _)| *hash == birth.definition);
        Kept {
            execution: newborn(&birth),
            birth,
            history: Vec::new(),
            events: Vec::new(),
            attention: Attention::Never,
            listing: None,
            archived: false,
            checkpoint: None,
            turns: Vec::new(),
            name,
            program: program.expect("the definition is known").1.clone(),
            payloads: Payloads::default(),
            known: Known::default(),
        }
    }

    /// The execution as it is kept, as long as it is among the living.
    pub fn execution(&self, id: ExecutionId) -> Option<&Execution> {
        self.living(id).map(|kept| &kept.execution)
    }

    pub fn living(&self, id: ExecutionId) -> Option<&Kept> {
        self.executions.get(&id).filter(|kept| !kept.archived)
    }

    /// Reads an execution the way the engine does.
    pub fn load(&self, id: ExecutionId) -> Option<Loaded> {
        self.living(id).map(Kept::load)
    }

    /// Moves a closed execution out of the way.
    pub fn archive(&mut self, closed: &Closed) {
        let kept = self.executions.get_mut(&closed.execution).expect("what is archived has been there");
        if kept.archived {
            return;
        }
        assert_ne!(kept.execution.status, Status::Running, "it runs and is archived");
        assert_eq!(closed.attention, kept.attention, "another row is removed");
        assert_eq!((closed.name, closed.list), (kept.name, Key::of(&[&kept.birth.list])));
        assert_eq!(closed.status, status_number(&kept.execution.status));
        assert_eq!(closed.started_at, kept.birth.identity.started_at);
        assert_eq!(Some(closed.ended_at), kept.ended_at());
        (kept.archived, kept.attention) = (true, Attention::Never);
    }

    /// What the rows say is true of the execution.
    fn check_rows(&self, id: ExecutionId) {
        let kept = &self.executions[&id];
        let execution = &kept.execution;
        match (kept.ended_at(), execution.next_deadline()) {
            _ if execution.unconfirmed() => assert_eq!(kept.attention, Attention::Unconfirmed, "calls are under way"),
            (None, None) => assert_eq!(kept.attention, Attention::Never, "it waits for nothing that time brings"),
            (None, Some(due)) => {
                assert!(matches!(kept.attention, Attention::At(at) if at <= due), "nobody comes at {due:?}");
            }
            (Some(ended_at), _) => {
                let is_redrivable = !matches!(execution.status, Status::Succeeded(_));
                let due = ended_at.plus_ms(if is_redrivable { self.redrive_ms } else { 0 });
                assert_eq!(kept.attention, Attention::At(due), "the time to archive it is another");
            }
        }
        let listing = kept.listing.as_ref().expect("the first turn lists it");
        assert_eq!(listing.list, Key::of(&[&kept.birth.list]));
        assert_eq!(listing.status, status_number(&execution.status), "it is listed under another status");
        assert_eq!(listing.started_at, kept.birth.identity.started_at);
        let entry = Entry {
            name: execution.identity.name.to_string(),
            stopped_at: kept.ended_at(),
            redrive_count: execution.redrive_count,
            redriven_at: execution.redriven_at,
            ..Entry::default()
        };
        assert_eq!(Entry::decode(&listing.entry), Some(entry), "its line in the list is out of date");
        let offered: BTreeSet<Offer> = self.offers.iter().filter(|offer| offer.execution == id).copied().collect();
        assert_eq!(offered, kept.offers(id), "the offers are not those that are armed");
    }
}

impl Kept {
    fn take(&mut self, commit: &Commit) {
        let Commit { sequence, turn_id, first_event, events, body, .. } = commit.clone();
        let turn = decode_turn(&body, sequence, &self.program, &mut self.payloads, &mut self.known);
        let turn = turn.expect("the turn can be read");
        assert_eq!((first_event, events as usize), (self.execution.last_event + 1, turn.history.len()));
        assert_eq!(turn.birth, (sequence == 1).then(|| self.birth.clone()));
        let before = self.execution.clone();
        apply(&mut self.execution, turn.changes);
        check_history(&before, &turn.history, &self.execution);
        self.history.extend(turn.history);
        self.events.extend(turn.events);
        assert_eq!(commit.attention.from, self.attention, "a row is moved that is not there");
        self.attention = commit.attention.to;
        if let Some(listing) = &commit.listing {
            // A line is found by these.
            let place = |of: &Option<Listing>| of.as_ref().map(|line| (line.list, line.status, line.started_at));
            assert_eq!(place(&listing.from), place(&self.listing), "a line is moved that is not there");
            self.listing = listing.to.clone();
        }
        if let Some(checkpoint) = &commit.checkpoint {
            self.checkpoint = Some((sequence, checkpoint.clone()));
        }
        self.turns.push(StoredTurn { sequence, turn_id, first_event, events, attention: self.attention, body });
    }

    fn load(&self) -> Loaded {
        let newest = self.turns.last().expect("it was born with a turn");
        let from = self.checkpoint.as_ref().map_or(0, |(sequence, _)| *sequence);
        let log = Log {
            checkpoint: self.checkpoint.clone(),
            turns: self.turns[from as usize..].to_vec(),
            newest: (newest.sequence, newest.turn_id, newest.attention),
        };
        let mut payloads = Payloads::default();
        let checkpoint = log.checkpoint.as_ref().map(|(_, body)| body);
        if let Some(body) = checkpoint {
            payloads.set_checkpoint(body).expect("the checkpoint can be read");
        }
        for turn in &log.turns {
            payloads.add(turn.sequence, &turn.body).expect("the turn can be read");
        }
        for body in checkpoint.into_iter().chain(log.turns.iter().map(|turn| &turn.body)) {
            for missing in payloads.missing(body).expect("the body can be read") {
                payloads.add(missing, &self.turns[missing as usize - 1].body).expect("the turn can be read");
            }
        }
        let loaded = Loaded::from_log(&log, self.birth.clone(), self.program.clone(), &mut payloads);
        let loaded = loaded.expect("what was written can be read");
        assert_eq!(loaded.execution, self.execution, "it is read as another than was written");
        loaded
    }

    /// When it ended, if it has.
    pub fn ended_at(&self) -> Option<Timestamp> {
        let last = self.history.last().filter(|_| self.execution.status != Status::Running)?;
        Some(last.at)
    }

    /// What is asked of the world: of services and functions, and of activity workers.
    pub fn outstanding(&self, tokens: &TokenKey) -> Vec<Effect> {
        outstanding(&self.program, &self.execution, Ticket::default(), tokens).effects
    }

    fn offers(&self, id: ExecutionId) -> BTreeSet<Offer> {
        let is_offered = |of: &Trigger| matches!(of, Trigger::Task { dispatch: Dispatch::Offer, .. });
        if !self.execution.branches.values().any(|branch| is_offered(&branch.position.trigger)) {
            return BTreeSet::new();
        }
        let offer = |effect| match effect {
            Effect::Offer(task) => Some(Offer {
                activity: Key::of(&[&task.resource]),
                at: self.execution.branch(task.branch)?.position.entered_at,
                execution: id,
                branch: task.branch.0,
                ticket: task.ticket.0,
            }),
            Effect::Invoke(_)
            | Effect::StartChild(_)
            | Effect::StopChild(_)
            | Effect::StartNested(_)
            | Effect::StopNested(_) => None,
        };
        self.outstanding(&TokenKey::new([1; 32])).into_iter().filter_map(offer).collect()
    }

    /// Whether a line of the history is like this.
    pub fn has(&self, is: impl Fn(&HistoryKind) -> bool) -> bool {
        self.history.iter().rev().any(|event| is(&event.kind))
    }
}
