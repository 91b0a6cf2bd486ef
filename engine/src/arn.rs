//! Amazon Resource Names of state machines, executions and activities, and the names in them.

use crate::error::EngineError;

/// Where the engine pretends to be: the partition is `aws`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Such as `us-east-1`.
    pub region: String,
    /// Twelve digits.
    pub account: String,
}

impl Place {
    /// `arn:aws:states:<region>:<account>:stateMachine:<name>`
    pub fn state_machine(&self, name: &str) -> String {
        self.states("stateMachine", name)
    }

    /// `arn:aws:states:<region>:<account>:activity:<name>`
    pub fn activity(&self, name: &str) -> String {
        self.states("activity", name)
    }

    /// `arn:aws:states:<region>:<account>:execution:<machine>:<name>`
    pub fn execution(&self, machine: &str, name: &str) -> String {
        self.states("execution", &format!("{machine}:{name}"))
    }

    /// `arn:aws:states:<region>:<account>:express:<machine>:<name>:<id>`
    pub fn express(&self, machine: &str, name: &str, id: &str) -> String {
        self.states("express", &format!("{machine}:{name}:{id}"))
    }

    /// `arn:aws:states:<region>:<account>:express:<machine>:<name>`: what a state under test takes its execution for.
    pub fn tested(&self, machine: &str, name: &str) -> String {
        self.states("express", &format!("{machine}:{name}"))
    }

    /// A role that nobody has to make.
    pub fn role(&self) -> String {
        format!("arn:aws:iam::{}:role/stepwell", self.account)
    }

    fn states(&self, kind: &str, rest: &str) -> String {
        format!("arn:aws:states:{}:{}:{kind}:{rest}", self.region, self.account)
    }
}

/// The state machine's ARN and the name in an execution's ARN.
pub fn of_execution(arn: &str) -> Option<(String, &str)> {
    let mut parts = arn.splitn(8, ':');
    let head: Vec<&str> = parts.by_ref().take(5).collect();
    let (kind, machine, name) = (parts.next()?, parts.next()?, parts.next()?);
    let named = head.len() == 5 && head[0] == "arn" && head[2] == "states" && kind == "execution";
    (named && !machine.is_empty() && !name.is_empty() && !name.contains(':'))
        .then(|| (format!("{}:stateMachine:{machine}", head.join(":")), name))
}

/// What the ARN of a state machine names: itself, or what is qualified after its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MachineArn<'a> {
    /// The ARN without what qualifies it.
    pub machine: &'a str,
    /// The state machine's name.
    pub name: &'a str,
    /// What qualifies it.
    pub qualifier: Qualifier<'a>,
}

/// What follows a state machine's name in an ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qualifier<'a> {
    /// Nothing: it is the state machine itself.
    None,
    /// `:3`
    Version(u32),
    /// `:PROD`
    Alias(&'a str),
    /// `/label`: a Map state in Distributed mode.
    Label(&'a str),
}

/// Takes the ARN of a state machine, a version or an alias apart. Errors: `InvalidArn`.
pub fn of_machine(arn: &str) -> Result<MachineArn<'_>, EngineError> {
    let rest = resource(arn, &["stateMachine"])?;
    let end = rest.find([':', '/']).unwrap_or(rest.len());
    let (name, qualified) = rest.split_at(end);
    let machine = &arn[..arn.len() - qualified.len()];
    let qualifier = match qualified.split_at_checked(1) {
        None | Some(("", _)) => Qualifier::None,
        Some((_, "")) => return Err(invalid(arn)),
        Some(("/", label)) => Qualifier::Label(label),
        Some((_, alias)) => match alias.parse() {
            Ok(version) => Qualifier::Version(version),
            Err(_) => Qualifier::Alias(alias),
        },
    };
    match name.is_empty() {
        true => Err(invalid(arn)),
        false => Ok(MachineArn { machine, name, qualifier }),
    }
}

/// The name in an activity's ARN. Errors: `InvalidArn`.
pub fn of_activity(arn: &str) -> Result<&str, EngineError> {
    match resource(arn, &["activity"])? {
        "" => Err(invalid(arn)),
        name if name.contains(':') => Err(invalid(arn)),
        name => Ok(name),
    }
}

/// What follows the type in the ARN of a resource that has one of these types. Errors: `InvalidArn`, which says what is
/// wrong in AWS's words.
pub fn resource<'a>(arn: &'a str, types: &[&str]) -> Result<&'a str, EngineError> {
    if !arn.starts_with("arn:") {
        return Err(EngineError::call("InvalidArn", format!("Invalid Arn: 'Invalid ARN prefix: {arn}'")));
    }
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    let [_, _, service, _, _, found, rest] = parts[..] else { return Err(invalid(arn)) };
    if service != "states" {
        return Err(invalid(arn));
    }
    match types.contains(&found) {
        true => Ok(rest),
        false => {
            let message = format!("Invalid Arn: 'Resource type not valid in this context: {found}'");
            Err(EngineError::call("InvalidArn", message))
        }
    }
}

fn invalid(arn: &str) -> EngineError {
    EngineError::call("InvalidArn", format!("Invalid Arn: 'Invalid ARN: {arn}'"))
}

/// Whether this can be the name of an execution, a state machine or an activity: 1 to 80 characters, without white space,
/// brackets, wildcards and special characters. The error says what is wrong.
pub fn check_name(name: &str) -> Result<(), String> {
    let forbidden =
        |letter: char| letter.is_whitespace() || letter.is_control() || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(letter);
    if name.is_empty() || name.chars().count() > 80 {
        return Err("a name has 1 to 80 characters".to_owned());
    }
    match name.chars().find(|letter| forbidden(*letter)) {
        Some(letter) => Err(format!("a name has no {letter:?}")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_execution_is_taken_apart() {
        let place = Place { region: "us-east-1".into(), account: "123456789012".into() };
        let arn = place.execution("m", "e");
        assert_eq!(of_execution(&arn), Some((place.state_machine("m"), "e")));
        for wrong in ["", "arn", &place.state_machine("m"), &place.express("m", "e", "i"), &format!("{arn}:x")] {
            assert_eq!(of_execution(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_state_machine_is_taken_apart() {
        let arn = "arn:aws:states:us-east-1:123456789012:stateMachine:m";
        let check = |qualified: &str, qualifier| {
            assert_eq!(
                of_machine(&format!("{arn}{qualified}")).expect("an ARN"),
                MachineArn { machine: arn, name: "m", qualifier }
            );
        };
        check("", Qualifier::None);
        check(":12", Qualifier::Version(12));
        check(":PROD", Qualifier::Alias("PROD"));
        check(":99999999999", Qualifier::Alias("99999999999"));
        check("/label", Qualifier::Label("label"));
    }

    #[test]
    fn what_is_wrong_with_an_arn_is_said() {
        let check = |arn: &str, why: &str| {
            let error = of_machine(arn).expect_err(arn).to_string();
            assert_eq!(error, format!("InvalidArn: Invalid Arn: '{why}{}'", if why.ends_with(' ') { arn } else { "" }));
        };
        check("", "Invalid ARN prefix: ");
        check("m", "Invalid ARN prefix: ");
        check("arn:aws:states:us-east-1:123456789012:stateMachine", "Invalid ARN: ");
        check("arn:aws:states:us-east-1:123456789012:stateMachine:", "Invalid ARN: ");
        check("arn:aws:states:us-east-1:123456789012:stateMachine:m:", "Invalid ARN: ");
        check("arn:aws:lambda:us-east-1:123456789012:stateMachine:m", "Invalid ARN: ");
        check("arn:aws:states:us-east-1:123456789012:activity:a", "Resource type not valid in this context: activity");
        assert!(of_activity("arn:aws:states:us-east-1:123456789012:activity:a:b").is_err());
        assert_eq!(of_activity("arn:aws:states:us-east-1:123456789012:activity:a").expect("an ARN"), "a");
    }

    #[test]
    fn names_are_checked() {
        assert!(check_name("a-b_c.d").is_ok());
        for wrong in ["", "a b", "a/b", &"x".repeat(81)] {
            assert!(check_name(wrong).is_err(), "{wrong}");
        }
    }
}
