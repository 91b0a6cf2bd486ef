//! Something wrong in a definition, shown with the line it is in and a marker under the place.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use stepwell_asl::{Diagnostic, Place, Severity};

/// Something about a place of a file.
pub struct Finding<'a> {
    /// Whether it is an error or a warning.
    pub severity: Severity,
    /// What kind of problem it is.
    pub code: Option<&'a str>,
    /// What is wrong.
    pub message: &'a str,
    /// Where.
    pub place: Option<Place>,
    /// What is at that place, in a few words.
    pub label: Option<&'a str>,
    /// More about it.
    pub note: Option<&'a str>,
}

impl<'a> Finding<'a> {
    /// A finding of validation.
    pub fn of(diagnostic: &'a Diagnostic) -> Finding<'a> {
        Finding {
            severity: diagnostic.severity,
            code: Some(diagnostic.code.as_str()),
            message: diagnostic.summary(),
            place: diagnostic.place,
            label: None,
            note: None,
        }
    }

    /// An error at a place.
    pub fn error(message: &'a str, place: Option<Place>) -> Finding<'a> {
        Finding { severity: Severity::Error, code: None, message, place, label: None, note: None }
    }
}

/// A finding with its excerpt, in colours. `text` is the file's text as it was read.
pub fn render(file: &str, text: &str, finding: &Finding<'_>) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut title = level.primary_title(finding.message);
    if let Some(code) = finding.code {
        title = title.id(code);
    }
    let mut group = match finding.place.and_then(|place| line(text, place).map(|(line, span)| (place, line, span))) {
        Some((place, line, span)) => {
            let mut annotation = AnnotationKind::Primary.span(span);
            if let Some(label) = finding.label {
                annotation = annotation.label(label);
            }
            title.element(Snippet::source(line).line_start(place.line).path(file).annotation(annotation))
        }
        None => title.element(annotate_snippets::Origin::path(file)),
    };
    if let Some(note) = finding.note {
        group = group.element(Level::NOTE.message(note));
    }
    let mut shown = Renderer::styled().render(&[group]);
    shown.push('\n');
    shown
}

/// The line of a place, and the bytes of that line which the place covers.
fn line(text: &str, place: Place) -> Option<(&str, std::ops::Range<usize>)> {
    let line = text.split('\n').nth(place.line.checked_sub(1)?)?;
    let line = line.strip_suffix('\r').unwrap_or(line);
    let offset = |column: usize| line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
    let start = offset(place.column.saturating_sub(1));
    let end = offset(place.column.saturating_sub(1).saturating_add(place.len));
    Some((line, start..end.max(start)))
}
