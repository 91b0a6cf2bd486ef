//! `--template`: what a template makes is registered at the start, and with `--watch` again when it changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use async_trait::async_trait;
use stepwell_api::Api;
use stepwell_asl::MachineType;
use stepwell_engine::Engine;
use stepwell_engine::arn::Place;
use stepwell_engine::invoke::{Answer, Config, Invoker, Router, Task};

use super::watch::{MOMENT, Stamp, stamp};
use crate::definition::Examined;
use crate::output::{self, FAINT, STRONG, Styled};
use crate::refusal::Refusal;
use crate::tasks;
use crate::template::{Given, Machine, Template};

/// A template that is served.
pub struct Live {
    given: Given,
    /// The routes of `stepwell.toml` alone.
    config: Config,
    mock_all: bool,
    router: Arc<Current>,
    template: Mutex<Arc<Template>>,
}

/// The router of the template as it is now. A call that is under way ends where it began.
pub struct Current(RwLock<Arc<Router>>);

#[async_trait]
impl Invoker for Current {
    async fn invoke(&self, task: &Task) -> Answer {
        self.router().invoke(task).await
    }

    fn takes(&self, task: &Task) -> bool {
        self.router().takes(task)
    }

    fn answers_for_callback(&self, task: &Task) -> bool {
        self.router().answers_for_callback(task)
    }
}

impl Current {
    fn router(&self) -> Arc<Router> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Live {
    /// Reads the template and takes its functions to the routes.
    pub async fn begin(given: Given, config: Config, mock_all: bool) -> Result<Live, Refusal> {
        let template = given.load()?;
        let router = Arc::new(Current(RwLock::new(router(&template, &config, mock_all).await)));
        Ok(Live { given, config, mock_all, router, template: Mutex::new(Arc::new(template)) })
    }

    /// Takes tasks to the routes and the template's functions.
    pub fn invoker(&self) -> Arc<Current> {
        self.router.clone()
    }

    fn template(&self) -> Arc<Template> {
        self.template.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Registers all state machines and activities, or none: what is wrong with any of them is told.
    pub async fn register(&self, engine: &Engine, limited: bool) -> Result<(), Refusal> {
        register(&self.template(), engine, limited).await
    }

    /// What the template makes, for people.
    pub fn summary(&self) -> String {
        summary(&self.template(), &self.given.place)
    }

    /// Registers everything again when a file changes, until it is dropped. `api` gives the operations as they are then.
    pub async fn watch(&self, limited: bool, api: impl Fn() -> Arc<Api>) {
        let mut taken = self.stamps();
        let mut seen = taken.clone();
        loop {
            tokio::time::sleep(MOMENT).await;
            let now = self.stamps();
            // Editors write in several steps: only what stays the same for a moment is taken.
            if now == seen && now != taken {
                match self.reload(api().engine(), limited).await {
                    Ok(()) => output::tell(&format!("{} was read again\n{}", self.template().file(), self.summary())),
                    Err(refusal) => output::tell_refusal(&refusal),
                }
                // By now it may name other files. What changed while it was read is still another one.
                let stamps = self.stamps().into_iter();
                taken = stamps.map(|(path, later)| (path.clone(), now.get(&path).copied().unwrap_or(later))).collect();
                seen = taken.clone();
            } else {
                seen = now;
            }
        }
    }

    /// The template is taken as it is now, if it can be.
    async fn reload(&self, engine: &Engine, limited: bool) -> Result<(), Refusal> {
        let template = Arc::new(self.given.load()?);
        register(&template, engine, limited).await?;
        let router = router(&template, &self.config, self.mock_all).await;
        *self.router.0.write().unwrap_or_else(PoisonError::into_inner) = router;
        *self.template.lock().unwrap_or_else(PoisonError::into_inner) = template;
        Ok(())
    }

    /// The template and the definitions that it names.
    fn files(&self) -> Vec<PathBuf> {
        let template = self.template();
        let definitions = template.definition_files().cloned();
        std::iter::once(self.given.path.clone()).chain(definitions).collect()
    }

    fn stamps(&self) -> BTreeMap<PathBuf, Option<Stamp>> {
        self.files().into_iter().map(|path| (path.clone(), stamp(&path))).collect()
    }
}

async fn router(template: &Template, config: &Config, mock_all: bool) -> Arc<Router> {
    let mut config = config.clone();
    template.add_routes(&mut config, mock_all);
    Arc::new(tasks::serving_router(config, mock_all).await)
}

async fn register(template: &Template, engine: &Engine, limited: bool) -> Result<(), Refusal> {
    template.tell_repeated();
    let (machines, activities) = (template.machines()?, template.activities()?);
    let mut examined = Vec::with_capacity(machines.len());
    let mut wrong = 0;
    for machine in machines {
        match examine(machine, limited) {
            Ok(found) => examined.push((machine, found)),
            Err(refusal) => {
                output::tell_refusal(&refusal);
                wrong += 1;
            }
        }
    }
    if wrong > 0 {
        let (all, file) = (examined.len() + wrong, template.file());
        return Err(Refusal::new(format!("{wrong} of {all} state machines in {file} cannot be registered")));
    }
    for name in activities {
        let arn = engine.create_activity(name).await?;
        tracing::info!(%arn, "an activity of the template was made");
    }
    for (machine, examined) in &examined {
        let text = examined.definition.as_ref().map_or("", |definition| definition.text());
        let of_machine = |why: stepwell_engine::EngineError| Refusal::new(format!("{}: {why}", machine.id));
        let registered = engine.register(&machine.name, text, machine.kind).await.map_err(of_machine)?;
        tracing::info!(arn = %registered.arn, "a state machine of the template was registered");
    }
    Ok(())
}

fn examine(machine: &Machine, limited: bool) -> Result<Examined, Refusal> {
    let defines = BTreeMap::new();
    let examined = machine.examine(&defines, limited)?;
    examined.compile()?; // tells what is wrong, and where
    machine.tell_unsubstituted(&examined, &defines);
    Ok(examined)
}

fn summary(template: &Template, place: &Place) -> String {
    let mut text = String::new();
    let mut line = |what: &str, name: &str, more: &str| {
        text.push_str(&format!("  {what:<13} {}  {}\n", Styled(STRONG, name), Styled(FAINT, output::printable(more))));
    };
    for machine in template.machines().unwrap_or_default() {
        let kind = match machine.kind {
            MachineType::Standard => "",
            MachineType::Express => " (Express)",
        };
        line("state machine", &machine.name, &format!("{}{kind}", place.state_machine(&machine.name)));
    }
    for name in template.activities().unwrap_or_default() {
        line("activity", name, &place.activity(name));
    }
    for function in template.functions() {
        let target = &function.target;
        let handler = match function.is_inline {
            true => format!("{}, in the template", target.handler),
            false => relative(&target.directory.join(&target.handler)).display().to_string(),
        };
        line("function", &function.name, &format!("{} {handler}", function.runtime));
    }
    for (name, reason) in template.left_out() {
        line("left out", name, &reason);
    }
    for machine in template.machines().unwrap_or_default().iter().filter(|machine| !machine.events.is_empty()) {
        line("not run", &machine.events.join(", "), &format!("events of {} do not happen here", machine.name));
    }
    text
}

/// A path as people write it here.
fn relative(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).to_owned()
}
