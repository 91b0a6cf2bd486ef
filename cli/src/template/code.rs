//! Where a function's code lies: in a directory beside the template, in an asset of CDK, or in the template itself.

use std::io;
use std::path::{Path, PathBuf};

use stepwell_asl::Place as At;
use stepwell_engine::invoke::config::Runtime;
use tempfile::TempDir;

use super::evaluate::Evaluator;
use super::fault::{Checked, Fault};
use super::function::Properties;
use super::local::Files;
use super::node::{Kind, Node};

/// The longest code in a template: Lambda's own limit.
const INLINE_BYTES_MAX: usize = 4 << 20;

/// What to do where what is needed has not been built.
const BUILD: &str = "run `sam build` and use .aws-sam/build/template.yaml";

/// A directory for code that stands in the template. It is gone when this is.
#[derive(Debug, Default)]
pub struct Scratch(Option<TempDir>);

impl Scratch {
    /// Whether this directory is in here.
    pub fn holds(&self, directory: &Path) -> bool {
        self.0.as_ref().is_some_and(|root| directory.starts_with(root.path()))
    }

    fn keep(&mut self, id: &str, file: &str, code: &str) -> io::Result<PathBuf> {
        let root = match &self.0 {
            Some(root) => root,
            None => self.0.insert(tempfile::Builder::new().prefix("stepwell-").tempdir()?),
        };
        let directory = root.path().join(id);
        std::fs::create_dir_all(&directory)?;
        std::fs::write(directory.join(file), code)?;
        Ok(directory)
    }
}

/// The directory with a function's code.
pub fn directory(
    evaluator: &mut Evaluator<'_>,
    properties: &Properties<'_>,
    runtime: Runtime,
    files: &Files,
    scratch: &mut Scratch,
) -> Checked<PathBuf> {
    let resource = properties.resource;
    let metadata = |name| resource.metadata.and_then(|metadata| metadata.get(name));
    if let Some(path) = metadata("aws:asset:path")
        && metadata("aws:asset:property").and_then(Node::as_text).is_none_or(|property| property == "Code")
    {
        let text = path.as_text().ok_or_else(|| Fault::new(path.place, "the path of an asset is a text"))?;
        return found(text, path.place, files);
    }
    if let Some(code) = properties.get("InlineCode") {
        return inline(evaluator, properties, code, runtime, scratch);
    }
    let code = properties.get("CodeUri").or_else(|| properties.get("Code"));
    let Some(code) = code else {
        return match resource.kind {
            // As `sam build` has it.
            "AWS::Serverless::Function" => found(".", resource.place, files),
            _ => Err(Fault::new(resource.place, format!("the function {} has no Code", resource.id))),
        };
    };
    let part = |name| code.get(name);
    if let Some(code) = part("ZipFile") {
        return inline(evaluator, properties, code, runtime, scratch);
    }
    if part("ImageUri").is_some() {
        return Err(Fault::new(code.place, format!("the function {} is a container image", resource.id)));
    }
    if let Some(key) = part("S3Key").or_else(|| part("Key")) {
        let text = evaluator.text(key)?;
        let asset = files.asset(&text).filter(|asset| asset.is_dir());
        return absolute(asset.ok_or_else(|| in_bucket(&text, code.place))?, code.place);
    }
    let value = evaluator.needed(code)?;
    match &value.kind {
        Kind::Text(path) if path.starts_with("s3://") => Err(in_bucket(path, code.place)),
        Kind::Text(path) => found(path, code.place, files),
        Kind::Plain { .. } | Kind::List(_) | Kind::Map(_) => {
            Err(Fault::new(code.place, format!("the code is a path or a place in S3, not {}", value.kind_name())))
        }
    }
}

fn found(path: &str, at: At, files: &Files) -> Checked<PathBuf> {
    match files.find(path) {
        Some(found) if found.is_dir() => absolute(found, at),
        Some(found) => {
            let message = format!("{} is no directory: code is started from directories", found.display());
            Err(Fault::new(at, message).help(BUILD))
        }
        None => Err(Fault::new(at, format!("there is no directory {}", files.expected(path).display()))),
    }
}

/// Functions run in other directories, so nothing relative may be left.
fn absolute(path: PathBuf, at: At) -> Checked<PathBuf> {
    std::path::absolute(&path).map_err(|error| Fault::new(at, format!("{} cannot be found: {error}", path.display())))
}

fn in_bucket(what: &str, at: At) -> Fault {
    let help = "use the template before it was packaged, or the one in cdk.out, beside which its assets lie";
    Fault::new(at, format!("the code {what} lies in S3, and is not here")).help(help)
}

/// Code that stands in the template, as Lambda keeps it: in a file `index`.
fn inline(
    evaluator: &mut Evaluator<'_>,
    properties: &Properties<'_>,
    code: &Node,
    runtime: Runtime,
    scratch: &mut Scratch,
) -> Checked<PathBuf> {
    let text = evaluator.text(code)?;
    if text.len() > INLINE_BYTES_MAX {
        return Err(Fault::new(code.place, format!("code in a template has at most {} MiB", INLINE_BYTES_MAX >> 20)));
    }
    let is_module = |line: &str| line.starts_with("export ") || line.starts_with("import ");
    let file = match runtime {
        Runtime::Python3 => "index.py",
        Runtime::Nodejs if text.lines().any(is_module) => "index.mjs",
        Runtime::Nodejs => "index.js",
        Runtime::Provided => return Err(Fault::new(code.place, "a provided runtime has no code in the template")),
    };
    let id = properties.resource.id;
    if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Fault::new(properties.resource.place, format!("'{id}' is no logical id: letters and digits are")));
    }
    scratch
        .keep(id, file, &text)
        .map_err(|error| Fault::new(code.place, format!("the code of {id} cannot be written to a file: {error}")))
}

/// Refuses what has to be built first: nothing in the directory would be started.
pub fn check(directory: &Path, runtime: Runtime, handler: &str, at: At) -> Checked<()> {
    match runtime {
        Runtime::Provided if !directory.join("bootstrap").is_file() => {
            let message = format!("there is no bootstrap in {}", directory.display());
            Err(Fault::new(at, message).help(BUILD))
        }
        Runtime::Nodejs => {
            let (path, file) = handler.rsplit_once('/').unwrap_or(("", handler));
            let stem = directory.join(path).join(file.split('.').next().unwrap_or(file));
            let is_there = |ending: &str| stem.with_extension(ending).is_file();
            match ["ts", "mts", "cts", "tsx"].into_iter().find(|ending| is_there(ending)) {
                Some(ending) if !["js", "mjs", "cjs"].into_iter().any(is_there) => {
                    let message = format!("{} has to be compiled first", stem.with_extension(ending).display());
                    Err(Fault::new(at, message).help(BUILD))
                }
                Some(_) | None => Ok(()),
            }
        }
        Runtime::Python3 | Runtime::Provided => Ok(()),
    }
}
