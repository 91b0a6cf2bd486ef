//! What all commands have in common.

use std::io::Read;
use std::process::{Command, Stdio};

use crate::harness::Room;

#[test]
fn every_command_explains_itself_with_examples() {
    let room = Room::with(&[]);
    for command in ["run", "executions", "validate", "eval", "completions", "bench"] {
        let done = room.stepwell(&[command, "--help"]);
        assert_eq!(done.status, Some(0), "{command}");
        assert!(done.stdout.contains(&format!("Examples:\n  stepwell {command}")), "{command}: {}", done.stdout);
    }
    for command in ["list", "show", "history", "stop", "redrive"] {
        let done = room.stepwell(&["executions", command, "--help"]);
        assert_eq!(done.status, Some(0), "{command}");
        assert!(done.stdout.contains(&format!("Examples:\n  stepwell executions {command}")), "{command}");
    }
    for command in ["store", "engine", "waiting"] {
        let done = room.stepwell(&["bench", command, "--help"]);
        assert_eq!(done.status, Some(0), "{command}");
        assert!(done.stdout.contains(&format!("Examples:\n  stepwell bench {command}")), "{command}");
    }
    assert!(room.stepwell(&["--version"]).stdout.starts_with("stepwell "));
}

#[test]
fn bad_usage_is_2() {
    let room = Room::with(&[]);
    for arguments in [
        &["frobnicate"][..],
        &["run"],
        &["run", "x", "--limits", "none"],
        &["run", "x", "--define", "novalue"],
        &["run", "x", "--name", "a/b"],
        &["run", "x", "--api", "nowhere"],
        &["run", "-", "--input", "-"],
        &["run", "missing.asl.json"],
        &["run", "x", "--resume"],
        &["run", "x", "--store", "redb"],
        &["run", "x", "--data", "d", "--virtual-clock"],
        &["run", "x", "--data", "d", "--resume", "--input", "1"],
        &["run", "x", "--data", "d", "--store", "memory"],
        &["run", "x", "--data", "d", "--retain", "soon"],
        &["executions", "list"],
        &["executions", "list", "--data", "missing"],
        &["executions", "show", "--data", "missing"],
        &["bench", "store", "--store", "paper"],
        &["bench", "store", "--writers", "0"],
        &["bench", "engine", "--seconds", "0"],
        &["bench", "waiting", "--store", "memory"],
        &["validate"],
        &["eval"],
        &["eval", "$", "--batch"],
        &["eval", "$", "--input", "{"],
        &["completions", "tcsh"],
    ] {
        let done = room.stepwell(arguments);
        assert_eq!(done.status, Some(2), "{arguments:?}: {done:?}");
        assert_eq!(done.stdout, "", "{arguments:?}");
        assert!(done.stderr.starts_with("error: "), "{arguments:?}: {}", done.stderr);
    }
}

#[test]
fn completions_are_scripts() {
    let room = Room::with(&[]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let done = room.stepwell(&["completions", shell]);
        assert_eq!(done.status, Some(0), "{shell}");
        assert!(done.stdout.contains("virtual-clock"), "{shell}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_stepwell"))
        .args(["completions", "zsh"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""));
}
