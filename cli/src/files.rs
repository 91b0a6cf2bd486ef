//! What is read from files, from stdin and from the command line: whole, bounded, and with errors that say what to do.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use stepwell_asl::Value;

use crate::refusal::Refusal;

/// The longest definition that is looked at. AWS's own limit is far below.
const DEFINITION_BYTES_MAX: u64 = 64 << 20;

/// The longest input that is looked at, whatever the limits.
const INPUT_BYTES_MAX: u64 = 1 << 30;

/// The name that stands for stdin.
pub fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// How a file is called in messages.
pub fn shown(path: &Path) -> String {
    if is_stdin(path) { "<stdin>".to_owned() } else { path.display().to_string() }
}

/// Reads a definition.
pub fn definition(path: &Path) -> Result<Vec<u8>, Refusal> {
    whole(path, DEFINITION_BYTES_MAX)
}

/// Reads the value of `--input`: JSON, `@FILE`, or `-` for stdin. `bytes_max` is the limit on its JSON text.
pub fn input(argument: &str, bytes_max: Option<usize>) -> Result<Value, Refusal> {
    let (origin, text) = match argument.strip_prefix('@') {
        Some("") => return Err(Refusal::new("--input @ needs a file's name")),
        Some(path) => (path.to_owned(), utf8(whole(Path::new(path), INPUT_BYTES_MAX)?, path)?),
        None if argument == "-" => ("<stdin>".to_owned(), utf8(whole(Path::new("-"), INPUT_BYTES_MAX)?, "<stdin>")?),
        None => ("--input".to_owned(), argument.to_owned()),
    };
    let value = json(&text, &origin)?;
    match bytes_max {
        Some(limit) if value.json_bytes() > limit => Err(Refusal::with_help(
            format!("the input is {} bytes of JSON, more than the {limit} that are allowed", value.json_bytes()),
            "--limits off, or --limits payload_bytes=NUMBER, lifts the limit",
        )),
        Some(_) | None => Ok(value),
    }
}

/// Opens a file for what is known only later, without touching what is in it. It must be none of those that are read.
pub fn to_write(path: &Path, read: &[&Path]) -> Result<File, Refusal> {
    if read.iter().any(|other| is_same(path, other)) {
        return Err(Refusal::new(format!("{} is read: it cannot be written too", path.display())));
    }
    File::options().write(true).create(true).truncate(false).open(path).map_err(|error| unwritable(path, &error))
}

/// Why a file cannot be written.
pub fn unwritable(path: &Path, error: &std::io::Error) -> Refusal {
    Refusal::new(format!("{} cannot be written: {error}", path.display()))
}

/// Whether two names are one file. Files of which that cannot be told are two.
fn is_same(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let id = |path: &Path| path.metadata().ok().map(|file| (file.dev(), file.ino()));
        id(one).is_some_and(|one| id(other) == Some(one))
    }
    #[cfg(not(unix))]
    {
        one.canonicalize().ok().is_some_and(|one| other.canonicalize().ok() == Some(one))
    }
}

/// Reads JSON text; `origin` says where it comes from.
pub fn json(text: &str, origin: &str) -> Result<Value, Refusal> {
    Value::parse(text.strip_prefix('\u{feff}').unwrap_or(text)).map_err(|error| {
        if text.trim().is_empty() {
            return Refusal::with_help(format!("{origin} is empty"), "an input is JSON; {} is the empty one");
        }
        let is_file = origin == "--input" && Path::new(text).is_file();
        let help = if is_file { "to read a file, write @ before its name" } else { "an input is JSON, @FILE or -" };
        match why_no_value(&error) {
            NoValue::TooDeep => Refusal::new(format!("{origin} is nested too deeply: 127 levels are allowed")),
            NoValue::Wrong(reason) => Refusal::with_help(format!("{origin} is not JSON: {reason}"), help),
        }
    })
}

/// Why text is no value.
pub enum NoValue {
    /// It is JSON that is nested too deeply.
    TooDeep,
    /// What is wrong, and where.
    Wrong(String),
}

/// Puts a parser's error into words of ours: its own tell of the parser.
pub fn why_no_value(error: &serde_json::Error) -> NoValue {
    let reason = error.to_string();
    if reason.starts_with("recursion limit") {
        return NoValue::TooDeep;
    }
    let place = format!("line {}, column {}", error.line(), error.column());
    NoValue::Wrong(if reason.starts_with("number out of range") {
        format!("the number at {place} is too large")
    } else if error.is_eof() {
        "it ends too early".to_owned()
    } else if reason.starts_with("trailing characters") {
        format!("there is more after its end, at {place}")
    } else {
        format!("what is at {place} does not belong there")
    })
}

fn utf8(bytes: Vec<u8>, origin: &str) -> Result<String, Refusal> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Refusal::new(format!("{origin} is not UTF-8 text: byte {at} starts no character"))
    })
}

fn whole(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Refusal> {
    let name = shown(path);
    let mut bytes = Vec::new();
    let read = if is_stdin(path) {
        std::io::stdin().lock().take(bytes_max + 1).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(bytes_max + 1).read_to_end(&mut bytes))
    };
    match read {
        Ok(length) if length as u64 > bytes_max => {
            Err(Refusal::new(format!("{name} is longer than {} MiB", bytes_max >> 20)))
        }
        Ok(_) => Ok(bytes),
        Err(error) => Err(unreadable(&name, &error)),
    }
}

fn unreadable(name: &str, error: &std::io::Error) -> Refusal {
    match error.kind() {
        ErrorKind::NotFound => Refusal::new(format!("there is no file {name}")),
        ErrorKind::IsADirectory => Refusal::with_help(format!("{name} is a directory"), "name a file in it"),
        ErrorKind::PermissionDenied => Refusal::new(format!("{name} may not be read: permission denied")),
        _ => Refusal::new(format!("{name} cannot be read: {error}")),
    }
}
