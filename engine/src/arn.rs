//! Amazon Resource Names of state machines, executions and activities, and the names in them.

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
    fn names_are_checked() {
        assert!(check_name("a-b_c.d").is_ok());
        for wrong in ["", "a b", "a/b", &"x".repeat(81)] {
            assert!(check_name(wrong).is_err(), "{wrong}");
        }
    }
}
