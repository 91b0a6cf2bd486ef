//! A state machine as it is stored: one row. Field numbers are for ever.

use std::sync::Arc;

use minicbor::{Decode, Encode};
use stepwell_asl::programs::ContentHash;
use stepwell_asl::{MachineType, Text, Timestamp, Value};

use super::alias::{Alias, Route};
use super::machine::{Content, StateMachine};
use super::tags::Tags;
use super::version::Version;
use crate::core::Revision;
use crate::error::EngineError;
use crate::resources::Resource;
use crate::store::RecordKind;

#[derive(Encode, Decode)]
struct Row {
    #[n(0)]
    name: String,
    #[n(1)]
    express: bool,
    #[n(2)]
    role_arn: String,
    #[cbor(n(3), with = "minicbor::bytes")]
    definition: [u8; 32],
    #[n(4)]
    created_at: i64,
    #[n(5)]
    updated_at: i64,
    #[n(6)]
    revision: Option<RevisionRow>,
    #[n(7)]
    deleting: Option<bool>,
    #[n(8)]
    last_version: Option<u32>,
    #[n(9)]
    versions: Option<Vec<VersionRow>>,
    #[n(10)]
    aliases: Option<Vec<AliasRow>>,
    #[n(11)]
    tags: Option<Tags>,
    #[n(12)]
    created_with: Option<CreatedWith>,
}

#[derive(Encode, Decode)]
struct RevisionRow {
    #[n(0)]
    id: Option<String>,
    #[n(1)]
    logging: Option<String>,
    #[n(2)]
    tracing: Option<String>,
    #[n(3)]
    encryption: Option<String>,
}

#[derive(Encode, Decode)]
struct VersionRow {
    #[n(0)]
    number: u32,
    #[n(1)]
    created_at: i64,
    #[n(2)]
    role_arn: String,
    #[cbor(n(3), with = "minicbor::bytes")]
    definition: [u8; 32],
    #[n(4)]
    updated_at: i64,
    #[n(5)]
    revision: RevisionRow,
    #[n(6)]
    description: Option<String>,
}

#[derive(Encode, Decode)]
struct AliasRow {
    #[n(0)]
    name: String,
    #[n(1)]
    created_at: i64,
    #[n(2)]
    updated_at: i64,
    #[n(3)]
    routes: Vec<RouteRow>,
    #[n(4)]
    description: Option<String>,
}

#[derive(Encode, Decode)]
struct RouteRow {
    #[n(0)]
    version: u32,
    #[n(1)]
    weight: u32,
}

#[derive(Encode, Decode)]
struct CreatedWith {
    #[n(0)]
    description: Option<String>,
}

impl Resource for StateMachine {
    const KIND: RecordKind = RecordKind::StateMachine;

    fn encode(&self) -> Vec<u8> {
        let row = Row {
            name: self.name.to_string(),
            express: self.kind == MachineType::Express,
            role_arn: self.content.role_arn.to_string(),
            definition: *self.content.definition.as_bytes(),
            created_at: self.created_at.0,
            updated_at: self.content.revision.updated_at.0,
            revision: Some(RevisionRow::of(&self.content.revision)),
            deleting: self.is_deleting.then_some(true),
            last_version: Some(self.last_version),
            versions: Some(self.versions.iter().map(VersionRow::of).collect()),
            aliases: Some(self.aliases.iter().map(AliasRow::of).collect()),
            tags: Some(self.tags.clone()),
            created_with: self.created_with.as_ref().map(|description| CreatedWith { description: text(description) }),
        };
        minicbor::to_vec(row).expect("writing to memory does not fail")
    }

    fn decode(arn: &str, bytes: &[u8]) -> Result<StateMachine, EngineError> {
        let unreadable = |source| EngineError::Record { what: format!("the state machine '{arn}'"), source };
        let row: Row = minicbor::decode(bytes).map_err(|error| unreadable(error.into()))?;
        let revision = row.revision.unwrap_or_else(|| RevisionRow::of(&Revision::default()));
        let content = content(row.role_arn, row.definition, row.updated_at, revision);
        let versions = row.versions.unwrap_or_default().into_iter().map(VersionRow::version);
        Ok(StateMachine {
            arn: arn.into(),
            name: row.name.into(),
            kind: if row.express { MachineType::Express } else { MachineType::Standard },
            created_at: Timestamp(row.created_at),
            content: Arc::new(content.map_err(unreadable)?),
            is_deleting: row.deleting.unwrap_or(false),
            last_version: row.last_version.unwrap_or(0),
            versions: versions.collect::<Result<_, _>>().map_err(unreadable)?,
            aliases: row.aliases.unwrap_or_default().into_iter().map(AliasRow::alias).collect(),
            tags: row.tags.unwrap_or_default(),
            created_with: row.created_with.map(|with| with.description.map(Text::from)),
        })
    }

    fn too_many(max: usize) -> EngineError {
        let message = format!("State Machine Limit Exceeded: 'There are {max} state machines already'");
        EngineError::call("StateMachineLimitExceeded", message)
    }
}

impl RevisionRow {
    fn of(revision: &Revision) -> RevisionRow {
        let json = |value: &Option<Value>| value.as_ref().map(Value::to_string);
        RevisionRow {
            id: text(&revision.id),
            logging: json(&revision.logging),
            tracing: json(&revision.tracing),
            encryption: json(&revision.encryption),
        }
    }
}

fn content(
    role_arn: String,
    definition: [u8; 32],
    updated_at: i64,
    row: RevisionRow,
) -> Result<Content, crate::record::RecordError> {
    let json = |text: Option<String>| match text.map(|text| Value::parse(&text)) {
        Some(Err(_)) => Err(crate::record::RecordError::Broken("a configuration is no JSON".to_owned())),
        Some(Ok(value)) => Ok(Some(value)),
        None => Ok(None),
    };
    Ok(Content {
        definition: ContentHash::from_bytes(definition),
        role_arn: role_arn.into(),
        revision: Revision {
            id: row.id.map(Text::from),
            updated_at: Timestamp(updated_at),
            logging: json(row.logging)?,
            tracing: json(row.tracing)?,
            encryption: json(row.encryption)?,
        },
    })
}

impl VersionRow {
    fn of(version: &Version) -> VersionRow {
        let content = &version.content;
        VersionRow {
            number: version.number,
            created_at: version.created_at.0,
            role_arn: content.role_arn.to_string(),
            definition: *content.definition.as_bytes(),
            updated_at: content.revision.updated_at.0,
            revision: RevisionRow::of(&content.revision),
            description: text(&version.description),
        }
    }

    fn version(self) -> Result<Version, crate::record::RecordError> {
        Ok(Version {
            number: self.number,
            created_at: Timestamp(self.created_at),
            description: self.description.map(Text::from),
            content: Arc::new(content(self.role_arn, self.definition, self.updated_at, self.revision)?),
        })
    }
}

impl AliasRow {
    fn of(alias: &Alias) -> AliasRow {
        AliasRow {
            name: alias.name.to_string(),
            created_at: alias.created_at.0,
            updated_at: alias.updated_at.0,
            routes: alias
                .routes
                .iter()
                .map(|route| RouteRow { version: route.version, weight: route.weight })
                .collect(),
            description: text(&alias.description),
        }
    }

    fn alias(self) -> Alias {
        let route = |row: RouteRow| Route { version: row.version, weight: row.weight };
        Alias {
            name: self.name.into(),
            description: self.description.map(Text::from),
            routes: self.routes.into_iter().map(route).collect(),
            created_at: Timestamp(self.created_at),
            updated_at: Timestamp(self.updated_at),
        }
    }
}

fn text(text: &Option<Text>) -> Option<String> {
    text.as_ref().map(Text::to_string)
}
