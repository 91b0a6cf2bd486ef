//! Reports as JSON and as JUnit's XML.

use std::time::Duration;

use expect_test::expect;
use serde_json::json;
use stepwell_conformance::compare::Difference;
use stepwell_conformance::junit;
use stepwell_conformance::outcome::{Finding, Verdict};
use stepwell_conformance::report::{Counts, Played, Report};

fn report() -> Report {
    let one = |name: &str, verdict| Played {
        name: name.to_owned(),
        about: "What <AWS> does.".to_owned(),
        verdict,
        elapsed: Duration::from_millis(250),
    };
    let difference = Difference { at: "output.a".to_owned(), expected: Some(json!(1)), actual: None };
    let differs = Finding::Differs { what: "the execution".to_owned(), differences: vec![difference] };
    let said = || vec![Finding::Said("a\u{7}\"b\"".to_owned())];
    Report {
        endpoint: "http://127.0.0.1:1/".to_owned(),
        played: vec![
            one("a/good", Verdict::Passed),
            one("a/wrong", Verdict::Failed(vec![differs])),
            one("b/gap", Verdict::KnownGap { reason: "later".to_owned(), findings: said() }),
            one("b/closed", Verdict::NoGapAnyMore { reason: "later".to_owned() }),
            one("b/left", Verdict::Skipped { reason: "no functions".to_owned() }),
        ],
        elapsed: Duration::from_secs(2),
    }
}

#[test]
fn cases_are_counted_by_feature() {
    let report = report();
    assert_eq!(report.counts(), Counts { passed: 1, failed: 2, known_gaps: 1, skipped: 1 });
    let features: Vec<(&str, usize)> = report.features().iter().map(|(name, counts)| (*name, counts.total())).collect();
    assert_eq!(features, [("a", 2), ("b", 3)]);
}

#[test]
fn the_json_has_counts_features_and_cases() {
    let json = report().json();
    assert_eq!(json["counts"], json!({"passed": 1, "failed": 2, "known_gaps": 1, "skipped": 1}));
    assert_eq!(json["features"]["a"], json!({"passed": 1, "failed": 1, "known_gaps": 0, "skipped": 0}));
    assert_eq!(
        json["cases"][1],
        json!({
            "name": "a/wrong", "about": "What <AWS> does.", "verdict": "failed", "seconds": 0.25,
            "findings": "the execution\n  output.a\n    expected  1\n    actual    nothing\n",
        })
    );
    assert_eq!(json["cases"][4]["reason"], json!("no functions"));
}

#[test]
fn junit_has_a_suite_for_each_feature() {
    expect![[r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="stepwell conform" tests="5" failures="2" time="2.000">
          <testsuite name="a" tests="2" failures="1" skipped="0" time="0.500">
            <testcase classname="a" name="good" time="0.250"/>
            <testcase classname="a" name="wrong" time="0.250"><failure message="What &lt;AWS&gt; does.">the execution
          output.a
            expected  1
            actual    nothing
        </failure></testcase>
          </testsuite>
          <testsuite name="b" tests="3" failures="1" skipped="2" time="0.750">
            <testcase classname="b" name="gap" time="0.250"><skipped message="known gap: later"/></testcase>
            <testcase classname="b" name="closed" time="0.250"><failure message="What &lt;AWS&gt; does.">passes, but is listed in known_gaps.toml: remove it (later)
        </failure></testcase>
            <testcase classname="b" name="left" time="0.250"><skipped message="no functions"/></testcase>
          </testsuite>
        </testsuites>
    "#]]
    .assert_eq(&junit::xml(&report()));
}
