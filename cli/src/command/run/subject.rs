//! What is run: a state machine's name and definition, from a file of its own or out of a template, and where its tasks go.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use stepwell_asl::compile::compile;
use stepwell_asl::{Definition, MachineType};
use stepwell_engine::arn::Place;
use stepwell_engine::invoke::Config;
use stepwell_engine::runner;

use super::memory::ACCOUNT;
use crate::args::Run;
use crate::definition::{Examined, defines, examine_file, tell_unused};
use crate::refusal::Refusal;
use crate::template::{Machine, Template};
use crate::{files, tasks};

/// A state machine that is to be run.
pub struct Subject {
    /// Its name.
    pub machine: String,
    pub examined: Examined,
    pub config: Config,
    /// The other state machines of the template, whose executions states can start.
    pub others: Vec<Other>,
    /// Holds code of functions.
    _template: Option<Template>,
}

/// A state machine beside the one that is run.
pub struct Other {
    pub name: String,
    pub kind: MachineType,
    /// Its definition, which is valid.
    pub text: String,
}

impl Subject {
    /// As the arguments say.
    pub fn of(args: &Run) -> Result<Subject, Refusal> {
        let limited = args.limits.payload_bytes.is_some();
        match &args.template.template {
            Some(_) => Subject::of_template(args, limited),
            // The command line would see to it, had FILE and --template nothing to do with each other.
            None if args.state_machine.is_some() => Err(Refusal::new("--state-machine needs --template <FILE>")),
            None if !args.template.parameters.is_empty() => Err(Refusal::new("--parameter needs --template <FILE>")),
            None => {
                let file = args.path();
                let examined = examine_file(file, &defines(&args.defines), MachineType::Standard, limited)?;
                if !args.quiet {
                    tell_unused(&examined.unused_defines);
                }
                let (machine, config) = (machine_name(file), tasks::config(args)?);
                Ok(Subject { machine, examined, config, others: Vec::new(), _template: None })
            }
        }
    }

    fn of_template(args: &Run, limited: bool) -> Result<Subject, Refusal> {
        let defines = defines(&args.defines);
        let mut config = tasks::config(args)?;
        let place = Place { region: config.aws.local_region().to_owned(), account: ACCOUNT.to_owned() };
        let given = args.template.given(&defines, place);
        let template = given.ok_or_else(|| Refusal::new("--template FILE is needed"))?.load()?;
        let machine = template.machine(args.state_machine.as_deref())?;
        let examined = machine.examine(&defines, limited)?;
        if !args.quiet {
            template.tell_repeated();
            tell_unused(&examined.unused_defines);
            machine.tell_unsubstituted(&examined, &defines);
        }
        let machine = machine.name.clone();
        let can_start = starts_executions(&examined);
        let others = template.sound_machines().filter(|other| can_start && other.name != machine);
        let others = others.filter_map(|other| Other::of(other, &defines, limited)).collect();
        template.add_routes(&mut config, args.mock_all);
        Ok(Subject { machine, examined, config, others, _template: Some(template) })
    }
}

/// Whether a definition may start executions of other state machines: most do not, and others need not be read then.
fn starts_executions(examined: &Examined) -> bool {
    let text = examined.definition.as_ref().map_or("", |definition| definition.text());
    ["startExecution", "startSyncExecution"].iter().any(|action| text.contains(action))
}

impl Other {
    /// What is wrong with it is nothing to a run that does not start it: a state that does will say that it is not there.
    fn of(machine: &Machine, defines: &BTreeMap<String, String>, limited: bool) -> Option<Other> {
        let examined = machine.examine(defines, limited).ok()?;
        examined.program()?;
        let text = examined.definition?.text().to_owned();
        Some(Other { name: machine.name.clone(), kind: machine.kind, text })
    }

    /// The machine, for a run in memory.
    pub fn to_machine(&self) -> Option<runner::Machine> {
        let (definition, _) = Definition::parse(self.text.as_bytes(), &BTreeMap::new());
        let program = compile(definition?.value()).ok()?;
        let express = self.kind == MachineType::Express;
        Some(runner::Machine { name: self.name.as_str().into(), express, program: Arc::new(program) })
    }
}

/// The machine is named after its file: `order.asl.json` is `order`.
fn machine_name(file: &Path) -> String {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = name.split('.').find(|part| !part.is_empty()).unwrap_or_default();
    let kept: String = stem.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_').take(80).collect();
    if kept.is_empty() || files::is_stdin(file) { "state-machine".to_owned() } else { kept }
}
