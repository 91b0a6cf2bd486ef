//! Equality and truth.
