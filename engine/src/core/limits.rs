//! AWS's limits. Each is a switch: `None` lifts it.

/// The limits an execution runs under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Input and output of a state, a task or an execution, in bytes of JSON text.
    pub payload_bytes: Option<usize>,
    /// A variable, and all that one `Assign` sets, in bytes of JSON text.
    pub assign_bytes: Option<usize>,
    /// All variables of an execution together, in bytes of JSON text.
    pub variables_bytes: Option<usize>,
    /// Events in the history of one execution.
    pub history_events: Option<u64>,
    /// How long an execution may take, in seconds.
    pub execution_s: Option<u64>,
    /// Iterations of an inline Map at once where `MaxConcurrency` is 0.
    pub inline_concurrency: Option<u32>,
    /// Executions of a Distributed Map at once, whatever its `MaxConcurrency`.
    pub distributed_concurrency: Option<u32>,
}

/// How long an Express execution may take under AWS's limits, in seconds.
const EXPRESS_S_MAX: u64 = 300;

impl Limits {
    /// As on AWS.
    pub const AWS: Limits = Limits {
        payload_bytes: Some(256 * 1024),
        assign_bytes: Some(256 * 1024),
        variables_bytes: Some(10 * 1024 * 1024),
        history_events: Some(25_000),
        execution_s: Some(365 * 24 * 3600),
        inline_concurrency: Some(40),
        distributed_concurrency: Some(10_000),
    };

    /// None at all.
    pub const OFF: Limits = Limits {
        payload_bytes: None,
        assign_bytes: None,
        variables_bytes: None,
        history_events: None,
        execution_s: None,
        inline_concurrency: None,
        distributed_concurrency: None,
    };

    /// The same for Express executions, which are shorter and whose history has no limit.
    pub fn express(&self) -> Limits {
        let execution_s = self.execution_s.map(|limit| limit.min(EXPRESS_S_MAX));
        Limits { execution_s, history_events: None, ..self.clone() }
    }
}

/// Containers within containers that a value may have, whatever the limits: deeper ones would exhaust the stack.
pub const DEPTH_MAX: usize = 1000;
