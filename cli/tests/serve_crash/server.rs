//! A server as a process, to be killed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The functions of the executions.
const ROUTES: &str = r#"
[[route]]
match = "work"
invoker = "mock"
result = { done = true }

[[route]]
match = "fail"
invoker = "mock"
sequence = [{ error = { name = "Refused", cause = "no stock" } }]
"#;

/// A server that runs.
pub struct Server {
    child: Child,
    pub address: String,
}

/// Can kill a server.
pub struct Killer(String);

impl Server {
    /// Starts on a directory, and waits until it answers.
    pub fn start(directory: &Path) -> Server {
        std::fs::write(directory.join("stepwell.toml"), ROUTES).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_stepwell"));
        command.args(["serve", "--data", "state", "--addr", "127.0.0.1:0"]).current_dir(directory);
        for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_LAMBDA", "AWS_REGION", "AWS_DEFAULT_REGION"] {
            command.env_remove(name);
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut seen = String::new();
        let address = loop {
            let mut line = String::new();
            assert!(said.read_line(&mut line).unwrap() > 0, "the server did not start: {seen}");
            seen.push_str(&line);
            if let Some((_, rest)) = line.split_once("http://") {
                break rest.split([' ', '\n']).next().unwrap().to_owned();
            }
        };
        // Nobody is to wait for room in the pipe, and no panic is to go unseen.
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                assert!(!line.contains("panicked"), "{line}");
            }
        });
        Server { child, address }
    }

    pub fn killer(&self) -> Killer {
        Killer(self.child.id().to_string())
    }

    /// Waits for the end of one that was killed.
    pub fn wait(mut self) {
        use std::os::unix::process::ExitStatusExt;
        let status = self.child.wait().unwrap();
        assert_eq!(status.signal(), Some(9), "{status:?}");
    }
}

impl Killer {
    /// Kills, at once.
    pub fn kill(&self) {
        assert!(Command::new("kill").args(["-KILL", &self.0]).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended
        let _ = self.child.wait();
    }
}
