//! The board on a terminal: a spinner for every state that waits, a bar for every Map at work.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use console::measure_text_width;
use indicatif::{HumanDuration, ProgressBar, ProgressFinish, ProgressState, ProgressStyle};
use stepwell_engine::core::BranchId;

use super::screen::{Screen, columns, cut, rows};

/// States that are shown at once; the others are counted.
const SPINNERS_MAX: usize = 8;

/// Rows that the board leaves free: its last line, and the one that the cursor is on.
const ROWS_FREE: usize = 2;

/// Columns of a spinner and the space after it.
const SPINNER_COLUMNS: usize = 2;

/// Columns that a place has at least; what is behind it is left out before it gets fewer.
const PLACE_COLUMNS_MIN: usize = 12;

/// Columns of a bar and of the spaces before it.
const BAR_COLUMNS: usize = 32;

const TICK: Duration = Duration::from_millis(100);

/// What one branch is doing.
pub enum Doing {
    /// It waits: for a function, for a time, for an answer.
    Waits(String),
    /// It joins this many results, of which so many are there.
    Joins {
        /// The Map or Parallel.
        place: String,
        /// Results that are there.
        filled: u32,
        /// Results there will be.
        width: u32,
    },
}

struct Join {
    place: String,
    filled: u32,
    width: u32,
}

/// The board. Without a terminal it shows nothing and costs nothing.
pub struct Board {
    screen: Screen,
    lines: BTreeMap<BranchId, ProgressBar>,
    /// Branches that wait and found no room.
    hidden: BTreeMap<BranchId, String>,
    /// Branches that join and found no room.
    hidden_joins: BTreeMap<BranchId, Join>,
    more: Option<ProgressBar>,
    spinners: usize,
}

impl Board {
    /// An empty board.
    pub fn new(screen: Screen) -> Board {
        Board {
            screen,
            lines: BTreeMap::new(),
            hidden: BTreeMap::new(),
            hidden_joins: BTreeMap::new(),
            more: None,
            spinners: 0,
        }
    }

    /// Shows what a branch is doing, instead of what it did before.
    pub fn show(&mut self, branch: BranchId, doing: Doing) {
        match doing {
            Doing::Joins { place, filled, width } => self.join(branch, Join { place, filled, width }),
            Doing::Waits(place) => {
                self.hide(branch);
                self.wait(branch, place);
            }
        }
    }

    /// The branch does nothing any more.
    pub fn hide(&mut self, branch: BranchId) {
        if self.hidden.remove(&branch).is_some() || self.hidden_joins.remove(&branch).is_some() {
            return;
        }
        if let Some(line) = self.lines.remove(&branch) {
            if line.length().is_none() {
                self.spinners -= 1;
            }
            line.finish_and_clear();
        }
    }

    /// Fills the room that has become free.
    pub fn settle(&mut self) {
        let rows = self.rows();
        while self.lines.len() < rows
            && let Some((branch, join)) = self.hidden_joins.pop_first()
        {
            self.join(branch, join);
        }
        while self.lines.len() < rows
            && self.spinners < SPINNERS_MAX
            && let Some((branch, place)) = self.hidden.pop_first()
        {
            self.wait(branch, place);
        }
        match self.hidden.len() + self.hidden_joins.len() {
            0 => {
                if let Some(more) = self.more.take() {
                    more.finish_and_clear();
                }
            }
            count => {
                if self.more.is_none() {
                    self.more = self.screen.add(bar(None, "  {msg:.dim}", String::new()));
                }
                if let Some(more) = &self.more {
                    more.set_message(format!("and {count} more"));
                }
            }
        }
    }

    fn wait(&mut self, branch: BranchId, place: String) {
        if self.spinners >= SPINNERS_MAX || self.lines.len() >= self.rows() {
            self.hidden.insert(branch, place);
            return;
        }
        let Some(line) = self.screen.add(bar(None, "{spinner:.cyan} {place}{tail:.dim}", place)) else { return };
        line.enable_steady_tick(TICK);
        self.lines.insert(branch, line);
        self.spinners += 1;
    }

    fn join(&mut self, branch: BranchId, join: Join) {
        let length = Some(u64::from(join.width));
        if self.lines.get(&branch).is_none_or(|line| line.length() != length) {
            self.hide(branch);
            if self.lines.len() >= self.rows() {
                self.hidden_joins.insert(branch, join);
                return;
            }
            let wide = columns() >= 2 * BAR_COLUMNS;
            let style = match wide {
                true => "{spinner:.cyan} {place}  {bar:30.cyan/dim}{tail:.dim}",
                false => "{spinner:.cyan} {place}{tail:.dim}",
            };
            let Some(line) = self.screen.add(bar(length, style, join.place)) else { return };
            line.enable_steady_tick(TICK);
            self.lines.insert(branch, line);
        }
        if let Some(line) = self.lines.get(&branch) {
            line.set_position(join.filled.into());
        }
    }

    /// How many lines the terminal has room for.
    fn rows(&self) -> usize {
        match self.screen.is_live() {
            true => rows().saturating_sub(ROWS_FREE).max(1),
            false => usize::MAX,
        }
    }
}

/// A line of the board. Place and tail are fitted into the terminal each time they are drawn.
fn bar(length: Option<u64>, template: &str, place: String) -> ProgressBar {
    let bar = match length {
        Some(length) => ProgressBar::new(length),
        None => ProgressBar::new_spinner(),
    };
    let taken = SPINNER_COLUMNS + if template.contains("{bar") { BAR_COLUMNS } else { 0 };
    let fitted = move |state: &ProgressState| fit(&place, &tail(state), columns().saturating_sub(taken));
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
    let (first, second) = (fitted.clone(), fitted);
    let put = |out: &mut dyn Write, text: &str| out.write_str(text).unwrap_or_default(); // it is a string
    let style = style
        .with_key("place", move |state: &ProgressState, out: &mut dyn Write| put(out, &first(state).0))
        .with_key("tail", move |state: &ProgressState, out: &mut dyn Write| put(out, &second(state).1));
    bar.with_style(style).with_finish(ProgressFinish::AndClear)
}

/// How far it has come and how long that took.
fn tail(state: &ProgressState) -> String {
    let elapsed = HumanDuration(state.elapsed());
    match state.len() {
        Some(length) => format!("  {}/{length}  {elapsed:#}", state.pos()),
        None => format!("  {elapsed:#}"),
    }
}

/// A place and what is behind it, within so many columns: the place is cut, unless too little of it would be left.
fn fit(place: &str, tail: &str, columns: usize) -> (String, String) {
    let room = columns.saturating_sub(measure_text_width(tail));
    if measure_text_width(place) <= room || room >= PLACE_COLUMNS_MIN {
        (cut(place, room).into_owned(), tail.to_owned())
    } else {
        (cut(place, columns).into_owned(), String::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_no_wider_than_the_terminal() {
        let fitted = |place, columns| {
            let (place, tail) = fit(place, "  12s", columns);
            assert!(measure_text_width(&place) + measure_text_width(&tail) <= columns);
            place + &tail
        };
        assert_eq!(fitted("Orders[3] › Charge", 40), "Orders[3] › Charge  12s");
        assert_eq!(fitted("Orders[3] › Charge", 20), "Orders[3] › Ch…  12s");
        assert_eq!(fitted("Orders[3] › Charge", 10), "Orders[3]…");
        assert_eq!(fitted("注文を確認する画面", 18), "注文を確認す…  12s");
        assert_eq!(fitted("Charge", 11), "Charge  12s");
        assert_eq!(fitted("Charge", 0), "");
    }
}
