//! Creating, changing, describing and deleting state machines.

use std::sync::Arc;

use stepwell_asl::definition::Format;
use stepwell_asl::{MachineType, Program, Text, Timestamp};

use super::Engine;
use super::executions::made_up_name;
use crate::arn::{MachineArn, Qualifier, check_name, of_machine};
use crate::core::Revision;
use crate::error::EngineError;
use crate::ids::Key;
use crate::machines::{Configuration, Content, StateMachine, Tag, Tags, deleting, no_machine};
use crate::resources::Change;
use crate::store::ListQuery;

/// The status that executions have while they run: see [`crate::worker::status_number`].
const RUNNING: u8 = 0;

/// What to create.
#[derive(Clone, Debug)]
pub struct CreateStateMachine {
    /// Its name.
    pub name: String,
    /// The text of its definition.
    pub definition: String,
    /// Standard or Express.
    pub kind: MachineType,
    /// The role it would run under on AWS.
    pub role_arn: String,
    /// Logging, tracing and encryption.
    pub configuration: Configuration,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Whether its first version is published at once.
    pub publish: bool,
    /// What that version is described as.
    pub version_description: Option<String>,
}

/// A state machine that was created, now or before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedStateMachine {
    /// Its ARN.
    pub arn: Text,
    /// When it was created.
    pub created_at: Timestamp,
    /// Its first version, if one was published.
    pub version_arn: Option<Text>,
}

/// What to change. What is absent stays as it is.
#[derive(Clone, Debug, Default)]
pub struct UpdateStateMachine {
    /// The state machine's ARN.
    pub machine_arn: String,
    /// The text of its new definition.
    pub definition: Option<String>,
    /// Its new role.
    pub role_arn: Option<String>,
    /// What is configured otherwise from now on.
    pub configuration: Configuration,
    /// Whether a version is published.
    pub publish: bool,
    /// What that version is described as.
    pub version_description: Option<String>,
}

/// A state machine that was changed, or was so before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdatedStateMachine {
    /// Since when it is as it is.
    pub updated_at: Timestamp,
    /// The id of its revision; the first one has none.
    pub revision_id: Option<Text>,
    /// The version of this revision, if one was asked for.
    pub version_arn: Option<Text>,
}

/// A state machine, or a version of one, as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct StateMachineDescription {
    /// Its ARN: the version's where a version was asked for.
    pub arn: Text,
    /// Its name.
    pub name: Text,
    /// Standard or Express.
    pub kind: MachineType,
    /// When it was created or published.
    pub created_at: Timestamp,
    /// Whether it is being deleted.
    pub is_deleting: bool,
    /// What a version was described as.
    pub description: Option<Text>,
    /// The text of its definition.
    pub definition: String,
    /// Its role, revision and configuration.
    pub content: Arc<Content>,
}

impl Engine {
    /// Creates a state machine. A creation that is repeated gives what was created; another role or other tags do not
    /// matter then, and are ignored, as on AWS.
    ///
    /// Errors: `InvalidName`, `InvalidArn` (the role), `InvalidDefinition`, `Invalid…Configuration`, `TooManyTags`,
    /// `ValidationException`, `StateMachineAlreadyExists`, `StateMachineDeleting`, `StateMachineLimitExceeded`.
    pub async fn create_state_machine(&self, create: CreateStateMachine) -> Result<CreatedStateMachine, EngineError> {
        check_machine_name(&create.name)?;
        check_description(create.publish, create.version_description.as_deref())?;
        check_role(&create.role_arn)?;
        let arn = self.place.state_machine(&create.name);
        let configuration = create.configuration.checked()?;
        let mut tags = Tags::default();
        tags.add(&create.tags, &arn, self.quotas.tags)?;
        let definition = self.keep_definition(&create.definition, create.kind, Some(Format::Json)).await?;
        self.settle(&arn).await?;
        let (store, now) = (self.shared.store.as_ref(), self.shared.clock.now());
        let created_with = create.publish.then(|| create.version_description.as_deref().map(Text::from));
        let content = Arc::new(Content {
            definition,
            role_arn: create.role_arn.as_str().into(),
            revision: revision(None, now, configuration),
        });
        let resources = &self.shared.machines.resources;
        let decide = |there: Option<&StateMachine>| {
            if let Some(there) = there {
                if there.is_deleting {
                    return Err(deleting(&arn));
                }
                let same = there.kind == create.kind
                    && there.created_with == created_with
                    && is_same(&there.content, &content);
                return match same {
                    true => Ok((Change::Nothing, created(there))),
                    false => Err(already_exists(&arn)),
                };
            }
            let mut machine = self.new_machine(&create.name, create.kind, now, content.clone());
            machine.tags = tags.clone();
            machine.created_with.clone_from(&created_with);
            if create.publish {
                machine.publish(create.version_description.as_deref(), now, self.quotas.versions)?;
            }
            let created = created(&machine);
            Ok((Change::Put(machine), created))
        };
        resources.change(store, &arn, self.quotas.state_machines, decide).await
    }

    /// Registers a state machine under a name, or gives the one of that name another definition. Running executions keep
    /// the definition they were started with.
    ///
    /// Errors: `InvalidName`, `InvalidDefinition` (with what is wrong and where), `StateMachineAlreadyExists` where it
    /// would change its type, `StateMachineDeleting`.
    pub async fn register(
        &self,
        name: &str,
        definition: &str,
        kind: MachineType,
    ) -> Result<Arc<StateMachine>, EngineError> {
        check_machine_name(name)?;
        let definition = self.keep_definition(definition, kind, None).await?;
        let arn = self.place.state_machine(name);
        self.settle(&arn).await?;
        let (store, now) = (self.shared.store.as_ref(), self.shared.clock.now());
        let next_id: Text = made_up_name()?.into();
        let decide = |there: Option<&StateMachine>| {
            let machine = match there {
                None => {
                    let role_arn = self.place.role().into();
                    let revision = revision(None, now, Configuration::default());
                    self.new_machine(name, kind, now, Arc::new(Content { definition, role_arn, revision }))
                }
                Some(there) if there.is_deleting => return Err(deleting(&arn)),
                Some(there) if there.kind != kind => return Err(already_exists(&arn)),
                Some(there) if there.content.definition == definition => return Ok((Change::Nothing, there.clone())),
                Some(there) => {
                    let mut content = Content { definition, ..(*there.content).clone() };
                    content.revision.id = Some(next_id.clone());
                    content.revision.updated_at = now;
                    StateMachine { content: Arc::new(content), ..there.clone() }
                }
            };
            Ok((Change::Put(machine.clone()), machine))
        };
        let resources = &self.shared.machines.resources;
        Ok(Arc::new(resources.change(store, &arn, self.quotas.state_machines, decide).await?))
    }

    /// Changes a state machine. It has a new revision if that makes a difference. Running executions stay as they are.
    ///
    /// Errors: `StateMachineDoesNotExist`, `StateMachineDeleting`, `MissingRequiredParameter`, `InvalidDefinition`,
    /// `InvalidArn`, `Invalid…Configuration`, `ValidationException`, `ServiceQuotaExceededException`.
    pub async fn update_state_machine(&self, update: UpdateStateMachine) -> Result<UpdatedStateMachine, EngineError> {
        let arn = update.machine_arn.as_str();
        let there = self.unqualified(arn).await?;
        check_description(update.publish, update.version_description.as_deref())?;
        let given = &update.configuration;
        if update.definition.is_none() && update.role_arn.is_none() && *given == Configuration::default() {
            return Err(EngineError::call(
                "MissingRequiredParameter",
                "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be \
                 specified",
            ));
        }
        update.role_arn.as_deref().map_or(Ok(()), check_role)?;
        let checked = given.checked()?;
        let definition = match &update.definition {
            Some(text) => Some(self.keep_definition(text, there.kind, Some(Format::Json)).await?),
            None => None,
        };
        let (store, now) = (self.shared.store.as_ref(), self.shared.clock.now());
        let next_id: Text = made_up_name()?.into();
        let decide = |there: Option<&StateMachine>| {
            let there = there.ok_or_else(|| no_machine(arn))?;
            if there.is_deleting {
                return Err(deleting(arn));
            }
            let mut machine = there.clone();
            let mut content = (*there.content).clone();
            content.definition = definition.unwrap_or(content.definition);
            if let Some(role_arn) = &update.role_arn {
                content.role_arn = role_arn.as_str().into();
            }
            for (is_given, new, current) in [
                (given.logging.is_some(), &checked.logging, &mut content.revision.logging),
                (given.tracing.is_some(), &checked.tracing, &mut content.revision.tracing),
                (given.encryption.is_some(), &checked.encryption, &mut content.revision.encryption),
            ] {
                if is_given {
                    current.clone_from(new);
                }
            }
            if content != *there.content {
                content.revision.id = Some(next_id.clone());
                content.revision.updated_at = now;
                machine.content = Arc::new(content);
            }
            let mut version_arn = None;
            if update.publish {
                let (number, _) = machine.publish(update.version_description.as_deref(), now, self.quotas.versions)?;
                version_arn = Some(machine.version_arn(number));
            }
            let Revision { id, updated_at, .. } = &machine.content.revision;
            let updated = UpdatedStateMachine { updated_at: *updated_at, revision_id: id.clone(), version_arn };
            match machine == *there {
                true => Ok((Change::Nothing, updated)),
                false => Ok((Change::Put(machine), updated)),
            }
        };
        self.shared.machines.resources.change(store, &there.arn, None, decide).await
    }

    /// A state machine or a version, as it is. Errors: `InvalidArn`, `StateMachineDoesNotExist`.
    pub async fn describe_state_machine(&self, arn: &str) -> Result<StateMachineDescription, EngineError> {
        let asked = self.unlabeled(arn)?;
        let machine = self.settle(asked.machine).await?.ok_or_else(|| no_machine(arn))?;
        let version = match asked.qualifier {
            Qualifier::None => None,
            Qualifier::Version(number) => Some(machine.version(number).ok_or_else(|| no_machine(arn))?),
            Qualifier::Alias(_) | Qualifier::Label(_) => return Err(no_machine(arn)),
        };
        let content = version.map_or(&machine.content, |version| &version.content).clone();
        Ok(StateMachineDescription {
            arn: arn.into(),
            name: machine.name.clone(),
            kind: machine.kind,
            created_at: version.map_or(machine.created_at, |version| version.created_at),
            is_deleting: machine.is_deleting,
            description: version.and_then(|version| version.description.clone()),
            definition: self.definition_text(&content).await?,
            content,
        })
    }

    /// Deletes a state machine with its versions, aliases and tags. Its executions go on; while some run it is there as
    /// being deleted, and starts no others. One that is not there is deleted already. Errors: `InvalidArn`.
    pub async fn delete_state_machine(&self, arn: &str) -> Result<(), EngineError> {
        let asked = self.unlabeled(arn)?;
        if asked.qualifier != Qualifier::None {
            let message = "A state machine version or alias is deleted by its own operation";
            return Err(EngineError::call("ValidationException", message));
        }
        let decide = |there: Option<&StateMachine>| match there {
            None => Ok((Change::Nothing, ())),
            Some(there) if there.is_deleting => Ok((Change::Nothing, ())),
            Some(there) => {
                let (versions, aliases, tags) = (Vec::new(), Vec::new(), Tags::default());
                let deleting = StateMachine { is_deleting: true, versions, aliases, tags, ..there.clone() };
                Ok((Change::Put(deleting), ()))
            }
        };
        let store = self.shared.store.as_ref();
        self.shared.machines.resources.change(store, arn, None, decide).await?;
        self.settle(arn).await?;
        Ok(())
    }

    /// The state machine of an ARN.
    pub async fn state_machine(&self, arn: &str) -> Result<Option<Arc<StateMachine>>, EngineError> {
        self.settle(arn).await
    }

    /// State machines by ARN, after a given one.
    pub async fn state_machines(&self, after: Option<&str>, limit: usize) -> Result<Vec<StateMachine>, EngineError> {
        loop {
            let page = self.shared.machines.resources.list(self.shared.store.as_ref(), after, limit).await?;
            let mut all_stay = true;
            for machine in page.iter().filter(|machine| machine.is_deleting) {
                all_stay &= self.settle(&machine.arn).await?.is_some();
            }
            if all_stay {
                return Ok(page);
            }
        }
    }

    /// The text of a state machine's definition.
    pub async fn definition_text(&self, content: &Content) -> Result<String, EngineError> {
        self.shared.machines.definitions.text(self.shared.store.as_ref(), content.definition).await
    }

    /// The compiled form of what a state machine or a version runs.
    pub async fn program(&self, content: &Content) -> Result<Arc<Program>, EngineError> {
        self.shared.machines.program(self.shared.store.as_ref(), content.definition).await
    }

    /// The state machine of an ARN that nothing qualifies. Errors: `InvalidArn`, `StateMachineDoesNotExist`,
    /// `StateMachineDeleting`.
    pub(super) async fn unqualified(&self, arn: &str) -> Result<Arc<StateMachine>, EngineError> {
        let asked = self.unlabeled(arn)?;
        let there = match asked.qualifier {
            Qualifier::None => self.settle(arn).await?,
            Qualifier::Version(_) | Qualifier::Alias(_) | Qualifier::Label(_) => None,
        };
        match there {
            Some(there) if there.is_deleting => Err(deleting(arn)),
            Some(there) => Ok(there),
            None => Err(no_machine(arn)),
        }
    }

    /// What an ARN names, which is no Map state. Errors: `InvalidArn`, `ValidationException`.
    pub(super) fn unlabeled<'a>(&self, arn: &'a str) -> Result<MachineArn<'a>, EngineError> {
        let asked = of_machine(arn)?;
        match asked.qualifier {
            Qualifier::Label(_) => Err(EngineError::invalid_for(
                "API_DOES_NOT_SUPPORT_LABELED_ARNS",
                format!("This operation does not support the ARN of a Map state: '{arn}'"),
            )),
            Qualifier::None | Qualifier::Version(_) | Qualifier::Alias(_) => Ok(asked),
        }
    }

    /// The state machine of an ARN. One that is being deleted goes when the last of its executions has ended.
    pub(crate) async fn settle(&self, arn: &str) -> Result<Option<Arc<StateMachine>>, EngineError> {
        let (store, resources) = (self.shared.store.as_ref(), &self.shared.machines.resources);
        let there = resources.get(store, arn).await?;
        if !there.as_ref().is_some_and(|there| there.is_deleting) {
            return Ok(there);
        }
        let running = ListQuery { list: Key::of(&[arn]), status: Some(RUNNING), after: None, limit: 1 };
        if !store.list(running).await?.is_empty() {
            return Ok(there);
        }
        let decide = |there: Option<&StateMachine>| match there {
            Some(there) if there.is_deleting => Ok((Change::Remove, None)),
            there => Ok((Change::Nothing, there.cloned())),
        };
        Ok(resources.change(store, arn, None, decide).await?.map(Arc::new))
    }

    async fn keep_definition(
        &self,
        text: &str,
        kind: MachineType,
        format: Option<Format>,
    ) -> Result<stepwell_asl::programs::ContentHash, EngineError> {
        let limited = self.limits.payload_bytes.is_some();
        self.shared.machines.definitions.keep(self.shared.store.as_ref(), text, kind, limited, format).await
    }

    fn new_machine(&self, name: &str, kind: MachineType, now: Timestamp, content: Arc<Content>) -> StateMachine {
        StateMachine {
            arn: self.place.state_machine(name).into(),
            name: name.into(),
            kind,
            created_at: now,
            content,
            is_deleting: false,
            versions: Vec::new(),
            aliases: Vec::new(),
            tags: Tags::default(),
            last_version: 0,
            created_with: None,
        }
    }
}

fn created(machine: &StateMachine) -> CreatedStateMachine {
    CreatedStateMachine {
        arn: machine.arn.clone(),
        created_at: machine.created_at,
        version_arn: machine.created_with.as_ref().map(|_| machine.version_arn(1)),
    }
}

fn revision(id: Option<Text>, updated_at: Timestamp, configuration: Configuration) -> Revision {
    let Configuration { logging, tracing, encryption } = configuration;
    Revision { id, updated_at, logging, tracing, encryption }
}

/// Whether a creation that is repeated means what is there. The role does not count.
fn is_same(there: &Content, new: &Content) -> bool {
    let Revision { logging, tracing, encryption, id: _, updated_at: _ } = &there.revision;
    there.definition == new.definition
        && *logging == new.revision.logging
        && *tracing == new.revision.tracing
        && *encryption == new.revision.encryption
}

fn already_exists(arn: &str) -> EngineError {
    EngineError::call("StateMachineAlreadyExists", format!("State Machine Already Exists: '{arn}'"))
}

fn check_machine_name(name: &str) -> Result<(), EngineError> {
    check_name(name).map_err(|_| EngineError::call("InvalidName", format!("Invalid Name: '{name}'")))
}

fn check_description(publish: bool, description: Option<&str>) -> Result<(), EngineError> {
    match (publish, description) {
        (false, Some(_)) => {
            Err(EngineError::call("ValidationException", "Version description can only be set when publish is true"))
        }
        (true, _) | (false, None) => Ok(()),
    }
}

/// Roles are named as on AWS. Nobody asks whether there is such a role.
fn check_role(arn: &str) -> Result<(), EngineError> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts[..] {
        ["arn", _, "iam", "", _, role] if role.starts_with("role/") => Ok(()),
        _ => Err(EngineError::call("InvalidArn", format!("Invalid Role Arn: '{arn}'"))),
    }
}
