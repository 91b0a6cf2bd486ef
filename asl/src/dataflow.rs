//! How data flows through a state: one path from its input to its output, which an observer may watch.
//!
//! In production nobody watches; a test of a single state and a console see the very values that are computed here.

use crate::chance::Chance;
use crate::error::EvalError;
use crate::path::Selector;
use crate::program::{Completion, PathField, QueryLanguage, ResultPath, State};
use crate::scope::{Roots, Scope};
use crate::template::Template;
use crate::time::Timestamp;
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
    /// When the turn happens.
    pub now: Timestamp,
    /// Chance for functions.
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

/// What a state's work came to: its name in `$states`, and the value.
pub type Outcome<'a> = Option<(&'static str, &'a Value)>;

struct At<'a> {
    input: &'a Value,
    outcome: Outcome<'a>,
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
    fn outcome(&self) -> Outcome<'_> {
        self.outcome
    }
}

impl Flow<'_> {
    /// Evaluates something with this value as `$`.
    pub fn with<T>(&mut self, input: &Value, evaluate: impl FnOnce(&mut Scope<'_>) -> T) -> T {
        self.with_outcome(input, None, evaluate)
    }

    fn with_outcome<T>(
        &mut self,
        input: &Value,
        outcome: Outcome<'_>,
        evaluate: impl FnOnce(&mut Scope<'_>) -> T,
    ) -> T {
        let roots = At { input, outcome, surroundings: self.surroundings };
        evaluate(&mut Scope { roots: &roots, now: self.now, chance: self.chance })
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

    /// From a result to the output: `ResultSelector`, `ResultPath`, `OutputPath`, `Assign`; in JSONata `Output` and
    /// `Assign`.
    pub fn result(
        &mut self,
        state: &State,
        completion: &Completion,
        raw: &Value,
        result: Value,
    ) -> Result<Left, EvalError> {
        self.observer.saw(Stage::Result, &result);
        if state.language == QueryLanguage::Jsonata {
            return self.transform(state.assign.as_ref(), state.output.as_ref(), raw, Some(("result", &result)));
        }
        let result = match &completion.result_selector {
            Some(template) => self.with(&result, |scope| template.evaluate(scope))?,
            None => result,
        };
        self.observer.saw(Stage::AfterResultSelector, &result);
        let assigned = self.assigned(state.assign.as_ref(), &result)?;
        let placed = place(&completion.result_path, raw, result)?;
        self.observer.saw(Stage::AfterResultPath, &placed);
        let output = self.path(&state.output_path, &placed)?;
        self.observer.saw(Stage::Output, &output);
        Ok(Left { output, assigned })
    }

    /// The output of a state that has no result of its own: `OutputPath` and `Assign`; in JSONata `Output` and `Assign`.
    pub fn pass_on(&mut self, state: &State, input: Value) -> Result<Left, EvalError> {
        if state.language == QueryLanguage::Jsonata {
            return self.transform(state.assign.as_ref(), state.output.as_ref(), &input, None);
        }
        let assigned = self.assigned(state.assign.as_ref(), &input)?;
        let output = self.path(&state.output_path, &input)?;
        self.observer.saw(Stage::Output, &output);
        Ok(Left { output, assigned })
    }

    /// The end of a JSONata state, of a rule of its `Choices` or of one of its Catchers: `Assign` and `Output`, which see
    /// the state's input and what its work came to. Without `Output` that is what is passed on.
    pub fn transform(
        &mut self,
        assign: Option<&Template>,
        output: Option<&Template>,
        input: &Value,
        outcome: Outcome<'_>,
    ) -> Result<Left, EvalError> {
        let mut evaluate = |template: &Template| self.with_outcome(input, outcome, |scope| template.evaluate(scope));
        let assigned = assign.map(&mut evaluate).transpose()?;
        let output = match (output, outcome) {
            (Some(template), _) => evaluate(template)?,
            (None, Some((_, value))) => value.clone(),
            (None, None) => input.clone(),
        };
        if let Some(variables) = &assigned {
            self.observer.saw(Stage::Variables, variables);
        }
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
