//! Watching an execution: what happens becomes lines and a board on stderr, and what is asked for later is kept.

mod board;
mod screen;
mod trail;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use stepwell_asl::{Program, StateId, StateKind, Timestamp};
use stepwell_engine::core::{
    BranchId, Change, Dispatch, Execution, HistoryEvent, HistoryKind, Invoke, JoinKind, Position, TaskLabel, Trigger,
    Turn,
};
use stepwell_engine::runner::Watcher;

use crate::api::Desk;
use board::{Board, Doing};
pub use screen::{Mark, Screen};
use trail::{Trail, Visit};
pub use words::{cause, duration, error};

/// Maps wider than this show a bar instead of their iterations' states, on a terminal.
const ITEMS_SHOWN_MAX: u32 = 20;

/// Sees an execution as it happens.
pub struct Watch {
    program: Arc<Program>,
    screen: Screen,
    board: Board,
    trail: Trail,
    /// All of it, where it is asked for.
    history: Option<Vec<HistoryEvent>>,
    outside: Outside,
    last_at: Timestamp,
    blamed: Option<Arc<Visit>>,
    /// Branches that wait for something outside, and in which state.
    waiting: BTreeMap<BranchId, Arc<Visit>>,
}

/// Who answers the tokens and activities that an execution waits for.
pub enum Outside {
    /// Nobody.
    Nobody,
    /// Whoever comes to this desk.
    Desk(Arc<Desk>),
    /// Whoever comes to the engine, now or in a later run. `open`: it can be reached in this one.
    Engine {
        /// Whether there is an API.
        open: bool,
    },
}

/// A state in which something happened, for people.
pub struct Place {
    /// The state.
    pub state: StateId,
    /// Its name, with the items and branches around it.
    pub words: String,
}

impl Watch {
    /// Watches an execution of this program on that screen.
    pub fn new(program: Arc<Program>, screen: Screen, keep_history: bool, outside: Outside) -> Watch {
        Watch {
            board: Board::new(screen.clone()),
            trail: Trail::new(&program),
            program,
            screen,
            history: keep_history.then(Vec::new),
            outside,
            last_at: Timestamp::default(),
            blamed: None,
            waiting: BTreeMap::new(),
        }
    }

    /// The history, where it was to be kept.
    pub fn take_history(&mut self) -> Option<Vec<HistoryEvent>> {
        self.history.take()
    }

    /// When the last event happened.
    pub fn last_at(&self) -> Timestamp {
        self.last_at
    }

    /// Where the execution went wrong, once it has.
    pub fn blamed(&self) -> Option<Place> {
        let visit = self.blamed.as_ref()?;
        Some(Place { state: visit.state, words: words::place(&self.program, visit) })
    }

    /// The states that waited for something when the last turn was over.
    pub fn waiting(&self) -> impl ExactSizeIterator<Item = String> {
        self.waiting.values().map(|visit| words::place(&self.program, visit))
    }

    /// The JSON pointer of a state.
    pub fn pointer(&self, state: StateId) -> &str {
        &self.program.state(state).pointer
    }

    /// Takes in what happened before anybody watched. Nothing of it is shown.
    pub fn catch_up(&mut self, history: &[HistoryEvent]) {
        for event in history {
            self.trail.follow(&self.program, event);
            self.last_at = event.at;
        }
    }

    /// Shows what an execution waits for that is about to go on.
    pub fn begin_at(&mut self, execution: &Execution) {
        let mut branches: Vec<_> = execution.branches.iter().collect();
        branches.sort_by_key(|(id, _)| **id);
        for (id, branch) in branches {
            self.branch(*id, &branch.position);
            self.offered(&branch.position);
        }
        self.board.settle();
        self.screen.flush();
    }

    /// Tells of a task that waits for a worker from an earlier run.
    fn offered(&self, position: &Position) {
        let state = self.program.state(position.state);
        if let (
            Trigger::Task { dispatch: Dispatch::Offer, .. },
            StateKind::Task(task),
            Outside::Engine { open: true },
        ) = (&position.trigger, &state.kind, &self.outside)
        {
            let place = words::place(&self.program, &self.trail.visit_of(position.entered_event));
            self.screen.tell(Mark::Waits, &place, &format!("for a worker of {}", task.resource.arn));
        }
    }

    fn event(&mut self, event: &HistoryEvent) {
        let visit = self.trail.follow(&self.program, event);
        self.last_at = event.at;
        let (mark, what) = match &event.kind {
            HistoryKind::StateExited { .. } if self.screen.is_quiet() || self.in_wide_map(&visit) => return,
            HistoryKind::StateExited { .. } => (Mark::Exited, words::duration(visit.at, event.at)),
            HistoryKind::TaskFailed { error, .. }
            | HistoryKind::TaskSubmitFailed { error, .. }
            | HistoryKind::TaskTimedOut { error, .. } => (Mark::Failed, words::error(error)),
            HistoryKind::ExecutionFailed(_) | HistoryKind::ExecutionTimedOut(_) | HistoryKind::ExecutionAborted(_) => {
                self.blamed = (event.previous_id > 0).then(|| self.trail.blamed(event.previous_id));
                return;
            }
            HistoryKind::TaskScheduled(task) if task.label == TaskLabel::Activity => match self.outside {
                Outside::Engine { open: true } => (Mark::Waits, format!("for a worker of {}", task.resource)),
                Outside::Engine { open: false } | Outside::Nobody | Outside::Desk(_) => return,
            },
            _ => return,
        };
        self.screen.tell(mark, &words::place(&self.program, &visit), &what);
    }

    /// Whether a visit is one of so many that only a bar can show them.
    fn in_wide_map(&self, visit: &Visit) -> bool {
        self.screen.is_live() && visit.around().iter().any(|(_, index)| *index >= ITEMS_SHOWN_MAX)
    }

    fn branch(&mut self, id: BranchId, position: &Position) {
        if position.entered_event == 0 {
            return; // it has not entered its first state
        }
        self.trail.resume(position.entered_event, position.last_event);
        if id == BranchId::ROOT && matches!(position.trigger, Trigger::Halted(_)) && self.blamed.is_none() {
            // An end that came from outside does not say where.
            self.blamed = Some(self.trail.visit_of(position.entered_event));
        }
        match &position.trigger {
            Trigger::Ready | Trigger::Join(_) => drop(self.waiting.remove(&id)),
            Trigger::Halted(_) => {} // where it was is asked for after the end
            Trigger::Task { .. } | Trigger::Timer { .. } | Trigger::Retry { .. } => {
                self.waiting.insert(id, self.trail.visit_of(position.entered_event));
            }
        }
        let place = |watch: &Watch| words::place(&watch.program, &watch.trail.visit_of(position.entered_event));
        if let Trigger::Retry { at } = &position.trigger {
            let what = format!("{} in {}", position.retry_count(), words::duration(self.last_at, *at));
            self.screen.tell(Mark::Retry, &place(self), &what);
        }
        if !self.screen.is_live() {
            return;
        }
        match &position.trigger {
            Trigger::Ready | Trigger::Halted(_) => self.board.hide(id),
            Trigger::Join(join) if !matches!(join.kind, JoinKind::Parallel(_)) => {
                self.board.show(id, Doing::Joins { place: place(self), filled: join.filled, width: join.width });
            }
            Trigger::Join(_) => self.board.hide(id),
            Trigger::Task { .. } | Trigger::Timer { .. } | Trigger::Retry { .. } => {
                self.board.show(id, Doing::Waits(place(self)));
            }
        }
    }
}

impl Watch {
    /// Shows a turn. `execution` is the execution as it is in memory: after this turn, or already further on.
    pub fn turn(&mut self, turn: &Turn, execution: Option<&Execution>) {
        for event in &turn.history {
            self.event(event);
        }
        let ends = turn.ends();
        for change in &turn.changes {
            match change {
                Change::Position(id, position) => self.branch(*id, position),
                Change::Ended(id) => {
                    // The end of an execution ends its branches: where they were is asked for afterwards.
                    if !ends {
                        self.waiting.remove(id);
                    }
                    self.board.hide(*id);
                }
                Change::Slot(..)
                | Change::Variable(..)
                | Change::Counters { .. }
                | Change::Ready(_)
                | Change::Status(_)
                | Change::Deadline(_)
                | Change::Redriven { .. }
                | Change::MapRun(..)
                | Change::ChildOpened(..)
                | Change::ChildEnded(_)
                | Change::MockedCalls(..)
                | Change::NestedOpened(..)
                | Change::NestedEnded(_) => {}
            }
        }
        // One that is further on no longer holds what the turns in between follow.
        if let Some(execution) = execution.filter(|execution| execution.last_event == self.trail.last()) {
            self.trail.settle(execution);
        }
        self.board.settle();
        self.screen.flush();
        if let Some(history) = &mut self.history {
            history.extend_from_slice(&turn.history);
        }
    }

    /// Somebody outside must answer this.
    pub fn waits_outside(&mut self, invoke: &Invoke) {
        let what = match (&self.outside, &invoke.token, invoke.callback) {
            (Outside::Nobody, _, _) => return,
            (Outside::Desk(_) | Outside::Engine { open: true }, Some(token), true) => {
                format!("for its task token {token}")
            }
            (Outside::Engine { open: false }, _, true) => {
                "for its task token: whoever holds it can answer while it runs with --api".to_owned()
            }
            (Outside::Desk(_) | Outside::Engine { .. }, _, _) => format!("for a worker of {}", invoke.resource),
        };
        self.screen.tell(Mark::Waits, &invoke.state, &what);
        self.screen.flush();
        if let Outside::Desk(desk) = &self.outside {
            desk.offer(invoke);
        }
    }
}

impl Watcher for Watch {
    fn turn(&mut self, turn: &Turn, execution: &Execution) {
        Watch::turn(self, turn, Some(execution));
        if let Outside::Desk(desk) = &self.outside {
            desk.settle(execution);
        }
    }

    fn child_turn(&mut self, _: &Turn, execution: &Execution) {
        if let Outside::Desk(desk) = &self.outside {
            desk.settle(execution);
        }
    }

    fn waits_outside(&mut self, invoke: &Invoke) {
        Watch::waits_outside(self, invoke);
    }
}
