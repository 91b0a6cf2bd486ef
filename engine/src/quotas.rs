//! AWS's quotas of an account. Each is a switch: `None` lifts it.

/// How much there may be of everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// State machines.
    pub state_machines: Option<usize>,
    /// Versions of a state machine.
    pub versions: Option<usize>,
    /// Aliases of a state machine.
    pub aliases: Option<usize>,
    /// Activities.
    pub activities: Option<usize>,
    /// Workers that poll one activity at once.
    pub pollers: Option<usize>,
    /// Tags of a resource.
    pub tags: Option<usize>,
}

impl Quotas {
    /// As on AWS.
    pub const AWS: Quotas = Quotas {
        state_machines: Some(100_000),
        versions: Some(1_000),
        aliases: Some(100),
        activities: Some(100_000),
        pollers: Some(1_000),
        tags: Some(50),
    };

    /// None at all.
    pub const OFF: Quotas =
        Quotas { state_machines: None, versions: None, aliases: None, activities: None, pollers: None, tags: None };
}
