//! `stepwell conform`: the cases, the endpoint they are played against, and what is said about it.

mod own;
mod show;

use std::process::ExitCode;
use std::time::Duration;

use stepwell_conformance::case::{self, Case, Purpose};
use stepwell_conformance::endpoint::Endpoint;
use stepwell_conformance::files::Files;
use stepwell_conformance::functions::Functions;
use stepwell_conformance::gaps::{self, KnownGaps};
use stepwell_conformance::outcome::Heard;
use stepwell_conformance::runner::Runner;
use stepwell_conformance::{Trouble, junit, record};

use crate::args::Conform;
use crate::output;
use crate::refusal::Refusal;
use own::OwnServer;
use show::Progress;

/// Where functions are looked for by endpoints that are not ours.
const FUNCTIONS: std::net::SocketAddr =
    std::net::SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8084);

impl From<Trouble> for Refusal {
    fn from(trouble: Trouble) -> Refusal {
        Refusal::new(trouble.to_string())
    }
}

/// Plays the cases.
pub fn execute(args: &Conform) -> Result<ExitCode, Refusal> {
    let purpose = if args.record.is_some() { Purpose::Record } else { Purpose::Play };
    let files = match &args.cases {
        Some(directory) => Files::read(directory)?,
        None => Files::built_in(),
    };
    let mut cases = case::read(&files, purpose)?;
    let gaps = known_gaps(args, &files, &cases)?;
    if let Some(text) = &args.filter {
        cases.retain(|case| case.matches(text));
    }
    if cases.is_empty() {
        return Err(Refusal::new("there is no such case"));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Refusal::of_machine)?;
    runtime.block_on(play(args, &cases, &gaps))
}

/// The list beside the cases says what our own server lacks; what another endpoint lacks, only its user knows.
fn known_gaps(args: &Conform, files: &Files, cases: &[Case]) -> Result<KnownGaps, Refusal> {
    let text = match &args.known_gaps {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| Refusal::new(format!("{} cannot be read: {error}", path.display())))?,
        None if args.endpoint.is_none() => files.get(gaps::FILE).unwrap_or_default().to_owned(),
        None => String::new(),
    };
    let gaps = KnownGaps::parse(&text)?;
    gaps.check(cases)?;
    Ok(gaps)
}

async fn play(args: &Conform, cases: &[Case], gaps: &KnownGaps) -> Result<ExitCode, Refusal> {
    let functions = match args.no_functions {
        true => None,
        false => Some(serve_functions(args).await?),
    };
    let (own, url) = match &args.endpoint {
        Some(url) => (None, url.clone()),
        None => {
            let own = OwnServer::start(functions.as_ref().map(Functions::url).as_deref())?;
            let url = own.url.clone();
            (Some(own), url)
        }
    };
    let runner = Runner {
        endpoint: Endpoint::at(&url).await?,
        functions,
        role: args.role.clone(),
        jobs: usize::from(args.jobs),
        timeout: Duration::from_secs(args.timeout),
    };
    if own.is_none() {
        tell_functions(&runner);
    }
    // The server has to stay until the last case has ended.
    let status = match &args.record {
        Some(directory) => record_all(&runner, cases, directory, args.overwrite).await,
        None => compare_all(&runner, cases, gaps, args).await,
    };
    drop(own);
    status
}

async fn serve_functions(args: &Conform) -> Result<Functions, Refusal> {
    let any = std::net::SocketAddr::new(FUNCTIONS.ip(), 0);
    let address = args.functions.unwrap_or(if args.endpoint.is_some() { FUNCTIONS } else { any });
    Functions::serve(address).await.map_err(|trouble| {
        Refusal::with_help(
            trouble.to_string(),
            "--functions ADDR serves them elsewhere, --no-functions leaves them out",
        )
    })
}

fn tell_functions(runner: &Runner) {
    let Some(functions) = &runner.functions else { return };
    output::tell(&format!(
        "Functions are served at {url}, as Lambda's Invoke API has it. The endpoint must look for Lambda there: \
         AWS_ENDPOINT_URL_LAMBDA={url} for stepwell serve and AWS's SDKs; --no-functions leaves such cases out.\n",
        url = functions.url()
    ));
}

async fn compare_all(runner: &Runner, cases: &[Case], gaps: &KnownGaps, args: &Conform) -> Result<ExitCode, Refusal> {
    let progress = Progress::over(cases.len());
    let report = runner.play(cases, gaps, |played| progress.one(played)).await?;
    progress.end();
    if let Some(path) = &args.junit {
        std::fs::write(path, junit::xml(&report))
            .map_err(|error| Refusal::new(format!("{} cannot be written: {error}", path.display())))?;
    }
    match args.json {
        true => output::print_json(&report.json())?,
        false => output::print(&show::text(&report))?,
    }
    Ok(if report.counts().failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn record_all(
    runner: &Runner,
    cases: &[Case],
    directory: &std::path::Path,
    overwrite: bool,
) -> Result<ExitCode, Refusal> {
    let mut written = 0;
    let mut incomplete = Vec::new();
    let mut trouble = None;
    let record = |case: &Case, heard: &Heard| -> Result<(), Trouble> {
        record::write(directory, &case.name, &record::files(case, heard)?, overwrite)
    };
    runner
        .hear(cases, |case, answer| match answer {
            Some((_, heard)) if heard.is_complete(case) => match record(case, &heard) {
                Ok(()) => written += 1,
                Err(error) => trouble = trouble.take().or(Some(error)),
            },
            Some((findings, _)) => {
                let lines = findings.iter().flat_map(|finding| finding.lines()).map(|(_, line)| line);
                incomplete.push(format!("{}: {}", case.name, lines.collect::<Vec<_>>().join("\n")));
            }
            None => incomplete.push(format!("{}: its functions are not served", case.name)),
        })
        .await?;
    if let Some(Trouble::Exists { path }) = &trouble {
        let there = format!("{} is there already", path.display());
        return Err(Refusal::with_help(there, "--overwrite writes over it"));
    }
    trouble.map_or(Ok(()), |trouble| Err(Refusal::from(trouble)))?;
    for line in &incomplete {
        output::tell_warning(&format!("not recorded: {line}"));
    }
    output::print(&format!("{written} recorded in {}\n", directory.display()))?;
    Ok(if incomplete.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
