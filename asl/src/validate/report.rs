//! Where rules put what they find. Places in the text are looked up at the end, and only if there is anything to place.

use crate::definition::Definition;
use crate::diagnostic::{BYTES_MAX, Code, Diagnostic, Severity};
use crate::location::{At, Pointer, Segment};

/// What was found so far.
#[derive(Default)]
pub(super) struct Report {
    found: Vec<Found>,
    errors: Room,
    warnings: Room,
}

/// How much more may be kept. Warnings have room of their own: they never keep an error out.
struct Room {
    bytes_left: usize,
    is_full: bool,
}

impl Default for Room {
    fn default() -> Room {
        Room { bytes_left: BYTES_MAX, is_full: false }
    }
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
    /// A character of the string at the location, after so many UTF-16 units.
    Within(usize),
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
        self.schema_at(|| (Some(at.pointer()), Spot::Field(field.into())), message, None);
    }

    /// The value of this field of the object here cannot be like this; AWS names the object. The note says more.
    pub fn schema_field_value(&mut self, at: At<'_>, field: &str, message: String, note: Option<String>) {
        self.schema_at(|| (Some(at.pointer()), Spot::FieldValue(field.to_owned())), message, note);
    }

    /// The value at this pointer cannot be like this.
    pub fn schema_pointer(&mut self, pointer: Pointer, field: Option<String>, message: String) {
        self.schema_at(|| (Some(pointer), field.map_or(Spot::Value, Spot::Field)), message, None);
    }

    /// An error of another kind.
    pub fn error(&mut self, code: Code, at: At<'_>, message: impl Into<String>) {
        self.push(code, Severity::Error, || (Some(at.pointer()), Spot::Value), message, None);
    }

    /// An error of another kind, at a character of the string here; `units` UTF-16 units come before it.
    pub fn error_within(
        &mut self,
        code: Code,
        at: At<'_>,
        units: usize,
        message: impl Into<String>,
        note: Option<String>,
    ) {
        self.push(code, Severity::Error, || (Some(at.pointer()), Spot::Within(units)), message, note);
    }

    /// An error of another kind that AWS gives no location for.
    pub fn error_nowhere(&mut self, code: Code, at: At<'_>, message: impl Into<String>) {
        self.push(code, Severity::Error, || (None, Spot::Elsewhere(at.pointer())), message, None);
    }

    /// Something that AWS accepts, but that is hardly meant like this.
    pub fn warning(&mut self, code: Code, at: At<'_>, message: impl Into<String>) {
        self.push(code, Severity::Warning, || (Some(at.pointer()), Spot::Value), message, None);
    }

    /// Whether there is no room for more errors: whoever looks for them may stop.
    pub fn is_full(&self) -> bool {
        self.errors.is_full
    }

    fn schema_at(
        &mut self,
        spot: impl FnOnce() -> (Option<Pointer>, Spot),
        message: impl Into<String>,
        note: Option<String>,
    ) {
        self.push(Code::SchemaValidationFailed, Severity::Error, spot, message, note);
    }

    /// The pointer is only made where there is room for it.
    fn push(
        &mut self,
        code: Code,
        severity: Severity,
        spot: impl FnOnce() -> (Option<Pointer>, Spot),
        message: impl Into<String>,
        note: Option<String>,
    ) {
        let room = match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        if room.is_full {
            return;
        }
        let ((location, spot), message) = (spot(), message.into());
        let bytes = message.len() + location.as_ref().map_or(0, Pointer::bytes);
        match room.bytes_left.checked_sub(bytes) {
            Some(left) => room.bytes_left = left,
            None => room.is_full = true, // this one is kept: an error must not get lost
        }
        self.found.push(Found { severity, code, message, location, spot, note });
    }

    /// The diagnostics, in the order of the text; those without a location come last, as AWS has them.
    pub fn finish(self, definition: &Definition) -> Vec<Diagnostic> {
        let severities = [(Severity::Error, self.errors.is_full), (Severity::Warning, self.warnings.is_full)];
        let mut diagnostics: Vec<Diagnostic> =
            self.found.into_iter().map(|found| found.diagnostic(definition)).collect();
        diagnostics.sort_by_key(|diagnostic| (diagnostic.location.is_none(), diagnostic.place));
        diagnostics.dedup();
        let full = severities.into_iter().filter(|(_, is_full)| *is_full);
        diagnostics.extend(full.map(|(severity, _)| Diagnostic::too_many(severity)));
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
            (Some(pointer), Spot::Within(units)) => {
                let place = outline.place(&pointer);
                place.and_then(|place| definition.within(place, units)).or(place)
            }
            (None, Spot::Value | Spot::Field(_) | Spot::FieldValue(_) | Spot::Within(_)) => None,
        };
        let location = self.location.map(|pointer| pointer.location());
        Diagnostic { severity: self.severity, code: self.code, message: self.message, location, place, note: self.note }
    }
}
