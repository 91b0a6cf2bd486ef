//! The command that goes on with a run that was interrupted.

use stepwell_engine::core::{Limits, Pace};

use crate::args::Run;

/// The command that goes on with this execution, ready to be copied.
pub fn command(args: &Run, name: &str) -> String {
    let mut words = vec!["stepwell".to_owned(), "run".to_owned()];
    words.extend(args.file.iter().map(|file| file.to_string_lossy().into_owned()));
    let mut option = |name: &str, value: Option<String>| {
        words.push(name.to_owned());
        words.extend(value);
    };
    if let Some(template) = &args.template.template {
        option("--template", Some(template.to_string_lossy().into_owned()));
    }
    if let Some(machine) = &args.state_machine {
        option("--state-machine", Some(machine.clone()));
    }
    for (name, value) in &args.template.parameters {
        option("--parameter", Some(format!("{name}={value}")));
    }
    if let Some(directory) = &args.data {
        option("--data", Some(directory.to_string_lossy().into_owned()));
    }
    if let Some(config) = &args.config {
        option("--config", Some(config.to_string_lossy().into_owned()));
    }
    for (name, value) in &args.defines {
        option("--define", Some(format!("{name}={value}")));
    }
    for (name, given) in [("--mock-all", args.mock_all), ("--aws", args.aws)] {
        if given {
            option(name, None);
        }
    }
    if args.limits != Limits::AWS {
        option("--limits", Some(limits(&args.limits)));
    }
    if args.waiting.wait_scale != Pace::REAL {
        option("--wait-scale", Some(args.waiting.wait_scale.to_string()));
    }
    if let Some(address) = args.api {
        option("--api", Some(address.to_string()));
    }
    option("--name", Some(name.to_owned()));
    option("--resume", None);
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn limits(limits: &Limits) -> String {
    fn part<N: ToString>(name: &str, limit: Option<N>) -> String {
        format!("{name}={}", limit.map_or_else(|| "off".to_owned(), |limit| limit.to_string()))
    }
    let Limits {
        payload_bytes,
        assign_bytes,
        variables_bytes,
        history_events,
        execution_s,
        inline_concurrency,
        distributed_concurrency,
    } = limits;
    [
        part("payload_bytes", *payload_bytes),
        part("assign_bytes", *assign_bytes),
        part("variables_bytes", *variables_bytes),
        part("history_events", *history_events),
        part("execution_s", *execution_s),
        part("inline_concurrency", *inline_concurrency),
        part("distributed_concurrency", *distributed_concurrency),
    ]
    .join(",")
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "-_./:=,@+".contains(letter);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::command;
    use crate::args::{Cli, Command};

    fn check(arguments: &[&str], expected: &str) {
        let cli = Cli::parse_from(["stepwell", "run"].iter().chain(arguments));
        let Command::Run(args) = cli.command else { panic!("it is a run") };
        assert_eq!(command(&args, "n"), expected);
    }

    #[test]
    fn what_the_run_needs_is_kept_and_the_input_is_not() {
        check(&["f.json", "--data", "d"], "stepwell run f.json --data d --name n --resume");
        check(
            &["--template=t.yaml", "--state-machine=M", "--parameter", "A=b c", "--data=d"],
            "stepwell run --template t.yaml --state-machine M --parameter 'A=b c' --data d --name n --resume",
        );
        check(
            &[
                "my file.json",
                "--data=d",
                "--input",
                "{}",
                "-D",
                "Who=it's",
                "--mock-all",
                "--limits",
                "payload_bytes=9",
            ],
            "stepwell run 'my file.json' --data d --define 'Who=it'\\''s' --mock-all \
             --limits payload_bytes=9,assign_bytes=262144,variables_bytes=10485760,history_events=25000,execution_s=31536000,inline_concurrency=40,\
             distributed_concurrency=10000 --name n --resume",
        );
    }
}
