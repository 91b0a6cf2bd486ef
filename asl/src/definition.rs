//! A definition as it was written: its text, what it says, and where it says it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::location::{Place, Pointer, Segment};
use crate::source::{self, Outline, Substitutions, SyntaxError, Wrong};
use crate::value::Value;

/// AWS's limit on the length of a definition, in bytes.
pub const BYTES_MAX: usize = 1 << 20;

/// What the text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON.
    Json,
    /// YAML 1.2, as far as JSON can say the same.
    Yaml,
}

/// How to read a definition.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    /// What `${Name}` stands for. Names that are not here stay as they are.
    pub defines: Option<&'a BTreeMap<String, String>>,
    /// What the text is written in; where absent, JSON if it starts with `{`, else YAML.
    pub format: Option<Format>,
    /// How long it may be, in bytes; `None` for no limit.
    pub bytes_max: Option<usize>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options { defines: None, format: None, bytes_max: Some(BYTES_MAX) }
    }
}

/// A definition as it was written. That it can be read does not mean that it is valid: see [`crate::validate`].
pub struct Definition {
    text: String,
    /// The text before defines were replaced, where any was.
    written: Option<String>,
    substitutions: Substitutions,
    format: Format,
    value: Value,
    outline: OnceLock<Outline>,
}

impl Definition {
    /// Reads a definition, in JSON or YAML, with `${Name}` replaced by its define.
    ///
    /// There are diagnostics without a definition where the text cannot be read at all, and a definition with
    /// diagnostics where it can, but says something twice.
    pub fn parse(text: &[u8], defines: &BTreeMap<String, String>) -> (Option<Definition>, Vec<Diagnostic>) {
        Definition::parse_with(text, &Options { defines: Some(defines), ..Options::default() })
    }

    /// Reads a definition as the options say.
    pub fn parse_with(text: &[u8], options: &Options<'_>) -> (Option<Definition>, Vec<Diagnostic>) {
        match read(text, options) {
            Ok((definition, diagnostics)) => (Some(definition), diagnostics),
            Err(diagnostic) => (None, vec![*diagnostic]),
        }
    }

    /// The text, with defines replaced.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text as it was written. This is what places are places of.
    pub fn written(&self) -> &str {
        self.written.as_deref().unwrap_or(&self.text)
    }

    /// What it is written in.
    pub fn format(&self) -> Format {
        self.format
    }

    /// What it says. Always an object.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Where in the text as written the value of a JSON pointer is; of an object or array that has a name, where its
    /// name is.
    pub fn locate(&self, pointer: &str) -> Option<Place> {
        self.outline().place(&Pointer::parse(pointer))
    }

    /// Where in the text as written the name of a JSON pointer is, such as the name of a state for `/States/X`.
    pub fn locate_key(&self, pointer: &str) -> Option<Place> {
        self.outline().key_place(&Pointer::parse(pointer))
    }

    /// The place of one character of the string at this place, after so many UTF-16 units of its value. Where defines
    /// were replaced that cannot be told.
    pub(crate) fn within(&self, place: Place, units: usize) -> Option<Place> {
        if self.substitutions.is_empty() { source::within(&self.text, place, units) } else { None }
    }

    pub(crate) fn outline(&self) -> &Outline {
        self.outline.get_or_init(|| source::outline(&self.text).moved_to_written(&self.substitutions))
    }
}

impl fmt::Debug for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Definition").field("format", &self.format).field("value", &self.value).finish()
    }
}

fn read(bytes: &[u8], options: &Options<'_>) -> Result<(Definition, Vec<Diagnostic>), Box<Diagnostic>> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let written = std::str::from_utf8(bytes).map_err(|error| {
        let valid = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
        let place = Some(source::place_of(valid, valid.len()));
        problem(Code::InvalidJsonDescription, "Definition is not UTF-8 text".to_owned(), None, place)
    })?;
    let (text, substitutions) = source::substitute(written, options.defines);
    if let Some(limit) = options.bytes_max.filter(|limit| text.len() > *limit) {
        let message = format!("Definition is {} bytes long, more than the {limit} bytes that are allowed", text.len());
        return Err(problem(Code::SchemaValidationFailed, message, None, None));
    }
    let format = options.format.unwrap_or_else(|| guess(&text));
    let as_written = |place| substitutions.place_as_written(place);
    let wrong = |error: SyntaxError| {
        let place = as_written(error.place);
        syntax(written, SyntaxError { place, ..error }, format)
    };
    let (value, outline, (mut duplicates, all)) = match format {
        Format::Json => {
            if text.trim().is_empty() {
                return Err(not_an_object(None));
            }
            let value = source::parse_json(&text).map_err(wrong)?;
            let duplicates = source::duplicates(&text, &value);
            (value, OnceLock::new(), duplicates)
        }
        Format::Yaml => {
            let document = source::parse_yaml(&text).map_err(wrong)?;
            (document.value, OnceLock::from(document.outline.moved_to_written(&substitutions)), document.duplicates)
        }
    };
    if value.as_object().is_none() {
        let start = text.len() - text.trim_start().len();
        return Err(not_an_object((!text.trim().is_empty()).then(|| as_written(source::place_of(&text, start)))));
    }
    duplicates.iter_mut().for_each(|duplicate| duplicate.place = as_written(duplicate.place));
    let more = (!all).then(|| Diagnostic::too_many(Severity::Error));
    let diagnostics = duplicates.iter().map(duplicate).chain(more).collect();
    let written = (!substitutions.is_empty()).then(|| written.to_owned());
    Ok((Definition { text: text.into_owned(), written, substitutions, format, value, outline }, diagnostics))
}

/// A YAML flow mapping also starts with `{`, but one that is not JSON is more likely JSON with a mistake in it.
fn guess(text: &str) -> Format {
    let start = text.trim_start();
    if start.is_empty() || start.starts_with('{') { Format::Json } else { Format::Yaml }
}

fn not_an_object(place: Option<Place>) -> Box<Diagnostic> {
    problem(Code::SchemaValidationFailed, "Definition must be a valid JSON object".to_owned(), None, place)
}

fn syntax(text: &str, error: SyntaxError, format: Format) -> Box<Diagnostic> {
    match (error.kind, format) {
        (Wrong::Depth, _) => problem(Code::TooDeeplyNested, error.message, None, Some(error.place)),
        (Wrong::Word | Wrong::Syntax, Format::Yaml) => {
            problem(Code::InvalidJsonDescription, error.message, None, Some(error.place))
        }
        (Wrong::Word | Wrong::Syntax, Format::Json) => {
            let (message, location) = source::refusal_message(text, &error);
            problem(Code::InvalidJsonDescription, message, Some(location), Some(error.place))
        }
    }
}

fn duplicate(duplicate: &source::Duplicate) -> Diagnostic {
    let holder = duplicate.holder();
    let is_state = matches!(holder.0.last(), Some(Segment::Key(key)) if key == "States");
    let (code, message, location) = if is_state {
        let message = format!("Duplicate State name: {}", duplicate.name());
        (Code::DuplicateStateName, message, duplicate.pointer.location())
    } else {
        (Code::InvalidJsonDescription, format!("Duplicate field '{}'", duplicate.name()), holder.location())
    };
    *problem(code, message, Some(location), Some(duplicate.place))
}

fn problem(code: Code, message: String, location: Option<String>, place: Option<Place>) -> Box<Diagnostic> {
    Box::new(Diagnostic { severity: Severity::Error, code, message, location, place, note: None })
}
