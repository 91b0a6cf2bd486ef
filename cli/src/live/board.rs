//! The board on a terminal: a spinner for every state that waits, a bar for every Map at work.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use stepwell_engine::core::BranchId;

use super::screen::Screen;

/// States that are shown at once; the others are counted.
const SPINNERS_MAX: usize = 8;

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

/// The board. Without a terminal it shows nothing and costs nothing.
pub struct Board {
    screen: Screen,
    lines: BTreeMap<BranchId, ProgressBar>,
    /// Branches that wait and found no room.
    hidden: BTreeMap<BranchId, String>,
    more: Option<ProgressBar>,
    spinners: usize,
}

impl Board {
    /// An empty board.
    pub fn new(screen: Screen) -> Board {
        Board { screen, lines: BTreeMap::new(), hidden: BTreeMap::new(), more: None, spinners: 0 }
    }

    /// Shows what a branch is doing, instead of what it did before.
    pub fn show(&mut self, branch: BranchId, doing: Doing) {
        match doing {
            Doing::Joins { place, filled, width } => self.join(branch, place, filled, width),
            Doing::Waits(place) => {
                self.hide(branch);
                self.wait(branch, place);
            }
        }
    }

    /// The branch does nothing any more.
    pub fn hide(&mut self, branch: BranchId) {
        if self.hidden.remove(&branch).is_some() {
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
        while self.spinners < SPINNERS_MAX
            && let Some((branch, place)) = self.hidden.pop_first()
        {
            self.wait(branch, place);
        }
        match self.hidden.len() {
            0 => {
                if let Some(more) = self.more.take() {
                    more.finish_and_clear();
                }
            }
            count => {
                if self.more.is_none() {
                    self.more = self.screen.add(bar(None, "  {msg:.dim}"));
                }
                if let Some(more) = &self.more {
                    more.set_message(format!("and {count} more"));
                }
            }
        }
    }

    fn wait(&mut self, branch: BranchId, place: String) {
        if self.spinners >= SPINNERS_MAX {
            self.hidden.insert(branch, place);
            return;
        }
        let Some(line) = self.screen.add(bar(None, "{spinner:.cyan} {msg}  {elapsed:.dim}")) else { return };
        line.set_message(place);
        line.enable_steady_tick(TICK);
        self.lines.insert(branch, line);
        self.spinners += 1;
    }

    fn join(&mut self, branch: BranchId, place: String, filled: u32, width: u32) {
        if self.lines.get(&branch).is_none_or(|line| line.length() != Some(u64::from(width))) {
            self.hide(branch);
            let style = "{spinner:.cyan} {msg}  {bar:30.cyan/dim} {pos}/{len}  {elapsed:.dim}";
            let Some(line) = self.screen.add(bar(Some(width.into()), style)) else { return };
            line.set_message(place);
            line.enable_steady_tick(TICK);
            self.lines.insert(branch, line);
        }
        if let Some(line) = self.lines.get(&branch) {
            line.set_position(filled.into());
        }
    }
}

fn bar(length: Option<u64>, template: &str) -> ProgressBar {
    let bar = match length {
        Some(length) => ProgressBar::new(length),
        None => ProgressBar::new_spinner(),
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
    bar.with_style(style).with_finish(ProgressFinish::AndClear)
}
