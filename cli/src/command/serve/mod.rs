//! `stepwell serve`: the Step Functions API of one engine.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use stepwell_api::server::Server;
use stepwell_api::{Api, Options};
use stepwell_engine::core::Limits;
use stepwell_engine::{Config, Engine, Quotas, store as stores};

use crate::args::Serve;
use crate::output::{self, STRONG, Styled};
use crate::refusal::Refusal;
use crate::signals::Interrupts;
use crate::{store, tasks};

/// How long the engine has to write what it has begun to write.
const PATIENCE: Duration = Duration::from_secs(5);

/// Serves until it is told to end.
pub fn execute(args: Serve) -> Result<ExitCode, Refusal> {
    let interrupts = Interrupts::listen();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Refusal::of_machine)?;
    runtime.block_on(serve(&args, interrupts))
}

async fn serve(args: &Serve, interrupts: Interrupts) -> Result<ExitCode, Refusal> {
    let server = Server::bind(args.addr).await.map_err(|why| {
        Refusal::with_help(format!("{} cannot be opened: {why}", args.addr), "--addr ADDRESS:PORT listens elsewhere")
    })?;
    let address = server.address();
    let engine = open(args).await?;
    let options = Options { limited: args.limits.payload_bytes.is_some(), ..Options::default() };
    let api = Arc::new(Api::new(engine.clone(), options));
    let serving = server.serve(api);
    greet(args, address);
    let failure = tokio::select! {
        _ = interrupts.first() => None,
        why = engine.failed() => Some(why),
    };
    // Polls come back when the engine stops, so it stops while their connections are still open.
    let (ended, ()) = tokio::join!(engine.shutdown(PATIENCE), serving.finish());
    match failure {
        Some(why) => {
            output::tell_error(&why, None);
            Ok(ExitCode::FAILURE)
        }
        None => {
            if let Err(error) = ended {
                output::tell_warning(&error.to_string());
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn open(args: &Serve) -> Result<Engine, Refusal> {
    let config = tasks::serving(args.config.as_deref(), args.aws)?;
    let region = args.region.clone().unwrap_or_else(|| config.aws.local_region().to_owned());
    let router = tasks::serving_router(config, args.mock_all).await;
    let store = match &args.data {
        Some(directory) => store::options(directory, args.store),
        None => stores::Options::memory(),
    };
    let config = Config {
        region,
        account: args.account.clone(),
        limits: args.limits.clone(),
        quotas: if args.limits == Limits::OFF { Quotas::OFF } else { Quotas::AWS },
        retain: args.retain.0,
        ..Config::new(store, Arc::new(router))
    };
    store::open(config, args.store).await
}

fn greet(args: &Serve, address: std::net::SocketAddr) {
    let kept = match &args.data {
        Some(directory) => format!("state is kept in {}", directory.display()),
        None => "state is in memory only: --data DIR keeps it".to_owned(),
    };
    output::tell(&format!(
        "{} answers the Step Functions API at http://{address} ({kept})\n\
         Point a client at it: aws stepfunctions list-state-machines --endpoint-url http://{address}\n",
        Styled(STRONG, "stepwell"),
    ));
}
