//! The operations as the arguments want them: on an engine that has begun. A reset makes them anew.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use stepwell_api::execution_log::ExecutionLog;
use stepwell_api::{Api, Options};
use stepwell_engine::arn::Place;
use stepwell_engine::core::{Execution, Identity, Limits, Turn};
use stepwell_engine::invoke::Invoker;
use stepwell_engine::mock_config::MockConfig;
use stepwell_engine::status_events::StatusEvents;
use stepwell_engine::store::Kind;
use stepwell_engine::{Config, Observer, Quotas, store as stores};

use super::load;
use super::template::Live;
use crate::args::Serve;
use crate::refusal::Refusal;
use crate::{store, tasks};

/// All that is needed to open an engine, once or again.
#[derive(Clone)]
pub struct Opening {
    config: Config,
    kind: Option<Kind>,
    options: Options,
    load: Option<PathBuf>,
    template: Option<Arc<Live>>,
}

/// Several that see what happens.
struct Observers(Vec<Arc<dyn Observer>>);

impl Observer for Observers {
    fn turn(&self, identity: &Identity, turn: &Turn, execution: Option<&Execution>) {
        self.0.iter().for_each(|observer| observer.turn(identity, turn, execution));
    }
}

/// The file with mocks. It is read by every start that names a test case; one that is broken is told now.
fn mock_config(args: &Serve) -> Result<Option<PathBuf>, Refusal> {
    let Some(file) = &args.mocks.mock_config else { return Ok(None) };
    MockConfig::load(file).map_err(Refusal::new)?;
    Ok(Some(file.clone()))
}

fn observer(log: Option<&Arc<ExecutionLog>>, events: Option<&Arc<StatusEvents>>) -> Option<Arc<dyn Observer>> {
    let log = log.map(|log| log.clone() as Arc<dyn Observer>);
    let events = events.map(|events| events.clone() as Arc<dyn Observer>);
    let mut observers: Vec<Arc<dyn Observer>> = log.into_iter().chain(events).collect();
    match observers.len() {
        0 | 1 => observers.pop(),
        _ => Some(Arc::new(Observers(observers))),
    }
}

impl Opening {
    /// As the arguments say.
    pub async fn new(args: &Serve, log: Option<&Arc<ExecutionLog>>) -> Result<Opening, Refusal> {
        let config = tasks::serving(args.config.as_deref(), args.template.template.as_deref(), args.aws)?;
        let region = args.region.clone().unwrap_or_else(|| config.aws.local_region().to_owned());
        let events = config.events.as_ref().map(StatusEvents::start);
        let place = Place { region: region.clone(), account: args.account.clone() };
        let (template, router): (_, Arc<dyn Invoker>) = match args.template.given(&BTreeMap::new(), place) {
            Some(given) => {
                let live = Arc::new(Live::begin(given, config, args.mock_all).await?);
                let invoker = live.invoker();
                (Some(live), invoker)
            }
            None => (None, Arc::new(tasks::serving_router(config, args.mock_all).await)),
        };
        let store = match &args.data {
            Some(directory) => store::options(directory, args.store),
            None => stores::Options::memory(),
        };
        let config = Config {
            region,
            account: args.account.clone(),
            limits: args.limits.clone(),
            pace: args.waiting.wait_scale,
            quotas: if args.limits == Limits::OFF { Quotas::OFF } else { Quotas::AWS },
            retain: args.retain.0,
            observer: observer(log, events.as_ref()),
            created_activities_only: true,
            idle: true,
            ..Config::new(store, router)
        };
        let options = Options {
            limited: args.limits.payload_bytes == Limits::AWS.payload_bytes,
            mock_config: mock_config(args)?,
            status_events: events,
            ..Options::default()
        };
        Ok(Opening { config, kind: args.store, options, load: args.loading.load.clone(), template })
    }

    /// The region in ARNs.
    pub fn region(&self) -> &str {
        &self.config.region
    }

    /// The template that is served.
    pub fn template(&self) -> Option<&Arc<Live>> {
        self.template.as_ref()
    }

    /// Who tells of changes of executions' status.
    pub fn status_events(&self) -> Option<Arc<StatusEvents>> {
        self.options.status_events.clone()
    }

    /// Whether AWS's limits hold.
    pub fn limited(&self) -> bool {
        self.options.limited
    }

    /// Opens the engine, registers what is to be loaded, and goes on with what the store holds.
    pub async fn open(&self) -> Result<Arc<Api>, Refusal> {
        let engine = store::open(self.config.clone(), self.kind).await?;
        engine.count_running().await?;
        if let Some(directory) = &self.load {
            let sources = load::find(directory)?;
            let wrong = load::register(&engine, &sources, self.limited()).await;
            if wrong > 0 {
                let (count, directory) = (sources.len(), directory.display());
                return Err(Refusal::new(format!(
                    "{wrong} of {count} definitions in {directory} cannot be registered"
                )));
            }
        }
        if let Some(template) = &self.template {
            template.register(&engine, self.limited()).await?;
        }
        let api = Api::for_own_calls_too(engine.clone(), self.options.clone());
        engine.go_on().await;
        Ok(api)
    }
}
