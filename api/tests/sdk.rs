//! The AWS SDK for Rust as a client: requests, answers and errors with their types.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::config::{BehaviorVersion, Config as SdkConfig, Credentials, Region, retry::RetryConfig};
use aws_sdk_sfn::error::SdkError;
use aws_sdk_sfn::types::{
    ExecutionStatus, HistoryEventType, RoutingConfigurationListItem, StateMachineType, SyncExecutionStatus, Tag,
    TestExecutionStatus, ValidateStateMachineDefinitionResultCode,
};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns};
use stepwell_api::server::{Server, Serving};
use stepwell_api::{Api, Options};
use stepwell_engine::invoke::{Answer, Invoker, Task};
use stepwell_engine::{Config, Engine, store};

const ROLE: &str = "arn:aws:iam::123456789012:role/any";
const PASS: &str = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;

/// Answers every task with its input.
struct Echo;

#[async_trait]
impl Invoker for Echo {
    async fn invoke(&self, task: &Task) -> Answer {
        Answer::Succeeded(task.input.clone())
    }
}

/// Every name is this machine: the SDK puts `sync-` before the host's name, and nobody resolves `sync-localhost`.
#[derive(Clone, Debug)]
struct Local;

impl ResolveDns for Local {
    fn resolve_dns<'a>(&'a self, _: &'a str) -> DnsFuture<'a> {
        DnsFuture::ready(Ok(vec![std::net::Ipv4Addr::LOCALHOST.into()]))
    }
}

async fn serve() -> (Client, Serving) {
    let engine = Engine::open(Config::new(store::Options::memory(), Arc::new(Echo))).await.unwrap();
    let api = Arc::new(Api::new(engine, Options { poll: Duration::from_millis(1), ..Options::default() }));
    let server = Server::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let endpoint = format!("http://localhost:{}", server.address().port());
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .http_client(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_with_resolver(Local))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(endpoint)
        .build();
    (Client::from_conf(config), server.serve(api))
}

async fn machine(sfn: &Client, name: &str, definition: &str, kind: StateMachineType) -> String {
    let made = sfn.create_state_machine().name(name).definition(definition).role_arn(ROLE).r#type(kind).send().await;
    made.unwrap().state_machine_arn
}

/// The error of the operation, which must not be one of the connection.
fn refusal<T: std::fmt::Debug, E: std::fmt::Debug>(answer: Result<T, SdkError<E>>) -> E {
    match answer {
        Err(SdkError::ServiceError(refused)) => refused.into_err(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_execution_from_its_start_to_its_history() {
    let (sfn, serving) = serve().await;
    let arn = machine(&sfn, "pass", PASS, StateMachineType::Standard).await;
    let started = sfn.start_execution().state_machine_arn(&arn).name("e1").input(r#"{"id":7}"#).send().await.unwrap();
    let there = loop {
        let there = sfn.describe_execution().execution_arn(&started.execution_arn).send().await.unwrap();
        if *there.status() != ExecutionStatus::Running {
            break there;
        }
    };
    assert_eq!((there.status(), there.output()), (&ExecutionStatus::Succeeded, Some(r#"{"id":7}"#)));
    assert_eq!(there.start_date, started.start_date);
    assert!(there.stop_date.is_some() && there.input_details().is_some_and(|details| details.included()));
    let pages = sfn.get_execution_history().execution_arn(&started.execution_arn).into_paginator().page_size(2).send();
    let events: Vec<_> = pages.try_collect().await.unwrap().into_iter().flat_map(|page| page.events).collect();
    let kinds: Vec<_> = events.iter().map(|event| event.r#type.clone()).collect();
    assert_eq!(
        kinds,
        [
            HistoryEventType::ExecutionStarted,
            HistoryEventType::PassStateEntered,
            HistoryEventType::PassStateExited,
            HistoryEventType::ExecutionSucceeded,
        ]
    );
    let details = events[0].execution_started_event_details().unwrap();
    assert_eq!((details.input(), details.role_arn()), (Some(r#"{"id":7}"#), Some(ROLE)));
    let listed = sfn.list_executions().state_machine_arn(&arn).into_paginator().items().send();
    let names: Vec<_> = listed.try_collect().await.unwrap().into_iter().map(|line| line.name).collect();
    assert_eq!(names, ["e1"]);
    serving.finish().await;
}

#[tokio::test]
async fn what_is_answered_at_once() {
    let (sfn, serving) = serve().await;
    let arn = machine(&sfn, "express", PASS, StateMachineType::Express).await;
    let ended = sfn.start_sync_execution().state_machine_arn(&arn).input("[1]").send().await.unwrap();
    assert_eq!((ended.status(), ended.output()), (&SyncExecutionStatus::Succeeded, Some("[1]")));
    assert!(ended.billing_details().is_some_and(|billing| billing.billed_duration_in_milliseconds() > 0));
    let tested = sfn.test_state().definition(r#"{"Type":"Pass","Next":"N"}"#).input("{}").send().await.unwrap();
    assert_eq!((tested.status(), tested.next_state()), (Some(&TestExecutionStatus::Succeeded), Some("N")));
    let judged = sfn.validate_state_machine_definition().definition(PASS).send().await.unwrap();
    assert_eq!(judged.result(), &ValidateStateMachineDefinitionResultCode::Ok);
    serving.finish().await;
}

#[tokio::test]
async fn machines_versions_aliases_and_tags() {
    let (sfn, serving) = serve().await;
    let arn = machine(&sfn, "orders", PASS, StateMachineType::Standard).await;
    let version = sfn.publish_state_machine_version().state_machine_arn(&arn).send().await.unwrap();
    let version = version.state_machine_version_arn;
    let route =
        RoutingConfigurationListItem::builder().state_machine_version_arn(&version).weight(100).build().unwrap();
    let alias =
        sfn.create_state_machine_alias().name("live").routing_configuration(route.clone()).send().await.unwrap();
    let there = sfn.describe_state_machine_alias().state_machine_alias_arn(&alias.state_machine_alias_arn).send().await;
    assert_eq!(there.unwrap().routing_configuration(), [route]);
    let tag = Tag::builder().key("team").value("orders").build();
    sfn.tag_resource().resource_arn(&arn).tags(tag.clone()).send().await.unwrap();
    assert_eq!(sfn.list_tags_for_resource().resource_arn(&arn).send().await.unwrap().tags(), [tag]);
    let deleted = sfn.delete_state_machine_version().state_machine_version_arn(&version).send().await;
    assert!(refusal(deleted).is_conflict_exception());
    sfn.delete_state_machine().state_machine_arn(&arn).send().await.unwrap();
    let described = sfn.describe_state_machine().state_machine_arn(&arn).send().await;
    assert!(refusal(described).is_state_machine_does_not_exist());
    serving.finish().await;
}

#[tokio::test]
async fn a_worker_of_an_activity() {
    let (sfn, serving) = serve().await;
    let activity = sfn.create_activity().name("work").send().await.unwrap().activity_arn;
    let nothing = sfn.get_activity_task().activity_arn(&activity).send().await.unwrap();
    assert_eq!((nothing.task_token(), nothing.input()), (None, None));
    let definition =
        format!(r#"{{"StartAt":"W","States":{{"W":{{"Type":"Task","Resource":"{activity}","End":true}}}}}}"#);
    let arn = machine(&sfn, "worked", &definition, StateMachineType::Standard).await;
    let started = sfn.start_execution().state_machine_arn(&arn).input("7").send().await.unwrap();
    let token = loop {
        let task = sfn.get_activity_task().activity_arn(&activity).worker_name("ada").send().await.unwrap();
        if let Some(token) = task.task_token {
            break token;
        }
    };
    sfn.send_task_heartbeat().task_token(&token).send().await.unwrap();
    sfn.send_task_failure().task_token(&token).error("Tired").cause("it is late").send().await.unwrap();
    let there = sfn.describe_execution().execution_arn(&started.execution_arn).send().await.unwrap();
    assert_eq!((there.status(), there.error()), (&ExecutionStatus::Failed, Some("Tired")));
    let late = sfn.send_task_success().task_token(&token).output("1").send().await;
    assert!(refusal(late).is_task_timed_out());
    serving.finish().await;
}

#[tokio::test]
async fn errors_have_types() {
    let (sfn, serving) = serve().await;
    let nowhere = "arn:aws:states:us-east-1:123456789012:execution:none:e";
    let described = refusal(sfn.describe_execution().execution_arn(nowhere).send().await);
    assert!(described.is_execution_does_not_exist(), "{described:?}");
    assert!(described.meta().message().is_some_and(|message| message.contains(nowhere)), "{described:?}");
    let arn = machine(&sfn, "pass", PASS, StateMachineType::Standard).await;
    let started = sfn.start_execution().state_machine_arn(&arn).input("{").send().await;
    assert!(refusal(started).is_invalid_execution_input());
    assert!(refusal(sfn.start_execution().state_machine_arn("no-arn").send().await).is_invalid_arn());
    let synchronous = sfn.start_sync_execution().state_machine_arn(&arn).send().await;
    assert!(refusal(synchronous).is_state_machine_type_not_supported());
    let made = sfn.create_state_machine().name("bad").definition("{}").role_arn(ROLE).send().await;
    assert!(refusal(made).is_invalid_definition());
    let invalid = refusal(sfn.send_task_success().task_token("no-token").output("1").send().await);
    assert!(invalid.is_invalid_token());
    serving.finish().await;
}
