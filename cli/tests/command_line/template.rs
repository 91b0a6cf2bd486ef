//! Templates of SAM and CloudFormation, and what `cdk synth` writes, run and served.

use std::process::Command;

use expect_test::expect;
use serde_json::{Value, json};

use crate::harness::{Done, Room};
use crate::serve::{call, machines, serve, terminate};

/// A project as `sam init` leaves it: two functions in Python, one in Node.js.
const SAM: &str = r#"
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: dev}
Globals:
  Function:
    Runtime: python3.12
    Timeout: 20
    Environment: {Variables: {STAGE: !Ref Stage, LEVEL: info}}
Resources:
  Flow:
    Type: AWS::Serverless::StateMachine
    Properties:
      Name: !Sub "flow-${Stage}"
      DefinitionUri: statemachine/flow.asl.json
      DefinitionSubstitutions:
        OneArn: !GetAtt One.Arn
        TwoArn: !Ref Two.Alias
        ThreeName: !Ref Three
        Limit: 3
      Logging: {Level: ALL}
      Tracing: {Enabled: true}
      Role: !GetAtt Role.Arn
      Events: {Nightly: {Type: Schedule, Properties: {Schedule: rate(1 day)}}}
  Quick:
    Type: AWS::Serverless::StateMachine
    Properties:
      Type: EXPRESS
      Definition: {StartAt: P, States: {P: {Type: Pass, Result: !GetAtt Jobs.Arn, End: true}}}
  One:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: one/, Handler: app.handler}
  Two:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: two
      Runtime: nodejs20.x
      Handler: app.handler
      AutoPublishAlias: live
      MemorySize: 512
      Environment: {Variables: {LEVEL: debug, JOBS: !Ref Jobs}}
  Three:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Join ['-', [third, !Ref Stage]]
      InlineCode: |
        import os
        def handler(event, context):
            return {**event, "three": [context.function_name, os.environ["STAGE"]]}
      Handler: index.handler
  Old:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: one/, Handler: x.y, Runtime: java21}
  Jobs: {Type: AWS::SQS::Queue}
  Approve: {Type: AWS::StepFunctions::Activity, Properties: {Name: approve}}
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}
"#;
const FLOW: &str = r#"{
  "StartAt": "One",
  "States": {
    "One": {"Type": "Task", "Resource": "${OneArn}", "Next": "Two"},
    "Two": {"Type": "Task", "Resource": "${TwoArn}", "Next": "Three"},
    "Three": {
      "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
      "Parameters": {"FunctionName": "${ThreeName}", "Payload": {"limit": ${Limit}, "before.$": "$"}},
      "OutputPath": "$.Payload", "End": true
    }
  }
}"#;
const ONE: &str = "import os\ndef handler(event, context):\n    return {**event, 'one': os.environ['LEVEL']}\n";
const TWO: &str = "exports.handler = async (event, context) => ({ ...event, two: [process.env.LEVEL, process.env.STAGE, \
                   process.env.JOBS, context.memoryLimitInMB] });\n";

fn sam() -> Room {
    Room::with(&[
        ("template.yaml", SAM),
        ("statemachine/flow.asl.json", FLOW),
        ("one/app.py", ONE),
        ("two/app.js", TWO),
    ])
}

fn run(room: &Room, arguments: &[&str]) -> Done {
    room.stepwell(&[&["run", "--template", "template.yaml", "--quiet"], arguments].concat())
}

#[test]
fn a_sam_project_is_run_with_one_command() {
    let room = sam();
    let expected = |stage: &str| {
        let queue = "https://sqs.us-east-1.amazonaws.com/123456789012/Jobs";
        let before = json!({ "id": 7, "one": "info", "two": ["debug", stage, queue, "512"] });
        json!({ "limit": 3, "before": before, "three": [format!("third-{stage}"), stage] })
    };
    for (arguments, stage) in [
        (&["--state-machine", "Flow"][..], "dev"),
        (&["--state-machine", "flow-dev"], "dev"),
        (&["--state-machine", "flow-prod", "--parameter", "Stage=prod"], "prod"),
        (&["--state-machine", "Flow", "--data", "data", "--name", "n"], "dev"),
    ] {
        let done = run(&room, &[arguments, &["--input", r#"{"id": 7}"#]].concat());
        assert_eq!((done.status, &*done.stderr), (Some(0), ""), "{done:?}");
        assert_eq!(done.json(), expected(stage), "{arguments:?}");
    }
    let done = run(&room, &["--state-machine", "Quick"]);
    assert_eq!(done.json(), json!("arn:aws:sqs:us-east-1:123456789012:Jobs"));
    // The others are there for one that starts executions. An Express one among them is not kept; one that was kept is
    // no hindrance.
    room.write(
        "statemachine/flow.asl.json",
        FLOW.replace("{\n  \"StartAt\"", "{\"Comment\": \"no startExecution\", \"StartAt\"").as_bytes(),
    );
    for directory in ["first", "second"] {
        let kept = |machine: &str| run(&room, &["--state-machine", machine, "--data", directory]);
        if directory == "first" {
            assert_eq!(kept("Flow").status, Some(0));
            let done = kept("Quick");
            assert_eq!(done.status, Some(2), "{done:?}");
            assert!(done.stderr.contains("first has Quick as an Express state machine"), "{done:?}");
        } else {
            assert_eq!((kept("Quick").status, kept("Flow").status), (Some(0), Some(0)));
        }
    }
    // The state machine is called what the template calls it.
    let done = room.stepwell(&["executions", "list", "--data", "data", "--json"]);
    assert!(done.stdout.contains("stateMachine:flow-dev") || done.stdout.contains("\"flow-dev\""), "{done:?}");
}

#[test]
fn a_sam_project_is_served_and_watched() {
    let room = sam();
    let (server, address) = serve(&room, &["--template", "template.yaml", "--watch", "--account", "111122223333"]);
    let named = |name: &str, kind: &str| (name.to_owned(), kind.to_owned());
    assert_eq!(machines(&address), [named("Quick", "EXPRESS"), named("flow-dev", "STANDARD")]);
    let activities = call(&address, "ListActivities", &json!({}));
    assert_eq!(activities["activities"][0]["activityArn"], "arn:aws:states:us-east-1:111122223333:activity:approve");
    let flow = "arn:aws:states:us-east-1:111122223333:stateMachine:flow-dev";
    let started = call(&address, "StartExecution", &json!({ "stateMachineArn": flow, "input": r#"{"id": 7}"# }));
    let output = ended(&address, &started);
    assert_eq!(output["three"], json!(["third-dev", "dev"]), "{output}");
    assert_eq!(output["before"]["two"][2], "https://sqs.us-east-1.amazonaws.com/111122223333/Jobs");

    // A definition changes, then a function's environment does.
    room.write("statemachine/flow.asl.json", FLOW.replace("${Limit}", "4").as_bytes());
    let described = || call(&address, "DescribeStateMachine", &json!({ "stateMachineArn": flow }));
    while !described()["definition"].as_str().unwrap().contains("\"limit\": 4") {}
    let changed = SAM.replace("LEVEL: info", "LEVEL: warn").replace("Limit: 3", "Limit: 3\n        More: 1");
    room.write("template.yaml", format!("{changed}  Extra: {{Type: AWS::StepFunctions::Activity}}\n").as_bytes());
    while call(&address, "ListActivities", &json!({}))["activities"].as_array().unwrap().len() < 2 {}
    let level = || {
        let started = call(&address, "StartExecution", &json!({ "stateMachineArn": flow }));
        ended(&address, &started)["before"]["one"].clone()
    };
    while level() != "warn" {} // the functions follow the state machines
    let done = terminate(server);
    assert_eq!(done.status, Some(0), "{done:?}");
    let told: Vec<&str> = done.stderr.lines().take(8).map(str::trim).collect();
    expect![[r#"
          state machine flow-dev  arn:aws:states:us-east-1:111122223333:stateMachine:flow-dev
          state machine Quick  arn:aws:states:us-east-1:111122223333:stateMachine:Quick (Express)
          activity      approve  arn:aws:states:us-east-1:111122223333:activity:approve
          function      One  python3.12 one/app.handler
          function      Two  nodejs20.x two/app.handler
          function      third-dev  python3.12 index.handler, in the template
          left out      Old  template.yaml:54:56: the runtime java21 cannot be started here: python3, nodejs and provided can
          not run       Nightly  events of flow-dev do not happen here"#]]
    .assert_eq(&told.join("\n"));
}

/// The output of an execution once it has ended.
fn ended(address: &str, started: &Value) -> Value {
    loop {
        let request = json!({ "executionArn": started["executionArn"] });
        let described = call(address, "DescribeExecution", &request);
        match described["status"].as_str() {
            Some("RUNNING") => {}
            Some("SUCCEEDED") => return serde_json::from_str(described["output"].as_str().unwrap()).unwrap(),
            _ => panic!("{described}"),
        }
    }
}

/// As CDK writes it: joined definitions, assets beside the template, code in the template, versions and aliases.
const CDK: &str = r#"{
 "Resources": {
  "OrderFnServiceRole1A2B": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17"}}},
  "OrderFn3C4D": {
   "Type": "AWS::Lambda::Function",
   "Properties": {
    "Code": {"S3Bucket": {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"}, "S3Key": "aaaa.zip"},
    "Handler": "index.main", "Role": {"Fn::GetAtt": ["OrderFnServiceRole1A2B", "Arn"]}, "Runtime": "python3.12",
    "Environment": {"Variables": {"TABLE": {"Ref": "Table5E6F"}}}
   },
   "DependsOn": ["OrderFnServiceRole1A2B"],
   "Metadata": {"aws:cdk:path": "Shop/OrderFn/Resource", "aws:asset:path": "asset.aaaa", "aws:asset:is-bundled": false, "aws:asset:property": "Code"}
  },
  "OrderFnCurrentVersion7788": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "OrderFn3C4D"}}},
  "OrderFnAliaslive99AA": {
   "Type": "AWS::Lambda::Alias",
   "Properties": {"FunctionName": {"Ref": "OrderFn3C4D"}, "FunctionVersion": {"Fn::GetAtt": ["OrderFnCurrentVersion7788", "Version"]}, "Name": "live"}
  },
  "KeyedFnBB": {
   "Type": "AWS::Lambda::Function",
   "Properties": {"Code": {"S3Bucket": "b", "S3Key": "bbbb.zip"}, "Handler": "index.main", "Runtime": "nodejs22.x"}
  },
  "InlineFnCC": {
   "Type": "AWS::Lambda::Function",
   "Properties": {"Code": {"ZipFile": "exports.handler = async (event) => ({ ...event, inline: '\\u00fc' });"}, "Handler": "index.handler", "Runtime": "nodejs22.x"}
  },
  "Table5E6F": {"Type": "AWS::DynamoDB::Table", "Properties": {"KeySchema": []}},
  "OrdersEE": {
   "Type": "AWS::StepFunctions::StateMachine",
   "Properties": {
    "DefinitionString": {"Fn::Join": ["", [
      "{\"StartAt\":\"Order\",\"States\":{\"Order\":{\"Next\":\"Keyed\",\"Type\":\"Task\",\"OutputPath\":\"$.Payload\",\"Resource\":\"arn:", {"Ref": "AWS::Partition"},
      ":states:::lambda:invoke\",\"Parameters\":{\"FunctionName\":\"", {"Ref": "OrderFnAliaslive99AA"}, "\",\"Payload.$\":\"$\"}},\"Keyed\":{\"Next\":\"Inline\",\"Type\":\"Task\",\"Resource\":\"",
      {"Fn::GetAtt": ["KeyedFnBB", "Arn"]}, "\"},\"Inline\":{\"End\":true,\"Type\":\"Task\",\"Resource\":\"", {"Fn::GetAtt": ["InlineFnCC", "Arn"]}, "\"}},\"TimeoutSeconds\":300}"
    ]]},
    "RoleArn": {"Fn::GetAtt": ["OrderFnServiceRole1A2B", "Arn"]}
   }
  },
  "FiledFF": {
   "Type": "AWS::StepFunctions::StateMachine",
   "Metadata": {"aws:cdk:path": "Shop/Files/Filed/Resource"},
   "Properties": {
    "DefinitionS3Location": {"Bucket": {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"}, "Key": "cccc.json"},
    "DefinitionSubstitutions": {"Stack": {"Ref": "AWS::StackName"}},
    "StateMachineName": "filed", "StateMachineType": "STANDARD"
   }
  },
  "CDKMetadata": {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "v2:deflate64:H4sI"}, "Condition": "CDKMetadataAvailable"}
 },
 "Conditions": {"CDKMetadataAvailable": {"Fn::Or": [{"Fn::Equals": [{"Ref": "AWS::Region"}, "af-south-1"]}, {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}]}},
 "Parameters": {"BootstrapVersion": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/cdk-bootstrap/hnb659fds/version"}},
 "Rules": {"CheckBootstrapVersion": {"Assertions": [{"Assert": {"Fn::Not": [{"Fn::Contains": [["1"], {"Ref": "BootstrapVersion"}]}]}}]}}
}"#;

#[test]
fn what_cdk_synthesizes_is_run() {
    let room = Room::with(&[
        ("cdk.out/Shop.template.json", CDK),
        (
            "cdk.out/asset.aaaa/index.py",
            "import os\ndef main(event, context):\n    return {'table': os.environ['TABLE']}\n",
        ),
        ("cdk.out/asset.bbbb/index.mjs", "export const main = async (event) => ({ ...event, keyed: true });\n"),
        (
            "cdk.out/asset.cccc.json",
            r#"{"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": "${Stack}", "End": true}}}"#,
        ),
    ]);
    let template = "cdk.out/Shop.template.json";
    let check = |template: &str, machine: &str, expected: Value| {
        let done = room.stepwell(&["run", "--template", template, "--state-machine", machine, "--quiet"]);
        assert_eq!((done.status, &*done.stderr), (Some(0), ""), "{done:?}");
        assert_eq!(done.json(), expected);
    };
    check(template, "OrdersEE", json!({ "table": "Table5E6F", "keyed": true, "inline": "ü" }));
    check(template, "filed", json!("Shop"));
    check(template, "Files/Filed", json!("Shop"));
    // `cdk synth > FILE` leaves the assets in cdk.out.
    room.write("synthesized.json", CDK.as_bytes());
    check("synthesized.json", "OrdersEE", json!({ "table": "Table5E6F", "keyed": true, "inline": "ü" }));
}

const CLOUDFORMATION: &str = r#"
Resources:
  Greeter:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.11
      Handler: index.handler
      Code:
        ZipFile: |
          def handler(event, context):
              return "Hello, " + event["who"]
  Tool:
    Type: AWS::Lambda::Function
    Properties: {Runtime: provided.al2023, Handler: unused, Code: tool}
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      DefinitionString:
        !Sub
          - |-
            {
              "StartAt": "Greet",
              "States": {"Greet": {"Type": "Task", "Resource": "${Function}", "Next": "Tool"},
                         "Tool": {"Type": "Task", "Resource": "${Tool.Arn}", "End": true}}
            }
          - Function: !GetAtt Greeter.Arn
"#;

/// A program that speaks the Runtime API by itself.
const BOOTSTRAP: &str = r#"#!/usr/bin/env python3
import json, os, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    task = urllib.request.urlopen(api + "next")
    answer = json.dumps([json.load(task), os.environ["_HANDLER"]]).encode()
    id = task.headers["Lambda-Runtime-Aws-Request-Id"]
    urllib.request.urlopen(urllib.request.Request(api + id + "/response", answer, method="POST"))
"#;

#[cfg(unix)]
#[test]
fn plain_cloudformation_is_run() {
    use std::os::unix::fs::PermissionsExt;
    let room = Room::with(&[("template.yaml", CLOUDFORMATION), ("tool/bootstrap", BOOTSTRAP)]);
    let bootstrap = room.path().join("tool/bootstrap");
    std::fs::set_permissions(bootstrap, std::fs::Permissions::from_mode(0o755)).unwrap();
    let done = run(&room, &["--input", r#"{"who": "Ada"}"#]);
    assert_eq!((done.status, &*done.stderr), (Some(0), ""), "{done:?}");
    assert_eq!(done.json(), json!(["Hello, Ada", "unused"]));
}

#[test]
fn what_stepwell_toml_says_wins() {
    let room = sam();
    room.write("stepwell.toml", b"[[route]]\nmatch = \"One\"\ninvoker = \"mock\"\nresult = { mocked = true }\n");
    let done = run(&room, &["--state-machine", "Flow"]);
    assert_eq!(done.json()["before"]["mocked"], true, "{done:?}");
    // And what is defined wins over what is put in by the template.
    let done = run(&room, &["--state-machine", "Flow", "--define", "Limit=9"]);
    assert_eq!(done.json()["limit"], 9, "{done:?}");
    let done = run(&room, &["--state-machine", "Flow", "--mock-all"]);
    assert_eq!(done.status, Some(0), "{done:?}");
}

#[test]
fn a_function_that_cannot_be_started_fails_when_it_is_called() {
    let machine = "
  M:
    Type: AWS::Serverless::StateMachine
    Properties: {Definition: {StartAt: T, States: {T: {Type: Task, Resource: !GetAtt F.Arn, End: true}}}}
";
    let check = |properties: &str, expected: &str| {
        let text =
            format!("Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties: {properties}{machine}");
        let room = Room::with(&[("template.yaml", &text), ("ts/app.ts", ""), ("code.zip", "")]);
        let done = run(&room, &["--json"]);
        assert_eq!(done.status, Some(1), "{done:?}");
        let (error, cause) = (&done.json()["error"], &done.json()["cause"]);
        assert_eq!(error, "States.Runtime", "{cause}");
        let advice = "A route in stepwell.toml can take it.";
        let name = if properties.contains("FunctionName") { "F 1" } else { "F" };
        let expected = format!("The function {name} is left out. template.yaml:{expected}. {advice}");
        assert_eq!(cause.as_str(), Some(&*expected), "{properties}");
    };
    check(
        "{CodeUri: ts, Handler: a.b, Runtime: go1.x}",
        "4:54: the runtime go1.x cannot be started here: python3, nodejs and provided can",
    );
    check("{CodeUri: ts, Handler: a.b}", "2:3: the function F has no Runtime");
    check("{CodeUri: ts, Runtime: python3.12}", "2:3: the function F has no Handler");
    check(
        "{FunctionName: 'F 1', Runtime: python3.12}",
        "4:32: 'F 1' is no name of a function: letters, digits, '-' and '_' are",
    );
    check("{PackageType: Image}", "2:3: the function F is a container image");
    check(
        "{CodeUri: ts, Handler: app, Runtime: python3.12}",
        "4:40: 'app' is no handler: it names a file and a function, such as app.handler",
    );
    check("{CodeUri: gone, Handler: a.b, Runtime: python3.12}", "4:27: there is no directory gone");
    let build = "run `sam build` and use .aws-sam/build/template.yaml";
    check(
        "{CodeUri: code.zip, Handler: a.b, Runtime: python3.12}",
        &format!("4:27: code.zip is no directory: code is started from directories; {build}"),
    );
    let packaged = "use the template before it was packaged, or the one in cdk.out, beside which its assets lie";
    check(
        "{CodeUri: 's3://b/k', Handler: a.b, Runtime: python3.12}",
        &format!("4:27: the code s3://b/k lies in S3, and is not here; {packaged}"),
    );
    check(
        "{CodeUri: {Bucket: b, Key: k}, Handler: a.b, Runtime: python3.12}",
        &format!("4:27: the code k lies in S3, and is not here; {packaged}"),
    );
    check(
        "{CodeUri: ts, Handler: a.b, Runtime: python3.12, Timeout: soon}",
        "4:75: Timeout is a whole number up to 86400, not 'soon'",
    );
    check(
        "{CodeUri: ts, Handler: a.b, Runtime: python3.12, Environment: {Variables: {X: !ImportValue y}}}",
        "4:95: Fn::ImportValue cannot be worked out here",
    );
}

#[test]
fn what_is_wrong_with_a_template_is_shown_where_it_is() {
    let room = sam();
    let machine = |properties: &str| {
        let text = format!("Resources:\n  M:\n    Type: AWS::Serverless::StateMachine\n    Properties: {properties}\n");
        room.write("bad.yaml", text.as_bytes());
        let done = room.stepwell(&["run", "--template", "bad.yaml"]);
        assert_eq!((done.status, &*done.stdout), (Some(2), ""), "{done:?}");
        done.stderr
    };
    let check = |properties: &str, place: &str, message: &str| {
        let shown = machine(properties);
        assert!(
            shown.contains(&format!(
                "bad.yaml:{place}
"
            )) && shown.contains(message),
            "{properties}: {shown}"
        );
    };
    check("{}", "2:3", "the state machine M has no definition");
    check("{DefinitionUri: gone.json}", "4:33", "there is no file gone.json");
    check("{DefinitionUri: statemachine}", "4:33", "statemachine is a directory: the definition is a file");
    check("{DefinitionUri: 's3://b/k'}", "4:33", "the definition s3://b/k lies in S3, and is not here");
    check("{DefinitionUri: {Bucket: b, Key: k}}", "4:33", "the definition k lies in S3, and is not here");
    check("{DefinitionUri: {Bucket: b}}", "4:33", "the location has no Key");
    check("{Definition: '{}'}", "4:30", "Definition is a map, not a text");
    check("{DefinitionString: {a: b}}", "4:36", "DefinitionString is a text, not a map");
    check("{Definition: {a: b}, DefinitionUri: x}", "4:38", "M has a second definition");
    check("{Definition: {}, Type: EXPRES}", "4:40", "did you mean 'EXPRESS'?");
    check("{Definition: {}, Name: 'a b'}", "4:40", "'a b' is no name");
    check("{Definition: {}, DefinitionSubstitutions: [a]}", "4:59", "DefinitionSubstitutions is a map, not a list");
    check("{Definition: {A: !Rf B}}", "4:34", "there is no intrinsic function Fn::Rf");
    check("{Definition: {StartAt: A, States: {A: {Type: Pass, Next: B}}}}", "4:74", "Missing 'Next' target: B");
    check("{Definition: {StartAt: A, States: {}}}", "4:43", "");

    let check = |arguments: &[&str], expected: &[&str]| {
        let done = room.stepwell(arguments);
        assert_eq!(done.status, Some(2), "{done:?}");
        for text in expected {
            assert!(done.stderr.contains(text), "'{text}' is not in {}", done.stderr);
        }
    };
    let template = ["run", "--template", "template.yaml"];
    check(&template, &["template.yaml has 2 state machines: --state-machine NAME", "Flow, Quick"]);
    check(
        &[&template[..], &["--state-machine", "Flaw"]].concat(),
        &["no state machine 'Flaw'", "did you mean 'Flow'?"],
    );
    check(&[&template[..], &["--parameter", "Stag=x"]].concat(), &["no such parameter", "did you mean 'Stage'?"]);
    check(&[&template[..], &["--parameter", "Stage"]].concat(), &["NAME=VALUE is needed"]);
    check(&["run", "--template", "gone.yaml"], &["there is no file gone.yaml"]);
    check(&["run", "--template", "statemachine/flow.asl.json"], &["flow.asl.json:8:75", "the template is not JSON"]);
    room.write("flow.asl.yaml", b"StartAt: P\nStates: {P: {Type: Succeed}}\n");
    check(&["run", "--template", "flow.asl.yaml"], &["has no Resources", "run it with `stepwell run FILE`"]);
    check(&["run", "x.json", "--template", "template.yaml"], &["cannot be used with"]);
    check(&["run", "x.json", "--state-machine", "M"], &["--state-machine needs --template <FILE>"]);
    check(&["run", "x.json", "--parameter", "A=1"], &["--parameter needs --template <FILE>"]);
    check(&["serve", "--parameter", "A=1"], &["--template <FILE>"]);
    check(&["run"], &["FILE"]);
    room.write("none.yaml", b"Resources: {}\n");
    check(&["run", "--template", "none.yaml"], &["none.yaml has no state machines"]);
    room.write("large.yaml", &vec![b'#'; (4 << 20) + 1]);
    check(&["run", "--template", "large.yaml"], &["large.yaml is longer than 4 MiB"]);
    room.write("latin.yaml", b"Resources: {\xfc: 1}\n");
    check(&["run", "--template", "latin.yaml"], &["latin.yaml is not UTF-8 text"]);
    room.write("twins.yaml", SAM.replace("Name: !Sub \"flow-${Stage}\"", "Name: Quick").as_bytes());
    check(&["run", "--template", "twins.yaml", "--state-machine", "Quick"], &["cannot be used"]);
    check(&["serve", "--template", "twins.yaml"], &["Quick has the name of Flow: Quick", "1 of 2 state machines"]);
    room.write("broken.yaml", SAM.replace("statemachine/flow", "statemachine/broken").as_bytes());
    room.write("statemachine/broken.asl.json", FLOW.replace("\"Next\": \"Two\"", "\"Next\": \"Too\"").as_bytes());
    check(
        &["serve", "--template", "broken.yaml"],
        &["statemachine/broken.asl.json:4:", "Missing 'Next' target: Too", "1 of 2 state machines in broken.yaml"],
    );
    check(&["serve", "--watch"], &["--watch needs --load <DIR> or --template <FILE>"]);
}

#[test]
fn what_is_hardly_meant_is_told() {
    let room = sam();
    room.write("statemachine/flow.asl.json", FLOW.replace("${OneArn}", "${OneArm}").as_bytes());
    let twice = SAM.replace("  Jobs: {", "  Jobs: {Type: AWS::SNS::Topic}\n  Jobs: {");
    room.write("template.yaml", twice.as_bytes());
    let done =
        room.stepwell(&["run", "--template", "template.yaml", "--state-machine", "Flow", "--mock-all", "-D", "No=1"]);
    let expected = [
        "'Jobs' is here for the second time, and this one counts",
        "--define No: ${No} occurs nowhere in the definition",
        "${OneArm} stays as it is: DefinitionSubstitutions of Flow does not have it",
        "statemachine/flow.asl.json:4:42",
        "did you mean 'OneArn'?",
    ];
    for text in expected {
        assert!(done.stderr.contains(text), "'{text}' is not in {}", done.stderr);
    }
}

#[test]
fn a_run_from_a_template_can_be_resumed() {
    let room = Room::with(&[(
        "template.yaml",
        "Parameters: {Who: {Type: String}}\nResources:\n  M:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n      \
         Definition: {StartAt: W, States: {W: {Type: Wait, Seconds: 900, End: true}}}\n      Name: !Ref Who\n",
    )]);
    let mut started =
        room.start(&["run", "--template", "template.yaml", "--parameter", "Who=me", "--data", "d", "--name", "n"]);
    started.wait_for("is kept in");
    let killed = Command::new("kill").arg(started.id().to_string()).status().unwrap();
    assert!(killed.success());
    let done = started.finish();
    let command = "stepwell run --template template.yaml --parameter Who=me --data d --name n --resume";
    assert!(done.stderr.contains(command), "{done:?}");
}
