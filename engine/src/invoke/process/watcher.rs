//! Ends a process group when Stepwell is killed and can no longer do it itself.
//!
//! Beside each process waits a shell for the end of a pipe that only we hold. We never write to it, so it ends with us,
//! however we end, and the shell then kills the group. What leaves the group (`setsid`) escapes.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use rustix::process::Pid;

/// `read` is the shell's own: there is no further process to get rid of. `--` before the negative number, because some
/// shells take it for an option, and `-s KILL`, because some do not take `--` after `-9`.
const SCRIPT: &str = r#"read -r line; kill -s KILL -- "-$1""#;

/// A waiting shell. Dropping it ends the watch, and kills nobody else.
pub(super) struct Watcher(Child);

impl Watcher {
    /// Watches over a group. An error says that there is no shell.
    pub(super) fn start(group: Pid) -> io::Result<Watcher> {
        // A group of its own, so that Ctrl-C at the terminal does not end it before us. The standard library opens
        // pipes close-on-exec: no other child keeps this one open.
        Command::new("/bin/sh")
            .args(["-c", SCRIPT, "sh", &group.as_raw_nonzero().to_string()])
            .env_clear()
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map(Watcher)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // Killed before its pipe is closed, and gone before the group is: a number that is free again may soon be
        // somebody else's.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_pipe_kills_the_group_and_the_end_of_the_watch_does_not() {
        let mut sleep = Command::new("sleep").arg("600").process_group(0).spawn().unwrap();
        let group = Pid::from_raw(i32::try_from(sleep.id()).unwrap()).unwrap();
        drop(Watcher::start(group).unwrap());
        assert!(sleep.try_wait().unwrap().is_none());
        let mut watcher = Watcher::start(group).unwrap();
        drop(watcher.0.stdin.take());
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&sleep.wait().unwrap()), Some(9));
    }
}
