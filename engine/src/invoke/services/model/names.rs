//! Names as Step Functions has them. They are those of AWS's SDK for Java, which is behind its SDK integrations:
//! `DynamoDb` for DynamoDB, `DbInstanceIdentifier` for `DBInstanceIdentifier`, and an `Exception` after every error.

/// The name of a service in resources, from its `serviceId`: `aws-sdk:NAME:action`.
pub(super) fn resource_name(id: &str) -> String {
    service_class(id).to_ascii_lowercase()
}

/// The name of a service in errors, from its `serviceId`: `DynamoDb`, `CloudWatchLogs`, `Sfn`.
pub fn service_class(id: &str) -> String {
    let name = pascal(id);
    let name = strip_start(&name, "Amazon");
    let name = strip_start(name, "Aws");
    match name.strip_suffix("Service") {
        Some(front) if !front.is_empty() => front.to_owned(),
        _ => name.to_owned(),
    }
}

fn strip_start<'a>(name: &'a str, start: &str) -> &'a str {
    name.strip_prefix(start).filter(|rest| !rest.is_empty()).unwrap_or(name)
}

/// The name of an error after the service's, from its shape or code: `DBInstanceNotFoundFault` is
/// `DbInstanceNotFoundException`.
pub fn error_name(shape: &str) -> String {
    let front = shape.strip_suffix("Fault").or_else(|| shape.strip_suffix("Exception")).unwrap_or(shape);
    let mut name = pascal(front);
    name.push_str("Exception");
    name
}

/// The name of an operation in resources: `DescribeDBInstances` is `describeDBInstances`. Versions are left out:
/// `CreateInvalidation2020_05_31` is `createInvalidation`.
pub fn action_name(operation: &str) -> String {
    let version = operation.len().saturating_sub(10);
    let is_version = |text: &str| {
        let bytes = text.as_bytes();
        bytes[4] == b'_' && bytes[7] == b'_' && bytes.iter().filter(|byte| byte.is_ascii_digit()).count() == 8
    };
    let name = match operation.get(version..) {
        Some(end) if end.len() == 10 && is_version(end) => &operation[..version],
        _ => operation,
    };
    uncapitalised(name)
}

/// The name of a member in SDK integrations: `DBInstanceIdentifier` is `DbInstanceIdentifier`, `SSEKMSKeyId` is
/// `SsekmsKeyId`, `stateMachineArn` is `StateMachineArn`.
pub fn member_name(name: &str) -> String {
    match name {
        // Methods that every Java object has, or words of its language.
        "Equals" | "equals" => "EqualsValue".to_owned(),
        "NULL" => "Nul".to_owned(),
        _ => capitalised(&uncapitalised(name)),
    }
}

pub(crate) fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

/// The first letter, and those capitals after it that belong to no word of their own, as small letters.
fn uncapitalised(name: &str) -> String {
    let bytes = name.as_bytes();
    let mut end = 1;
    while end < bytes.len()
        && bytes[end].is_ascii_uppercase()
        && !bytes.get(end + 1).is_some_and(u8::is_ascii_lowercase)
    {
        end += 1;
    }
    match name.split_at_checked(end) {
        Some((front, rest)) => front.to_ascii_lowercase() + rest,
        None => name.to_owned(),
    }
}

/// The words of a name, each with one capital: `IoT 1Click Devices` is `Iot1ClickDevices`.
fn pascal(name: &str) -> String {
    words(name).iter().map(|word| capitalised(&word.to_ascii_lowercase())).collect()
}

/// A name's words: they begin at capitals after small letters, at the last capital of an abbreviation, after digits, and
/// at the `v` of a version.
fn words(name: &str) -> Vec<String> {
    let spaced: Vec<char> =
        name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { ' ' }).collect();
    let versions = split_versions(&spaced);
    let camel = insert_spaces(&versions, |letters, at| {
        let next = letters.get(at + 1);
        letters[at - 1].is_ascii_lowercase()
            && letters[at].is_ascii_uppercase()
            && next.is_some_and(char::is_ascii_alphanumeric)
    });
    let abbreviations = insert_spaces(&camel, |letters, at| {
        letters[at - 1].is_ascii_uppercase()
            && letters[at].is_ascii_uppercase()
            && letters.get(at + 1).is_some_and(char::is_ascii_lowercase)
    });
    let digits = insert_spaces(&abbreviations, |letters, at| {
        letters[at - 1].is_ascii_digit() && letters[at].is_ascii_alphabetic()
    });
    digits.iter().collect::<String>().split_whitespace().map(str::to_owned).collect()
}

fn insert_spaces(letters: &[char], begins: impl Fn(&[char], usize) -> bool) -> Vec<char> {
    let mut spaced = Vec::with_capacity(letters.len() + 4);
    for (at, letter) in letters.iter().enumerate() {
        if at > 0 && begins(letters, at) {
            spaced.push(' ');
        }
        spaced.push(*letter);
    }
    spaced
}

/// `SESv2` is `SES v2`, `ApiGatewayV2` is `ApiGateway V2`: a `v` before digits and after two letters of the other case.
fn split_versions(letters: &[char]) -> Vec<char> {
    insert_spaces(letters, |letters, at| {
        let digit = letters.get(at + 1).is_some_and(char::is_ascii_digit);
        let before = |is_own_case: fn(&char) -> bool| at >= 2 && !letters[at - 2..at].iter().any(is_own_case);
        digit
            && match letters[at] {
                'v' => before(char::is_ascii_lowercase),
                'V' => before(char::is_ascii_uppercase),
                _ => false,
            }
    })
}

/// The name that somebody probably meant: the nearest of these, if it is near.
pub(crate) fn nearest<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const LENGTH_MAX: usize = 100;
    if wanted.len() > LENGTH_MAX {
        return None;
    }
    let wanted_lower = wanted.to_ascii_lowercase();
    let allowed = wanted.chars().count() / 3;
    let far = |name: &&str| distance(&wanted_lower, &name.to_ascii_lowercase());
    known
        .filter(|name| name.len() <= LENGTH_MAX)
        .map(|name| (far(&name), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, name)| (*distance, name.len()))
        .map(|(_, name)| name)
}

/// How many letters must be put in, taken out or changed.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut diagonal = line;
        row[0] = line + 1;
        for (column, candidate) in other.iter().enumerate() {
            let cost = diagonal + usize::from(letter != *candidate);
            diagonal = row[column + 1];
            row[column + 1] = cost.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: fn(&str) -> String, cases: &[(&str, &str)]) {
        for (from, to) in cases {
            assert_eq!(name(from), *to, "{from}");
        }
    }

    #[test]
    fn services_have_the_names_of_their_clients_in_java() {
        check(
            service_class,
            &[
                ("DynamoDB", "DynamoDb"),
                ("SFN", "Sfn"),
                ("SQS", "Sqs"),
                ("S3", "S3"),
                ("S3 Control", "S3Control"),
                ("EC2", "Ec2"),
                ("EventBridge", "EventBridge"),
                ("CloudWatch Logs", "CloudWatchLogs"),
                ("Cognito Identity Provider", "CognitoIdentityProvider"),
                ("Database Migration Service", "DatabaseMigration"),
                ("Directory Service", "Directory"),
                ("Config Service", "Config"),
                ("Lex Model Building Service", "LexModelBuilding"),
                ("Elastic Load Balancing v2", "ElasticLoadBalancingV2"),
                ("WAFV2", "Wafv2"),
                ("SESv2", "SesV2"),
                ("ApiGatewayV2", "ApiGatewayV2"),
                ("CloudHSM V2", "CloudHsmV2"),
                ("IoT", "Iot"),
                ("IoTAnalytics", "IoTAnalytics"),
                ("IoT 1Click Devices Service", "Iot1ClickDevices"),
                ("IoT Data Plane", "IotDataPlane"),
                ("Amplify UIBuilder", "AmplifyUiBuilder"),
                ("Timestream InfluxDB", "TimestreamInfluxDb"),
                ("ACM PCA", "AcmPca"),
                ("MTurk", "MTurk"),
                ("FraudDetector", "FraudDetector"),
                ("EMR containers", "EmrContainers"),
            ],
        );
    }

    #[test]
    fn resources_name_services_in_small_letters() {
        check(
            resource_name,
            &[
                ("SFN", "sfn"),
                ("EventBridge", "eventbridge"),
                ("CloudWatch Logs", "cloudwatchlogs"),
                ("Cognito Identity Provider", "cognitoidentityprovider"),
                ("Application Discovery Service", "applicationdiscovery"),
                ("Database Migration Service", "databasemigration"),
                ("Cost and Usage Report Service", "costandusagereport"),
                ("OpenSearch", "opensearch"),
                ("Redshift Data", "redshiftdata"),
                ("SSO Admin", "ssoadmin"),
                ("Bedrock Agent Runtime", "bedrockagentruntime"),
                ("Elastic Load Balancing v2", "elasticloadbalancingv2"),
            ],
        );
    }

    #[test]
    fn errors_end_with_exception() {
        check(
            error_name,
            &[
                ("ConditionalCheckFailedException", "ConditionalCheckFailedException"),
                ("DBInstanceNotFoundFault", "DbInstanceNotFoundException"),
                ("NoSuchKey", "NoSuchKeyException"),
                ("QueueDoesNotExist", "QueueDoesNotExistException"),
                ("InvalidToken", "InvalidTokenException"),
                ("KMSInvalidStateException", "KmsInvalidStateException"),
            ],
        );
    }

    #[test]
    fn actions_begin_small_and_have_no_version() {
        check(
            action_name,
            &[
                ("PutItem", "putItem"),
                ("DescribeDBInstances", "describeDBInstances"),
                ("CreateInvalidation2020_05_31", "createInvalidation"),
                ("ListObjectsV2", "listObjectsV2"),
            ],
        );
    }

    #[test]
    fn members_have_one_capital_for_an_abbreviation() {
        check(
            member_name,
            &[
                ("stateMachineArn", "StateMachineArn"),
                ("DBInstanceIdentifier", "DbInstanceIdentifier"),
                ("ACL", "Acl"),
                ("SSEKMSKeyId", "SsekmsKeyId"),
                ("SSECustomerKeyMD5", "SseCustomerKeyMD5"),
                ("ETag", "ETag"),
                ("MD5OfMessageBody", "Md5OfMessageBody"),
                ("S3Uri", "S3Uri"),
                ("BOOL", "Bool"),
                ("NULL", "Nul"),
                ("equals", "EqualsValue"),
                ("_", "_"),
                ("", ""),
            ],
        );
    }

    #[test]
    fn a_near_name_is_found() {
        let known = ["getItem", "putItem", "updateItem"];
        assert_eq!(nearest("PutItem", known.into_iter()), Some("putItem"));
        assert_eq!(nearest("putItems", known.into_iter()), Some("putItem"));
        assert_eq!(nearest("describeInstances", known.into_iter()), None);
    }
}
