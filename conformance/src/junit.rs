//! A report as JUnit's XML, which continuous integration shows.

use std::fmt::Write;

use crate::outcome::Verdict;
use crate::report::{Played, Report};

/// The report: a suite for each feature.
pub fn xml(report: &Report) -> String {
    let counts = report.counts();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a string does not fail.
    let _ = writeln!(
        xml,
        "<testsuites name=\"stepwell conform\" tests=\"{}\" failures=\"{}\" time=\"{:.3}\">",
        counts.total(),
        counts.failed,
        report.elapsed.as_secs_f64()
    );
    for (feature, counts) in report.features() {
        let played = || report.played.iter().filter(|played| played.feature() == feature);
        let _ = writeln!(
            xml,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\" time=\"{:.3}\">",
            escaped(feature),
            counts.total(),
            counts.failed,
            counts.skipped + counts.known_gaps,
            played().map(|played| played.elapsed.as_secs_f64()).sum::<f64>()
        );
        played().for_each(|played| xml.push_str(&case(played)));
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn case(played: &Played) -> String {
    let head = format!(
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
        escaped(played.feature()),
        escaped(played.case()),
        played.elapsed.as_secs_f64()
    );
    let inner = match &played.verdict {
        Verdict::Passed => return head + "/>\n",
        Verdict::Failed(_) | Verdict::NoGapAnyMore { .. } => {
            format!("<failure message=\"{}\">{}</failure>", escaped(&played.about), escaped(&played.findings_text()))
        }
        Verdict::KnownGap { reason, .. } => format!("<skipped message=\"known gap: {}\"/>", escaped(reason)),
        Verdict::Skipped { reason } => format!("<skipped message=\"{}\"/>", escaped(reason)),
    };
    format!("{head}>{inner}</testcase>\n")
}

/// Text as XML has it. Characters that XML cannot have at all become a replacement.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(letter),
            _ if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            _ => escaped.push(letter),
        }
    }
    escaped
}
