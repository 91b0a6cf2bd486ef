//! Plays cases, several at a time, and gathers how they came out.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use tokio::time::Instant;

use crate::Trouble;
use crate::case::Case;
use crate::endpoint::Endpoint;
use crate::functions::Functions;
use crate::gaps::KnownGaps;
use crate::outcome::{Finding, Heard, Verdict};
use crate::play::Stage;
use crate::report::{Played, Report};

/// The name of the role that state machines get where none is given.
const ROLE: &str = "stepwell-conformance";

/// Where and how cases are played.
#[derive(Clone)]
pub struct Runner {
    /// What is examined.
    pub endpoint: Endpoint,
    /// The functions that the endpoint can reach. None: cases with functions are skipped.
    pub functions: Option<Functions>,
    /// The role of state machines. None: one that need not exist.
    pub role: Option<String>,
    /// How many cases are played at a time.
    pub jobs: usize,
    /// How long one case may take.
    pub timeout: Duration,
}

impl Runner {
    /// Plays cases and compares. `tell` hears of each as it ends.
    pub async fn play(&self, cases: &[Case], gaps: &KnownGaps, tell: impl FnMut(&Played)) -> Result<Report, Trouble> {
        let started = Instant::now();
        let mut played = Vec::with_capacity(cases.len());
        let mut tell = tell;
        let judge = |case: &Case, findings: Vec<Finding>| verdict(findings, gaps.reason(&case.name));
        self.each(cases, false, |case, answer, elapsed| {
            let verdict = match answer {
                Some((findings, _)) => judge(case, findings),
                None => Verdict::Skipped { reason: "its functions are not served".to_owned() },
            };
            let one = Played { name: case.name.clone(), about: case.text.about.clone(), verdict, elapsed };
            tell(&one);
            played.push(one);
        })
        .await?;
        played.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Report { endpoint: self.endpoint.url(), played, elapsed: started.elapsed() })
    }

    /// Plays cases and hands over what was answered to each.
    pub async fn hear(
        &self,
        cases: &[Case],
        mut tell: impl FnMut(&Case, Option<(Vec<Finding>, Heard)>),
    ) -> Result<(), Trouble> {
        self.each(cases, true, |case, answer, _| tell(case, answer)).await
    }

    async fn each(
        &self,
        cases: &[Case],
        recording: bool,
        mut ended: impl FnMut(&Case, Option<(Vec<Finding>, Heard)>, Duration),
    ) -> Result<(), Trouble> {
        let identity = self.endpoint.identity().await?;
        let role = || format!("arn:{}:iam::{}:role/{ROLE}", identity.partition, identity.account);
        let stage = Stage {
            role: self.role.clone().unwrap_or_else(role),
            identity: identity.clone(),
            endpoint: self.endpoint.clone(),
            functions: self.functions.clone(),
            timeout: self.timeout,
            recording,
        };
        let stage = &stage;
        let one = |case| async move {
            let started = Instant::now();
            let answer = match self.functions.is_none() && Case::needs_functions(case) {
                true => None,
                false => Some(stage.play(case).await),
            };
            (case, answer, started.elapsed())
        };
        let mut playing = stream::iter(cases).map(one).buffer_unordered(self.jobs.max(1));
        while let Some((case, answer, elapsed)) = playing.next().await {
            ended(case, answer, elapsed);
        }
        Ok(())
    }
}

fn verdict(findings: Vec<Finding>, gap: Option<&str>) -> Verdict {
    match (findings.is_empty(), gap.map(str::to_owned)) {
        (true, None) => Verdict::Passed,
        (true, Some(reason)) => Verdict::NoGapAnyMore { reason },
        (false, None) => Verdict::Failed(findings),
        (false, Some(reason)) => Verdict::KnownGap { reason, findings },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_gap_may_fail_and_must_not_pass() {
        let finding = || vec![Finding::Said("it is another one".to_owned())];
        let (gap, reason) = (Some("later"), "later".to_owned());
        assert_eq!(verdict(Vec::new(), None), Verdict::Passed);
        assert_eq!(verdict(finding(), None), Verdict::Failed(finding()));
        assert_eq!(verdict(finding(), gap), Verdict::KnownGap { reason: reason.clone(), findings: finding() });
        assert_eq!(verdict(Vec::new(), gap), Verdict::NoGapAnyMore { reason });
        assert!(verdict(Vec::new(), gap).is_failure() && !verdict(finding(), gap).is_failure());
    }
}
