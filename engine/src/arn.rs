//! Amazon Resource Names of state machines, executions, map runs and activities, and the names in them.

use crate::ids::{Key, uuid};

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

/// The state machine's ARN and the name in an execution's ARN. Of Express executions only those of map runs are found by
/// their names.
pub fn of_execution(arn: &str) -> Option<(String, &str)> {
    let (head, kind, machine, name) = parts(arn)?;
    let machine_arn = format!("{head}:stateMachine:{machine}");
    match kind {
        "execution" => (!name.contains(':')).then_some((machine_arn, name)),
        "express" if machine.contains('/') => {
            let (name, id) = name.split_once(':')?;
            (id == express_id(&machine_arn, name)).then_some((machine_arn, name))
        }
        _ => None,
    }
}

/// The label and the id in a map run's ARN.
pub fn of_map_run(arn: &str) -> Option<(&str, &str)> {
    let (_, kind, machine, id) = parts(arn)?;
    let (_, label) = machine.split_once('/')?;
    (kind == "mapRun" && !label.is_empty() && !id.contains(':')).then_some((label, id))
}

/// `arn:aws:states:<region>:<account>`, then three parts, of which the last may have colons.
fn parts(arn: &str) -> Option<(&str, &str, &str, &str)> {
    let (at, _) = arn.match_indices(':').nth(4)?;
    let (head, rest) = arn.split_at(at);
    let mut words = head.split(':');
    let named = words.next() == Some("arn") && words.nth(1) == Some("states");
    let mut parts = rest[1..].splitn(3, ':');
    let (kind, machine, name) = (parts.next()?, parts.next()?, parts.next()?);
    (named && !machine.is_empty() && !name.is_empty()).then_some((head, kind, machine, name))
}

// ---- what a Distributed Map starts ----

/// A state machine's name or ARN with a label. It has one at most: labels are unique in a definition.
pub fn labelled(machine: &str, label: &str) -> String {
    format!("{}/{label}", machine.split('/').next().unwrap_or(machine))
}

/// `arn:aws:states:<region>:<account>:mapRun:<machine>/<label>:<id>`
pub fn map_run(machine_arn: &str, label: &str, id: &str) -> String {
    format!("{}:{id}", labelled(&machine_arn.replacen(":stateMachine:", ":mapRun:", 1), label))
}

/// The name of an execution that a map run starts: the same for the same arming of the same execution. `parent_number` tells
/// it from one that had its name before.
pub fn child_name(parent_arn: &str, parent_number: Option<u64>, ticket: u64) -> String {
    let number = parent_number.unwrap_or_default().to_string();
    uuid(u128::from_be_bytes(Key::of(&["child", parent_arn, &number, &ticket.to_string()]).0))
}

/// `arn:aws:states:<region>:<account>:execution:<machine>/<label>:<name>`, or
/// `arn:aws:states:<region>:<account>:express:<machine>/<label>:<name>:<id>`
pub fn child(machine_arn: &str, name: &str, express: bool) -> String {
    let of = |kind| machine_arn.replacen(":stateMachine:", kind, 1);
    match express {
        false => format!("{}:{name}", of(":execution:")),
        true => format!("{}:{name}:{}", of(":express:"), express_id(machine_arn, name)),
    }
}

fn express_id(machine_arn: &str, name: &str) -> String {
    uuid(u128::from_be_bytes(Key::of(&["express", machine_arn, name]).0))
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
    fn a_child_is_taken_apart() {
        let place = Place { region: "us-east-1".into(), account: "123456789012".into() };
        let machine = labelled(&place.state_machine("m"), "l");
        assert_eq!(machine, place.state_machine("m/l"));
        assert_eq!(labelled(&machine, "inner"), place.state_machine("m/inner"));
        let name = child_name("arn:parent", Some(1), 7);
        for express in [false, true] {
            assert_eq!(of_execution(&child(&machine, &name, express)), Some((machine.clone(), &*name)));
        }
        let other = child(&machine, &name, true).replace(&name, &child_name("arn:parent", Some(1), 8));
        assert_eq!(of_execution(&other), None, "the id is another one's");
        let run = map_run(&machine, "inner", "id");
        assert_eq!(run, "arn:aws:states:us-east-1:123456789012:mapRun:m/inner:id");
        assert_eq!(of_map_run(&run), Some(("inner", "id")));
        assert_eq!(of_map_run(&child(&machine, &name, false)), None);
        assert_eq!(of_map_run("arn:aws:states:us-east-1:123456789012:mapRun:m:id"), None);
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
