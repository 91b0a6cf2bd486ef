//! Where rules put what they find. Places in the text are looked up at the end, and only if there is anything to place.

use crate::definition::Definition;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::location::{At, Pointer, Segment};

/// What was found so far.
#[derive(Default)]
pub(super) struct Report {
    found: Vec<Found>,
}

struct Found {
    severity: Severity,
    code: Code,
    message: String,
    location: Option<Pointer>,
    spot: Spot,
    note: Option<String>,
}

/// What in the text to point at.
enum Spot {
    /// The value at the location.
    Value,
    /// A member of the object at the location: its key.
    Field(String),
    /// A member of the object at the location: its value.
    FieldValue(String),
    /// Something that has no location in AWS's answer.
    Elsewhere(Pointer),
}

impl Report {
    /// The value here cannot be like this.
    pub fn schema(&mut self, at: At<'_>, message: impl Into<String>) {
        self.error(Code::SchemaValidationFailed, at, message);
    }

    /// This field of the object here cannot be like this; AWS names the object.
    pub fn schema_field(&mut self, at: At<'_>, field: &str, message: impl Into<String>) {
        self.push(
            Code::SchemaValidationFailed,
            Severity::Error,
            message,
            Some(at.pointer()),
            Spot::Field(field.into()),
        );
    }

    /// The value of this field of the object here cannot be like this; AWS names the object. The note says more.
    pub fn schema_field_value(&mut self, at: At<'_>, field: &str, message: String, note: Option<String>) {
        let (location, spot) = (Some(at.pointer()), Spot::FieldValue(field.to_owned()));
        let (severity, code) = (Severity::Error, Code::SchemaValidationFailed);
        self.found.push(Found { severity, code, message, location, spot, note });
    }

    /// The value at this pointer cannot be like this.
    pub fn schema_pointer(&mut self, pointer: Pointer, field: Option<String>, message: String) {
        let spot = field.map_or(Spot::Value, Spot::Field);
        self.push(Code::SchemaValidationFailed, Severity::Error, message, Some(pointer), spot);
    }

    /// An error of another kind.
    pub fn error(&mut self, code: Code, at: At<'_>, message: impl Into<String>) {
        self.push(code, Severity::Error, message, Some(at.pointer()), Spot::Value);
    }

    /// An error of another kind that AWS gives no location for.
    pub fn error_nowhere(&mut self, code: Code, at: At<'_>, message: impl Into<String>) {
        self.push(code, Severity::Error, message, None, Spot::Elsewhere(at.pointer()));
    }

    /// Something that AWS accepts, but that is hardly meant like this.
    pub fn warning(&mut self, code: Code, at: At<'_>, message: impl Into<String>) {
        self.push(code, Severity::Warning, message, Some(at.pointer()), Spot::Value);
    }

    fn push(
        &mut self,
        code: Code,
        severity: Severity,
        message: impl Into<String>,
        location: Option<Pointer>,
        spot: Spot,
    ) {
        self.found.push(Found { severity, code, message: message.into(), location, spot, note: None });
    }

    /// The diagnostics, in the order of the text; those without a location come last, as AWS has them.
    pub fn finish(self, definition: &Definition) -> Vec<Diagnostic> {
        let mut diagnostics: Vec<Diagnostic> =
            self.found.into_iter().map(|found| found.diagnostic(definition)).collect();
        diagnostics.sort_by_key(|diagnostic| (diagnostic.location.is_none(), diagnostic.place));
        diagnostics.dedup();
        diagnostics
    }
}

impl Found {
    fn diagnostic(self, definition: &Definition) -> Diagnostic {
        let outline = definition.outline();
        let place = match (self.location.clone(), self.spot) {
            (None, Spot::Elsewhere(pointer)) | (Some(_), Spot::Elsewhere(pointer)) => outline.place(&pointer),
            (Some(mut pointer), Spot::Field(field)) => {
                let holder = outline.place(&pointer);
                pointer.0.push(Segment::Key(field));
                outline.key_place(&pointer).or(holder)
            }
            (Some(mut pointer), Spot::FieldValue(field)) => {
                pointer.0.push(Segment::Key(field));
                outline.place(&pointer)
            }
            (Some(pointer), Spot::Value) => outline.place(&pointer),
            (None, Spot::Value | Spot::Field(_) | Spot::FieldValue(_)) => None,
        };
        let location = self.location.map(|pointer| pointer.location());
        Diagnostic { severity: self.severity, code: self.code, message: self.message, location, place, note: self.note }
    }
}
