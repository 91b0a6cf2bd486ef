//! Where tasks go: the routes of `stepwell.toml`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use stepwell_engine::invoke::{Config, Router, Sink, aws};

use crate::args::Run;
use crate::files;
use crate::live::Screen;
use crate::refusal::Refusal;

/// The name of the file that is looked for.
const CONFIG: &str = "stepwell.toml";

/// The file with the configuration that holds for a run, if there is one.
pub fn config_file(args: &Run) -> Option<PathBuf> {
    args.config.clone().or_else(|| {
        let beside = (!files::is_stdin(args.path())).then(|| args.path().with_file_name(CONFIG));
        beside.into_iter().chain([CONFIG.into()]).find(|path| path.exists())
    })
}

/// The configuration that holds for a run.
pub fn config(args: &Run) -> Result<Config, Refusal> {
    let mut config = config_file(args).map_or_else(|| Ok(Config::default()), |path| load(&path))?;
    config.aws.real |= args.aws;
    Ok(config.with_environment())
}

/// Takes tasks where the configuration says. What functions print appears on the screen.
pub async fn router(config: Config, mock_all: bool, screen: &Screen) -> Router {
    let screen = screen.clone();
    finished(config, mock_all, Arc::new(move |function, _, line| screen.printed(function, line))).await
}

/// The configuration that holds for a server: a given file, the one beside its template, or the one in the current
/// directory.
pub fn serving(given: Option<&Path>, template: Option<&Path>, real_aws: bool) -> Result<Config, Refusal> {
    let beside = template.map(|template| template.with_file_name(CONFIG));
    let found = beside.into_iter().chain([CONFIG.into()]).find(|path: &PathBuf| path.exists());
    let file = given.or(found.as_deref());
    let mut config = file.map_or_else(|| Ok(Config::default()), load)?;
    config.aws.real |= real_aws;
    Ok(config.with_environment())
}

/// Takes a server's tasks where the configuration says. What functions print goes to stderr.
pub async fn serving_router(config: Config, mock_all: bool) -> Router {
    let sink: Sink = Arc::new(|function, _, line| crate::output::tell(&format!("{function}: {line}\n")));
    finished(config, mock_all, sink).await
}

async fn finished(config: Config, mock_all: bool, sink: Sink) -> Router {
    let (lambda, services) = match mock_all {
        true => (None, None),
        false => (aws::lambda(&config).await, aws::services(&config).await),
    };
    let mut router = Router::with_output(config, sink);
    if let Some(lambda) = lambda {
        router = router.with_lambda(lambda);
    }
    if let Some(services) = services {
        router = router.with_services(services);
    }
    if mock_all { router.mocking_all() } else { router }
}

fn load(path: &Path) -> Result<Config, Refusal> {
    Config::load(path).map_err(|error| Refusal::new(error.to_string()))
}
