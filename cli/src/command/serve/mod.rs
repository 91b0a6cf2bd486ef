//! `stepwell serve`: the Step Functions API of one engine.

mod access;
mod load;
mod opening;
mod template;
mod watch;

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::FutureExt;
use stepwell_api::execution_log::ExecutionLog;
use stepwell_api::server::{Renew, Server, Serving, Settings};

use self::opening::Opening;
use self::watch::Watched;
use crate::args::{Format, Serve};
use crate::output::{self, STRONG, Styled};
use crate::refusal::Refusal;
use crate::signals::Interrupts;
use crate::{descriptors, logging};

/// How long the engine has to write what it has begun to write.
const PATIENCE: Duration = Duration::from_secs(5);

/// Serves until it is told to end.
pub fn execute(args: Serve) -> Result<ExitCode, Refusal> {
    if args.loading.watch && args.loading.load.is_none() && args.template.template.is_none() {
        return Err(Refusal::new("--watch needs --load <DIR> or --template <FILE>"));
    }
    let interrupts = Interrupts::listen();
    logging::begin(&args.log)?;
    access::check_address(&args.access, args.addr)?;
    descriptors::raise_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Refusal::of_machine)?;
    let log = args.execution_log.as_deref().map(execution_log).transpose()?;
    let ended = runtime.block_on(serve(&args, log.as_ref(), interrupts));
    if let Some(log) = log {
        log.finish();
    }
    ended
}

fn execution_log(path: &Path) -> Result<Arc<ExecutionLog>, Refusal> {
    ExecutionLog::open(path).map_err(|why| Refusal::new(format!("{} cannot be written: {why}", path.display())))
}

async fn serve(args: &Serve, log: Option<&Arc<ExecutionLog>>, interrupts: Interrupts) -> Result<ExitCode, Refusal> {
    let opening = Opening::new(args, log).await?;
    let settings = Settings {
        access: access::access(&args.access, opening.region())?,
        tls: access::tls(&args.access)?,
        reset: args.allow_reset.then(|| renew(&opening)),
        ..Settings::default()
    };
    let server = Server::bind(args.addr).await.map_err(|why| {
        Refusal::with_help(format!("{} cannot be opened: {why}", args.addr), "--addr ADDRESS:PORT listens elsewhere")
    })?;
    let address = server.address();
    // Before they are registered: what changes meanwhile is registered again.
    let watched = args.loading.load.as_deref().filter(|_| args.loading.watch);
    let watched = watched.map(|directory| Watched::new(directory, opening.limited()));
    let api = opening.open().await?;
    if let Some(template) = opening.template().filter(|_| args.log.format == Format::Text) {
        output::tell(&template.summary());
    }
    let serving = server.serve_with(api, settings);
    greet(args, address);
    let watching = async {
        let definitions = async {
            if let Some(watched) = watched {
                watched.run(|| serving.api()).await;
            }
        };
        let template = async {
            if let Some(template) = opening.template().filter(|_| args.loading.watch) {
                template.watch(opening.limited(), || serving.api()).await;
            }
        };
        tokio::join!(definitions, template);
        std::future::pending::<()>().await;
    };
    let failure = tokio::select! {
        interrupt = interrupts.first() => {
            tracing::info!(?interrupt, "the server was asked to end");
            None
        }
        why = serving.failed() => Some(why),
        () = watching => None, // it does not end
    };
    let ended = end(serving, failure).await;
    if let Some(events) = opening.status_events() {
        let lost = events.finish(PATIENCE).await;
        if lost > 0 {
            output::tell_warning(&format!("{lost} events of changed status were not delivered: they are lost"));
        }
    }
    ended
}

fn renew(opening: &Opening) -> Renew {
    let opening = opening.clone();
    Arc::new(move || {
        let opening = opening.clone();
        async move { opening.open().await.map_err(|refusal| refusal.message) }.boxed()
    })
}

async fn end(serving: Serving, failure: Option<String>) -> Result<ExitCode, Refusal> {
    // Polls come back when the engine stops, so it stops while their connections are still open.
    let api = serving.api();
    let (ended, ()) = tokio::join!(api.engine().shutdown(PATIENCE), serving.finish());
    tracing::info!("the server has ended");
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

fn greet(args: &Serve, address: SocketAddr) {
    let scheme = if args.access.tls_cert.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{address}");
    if args.log.format == Format::Json {
        // Every line of stderr is JSON.
        return tracing::info!(
            url,
            data = args.data.as_deref().map(|data| tracing::field::display(data.display())),
            "listening"
        );
    }
    let kept = match &args.data {
        Some(directory) => format!("state is kept in {}", directory.display()),
        None => "state is in memory only: --data DIR keeps it".to_owned(),
    };
    output::tell(&format!(
        "{} answers the Step Functions API at {url} ({kept})\n\
         Point a client at it: aws stepfunctions list-state-machines --endpoint-url {url}\n",
        Styled(STRONG, "stepwell"),
    ));
    tracing::info!(url, "listening");
}
