//! Any JSON as a payload template of either language, evaluated on itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stepwell_asl::dataflow::{Flow, Surroundings};
use stepwell_asl::template::Template;
use stepwell_asl::{Chance, Timestamp, Value};

struct Nothing(Value);

impl Surroundings for Nothing {
    fn context(&self) -> &Value {
        &self.0
    }
    fn variable(&self, _: &str) -> Option<&Value> {
        Some(&self.0)
    }
}

fuzz_target!(|text: &str| {
    let Ok(value) = Value::parse(text) else { return };
    let templates = [Template::compile(&value).ok(), Template::jsonata(&value, "Output").ok()];
    let surroundings = Nothing(value.clone());
    let mut chance = Chance::from_seed([1, 2, 3, 4]);
    let now = Timestamp::default();
    let mut flow = Flow { surroundings: &surroundings, now, chance: &mut chance, observer: &mut () };
    for template in templates.iter().flatten() {
        let _ = flow.with(&value, |scope| template.evaluate(scope));
    }
});
