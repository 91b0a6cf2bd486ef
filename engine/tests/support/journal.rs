//! An execution whose turns are kept as bytes, the way a store keeps them.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde_json::Value as Json;
use stepwell_asl::programs::ContentHash;
use stepwell_engine::core::{Effect, Event, EventKind, Execution, HistoryEvent, Status, outstanding, step};
use stepwell_engine::record::{
    Birth, Known, Payloads, TurnRecord, decode_turn, encode_checkpoint, encode_turn, history, replay,
};

use super::World;

pub struct Journal {
    pub world: World,
    pub birth: Birth,
    pub known: Known,
    /// Every turn's body, by its number.
    pub turns: BTreeMap<u32, Bytes>,
    pub checkpoints: BTreeMap<u32, Bytes>,
}

impl Journal {
    pub fn new(definition: Json, input: Json) -> Journal {
        let world = World::new(definition, input);
        let birth = Birth {
            identity: world.execution.identity.clone(),
            definition: ContentHash::of("the test's definition"),
            deadline: world.execution.deadline,
            list: world.execution.identity.machine_arn.clone(),
        };
        Journal { world, birth, known: Known::default(), turns: BTreeMap::new(), checkpoints: BTreeMap::new() }
    }

    pub fn last(&self) -> u32 {
        self.turns.len() as u32
    }

    /// Takes a turn without keeping it, and gives what is to be kept.
    pub fn step(&mut self, events: Vec<Event>) -> TurnRecord {
        let World { program, execution, env, history, asked, started, stops: _ } = &mut self.world;
        let since = execution.last_ticket;
        let turn = step(program, execution, &events, env);
        history.extend(turn.history.iter().cloned());
        for effect in outstanding(program, execution, since, &env.tokens).effects {
            match effect {
                Effect::Invoke(invoke) | Effect::Offer(invoke) | Effect::StartNested(invoke) => asked.push(invoke),
                Effect::StartChild(start) => started.push(start),
                Effect::StopChild(_) | Effect::StopNested(_) => {}
            }
        }
        let birth = self.turns.is_empty().then(|| self.birth.clone());
        TurnRecord { at: env.now, birth, events, history: turn.history, changes: turn.changes }
    }

    /// Takes a turn and keeps it.
    pub fn turn(&mut self, events: Vec<Event>) -> TurnRecord {
        let record = self.step(events);
        let sequence = self.last() + 1;
        let body = encode_turn(&record, sequence, &self.world.program, &mut self.known).expect("the turn can be kept");
        self.turns.insert(sequence, body.into());
        record
    }

    /// The same, for turns with events and those that full turns leave to do.
    pub fn run(&mut self, events: Vec<Event>) {
        self.turn(events);
        while !self.world.execution.ready.is_empty() {
            self.turn(vec![Event::Continue]);
        }
    }

    /// Answers the newest open task of a state.
    pub fn answer(&mut self, state: &str, nth: usize, kind: EventKind) {
        let event = self.world.event(state, nth, kind);
        self.run(vec![event]);
    }

    pub fn checkpoint(&mut self) {
        let Journal { world, birth, known, .. } = self;
        let body = encode_checkpoint(&world.execution, birth, &world.program, known).expect("it can be kept");
        self.checkpoints.insert(self.last(), body.into());
    }

    /// Adds the turns that must be there to read these bodies. Gives how many.
    pub fn fetch<'b>(&self, payloads: &mut Payloads, bodies: impl IntoIterator<Item = &'b Bytes>) -> usize {
        let missing = |body: &'b Bytes| payloads.missing(body).expect("the body can be read");
        let wanted: BTreeSet<u32> = bodies.into_iter().flat_map(missing).collect();
        for turn in &wanted {
            payloads.add(*turn, &self.turns[turn]).expect("the body can be read");
        }
        wanted.len()
    }

    /// The execution, and what is known of it, from the checkpoint that was written with turn `from` (0: from none at
    /// all) and the turns after it.
    pub fn load(&self, from: u32) -> (Birth, Execution, Known) {
        let (mut payloads, mut known) = (Payloads::default(), Known::default());
        let checkpoint = self.checkpoints.get(&from);
        if let Some(body) = checkpoint {
            payloads.set_checkpoint(body).expect("the checkpoint can be read");
        }
        let turns: Vec<(u32, &Bytes)> = self.turns.range(from + 1..).map(|(turn, body)| (*turn, body)).collect();
        for (turn, body) in &turns {
            payloads.add(*turn, body).expect("the body can be read");
        }
        self.fetch(&mut payloads, checkpoint.into_iter().chain(turns.iter().map(|(_, body)| *body)));
        let (birth, execution) = replay(checkpoint, turns, &self.world.program, &mut payloads, &mut known)
            .expect("what was written can be read");
        (birth, execution, known)
    }

    /// The turn, as it is read back.
    pub fn read(&self, turn: u32) -> TurnRecord {
        let (mut payloads, body) = (Payloads::default(), &self.turns[&turn]);
        self.fetch(&mut payloads, [body]);
        decode_turn(body, turn, &self.world.program, &mut payloads, &mut Known::default()).expect("it can be read")
    }

    /// The turn's history events, as they are read back.
    pub fn history(&self, turn: u32) -> Vec<HistoryEvent> {
        let (mut payloads, body) = (Payloads::default(), &self.turns[&turn]);
        self.fetch(&mut payloads, [body]);
        history(body, turn, &mut payloads).expect("it can be read")
    }

    /// Forgets the execution and loads it, as after a crash.
    pub fn reload(&mut self) {
        let from = self.checkpoints.last_key_value().map_or(0, |(turn, _)| *turn);
        let (birth, execution, known) = self.load(from);
        assert_eq!((&birth, &execution), (&self.birth, &self.world.execution));
        (self.birth, self.world.execution, self.known) = (birth, execution, known);
    }

    pub fn running(&self) -> bool {
        self.world.execution.status == Status::Running
    }
}
