//! A report for people: what failed and how, then a table by feature. On a terminal, how far it is.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use stepwell_conformance::outcome::{Mark, Verdict};
use stepwell_conformance::report::{Counts, Played, Report};

use crate::output::{ERROR, FAINT, GOOD, STRONG, Styled, WARNING, printable};
use crate::table::Table;

/// A bar on stderr, where that is a terminal.
pub struct Progress(ProgressBar);

impl Progress {
    /// Over so many cases.
    pub fn over(cases: usize) -> Progress {
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}").unwrap_or(ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(Some(cases as u64), ProgressDrawTarget::stderr()).with_style(style);
        Progress(bar)
    }

    /// One more has ended.
    pub fn one(&self, played: &Played) {
        self.0.inc(1);
        if played.verdict.is_failure() {
            self.0.set_message(format!("{} failed", played.name));
        }
    }

    /// All have ended.
    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}

/// The report.
pub fn text(report: &Report) -> String {
    let failures: String = report.played.iter().filter(|played| played.verdict.is_failure()).map(failure).collect();
    let gaps: String = report.played.iter().filter_map(gap).collect();
    format!("{failures}{gaps}{}\n{}", table(report), summary(report))
}

fn failure(played: &Played) -> String {
    let mut text = format!("{} {}\n", Styled(ERROR, "FAILED"), Styled(STRONG, &played.name));
    text.push_str(&format!("  {}\n", Styled(FAINT, printable(&played.about))));
    if let Verdict::NoGapAnyMore { .. } = &played.verdict {
        text.push_str(&format!("  {}", played.findings_text()));
    }
    for (mark, line) in played.verdict.findings().iter().flat_map(|finding| finding.lines()) {
        let line = printable(&line);
        let line = match mark {
            Mark::Heading => Styled(STRONG, line).to_string(),
            Mark::Plain => line,
            Mark::Expected => Styled(GOOD, line).to_string(),
            Mark::Actual => Styled(ERROR, line).to_string(),
        };
        text.push_str(&format!("  {line}\n"));
    }
    text + "\n"
}

fn gap(played: &Played) -> Option<String> {
    let Verdict::KnownGap { reason, .. } = &played.verdict else { return None };
    Some(format!("{} {}: {}\n", Styled(WARNING, "known gap"), played.name, printable(reason)))
}

fn table(report: &Report) -> String {
    let mut table = Table::new(&["FEATURE", ":PASSED", ":FAILED", ":KNOWN GAPS", ":SKIPPED"]);
    for (feature, counts) in report.features() {
        table.add(row(feature, counts));
    }
    table.add(row("all", report.counts()));
    table.lines()
}

fn row(feature: &str, counts: Counts) -> Vec<String> {
    let shown = |style, count: usize| match count {
        0 => Styled(FAINT, 0).to_string(),
        count => Styled(style, count).to_string(),
    };
    vec![
        feature.to_owned(),
        shown(GOOD, counts.passed),
        shown(ERROR, counts.failed),
        shown(WARNING, counts.known_gaps),
        shown(WARNING, counts.skipped),
    ]
}

fn summary(report: &Report) -> String {
    let counts = report.counts();
    let verdict = match counts.failed {
        0 => Styled(GOOD, "no failures".to_owned()),
        1 => Styled(ERROR, "1 failure".to_owned()),
        failed => Styled(ERROR, format!("{failed} failures")),
    };
    let seconds = report.elapsed.as_secs_f64();
    format!("{} cases against {} in {seconds:.1} s: {verdict}\n", counts.total(), report.endpoint)
}
