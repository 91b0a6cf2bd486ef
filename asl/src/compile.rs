//! From a definition that has been validated to a [`Program`]. What validation lets through compiles; should a rule be
//! missing there, the error here names the place.

use std::collections::HashMap;

use md5::{Digest, Md5};

use crate::choice::{Operator, Rule, Test};
use crate::jsonata;
use crate::path::{ReferencePath, Selector};
use crate::program::{
    Choice, Completion, Fail, ItemBatcher, Map, Parallel, Pass, PathField, Phrase, Program, Quantity, QueryLanguage,
    ResultPath, State, StateId, StateKind, Task, Transition, Unsupported, Wait,
};
use crate::query::Query;
use crate::resource::{Resource, ResourceKind};
use crate::retry::{Catcher, Retrier};
use crate::template::Template;
use crate::time::Timestamp;
use crate::value::{Object, Text, Value};

/// A definition that does not compile: where, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError {
    /// JSON pointer.
    pub pointer: String,
    /// A sentence.
    pub message: String,
}

type Compiled<T> = Result<T, CompileError>;

/// Compiles a definition.
pub fn compile(definition: &Value) -> Compiled<Program> {
    let root = Fields::new(definition, String::new())?;
    let language = query_language(&root, QueryLanguage::JsonPath);
    let mut compiler = Compiler::default();
    let start = compiler.machine(&root, language)?;
    let timeout_s = root.get("TimeoutSeconds").and_then(Value::as_number).and_then(serde_json::Number::as_u64);
    let mut states = Vec::with_capacity(compiler.states.len());
    for state in compiler.states {
        states.push(state.ok_or_else(|| root.wrong("A state was left out"))?);
    }
    let has_jsonata = states.iter().any(|state| state.language == QueryLanguage::Jsonata);
    Ok(Program { start, states: states.into(), timeout_s, unsupported: compiler.unsupported.into(), has_jsonata })
}

#[derive(Default)]
struct Compiler {
    states: Vec<Option<State>>,
    unsupported: Vec<Unsupported>,
}

/// An object of the definition, with its place.
struct Fields<'a> {
    members: &'a Object,
    pointer: String,
    /// The way from the state to here, as AWS shows it: `Catch[0]`. Empty for the state itself.
    within: String,
}

impl<'a> Fields<'a> {
    fn new(value: &'a Value, pointer: String) -> Compiled<Fields<'a>> {
        match value.as_object() {
            Some(members) => Ok(Fields { members, pointer, within: String::new() }),
            None => Err(CompileError { pointer, message: "An object is needed here".into() }),
        }
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name)
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.get(name).and_then(Value::as_str)
    }

    fn required(&self, name: &str) -> Compiled<&'a str> {
        self.text(name).ok_or_else(|| self.wrong(&format!("The field '{name}' is required but was missing")))
    }

    fn at(&self, name: &str) -> String {
        format!("{}/{}", self.pointer, name.replace('~', "~0").replace('/', "~1"))
    }

    fn object(&self, name: &str) -> Compiled<Option<Fields<'a>>> {
        let within = |fields| Fields { within: self.field(name), ..fields };
        self.get(name).map(|value| Fields::new(value, self.at(name)).map(within)).transpose()
    }

    fn array(&self, name: &str) -> Compiled<Vec<Fields<'a>>> {
        let Some(items) = self.get(name).and_then(Value::as_array) else { return Ok(Vec::new()) };
        let (pointer, field) = (self.at(name), self.field(name));
        let entry = |(at, item)| {
            let fields = Fields::new(item, format!("{pointer}/{at}"))?;
            Ok(Fields { within: format!("{field}[{at}]"), ..fields })
        };
        items.iter().enumerate().map(entry).collect()
    }

    /// The way from the state to a field.
    fn field(&self, name: &str) -> String {
        if self.within.is_empty() { name.to_owned() } else { format!("{}/{name}", self.within) }
    }

    fn wrong(&self, message: &str) -> CompileError {
        CompileError { pointer: self.pointer.clone(), message: message.into() }
    }
}

fn query_language(fields: &Fields<'_>, inherited: QueryLanguage) -> QueryLanguage {
    match fields.text("QueryLanguage") {
        Some("JSONata") => QueryLanguage::Jsonata,
        Some("JSONPath") => QueryLanguage::JsonPath,
        _ => inherited,
    }
}

type Names<'a> = HashMap<&'a str, StateId>;

impl Compiler {
    /// Compiles one machine (the root, a branch, an item processor) and gives its first state.
    fn machine(&mut self, fields: &Fields<'_>, language: QueryLanguage) -> Compiled<StateId> {
        let states =
            fields.object("States")?.ok_or_else(|| fields.wrong("The field 'States' is required but was missing"))?;
        let mut names = Names::new();
        for name in states.members.keys() {
            names.insert(name, StateId(self.states.len() as u32));
            self.states.push(None);
        }
        for (name, definition) in states.members.iter() {
            let id = names[&**name];
            let state = self.state(name, &Fields::new(definition, states.at(name))?, language, &names)?;
            self.states[id.0 as usize] = Some(state);
        }
        target(fields, fields.required("StartAt")?, &names)
    }

    fn state(
        &mut self,
        name: &Text,
        fields: &Fields<'_>,
        language: QueryLanguage,
        names: &Names<'_>,
    ) -> Compiled<State> {
        let language = query_language(fields, language);
        let kind = match fields.required("Type")? {
            "Choice" => StateKind::Choice(self.choice(fields, language, names)?),
            "Fail" => StateKind::Fail(Fail {
                error: phrase(fields, language, "Error", "ErrorPath")?,
                cause: phrase(fields, language, "Cause", "CausePath")?,
            }),
            "Map" => StateKind::Map(self.map(name, fields, language, names)?),
            "Parallel" => StateKind::Parallel(self.parallel(fields, language, names)?),
            "Pass" => StateKind::Pass(pass(fields, language)?),
            "Succeed" => StateKind::Succeed,
            "Task" => StateKind::Task(task(fields, language, names)?),
            "Wait" => StateKind::Wait(wait(fields, language)?),
            other => return Err(fields.wrong(&format!("There is no state type '{other}'"))),
        };
        let next = match fields.text("Next") {
            Some(next) => Transition::To(target(fields, next, names)?),
            None => Transition::End,
        };
        Ok(State {
            name: name.clone(),
            pointer: fields.pointer.as_str().into(),
            language,
            input_path: path_field(fields, "InputPath")?,
            output_path: path_field(fields, "OutputPath")?,
            assign: template(fields, language, "Assign")?,
            output: output(fields, language)?,
            next,
            kind,
        })
    }

    fn unsupported(&mut self, fields: &Fields<'_>, what: String) {
        self.unsupported.push(Unsupported { pointer: fields.pointer.as_str().into(), what });
    }

    fn choice(&mut self, fields: &Fields<'_>, language: QueryLanguage, names: &Names<'_>) -> Compiled<Choice> {
        let mut rules = Vec::new();
        for rule in fields.array("Choices")? {
            rules.push(Rule {
                test: test(&rule, language)?,
                next: target(&rule, rule.required("Next")?, names)?,
                assign: template(&rule, language, "Assign")?,
                output: output(&rule, language)?,
            });
        }
        let default = fields.text("Default").map(|name| target(fields, name, names)).transpose()?;
        Ok(Choice { rules: rules.into(), default })
    }

    fn parallel(&mut self, fields: &Fields<'_>, language: QueryLanguage, names: &Names<'_>) -> Compiled<Parallel> {
        let mut branches = Vec::new();
        for branch in fields.array("Branches")? {
            branches.push(self.machine(&branch, query_language(&branch, language))?);
        }
        Ok(Parallel {
            branches: branches.into(),
            parameters: template(fields, language, arguments_field(language))?,
            completion: completion(fields, language, names)?,
        })
    }

    fn map(&mut self, name: &str, fields: &Fields<'_>, language: QueryLanguage, names: &Names<'_>) -> Compiled<Map> {
        let processor = match fields.object("ItemProcessor")? {
            Some(processor) => processor,
            None => fields.object("Iterator")?.ok_or_else(|| fields.wrong("A Map needs an ItemProcessor"))?,
        };
        let config = processor.object("ProcessorConfig")?;
        let configured = |field| config.as_ref().and_then(|config| config.text(field));
        let distributed = configured("Mode") == Some("DISTRIBUTED");
        for field in ["ItemReader", "ItemBatcher", "ResultWriter"] {
            if fields.get(field).is_some() {
                self.unsupported(
                    fields,
                    format!("The field '{field}' of the state '{name}' is not run by this version"),
                );
            }
        }
        let start = self.machine(&processor, query_language(&processor, language))?;
        let selector = if fields.get("ItemSelector").is_some() { "ItemSelector" } else { "Parameters" };
        Ok(Map {
            items_path: fields.text("ItemsPath").map(|path| selector_of(fields, "ItemsPath", path)).transpose()?,
            items: match language {
                QueryLanguage::JsonPath => None,
                QueryLanguage::Jsonata => template(fields, language, "Items")?,
            },
            item_selector: template(fields, language, selector)?,
            processor: start,
            distributed,
            express: configured("ExecutionType") == Some("EXPRESS"),
            label: fields.text("Label").map_or_else(|| made_up_label(name), Text::from),
            max_concurrency: quantity(fields, language, "MaxConcurrency")?,
            tolerated_failure_count: quantity(fields, language, "ToleratedFailureCount")?,
            tolerated_failure_percentage: quantity(fields, language, "ToleratedFailurePercentage")?,
            batcher: fields
                .object("ItemBatcher")?
                .map(|fields| item_batcher(&fields, language).map(Box::new))
                .transpose()?,
            completion: completion(fields, language, names)?,
        })
    }
}

/// The label of a Map that has none: as on AWS it has the form of a UUID. It is the same in every version of a definition.
fn made_up_label(state: &str) -> Text {
    let mut bytes: [u8; 16] = Md5::digest(state.as_bytes()).into();
    bytes[6] = bytes[6] & 0x0f | 0x30;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-").into()
}

fn item_batcher(fields: &Fields<'_>, language: QueryLanguage) -> Compiled<ItemBatcher> {
    Ok(ItemBatcher {
        max_items: quantity(fields, language, "MaxItemsPerBatch")?,
        max_input_bytes: quantity(fields, language, "MaxInputBytesPerBatch")?,
        batch_input: template(fields, language, "BatchInput")?,
    })
}

fn target(fields: &Fields<'_>, name: &str, names: &Names<'_>) -> Compiled<StateId> {
    names.get(name).copied().ok_or_else(|| fields.wrong(&format!("Missing 'Next' target: {name}")))
}

fn arguments_field(language: QueryLanguage) -> &'static str {
    match language {
        QueryLanguage::JsonPath => "Parameters",
        QueryLanguage::Jsonata => "Arguments",
    }
}

fn selector_of(fields: &Fields<'_>, name: &str, text: &str) -> Compiled<Selector> {
    Selector::parse(text).map_err(|why| CompileError { pointer: fields.at(name), message: why.to_string() })
}

fn path_field(fields: &Fields<'_>, name: &str) -> Compiled<PathField> {
    match fields.get(name) {
        None => Ok(PathField::Whole),
        Some(Value::String(text)) if &**text == "$" => Ok(PathField::Whole),
        Some(Value::String(text)) => selector_of(fields, name, text).map(PathField::Select),
        Some(_) => Ok(PathField::Nothing),
    }
}

fn result_path(fields: &Fields<'_>) -> Compiled<ResultPath> {
    match fields.get("ResultPath") {
        None => Ok(ResultPath::Replace),
        Some(Value::String(text)) if &**text == "$" => Ok(ResultPath::Replace),
        Some(Value::String(text)) => ReferencePath::parse(text)
            .map(ResultPath::Write)
            .map_err(|why| CompileError { pointer: fields.at("ResultPath"), message: why.to_string() }),
        Some(_) => Ok(ResultPath::Discard),
    }
}

fn template(fields: &Fields<'_>, language: QueryLanguage, name: &str) -> Compiled<Option<Template>> {
    let Some(value) = fields.get(name) else { return Ok(None) };
    match language {
        QueryLanguage::Jsonata => {
            Template::jsonata(value, &fields.field(name)).map(Some).map_err(|error| no_jsonata(fields, name, &error))
        }
        QueryLanguage::JsonPath => {
            Template::compile(value).map(Some).map_err(|message| CompileError { pointer: fields.at(name), message })
        }
    }
}

/// `Output`, which only JSONata has.
fn output(fields: &Fields<'_>, language: QueryLanguage) -> Compiled<Option<Template>> {
    match language {
        QueryLanguage::JsonPath => Ok(None),
        QueryLanguage::Jsonata => template(fields, language, "Output"),
    }
}

/// A field of a JSONata state that is a single expression; `None` where its text is none.
fn query(fields: &Fields<'_>, name: &str, text: &str) -> Compiled<Option<Query>> {
    Query::compile(text, &fields.field(name)).transpose().map_err(|error| no_jsonata(fields, name, &error))
}

fn no_jsonata(fields: &Fields<'_>, name: &str, error: &jsonata::Error) -> CompileError {
    CompileError { pointer: fields.at(name), message: error.text() }
}

fn phrase(fields: &Fields<'_>, language: QueryLanguage, name: &str, path: &str) -> Compiled<Option<Phrase>> {
    if let Some(value) = fields.get(path) {
        return Template::expression(path, value)
            .map(|template| Some(Phrase::Computed(template)))
            .map_err(|message| CompileError { pointer: fields.at(path), message });
    }
    let Some(Value::String(text)) = fields.get(name) else { return Ok(None) };
    let query = match language {
        QueryLanguage::JsonPath => None,
        QueryLanguage::Jsonata => query(fields, name, text)?,
    };
    Ok(Some(query.map_or_else(|| Phrase::Literal(text.clone()), Phrase::Query)))
}

fn quantity(fields: &Fields<'_>, language: QueryLanguage, name: &str) -> Compiled<Option<Quantity>> {
    let path = format!("{name}Path");
    if let Some(text) = fields.text(&path) {
        return Ok(Some(Quantity::Path(selector_of(fields, &path, text)?)));
    }
    let Some(value) = fields.get(name) else { return Ok(None) };
    let query = match (value, language) {
        (Value::String(text), QueryLanguage::Jsonata) => query(fields, name, text)?,
        _ => None,
    };
    Ok(Some(query.map_or_else(|| Quantity::Fixed(value.clone()), Quantity::Query)))
}

fn pass(fields: &Fields<'_>, language: QueryLanguage) -> Compiled<Pass> {
    Ok(match language {
        QueryLanguage::JsonPath => Pass {
            parameters: template(fields, language, "Parameters")?,
            result: fields.get("Result").cloned(),
            result_path: result_path(fields)?,
        },
        QueryLanguage::Jsonata => Pass::default(),
    })
}

fn task(fields: &Fields<'_>, language: QueryLanguage, names: &Names<'_>) -> Compiled<Task> {
    let resource = Resource::parse(fields.required("Resource")?);
    let credentials = match resource.kind {
        ResourceKind::Function | ResourceKind::Service { .. } => template(fields, language, "Credentials")?,
        ResourceKind::Activity => None,
    };
    Ok(Task {
        resource,
        parameters: template(fields, language, arguments_field(language))?,
        timeout: quantity(fields, language, "TimeoutSeconds")?,
        heartbeat: quantity(fields, language, "HeartbeatSeconds")?,
        credentials,
        completion: completion(fields, language, names)?,
    })
}

fn wait(fields: &Fields<'_>, language: QueryLanguage) -> Compiled<Wait> {
    if let Some(path) = fields.text("SecondsPath") {
        return selector_of(fields, "SecondsPath", path).map(Wait::SecondsPath);
    }
    if let Some(path) = fields.text("TimestampPath") {
        return selector_of(fields, "TimestampPath", path).map(Wait::TimestampPath);
    }
    match (fields.get("Seconds"), fields.get("Timestamp")) {
        (Some(Value::Number(seconds)), _) => Ok(Wait::Seconds(seconds.as_u64().unwrap_or(0))),
        (Some(Value::String(text)), None) if language == QueryLanguage::Jsonata => query(fields, "Seconds", text)?
            .map(Wait::SecondsQuery)
            .ok_or_else(|| fields.wrong("The field 'Seconds' must be a number or a JSONata expression")),
        (None, Some(Value::String(text))) => {
            if language == QueryLanguage::Jsonata
                && let Some(query) = query(fields, "Timestamp", text)?
            {
                return Ok(Wait::TimestampQuery(query));
            }
            Timestamp::parse(text)
                .map(Wait::Timestamp)
                .ok_or_else(|| fields.wrong("String does not match RFC3339 timestamp"))
        }
        _ => Err(fields.wrong("A Wait needs one of Seconds, SecondsPath, Timestamp, TimestampPath")),
    }
}

fn completion(fields: &Fields<'_>, language: QueryLanguage, names: &Names<'_>) -> Compiled<Completion> {
    let retry: Vec<Retrier> = fields.array("Retry")?.iter().map(retrier).collect::<Compiled<_>>()?;
    let catch: Vec<Catcher> =
        fields.array("Catch")?.iter().map(|entry| catcher(entry, language, names)).collect::<Compiled<_>>()?;
    Ok(Completion {
        result_selector: template(fields, language, "ResultSelector")?,
        result_path: result_path(fields)?,
        retry: retry.into(),
        catch: catch.into(),
    })
}

fn condition(fields: &Fields<'_>) -> Compiled<Test> {
    let wrong = || fields.wrong("The field 'Condition' must be a boolean or a JSONata expression");
    match fields.get("Condition") {
        Some(Value::Bool(holds)) => Ok(Test::Always(*holds)),
        Some(Value::String(text)) => query(fields, "Condition", text)?.map(Test::Query).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

fn error_equals(fields: &Fields<'_>) -> Box<[Text]> {
    let names = fields.get("ErrorEquals").and_then(Value::as_array);
    names.into_iter().flat_map(|names| names.iter()).filter_map(Value::as_str).map(Text::from).collect()
}

fn retrier(fields: &Fields<'_>) -> Compiled<Retrier> {
    let number = |name| fields.get(name).and_then(Value::as_number);
    let integer = |name| number(name).and_then(serde_json::Number::as_u64);
    Ok(Retrier {
        error_equals: error_equals(fields),
        interval_s: integer("IntervalSeconds").unwrap_or(1),
        max_attempts: integer("MaxAttempts").map_or(3, |count| u32::try_from(count).unwrap_or(u32::MAX)),
        backoff_rate: number("BackoffRate").and_then(serde_json::Number::as_f64).unwrap_or(2.0),
        max_delay_s: integer("MaxDelaySeconds"),
        full_jitter: fields.text("JitterStrategy") == Some("FULL"),
    })
}

fn catcher(fields: &Fields<'_>, language: QueryLanguage, names: &Names<'_>) -> Compiled<Catcher> {
    Ok(Catcher {
        error_equals: error_equals(fields),
        next: target(fields, fields.required("Next")?, names)?,
        result_path: result_path(fields)?,
        assign: template(fields, language, "Assign")?,
        output: output(fields, language)?,
    })
}

fn test(fields: &Fields<'_>, language: QueryLanguage) -> Compiled<Test> {
    if language == QueryLanguage::Jsonata {
        return condition(fields);
    }
    let nested =
        |name| -> Compiled<Box<[Test]>> { fields.array(name)?.iter().map(|inner| test(inner, language)).collect() };
    if fields.get("And").is_some() {
        return nested("And").map(Test::And);
    }
    if fields.get("Or").is_some() {
        return nested("Or").map(Test::Or);
    }
    if let Some(not) = fields.object("Not")? {
        return test(&not, language).map(|inner| Test::Not(Box::new(inner)));
    }
    let variable = selector_of(fields, "Variable", fields.required("Variable")?)?;
    for (name, value) in fields.members.iter() {
        if let Some(operator) = Operator::parse(name, value) {
            let operator =
                operator.map_err(|why| CompileError { pointer: fields.at(name), message: why.to_string() })?;
            return Ok(Test::Compare(variable, operator));
        }
    }
    Err(fields.wrong("A choice rule needs a comparison"))
}
