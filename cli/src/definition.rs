//! A definition on its way from a file to something that runs: read, validated, compiled, with what is wrong shown.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use stepwell_asl::compile::compile;
use stepwell_asl::definition::{BYTES_MAX, Options};
use stepwell_asl::program::Unsupported;
use stepwell_asl::{Definition, Diagnostic, MachineType, Place, Program, validate};

use crate::excerpt::{Finding, render};
use crate::origin::Origin;
use crate::output;
use crate::refusal::Refusal;

/// Problems of one file that are shown with excerpts.
const DIAGNOSTICS_SHOWN_MAX: usize = 100;

/// Places that are not supported which are shown; a definition in another language has as many as states.
const UNSUPPORTED_SHOWN_MAX: usize = 5;

/// A definition that was looked at, whatever came of it.
pub struct Examined {
    /// Where it came from, for messages.
    pub file: String,
    /// What could be read of it.
    pub definition: Option<Definition>,
    /// Everything that is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
    /// Defines that it has no place for.
    pub unused_defines: BTreeSet<String>,
    /// Where it is written, if it has no file of its own.
    pub origin: Option<Origin>,
    text: String,
}

/// Reads and validates a definition. `limited`: AWS's limit on its length holds.
pub fn examine(
    file: String,
    bytes: &[u8],
    defines: &BTreeMap<String, String>,
    kind: MachineType,
    limited: bool,
) -> Examined {
    let options = Options { defines: Some(defines), bytes_max: limited.then_some(BYTES_MAX), ..Options::default() };
    let (definition, mut diagnostics) = Definition::parse_with(bytes, &options);
    let text = match &definition {
        Some(definition) => {
            diagnostics.extend(validate(definition, kind));
            definition.written().to_owned()
        }
        None => String::from_utf8_lossy(bytes).trim_start_matches('\u{feff}').to_owned(),
    };
    diagnostics.sort_by_key(|one| one.place.map(|place| (place.line, place.column)));
    Examined { file, definition, diagnostics, unused_defines: unused(bytes, defines), origin: None, text }
}

fn unused(bytes: &[u8], defines: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut unused: BTreeSet<String> = defines.keys().cloned().collect();
    if !unused.is_empty() {
        let text = String::from_utf8_lossy(bytes);
        let places = text.split("${").skip(1).filter_map(|rest| rest.split_once('}'));
        for (name, _) in places {
            unused.remove(name.trim());
        }
    }
    unused
}

/// Warns of defines that have no place anywhere: most of them are misspelt.
pub fn tell_unused<'a>(names: impl IntoIterator<Item = &'a String>) {
    for name in names {
        output::tell_warning(&format!("--define {name}: ${{{name}}} occurs nowhere in the definition"));
    }
}

impl Examined {
    /// Whether the definition is refused.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// Everything that is wrong, with excerpts.
    pub fn report(&self) -> String {
        let shown = self.diagnostics.iter().take(DIAGNOSTICS_SHOWN_MAX);
        let mut report: String = shown.map(|one| self.show(&Finding::of(one)) + "\n").collect();
        if let Some(more) = self.diagnostics.len().checked_sub(DIAGNOSTICS_SHOWN_MAX).filter(|more| *more > 0) {
            report.push_str(&format!("... and {more} more in {} (`stepwell validate --json` has all)\n\n", self.file));
        }
        report
    }

    /// A finding with its excerpt.
    pub fn show(&self, finding: &Finding<'_>) -> String {
        let written = self.origin.as_ref().zip(finding.place);
        match written.and_then(|(origin, place)| origin.place(place).map(|place| (origin, place))) {
            Some((origin, place)) => render(&origin.file, &origin.text, &Finding { place: Some(place), ..*finding }),
            None => render(&self.file, &self.text, finding),
        }
    }

    /// Where the name of a JSON pointer is.
    pub fn locate(&self, pointer: &str) -> Option<Place> {
        self.definition.as_ref()?.locate_key(pointer)
    }

    /// The program, if the definition is valid and this version runs all of it.
    pub fn program(&self) -> Option<Program> {
        let definition = self.definition.as_ref().filter(|_| !self.has_errors())?;
        compile(definition.value()).ok().filter(|program| program.unsupported.is_empty())
    }

    /// The program, if the definition is valid and this version runs all of it. What stands against it is shown.
    pub fn compile(&self) -> Result<Program, Refusal> {
        let Some(definition) = self.definition.as_ref().filter(|_| !self.has_errors()) else {
            output::tell(&self.report());
            return Err(Refusal::new(format!("{} is no valid definition", self.file)));
        };
        let program = compile(definition.value()).map_err(|error| {
            output::tell(&self.show(&Finding::error(&error.message, self.locate(&error.pointer))));
            Refusal::new(format!("{} is no valid definition", self.file))
        })?;
        match program.unsupported.len() {
            0 => Ok(program),
            count => {
                self.tell_unsupported(&program.unsupported);
                let places = if count == 1 { "1 place needs".to_owned() } else { format!("{count} places need") };
                let help = format!("`stepwell validate {}` checks it all the same", self.file);
                Err(Refusal::with_help(
                    format!("{} is valid, but cannot be run: {places} what is not supported yet", self.file),
                    help,
                ))
            }
        }
    }

    fn tell_unsupported(&self, unsupported: &[Unsupported]) {
        let mut placed: Vec<_> = unsupported.iter().map(|one| (self.locate(&one.pointer), one)).collect();
        placed.sort_by_key(|(place, _)| *place);
        for (place, one) in placed.iter().take(UNSUPPORTED_SHOWN_MAX) {
            output::tell(&(self.show(&Finding::error(&one.what, *place)) + "\n"));
        }
        if let Some(more) = placed.len().checked_sub(UNSUPPORTED_SHOWN_MAX).filter(|more| *more > 0) {
            output::tell(&format!("... and {more} more\n\n"));
        }
    }
}

/// The defines of a command line. Of two for the same name the last one holds.
pub fn defines(pairs: &[(String, String)]) -> BTreeMap<String, String> {
    pairs.iter().cloned().collect()
}

/// Reads and validates the definition in a file.
pub fn examine_file(
    path: &Path,
    defines: &BTreeMap<String, String>,
    kind: MachineType,
    limited: bool,
) -> Result<Examined, Refusal> {
    let bytes = crate::files::definition(path)?;
    Ok(examine(crate::files::shown(path), &bytes, defines, kind, limited))
}
