//! A valid request of every operation, with all members that it may have.

use serde_json::{Value, json};

use crate::world::{Names, PASS, ROLE};

/// A request that is answered with success.
pub struct Request {
    pub operation: &'static str,
    /// The members that must be there.
    pub required: &'static [&'static str],
    pub body: Value,
}

/// One for every operation of the API, in an order in which none takes from another what it needs.
pub fn all(names: &Names) -> Vec<Request> {
    let request = |operation, required, body| Request { operation, required, body };
    let number = names.number;
    let state = r#"{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage","Parameters":{"QueueUrl":"q","MessageBody.$":"$.a"},
        "ResultPath":"$.r","Retry":[{"ErrorEquals":["E"],"MaxAttempts":2}],"Next":"N"}"#;
    let routing = json!([{"stateMachineVersionArn": names.version, "weight": 100}]);
    let tags = json!([{"key": "team", "value": "orders"}]);
    let logging = json!({"level": "ALL", "includeExecutionData": true, "destinations": [{"cloudWatchLogsLogGroup":
        {"logGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:g:*"}}]});
    let owned = json!({"type": "AWS_OWNED_KEY"});
    vec![
        request(
            "CreateActivity",
            &["name"],
            json!({
            "name": format!("new-{number}"), "tags": tags, "encryptionConfiguration": owned}),
        ),
        request(
            "CreateStateMachine",
            &["name", "definition", "roleArn"],
            json!({
            "name": format!("new-{number}"), "definition": PASS, "roleArn": ROLE, "type": "STANDARD",
            "loggingConfiguration": logging, "tracingConfiguration": {"enabled": true}, "tags": tags, "publish": true,
            "versionDescription": "first", "encryptionConfiguration": owned}),
        ),
        request(
            "CreateStateMachineAlias",
            &["name", "routingConfiguration"],
            json!({
            "name": "new", "description": "what customers get", "routingConfiguration": routing}),
        ),
        request("DescribeActivity", &["activityArn"], json!({"activityArn": names.activity})),
        request(
            "DescribeExecution",
            &["executionArn"],
            json!({
            "executionArn": names.ended, "includedData": "ALL_DATA"}),
        ),
        request("DescribeMapRun", &["mapRunArn"], json!({"mapRunArn": names.map_run})),
        request(
            "DescribeStateMachine",
            &["stateMachineArn"],
            json!({
            "stateMachineArn": names.machine, "includedData": "METADATA_ONLY"}),
        ),
        request("DescribeStateMachineAlias", &["stateMachineAliasArn"], json!({"stateMachineAliasArn": names.alias})),
        request(
            "DescribeStateMachineForExecution",
            &["executionArn"],
            json!({
            "executionArn": names.ended, "includedData": "ALL_DATA"}),
        ),
        request("GetActivityTask", &["activityArn"], json!({"activityArn": names.activity, "workerName": "ada"})),
        request(
            "GetExecutionHistory",
            &["executionArn"],
            json!({
            "executionArn": names.ended, "maxResults": 2, "reverseOrder": true, "includeExecutionData": false}),
        ),
        request("ListActivities", &[], json!({"maxResults": 10})),
        request(
            "ListExecutions",
            &[],
            json!({
            "stateMachineArn": names.machine, "statusFilter": "SUCCEEDED", "maxResults": 10,
            "redriveFilter": "NOT_REDRIVEN"}),
        ),
        request("ListMapRuns", &["executionArn"], json!({"executionArn": names.ended, "maxResults": 10})),
        request(
            "ListStateMachineAliases",
            &["stateMachineArn"],
            json!({
            "stateMachineArn": names.machine, "maxResults": 10}),
        ),
        request(
            "ListStateMachineVersions",
            &["stateMachineArn"],
            json!({
            "stateMachineArn": names.machine, "maxResults": 10}),
        ),
        request("ListStateMachines", &[], json!({"maxResults": 10})),
        request("ListTagsForResource", &["resourceArn"], json!({"resourceArn": names.machine})),
        request(
            "PublishStateMachineVersion",
            &["stateMachineArn"],
            json!({
            "stateMachineArn": names.express, "description": "first"}),
        ),
        request("RedriveExecution", &["executionArn"], json!({"executionArn": names.failed, "clientToken": "once"})),
        request("SendTaskHeartbeat", &["taskToken"], json!({"taskToken": names.tokens[0]})),
        request(
            "SendTaskFailure",
            &["taskToken"],
            json!({
            "taskToken": names.tokens[1], "error": "Worker.Tired", "cause": "it is late"}),
        ),
        request(
            "SendTaskSuccess",
            &["taskToken", "output"],
            json!({
            "taskToken": names.tokens[2], "output": "{\"done\":[1,2.5,null]}"}),
        ),
        request(
            "StartExecution",
            &["stateMachineArn"],
            json!({
            "stateMachineArn": names.machine, "name": "new", "input": "{\"id\":7}", "traceHeader": "Root=1"}),
        ),
        request(
            "StartSyncExecution",
            &["stateMachineArn"],
            json!({
            "stateMachineArn": names.express, "name": "new", "input": "{\"id\":7}", "traceHeader": "Root=1",
            "includedData": "METADATA_ONLY"}),
        ),
        request(
            "StopExecution",
            &["executionArn"],
            json!({
            "executionArn": names.running, "error": "Operator", "cause": "enough"}),
        ),
        request("TagResource", &["resourceArn", "tags"], json!({"resourceArn": names.machine, "tags": tags})),
        request(
            "TestState",
            &["definition"],
            json!({
            "definition": state, "roleArn": ROLE, "input": "{\"a\":\"b\"}", "inspectionLevel": "DEBUG",
            "revealSecrets": false, "variables": "{\"v\":1}", "context": "{\"Execution\":{\"Name\":\"e\"}}",
            "mock": {"result": "{\"MessageId\":\"1\",\"MD5OfMessageBody\":\"2\"}", "fieldValidationMode": "NONE"},
            "stateConfiguration": {"retrierRetryCount": 0}}),
        ),
        request(
            "UntagResource",
            &["resourceArn", "tagKeys"],
            json!({
            "resourceArn": names.machine, "tagKeys": ["team"]}),
        ),
        request(
            "UpdateMapRun",
            &["mapRunArn"],
            json!({
            "mapRunArn": names.map_run, "maxConcurrency": 7, "toleratedFailureCount": 2,
            "toleratedFailurePercentage": 12.5}),
        ),
        request(
            "UpdateStateMachine",
            &["stateMachineArn"],
            json!({
            "stateMachineArn": names.machine, "definition": PASS, "roleArn": ROLE, "loggingConfiguration": logging,
            "tracingConfiguration": {"enabled": false}, "publish": true, "versionDescription": "next",
            "encryptionConfiguration": owned}),
        ),
        request(
            "UpdateStateMachineAlias",
            &["stateMachineAliasArn"],
            json!({
            "stateMachineAliasArn": names.alias, "description": "d", "routingConfiguration": routing}),
        ),
        request(
            "ValidateStateMachineDefinition",
            &["definition"],
            json!({
            "definition": PASS, "type": "STANDARD", "severity": "WARNING", "maxResults": 5}),
        ),
        request("DeleteActivity", &["activityArn"], json!({"activityArn": names.doomed_activity})),
        request("DeleteStateMachine", &["stateMachineArn"], json!({"stateMachineArn": names.doomed})),
        request(
            "DeleteStateMachineAlias",
            &["stateMachineAliasArn"],
            json!({
            "stateMachineAliasArn": names.doomed_alias}),
        ),
        request(
            "DeleteStateMachineVersion",
            &["stateMachineVersionArn"],
            json!({
            "stateMachineVersionArn": names.doomed_version}),
        ),
    ]
}
