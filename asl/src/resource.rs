//! What a Task's `Resource` names: a function, an activity, or an action of a service, and how its end is told.

use crate::value::Text;

/// The thing that does a Task's work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// As written.
    pub arn: Text,
    /// What kind of thing it is.
    pub kind: ResourceKind,
}

/// The kinds of resource, which differ in their history events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourceKind {
    /// A function's own ARN. Anything that is no ARN at all counts as one: it is left to the routing table.
    Function,
    /// An activity, which workers poll.
    Activity,
    /// An action of a service: `arn:aws:states:::lambda:invoke`.
    Service {
        /// `lambda`, `aws-sdk:dynamodb`: the history's `resourceType`.
        service: Text,
        /// `invoke`, `startExecution.sync:2`: the history's `resource`.
        action: Text,
        /// When the task counts as done.
        pattern: Pattern,
    },
}

/// When an action of a service counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// When the service has answered.
    RequestResponse,
    /// `.sync`: when the job that was started has ended.
    Sync,
    /// `.waitForTaskToken`: when somebody sends the token back.
    TaskToken,
}

impl Resource {
    /// Reads a resource ARN. Every text is some resource.
    pub fn parse(arn: &str) -> Resource {
        Resource { arn: arn.into(), kind: kind(arn).unwrap_or(ResourceKind::Function) }
    }

    /// What AWS calls the resource where a result is too large: a service's name, or the function's ARN.
    pub fn short_name(&self) -> &str {
        match &self.kind {
            ResourceKind::Service { service, .. } => service,
            ResourceKind::Function | ResourceKind::Activity => &self.arn,
        }
    }
}

fn kind(arn: &str) -> Option<ResourceKind> {
    let mut parts = arn.splitn(6, ':');
    let (prefix, _partition, owner) = (parts.next()?, parts.next()?, parts.next()?);
    let (_region, _account, rest) = (parts.next()?, parts.next()?, parts.next()?);
    if prefix != "arn" || owner != "states" {
        return None;
    }
    if rest.starts_with("activity:") {
        return Some(ResourceKind::Activity);
    }
    let suffix_at = rest.find('.').unwrap_or(rest.len());
    let service_end = rest[..suffix_at].rfind(':')?;
    let pattern = match &rest[suffix_at..] {
        ".waitForTaskToken" => Pattern::TaskToken,
        suffix if suffix.starts_with(".sync") => Pattern::Sync,
        _ => Pattern::RequestResponse,
    };
    Some(ResourceKind::Service { service: rest[..service_end].into(), action: rest[service_end + 1..].into(), pattern })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arn: &str, expected: &str) {
        let told = match Resource::parse(arn).kind {
            ResourceKind::Function => "function".to_string(),
            ResourceKind::Activity => "activity".to_string(),
            ResourceKind::Service { service, action, pattern } => format!("{service} {action} {pattern:?}"),
        };
        assert_eq!(told, expected, "{arn}");
    }

    #[test]
    fn resources_are_told_apart() {
        check("arn:aws:lambda:us-east-1:000000000000:function:f:live", "function");
        check("${Function.Arn}", "function");
        check("arn:aws:states:us-east-1:000000000000:activity:a", "activity");
        check("arn:aws:states:::lambda:invoke", "lambda invoke RequestResponse");
        check("arn:aws:states:::aws-sdk:sfn:sendTaskFailure", "aws-sdk:sfn sendTaskFailure RequestResponse");
        check("arn:aws:states:::states:startExecution.sync:2", "states startExecution.sync:2 Sync");
        check("arn:aws-cn:states:::sqs:sendMessage.waitForTaskToken", "sqs sendMessage.waitForTaskToken TaskToken");
    }
}
