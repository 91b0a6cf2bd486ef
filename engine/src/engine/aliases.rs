//! Creating, changing, listing and deleting the aliases of state machines.

use stepwell_asl::{Text, Timestamp};

use super::Engine;
use crate::arn::{MachineArn, Qualifier};
use crate::error::EngineError;
use crate::machines::{Alias, Routing, StateMachine, check_alias_name, deleting, no_machine, not_found, read_routing};
use crate::resources::Change;

/// What to create.
#[derive(Clone, Debug, Default)]
pub struct CreateAlias {
    /// Its name.
    pub name: String,
    /// What it is described as.
    pub description: Option<String>,
    /// Where it leads to: one or two versions of one state machine.
    pub routing: Vec<Routing>,
}

/// What to change. What is absent stays as it is.
#[derive(Clone, Debug, Default)]
pub struct UpdateAlias {
    /// The alias's ARN.
    pub alias_arn: String,
    /// Its new description.
    pub description: Option<String>,
    /// Where it leads to from now on.
    pub routing: Option<Vec<Routing>>,
}

/// An alias as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AliasDescription {
    /// Its ARN.
    pub arn: Text,
    /// Its name.
    pub name: Text,
    /// What it is described as.
    pub description: Option<Text>,
    /// Where it leads to.
    pub routing: Vec<Routing>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl Engine {
    /// Creates an alias. A creation that is repeated gives what was created.
    ///
    /// Errors: `ValidationException` (name, routing), `InvalidArn`, `ResourceNotFound`, `StateMachineDeleting`,
    /// `ConflictException` where there is another one of this name, `ServiceQuotaExceededException`.
    pub async fn create_alias(&self, create: CreateAlias) -> Result<AliasDescription, EngineError> {
        check_alias_name(&create.name)?;
        let (machine_arn, routing) = read_routing(&create.routing)?;
        self.settle(machine_arn).await?;
        let (store, now) = (self.shared.store.as_ref(), self.shared.clock.now());
        let decide = |there: Option<&StateMachine>| {
            let there = there.ok_or_else(not_found)?;
            if there.is_deleting {
                return Err(deleting(machine_arn));
            }
            let mut machine = there.clone();
            let alias = Alias {
                name: create.name.as_str().into(),
                description: create.description.as_deref().map(Text::from),
                routes: machine.routes(&routing)?,
                created_at: now,
                updated_at: now,
            };
            let (alias, is_new) = machine.add_alias(alias, self.quotas.aliases)?;
            let created = describe(&machine, &alias);
            match is_new {
                true => Ok((Change::Put(machine), created)),
                false => Ok((Change::Nothing, created)),
            }
        };
        self.shared.machines.resources.change(store, machine_arn, None, decide).await
    }

    /// Changes an alias. Gives it as it is then.
    ///
    /// Errors: `ValidationException`, `InvalidArn`, `ResourceNotFound`, `StateMachineDeleting`.
    pub async fn update_alias(&self, update: UpdateAlias) -> Result<AliasDescription, EngineError> {
        let (asked, name) = self.alias_arn(&update.alias_arn)?;
        if update.description.is_none() && update.routing.is_none() {
            return Err(EngineError::invalid_for(
                "MISSING_REQUIRED_PARAMETER",
                "Either the description or the RoutingConfiguration must be specified",
            ));
        }
        let routing = update.routing.as_deref().map(read_routing).transpose()?;
        if routing.as_ref().is_some_and(|(machine, _)| *machine != asked.machine) {
            let message = "Routing configuration must contain versions of the alias's state machine";
            return Err(EngineError::invalid_for("INVALID_ROUTING_CONFIGURATION", message));
        }
        self.settle(asked.machine).await?;
        let (store, now) = (self.shared.store.as_ref(), self.shared.clock.now());
        let decide = |there: Option<&StateMachine>| {
            let there = there.ok_or_else(not_found)?;
            if there.is_deleting {
                return Err(deleting(asked.machine));
            }
            let mut machine = there.clone();
            let routes = routing.as_ref().map(|(_, routing)| machine.routes(routing)).transpose()?;
            let alias = machine.aliases.iter_mut().find(|alias| &*alias.name == name).ok_or_else(not_found)?;
            if let Some(routes) = routes {
                alias.routes = routes;
            }
            if let Some(description) = &update.description {
                alias.description = Some(description.as_str().into());
            }
            alias.updated_at = now;
            let alias = alias.clone();
            let updated = describe(&machine, &alias);
            Ok((Change::Put(machine), updated))
        };
        self.shared.machines.resources.change(store, asked.machine, None, decide).await
    }

    /// An alias as it is. Errors: `InvalidArn`, `ValidationException`, `ResourceNotFound`.
    pub async fn describe_alias(&self, arn: &str) -> Result<AliasDescription, EngineError> {
        let (asked, name) = self.alias_arn(arn)?;
        let machine = self.settle(asked.machine).await?.ok_or_else(not_found)?;
        machine.alias(name).map(|alias| describe(&machine, alias)).ok_or_else(not_found)
    }

    /// The aliases of a state machine, or those that lead to a version of it, the oldest first, after one that was created
    /// then and has this name.
    /// Errors: `InvalidArn`, `StateMachineDoesNotExist`, `StateMachineDeleting`, `ResourceNotFound` for a version that is
    /// not there.
    pub async fn aliases(
        &self,
        machine_arn: &str,
        after: Option<(Timestamp, &str)>,
        limit: usize,
    ) -> Result<Vec<AliasDescription>, EngineError> {
        let asked = self.unlabeled(machine_arn)?;
        let machine = self.unqualified(asked.machine).await?;
        let version = match asked.qualifier {
            Qualifier::None => None,
            Qualifier::Version(number) => Some(machine.version(number).ok_or_else(not_found)?.number),
            Qualifier::Alias(_) | Qualifier::Label(_) => return Err(no_machine(machine_arn)),
        };
        let leads =
            |alias: &&Alias| version.is_none_or(|version| alias.routes.iter().any(|route| route.version == version));
        // The one before may have gone meanwhile.
        let skip = after.map_or(0, |(created_at, name)| {
            let there = machine.aliases.iter().position(|alias| &*alias.name == name).map(|at| at + 1);
            there.unwrap_or_else(|| machine.aliases.partition_point(|alias| alias.created_at <= created_at))
        });
        let rest = machine.aliases.iter().skip(skip).filter(leads);
        Ok(rest.take(limit).map(|alias| describe(&machine, alias)).collect())
    }

    /// Deletes an alias. One that is not there is deleted already. Errors: `InvalidArn`, `ValidationException`.
    pub async fn delete_alias(&self, arn: &str) -> Result<(), EngineError> {
        let (asked, name) = self.alias_arn(arn)?;
        let decide = |there: Option<&StateMachine>| {
            let Some(mut machine) = there.cloned() else { return Ok((Change::Nothing, ())) };
            let before = machine.aliases.len();
            machine.aliases.retain(|alias| &*alias.name != name);
            match machine.aliases.len() < before {
                true => Ok((Change::Put(machine), ())),
                false => Ok((Change::Nothing, ())),
            }
        };
        self.shared.machines.resources.change(self.shared.store.as_ref(), asked.machine, None, decide).await
    }

    fn alias_arn<'a>(&self, arn: &'a str) -> Result<(MachineArn<'a>, &'a str), EngineError> {
        let asked = self.unlabeled(arn)?;
        match asked.qualifier {
            Qualifier::Alias(name) => Ok((asked, name)),
            Qualifier::None | Qualifier::Version(_) | Qualifier::Label(_) => Err(EngineError::call(
                "ValidationException",
                format!("The ARN must be that of a state machine alias: '{arn}'"),
            )),
        }
    }
}

fn describe(machine: &StateMachine, alias: &Alias) -> AliasDescription {
    let routing = alias
        .routes
        .iter()
        .map(|route| Routing { version_arn: machine.version_arn(route.version).to_string(), weight: route.weight });
    AliasDescription {
        arn: machine.alias_arn(&alias.name),
        name: alias.name.clone(),
        description: alias.description.clone(),
        routing: routing.collect(),
        created_at: alias.created_at,
        updated_at: alias.updated_at,
    }
}
