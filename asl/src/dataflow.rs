//! How data flows through a state: one path from its input to its output, which an observer may watch.
//!
//! In production nobody watches; a test of a single state and a console see the very values that are computed here.

use crate::chance::Chance;
use crate::error::EvalError;
use crate::path::Selector;
use crate::program::{Completion, PathField, ResultPath, State};
use crate::scope::{Roots, Scope};
use crate::template::Template;
use crate::value::Value;

/// The stages of a state's data flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Stage {
    Input,
    AfterInputPath,
    AfterParameters,
    AfterItemsPath,
    /// What each iteration of a Map gets, as an array.
    AfterItemSelector,
    /// The batches of a Map's items, as an array.
    AfterItemBatcher,
    MaxConcurrency,
    ToleratedFailureCount,
    ToleratedFailurePercentage,
    Result,
    AfterResultSelector,
    AfterResultPath,
    Output,
    Variables,
}

/// Sees each stage's value.
pub trait Observer {
    /// A stage has its value.
    fn saw(&mut self, stage: Stage, value: &Value);
}

/// Nobody watches.
impl Observer for () {
    fn saw(&mut self, _: Stage, _: &Value) {}
}

/// The roots of paths besides `$`.
pub trait Surroundings {
    /// The context object.
    fn context(&self) -> &Value;
    /// The variable that is visible under this name.
    fn variable(&self, name: &str) -> Option<&Value>;
}

/// One state's data flow.
pub struct Flow<'a> {
    /// The context object and the variables.
    pub surroundings: &'a dyn Surroundings,
    /// Chance for intrinsic functions.
    pub chance: &'a mut Chance,
    /// Who watches.
    pub observer: &'a mut dyn Observer,
}

/// What a state leaves behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Left {
    /// Its output.
    pub output: Value,
    /// The variables it sets, as an object; `None` where it has no `Assign`.
    pub assigned: Option<Value>,
}

struct At<'a> {
    input: &'a Value,
    surroundings: &'a dyn Surroundings,
}

impl Roots for At<'_> {
    fn input(&self) -> &Value {
        self.input
    }
    fn context(&self) -> &Value {
        self.surroundings.context()
    }
    fn variable(&self, name: &str) -> Option<&Value> {
        self.surroundings.variable(name)
    }
}

impl Flow<'_> {
    /// Evaluates something with this value as `$`.
    pub fn with<T>(&mut self, input: &Value, evaluate: impl FnOnce(&mut Scope<'_>) -> T) -> T {
        let roots = At { input, surroundings: self.surroundings };
        evaluate(&mut Scope { roots: &roots, chance: self.chance })
    }

    /// `InputPath`.
    pub fn input(&mut self, state: &State, raw: &Value) -> Result<Value, EvalError> {
        self.observer.saw(Stage::Input, raw);
        let input = self.path(&state.input_path, raw)?;
        self.observer.saw(Stage::AfterInputPath, &input);
        Ok(input)
    }

    /// `Parameters` (or `ItemSelector`, `Credentials`): the template's value, or the input where there is none.
    pub fn arguments(&mut self, template: Option<&Template>, input: Value) -> Result<Value, EvalError> {
        let arguments = match template {
            Some(template) => self.with(&input, |scope| template.evaluate(scope))?,
            None => input,
        };
        self.observer.saw(Stage::AfterParameters, &arguments);
        Ok(arguments)
    }

    /// From a result to the output: `ResultSelector`, `ResultPath`, `OutputPath`, `Assign`.
    pub fn result(
        &mut self,
        state: &State,
        completion: &Completion,
        raw: &Value,
        result: Value,
    ) -> Result<Left, EvalError> {
        self.observer.saw(Stage::Result, &result);
        let result = match &completion.result_selector {
            Some(template) => self.with(&result, |scope| template.evaluate(scope))?,
            None => result,
        };
        self.observer.saw(Stage::AfterResultSelector, &result);
        let assigned = self.assigned(state.assign.as_ref(), &result)?;
        let placed = match &completion.output {
            Some(template) => self.with(&result, |scope| template.evaluate(scope))?,
            None => place(&completion.result_path, raw, result)?,
        };
        self.observer.saw(Stage::AfterResultPath, &placed);
        let output = self.path(&state.output_path, &placed)?;
        self.observer.saw(Stage::Output, &output);
        Ok(Left { output, assigned })
    }

    /// The output of a state that has no result of its own: `OutputPath` and `Assign`.
    pub fn pass_on(&mut self, state: &State, input: Value) -> Result<Left, EvalError> {
        let assigned = self.assigned(state.assign.as_ref(), &input)?;
        let output = self.path(&state.output_path, &input)?;
        self.observer.saw(Stage::Output, &output);
        Ok(Left { output, assigned })
    }

    /// `Assign`: the new variables as an object. All expressions see the old ones.
    pub fn assigned(&mut self, assign: Option<&Template>, value: &Value) -> Result<Option<Value>, EvalError> {
        let Some(template) = assign else { return Ok(None) };
        let variables = self.with(value, |scope| template.evaluate(scope))?;
        self.observer.saw(Stage::Variables, &variables);
        Ok(Some(variables))
    }

    /// A field that selects with a path.
    pub fn path(&mut self, field: &PathField, value: &Value) -> Result<Value, EvalError> {
        match field {
            PathField::Whole => Ok(value.clone()),
            PathField::Nothing => Ok(Value::empty_object()),
            PathField::Select(selector) => self.select(selector, value),
        }
    }

    /// A path in a field that must find something, with AWS's words where it does not.
    pub fn select(&mut self, selector: &Selector, value: &Value) -> Result<Value, EvalError> {
        self.with(value, |scope| scope.select(selector))
            .map_err(|why| EvalError::runtime(format!("Invalid path '{}' : {why}", selector.text())))
    }
}

/// `ResultPath`.
pub fn place(path: &ResultPath, raw: &Value, result: Value) -> Result<Value, EvalError> {
    match path {
        ResultPath::Replace => Ok(result),
        ResultPath::Discard => Ok(raw.clone()),
        ResultPath::Write(path) => path.write(raw, result),
    }
}
