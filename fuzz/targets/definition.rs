//! Any bytes as a definition: parsed, checked, and compiled where it passes.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use stepwell_asl::definition::Definition;
use stepwell_asl::validate::{MachineType, validate};

fuzz_target!(|bytes: &[u8]| {
    let (Some(definition), _) = Definition::parse(bytes, &BTreeMap::new()) else { return };
    let refused = validate(&definition, MachineType::Standard).iter().any(|diagnostic| diagnostic.is_error());
    let compiled = stepwell_asl::compile::compile(definition.value());
    assert!(refused || compiled.is_ok(), "accepted, but does not compile: {:?}", compiled.err());
});
