//! Every operation of every service: what is made up for its input can be sent, and what is made up for its result is
//! read back as it was written. And answers that are none.

use stepwell_asl::{Map, Value};

use super::model::{self, Location, Operation, Service};
use super::protocol::{self, Naming, Response, written};
use super::{bind, sample};

fn for_every_operation(check: impl Fn(&Service, &Operation)) {
    for entry in model::entries() {
        let service = entry.service().expect("every service can be read");
        for operation in service.operations().iter().filter(|operation| protocol::is_callable(&service, operation)) {
            check(&service, operation);
        }
    }
}

#[test]
fn every_operation_can_be_asked_for() {
    for_every_operation(|service, operation| {
        let Some(input) = operation.input else { return };
        let parameters = sample::value(service, input, Naming::Sdk);
        let name = format!("{} {}", service.entry.id, operation.name);
        let bound = bind(service, input, &parameters).unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
        let request = protocol::request(service, operation, &bound).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert!(request.path.starts_with('/') && !request.path.contains('{'), "{name}: {}", request.path);
    });
}

#[test]
fn every_result_is_read_as_it_was_written() {
    let different = std::cell::RefCell::new(Vec::new());
    for_every_operation(|service, operation| {
        let Some(output) = operation.output else { return };
        let expected = sample::value(service, output, Naming::Sdk);
        let name = format!("{} {}", service.entry.id, operation.name);
        let bound = bind(service, output, &expected).unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
        let response = written::response(service, operation, &bound);
        let read = protocol::result(service, operation, &response, Naming::Sdk);
        let read = read.unwrap_or_else(|why| panic!("{name}: {why}"));
        let (read, expected) = (told(service, operation, &read), told(service, operation, &expected));
        // Two members of the first have one name on the wire; the second names items of flattened lists in its own way, which
        // only answers have, and those are not written but here.
        let cannot_be_written = name == "S3 GetBucketNotification" || service.entry.id == "SimpleDB";
        if read != expected && !cannot_be_written {
            different.borrow_mut().push(format!("{name}\n  read     {read}\n  expected {expected}\n  {response:?}\n"));
        }
    });
    let different = different.into_inner();
    let shown: String = different.iter().take(5).map(String::as_str).collect();
    assert!(different.is_empty(), "{} results are not read as they were written:\n{shown}", different.len());
}

/// What answers can tell at all: the status is the response's own, and a token that is missing is made up.
fn told(service: &Service, operation: &Operation, result: &Value) -> Value {
    let Some(output) = operation.output else { return Value::Null };
    let is_told = |name: &str| {
        let mut members = service.members(output).iter().filter(|member| *member.sdk_name == *name);
        members.all(|member| {
            let traits = service.traits(member.place);
            traits.location != Location::StatusCode && !traits.idempotency_token
        })
    };
    let Value::Object(members) = result else { return result.clone() };
    let left = members.iter().filter(|(name, _)| is_told(name));
    left.map(|(name, value)| (name.clone(), value.clone())).collect::<Map>().into()
}

#[test]
fn no_answer_makes_a_reader_panic() {
    let bodies: [&[u8]; 14] = [
        b"",
        b" ",
        b"{",
        b"[]",
        b"null",
        b"7",
        b"{\"Items\": 5, \"items\": {}, \"Error\": []}",
        b"<html><body>502 Bad Gateway</body></html>",
        b"<a><b></a>",
        b"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
        b"\xff\xfe\x00",
        b"\xbf\x61a\xff",
        b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\xa1\x61a\x9f\x9f\x9f\x9f",
    ];
    for_every_operation(|service, operation| {
        for body in bodies {
            for status in [200, 500] {
                let headers = vec![("x-amzn-errortype".to_owned(), "#:".to_owned())];
                let response = Response { status, headers, body: bytes::Bytes::from_static(body) };
                // Whether it is an answer is the protocol's to say; only that it says something is asked here.
                let _ = protocol::result(service, operation, &response, Naming::Plain);
                assert_eq!(protocol::fault(service, operation, &response).status, status);
            }
        }
    });
}

#[test]
fn deep_answers_end() {
    let service = model::service("dynamodb").expect("DynamoDB");
    let operation = service.action("getItem").expect("an operation");
    let deep = format!("{}{{\"S\":\"x\"}}{}", "{\"M\":{\"a\":".repeat(60), "}}".repeat(60));
    let body = format!("{{\"Item\":{{\"a\":{deep}}}}}");
    let response = Response { status: 200, body: body.into(), headers: Vec::new() };
    assert!(protocol::result(&service, operation, &response, Naming::Sdk).is_ok());
    let endless = Response { status: 200, body: "[".repeat(1_000_000).into(), headers: Vec::new() };
    assert!(protocol::result(&service, operation, &endless, Naming::Sdk).is_err());
    let s3 = model::service("s3").expect("S3");
    let list = s3.action("listObjectsV2").expect("an operation");
    let endless = Response { status: 200, body: "<a>".repeat(100_000).into(), headers: Vec::new() };
    assert!(protocol::result(&s3, list, &endless, Naming::Sdk).is_err());
}

fn faults(service: &str, action: &str, parameters: serde_json::Value) -> Vec<String> {
    let service = model::service(service).expect("a service");
    let operation = service.action(action).expect("an action");
    bind(&service, operation.input.expect("parameters"), &parameters.into()).expect_err("wrong parameters")
}

#[test]
fn everything_that_is_wrong_with_parameters_is_told() {
    let told = faults(
        "dynamodb",
        "putItem",
        serde_json::json!({"TableName": 5, "Itm": {}, "ReturnValues": null, "Item": {"a": {"S": "x"}, "b": 1}}),
    );
    assert_eq!(
        told,
        [
            "The value for the field 'TableName' must be a STRING",
            "The value for the field 'Item' must be an OBJECT",
            "The field 'Itm' is not supported by Step Functions. Did you mean 'Item'?",
        ]
    );
    assert_eq!(
        faults("sqs", "receiveMessage", serde_json::json!({"MaxNumberOfMessages": "1"})),
        [
            "The field 'QueueUrl' is required but was missing",
            "The value for the field 'MaxNumberOfMessages' must be an INTEGER"
        ]
    );
    let many: serde_json::Map<String, serde_json::Value> = (0..1000).map(|i| (format!("x{i}"), 1.into())).collect();
    assert_eq!(faults("sqs", "listQueues", many.into()).len(), 20);
}
