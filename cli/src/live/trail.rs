//! Where in the definition each event of a history happened. Events name the event they follow, not their branch: the
//! trail follows them back to the state that was entered, and to the item or branch in which that was.

use std::collections::HashMap;
use std::sync::Arc;

use stepwell_asl::{Program, StateId, StateKind, Text, Timestamp};
use stepwell_engine::core::{Execution, HistoryEvent, HistoryKind};

/// Events that are kept before those that nothing can follow any more are looked for.
const EVENTS_KEPT_MIN: usize = 4_096;

/// A state that was entered, once.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The state.
    pub state: StateId,
    /// When it was entered.
    pub at: Timestamp,
    scope: Arc<Scope>,
}

/// The machine itself, one item of a Map, or one branch of a Parallel. Scopes are as deep as the definition is nested,
/// and live as long as something in them does.
#[derive(Debug)]
struct Scope {
    /// The visit of the Map or Parallel; `None` for the machine itself.
    holder: Option<Arc<Visit>>,
    index: u32,
}

/// Where an event happened, and what the next one finds.
#[derive(Clone, Debug)]
struct Here {
    visit: Arc<Visit>,
    scope: Arc<Scope>,
    /// The state has been left.
    exited: bool,
}

/// Follows a history as it grows. Keeps what later events can follow, which the live branches bound.
pub struct Trail {
    states: HashMap<Text, StateId>,
    /// Before the first event.
    root: Here,
    /// Older events that later ones may follow.
    kept: HashMap<u64, Here>,
    /// The newest events, of which the first has the id `recent_from`.
    recent: Vec<Here>,
    recent_from: u64,
}

impl Trail {
    /// A trail through this program.
    pub fn new(program: &Program) -> Trail {
        let states = program.states.iter().enumerate().map(|(at, state)| (state.name.clone(), StateId(at as u32)));
        let scope = Arc::new(Scope { holder: None, index: 0 });
        let visit = Visit { state: program.start, at: Timestamp::default(), scope: scope.clone() };
        Trail {
            states: states.collect(),
            root: Here { visit: Arc::new(visit), scope, exited: true },
            kept: HashMap::new(),
            recent: Vec::new(),
            recent_from: 1,
        }
    }

    /// Takes the next event of the history, and tells which visit it belongs to.
    pub fn follow(&mut self, program: &Program, event: &HistoryEvent) -> Arc<Visit> {
        let before = self.here(event.previous_id).clone();
        let here = match &event.kind {
            HistoryKind::StateEntered { name, .. } => self.enter(program, before, name, event.at),
            HistoryKind::StateExited { name, .. } => {
                let visit = self.enclosing(&before.visit, name);
                Here { scope: visit.scope.clone(), visit, exited: true }
            }
            HistoryKind::MapIterationStarted { name, index } => {
                let holder = self.enclosing(&before.visit, name);
                Here { scope: open(&holder, *index), visit: holder, exited: true }
            }
            _ => before, // every other event happens where the one before it did
        };
        let visit = here.visit.clone();
        self.recent.push(here);
        visit
    }

    /// The newest event that was taken.
    pub fn last(&self) -> u64 {
        self.recent_from + self.recent.len() as u64 - 1
    }

    /// The branch that entered a state with the event `entered` goes on after the event `last`.
    pub fn resume(&mut self, entered: u64, last: u64) {
        if entered == 0 || entered == last {
            return;
        }
        let here = Here { exited: false, ..self.here(entered).clone() };
        let place = match last.checked_sub(self.recent_from) {
            Some(at) => self.recent.get_mut(at as usize),
            None => self.kept.get_mut(&last),
        };
        if let Some(place) = place {
            *place = here;
        }
    }

    /// A turn is over: the next events follow those at which the branches of this execution are. Looks for the others
    /// only now and then, so that it costs little for each event.
    pub fn settle(&mut self, execution: &Execution) {
        if self.recent.len() < EVENTS_KEPT_MIN.max(self.kept.len()) {
            return;
        }
        let positions = execution.branches.values().map(|branch| &branch.position);
        let live = positions.flat_map(|position| [position.entered_event, position.last_event]);
        let kept = live.filter(|event| *event > 0).map(|event| (event, self.here(event).clone())).collect();
        self.kept = kept;
        self.recent_from += self.recent.len() as u64;
        self.recent.clear();
    }

    /// The visit an event belongs to.
    pub fn visit_of(&self, event: u64) -> Arc<Visit> {
        self.here(event).visit.clone()
    }

    /// The visit that is to blame where an execution fails after this event: the state itself, or the Map or Parallel
    /// around it where the state had ended well.
    pub fn blamed(&self, event: u64) -> Arc<Visit> {
        let here = self.here(event);
        match &here.visit.scope.holder {
            Some(holder) if here.exited && Arc::ptr_eq(&here.scope, &here.visit.scope) => holder.clone(),
            Some(_) | None => here.visit.clone(),
        }
    }

    fn enter(&self, program: &Program, before: Here, name: &str, at: Timestamp) -> Here {
        let state = self.states.get(name).copied().unwrap_or(program.start);
        let branch = match &program.state(before.visit.state).kind {
            StateKind::Parallel(parallel) if !before.exited => parallel.branches.iter().position(|of| *of == state),
            _ => None,
        };
        let scope = match branch {
            Some(index) => open(&before.visit, index as u32),
            None => before.scope,
        };
        Here { visit: Arc::new(Visit { state, at, scope: scope.clone() }), scope, exited: false }
    }

    /// The visit of the state of this name, which is this one or one around it.
    fn enclosing(&self, visit: &Arc<Visit>, name: &str) -> Arc<Visit> {
        let state = self.states.get(name).copied();
        let mut candidate = visit;
        loop {
            if Some(candidate.state) == state {
                return candidate.clone();
            }
            match &candidate.scope.holder {
                Some(holder) => candidate = holder,
                None => return visit.clone(),
            }
        }
    }

    fn here(&self, event: u64) -> &Here {
        let here = match event.checked_sub(self.recent_from) {
            Some(at) => self.recent.get(at as usize),
            None => self.kept.get(&event),
        };
        here.unwrap_or(&self.root)
    }
}

impl Visit {
    /// The items and branches around a visit, outermost first: the Map or Parallel, and which item or branch of it.
    pub fn around(&self) -> Vec<(StateId, u32)> {
        let mut around = Vec::new();
        let mut scope = &self.scope;
        while let Some(holder) = &scope.holder {
            around.push((holder.state, scope.index));
            scope = &holder.scope;
        }
        around.reverse();
        around
    }
}

fn open(holder: &Arc<Visit>, index: u32) -> Arc<Scope> {
    Arc::new(Scope { holder: Some(holder.clone()), index })
}
