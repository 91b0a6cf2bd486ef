//! The functions of cases, called as Lambda is.

use serde_json::{Value, json};
use stepwell_conformance::endpoint::{Answer, Endpoint};
use stepwell_conformance::functions::Functions;
use stepwell_conformance::script::Script;

/// Calls a function with each payload in order, and gives status and body of the answers.
async fn answers(script: Value, payloads: &[Value]) -> Vec<(u16, Value)> {
    let functions = Functions::serve(([127, 0, 0, 1], 0).into()).await.expect("a free port");
    let script: Script = serde_json::from_value(script).expect("a script");
    let mut calls = functions.add("f", script);
    let mut answers = Vec::new();
    for payload in payloads {
        let Answer { status, body, .. } = invoke(&functions, "f", payload).await;
        let called = calls.recv().await.expect("it was called");
        assert_eq!(called.payload, *payload);
        assert_eq!(called.unexpected.is_some(), body["errorType"] == "NoAnswerLeft");
        answers.push((status, body));
    }
    functions.remove("f");
    assert_eq!(invoke(&functions, "f", &json!({})).await.status, 404);
    answers
}

async fn invoke(functions: &Functions, name: &str, payload: &Value) -> Answer {
    let url = format!("{}/2015-03-31/functions/{name}/invocations", functions.url());
    Endpoint::at(&url).await.expect("a URL").call("Invoke", payload).await.expect("an answer")
}

#[tokio::test]
async fn answers_come_in_order_and_then_no_more() {
    let script = json!([{"return": 1}, {"return": null}, {"error": {"errorType": "E"}}]);
    let given = answers(script, &[json!({}), json!({}), json!({}), json!({})]).await;
    let expected = [json!(1), json!(null), json!({"errorType": "E"}), json!({"errorType": "NoAnswerLeft"})];
    assert_eq!(given, expected.map(|body| (200, body)));
}

#[tokio::test]
async fn one_answer_serves_every_call() {
    let given = answers(json!({"echo": true}), &[json!({"n": 1}), json!([2])]).await;
    assert_eq!(given, [(200, json!({"n": 1})), (200, json!([2]))]);
}

#[tokio::test]
async fn an_answer_may_be_for_certain_payloads() {
    let script = json!([{"when": {"n": 1, "...": true}, "return": "one"}, {"return": "other"}]);
    let given = answers(script, &[json!({"n": 1}), json!({"n": 2}), json!({"n": 1, "m": 0})]).await;
    assert_eq!(given, [(200, json!("one")), (200, json!("other")), (200, json!("one"))]);
}

#[tokio::test]
async fn lambda_itself_may_refuse() {
    let refuse = json!({"refuse": {"status": 429, "code": "TooManyRequestsException", "message": "Rate Exceeded."}});
    let given = answers(refuse, &[json!({})]).await;
    assert_eq!(given, [(429, json!({"Type": "User", "Message": "Rate Exceeded."}))]);
}

#[tokio::test]
async fn a_function_is_known_by_its_arn_and_with_a_version() {
    let functions = Functions::serve(([127, 0, 0, 1], 0).into()).await.expect("a free port");
    let script: Script = serde_json::from_value(json!({"return": true})).expect("a script");
    let _calls = functions.add("f", script);
    for name in [
        "f",
        "f:live",
        "arn:aws:lambda:eu-west-1:123456789012:function:f",
        "arn%3Aaws%3Alambda%3Ax%3A1%3Afunction%3Af%3A7",
    ] {
        assert_eq!(invoke(&functions, name, &json!({})).await.body, json!(true), "{name}");
    }
}
