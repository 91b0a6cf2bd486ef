//! State machines, versions, aliases, tags and activities, as the engine keeps them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use stepwell_asl::{MachineType, Value};
use stepwell_engine::core::{HistoryKind, StateError, Status};
use stepwell_engine::engine::{
    CreateActivity, CreateAlias, CreateStateMachine, HistoryQuery, ListExecutions, PublishVersion, StartExecution,
    UpdateAlias, UpdateStateMachine,
};
use stepwell_engine::invoke::{Answer, Invoker, Task};
use stepwell_engine::machines::{Configuration, Routing, Tag};
use stepwell_engine::store::Options;
use stepwell_engine::{Config, Engine, EngineError, Quotas};

const ROLE: &str = "arn:aws:iam::123456789012:role/r";

/// Never answers.
struct Nobody;

#[async_trait]
impl Invoker for Nobody {
    async fn invoke(&self, _: &Task) -> Answer {
        std::future::pending().await
    }
}

async fn open(store: Options, quotas: Quotas) -> Engine {
    let config = Config { workers: 1, quotas, ..Config::new(store, Arc::new(Nobody)) };
    Engine::open(config).await.expect("the engine opens")
}

async fn engine() -> Engine {
    open(Options::memory(), Quotas::AWS).await
}

/// A machine of one Pass state with this comment.
fn pass(comment: &str) -> String {
    json!({ "Comment": comment, "StartAt": "P", "States": { "P": { "Type": "Pass", "End": true } } }).to_string()
}

/// A machine that waits for ever.
fn waiting() -> String {
    let task = json!({ "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true });
    json!({ "StartAt": "T", "States": { "T": task } }).to_string()
}

fn create(name: &str, definition: &str) -> CreateStateMachine {
    CreateStateMachine {
        name: name.to_owned(),
        definition: definition.to_owned(),
        kind: MachineType::Standard,
        role_arn: ROLE.to_owned(),
        configuration: Configuration::default(),
        tags: Vec::new(),
        publish: false,
        version_description: None,
    }
}

/// The ARN of a new machine with these numbers of versions.
async fn machine(engine: &Engine, name: &str, versions: u32) -> String {
    let first = CreateStateMachine { publish: versions > 0, ..create(name, &pass("1")) };
    let arn = engine.create_state_machine(first).await.expect("it is created").arn.to_string();
    for number in 2..=versions {
        let update = UpdateStateMachine { publish: true, ..update(&arn, &pass(&number.to_string())) };
        engine.update_state_machine(update).await.expect("it is updated");
    }
    arn
}

fn update(arn: &str, definition: &str) -> UpdateStateMachine {
    let (machine_arn, definition) = (arn.to_owned(), Some(definition.to_owned()));
    UpdateStateMachine { machine_arn, definition, ..UpdateStateMachine::default() }
}

fn publish(arn: &str) -> PublishVersion {
    PublishVersion { machine_arn: arn.to_owned(), ..PublishVersion::default() }
}

fn alias(name: &str, routing: &[(&str, u32)]) -> CreateAlias {
    let route = |(arn, weight): &(&str, u32)| Routing { version_arn: (*arn).to_owned(), weight: *weight };
    let routing = routing.iter().map(route).collect();
    CreateAlias { name: name.to_owned(), description: None, routing }
}

fn start(arn: &str, name: &str) -> StartExecution {
    let (machine_arn, name) = (arn.to_owned(), Some(name.to_owned()));
    StartExecution { machine_arn, name, ..StartExecution::default() }
}

fn list(arn: &str) -> ListExecutions {
    ListExecutions { machine_arn: arn.to_owned(), status: None, after: None, limit: 2 }
}

fn tag(key: &str, value: &str) -> Tag {
    Tag { key: key.to_owned(), value: value.to_owned() }
}

/// It is refused with this code, and AWS's sentence where it is known.
fn refused<T: std::fmt::Debug>(result: Result<T, EngineError>, code: &str, message: &str) {
    match result.expect_err("it is refused") {
        EngineError::Call { code: found, message: said, .. } => {
            assert_eq!(found, code, "{said}");
            assert!(said.contains(message), "{said}");
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_creation_that_is_repeated_gives_what_was_created() {
    let engine = engine().await;
    let first = CreateStateMachine { publish: true, tags: vec![tag("a", "1")], ..create("m", &pass("1")) };
    let created = engine.create_state_machine(first.clone()).await.expect("it is created");
    assert_eq!(created.version_arn.as_deref(), Some(&*format!("{}:1", created.arn)));
    let role_arn = "arn:aws:iam::123456789012:role/other".to_owned();
    let again = CreateStateMachine { role_arn, tags: vec![tag("b", "2")], ..first.clone() };
    assert_eq!(engine.create_state_machine(again).await.expect("it is the same"), created);
    let there = engine.describe_state_machine(&created.arn).await.expect("it is there");
    assert_eq!((&*there.content.role_arn, &there.definition), (ROLE, &first.definition));
    assert_eq!(engine.tags(&created.arn).await.expect("it has tags"), [tag("a", "1")]);

    let logging = json!({ "level": "ALL", "destinations": [{ "cloudWatchLogsLogGroup":
        { "logGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:g:*" } }] });
    let logging = Configuration { logging: Some(Value::from(logging)), ..Configuration::default() };
    for other in [
        CreateStateMachine { definition: pass("2"), ..first.clone() },
        CreateStateMachine { kind: MachineType::Express, ..first.clone() },
        CreateStateMachine { publish: false, ..first.clone() },
        CreateStateMachine { version_description: Some("d".to_owned()), ..first.clone() },
        CreateStateMachine { configuration: logging, ..first.clone() },
    ] {
        let message = format!("State Machine Already Exists: '{}'", created.arn);
        refused(engine.create_state_machine(other).await, "StateMachineAlreadyExists", &message);
    }
}

#[tokio::test]
async fn what_cannot_be_created_is_refused() {
    let engine = engine().await;
    let check = async |create: CreateStateMachine, code: &str, message: &str| {
        refused(engine.create_state_machine(create).await, code, message);
    };
    check(create("a b", &pass("1")), "InvalidName", "Invalid Name: 'a b'").await;
    check(create("m", "{}"), "InvalidDefinition", "Invalid State Machine Definition: ").await;
    let with_role = CreateStateMachine { role_arn: "r".to_owned(), ..create("m", &pass("1")) };
    check(with_role, "InvalidArn", "Invalid Role Arn: 'r'").await;
    let described = CreateStateMachine { version_description: Some("d".to_owned()), ..create("m", &pass("1")) };
    check(described, "ValidationException", "Version description can only be set when publish is true").await;
    let many = (0..51).map(|at| tag(&at.to_string(), "")).collect();
    check(CreateStateMachine { tags: many, ..create("m", &pass("1")) }, "TooManyTags", "").await;
    assert_eq!(engine.state_machines(None, 10).await.expect("a list"), []);
}

#[tokio::test]
async fn a_change_makes_a_revision_and_none_makes_none() {
    let engine = engine().await;
    let arn = machine(&engine, "m", 0).await;
    let revision = async || engine.describe_state_machine(&arn).await.expect("it is there").content.revision.id.clone();
    assert_eq!(revision().await, None);
    let same = engine.update_state_machine(update(&arn, &pass("1"))).await.expect("nothing changes");
    assert_eq!((same.revision_id, revision().await), (None, None));
    let second = engine.update_state_machine(update(&arn, &pass("2"))).await.expect("it is updated").revision_id;
    assert!(second.is_some() && revision().await == second);
    let again = engine.update_state_machine(update(&arn, &pass("2"))).await.expect("nothing changes");
    assert_eq!(again.revision_id, second);

    let nothing = UpdateStateMachine { machine_arn: arn.clone(), ..UpdateStateMachine::default() };
    let message = "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be";
    refused(engine.update_state_machine(nothing).await, "MissingRequiredParameter", message);
    let missing = format!("{arn}x");
    let message = format!("State Machine Does Not Exist: '{missing}'");
    refused(engine.update_state_machine(update(&missing, &pass("2"))).await, "StateMachineDoesNotExist", &message);
    let labeled = engine.describe_state_machine(&format!("{arn}/label")).await;
    refused(labeled, "ValidationException", "");
}

#[tokio::test]
async fn numbers_of_versions_are_never_used_again() {
    let engine = engine().await;
    let arn = machine(&engine, "m", 3).await;
    let numbers = async |below, limit| {
        let versions = engine.versions(&arn, below, limit).await.expect("a list");
        versions.iter().map(|version| version.number).collect::<Vec<_>>()
    };
    assert_eq!((numbers(None, 2).await, numbers(Some(2), 2).await), (vec![3, 2], vec![1]));
    assert_eq!(engine.publish_version(publish(&arn)).await.expect("it is one already").number, 3);
    engine.delete_version(&format!("{arn}:3")).await.expect("it is deleted");
    engine.delete_version(&format!("{arn}:3")).await.expect("it is deleted already");
    assert_eq!(engine.publish_version(publish(&arn)).await.expect("it is published").number, 4);
    assert_eq!(numbers(None, 9).await, [4, 2, 1]);

    let other = PublishVersion { revision_id: Some("INITIAL".to_owned()), ..publish(&arn) };
    let message =
        "Failed to publish the State Machine version for revision INITIAL. The current State Machine revision";
    refused(engine.publish_version(other).await, "ConflictException", message);
    let first = machine(&engine, "n", 0).await;
    let initial = PublishVersion { revision_id: Some("INITIAL".to_owned()), ..publish(&first) };
    assert_eq!(engine.publish_version(initial).await.expect("it is published").number, 1);
    refused(engine.publish_version(publish(&format!("{first}:1"))).await, "StateMachineDoesNotExist", "");
    refused(engine.describe_state_machine(&format!("{first}:2")).await, "StateMachineDoesNotExist", "");
}

#[tokio::test]
async fn an_alias_leads_to_versions_of_one_machine() {
    let engine = engine().await;
    let arn = machine(&engine, "m", 2).await;
    let other = format!("{}:1", machine(&engine, "other", 1).await);
    let (one, two, three) = (format!("{arn}:1"), format!("{arn}:2"), format!("{arn}:3"));
    let created = engine.create_alias(alias("PROD", &[(&one, 100)])).await.expect("it is created");
    assert_eq!(*created.arn, *format!("{arn}:PROD"));
    assert_eq!(engine.create_alias(alias("PROD", &[(&one, 100)])).await.expect("it is the same"), created);
    for (name, routing, code, message) in [
        ("PROD", &[(&*two, 100)][..], "ConflictException", "different routing configuration already exists."),
        ("a", &[(&*one, 70), (&*two, 29)], "ValidationException", "must equal 100. Received: [70, 29]"),
        ("a", &[(&*one, 50), (&*one, 50)], "ValidationException", "must contain distinct state machine version ARNs."),
        ("a", &[(&*arn, 70), (&*two, 30)], "ValidationException", "must contain state machine version ARNs. Received"),
        ("a", &[(&*one, 70), (&*other, 30)], "ValidationException", "the same state machine"),
        ("a", &[(&*three, 100)], "ResourceNotFound", "Request references a resource that does not exist."),
        ("12", &[(&*one, 100)], "ValidationException", "regular expression pattern"),
        ("a", &[], "ValidationException", ""),
    ] {
        refused(engine.create_alias(alias(name, routing)).await, code, message);
    }
    let message = "by an alias. Current list of aliases referencing this version: [PROD]";
    refused(engine.delete_version(&one).await, "ConflictException", message);
    let update = UpdateAlias { alias_arn: created.arn.to_string(), ..UpdateAlias::default() };
    refused(engine.update_alias(update.clone()).await, "ValidationException", "must be specified");
    let missing = UpdateAlias { alias_arn: format!("{arn}:TEST"), description: Some("d".to_owned()), ..update.clone() };
    refused(
        engine.update_alias(missing).await,
        "ResourceNotFound",
        "Request references a resource that does not exist.",
    );
    let routing = Some(alias("", &[(&two, 100)]).routing);
    let updated = engine.update_alias(UpdateAlias { routing, ..update }).await.expect("it is updated");
    assert_eq!(engine.describe_alias(&created.arn).await.expect("it is there"), updated);
    engine.delete_version(&one).await.expect("nothing leads to it");

    engine.create_alias(alias("TEST", &[(&two, 100)])).await.expect("it is created");
    let names = async |arn: &str, after: Option<&str>| {
        let after = after.map(|name| (created.created_at, name));
        let page = engine.aliases(arn, after, 9).await.expect("a list");
        page.iter().map(|alias| alias.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(
        (names(&arn, None).await, names(&two, None).await),
        (vec!["PROD".into(), "TEST".into()], vec!["PROD".into(), "TEST".into()])
    );
    assert_eq!(names(&arn, Some("PROD")).await, ["TEST"]);
    engine.delete_alias(&created.arn).await.expect("it is deleted");
    engine.delete_alias(&created.arn).await.expect("it is deleted already");
    refused(engine.describe_alias(&created.arn).await, "ResourceNotFound", "");
    refused(engine.aliases(&one, None, 9).await, "ResourceNotFound", "");
}

#[tokio::test]
async fn an_execution_remembers_what_it_was_started_with() {
    let engine = engine().await;
    let arn = machine(&engine, "m", 2).await;
    let (one, two, prod) = (format!("{arn}:1"), format!("{arn}:2"), format!("{arn}:PROD"));
    engine.create_alias(alias("PROD", &[(&one, 100)])).await.expect("it is created");
    for (which, name, version, alias) in
        [(&arn, "a", None, None), (&two, "b", Some(&two), None), (&prod, "c", Some(&one), Some(&prod))]
    {
        let with = StartExecution { trace_header: Some("Root=1".to_owned()), ..start(which, name) };
        let execution = engine.start(with).await.expect("it starts").arn;
        let there = engine.wait(&execution).await.expect("it ends");
        assert_eq!(there.version_arn.as_deref(), version.map(String::as_str), "{name}");
        assert_eq!(there.alias_arn.as_deref(), alias.map(String::as_str), "{name}");
        assert_eq!((&*there.machine_arn, there.trace_header.as_deref()), (&*arn, Some("Root=1")));
        let query = HistoryQuery { reverse: false, after: None, limit: 1 };
        let events = engine.history(&execution, query).await.expect("it has a history").events;
        match &events[0].kind {
            HistoryKind::ExecutionStarted { version_arn, alias_arn, .. } => {
                assert_eq!((version_arn, alias_arn), (&there.version_arn, &there.alias_arn), "{name}");
            }
            other => panic!("{other:?}"),
        }
        let machine = engine.machine_of_execution(&execution).await.expect("it had one");
        assert_eq!(machine.definition, pass(if version == Some(&one) { "1" } else { "2" }), "{name}");
        assert_eq!(machine.revision.id.is_none(), version == Some(&one), "{name}");
    }
    let names = async |arn: &str| {
        let page = engine.list(list(arn)).await.expect("a list");
        let names = page.executions.iter().map(|one| one.name.clone()).collect::<Vec<_>>().join(" ");
        (names, page.next.is_some())
    };
    assert_eq!(names(&arn).await, ("c b".to_owned(), true));
    assert_eq!(names(&one).await, ("c".to_owned(), false));
    assert_eq!(names(&two).await, ("b".to_owned(), false));
    assert_eq!(names(&prod).await, ("c".to_owned(), false));
    for missing in [format!("{arn}:3"), format!("{arn}:TEST"), format!("{arn}x")] {
        let message = format!("State Machine Does Not Exist: '{missing}'");
        refused(engine.start(start(&missing, "d")).await, "StateMachineDoesNotExist", &message);
        refused(engine.list(list(&missing)).await, "StateMachineDoesNotExist", &message);
    }
}

#[tokio::test]
async fn an_alias_shares_executions_among_two_versions() {
    let engine = engine().await;
    let arn = machine(&engine, "m", 2).await;
    let (one, two) = (format!("{arn}:1"), format!("{arn}:2"));
    engine.create_alias(alias("BOTH", &[(&one, 50), (&two, 50)])).await.expect("it is created");
    let mut seen = [0; 2];
    for at in 0..200 {
        let execution = engine.start(start(&format!("{arn}:BOTH"), &at.to_string())).await.expect("it starts").arn;
        let version = engine.describe(&execution).await.expect("it is there").version_arn;
        seen[usize::from(version.as_deref() == Some(&two))] += 1;
    }
    assert!(seen[0] > 20 && seen[1] > 20, "{seen:?}"); // by chance less than once in 10^30
}

#[tokio::test]
async fn a_machine_goes_when_its_last_execution_has_ended() {
    let engine = engine().await;
    let arn = engine.create_state_machine(create("m", &waiting())).await.expect("it is created").arn.to_string();
    engine.tag(&arn, &[tag("k", "v")]).await.expect("it is tagged");
    let execution = engine.start(start(&arn, "e")).await.expect("it starts").arn;
    engine.delete_state_machine(&arn).await.expect("it is being deleted");
    engine.delete_state_machine(&arn).await.expect("it is being deleted already");
    assert!(engine.describe_state_machine(&arn).await.expect("it is still there").is_deleting);
    refused(engine.start(start(&arn, "f")).await, "StateMachineDeleting", &arn);
    refused(engine.create_state_machine(create("m", &waiting())).await, "StateMachineDeleting", &arn);
    refused(engine.update_state_machine(update(&arn, &pass("1"))).await, "StateMachineDeleting", &arn);
    refused(engine.publish_version(publish(&arn)).await, "StateMachineDeleting", &arn);
    refused(engine.tag(&arn, &[]).await, "ResourceNotFound", &format!("Resource not found: '{arn}'"));
    assert_eq!(engine.describe(&execution).await.expect("it goes on").status, Status::Running);

    assert_eq!(engine.state_machines(None, 9).await.expect("a list").len(), 1);
    engine.stop(&execution, StateError::named("E")).await.expect("it is stopped");
    assert_eq!(engine.state_machines(None, 9).await.expect("a list"), []);
    refused(engine.describe_state_machine(&arn).await, "StateMachineDoesNotExist", &arn);
    assert_eq!(engine.machine_of_execution(&execution).await.expect("it had one").definition, waiting());
    engine.create_state_machine(create("m", &pass("1"))).await.expect("it is made again");
    assert_eq!(engine.tags(&arn).await.expect("it is there"), []);
    let message = format!("Execution Already Exists: '{execution}'");
    refused(engine.start(start(&arn, "e")).await, "ExecutionAlreadyExists", &message);
}

#[tokio::test]
async fn tags_belong_to_machines_and_activities() {
    let engine = engine().await;
    let arn = machine(&engine, "m", 1).await;
    let activity = engine
        .create_activity_with(CreateActivity { name: "a".to_owned(), tags: vec![tag("x", "0")], encryption: None })
        .await
        .expect("it is created");
    for arn in [&*arn, &*activity.arn] {
        engine.tag(arn, &[tag("x", "1"), tag("y", "2")]).await.expect("it is tagged");
        engine.untag(arn, &["x".to_owned(), "z".to_owned()]).await.expect("it is untagged");
        assert_eq!(engine.tags(arn).await.expect("it has tags"), [tag("y", "2")]);
        let many: Vec<Tag> = (0..50).map(|at| tag(&at.to_string(), "")).collect();
        refused(engine.tag(arn, &many).await, "TooManyTags", "");
        assert_eq!(engine.tags(arn).await.expect("it has tags"), [tag("y", "2")]);
    }
    for missing in [format!("{arn}:1"), format!("{arn}x"), format!("{}x", activity.arn)] {
        refused(engine.tags(&missing).await, "ResourceNotFound", &format!("Resource not found: '{missing}'"));
    }
    refused(engine.tags("m").await, "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: m'");
}

#[tokio::test]
async fn an_activity_has_workers_while_it_is_there() {
    let engine = open(Options::memory(), Quotas { pollers: Some(0), ..Quotas::AWS }).await;
    let create = |encryption: Option<serde_json::Value>| CreateActivity {
        name: "a".to_owned(),
        tags: Vec::new(),
        encryption: encryption.map(Value::from),
    };
    let created = engine.create_activity_with(create(None)).await.expect("it is created");
    assert_eq!(engine.create_activity_with(create(None)).await.expect("it is there"), created);
    let other = create(Some(json!({ "type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k" })));
    refused(engine.create_activity_with(other).await, "ActivityAlreadyExists", "");
    let named = CreateActivity { name: "a b".to_owned(), ..create(None) };
    refused(engine.create_activity_with(named).await, "InvalidName", "Invalid Name: 'a b'");
    let arn = &*created.arn;
    assert_eq!(*engine.describe_activity(arn).await.expect("it is there"), created);
    assert_eq!(engine.activities(None, 9).await.expect("a list"), std::slice::from_ref(&created));
    let poll = async || engine.activity_task(arn, None, Duration::ZERO).await;
    refused(poll().await, "ActivityWorkerLimitExceeded", arn);
    engine.delete_activity(arn).await.expect("it is deleted");
    engine.delete_activity(arn).await.expect("it is deleted already");
    refused(poll().await, "ActivityDoesNotExist", &format!("Activity Does Not Exist: '{arn}'"));
    refused(engine.describe_activity("a").await, "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: a'");
    let machine = arn.replace(":activity:", ":stateMachine:");
    let message = "Invalid Arn: 'Resource type not valid in this context: stateMachine'";
    refused(engine.describe_activity(&machine).await, "InvalidArn", message);
}

#[tokio::test]
async fn no_more_than_the_quota_is_kept() {
    let one = Some(1);
    let quotas = Quotas { state_machines: one, versions: one, aliases: one, activities: one, ..Quotas::AWS };
    let engine = open(Options::memory(), quotas).await;
    let arn = machine(&engine, "m", 1).await;
    let version = format!("{arn}:1");
    refused(engine.create_state_machine(create("n", &pass("1"))).await, "StateMachineLimitExceeded", "");
    let second = UpdateStateMachine { publish: true, ..update(&arn, &pass("2")) };
    refused(engine.update_state_machine(second).await, "ServiceQuotaExceededException", "");
    assert_eq!(engine.describe_state_machine(&arn).await.expect("it is there").definition, pass("1"));
    engine.create_alias(alias("a", &[(&version, 100)])).await.expect("it is created");
    refused(engine.create_alias(alias("b", &[(&version, 100)])).await, "ServiceQuotaExceededException", "");
    engine.create_activity("a").await.expect("it is created");
    refused(engine.create_activity("b").await, "ActivityLimitExceeded", "");
    engine.delete_state_machine(&arn).await.expect("it is deleted");
    machine(&engine, "n", 0).await;
}

#[tokio::test]
async fn several_changes_at_once_are_all_made() {
    let engine = engine().await;
    let arn = machine(&engine, "m", 0).await;
    let mut calls = tokio::task::JoinSet::new();
    for at in 0..20 {
        let (engine, arn) = (engine.clone(), arn.clone());
        calls.spawn(async move {
            engine.tag(&arn, &[tag(&format!("t{at}"), "")]).await.expect("it is tagged");
            let update = UpdateStateMachine { publish: true, ..update(&arn, &pass(&at.to_string())) };
            engine.update_state_machine(update).await.expect("it is updated").version_arn.expect("it is published")
        });
    }
    let versions: std::collections::BTreeSet<_> = calls.join_all().await.into_iter().collect();
    assert_eq!(versions.len(), 20);
    assert_eq!(engine.tags(&arn).await.expect("it has tags").len(), 20);
    let numbers = engine.versions(&arn, None, 99).await.expect("a list");
    assert!(numbers.iter().map(|version| version.number).eq((1..=20).rev()));

    let mut calls = tokio::task::JoinSet::new();
    for at in 0..10 {
        let engine = engine.clone();
        calls.spawn(async move { engine.create_state_machine(create("n", &pass(&at.to_string()))).await.is_ok() });
    }
    assert_eq!(calls.join_all().await.into_iter().filter(|created| *created).count(), 1);
}

#[tokio::test]
async fn what_was_acknowledged_is_there_when_the_store_is_opened_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(Options::sled(folder.path()), Quotas::AWS).await;
    let encryption = Some(Value::from(json!({ "type": "AWS_OWNED_KEY" })));
    let configuration = Configuration { encryption, ..Configuration::default() };
    let first = CreateStateMachine {
        publish: true,
        version_description: Some("the first".to_owned()),
        tags: vec![tag("k", "v")],
        configuration,
        ..create("m", &pass("1"))
    };
    let arn = engine.create_state_machine(first).await.expect("it is created").arn;
    engine.update_state_machine(update(&arn, &pass("2"))).await.expect("it is updated");
    engine.create_alias(alias("PROD", &[(&format!("{arn}:1"), 100)])).await.expect("it is created");
    let activity = engine.create_activity("a").await.expect("it is created");
    let execution = engine.start(start(&format!("{arn}:PROD"), "e")).await.expect("it starts").arn;
    let before = (
        engine.state_machine(&arn).await.expect("it is there"),
        engine.describe_activity(&activity).await.expect("it is there"),
        engine.wait(&execution).await.expect("it ends"),
    );
    engine.shutdown(Duration::from_secs(10)).await.expect("it ends");

    let engine = open(Options::sled(folder.path()), Quotas::AWS).await;
    let after = (
        engine.state_machine(&arn).await.expect("it is there"),
        engine.describe_activity(&activity).await.expect("it is there"),
        engine.describe(&execution).await.expect("it is there"),
    );
    assert_eq!(before, after);
    engine.shutdown(Duration::from_secs(10)).await.expect("it ends");
}
