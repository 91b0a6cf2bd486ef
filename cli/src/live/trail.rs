//! Where in the definition each event of a history happened. Events name the event they follow, not their branch: the
//! trail follows them back to the state that was entered, and to the item or branch in which that was.

use std::collections::HashMap;

use stepwell_asl::{Program, StateId, StateKind, Text, Timestamp};
use stepwell_engine::core::{HistoryEvent, HistoryKind};

/// A state that was entered, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The state.
    pub state: StateId,
    /// When it was entered.
    pub at: Timestamp,
    scope: ScopeId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct VisitId(u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ScopeId(u32);

/// One item of a Map, or one branch of a Parallel.
#[derive(Clone, Copy, Debug)]
struct Scope {
    /// The visit of the Map or Parallel; `None` for the machine itself.
    holder: Option<VisitId>,
    index: u32,
}

/// Where an event happened, and what the next one finds.
#[derive(Clone, Copy, Debug)]
struct Here {
    visit: VisitId,
    scope: ScopeId,
    /// The state has been left.
    exited: bool,
}

/// Follows a history as it grows.
pub struct Trail {
    states: HashMap<Text, StateId>,
    visits: Vec<Visit>,
    scopes: Vec<Scope>,
    /// By event, from 1.
    events: Vec<Here>,
}

impl Trail {
    /// A trail through this program.
    pub fn new(program: &Program) -> Trail {
        let states = program.states.iter().enumerate().map(|(at, state)| (state.name.clone(), StateId(at as u32)));
        let root = Visit { state: program.start, at: Timestamp::default(), scope: ScopeId(0) };
        Trail {
            states: states.collect(),
            visits: vec![root],
            scopes: vec![Scope { holder: None, index: 0 }],
            events: vec![Here { visit: VisitId(0), scope: ScopeId(0), exited: true }],
        }
    }

    /// Takes the next event of the history, and tells which visit it belongs to.
    pub fn follow(&mut self, program: &Program, event: &HistoryEvent) -> Visit {
        let before = self.here(event.previous_id);
        let here = match &event.kind {
            HistoryKind::StateEntered { name, .. } => self.enter(program, before, name, event.at),
            HistoryKind::StateExited { name, .. } => {
                let visit = self.enclosing(before.visit, name);
                Here { visit, scope: self.visit(visit).scope, exited: true }
            }
            HistoryKind::MapIterationStarted { name, index } => {
                let holder = self.enclosing(before.visit, name);
                Here { visit: holder, scope: self.open(holder, *index), exited: true }
            }
            _ => before, // every other event happens where the one before it did
        };
        self.events.push(here);
        self.visit(here.visit)
    }

    /// The branch that entered a state with the event `entered` goes on after the event `last`.
    pub fn resume(&mut self, entered: u64, last: u64) {
        let here = Here { exited: false, ..self.here(entered) };
        if let Some(place) = self.events.get_mut(last as usize).filter(|_| entered > 0 && entered != last) {
            *place = here;
        }
    }

    /// The visit an event belongs to.
    pub fn visit_of(&self, event: u64) -> Visit {
        self.visit(self.here(event).visit)
    }

    /// The visit that is to blame where an execution fails after this event: the state itself, or the Map or Parallel
    /// around it where the state had ended well.
    pub fn blamed(&self, event: u64) -> Visit {
        let here = self.here(event);
        let visit = self.visit(here.visit);
        match self.scope(visit.scope).holder {
            Some(holder) if here.exited && here.scope == visit.scope => self.visit(holder),
            Some(_) | None => visit,
        }
    }

    /// The items and branches around a visit, outermost first: the Map or Parallel, and which item or branch of it.
    pub fn around(&self, visit: Visit) -> Vec<(StateId, u32)> {
        let mut around = Vec::new();
        let mut scope = self.scope(visit.scope);
        while let Some(holder) = scope.holder.map(|holder| self.visit(holder)) {
            around.push((holder.state, scope.index));
            scope = self.scope(holder.scope);
        }
        around.reverse();
        around
    }

    fn enter(&mut self, program: &Program, before: Here, name: &str, at: Timestamp) -> Here {
        let state = self.states.get(name).copied().unwrap_or(program.start);
        let branch = match &program.state(self.visit(before.visit).state).kind {
            StateKind::Parallel(parallel) if !before.exited => parallel.branches.iter().position(|of| *of == state),
            _ => None,
        };
        let scope = match branch {
            Some(index) => self.open(before.visit, index as u32),
            None => before.scope,
        };
        self.visits.push(Visit { state, at, scope });
        Here { visit: VisitId(self.visits.len() as u32 - 1), scope, exited: false }
    }

    /// The visit of the state of this name, which is this one or one around it.
    fn enclosing(&self, visit: VisitId, name: &str) -> VisitId {
        let state = self.states.get(name).copied();
        let mut candidate = visit;
        loop {
            let at = self.visit(candidate);
            if Some(at.state) == state {
                return candidate;
            }
            match self.scope(at.scope).holder {
                Some(holder) => candidate = holder,
                None => return visit,
            }
        }
    }

    fn open(&mut self, holder: VisitId, index: u32) -> ScopeId {
        self.scopes.push(Scope { holder: Some(holder), index });
        ScopeId(self.scopes.len() as u32 - 1)
    }

    fn here(&self, event: u64) -> Here {
        self.events.get(event as usize).copied().unwrap_or(self.events[0])
    }

    fn visit(&self, id: VisitId) -> Visit {
        self.visits[id.0 as usize]
    }

    fn scope(&self, id: ScopeId) -> Scope {
        self.scopes[id.0 as usize]
    }
}
