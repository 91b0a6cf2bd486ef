//! Starts the binary in a directory of its own and gathers what it says.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use tempfile::TempDir;

/// A directory with files, in which the binary is run.
pub struct Room(TempDir);

/// What came of a run.
#[derive(Debug)]
pub struct Done {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Room {
    /// A room with these files.
    pub fn with(files: &[(&str, &str)]) -> Room {
        let room = Room(tempfile::tempdir().unwrap());
        for (name, text) in files {
            room.write(name, text.as_bytes());
        }
        room
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stepwell"));
        command.args(arguments).current_dir(self.path());
        for name in [
            "AWS_ENDPOINT_URL",
            "AWS_ENDPOINT_URL_LAMBDA",
            "AWS_REGION",
            "AWS_DEFAULT_REGION",
            "SFN_MOCK_CONFIG",
            "SFN_WAIT_SCALE",
        ] {
            command.env_remove(name);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it to the end.
    pub fn stepwell(&self, arguments: &[&str]) -> Done {
        Done::of(self.command(arguments).spawn().unwrap())
    }

    /// Runs it to the end with this variable in its environment.
    pub fn stepwell_with(&self, variable: (&str, &str), arguments: &[&str]) -> Done {
        Done::of(self.command(arguments).env(variable.0, variable.1).spawn().unwrap())
    }

    /// Runs it to the end with this on stdin.
    pub fn stepwell_reading(&self, arguments: &[&str], stdin: &[u8]) -> Done {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        let stdin = stdin.to_vec();
        let writer = std::thread::spawn(move || drop(pipe.write_all(&stdin)));
        let done = Done::of(child);
        writer.join().unwrap();
        done
    }

    /// Starts it; what it does is seen on stderr.
    pub fn start(&self, arguments: &[&str]) -> Started {
        let mut child = self.command(arguments).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Started { child, stderr, seen: String::new() }
    }
}

impl Done {
    fn of(child: Child) -> Done {
        let output = child.wait_with_output().unwrap();
        let done = Done {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(!done.stderr.contains("panicked"), "{}", done.stderr);
        done
    }

    /// Stdout as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|why| panic!("{why}: {self:?}"))
    }

    /// The whole of it as text, for snapshots.
    pub fn text(&self) -> String {
        format!("status {:?}\n--- stdout\n{}--- stderr\n{}", self.status.unwrap_or(-1), self.stdout, self.stderr)
    }
}

/// A run that goes on.
pub struct Started {
    child: Child,
    stderr: BufReader<ChildStderr>,
    seen: String,
}

impl Started {
    /// Waits for a line on stderr that has this text, and gives what follows it on the line.
    pub fn wait_for(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            let length = self.stderr.read_line(&mut line).unwrap();
            assert!(length > 0, "stderr ended without '{text}': {}", self.seen);
            self.seen.push_str(&line);
            if let Some((_, rest)) = line.split_once(text) {
                return rest.trim().to_owned();
            }
        }
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has not ended yet.
    pub fn goes_on(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Kills it, as `kill -9` does, and waits until it is gone.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for the end.
    pub fn finish(mut self) -> Done {
        let mut stderr = std::mem::take(&mut self.seen);
        std::io::Read::read_to_string(&mut self.stderr, &mut stderr).unwrap();
        let done = Done::of(self.child);
        Done { stderr, ..done }
    }
}
