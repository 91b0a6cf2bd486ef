//! From what was evaluated to JSON.
