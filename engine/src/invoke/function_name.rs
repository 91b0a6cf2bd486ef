//! The ways to name a Lambda function: `name`, `name:qualifier`, `account:function:name` and the ARN, each with or
//! without a qualifier.

use std::fmt::Write as _;

use super::config::REGION_DEFAULT;
use super::function::{CallError, FunctionCall};

/// What stands for the bare name in a route's `handler`, `command`, `directory` and `url`.
pub(super) const PLACEHOLDER: &str = "{function}";

/// A function's name, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionName {
    /// `aws`, `aws-cn`, ..., where an ARN says so.
    pub partition: Option<String>,
    /// The region, where an ARN says so.
    pub region: Option<String>,
    /// The account, where an ARN or a partial ARN says so.
    pub account: Option<String>,
    /// The bare name.
    pub name: String,
    /// The version or alias.
    pub qualifier: Option<String>,
}

impl FunctionName {
    /// Takes a name apart. What has none of the known forms counts as a bare name.
    pub fn parse(text: &str) -> FunctionName {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let parts: Vec<&str> = text.split(':').collect();
        let (partition, region, account, name, qualifier) = match parts[..] {
            ["arn", partition, "lambda", region, account, "function", name] => {
                (some(partition), some(region), some(account), name, None)
            }
            ["arn", partition, "lambda", region, account, "function", name, qualifier] => {
                (some(partition), some(region), some(account), name, some(qualifier))
            }
            [account, "function", name] => (None, None, some(account), name, None),
            [account, "function", name, qualifier] => (None, None, some(account), name, some(qualifier)),
            [name, qualifier] => (None, None, None, name, some(qualifier)),
            _ => (None, None, None, text, None),
        };
        FunctionName { partition, region, account, name: name.to_owned(), qualifier }
    }

    /// The function of a call, with the qualifier that the call names apart.
    pub fn of(call: &FunctionCall) -> FunctionName {
        let mut name = FunctionName::parse(&call.function);
        if let Some(qualifier) = &call.qualifier {
            name.qualifier = Some(qualifier.to_string());
        }
        name
    }

    /// The ARN without qualifier. What the name leaves open is taken from the ARN of the execution that calls.
    pub fn arn(&self, execution_arn: &str) -> String {
        let caller: Vec<&str> = execution_arn.split(':').collect();
        let part = |own: &Option<String>, index: usize, otherwise: &str| {
            let inherited = caller.get(index).copied().filter(|text| !text.is_empty());
            own.clone().unwrap_or_else(|| inherited.unwrap_or(otherwise).to_owned())
        };
        format!(
            "arn:{}:lambda:{}:{}:function:{}",
            part(&self.partition, 1, "aws"),
            part(&self.region, 3, REGION_DEFAULT),
            part(&self.account, 4, "000000000000"),
            self.name
        )
    }

    /// The ARN with the qualifier, where there is one.
    pub fn qualified_arn(&self, execution_arn: &str) -> String {
        let mut arn = self.arn(execution_arn);
        if let Some(qualifier) = &self.qualifier {
            let _ = write!(arn, ":{qualifier}");
        }
        arn
    }

    /// Every way to write this function down: what a route's pattern is compared with.
    pub fn spellings(&self, execution_arn: &str) -> Vec<String> {
        let arn = self.arn(execution_arn);
        let partial = arn.splitn(5, ':').nth(4).unwrap_or_default().to_owned();
        let mut spellings = vec![self.name.clone(), partial, arn];
        if let Some(qualifier) = &self.qualifier {
            let qualified: Vec<String> = spellings.iter().map(|text| format!("{text}:{qualifier}")).collect();
            spellings.extend(qualified);
        }
        spellings
    }

    /// Whether the bare name is one that Lambda allows: letters, digits, `-` and `_`, at most 140 of them. Such a name
    /// can stand in a path or a URL.
    pub fn is_plain(&self) -> bool {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=140).contains(&self.name.len()) && self.name.bytes().all(allowed)
    }

    /// Refuses a name that cannot be put in for [`PLACEHOLDER`].
    pub(super) fn check_plain(&self) -> Result<(), CallError> {
        if self.is_plain() {
            return Ok(());
        }
        Err(CallError::invalid(&format!(
            "'{}' cannot be put in for {PLACEHOLDER}: it is no function's name",
            self.name
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::FunctionName;

    #[test]
    fn every_form_names_the_same_function() {
        let execution = "arn:aws-cn:states:cn-north-1:123456789012:execution:m:e";
        let arn = "arn:aws-cn:lambda:cn-north-1:123456789012:function:f";
        for text in ["f", "123456789012:function:f", arn] {
            assert_eq!(FunctionName::parse(text).qualified_arn(execution), arn, "{text}");
            let qualified = FunctionName::parse(&format!("{text}:prod"));
            assert_eq!(qualified.qualified_arn(execution), format!("{arn}:prod"), "{text}");
        }
        assert_eq!(FunctionName::parse("f").arn("odd"), "arn:aws:lambda:us-east-1:000000000000:function:f");
        assert_eq!(
            FunctionName::parse("f:2").spellings(execution),
            ["f", "123456789012:function:f", arn, "f:2", "123456789012:function:f:2", &format!("{arn}:2")]
        );
    }

    #[test]
    fn only_plain_names_can_stand_in_paths() {
        assert!(FunctionName::parse("a-B_9:$LATEST").is_plain());
        for name in ["", "..", "a/b", "a b", "ü", "a:b:c"] {
            assert!(!FunctionName::parse(name).is_plain(), "{name}");
        }
    }
}
