//! `CreateStateMachine`

use stepwell_asl::MachineType;

use super::*;
use crate::payload::seconds;
use crate::shape::{ARN, DEFINITION, MACHINE_TYPE, Member, NAME, optional, required};

pub const INPUT: &[Member] = &[
    required("name", NAME),
    required("definition", DEFINITION),
    required("roleArn", ARN),
    optional("type", MACHINE_TYPE),
];

#[derive(serde::Deserialize)]
pub struct Input {
    name: String,
    definition: String,
    #[serde(rename = "type")]
    kind: Option<String>,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let kind = match input.kind.as_deref() {
        Some("EXPRESS") => MachineType::Express,
        Some(_) | None => MachineType::Standard,
    };
    let machine = api.engine().register(&input.name, &input.definition, kind).await?;
    Output::default().with("stateMachineArn", &*machine.arn).with("creationDate", seconds(machine.created_at)).done()
}
