//! The tables of `stepwell.toml` as they are written, and the checks that TOML's grammar does not make: which key belongs
//! to which invoker, ranges, the form of handlers and headers, values that JSON does not have.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use serde::Deserialize;
use stepwell_asl::{Number, Value};
use toml::Spanned;

use super::super::environment::Environment;
use super::super::services::model;
use super::outgoing_table::{self, ConnectionTable, EventsTable, HttpTable};
use super::{
    Aws, Config, ConfigError, HttpTarget, LambdaTarget, MockAnswer, Pattern, Pool, ProcessTarget, Route, Runtime,
    ServiceEndpoint, Target, is_region,
};

const TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
/// Longer than any function runs on AWS, which ends it itself after 15 minutes.
const LAMBDA_TIMEOUT_DEFAULT: Duration = Duration::from_secs(16 * 60);
/// A day: nothing that runs longer is a function.
const TIMEOUT_S_MAX: f64 = 86_400.0;
const PROCESS_CONCURRENCY_DEFAULT: usize = 4;
/// Far above what one machine runs at once, and below the semaphore's own limit.
const CONCURRENCY_MAX: u32 = 100_000;
const MEMORY_MB_DEFAULT: u32 = 128;
/// A hundred times what Lambda gives.
const MEMORY_MB_MAX: u32 = 1_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
struct FileTable {
    #[serde(default)]
    aws: AwsTable,
    #[serde(default)]
    pool: PoolTable,
    #[serde(default)]
    route: Vec<RouteTable>,
    #[serde(default)]
    http: HttpTable,
    #[serde(default)]
    connections: BTreeMap<String, Spanned<ConnectionTable>>,
    events: Option<Spanned<EventsTable>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "the table [aws]")]
struct AwsTable {
    real: Option<bool>,
    region: Option<Spanned<String>>,
    endpoint: Option<Spanned<String>>,
    #[serde(default)]
    endpoints: BTreeMap<Spanned<String>, Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "the table [pool]")]
struct PoolTable {
    concurrency: Option<Spanned<toml::Value>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Invoker {
    Process,
    Lambda,
    Http,
    Mock,
}

/// Every key that any route can have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table [[route]]")]
struct RouteTable {
    r#match: Spanned<String>,
    invoker: Spanned<Invoker>,
    concurrency: Option<Spanned<toml::Value>>,
    timeout_s: Option<Spanned<toml::Value>>,
    runtime: Option<Spanned<Runtime>>,
    handler: Option<Spanned<String>>,
    command: Option<Spanned<Vec<String>>>,
    directory: Option<Spanned<String>>,
    environment: Option<Spanned<BTreeMap<String, String>>>,
    memory_mb: Option<Spanned<toml::Value>>,
    url: Option<Spanned<String>>,
    headers: Option<Spanned<BTreeMap<Spanned<String>, Spanned<String>>>>,
    endpoint: Option<Spanned<String>>,
    region: Option<Spanned<String>>,
    role: Option<Spanned<String>>,
    result: Option<Spanned<toml::Value>>,
    error: Option<Spanned<ErrorTable>>,
    sequence: Option<Spanned<Vec<StepTable>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table such as { name = \"E\" }")]
struct ErrorTable {
    name: String,
    cause: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table with `result` or `error`")]
struct StepTable {
    result: Option<Spanned<toml::Value>>,
    error: Option<ErrorTable>,
}

/// Something wrong, and where in the text.
pub(super) struct Fault(pub(super) Range<usize>, pub(super) String);

pub(super) type Checked<T> = Result<T, Fault>;

/// Reads the text of a file whose directories are relative to `base`.
pub(super) fn read(text: &str, path: &Path, base: &Path) -> Result<Config, ConfigError> {
    let parsed = toml::from_str::<FileTable>(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let message = match text.get(span.start..) {
            Some(rest) if rest.starts_with("[route]") => "routes are an array: write `[[route]]`".to_owned(),
            _ => in_toml_words(error.message().trim_end()),
        };
        Fault(span, message)
    });
    parsed.and_then(|file| file_config(file, base)).map_err(|Fault(span, message)| ConfigError {
        path: path.to_owned(),
        place: Some(place(text, span.start)),
        message,
    })
}

/// What serde says of a value that has the wrong type, in TOML's words.
fn in_toml_words(message: &str) -> String {
    message
        .replace("invalid type: map", "invalid type: table")
        .replace("invalid type: sequence", "invalid type: array")
        .replace("expected a sequence", "expected an array")
        .replace("expected a map", "expected a table")
        .replace("wanted string or table", "expected a string")
}

fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

fn file_config(file: FileTable, base: &Path) -> Checked<Config> {
    Ok(Config {
        aws: Aws {
            real: file.aws.real.unwrap_or_default(),
            region: file.aws.region.map(region).transpose()?,
            endpoint: file.aws.endpoint.map(url).transpose()?,
            endpoints: file.aws.endpoints.into_iter().map(service_endpoint).collect::<Checked<_>>()?,
            environment: Environment::default(),
        },
        pool: Pool { concurrency: concurrency(file.pool.concurrency)?.unwrap_or(Pool::default().concurrency) },
        routes: file.route.into_iter().map(|table| route(table, base)).collect::<Checked<_>>()?,
        http: outgoing_table::http(file.http)?,
        connections: outgoing_table::connections(file.connections)?,
        events: file.events.map(outgoing_table::events).transpose()?,
    })
}

fn route(table: RouteTable, base: &Path) -> Checked<Route> {
    refuse_foreign_keys(&table)?;
    if table.r#match.get_ref().is_empty() {
        let message = "`match` is empty, and so is no task's name; \"*\" takes every task";
        return Err(Fault(table.r#match.span(), message.to_owned()));
    }
    let pattern = Pattern::new(table.r#match.get_ref().clone());
    let concurrency = concurrency(table.concurrency.clone())?;
    Ok(match table.invoker.get_ref() {
        Invoker::Process => Route {
            pattern,
            concurrency: concurrency.or(Some(PROCESS_CONCURRENCY_DEFAULT)),
            target: Target::Process(process(table, base)?),
        },
        Invoker::Lambda => Route { pattern, concurrency, target: Target::Lambda(lambda(table)?) },
        Invoker::Http => Route { pattern, concurrency, target: Target::Http(http(table)?) },
        Invoker::Mock => Route { pattern, concurrency, target: Target::Mock(mock(table)?) },
    })
}

/// Refuses the keys of other invokers: they would do nothing, and someone thinks they do.
fn refuse_foreign_keys(table: &RouteTable) -> Checked<()> {
    use Invoker::{Http, Lambda, Process};
    fn span<T>(key: &Option<Spanned<T>>) -> Option<Range<usize>> {
        key.as_ref().map(Spanned::span)
    }
    type Key<'a> = (&'a str, Option<Range<usize>>, &'a [Invoker]);
    let keys: [Key; 16] = [
        ("concurrency", span(&table.concurrency), &[Process, Lambda, Http]),
        ("timeout_s", span(&table.timeout_s), &[Process, Lambda, Http]),
        ("runtime", span(&table.runtime), &[Process]),
        ("handler", span(&table.handler), &[Process]),
        ("command", span(&table.command), &[Process]),
        ("directory", span(&table.directory), &[Process]),
        ("environment", span(&table.environment), &[Process]),
        ("memory_mb", span(&table.memory_mb), &[Process]),
        ("url", span(&table.url), &[Http]),
        ("headers", span(&table.headers), &[Http]),
        ("endpoint", span(&table.endpoint), &[Lambda]),
        ("region", span(&table.region), &[Lambda]),
        ("role", span(&table.role), &[Lambda]),
        ("result", span(&table.result), &[Invoker::Mock]),
        ("error", span(&table.error), &[Invoker::Mock]),
        ("sequence", span(&table.sequence), &[Invoker::Mock]),
    ];
    let invoker = *table.invoker.get_ref();
    for (name, span, owners) in keys {
        if let Some(span) = span.filter(|_| !owners.contains(&invoker)) {
            let owners: Vec<String> = owners.iter().map(|owner| format!("\"{}\"", owner.name())).collect();
            let message = format!(
                "`{name}` is no key of a route with invoker \"{}\", only of {}",
                invoker.name(),
                owners.join(", ")
            );
            return Err(Fault(span, message));
        }
    }
    Ok(())
}

impl Invoker {
    fn name(self) -> &'static str {
        match self {
            Invoker::Process => "process",
            Invoker::Lambda => "lambda",
            Invoker::Http => "http",
            Invoker::Mock => "mock",
        }
    }
}

fn process(table: RouteTable, base: &Path) -> Checked<ProcessTarget> {
    let invoker = table.invoker.span();
    let command = table.command.map(Spanned::into_inner).unwrap_or_default();
    let runtime = match table.runtime.map(Spanned::into_inner) {
        Some(Runtime::Provided) | None if command.is_empty() => {
            let message = "a process needs `runtime = \"python3\"` or `\"nodejs\"` with a `handler`, or a `command`";
            return Err(Fault(invoker, message.to_owned()));
        }
        Some(runtime) => runtime,
        None => Runtime::Provided,
    };
    let handler = match table.handler {
        None if runtime == Runtime::Provided => String::new(),
        None => {
            let message = "a process with this runtime needs a `handler` such as \"app.handler\"";
            return Err(Fault(invoker, message.to_owned()));
        }
        Some(handler) if runtime != Runtime::Provided && !is_handler(handler.get_ref()) => {
            let message =
                format!("`{}` is no handler: it names a file and a function, \"app.handler\"", handler.get_ref());
            return Err(Fault(handler.span(), message));
        }
        Some(handler) => handler.into_inner(),
    };
    Ok(ProcessTarget {
        runtime,
        handler,
        command,
        directory: table.directory.map_or(base.to_owned(), |directory| base.join(directory.get_ref())),
        timeout: timeout(table.timeout_s, TIMEOUT_DEFAULT)?,
        environment: table.environment.map(Spanned::into_inner).unwrap_or_default(),
        memory_mb: whole("memory_mb", table.memory_mb, MEMORY_MB_MAX)?.unwrap_or(MEMORY_MB_DEFAULT),
    })
}

/// Whether the last part of the path has a dot with something on both sides.
fn is_handler(text: &str) -> bool {
    let file = text.rsplit('/').next().unwrap_or(text);
    file.split_once('.').is_some_and(|(module, name)| !module.is_empty() && !name.is_empty() && !name.ends_with('.'))
}

fn lambda(table: RouteTable) -> Checked<LambdaTarget> {
    Ok(LambdaTarget {
        endpoint: table.endpoint.map(url).transpose()?,
        region: table.region.map(region).transpose()?,
        role: table.role.map(Spanned::into_inner),
        timeout: timeout(table.timeout_s, LAMBDA_TIMEOUT_DEFAULT)?,
    })
}

fn http(table: RouteTable) -> Checked<HttpTarget> {
    let Some(address) = table.url else {
        return Err(Fault(table.invoker.span(), "a route with invoker \"http\" needs a `url`".to_owned()));
    };
    Ok(HttpTarget {
        url: url(address)?,
        headers: table.headers.map_or(Ok(BTreeMap::new()), |table| headers(table.into_inner()))?,
        timeout: timeout(table.timeout_s, TIMEOUT_DEFAULT)?,
    })
}

fn headers(table: BTreeMap<Spanned<String>, Spanned<String>>) -> Checked<BTreeMap<String, String>> {
    let header = |(name, value): (Spanned<String>, Spanned<String>)| {
        if name.get_ref().parse::<HeaderName>().is_err() {
            return Err(Fault(name.span(), format!("`{}` is no name of a header", name.get_ref())));
        }
        if value.get_ref().parse::<HeaderValue>().is_err() {
            let message = format!("the value of header `{}` has characters that a header cannot have", name.get_ref());
            return Err(Fault(value.span(), message));
        }
        Ok((name.into_inner(), value.into_inner()))
    };
    table.into_iter().map(header).collect()
}

fn mock(table: RouteTable) -> Checked<Vec<MockAnswer>> {
    let invoker = table.invoker.span();
    match (table.result, table.error, table.sequence) {
        (Some(result), None, None) => Ok(vec![mock_result(result)?]),
        (None, Some(error), None) => Ok(vec![mock_error(error.into_inner())]),
        (None, None, Some(sequence)) if !sequence.get_ref().is_empty() => {
            let span = sequence.span();
            sequence.into_inner().into_iter().map(|step| mock_step(step, &span)).collect()
        }
        _ => {
            let message = "a mock needs just one of `result`, `error` and a `sequence` that is not empty";
            Err(Fault(invoker, message.to_owned()))
        }
    }
}

fn mock_step(step: StepTable, span: &Range<usize>) -> Checked<MockAnswer> {
    match (step.result, step.error) {
        (Some(result), None) => mock_result(result),
        (None, Some(error)) => Ok(mock_error(error)),
        (Some(_), Some(_)) | (None, None) => {
            Err(Fault(span.clone(), "each step of a `sequence` has either `result` or `error`".to_owned()))
        }
    }
}

fn mock_error(error: ErrorTable) -> MockAnswer {
    MockAnswer::Error { name: error.name, cause: error.cause }
}

fn mock_result(value: Spanned<toml::Value>) -> Checked<MockAnswer> {
    let span = value.span();
    json(value.into_inner()).map(MockAnswer::Result).map_err(|reason| Fault(span, reason))
}

/// TOML knows dates, which become text, and numbers that JSON does not, which nothing can stand for.
fn json(value: toml::Value) -> Result<Value, String> {
    Ok(match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => Value::Number(
            Number::from_f64(number).ok_or_else(|| format!("`result` has {number}, which is no number in JSON"))?,
        ),
        toml::Value::Boolean(value) => value.into(),
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(json).collect::<Result<_, _>>()?,
        toml::Value::Table(members) => {
            members.into_iter().map(|(name, value)| Ok((name, json(value)?))).collect::<Result<_, String>>()?
        }
    })
}

pub(super) fn url(text: Spanned<String>) -> Checked<String> {
    if text.get_ref().starts_with("http://") || text.get_ref().starts_with("https://") {
        return Ok(text.into_inner());
    }
    Err(Fault(text.span(), format!("`{}` does not start with http:// or https://", text.get_ref())))
}

/// A service by its name in resources, or by botocore's, and where it is.
fn service_endpoint((name, place): (Spanned<String>, Spanned<String>)) -> Checked<(String, ServiceEndpoint)> {
    let wanted = name.get_ref();
    let known = model::entries().iter().find(|entry| entry.name == *wanted || entry.botocore == *wanted);
    let Some(entry) = known else {
        let names = model::entries().iter().map(|entry| entry.name.as_str());
        let meant = model::nearest(wanted, names).map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        return Err(Fault(name.span(), format!("`{wanted}` is no service of AWS{meant}")));
    };
    let place = match place.get_ref().as_str() {
        "aws" => ServiceEndpoint::Aws,
        _ => ServiceEndpoint::Url(url(place)?),
    };
    Ok((entry.name.clone(), place))
}

fn region(text: Spanned<String>) -> Checked<String> {
    if is_region(text.get_ref()) {
        return Ok(text.into_inner());
    }
    Err(Fault(text.span(), format!("`{}` is no region such as \"eu-west-1\"", text.get_ref())))
}

fn concurrency(number: Option<Spanned<toml::Value>>) -> Checked<Option<usize>> {
    let number = whole("concurrency", number, CONCURRENCY_MAX)?;
    Ok(number.map(|number| number as usize))
}

/// A whole number from 1 to `max`.
fn whole(key: &str, number: Option<Spanned<toml::Value>>, max: u32) -> Checked<Option<u32>> {
    let Some(number) = number else { return Ok(None) };
    let whole = number.get_ref().as_integer().and_then(|number| u32::try_from(number).ok());
    match whole.filter(|number| (1..=max).contains(number)) {
        Some(whole) => Ok(Some(whole)),
        None => Err(Fault(number.span(), format!("`{key}` is a whole number from 1 to {max}"))),
    }
}

pub(super) fn timeout(seconds: Option<Spanned<toml::Value>>, default: Duration) -> Checked<Duration> {
    let Some(number) = seconds else { return Ok(default) };
    let seconds = match number.get_ref() {
        toml::Value::Integer(seconds) => Some(*seconds as f64),
        value => value.as_float(),
    };
    match seconds.filter(|seconds| *seconds > 0.0 && *seconds <= TIMEOUT_S_MAX) {
        Some(seconds) => Ok(Duration::from_secs_f64(seconds)),
        None => Err(Fault(number.span(), format!("`timeout_s` is a number above 0 and at most {TIMEOUT_S_MAX}"))),
    }
}
