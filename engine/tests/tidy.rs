//! Rules of the house that a compiler does not know.

use std::path::{Path, PathBuf};

/// What the language and the core must not name: clocks, chance, threads, IO and everything asynchronous.
const BANNED: [&str; 14] = [
    "tokio",
    "sled",
    "axum",
    "use rand",
    "getrandom",
    "SystemTime",
    "Instant::",
    "std::fs",
    "std::net",
    "std::thread",
    "std::process",
    "std::env::",
    "async fn",
    ".await",
];

#[test]
fn the_language_and_the_core_reach_for_nothing_outside() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = sources(&root.join("asl/src"));
    files.extend(sources(&root.join("engine/src/core")));
    assert!(files.len() > 50, "only {} files were found", files.len());
    for file in files {
        let text = std::fs::read_to_string(&file).expect("the file was just listed");
        for (line, number) in text.lines().zip(1..) {
            let code = line.split("//").next().unwrap_or_default();
            for banned in BANNED {
                assert!(!code.contains(banned), "{}:{number} names {banned}", file.display());
            }
        }
    }
}

#[test]
fn the_engine_does_not_know_who_uses_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (folder, above) in [("asl/src", "stepwell_engine"), ("asl/src", "stepwell_cli"), ("engine/src", "clap::")] {
        for file in sources(&root.join(folder)) {
            let text = std::fs::read_to_string(&file).expect("the file was just listed");
            assert!(!text.contains(above), "{} names {above}", file.display());
        }
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there").flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => files.extend(sources(&path)),
            false if path.extension().is_some_and(|extension| extension == "rs") => files.push(path),
            false => {}
        }
    }
    files
}
