//! What this process takes of the machine, as Linux tells it. Elsewhere nothing is known.

use std::fs;

/// The most memory it has had since [`reset_peak`], in bytes.
pub fn peak_bytes() -> Option<u64> {
    kilobytes("VmHWM:")
}

/// The memory it has now, in bytes.
pub fn resident_bytes() -> Option<u64> {
    kilobytes("VmRSS:")
}

/// Begins to look for the peak anew, where that is allowed.
pub fn reset_peak() {
    let _ = fs::write("/proc/self/clear_refs", "5"); // where it is not, the peak is that of the whole run
}

/// Bytes it has had written to disk.
pub fn written_bytes() -> Option<u64> {
    number(&fs::read_to_string("/proc/self/io").ok()?, "write_bytes:")
}

fn kilobytes(field: &str) -> Option<u64> {
    number(&fs::read_to_string("/proc/self/status").ok()?, field).map(|kilobytes| kilobytes * 1024)
}

fn number(text: &str, field: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_whitespace().next()?.parse().ok()
}
