//! How all cases came out: by case, by feature, and as JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::outcome::Verdict;

/// A case that was played.
#[derive(Clone, Debug)]
pub struct Played {
    /// `feature/case`
    pub name: String,
    /// What it says.
    pub about: String,
    /// How it came out.
    pub verdict: Verdict,
    /// How long it took.
    pub elapsed: Duration,
}

/// All of them.
#[derive(Clone, Debug)]
pub struct Report {
    /// The URL of the endpoint.
    pub endpoint: String,
    /// The cases, by name.
    pub played: Vec<Played>,
    /// How long it took.
    pub elapsed: Duration,
}

/// How many cases came out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// As they say.
    pub passed: usize,
    /// Otherwise, or listed as a known gap that is none.
    pub failed: usize,
    /// Otherwise, as is known.
    pub known_gaps: usize,
    /// Not played.
    pub skipped: usize,
}

impl Played {
    /// `feature`
    pub fn feature(&self) -> &str {
        self.name.split_once('/').map_or(self.name.as_str(), |(feature, _)| feature)
    }

    /// `case`
    pub fn case(&self) -> &str {
        self.name.split_once('/').map_or(self.name.as_str(), |(_, case)| case)
    }

    /// What is wrong, as text for people; empty where nothing is.
    pub fn findings_text(&self) -> String {
        match &self.verdict {
            Verdict::NoGapAnyMore { reason } => {
                format!("passes, but is listed in known_gaps.toml: remove it ({reason})\n")
            }
            other => {
                let lines = other.findings().iter().flat_map(crate::outcome::Finding::lines);
                lines.map(|(_, line)| line + "\n").collect()
            }
        }
    }
}

impl Counts {
    fn add(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Failed(_) | Verdict::NoGapAnyMore { .. } => self.failed += 1,
            Verdict::KnownGap { .. } => self.known_gaps += 1,
            Verdict::Skipped { .. } => self.skipped += 1,
        }
    }

    /// All.
    pub fn total(&self) -> usize {
        self.passed + self.failed + self.known_gaps + self.skipped
    }
}

impl Report {
    /// The counts of all cases.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.played.iter().for_each(|played| counts.add(&played.verdict));
        counts
    }

    /// The counts by feature.
    pub fn features(&self) -> BTreeMap<&str, Counts> {
        let mut features: BTreeMap<&str, Counts> = BTreeMap::new();
        for played in &self.played {
            features.entry(played.feature()).or_default().add(&played.verdict);
        }
        features
    }

    /// The report for programs.
    pub fn json(&self) -> Value {
        let features: serde_json::Map<String, Value> =
            self.features().into_iter().map(|(feature, counts)| (feature.to_owned(), counts_json(counts))).collect();
        let cases: Vec<Value> = self.played.iter().map(case_json).collect();
        json!({
            "endpoint": self.endpoint,
            "seconds": self.elapsed.as_secs_f64(),
            "counts": counts_json(self.counts()),
            "features": features,
            "cases": cases,
        })
    }
}

fn counts_json(counts: Counts) -> Value {
    let Counts { passed, failed, known_gaps, skipped } = counts;
    json!({ "passed": passed, "failed": failed, "known_gaps": known_gaps, "skipped": skipped })
}

fn case_json(played: &Played) -> Value {
    let mut case = json!({
        "name": played.name,
        "about": played.about,
        "verdict": played.verdict.word(),
        "seconds": played.elapsed.as_secs_f64(),
    });
    if let Verdict::KnownGap { reason, .. } | Verdict::NoGapAnyMore { reason } | Verdict::Skipped { reason } =
        &played.verdict
    {
        case["reason"] = reason.as_str().into();
    }
    let findings = played.findings_text();
    if !findings.is_empty() {
        case["findings"] = findings.into();
    }
    case
}
