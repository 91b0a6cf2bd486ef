//! Cases that are known to fail, each with its reason. One that passes is a failure, so that the list stays true.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Trouble;
use crate::case::Case;

/// The name of the file.
pub const FILE: &str = "known_gaps.toml";

/// Reasons by the name of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownGaps(BTreeMap<String, String>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    #[serde(default)]
    gaps: BTreeMap<String, String>,
}

impl KnownGaps {
    /// Reads the list: a table `[gaps]` with a reason for each `"feature/case"`.
    pub fn parse(text: &str) -> Result<KnownGaps, Trouble> {
        let text: Text = toml::from_str(text).map_err(|error| Trouble::WrongGaps { why: error.to_string() })?;
        match text.gaps.iter().find(|(_, reason)| reason.trim().is_empty()) {
            Some((case, _)) => Err(Trouble::WrongGaps { why: format!("{case} has no reason") }),
            None => Ok(KnownGaps(text.gaps)),
        }
    }

    /// Refuses a list that names what is no case.
    pub fn check(&self, cases: &[Case]) -> Result<(), Trouble> {
        match self.0.keys().find(|name| cases.iter().all(|case| case.name != **name)) {
            Some(name) => Err(Trouble::WrongGaps { why: format!("there is no case {name}") }),
            None => Ok(()),
        }
    }

    /// Why this case is known to fail.
    pub fn reason(&self, case: &str) -> Option<&str> {
        self.0.get(case).map(String::as_str)
    }
}
