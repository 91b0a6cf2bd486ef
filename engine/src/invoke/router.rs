//! The routing table at work: finds the route of a task, waits for a place in the pool, calls, and makes the task's
//! answer of what comes back.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use stepwell_asl::Text;
use stepwell_asl::resource::{Resource, ResourceKind};
use tokio::sync::Semaphore;

use super::admission::{Admission, Permit};
use super::config::{Aws, Config, LambdaTarget, Pattern, Target};
use super::function::{self, CallError, Function, FunctionCall, FunctionResponse, InvocationType};
use super::function_name::FunctionName;
use super::http::HttpFunction;
use super::http_task::{HttpTasks, is_http_task};
use super::lambda_task::{self, Form};
use super::mock::Mock;
use super::process::Processes;
use super::services::integration;
use super::{Answer, Invoker, Sink, Task, mock_all, real_aws};

/// Takes tasks to the invokers that `stepwell.toml` names. Cheap to call from any number of tasks at once.
pub struct Router {
    routes: Vec<Route>,
    aws: Aws,
    unrouted: Admission,
    lambda: Option<Arc<dyn Function>>,
    services: Option<Arc<dyn Invoker>>,
    http: HttpTasks,
    mocks_all: bool,
}

struct Route {
    pattern: Pattern,
    admission: Admission,
    reach: Reach,
}

enum Reach {
    Local(Arc<dyn Function>),
    Lambda(LambdaTarget),
    Mock(Arc<Mock>),
}

impl Router {
    /// The routes of a configuration. Nothing is started and nothing connected before a task needs it.
    pub fn new(config: Config) -> Router {
        Router::build(config, None)
    }

    /// The same, with what functions print going to `output`.
    pub fn with_output(config: Config, output: Sink) -> Router {
        Router::build(config, Some(output))
    }

    /// Answers every task with a generated answer in the shape of its integration.
    pub fn mock_all() -> Router {
        Router::new(Config::default()).mocking_all()
    }

    fn build(config: Config, output: Option<Sink>) -> Router {
        let pool = Arc::new(Semaphore::new(config.pool.concurrency));
        let http = HttpTasks::new(&config);
        let route = |route: super::config::Route| {
            let reach = match route.target {
                Target::Process(target) => Reach::Local(Arc::new(Processes::new(
                    target,
                    config.aws.clone(),
                    config.pool.concurrency,
                    output.clone(),
                ))),
                Target::Http(target) => Reach::Local(Arc::new(HttpFunction::new(target))),
                Target::Lambda(target) => Reach::Lambda(target),
                Target::Mock(answers) => Reach::Mock(Arc::new(Mock::new(answers))),
            };
            Route { pattern: route.pattern, admission: Admission::new(route.concurrency, pool.clone()), reach }
        };
        Router {
            routes: config.routes.into_iter().map(route).collect(),
            unrouted: Admission::new(None, pool.clone()),
            aws: config.aws,
            lambda: None,
            services: None,
            http,
            mocks_all: false,
        }
    }

    /// Calls functions of `lambda` routes, and those without a route where AWS or another endpoint may be reached.
    pub fn with_lambda(mut self, lambda: Arc<dyn Function>) -> Router {
        self.lambda = Some(lambda);
        self
    }

    /// Takes the tasks without a route that call no function, where AWS or another endpoint may be reached.
    pub fn with_services(mut self, services: Arc<dyn Invoker>) -> Router {
        self.services = Some(services);
        self
    }

    /// Answers every task that no mock of the configuration takes with a generated answer.
    pub fn mocking_all(mut self) -> Router {
        self.mocks_all = true;
        self
    }

    /// Lets every mock begin its sequence again.
    pub fn restart_mocks(&self) {
        for route in &self.routes {
            if let Reach::Mock(mock) = &route.reach {
                mock.restart();
            }
        }
    }

    fn route(&self, names: &[String], resource: &str) -> Option<&Route> {
        self.routes.iter().find(|route| {
            let fits = route.pattern.matches(resource) || names.iter().any(|name| route.pattern.matches(name));
            fits && (!self.mocks_all || matches!(route.reach, Reach::Mock(_)))
        })
    }

    async fn answer(&self, task: &Task) -> Answer {
        match lambda_task::form(&task.resource) {
            Some(form) => match lambda_task::call(task, form) {
                Ok(call) => self.answer_function(task, form, call).await,
                Err(refused) => refused,
            },
            None => self.answer_other(task).await,
        }
    }

    async fn answer_function(&self, task: &Task, form: Form, call: FunctionCall) -> Answer {
        let name = FunctionName::of(&call);
        let Some(route) = self.route(&name.spellings(&task.execution_arn), &task.resource) else {
            return match &self.lambda {
                _ if self.mocks_all => mock_all::answer(task),
                Some(lambda) if self.aws.allows(self.aws.lambda_endpoint()) => {
                    let call = FunctionCall { endpoint: self.aws.lambda_endpoint().map(Text::from), ..call };
                    let permit = self.unrouted.admit(&name.name).await;
                    lambda_task::answer(form, run(lambda, call, permit).await)
                }
                Some(_) | None => no_route(task, Some(&name.name)),
            };
        };
        let outcome = match &route.reach {
            Reach::Mock(mock) if task.waits_for_token() => return mock.next(),
            // A mock waits for nothing, so it needs no place.
            Reach::Mock(mock) => mock.call(&call).await,
            Reach::Local(function) => {
                let permit = route.admission.admit(&name.name).await;
                run_local(function, call, permit).await
            }
            Reach::Lambda(target) => match self.lambda_call(target, call) {
                Ok((lambda, call)) => {
                    let permit = route.admission.admit(&name.name).await;
                    within(target, run(&lambda, call, permit)).await
                }
                Err(error) => Err(error),
            },
        };
        lambda_task::answer(form, outcome)
    }

    async fn answer_other(&self, task: &Task) -> Answer {
        let Some(route) = self.route(&[], &task.resource) else {
            return match &self.services {
                _ if self.mocks_all => mock_all::answer(task),
                _ if is_http_task(&task.resource) => {
                    let _permit = self.unrouted.admit(&task.resource).await;
                    self.http.invoke(task).await
                }
                // No place of the pool is held: a job may run for days. The services bound their calls themselves.
                Some(services) if self.reaches(&task.resource) => services.invoke(task).await,
                Some(_) | None => no_route(task, None),
            };
        };
        match &route.reach {
            Reach::Mock(mock) => mock.next(),
            Reach::Local(function) => {
                let call = lambda_task::substitute_call(task);
                let permit = route.admission.admit(&call.function).await;
                lambda_task::answer(Form::Direct, run_local(function, call, permit).await)
            }
            Reach::Lambda(_) => Answer::failed(
                "States.Runtime",
                format!(
                    "stepwell.toml: the route with match = \"{}\" has invoker \"lambda\", but '{}' is no function",
                    route.pattern.as_str(),
                    task.resource
                ),
            ),
        }
    }

    /// Whether a resource leads to a service that may be called. One that is misspelt does, so that this is what it hears.
    fn reaches(&self, resource: &str) -> bool {
        integration::is_service(resource)
            && integration::entry(resource).is_none_or(|entry| self.aws.allows(self.aws.service_endpoint(entry)))
    }

    fn lambda_call(
        &self,
        target: &LambdaTarget,
        call: FunctionCall,
    ) -> Result<(Arc<dyn Function>, FunctionCall), CallError> {
        let endpoint = target.endpoint.as_deref().or(self.aws.lambda_endpoint());
        // Before the hook: where nothing may be called there is none, whatever this build can do.
        real_aws::check(&self.aws, endpoint, || format!("The function '{}'", call.function))?;
        let Some(lambda) = &self.lambda else {
            return Err(CallError::new("States.Runtime", "This build of Stepwell cannot call AWS Lambda"));
        };
        let text = |text: &Option<String>| text.as_deref().map(Text::from);
        let call = FunctionCall {
            endpoint: endpoint.map(Text::from),
            region: text(&target.region),
            role_arn: call.role_arn.clone().or_else(|| text(&target.role)),
            ..call
        };
        Ok((lambda.clone(), call))
    }
}

#[async_trait]
impl Invoker for Router {
    async fn invoke(&self, task: &Task) -> Answer {
        match task.timeout {
            None => self.answer(task).await,
            Some(timeout) => match tokio::time::timeout(timeout, self.answer(task)).await {
                Ok(answer) => answer,
                Err(_) => Answer::Failed { error: "States.Timeout".to_owned(), cause: None },
            },
        }
    }

    fn takes(&self, task: &Task) -> bool {
        self.mocks_all || self.route(&[], &task.resource).is_some()
    }

    fn answers_for_callback(&self, task: &Task) -> bool {
        let call = lambda_task::form(&task.resource).and_then(|form| lambda_task::call(task, form).ok());
        let names = call.map(|call| FunctionName::of(&call).spellings(&task.execution_arn)).unwrap_or_default();
        match self.route(&names, &task.resource) {
            Some(route) => matches!(route.reach, Reach::Mock(_)),
            None => self.mocks_all,
        }
    }
}

async fn run(function: &Arc<dyn Function>, call: FunctionCall, _permit: Permit) -> Result<FunctionResponse, CallError> {
    function.call(&call).await
}

/// Functions that run here know only one way to be called; the other two are made of it.
async fn run_local(
    function: &Arc<dyn Function>,
    call: FunctionCall,
    permit: Permit,
) -> Result<FunctionResponse, CallError> {
    match call.invocation_type {
        InvocationType::RequestResponse => run(function, call, permit).await,
        InvocationType::Event => {
            // It keeps its place while it runs, so events cannot pile up either.
            let function = function.clone();
            tokio::spawn(async move { run(&function, call, permit).await });
            Ok(FunctionResponse::local(202, function::request_id(), Bytes::new()))
        }
        InvocationType::DryRun => Ok(FunctionResponse::local(204, function::request_id(), Bytes::new())),
    }
}

async fn within(
    target: &LambdaTarget,
    outcome: impl Future<Output = Result<FunctionResponse, CallError>>,
) -> Result<FunctionResponse, CallError> {
    tokio::time::timeout(target.timeout, outcome).await.unwrap_or_else(|_| {
        let seconds = target.timeout.as_secs_f64();
        Err(CallError::no_connection(format!("AWS Lambda gave no answer within {seconds} seconds")))
    })
}

/// The failure of a task that nothing takes, with the route to add. `States.Runtime`, since no `Catch` for all errors may
/// hide it.
fn no_route(task: &Task, function: Option<&str>) -> Answer {
    const PROCESS: &str =
        "invoker = \"process\"\nruntime = \"python3\"\nhandler = \"app.handler\"\ndirectory = \"functions\"\n";
    const MOCK: &str = "invoker = \"mock\"\nresult = {}\n";
    let resource = &*task.resource;
    let (what, advice, invoker) = match function {
        Some(name) => {
            let advice = "run it in a local process (or with invoker = \"mock\" and a result, \"http\" or \"lambda\")";
            (format!("the function '{name}'"), advice, PROCESS)
        }
        None => {
            let what = if is_activity(resource) { "activity" } else { "resource" };
            let advice = "give it a canned result (or take it to a function with invoker = \"process\" or \"http\")";
            (format!("the {what} '{resource}'"), advice, MOCK)
        }
    };
    // In a basic string of TOML only these two need to be escaped; control characters cannot be in a resource.
    let pattern = function.unwrap_or(resource).replace('\\', "\\\\").replace('"', "\\\"");
    let cause = format!(
        "No route leads to {what}.{} To {advice}, add to stepwell.toml:\n\n[[route]]\nmatch = \"{pattern}\"\n{invoker}",
        who_else(task)
    );
    Answer::failed("States.Runtime", cause)
}

/// Who could answer a task apart from a route: a sentence, or nothing.
fn who_else(task: &Task) -> &'static str {
    if is_activity(&task.resource) {
        " A worker can take it when the run is started with --api ADDR."
    } else if task.waits_for_token() {
        " When a route has handed its task token on, somebody can answer the token through --api ADDR; a mock answers in \
         its place."
    } else if integration::is_service(&task.resource) {
        " Its service can be called where [aws.endpoints], endpoint in [aws] or AWS_ENDPOINT_URL says that it is, or at AWS with \
         real = true in [aws]."
    } else {
        ""
    }
}

fn is_activity(resource: &str) -> bool {
    matches!(Resource::parse(resource).kind, ResourceKind::Activity)
}
