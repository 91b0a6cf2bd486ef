//! Puts the text of all cases into the library, so that the binary has them wherever it is.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    gather(&root, &mut files);
    files.sort();
    let mut table = String::from("/// The project's own cases: path and text.\nconst BUILT_IN: &[(&str, &str)] = &[\n");
    for file in files {
        let below = file.strip_prefix(&root).expect("it was found there").to_str().expect("our names are text");
        let _ = writeln!(table, "    ({:?}, include_str!({:?})),", below.replace('\\', "/"), file);
    }
    table.push_str("];\n");
    let out = std::env::var_os("OUT_DIR").expect("cargo sets it");
    std::fs::write(PathBuf::from(out).join("cases.rs"), table).expect("the output directory can be written");
}

fn gather(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("the cases can be read") {
        let path = entry.expect("the cases can be read").path();
        if path.is_dir() {
            println!("cargo::rerun-if-changed={}", path.display());
            gather(&path, files);
        } else {
            files.push(path);
        }
    }
}
