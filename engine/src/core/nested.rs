//! Executions that Task states start (`states:startExecution`), and those of them that a state waits for (`.sync`): what
//! is known of one from when it is to be started until it is heard that it has ended.

use stepwell_asl::resource::{Pattern, Resource, ResourceKind};
use stepwell_asl::{Text, Value};

use super::branch::{BranchId, Ticket};
use super::execution::Identity;
use crate::arn;

/// The parameters of `states:startExecution`.
const PARAMETERS: [&str; 3] = ["Input", "Name", "StateMachineArn"];

/// An execution that a Task state has started and waits for. It is open until its end is heard, whatever becomes of the
/// state meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nested {
    /// The branch that waits, or has waited.
    pub branch: BranchId,
    /// The state machine's ARN, without what qualifies it.
    pub machine_arn: Text,
    /// The execution's name.
    pub name: Text,
    /// Since when it is to be stopped, because nobody waits for it any more: the ticket that was drawn then.
    pub stop: Option<Ticket>,
}

/// All that tells which execution is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NestedRef {
    /// The arming of the state that started it.
    pub ticket: Ticket,
    /// The branch that waited.
    pub branch: BranchId,
    /// The state machine's ARN, without what qualifies it.
    pub machine_arn: Text,
    /// The execution's name.
    pub name: Text,
}

/// Which state has started an execution: so a start that is repeated finds what the first one has made, and no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartedBy {
    /// The execution that the state is of: its ARN.
    pub arn: Text,
    /// Its id in the store: another one may have had its name before.
    pub number: u64,
    /// The arming.
    pub ticket: u64,
}

impl StartedBy {
    /// An arming of an execution.
    pub fn new(parent: &Identity, ticket: Ticket) -> StartedBy {
        StartedBy { arn: parent.arn.clone(), number: parent.number.unwrap_or_default(), ticket: ticket.0 }
    }

    /// The name of the execution where the state gives it none: the same whenever it is asked for.
    pub fn name(&self) -> Text {
        arn::child_name(&self.arn, Some(self.number), self.ticket).into()
    }
}

impl Nested {
    /// What the arming of a state opens, where it waits for an execution that it starts.
    pub(super) fn open(
        resource: &Resource,
        arguments: &Value,
        (branch, ticket): (BranchId, Ticket),
        parent: &Identity,
    ) -> Option<Nested> {
        if pattern(resource) != Some(Pattern::Sync) {
            return None;
        }
        let text = |name: &str| arguments.get(name).and_then(Value::as_str);
        let machine_arn = text("StateMachineArn").unwrap_or_default();
        // What is no ARN is refused when it is to be started.
        let machine_arn = arn::of_machine(machine_arn).map_or(machine_arn, |machine| machine.machine).into();
        let name = text("Name").map_or_else(|| StartedBy::new(parent, ticket).name(), Text::from);
        Some(Nested { branch, machine_arn, name, stop: None })
    }

    pub(super) fn to_ref(&self, ticket: Ticket) -> NestedRef {
        let Nested { branch, machine_arn, name, stop: _ } = self;
        NestedRef { ticket, branch: *branch, machine_arn: machine_arn.clone(), name: name.clone() }
    }
}

/// What a state that starts an execution waits for.
fn pattern(resource: &Resource) -> Option<Pattern> {
    match &resource.kind {
        ResourceKind::Service { service, action, pattern }
            if &**service == "states" && action.split('.').next() == Some("startExecution") =>
        {
            Some(*pattern)
        }
        ResourceKind::Service { .. } | ResourceKind::Function | ResourceKind::Activity => None,
    }
}

/// Why nothing can be started with these parameters, in AWS's words.
pub(super) fn refused(resource: &Resource, arguments: &Value) -> Option<String> {
    pattern(resource)?;
    let Value::Object(given) = arguments else {
        return Some("The field 'StateMachineArn' is required but was missing".to_owned());
    };
    if let Some(name) = given.iter().map(|(name, _)| name).find(|name| !PARAMETERS.contains(&&***name)) {
        return Some(format!("The field \"{name}\" is not supported by Step Functions"));
    }
    for name in ["StateMachineArn", "Name"] {
        match given.get(name) {
            None | Some(Value::Null | Value::String(_)) => {}
            Some(_) => return Some(format!("The value for the field '{name}' must be a STRING")),
        }
    }
    match given.get("StateMachineArn") {
        None | Some(Value::Null) => Some("The field 'StateMachineArn' is required but was missing".to_owned()),
        Some(_) => None,
    }
}
