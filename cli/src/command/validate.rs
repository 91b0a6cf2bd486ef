//! `stepwell validate`

use std::process::ExitCode;

use serde_json::{Value, json};
use stepwell_asl::{Diagnostic, MachineType, Severity};

use crate::args::Validate;
use crate::definition::{Examined, defines, examine_file, tell_unused};
use crate::files;
use crate::output::{self, ERROR, GOOD, Styled, WARNING};
use crate::refusal::Refusal;

/// Exit status where a definition is refused.
const INVALID: u8 = 2;

/// Shows everything that is wrong with all files.
pub fn execute(args: &Validate) -> Result<ExitCode, Refusal> {
    let kind = if args.express { MachineType::Express } else { MachineType::Standard };
    let defines = defines(&args.defines);
    let examined: Vec<(String, Result<Examined, Refusal>)> =
        args.files.iter().map(|path| (files::shown(path), examine_file(path, &defines, kind, true))).collect();
    // A define may be meant for one of the files only.
    let read = || examined.iter().filter_map(|(_, examined)| examined.as_ref().ok());
    if read().next().is_some() {
        let nowhere = |name: &&String| read().all(|examined| examined.unused_defines.contains(*name));
        tell_unused(defines.keys().filter(nowhere));
    }
    if args.json {
        let files: Vec<Value> = examined.iter().map(|(file, examined)| file_json(file, examined)).collect();
        output::print_json(&files)?;
    } else {
        show(&examined)?;
    }
    let good = examined.iter().all(|(_, examined)| !failed(examined));
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(INVALID) })
}

fn failed(examined: &Result<Examined, Refusal>) -> bool {
    examined.as_ref().map_or(true, Examined::has_errors)
}

fn show(examined: &[(String, Result<Examined, Refusal>)]) -> Result<(), Refusal> {
    let mut counts = Counts::default();
    for (_, examined) in examined {
        counts.files += 1;
        counts.refused += usize::from(failed(examined));
        match examined {
            Ok(examined) => {
                counts.add(&examined.diagnostics);
                output::print(&examined.report())?;
            }
            Err(refusal) => {
                counts.errors += 1;
                output::tell_refusal(refusal);
            }
        }
    }
    output::print(&counts.line())?;
    Ok(())
}

#[derive(Default)]
struct Counts {
    files: usize,
    refused: usize,
    errors: usize,
    warnings: usize,
}

impl Counts {
    fn add(&mut self, diagnostics: &[Diagnostic]) {
        let errors = diagnostics.iter().filter(|one| one.is_error()).count();
        self.errors += errors;
        self.warnings += diagnostics.len() - errors;
    }

    fn line(&self) -> String {
        let mut problems = Vec::new();
        if self.errors > 0 {
            problems.push(Styled(ERROR, count(self.errors, "error")).to_string());
        }
        if self.warnings > 0 {
            problems.push(Styled(WARNING, count(self.warnings, "warning")).to_string());
        }
        let verdict = match self.refused {
            0 if self.files == 1 => Styled(GOOD, "valid".to_owned()),
            0 => Styled(GOOD, "all valid".to_owned()),
            refused => Styled(ERROR, format!("{refused} invalid")),
        };
        if problems.is_empty() {
            problems.push("no problems".to_owned());
        }
        format!("{}, {verdict}: {}\n", count(self.files, "file"), problems.join(", "))
    }
}

fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

fn file_json(file: &str, examined: &Result<Examined, Refusal>) -> Value {
    let diagnostics = match examined {
        Ok(examined) => examined.diagnostics.iter().map(diagnostic_json).collect(),
        Err(refusal) => vec![json!({
            "severity": Severity::Error.as_str(),
            "code": "UNREADABLE_FILE",
            "message": refusal.to_string(),
            "location": null,
            "line": null,
            "column": null,
        })],
    };
    let result = if failed(examined) { "FAIL" } else { "OK" };
    json!({ "file": file, "result": result, "diagnostics": diagnostics })
}

fn diagnostic_json(diagnostic: &Diagnostic) -> Value {
    json!({
        "severity": diagnostic.severity.as_str(),
        "code": diagnostic.code.as_str(),
        "message": diagnostic.message,
        "location": diagnostic.location,
        "line": diagnostic.place.map(|place| place.line),
        "column": diagnostic.place.map(|place| place.column),
    })
}
