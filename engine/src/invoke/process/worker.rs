//! One process of a function, from its start to its end, and one call at a time.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use bytes::Bytes;
use tokio::process::{Child, ChildStdin};
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::super::config::{Aws, ProcessTarget};
use super::super::function::FunctionCall;
use super::super::function_name::FunctionName;
use super::super::{Sink, Stream};
use super::runtime_api::{Invocation, Outcome, RuntimeApi};
#[cfg(unix)]
use super::watcher::Watcher;
use super::{launch, output};

/// How long a process may take before it first asks for work. A call's own time starts only then, as on AWS, so that a
/// slow import does not count against the function.
const INIT_LIMIT: Duration = Duration::from_secs(60);

/// A running process. Dropping it kills the process and its group, which is all that it started and that did not leave
/// the group.
pub(super) struct Worker {
    function: String,
    child: Child,
    /// Held, not written to: a bootstrap ends when it does. Waiting for the child would close it.
    _input: Option<ChildStdin>,
    api: RuntimeApi,
    #[cfg(unix)]
    group: Option<rustix::process::Pid>,
    /// None where there is no shell, as in some containers.
    #[cfg(unix)]
    watcher: Option<Watcher>,
}

/// What came of a call. After anything but `Answered` the process is of no more use.
pub(super) enum Run {
    /// The process answered, and waits for more.
    Answered(Outcome),
    /// The process reported that it cannot start: the error's JSON text.
    InitFailed(Bytes),
    /// The process ended before it took the call.
    EndedBefore { message: String },
    /// The process took the call and will not answer.
    Broken { error_type: &'static str, message: String },
}

impl Worker {
    /// Starts a process. The error says what could not be started and why.
    pub(super) async fn start(
        target: &ProcessTarget,
        aws: &Aws,
        name: &FunctionName,
        sink: Option<Sink>,
    ) -> Result<Worker, String> {
        let api = RuntimeApi::serve().await.map_err(|error| format!("cannot listen on 127.0.0.1: {error}"))?;
        let mut command = launch::command(target, aws, name, api.address());
        let mut child = command.spawn().map_err(|error| not_started(target, &command, &error))?;
        #[cfg(unix)]
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(output::forward(stdout, name.name.clone(), Stream::Stdout, sink.clone()));
        }
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(output::forward(stderr, name.name.clone(), Stream::Stderr, sink));
        }
        Ok(Worker {
            function: name.name.clone(),
            _input: child.stdin.take(),
            child,
            api,
            #[cfg(unix)]
            group,
            #[cfg(unix)]
            watcher: group.and_then(|group| Watcher::start(group).ok()),
        })
    }

    /// The bare name of the function that the process runs.
    pub(super) fn function(&self) -> &str {
        &self.function
    }

    /// False once the process has ended.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Hands a call to the process and waits for what becomes of it, for at most `timeout` from when it takes the call.
    pub(super) async fn run(
        &mut self,
        call: &FunctionCall,
        name: &FunctionName,
        request_id: &str,
        timeout: Duration,
    ) -> Run {
        let (taken, was_taken) = oneshot::channel();
        let (outcome, answer) = oneshot::channel();
        self.api
            .send(Invocation {
                request_id: request_id.to_owned(),
                payload: call.payload.clone(),
                function_arn: name.qualified_arn(&call.execution_arn),
                client_context: call.client_context.as_deref().map(client_context),
                timeout,
                taken,
                outcome,
            })
            .await;
        match self.until_taken(was_taken).await {
            Ok(()) => self.until_answered(answer, timeout).await,
            Err(failure) => failure,
        }
    }

    async fn until_taken(&mut self, taken: oneshot::Receiver<()>) -> Result<(), Run> {
        tokio::select! {
            biased;
            Ok(()) = taken => Ok(()),
            error = self.api.init_error() => Err(Run::InitFailed(error)),
            status = self.child.wait() => Err(Run::EndedBefore { message: exit_message(status) }),
            () = sleep(INIT_LIMIT) => Err(timed_out(INIT_LIMIT)),
        }
    }

    async fn until_answered(&mut self, mut answer: oneshot::Receiver<Outcome>, timeout: Duration) -> Run {
        let status = tokio::select! {
            biased;
            outcome = &mut answer => return match outcome {
                Ok(outcome) => Run::Answered(outcome),
                Err(_) => Run::Broken {
                    error_type: "Runtime.InvalidStateTransition",
                    message: "Error: The runtime asked for the next invocation before it answered this one".to_owned(),
                },
            },
            status = self.child.wait() => status,
            () = sleep(timeout) => return timed_out(timeout),
        };
        // The last answer of a process that ends right after it counts.
        match answer.try_recv() {
            Ok(outcome) => Run::Answered(outcome),
            Err(_) => Run::Broken { error_type: "Runtime.ExitError", message: exit_message(status) },
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // The watcher first: once the group is gone, its number may be another's.
        #[cfg(unix)]
        drop(self.watcher.take());
        #[cfg(unix)]
        if let Some(group) = self.group {
            // An error says that nobody is left.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

fn not_started(target: &ProcessTarget, command: &tokio::process::Command, error: &io::Error) -> String {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let directory = command.as_std().get_current_dir().unwrap_or(&target.directory);
    // The system's error is the same for a program and a directory that are missing.
    if !directory.as_os_str().is_empty() && !directory.is_dir() {
        return format!("there is no directory '{}': see `directory` in stepwell.toml", directory.display());
    }
    format!("cannot start '{program}' in '{}': {error}", directory.display())
}

fn timed_out(limit: Duration) -> Run {
    Run::Broken {
        error_type: "Sandbox.Timedout",
        message: format!("Error: Task timed out after {:.2} seconds", limit.as_secs_f64()),
    }
}

/// How a process ended, in the words of AWS: `exit status 1`, `signal: killed`.
fn exit_message(status: io::Result<ExitStatus>) -> String {
    let Ok(status) = status else {
        return "Error: Runtime exited without providing a reason".to_owned();
    };
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("Error: Runtime exited with error: signal: {}", signal_name(signal));
    }
    match status.code() {
        Some(0) | None => "Error: Runtime exited without providing a reason".to_owned(),
        Some(code) => format!("Error: Runtime exited with error: exit status {code}"),
    }
}

#[cfg(unix)]
fn signal_name(signal: i32) -> String {
    match signal {
        6 => "aborted".to_owned(),
        8 => "floating point exception".to_owned(),
        9 => "killed".to_owned(),
        11 => "segmentation fault".to_owned(),
        15 => "terminated".to_owned(),
        other => other.to_string(),
    }
}

/// Invoke takes the client context as Base64, the Runtime API gives it as JSON. What is no Base64 goes as it is.
fn client_context(text: &str) -> String {
    decode_base64(text).and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| text.to_owned())
}

fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=').bytes();
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let (mut bits, mut pending) = (0_u32, 0);
    for digit in digits {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        pending += 6;
        if pending >= 8 {
            pending -= 8;
            bytes.push((bits >> pending) as u8);
            bits &= (1 << pending) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::client_context;

    #[test]
    fn a_client_context_is_json_to_the_function() {
        assert_eq!(client_context("eyJjdXN0b20iOnsiYSI6MX19"), r#"{"custom":{"a":1}}"#);
        assert_eq!(client_context("eyJhIjoxfQ=="), r#"{"a":1}"#);
        assert_eq!(client_context(r#"{"a":1}"#), r#"{"a":1}"#);
    }

    /// Stepwell's end closes the process's standard input, whatever ends it; here only that is done.
    #[cfg(unix)]
    #[tokio::test]
    async fn a_function_that_hangs_ends_when_stepwell_does() {
        use std::time::Duration;

        use super::super::super::config::{Aws, ProcessTarget, Runtime};
        use super::super::super::function::FunctionCall;
        use super::super::super::function_name::FunctionName;
        use super::Worker;

        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let python = format!(
            "import socket\ndef handler(event, context):\n    socket.create_connection(('127.0.0.1', {port}))\n    while True: pass\n"
        );
        let node = format!(
            "import net from 'node:net';\nexport const handler = () => {{ net.connect({port}, '127.0.0.1', () => {{ for (;;); }});\n\
             return new Promise(() => {{}}) }}"
        );
        for (runtime, file, code) in [(Runtime::Python3, "app.py", python), (Runtime::Nodejs, "app.mjs", node)] {
            let directory = tempfile::tempdir().unwrap();
            std::fs::write(directory.path().join(file), code).unwrap();
            let target = ProcessTarget {
                runtime,
                handler: "app.handler".to_owned(),
                command: Vec::new(),
                directory: directory.path().to_owned(),
                timeout: Duration::from_secs(60),
                environment: Default::default(),
                memory_mb: 128,
            };
            let name = FunctionName::parse("f");
            let mut worker = Worker::start(&target, &Aws::default(), &name, None).await.unwrap();
            let input = worker._input.take();
            let call = FunctionCall { payload: "{}".into(), ..FunctionCall::default() };
            tokio::select! {
                connection = listener.accept() => drop(connection.unwrap()),
                _ = worker.run(&call, &name, "id", target.timeout) => panic!("it hangs"),
            }
            drop(input);
            tokio::time::timeout(Duration::from_secs(30), worker.child.wait()).await.expect(file).unwrap();
        }
    }
}
