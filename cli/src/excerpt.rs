//! Something wrong in a definition, shown with the line it is in and a marker under the place.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use stepwell_asl::{Diagnostic, Place, Severity};

/// How much of a line is looked at before and after a place, in characters: some definitions are one line.
const BEFORE_CHARS_MAX: usize = 4_000;
const AFTER_CHARS_MAX: usize = 200;

/// Stands for what is cut off before the excerpt.
const CUT: &str = "...";

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
            note: diagnostic.note.as_deref(),
        }
    }

    /// An error at a place.
    pub fn error(message: &'a str, place: Option<Place>) -> Finding<'a> {
        Finding { severity: Severity::Error, code: None, message, place, label: None, note: None }
    }

    /// A warning about a place.
    pub fn warning(message: &'a str, place: Option<Place>) -> Finding<'a> {
        Finding { severity: Severity::Warning, ..Finding::error(message, place) }
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
    let mut group = match finding.place.and_then(|place| Excerpt::of(text, place).map(|excerpt| (place, excerpt))) {
        Some((place, excerpt)) => {
            let mut annotation = AnnotationKind::Primary.span(excerpt.span);
            if let Some(label) = finding.label {
                annotation = annotation.label(label);
            }
            let snippet = Snippet::source(excerpt.line).line_start(place.line).annotation(annotation);
            match excerpt.from_start {
                true => title.element(snippet.path(file)),
                false => title.element(Origin::path(file).line(place.line).char_column(place.column)).element(snippet),
            }
        }
        None => title.element(Origin::path(file)),
    };
    if let Some(note) = finding.note {
        group = group.element(Level::NOTE.message(note));
    }
    let mut shown = Renderer::styled().render(&[group]);
    shown.push('\n');
    shown
}

/// The line of a place.
struct Excerpt {
    line: String,
    /// The bytes of that line which the place covers.
    span: Range<usize>,
    /// Nothing is cut off before it, so that columns can be counted in it.
    from_start: bool,
}

impl Excerpt {
    fn of(text: &str, place: Place) -> Option<Excerpt> {
        let line = text.split('\n').nth(place.line.checked_sub(1)?)?;
        let line = line.strip_suffix('\r').unwrap_or(line);
        let column = place.column.saturating_sub(1);
        let first = if column > BEFORE_CHARS_MAX { column - AFTER_CHARS_MAX } else { 0 };
        let length = (column - first).saturating_add(place.len).saturating_add(AFTER_CHARS_MAX);
        let mut window: String = line.chars().skip(first).take(length).collect();
        let offset = |column: usize| window.char_indices().nth(column).map_or(window.len(), |(at, _)| at);
        let mut span = offset(column - first)..offset((column - first).saturating_add(place.len));
        if first > 0 {
            window.insert_str(0, CUT);
            span = span.start + CUT.len()..span.end + CUT.len();
        }
        Some(Excerpt { line: window, span, from_start: first == 0 })
    }
}
