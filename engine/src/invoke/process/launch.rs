//! How a function's process is started: its command line, directory and environment.

use std::net::SocketAddr;
use std::process::Stdio;

use tokio::process::Command;

use super::super::config::{Aws, ProcessTarget, Runtime};
use super::super::function_name::{FunctionName, PLACEHOLDER};

const PYTHON_BOOTSTRAP: &str = include_str!("bootstrap.py");
const NODE_BOOTSTRAP: &str = include_str!("bootstrap.mjs");

/// What a function sees of the environment that Stepwell runs in, and nothing else: what works here must not hang on a
/// variable that happens to be set.
const INHERITED: [&str; 12] = [
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TMPDIR",
    "VIRTUAL_ENV",
    "NODE_PATH",
    "PYTHONPATH",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// What names real identities. Handed on only where real AWS may be reached.
const CREDENTIALS: [&str; 11] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONFIG_FILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
];

/// Whether the function's name goes into a path or a command line.
pub(super) fn needs_plain_name(target: &ProcessTarget) -> bool {
    target.handler.contains(PLACEHOLDER)
        || target.directory.to_string_lossy().contains(PLACEHOLDER)
        || target.command.iter().any(|part| part.contains(PLACEHOLDER))
}

/// The command that starts the function's process, all but started. The bootstraps end when their standard input does,
/// which it does when we are gone; a command's own is empty.
pub(super) fn command(target: &ProcessTarget, aws: &Aws, name: &FunctionName, api: SocketAddr) -> Command {
    let put_in = |text: &str| text.replace(PLACEHOLDER, &name.name);
    let (interpreter, bootstrap): (&str, &[&str]) = match target.runtime {
        Runtime::Python3 => ("python3", &["-c", PYTHON_BOOTSTRAP]),
        Runtime::Nodejs => ("node", &["--input-type=module", "-e", NODE_BOOTSTRAP]),
        Runtime::Provided => ("", &[]),
    };
    let mut line = target.command.iter().map(|part| put_in(part));
    let mut command = Command::new(line.next().unwrap_or_else(|| interpreter.to_owned()));
    command.args(line).args(bootstrap);
    command.stdin(if bootstrap.is_empty() { Stdio::null() } else { Stdio::piped() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    let directory = put_in(&target.directory.to_string_lossy());
    environment(&mut command, aws);
    command
        .env("_HANDLER", put_in(&target.handler))
        .env("AWS_LAMBDA_FUNCTION_NAME", &name.name)
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", target.memory_mb.to_string())
        .env("LAMBDA_TASK_ROOT", &directory)
        .envs(&target.environment)
        .env("AWS_LAMBDA_RUNTIME_API", api.to_string());
    if !directory.is_empty() {
        command.current_dir(directory);
    }
    command
}

/// What every function sees, whatever its route says.
fn environment(command: &mut Command, aws: &Aws) {
    let inherit = |command: &mut Command, names: &[&str]| {
        for name in names {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
    };
    command.env_clear();
    inherit(command, &INHERITED);
    command
        .env("TZ", ":UTC")
        .env("PYTHONUNBUFFERED", "1")
        // Lambda's /var/task is read-only: a function that ran leaves nothing beside its code.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("AWS_REGION", aws.local_region())
        .env("AWS_DEFAULT_REGION", aws.local_region())
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "stepwell")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "stepwell")
        .envs(aws.environment.endpoints());
    if let Some(endpoint) = &aws.endpoint {
        command.env("AWS_ENDPOINT_URL", endpoint);
    }
    if aws.real {
        inherit(command, &CREDENTIALS);
        return;
    }
    command
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true");
}
