//! Any text as a call of an intrinsic function.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stepwell_asl::dataflow::{Flow, Surroundings};
use stepwell_asl::intrinsics::Intrinsic;
use stepwell_asl::{Chance, Timestamp, Value};

const DOCUMENT: &str = r#"{"a":[1,"2",null,{"b":true}],"s":"text {} ' \\","n":-1.5,"o":{"k":"v"}}"#;

struct Nothing(Value);

impl Surroundings for Nothing {
    fn context(&self) -> &Value {
        &self.0
    }
    fn variable(&self, _: &str) -> Option<&Value> {
        None
    }
}

fuzz_target!(|text: &str| {
    let Ok(document) = Value::parse(DOCUMENT) else { return };
    let Ok(intrinsic) = Intrinsic::parse(text) else { return };
    let surroundings = Nothing(document.clone());
    let mut chance = Chance::from_seed([1, 2, 3, 4]);
    let now = Timestamp::default();
    let mut flow = Flow { surroundings: &surroundings, now, chance: &mut chance, observer: &mut () };
    let _ = flow.with(&document, |scope| intrinsic.evaluate(scope));
});
