//! Any text as a path, on a document that has a bit of everything.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stepwell_asl::Value;
use stepwell_asl::path::{Path, ReferencePath, Selector};

const DOCUMENT: &str = r#"{"a":[1,"2",null,{"b":[true,{"c":-1.5}]}],"b":{"a":"x","c":{}},"":[[],[[1]]]}"#;

fuzz_target!(|text: &str| {
    let Ok(document) = Value::parse(DOCUMENT) else { return };
    if let Ok(path) = Path::parse(text) {
        let _ = path.query(&document);
    }
    let _ = Selector::parse(text);
    if let Ok(path) = ReferencePath::parse(text) {
        let _ = path.write(&document, Value::Null);
    }
});
