//! Watching an execution: what happens becomes lines and a board on stderr, and what is asked for later is kept.

mod board;
mod screen;
mod trail;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use stepwell_asl::{Program, StateId, Timestamp};
use stepwell_engine::core::{
    BranchId, Change, Execution, HistoryEvent, HistoryKind, Invoke, JoinKind, Position, Status, Trigger, Turn,
};
use stepwell_engine::runner::Watcher;

use crate::api::Desk;
use board::{Board, Doing};
pub use screen::{Mark, Screen};
use trail::{Trail, Visit};
pub use words::{cause, duration};

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
    desk: Option<Arc<Desk>>,
    last_at: Timestamp,
    blamed: Option<Arc<Visit>>,
    /// Branches that wait for something outside, and in which state.
    waiting: BTreeMap<BranchId, Arc<Visit>>,
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
    pub fn new(program: Arc<Program>, screen: Screen, keep_history: bool, desk: Option<Arc<Desk>>) -> Watch {
        Watch {
            board: Board::new(screen.clone()),
            trail: Trail::new(&program),
            program,
            screen,
            history: keep_history.then(Vec::new),
            desk,
            last_at: Timestamp::default(),
            blamed: None,
            waiting: BTreeMap::new(),
        }
    }

    /// The history, where it was to be kept.
    pub fn history(&self) -> Option<&[HistoryEvent]> {
        self.history.as_deref()
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

    fn event(&mut self, event: &HistoryEvent) {
        let visit = self.trail.follow(&self.program, event);
        self.last_at = event.at;
        let (mark, what) = match &event.kind {
            HistoryKind::StateExited { .. } if self.screen.is_quiet() || self.in_wide_map(&visit) => return,
            HistoryKind::StateExited { .. } => (Mark::Exited, words::duration(visit.at, event.at)),
            HistoryKind::TaskFailed { error, .. } | HistoryKind::TaskTimedOut { error, .. } => {
                (Mark::Failed, words::error(error))
            }
            HistoryKind::ExecutionFailed(_) | HistoryKind::ExecutionTimedOut(_) | HistoryKind::ExecutionAborted(_) => {
                self.blamed = (event.previous_id > 0).then(|| self.trail.blamed(event.previous_id));
                return;
            }
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
            Trigger::Join(join) if matches!(join.kind, JoinKind::Map { .. }) => {
                self.board.show(id, Doing::Joins { place: place(self), filled: join.filled, width: join.width });
            }
            Trigger::Join(_) => self.board.hide(id),
            Trigger::Task { .. } | Trigger::Timer { .. } | Trigger::Retry { .. } => {
                self.board.show(id, Doing::Waits(place(self)));
            }
        }
    }
}

impl Watcher for Watch {
    fn turn(&mut self, turn: &Turn, execution: &Execution) {
        for event in &turn.history {
            self.event(event);
        }
        for change in &turn.changes {
            match change {
                Change::Position(id, position) => self.branch(*id, position),
                Change::Ended(id) => {
                    // The end of an execution ends its branches: where they were is asked for afterwards.
                    if execution.status == Status::Running {
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
                | Change::Redriven { .. } => {}
            }
        }
        self.trail.settle(execution);
        self.board.settle();
        self.screen.flush();
        if let Some(history) = &mut self.history {
            history.extend_from_slice(&turn.history);
        }
        if let Some(desk) = &self.desk {
            desk.retain(|branch, ticket| execution.waiting(ticket) == Some(branch));
        }
    }

    fn waits_outside(&mut self, invoke: &Invoke) {
        let Some(desk) = &self.desk else { return };
        let what = match (&invoke.token, invoke.callback) {
            (Some(token), true) => format!("for its task token {token}"),
            (Some(_), false) | (None, _) => format!("for a worker of {}", invoke.resource),
        };
        self.screen.tell(Mark::Waits, &invoke.state, &what);
        self.screen.flush();
        desk.offer(invoke);
    }
}
