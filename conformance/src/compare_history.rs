//! Whether a history is the one that is expected, and a readable difference where it is not.

use serde_json::Value;

use crate::compare::{self, Bound};
use crate::history::{CUT_OFF, Line, OF_PLACE, is_whole};

/// How many lines around a difference are shown.
const AROUND: usize = 2;

/// A line of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// Both have it.
    Same(String),
    /// Only the expected history has it.
    Missing(String),
    /// Only the actual history has it.
    Added(String),
    /// So many lines that both have are left out.
    Skipped(usize),
}

/// The difference between two histories: empty where they agree.
pub fn difference(expected: &[Line], actual: &[Line], concurrent: bool, bound: &mut Bound) -> Vec<Row> {
    if let Some(why) = malformed(actual) {
        return vec![Row::Added(why)];
    }
    match concurrent {
        true => difference_of_sets(expected, actual, bound),
        false => difference_in_order(expected, actual, bound),
    }
}

/// What holds for every history: ids from one on, each event after the one it follows.
fn malformed(actual: &[Line]) -> Option<String> {
    let wrong = |(at, line): &(usize, &Line)| line.id != *at as u64 + 1 || line.previous >= line.id;
    actual.iter().enumerate().find(wrong).map(|(_, line)| format!("{}   (ids are not in order)", line.text()))
}

fn difference_in_order(expected: &[Line], actual: &[Line], bound: &mut Bound) -> Vec<Row> {
    let same = |bound: &mut Bound, expected: &Line, actual: &Line| {
        (expected.id, expected.previous) == (actual.id, actual.previous) && is_same_event(expected, actual, bound)
    };
    let mut tried = bound.clone();
    if expected.len() == actual.len() && expected.iter().zip(actual).all(|(one, other)| same(&mut tried, one, other)) {
        *bound = tried;
        return Vec::new();
    }
    let rows = aligned(expected, actual, |one, other| same(&mut bound.clone(), one, other));
    match rows.iter().all(|row| matches!(row, Row::Same(_))) {
        // Each line fits alone, but what `<same:NAME>` stands for does not.
        true => unequal_names(expected, actual, bound),
        false => abridged(rows),
    }
}

fn unequal_names(expected: &[Line], actual: &[Line], bound: &mut Bound) -> Vec<Row> {
    let mut rows = Vec::new();
    for (one, other) in expected.iter().zip(actual) {
        if !is_same_event(one, other, bound) {
            rows.extend([Row::Missing(one.text()), Row::Added(shown(one, other))]);
        }
    }
    rows
}

/// The longest common subsequence, with what only one of both has in between.
fn aligned(expected: &[Line], actual: &[Line], same: impl Fn(&Line, &Line) -> bool) -> Vec<Row> {
    let (height, width) = (expected.len(), actual.len());
    let mut lengths = vec![vec![0_usize; width + 1]; height + 1];
    let fits: Vec<Vec<bool>> =
        expected.iter().map(|one| actual.iter().map(|other| same(one, other)).collect()).collect();
    for row in (0..height).rev() {
        for column in (0..width).rev() {
            lengths[row][column] = match fits[row][column] {
                true => lengths[row + 1][column + 1] + 1,
                false => lengths[row + 1][column].max(lengths[row][column + 1]),
            };
        }
    }
    let (mut rows, mut row, mut column) = (Vec::new(), 0, 0);
    while row < height || column < width {
        if row < height && column < width && fits[row][column] {
            rows.push(Row::Same(expected[row].text()));
            (row, column) = (row + 1, column + 1);
        } else if column == width || row < height && lengths[row + 1][column] >= lengths[row][column + 1] {
            rows.push(Row::Missing(expected[row].text()));
            row += 1;
        } else {
            rows.push(Row::Added(actual[column].clone().trimmed().text()));
            column += 1;
        }
    }
    rows
}

fn abridged(rows: Vec<Row>) -> Vec<Row> {
    let differs: Vec<bool> = rows.iter().map(|row| !matches!(row, Row::Same(_))).collect();
    let is_near = |at: usize| {
        let (from, to) = (at.saturating_sub(AROUND), (at + AROUND + 1).min(differs.len()));
        differs[from..to].iter().any(|differs| *differs)
    };
    let mut kept = Vec::new();
    for (at, row) in rows.into_iter().enumerate() {
        match (is_near(at), kept.last_mut()) {
            (true, _) => kept.push(row),
            (false, Some(Row::Skipped(count))) => *count += 1,
            (false, _) => kept.push(Row::Skipped(1)),
        }
    }
    kept
}

/// Where branches run at the same time, their events come in any order: each must be there once, after an event of the
/// right type.
fn difference_of_sets(expected: &[Line], actual: &[Line], bound: &mut Bound) -> Vec<Row> {
    let mut left: Vec<&Line> = actual.iter().collect();
    let mut rows = Vec::new();
    for line in expected {
        let before = kind_of(expected, line.previous);
        let fits = |other: &&Line, bound: &mut Bound| {
            kind_of(actual, other.previous) == before && is_same_event(line, other, bound)
        };
        match (0..left.len()).find(|at| fits(&left[*at], bound)) {
            Some(at) => drop(left.remove(at)),
            None => rows.push(Row::Missing(line.text())),
        }
    }
    rows.extend(left.into_iter().map(|line| Row::Added(line.clone().trimmed().text())));
    rows
}

fn kind_of(lines: &[Line], id: u64) -> Option<&str> {
    lines.iter().find(|line| line.id == id).map(|line| line.kind.as_str())
}

fn is_same_event(expected: &Line, actual: &Line, bound: &mut Bound) -> bool {
    expected.kind == actual.kind
        && expected
            .details
            .iter()
            .all(|(name, value)| actual.detail(name).is_some_and(|actual| is_same_detail(value, actual, bound)))
        && actual.details.iter().all(|(name, value)| {
            expected.detail(name).is_some()
                || OF_PLACE.contains(&name.as_str())
                || CUT_OFF.contains(&name.as_str()) && is_whole(value)
        })
}

fn is_same_detail(expected: &Value, actual: &Value, bound: &mut Bound) -> bool {
    // `name=7` is written for the text "7", too.
    let as_text = || !expected.is_string() && actual.as_str().is_some_and(|text| format!("{expected}") == text);
    compare::matches(expected, actual, bound) || as_text()
}

fn shown(expected: &Line, actual: &Line) -> String {
    let mut actual = actual.clone();
    actual.details.retain(|(name, _)| expected.detail(name).is_some());
    actual.text()
}
