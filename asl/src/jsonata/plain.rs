//! Plain paths such as `$states.input.customer.id`: most expressions are one, and need no evaluator.

use super::Names;
use crate::value::{Text, Value};

/// `$name.a.b` or `a.b`.
#[derive(Debug)]
pub struct PlainPath {
    /// The variable it starts from; `None` for the input.
    pub variable: Option<Text>,
    /// The members, in order.
    pub members: Box<[Text]>,
}

impl PlainPath {
    /// What is there; `None` where an array is on the way, which takes the evaluator.
    pub fn find(&self, _input: Option<&Value>, _names: &dyn Names) -> Option<Option<Value>> {
        None
    }
}
