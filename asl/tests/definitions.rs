//! Definitions that are valid and definitions that are not, each with what is said about it.
//!
//! A file under `tests/data/valid` must give no error. Beside each file under `tests/data/invalid` lies what is expected
//! of it (`UPDATE=1` writes that anew). A name that ends with `.express` is checked as an Express state machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use stepwell_asl::definition::Options;
use stepwell_asl::diagnostic::refusal;
use stepwell_asl::{Code, Definition, Diagnostic, Format, MachineType, Place, validate};

fn check(text: &[u8], options: &Options<'_>, kind: MachineType) -> Vec<Diagnostic> {
    let (definition, mut diagnostics) = Definition::parse_with(text, options);
    if let Some(definition) = definition {
        diagnostics.extend(validate(&definition, kind));
    }
    diagnostics
}

fn check_text(text: &str) -> Vec<Diagnostic> {
    check(text.as_bytes(), &Options::default(), MachineType::Standard)
}

fn check_file(path: &Path) -> Vec<Diagnostic> {
    let is_express = path.to_string_lossy().contains(".express.");
    let kind = if is_express { MachineType::Express } else { MachineType::Standard };
    check(&fs::read(path).unwrap(), &Options::default(), kind)
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder);
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|end| end == "json" || end == "yaml")).collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

fn show(diagnostics: &[Diagnostic]) -> String {
    let lines = diagnostics.iter().map(|one| {
        let place = one.place.map_or_else(|| "-".to_owned(), |at| format!("{}:{}+{}", at.line, at.column, at.len));
        let location = one.location.as_deref().unwrap_or("-").split('\n').next().unwrap_or_default();
        let note = one.note.as_ref().map_or_else(String::new, |note| format!("    note: {note}\n"));
        format!("{place} {} {}: {}\n    at {location}\n{note}", one.severity, one.code, one.summary())
    });
    lines.collect()
}

#[test]
fn valid_definitions_give_no_diagnostic() {
    for path in files("valid") {
        assert_eq!(show(&check_file(&path)), "", "{}", path.display());
    }
}

#[test]
fn invalid_definitions_give_what_is_expected() {
    let update = std::env::var_os("UPDATE").is_some();
    for path in files("invalid") {
        let shown = show(&check_file(&path));
        let expected = path.with_extension("expected");
        if update {
            fs::write(&expected, &shown).unwrap();
        }
        assert!(!shown.is_empty(), "{}", path.display());
        assert_eq!(fs::read_to_string(&expected).unwrap_or_default(), shown, "{}", path.display());
    }
}

#[test]
fn json_and_yaml_say_the_same() {
    for path in files("invalid").iter().chain(&files("valid")).filter(|path| path.extension().unwrap() == "json") {
        let text = fs::read(path).unwrap();
        let read = |format| {
            let options = Options { format: Some(format), ..Options::default() };
            Definition::parse_with(&text, &options).0.map(|definition| definition.value().clone())
        };
        if let Some(json) = read(Format::Json) {
            assert_eq!(Some(json), read(Format::Yaml), "{}", path.display());
        }
    }
}

#[test]
fn places_are_those_of_the_text() {
    let text = "{\n  \"é\": [1, {\"b\": \"\\\"x\"}],\n\t\"a/b\": {}\n}";
    for format in [Format::Json, Format::Yaml] {
        let options = Options { format: Some(format), ..Options::default() };
        let text = text.replace('\t', " ");
        let (definition, diagnostics) = Definition::parse_with(text.as_bytes(), &options);
        let definition = definition.unwrap_or_else(|| panic!("{diagnostics:?}"));
        let locate = |pointer| definition.locate(pointer).map(|place| (place.line, place.column, place.len));
        assert_eq!(locate(""), Some((1, 1, 1)));
        assert_eq!(locate("/é"), Some((2, 3, 3)));
        assert_eq!(locate("/é/0"), Some((2, 9, 1)));
        assert_eq!(locate("/é/1/b"), Some((2, 18, 5)));
        assert_eq!(locate("/a~1b"), Some((3, 2, 5)));
        assert_eq!(locate("/é/2"), None);
    }
}

#[test]
fn defines_replace_their_placeholders_only() {
    let defines = BTreeMap::from([("A".to_owned(), "1, \"b\": 2".to_owned())]);
    let (definition, _) = Definition::parse(b"{\"a\": ${A}, \"c\": \"${B} ${ ${\"}", &defines);
    assert_eq!(definition.unwrap().value().to_string(), r#"{"a":1,"b":2,"c":"${B} ${ ${"}"#);
}

/// A definition, its format, and what each pointer or mistake is at, as the text of that place.
fn check_places_as_written(text: &str, format: Format, expected: &[(&str, &str)]) {
    let defines = [
        ("Name", "été"),
        ("Lines", "1,\n  \"more\": {\n\"deep\": [true]},\n \"last\": 2"),
        ("Block", "1\nmore:\n  deep: [true]\nlast: 2"),
        ("Word", "word"),
        ("Empty", ""),
    ];
    let defines: BTreeMap<String, String> =
        defines.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    let options = Options { defines: Some(&defines), format: Some(format), ..Options::default() };
    let at = |place: Place| -> String {
        let line = text.split('\n').nth(place.line - 1).unwrap();
        let found: String = line.chars().skip(place.column - 1).take(place.len).collect();
        format!("{}:{found}", place.line)
    };
    match Definition::parse_with(text.as_bytes(), &options) {
        (Some(definition), mut diagnostics) => {
            assert_eq!(definition.written(), text);
            diagnostics.extend(validate(&definition, MachineType::Standard));
            for (pointer, found) in expected {
                let place = if pointer.starts_with('/') {
                    definition.locate(pointer)
                } else {
                    diagnostics.iter().find(|one| one.message.contains(pointer)).and_then(|one| one.place)
                };
                assert_eq!(place.map(at).as_deref(), Some(*found), "{pointer} in {text}: {diagnostics:?}");
            }
        }
        (None, diagnostics) => {
            let [(message, found)] = expected else { panic!("{diagnostics:?}") };
            assert!(diagnostics[0].message.contains(message), "{diagnostics:?}");
            assert_eq!(diagnostics[0].place.map(at).as_deref(), Some(*found), "{text}");
        }
    }
}

#[test]
fn places_are_those_of_the_text_as_written() {
    let check = check_places_as_written;
    for format in [Format::Json, Format::Yaml] {
        let text = "{\"a\": \"${Name}\", \"b\": [1], \"x${ Name }y\": 3,\n \"c\": \"${None}${Empty}-\"}";
        let places = [
            ("/a", "1:\"${Name}\""),
            ("/b", "1:\"b\""),
            ("/b/0", "1:1"),
            ("/xétéy", "1:3"),
            ("/c", "2:\"${None}${Empty}-\""),
        ];
        check(text, format, &places);
        let text = "{\"a\": ${Lines}, \"b\": 1,\n\"c\": [2]}";
        let places =
            [("/a", "1:${Lines}"), ("/more", "1:${Lines}"), ("/more/deep/0", "1:${Lines}"), ("/last", "1:${Lines}")];
        check(text, format, &places);
        check(text, format, &[("/b", "1:1"), ("/c", "2:\"c\""), ("/c/0", "2:2")]);
        let text = "{\"StartAt\": \"A\", \"Comment\": ${Lines}, \"States\": {\"A\": {\"Type\": \"Wait\",\n\"Seconds\": \"${Word}\",\n\"End\": true}}}";
        check(
            text,
            format,
            &[("Integer", "2:\"${Word}\""), ("'last' is not", "1:${Lines}"), ("of type String", "1:${Lines}")],
        );
        check("{\"a\": ${Lines}, \"b\": 1, \"b\": 2}", format, &[("Duplicate field 'b'", "1:\"b\"")]);
        check(
            " ${Word}",
            format,
            if format == Format::Json { &[("token 'word'", "1:${Word}")] } else { &[("must be", "1:${Word}")] },
        );
    }
    check("{\"a\": ${Lines}, \"b\":\n  \"${Name}\" wrong}", Format::Json, &[("Expected", "2:w")]);
    check("{\"a\": ${Word}}", Format::Json, &[("token 'word'", "1:${Word}")]);
    check("{\"a\": 1${Empty} 2}", Format::Json, &[("Expected", "1:2")]);
    let text = "a: ${Block}\nb:\n  - ${Name}\nc: \"${Name}\"\n";
    let places =
        [("/a", "1:${Block}"), ("/more", "1:${Block}"), ("/last", "1:${Block}"), ("/b", "2:b"), ("/b/0", "3:${Name}")];
    check(text, Format::Yaml, &places);
    check(text, Format::Yaml, &[("/c", "4:\"${Name}\"")]);
    check("a: ${Block}\nb: [1,\nc: ]]", Format::Yaml, &[("", "3:c")]);
}

#[test]
fn a_syntax_error_shows_the_text_as_written() {
    let defines = BTreeMap::from([("A".to_owned(), "{\n\n}".to_owned())]);
    let (_, diagnostics) = Definition::parse(b"{\"a\": ${A},\n \"b\": no}", &defines);
    let source = "[Source: (String)\"{\"a\": ${A},\n \"b\": no}\"; line: 2, column: 9]";
    assert_eq!(diagnostics[0].location.as_deref(), Some(source));
}

#[test]
fn a_refusal_reads_as_aws_writes_it() {
    let diagnostics = check_text(r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"}}}"#);
    assert_eq!(
        refusal(&diagnostics).unwrap(),
        "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: B at /States/A/Next, \
         MISSING_END_STATE: Workflow has no terminal state at null'"
    );
    let options = Options { format: Some(Format::Json), ..Options::default() };
    let diagnostics = check(b"not a definition", &options, MachineType::Standard);
    let source = "[Source: (String)\"not a definition\"; line: 1, column: 4]";
    assert_eq!(diagnostics[0].location.as_deref(), Some(source));
    assert_eq!(
        diagnostics[0].message,
        format!(
            "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or \
             'false')\n at {source}"
        )
    );
    let diagnostics = check_text("");
    assert_eq!(diagnostics[0].to_string(), "SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object at null");
}

#[test]
fn hostile_texts_are_refused() {
    let code = |text: &[u8]| check(text, &Options::default(), MachineType::Standard)[0].code;
    let unlimited = Options { bytes_max: None, ..Options::default() };
    let brackets = "[".repeat(1 << 20);
    let objects = "{\"a\":".repeat(100_000);
    for format in [Format::Json, Format::Yaml] {
        let options = Options { format: Some(format), ..unlimited.clone() };
        for text in [&brackets, &objects, &"- ".repeat(100_000), &"[{".repeat(100_000)] {
            let (definition, diagnostics) = Definition::parse_with(text.as_bytes(), &options);
            assert!(definition.is_none());
            assert!(diagnostics[0].place.is_some(), "{:?}", diagnostics[0].code);
        }
    }
    assert_eq!(code(&vec![b' '; (1 << 20) + 1]), Code::SchemaValidationFailed);
    assert_eq!(code(b"{\"a\": \"\xff\"}"), Code::InvalidJsonDescription);
    let laughs: String = (1..12).map(|n| format!("a{n}: &a{n} [{}]\n", format!("*a{},", n - 1).repeat(9))).collect();
    assert_eq!(code(format!("a0: &a0 ha\n{laughs}").as_bytes()), Code::InvalidJsonDescription);
    let names: String = (0..20_000).map(|n| format!("\"s{n}\":{{\"Type\":\"Pass\"}},")).collect();
    let many = format!("{{\"StartAt\":\"s\",\"States\":{{{names}\"s\":{{\"Type\":\"Succeed\"}}}}}}");
    assert!(check_text(&many).len() > 20_000);
}

/// Words that make a random text more likely to be nearly a definition.
const WORDS: &str = "StartAt|States|Type|Pass|Task|Map|Choice|Choices|Branches|ItemProcessor|Iterator|Catch|Retry|Assign\
|ErrorEquals|Variable|And|Not|Resource|Parameters|arn:aws:states:::lambda:invoke|Next|A|\\$\\.a|a\\.\\$|\\{% 1 %\\}";

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        WORDS.prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::vec((WORDS, inner), 0..6)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        check_text(&text);
        check_text(&format!("{{{text}"));
        check(&bytes, &Options::default(), MachineType::Standard);
    }

    #[test]
    fn no_json_makes_it_panic(value in json(), kind in prop_oneof![Just("Map"), Just("Task"), Just("Choice")]) {
        let mut state = value.clone();
        if let Some(fields) = state.as_object_mut() {
            fields.insert("Type".to_owned(), kind.into());
        }
        let machine = serde_json::json!({"StartAt": "A", "States": {"A": state, "B": value.clone()}});
        for text in [value.to_string(), machine.to_string()] {
            let found = check(text.as_bytes(), &Options::default(), MachineType::Express);
            prop_assert!(found.iter().all(|one| one.place.is_some() || one.location.is_none()), "{found:?}");
        }
    }
}
