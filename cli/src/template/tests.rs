//! What values of templates come to, and what is wrong with those that come to nothing.

use std::collections::BTreeMap;

use stepwell_engine::arn::Place;

use super::evaluate::{Evaluator, json};
use super::fault::Written;
use super::parse;
use super::stack::Stack;

/// What every case can refer to.
const TEMPLATE: &str = r#"
Parameters:
  Stage: {Type: String, Default: dev, AllowedValues: [dev, prod]}
  Hosts: {Type: CommaDelimitedList, Default: "a, b,c"}
  Count: {Type: Number, Default: 012}
  Secret: {Type: String}
  Ami: {Type: AWS::SSM::Parameter::Value<String>, Default: /ami}
Mappings:
  Sizes:
    dev: {Memory: 128, Zones: [x, y]}
Conditions:
  IsDev: !Equals [!Ref Stage, dev]
  IsProd: !Not [!Condition IsDev]
  Both: !And [!Condition IsDev, !Condition IsProd]
  Either: !Or [Condition: IsProd, {"Fn::Equals": [1, "1"]}]
  Round: !Not [!Condition Round]
  Odd: !Equal [1, 1]
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties: {AutoPublishAlias: live}
  Named:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: !Sub "named-${Stage}"}
  Version:
    Type: AWS::Lambda::Version
    Properties: {FunctionName: !Ref Named}
  Alias:
    Type: AWS::Lambda::Alias
    Properties: {FunctionName: !GetAtt Named.Arn, FunctionVersion: !GetAtt Version.Version, Name: prod}
  Machine: {Type: AWS::StepFunctions::StateMachine}
  MachineVersion:
    Type: AWS::StepFunctions::StateMachineVersion
    Properties: {StateMachineArn: !Ref Machine}
  MachineAlias:
    Type: AWS::StepFunctions::StateMachineAlias
    Properties:
      Name: live
      RoutingConfiguration: [{StateMachineVersionArn: !Ref MachineVersion, Weight: 100}]
  Approve: {Type: AWS::StepFunctions::Activity, Properties: {Name: approve}}
  Queue: {Type: AWS::SQS::Queue}
  Fifo: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs, FifoQueue: true}}
  Topic: {Type: AWS::SNS::Topic}
  Table: {Type: AWS::DynamoDB::Table}
  Bucket: {Type: AWS::S3::Bucket}
  Prod: {Type: AWS::S3::Bucket, Condition: IsProd}
  Setting: {Type: AWS::SSM::Parameter, Properties: {Name: /s, Value: !Ref Stage}}
  A: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref B}}
  B: {Type: AWS::SNS::Topic, Properties: {TopicName: !GetAtt A.TopicName}}
  Domain: {Type: AWS::OpenSearchService::Domain}
  Answer: {Type: Custom::Thing}
  Case:
    Type: Test
    Properties:
"#;

/// Works out one value: JSON, or what is wrong with it, where, counted from the value's first line.
fn check(value: &str, expected: &str) {
    let indented: String = value.lines().map(|line| format!("        {line}\n")).collect();
    let text = format!("{TEMPLATE}      P:\n{indented}");
    let first = TEMPLATE.matches('\n').count() + 1;
    let written = Written::new("t".to_owned(), &text);
    let place = Place { region: "eu-west-1".to_owned(), account: "123456789012".to_owned() };
    let root = parse(&written.text).unwrap_or_else(|fault| panic!("{value}: {fault:?}")).root;
    let none = BTreeMap::new();
    let stack = Stack::new(&root, &written, &place, "shop".to_owned(), &none).expect("the template is one");
    let case = stack.resources["Case"].property("P").expect("there is a value");
    let shown = match Evaluator::new(&stack).value(case) {
        Ok(Some(node)) => json(&node).to_string(),
        Ok(None) => "nothing".to_owned(),
        Err(fault) => {
            let line = fault.place.line as i64 - first as i64;
            let help = fault.help.map(|help| format!(" ({help})")).unwrap_or_default();
            format!("{line}:{}: {}{help}", fault.place.column, fault.message)
        }
    };
    assert_eq!(shown, expected, "{value}");
}

#[test]
fn plain_values_are_what_they_are() {
    check(
        "{a: [1, 1.5, true, ~, yes, 0x1, '1', 2012-10-17]}",
        r#"{"a":[1,1.5,true,null,"yes","0x1","1","2012-10-17"]}"#,
    );
    check("{a: !Ref AWS::NoValue, b: [!Ref AWS::NoValue, 1]}", r#"{"b":[1]}"#);
    check("{Ref: Stage, other: 1}", r#"{"Ref":"Stage","other":1}"#);
    check("{'Fn::Sub': x, other: 1}", "1:10: Fn::Sub stands alone: a map with it has nothing else");
    check("'a {{resolve:ssm:/x}}'", "1:12: a dynamic reference is looked up by AWS alone");
}

#[test]
fn references_give_names() {
    check("!Ref Stage", r#""dev""#);
    check("!Ref Hosts", r#"["a","b","c"]"#);
    check("!Ref Count", r#""012""#);
    check("{Ref: AWS::Region}", r#""eu-west-1""#);
    check("!Ref AWS::AccountId", r#""123456789012""#);
    check("!Ref AWS::Partition", r#""aws""#);
    check("!Ref AWS::StackName", r#""shop""#);
    check("!Ref AWS::URLSuffix", r#""amazonaws.com""#);
    check("!Ref AWS::NotificationARNs", "[]");
    check("!Ref AWS::NoValue", "nothing");
    check("!Ref Fn", r#""Fn""#);
    check("!Ref Named", r#""named-dev""#);
    check("!Ref Fn.Alias", r#""arn:aws:lambda:eu-west-1:123456789012:function:Fn:live""#);
    check("!Ref Fn.Version", r#""arn:aws:lambda:eu-west-1:123456789012:function:Fn:1""#);
    check("!Ref Version", r#""arn:aws:lambda:eu-west-1:123456789012:function:named-dev:1""#);
    check("!Ref Alias", r#""arn:aws:lambda:eu-west-1:123456789012:function:named-dev:prod""#);
    check("!Ref Machine", r#""arn:aws:states:eu-west-1:123456789012:stateMachine:Machine""#);
    check("!Ref MachineVersion", r#""arn:aws:states:eu-west-1:123456789012:stateMachine:Machine:1""#);
    check("!Ref MachineAlias", r#""arn:aws:states:eu-west-1:123456789012:stateMachine:Machine:live""#);
    check("!Ref Approve", r#""arn:aws:states:eu-west-1:123456789012:activity:approve""#);
    check("!Ref Queue", r#""https://sqs.eu-west-1.amazonaws.com/123456789012/Queue""#);
    check("!Ref Topic", r#""arn:aws:sns:eu-west-1:123456789012:Topic""#);
    check("!Ref Table", r#""Table""#);
    check("!Ref Bucket", r#""bucket""#);
    check("!Ref Domain", r#""Domain""#);
    check("!Ref FnRole", r#""FnRole""#);
    check("!Ref Stagee", "1:9: the template has neither a parameter nor a resource 'Stagee' (did you mean 'Stage'?)");
    check(
        "!Ref AWS::Regio",
        "1:9: the template has neither a parameter nor a resource 'AWS::Regio' (did you mean 'AWS::Region'?)",
    );
    check("!Ref Zzz", "1:9: the template has neither a parameter nor a resource 'Zzz'");
    check("!Ref [a]", "1:9: Ref takes a name, not a list");
    check("!Ref Prod", "1:9: the resource Prod is not made: its condition IsProd does not hold");
    check("!Ref A", "-7:54: this goes round in a circle: A -> B -> A");
}

#[test]
fn parameters_need_a_value() {
    let secret = TEMPLATE.lines().position(|line| line.starts_with("  Secret")).unwrap();
    let line = secret as i64 - TEMPLATE.matches('\n').count() as i64;
    check(
        "!Ref Secret",
        &format!("{line}:3: the parameter Secret has no default (--parameter Secret=VALUE gives it a value)"),
    );
    let looked_up = "the parameter Ami is looked up in the Parameter Store by AWS alone";
    check("!Ref Ami", &format!("1:9: {looked_up} (--parameter Ami=VALUE gives it a value)"));
}

#[test]
fn attributes_are_made_of_names() {
    check("!GetAtt Fn.Arn", r#""arn:aws:lambda:eu-west-1:123456789012:function:Fn""#);
    check("{'Fn::GetAtt': [Fn, Arn]}", r#""arn:aws:lambda:eu-west-1:123456789012:function:Fn""#);
    check("!GetAtt [Machine, Name]", r#""Machine""#);
    check("!GetAtt Fifo.Arn", r#""arn:aws:sqs:eu-west-1:123456789012:jobs.fifo""#);
    check("!GetAtt Fifo.QueueName", r#""jobs.fifo""#);
    check("!GetAtt Bucket.Arn", r#""arn:aws:s3:::bucket""#);
    check("!GetAtt FnRole.Arn", r#""arn:aws:iam::123456789012:role/FnRole""#);
    check("!GetAtt Setting.Value", r#""dev""#);
    check("!GetAtt Alias.AliasArn", r#""arn:aws:lambda:eu-west-1:123456789012:function:named-dev:prod""#);
    check("!GetAtt Domain.Arn", r#""arn:aws:opensearchservice:eu-west-1:123456789012:domain/Domain""#);
    check("!GetAtt Domain.DomainName", r#""Domain""#);
    check(
        "!GetAtt Domain.Endpoint",
        "1:9: the attribute 'Endpoint' of AWS::OpenSearchService::Domain is not known here",
    );
    check("!GetAtt Answer.Arn", "1:9: what a custom resource answers is not known here");
    check("!GetAtt Queue.Anr", "1:9: AWS::SQS::Queue has no attribute 'Anr' that is known here (did you mean 'Arn'?)");
    check("!GetAtt Quue.Arn", "1:9: the template has no resource 'Quue' (did you mean 'Queue'?)");
    check("!GetAtt Queue", "1:9: Fn::GetAtt takes a resource and one of its attributes");
    check("!GetAtt [a, b, c]", "1:9: Fn::GetAtt takes a resource and one of its attributes");
}

#[test]
fn variables_are_put_into_texts() {
    check("!Sub '${Stage}-${AWS::Region}-${Queue.QueueName}-${!Kept}'", r#""dev-eu-west-1-Queue-${Kept}""#);
    check(
        "!Sub ['${A}${Stage}', {A: !GetAtt Table.Arn}]",
        r#""arn:aws:dynamodb:eu-west-1:123456789012:table/Tabledev""#,
    );
    check("!Sub '${Fn.Alias}'", r#""arn:aws:lambda:eu-west-1:123456789012:function:Fn:live""#);
    check("!Sub 'a $b {c}'", r#""a $b {c}""#);
    check(
        "{'Fn::Sub': 'x${Stge}'}",
        "1:23: the template has neither a parameter nor a resource 'Stge' (did you mean 'Stage'?)",
    );
    check(
        "!Sub |\n  a\n  b ${Queue.Anr}",
        "3:13: AWS::SQS::Queue has no attribute 'Anr' that is known here (did you mean 'Arn'?)",
    );
    check("!Sub '${Hosts}'", "1:15: 'Hosts' is a list: a text is needed here");
    check("!Sub '${AWS::NoValue}'", "1:15: AWS::NoValue leaves nothing here, and a text is needed");
    check("!Sub '${Stage'", "1:15: '${' has no '}'");
    check("!Sub [x]", "1:9: Fn::Sub takes a text, or a list of a text and a map of its variables");
    check(
        "{'Fn::Sub': [{Ref: Stage}, {}]}",
        "1:21: Fn::Sub takes a text, or a list of a text and a map of its variables",
    );
}

#[test]
fn lists_are_joined_split_and_chosen_from() {
    check("!Join ['-', [a, !Ref Stage, 1]]", r#""a-dev-1""#);
    check("!Join [',', !Ref Hosts]", r#""a,b,c""#);
    check("!Join ['', [!Ref AWS::NoValue, x]]", r#""x""#);
    check("!Split ['-', a-b]", r#"["a","b"]"#);
    check("!Select [1, !Split ['-', a-b]]", r#""b""#);
    check("!Select ['0', !Ref Hosts]", r#""a""#);
    check("!Join [a]", "1:9: Fn::Join takes a list: a delimiter and a list");
    check("!Join ['', abc]", "1:20: Fn::Join needs a list here, not a text");
    check("!Join ['', [[a]]]", "1:21: Fn::Join joins texts, and this is a list");
    check("!Split ['', abc]", "1:17: the delimiter of Fn::Split cannot be empty");
    check("!Split x", "1:9: Fn::Split takes a list: a delimiter and a text");
    check("!Select [3, !Ref Hosts]", "1:18: there is no item 3: the list has 3, and the first has 0");
    check("!Select [x, [1]]", "1:18: 'x' is no index: the first item has 0");
    check("!Select 1", "1:9: Fn::Select takes a list: an index and a list");
}

#[test]
fn maps_are_looked_into() {
    check("!FindInMap [Sizes, !Ref Stage, Memory]", "128");
    check("!FindInMap [Sizes, dev, Zones]", r#"["x","y"]"#);
    check("!FindInMap [Sizes, prod, Memory, {DefaultValue: 1}]", "1");
    check("!FindInMap [Size, dev, Memory]", "1:21: Mappings has no map 'Size' (did you mean 'Sizes'?)");
    check("!FindInMap [Sizes, dev, Memry]", "1:33: the map has no key 'Memry' (did you mean 'Memory'?)");
    check("!FindInMap [Sizes]", "1:9: Fn::FindInMap takes a list: a map of Mappings and two keys");
}

#[test]
fn conditions_choose() {
    check("!If [IsDev, a, b]", r#""a""#);
    check("!If [IsProd, a, !Ref AWS::NoValue]", "nothing");
    check("!If [Both, a, b]", r#""b""#);
    check("!If [Either, a, b]", r#""a""#);
    check("!If [IsDev, a, !Ref Zzz]", r#""a""#);
    check("!If [IsDew, a, b]", "1:14: the template has no condition 'IsDew' (did you mean 'IsDev'?)");
    check("!If [IsDev, a]", "1:9: Fn::If takes a list: the name of a condition and two values");
    check("!Equals [a, a]", "1:9: Fn::Equals belongs into Conditions: here Fn::If takes the name of one");
    check("!If [Round, a, b]", "-39:16: this goes round in a circle: Round -> Round");
    check("!If [Odd, a, b]", "-38:8: Fn::Equal is no condition (did you mean 'Fn::Equals'?)");
}

#[test]
fn json_is_written() {
    check("'Fn::ToJsonString': {a: [1, !Ref Stage], b: true}", r#""{\"a\":[1,\"dev\"],\"b\":true}""#);
}

#[test]
fn other_functions_are_refused_by_name() {
    check("!ImportValue x", "1:9: Fn::ImportValue cannot be worked out here");
    check("!GetAZs ''", "1:9: Fn::GetAZs cannot be worked out here");
    check("'Fn::Transform': {Name: AWS::Include}", "1:9: Fn::Transform cannot be worked out here");
    check("!Joyn [a, b]", "1:9: there is no intrinsic function Fn::Joyn (did you mean 'Join'?)");
}

/// What is wrong with a whole template.
fn check_template(text: &str, given: &[(&str, &str)], expected: &str) {
    let written = Written::new("t".to_owned(), text);
    let place = Place { region: "eu-west-1".to_owned(), account: "123456789012".to_owned() };
    let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let outcome = parse(text).and_then(|parsed| {
        let stack = Stack::new(&parsed.root, &written, &place, "shop".to_owned(), &given)?;
        let mut evaluator = Evaluator::new(&stack);
        let last = stack.resources.values().last();
        last.and_then(|one| one.property("P")).map_or(Ok(()), |node| evaluator.value(node).map(drop))
    });
    let shown = match outcome {
        Ok(()) => "fine".to_owned(),
        Err(fault) => written.line(&fault),
    };
    let start: String = text.chars().take(200).collect();
    assert_eq!(shown, expected, "{start}");
}

#[test]
fn what_is_no_template_is_refused() {
    check_template("", &[], "t:1:1: the template is empty");
    check_template("# nothing", &[], "t:1:1: the template is empty");
    check_template("[1]", &[], "t:1:1: a template is a map, not a list");
    check_template("A: 1", &[], "t:1:1: the template has no Resources");
    let help = "this is a definition of a state machine: run it with `stepwell run FILE`";
    check_template("StartAt: A\nStates: {}", &[], &format!("t:1:1: the template has no Resources; {help}"));
    check_template("Resources: 1", &[], "t:1:12: Resources is a map, not a number");
    check_template("Resources: {A: {}}", &[], "t:1:13: the resource A has no Type");
    check_template("Resources: {A: {Type: [1]}}", &[], "t:1:23: the Type of a resource is a text");
    check_template(
        "Resources:\n  Fn::ForEach::A: [1]",
        &[],
        "t:2:3: Fn::ForEach is not supported: write its resources out",
    );
    check_template("Resources: {}\n---\nResources: {}", &[], "t:2:1: there is more than one document");
    check_template(
        "Resources: {A: *b}",
        &[],
        "t:1:16: the template is not YAML: while parsing node, found unknown anchor",
    );
    check_template("? [a]\n: 1", &[], "t:1:3: a name must be a text");
    check_template("{\"Resources\": {}", &[], "t:1:16: the template is not JSON: it ends too early");
    check_template("<<: 1", &[], "t:1:1: merge keys ('<<') are not supported, here as in CloudFormation");
    check_template("Resources: {}\nConditions: [a]", &[], "t:2:13: Conditions is a map, not a list");
}

#[test]
fn what_is_given_for_parameters_is_checked() {
    let text = "Parameters:\n  Stage: {Type: String, AllowedValues: [dev, prod]}\n  N: {Type: Number}\nResources:\n  A: {Type: T, Properties: {P: [!Ref Stage, !Ref N]}}";
    check_template(text, &[("Stage", "dev"), ("N", "1")], "fine");
    check_template(
        text,
        &[("Stage", "test"), ("N", "1")],
        "t:2:3: the parameter Stage cannot be 'test': dev, prod are allowed",
    );
    check_template(text, &[("Stage", "dev"), ("N", "one")], "t:3:3: the parameter N is a number, and 'one' is none");
    let help = "did you mean 'Stage'?";
    check_template(
        text,
        &[("Stag", "x")],
        &format!("t:1:1: --parameter Stag: the template has no such parameter; {help}"),
    );
    check_template(text, &[("AWS::StackName", "x"), ("Stage", "dev"), ("N", "1")], "fine");
}

#[test]
fn what_has_no_end_is_refused() {
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    check_template(&format!("A: {deep}"), &[], "t:1:132: a template is nested at most 128 levels deep");
    check_template(&format!("{{\"A\": {deep}}}"), &[], "t:1:134: a template is nested at most 128 levels deep");
    let nested: String = (0..200).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    check_template(&nested, &[], "t:129:129: a template is nested at most 128 levels deep");
    // Aliases of aliases.
    let mut laughs = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n".to_owned();
    for index in 1..9 {
        let aliases = vec![format!("*a{}", index - 1); 10].join(", ");
        laughs.push_str(&format!("a{index}: &a{index} [{aliases}]\n"));
    }
    check_template(&laughs, &[], "t:6:25: a template has at most 500000 values");
    // Names that are made of names.
    let mut names = "Resources:\n  A0: {Type: AWS::SNS::Topic, Properties: {TopicName: xxxxxxxxxx}}\n".to_owned();
    for index in 1..40 {
        let previous = index - 1;
        let name = format!("!Sub '${{A{previous}.TopicName}}${{A{previous}.TopicName}}'");
        names.push_str(&format!("  A{index}: {{Type: AWS::SNS::Topic, Properties: {{TopicName: {name}}}}}\n"));
    }
    names.push_str("  Z: {Type: T, Properties: {P: !Ref A39}}\n");
    check_template(&names, &[], "t:21:56: the template comes to more than 16 MiB of text");
    // As deep as it may be, and within each other by the tags.
    let deepest = format!("{}1{}", "!X [".repeat(124), "]".repeat(124));
    let text = format!("Resources: {{Z: {{Type: T, Properties: {{P: {deepest}}}}}}}");
    check_template(&text, &[], "t:1:42: there is no intrinsic function Fn::X");
    let deepest = deepest.replace("!X [", "!ToJsonString [");
    let text = format!("Resources: {{Z: {{Type: T, Properties: {{P: {deepest}}}}}}}");
    check_template(&text, &[], "t:1:1557: the template comes to more than 16 MiB of text");
    // A long way from one to the next.
    let mut chain = "Resources:\n  A0: {Type: AWS::SNS::Topic}\n".to_owned();
    for index in 1..2_000 {
        let name = format!("!Ref A{}", index - 1);
        chain.push_str(&format!("  A{index}: {{Type: AWS::SNS::Topic, Properties: {{TopicName: {name}}}}}\n"));
    }
    chain.push_str("  Z: {Type: T, Properties: {P: !Ref A1999}}\n");
    check_template(&chain, &[], "t:1951:58: this refers to others more than 50 levels deep");
}
