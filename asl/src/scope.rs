//! What an expression may refer to while the data of one state flows: the input, the context object, variables, time and
//! chance.

use crate::chance::Chance;
use crate::path::{PathError, Root, Selector};
use crate::time::Timestamp;
use crate::value::{Text, Value};

/// The roots that paths start from.
pub trait Roots {
    /// `$`: the effective input (or result) at this point of the state's data flow. In JSONata `$states.input`, which is
    /// the state's input throughout.
    fn input(&self) -> &Value;
    /// `$$`: the context object, built when it is first asked for.
    fn context(&self) -> &Value;
    /// `$name`: the variable that is visible under this name.
    fn variable(&self, name: &str) -> Option<&Value>;
    /// What the state's work came to, where the expression may see it, under its name in `$states`: `result`, or
    /// `errorOutput` in a Catcher.
    fn outcome(&self) -> Option<(&'static str, &Value)> {
        None
    }
}

/// Roots, time and chance: all that an expression can read.
pub struct Scope<'a> {
    /// What paths start from.
    pub roots: &'a dyn Roots,
    /// When the turn happens.
    pub now: Timestamp,
    /// Where `States.UUID`, `$random()` and the like get their chance from.
    pub chance: &'a mut Chance,
}

impl Scope<'_> {
    /// The value a path selects, as AWS selects it: where an indefinite path finds nothing the answer is `[]`,
    /// although Jayway refuses a missing definite prefix.
    pub fn select(&self, selector: &Selector) -> Result<Value, PathError> {
        let found = match &selector.root {
            Root::Input => selector.path.select(self.roots.input()),
            Root::Context => selector.path.select(self.roots.context()),
            Root::Variable(name) => match self.roots.variable(name) {
                Some(value) => selector.path.select(value),
                None => Err(PathError::NotFound(format!("No such variable: ${name}"))),
            },
        };
        match found {
            Err(PathError::NotFound(_)) if !selector.path.is_definite() => Ok(Vec::new().into()),
            found => found,
        }
    }

    /// The root a selector starts from, as JSON text, for messages that show it.
    pub fn root_text(&self, selector: &Selector) -> Text {
        match &selector.root {
            Root::Input => self.roots.input().to_string().into(),
            Root::Context => self.roots.context().to_string().into(),
            Root::Variable(name) => self.roots.variable(name).map_or_else(String::new, Value::to_string).into(),
        }
    }
}
