//! Aliases: names that lead to one version, or by chance to one of two.

use stepwell_asl::{Text, Timestamp};

use super::machine::{StateMachine, quota};
use crate::arn::{Qualifier, of_machine};
use crate::error::EngineError;

/// A name for one version of a state machine, or for two by turns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// Its name.
    pub name: Text,
    /// What it was described as.
    pub description: Option<Text>,
    /// Where it leads to.
    pub routes: Vec<Route>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// One way that an alias leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// To the version of this number.
    pub version: u32,
    /// How many of a hundred executions take it.
    pub weight: u32,
}

/// One way that an alias shall lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routing {
    /// The version's ARN.
    pub version_arn: String,
    /// How many of a hundred executions take it.
    pub weight: u32,
}

impl Alias {
    /// The version that a new execution runs. `chance` is below 100.
    pub(crate) fn choose(&self, chance: u32) -> Option<u32> {
        let mut below = 0;
        self.routes.iter().find_map(|route| {
            below += route.weight;
            (chance < below).then_some(route.version)
        })
    }
}

impl StateMachine {
    /// Adds an alias, unless there is the same one. Gives it, and whether it is new.
    pub(crate) fn add_alias(&mut self, alias: Alias, aliases_max: Option<usize>) -> Result<(Alias, bool), EngineError> {
        if let Some(there) = self.alias(&alias.name) {
            if there.routes == alias.routes && there.description == alias.description {
                return Ok((there.clone(), false));
            }
            // AWS says so whatever differs.
            return Err(EngineError::call(
                "ConflictException",
                "Failed to create alias because an alias with the same name and a different routing configuration \
                 already exists.",
            ));
        }
        if let Some(max) = aliases_max.filter(|max| self.aliases.len() >= *max) {
            return Err(quota(format!("The state machine '{}' has {max} aliases already", self.arn)));
        }
        self.aliases.push(alias.clone());
        Ok((alias, true))
    }

    /// The routes, where all of these versions are there.
    pub(crate) fn routes(&self, routing: &[(u32, u32)]) -> Result<Vec<Route>, EngineError> {
        let route = |(version, weight): &(u32, u32)| match self.version(*version) {
            Some(_) => Ok(Route { version: *version, weight: *weight }),
            None => Err(not_found()),
        };
        routing.iter().map(route).collect()
    }
}

/// A state machine's ARN, and the numbers of its versions with their weights.
type Routes<'a> = (&'a str, Vec<(u32, u32)>);

/// The state machine that all of these lead to, with the numbers of its versions and their weights. What is wrong is
/// said in AWS's words.
pub(crate) fn read_routing(routing: &[Routing]) -> Result<Routes<'_>, EngineError> {
    let refused = |why: String| Err(EngineError::invalid_for("INVALID_ROUTING_CONFIGURATION", why));
    let arns: Vec<&str> = routing.iter().map(|route| route.version_arn.as_str()).collect();
    let received = format!("Received: [{}]", arns.join(", "));
    if routing.is_empty() || routing.len() > 2 {
        return refused(format!("Routing configuration must contain one or two state machine versions. {received}"));
    }
    if let [first, second] = arns[..]
        && first == second
    {
        return refused(format!("Routing configuration must contain distinct state machine version ARNs. {received}"));
    }
    let weights: Vec<u32> = routing.iter().map(|route| route.weight).collect();
    if weights.iter().map(|weight| u64::from(*weight)).sum::<u64>() != 100 {
        return refused(format!("Sum of routing configuration weights must equal 100. Received: {weights:?}"));
    }
    let mut machine = None;
    let mut routes = Vec::with_capacity(routing.len());
    for (arn, weight) in arns.iter().zip(weights) {
        let arn = of_machine(arn)?;
        let Qualifier::Version(version) = arn.qualifier else {
            return refused(format!("Routing configuration must contain state machine version ARNs. {received}"));
        };
        if *machine.get_or_insert(arn.machine) != arn.machine {
            return refused(format!(
                "Routing configuration must contain versions of the same state machine. {received}"
            ));
        }
        routes.push((version, weight));
    }
    Ok((machine.unwrap_or_default(), routes))
}

/// Refuses a name that could be a version's number, or has other letters than AWS allows.
pub(crate) fn check_alias_name(name: &str) -> Result<(), EngineError> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    let refused = |what: &str| {
        let message = format!(
            "1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: Member must {what}"
        );
        Err(EngineError::call("ValidationException", message))
    };
    if name.len() > 80 {
        return refused("have length less than or equal to 80");
    }
    match name.chars().all(allowed) && name.chars().any(|letter| !letter.is_ascii_digit()) {
        true => Ok(()),
        false => refused(r"satisfy regular expression pattern: ^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$"),
    }
}

/// AWS's sentence for what is not there.
pub(crate) fn not_found() -> EngineError {
    EngineError::call("ResourceNotFound", "Request references a resource that does not exist.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_shared_by_weight() {
        let check = |weights: &[u32], chance: u32, version: Option<u32>| {
            let routes = weights.iter().zip(1..).map(|(weight, version)| Route { version, weight: *weight }).collect();
            let at = Timestamp(0);
            let alias = Alias { name: "a".into(), description: None, routes, created_at: at, updated_at: at };
            assert_eq!(alias.choose(chance), version, "{weights:?} {chance}");
        };
        check(&[100], 0, Some(1));
        check(&[100], 99, Some(1));
        check(&[30, 70], 29, Some(1));
        check(&[30, 70], 30, Some(2));
        check(&[0, 100], 0, Some(2));
        check(&[100, 0], 99, Some(1));
    }

    #[test]
    fn names_differ_from_numbers() {
        for name in ["PROD", "v1", "1-2", "_", "a.b"] {
            assert!(check_alias_name(name).is_ok(), "{name}");
        }
        for name in ["", "1", "42", "a b", "ä", "a:b", &"x".repeat(81)] {
            assert_eq!(check_alias_name(name).expect_err(name).code(), Some("ValidationException"), "{name}");
        }
    }
}
