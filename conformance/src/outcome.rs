//! What came of playing a case.

use serde_json::Value;

use crate::compare::Difference;
use crate::compare_history::Row;

/// Something that is not as the case says.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// An answer is another one.
    Differs {
        /// Which answer: `step 3, DescribeExecution`.
        what: String,
        /// The places.
        differences: Vec<Difference>,
    },
    /// The history is another one.
    History {
        /// Which history.
        what: String,
        /// The difference.
        rows: Vec<Row>,
    },
    /// Anything else, in words.
    Said(String),
}

/// How a case came out.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// As it says.
    Passed,
    /// Otherwise.
    Failed(Vec<Finding>),
    /// Otherwise, and that is known.
    KnownGap {
        /// Why.
        reason: String,
        /// What was found.
        findings: Vec<Finding>,
    },
    /// It passed, but is still listed as a known gap: a failure.
    NoGapAnyMore {
        /// Why it was one.
        reason: String,
    },
    /// It was not played.
    Skipped {
        /// Why.
        reason: String,
    },
}

/// What an endpoint answered, for recording.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// The execution's end: `DescribeExecution`, or the answer of `StartSyncExecution`.
    pub end: Option<Value>,
    /// The execution's history.
    pub events: Vec<Value>,
    /// The answers of the steps' calls, with their HTTP status; none for a step that waits for a function.
    pub answers: Vec<Option<(u16, Value)>>,
    /// What references stand for.
    pub references: crate::references::References,
}

impl Heard {
    /// Whether everything that the case asks was answered.
    pub fn is_complete(&self, case: &crate::case::Case) -> bool {
        match case.text.steps.len() {
            0 => self.end.is_some(),
            steps => self.answers.len() == steps,
        }
    }
}

/// What a line of a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Says what the next lines are about.
    Heading,
    /// Is in both.
    Plain,
    /// Is expected, and not there.
    Expected,
    /// Is there, and not expected.
    Actual,
}

/// The longest value that is shown whole, in characters.
const SHOWN_MAX: usize = 1_000;

impl Finding {
    /// The finding as lines for people.
    pub fn lines(&self) -> Vec<(Mark, String)> {
        match self {
            Finding::Said(what) => vec![(Mark::Heading, shortened(what))],
            Finding::History { what, rows } => {
                let heading = (Mark::Heading, what.clone());
                std::iter::once(heading).chain(rows.iter().map(row_line)).collect()
            }
            Finding::Differs { what, differences } => {
                let heading = (Mark::Heading, what.clone());
                std::iter::once(heading).chain(differences.iter().flat_map(difference_lines)).collect()
            }
        }
    }
}

fn row_line(row: &Row) -> (Mark, String) {
    match row {
        Row::Same(line) => (Mark::Plain, format!("    {}", shortened(line))),
        Row::Missing(line) => (Mark::Expected, format!("  - {}", shortened(line))),
        Row::Added(line) => (Mark::Actual, format!("  + {}", shortened(line))),
        Row::Skipped(count) => (Mark::Plain, format!("    ... {count} as expected")),
    }
}

fn difference_lines(difference: &Difference) -> [(Mark, String); 3] {
    let shown = |value: &Option<Value>| match value {
        Some(value) => shortened(&value.to_string()),
        None => "nothing".to_owned(),
    };
    [
        (Mark::Plain, format!("  {}", difference.at)),
        (Mark::Expected, format!("    expected  {}", shown(&difference.expected))),
        (Mark::Actual, format!("    actual    {}", shown(&difference.actual))),
    ]
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}... ({} characters)", &text[..end], text.chars().count()),
        None => text.to_owned(),
    }
}

impl Verdict {
    /// What was found; nothing where it passed.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Verdict::Failed(findings) | Verdict::KnownGap { findings, .. } => findings,
            Verdict::Passed | Verdict::NoGapAnyMore { .. } | Verdict::Skipped { .. } => &[],
        }
    }

    /// Whether the run as a whole fails because of it.
    pub fn is_failure(&self) -> bool {
        matches!(self, Verdict::Failed(_) | Verdict::NoGapAnyMore { .. })
    }

    /// One word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::Failed(_) => "failed",
            Verdict::KnownGap { .. } => "known gap",
            Verdict::NoGapAnyMore { .. } => "no gap any more",
            Verdict::Skipped { .. } => "skipped",
        }
    }
}
