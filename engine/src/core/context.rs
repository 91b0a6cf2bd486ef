//! The context object `$$`, built only for those who look, and the variables a branch sees.

use std::cell::OnceCell;

use stepwell_asl::dataflow::Surroundings;
use stepwell_asl::program::StateKind;
use stepwell_asl::resource::{Pattern, ResourceKind};
use stepwell_asl::{Map, Program, State, Value};

use super::branch::BranchId;
use super::execution::Execution;
use crate::token::TokenKey;

/// What one branch sees around it.
pub(super) struct Around<'a> {
    pub program: &'a Program,
    pub execution: &'a Execution,
    pub branch: BranchId,
    pub tokens: &'a TokenKey,
    /// The item, where the expression is an `ItemSelector`: the iteration has no branch yet.
    pub item: Option<(u32, &'a Value)>,
    pub built: OnceCell<Value>,
}

impl Surroundings for Around<'_> {
    fn context(&self) -> &Value {
        self.built.get_or_init(|| self.build())
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        let mut branch = self.execution.branch(self.branch)?;
        loop {
            if let Some(value) = branch.variables.get(name) {
                return Some(value);
            }
            branch = self.execution.branch(branch.position.parent?.branch)?;
        }
    }
}

impl Around<'_> {
    fn build(&self) -> Value {
        let mut context = Map::default();
        let identity = &self.execution.identity;
        let mut execution: Map = [
            ("Id", Value::String(identity.arn.clone())),
            ("Input", identity.input.clone()),
            ("StartTime", identity.started_at.to_string().into()),
            ("Name", Value::String(identity.name.clone())),
            ("RoleArn", Value::String(identity.role_arn.clone())),
        ]
        .into_iter()
        .map(|(name, value)| (name.into(), value))
        .collect();
        if !identity.is_express() {
            execution.insert("RedriveCount".into(), u64::from(self.execution.redrive_count).into());
        }
        if let Some(at) = self.execution.redriven_at {
            execution.insert("RedriveTime".into(), at.to_string().into());
        }
        let machine: Value = [("Id", &identity.machine_arn), ("Name", &identity.machine_name)]
            .into_iter()
            .map(|(name, text)| (name, Value::String(text.clone())))
            .collect();
        context.insert("Execution".into(), execution.into());
        context.insert("StateMachine".into(), machine);
        if let Some(branch) = self.execution.branch(self.branch) {
            let position = &branch.position;
            let state = self.program.state(position.state);
            context.insert("State".into(), self.state(state));
            if waits_for_token(state) {
                let token = self.tokens.mint(&identity.arn, self.branch, position.ticket);
                context.insert("Task".into(), [("Token", Value::String(token))].into_iter().collect());
            }
            let item = self.item.or(position.item.as_ref().map(|item| (item.index, &item.value)));
            if let Some((index, value)) = item {
                let item: Value = [("Index", u64::from(index).into()), ("Value", value.clone())].into_iter().collect();
                context.insert("Map".into(), [("Item", item)].into_iter().collect());
            }
        }
        context.into()
    }

    fn state(&self, state: &State) -> Value {
        let mut members = Map::default();
        members.insert("Name".into(), Value::String(state.name.clone()));
        if let Some(branch) = self.execution.branch(self.branch) {
            members.insert("EnteredTime".into(), branch.position.entered_at.to_string().into());
            if matches!(state.kind, StateKind::Task(_) | StateKind::Map(_) | StateKind::Parallel(_)) {
                members.insert("RetryCount".into(), u64::from(branch.position.retry_count()).into());
            }
        }
        members.into()
    }
}

/// Whether a state's task is answered by whoever holds its token.
pub(super) fn waits_for_token(state: &State) -> bool {
    match &state.kind {
        StateKind::Task(task) => {
            matches!(task.resource.kind, ResourceKind::Service { pattern: Pattern::TaskToken, .. })
        }
        _ => false,
    }
}
