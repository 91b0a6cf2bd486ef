//! Calls: of lambdas, of the library, with some of the arguments, and through `~>`.

use std::rc::Rc;
use std::sync::Arc;

use super::{Closure, Evaluator, Frame, Function, Native};
use crate::jsonata::error::Error;
use crate::jsonata::item::{Item, nested};
use crate::jsonata::regex;
use crate::jsonata::syntax::tree::{Kind, Lambda, Node};
use crate::value::Text;

impl Evaluator<'_> {
    /// Calls a function. The context stands for arguments that are left out, where the function allows that; for calls
    /// from higher-order functions it is `null`.
    pub fn apply(&mut self, function: &Rc<Function>, arguments: Vec<Item>, context: &Item) -> Result<Item, Error> {
        self.nested(|evaluator| evaluator.apply_to_end(function, arguments, context))
    }

    fn apply_to_end(&mut self, function: &Rc<Function>, arguments: Vec<Item>, context: &Item) -> Result<Item, Error> {
        let mut result = self.apply_once(function, arguments, context)?;
        // A call in tail position comes back unmade, so that a loop that is written as recursion needs no depth.
        while let Item::Function(tail) = &result
            && let Function::Tail { call, input, frame } = &**tail
        {
            let Kind::Call { procedure, arguments } = &call.kind else { break };
            self.meter.work(1)?;
            let next = self.evaluate(procedure, input, frame)?;
            let mut values = Vec::with_capacity(arguments.len());
            for argument in arguments {
                values.push(self.evaluate(argument, input, frame)?);
            }
            let name = variable_name(procedure);
            let located = |error: Error| error.or_token(name).or_position(procedure.position);
            let Item::Function(next) = &next else { return Err(located(Error::new("T1006"))) };
            result = self.apply_once(next, values, context).map_err(located)?;
        }
        Ok(result)
    }

    fn apply_once(&mut self, function: &Rc<Function>, arguments: Vec<Item>, context: &Item) -> Result<Item, Error> {
        self.meter.work(1)?;
        match &**function {
            Function::Lambda(closure) => {
                let arguments = match &closure.lambda.signature {
                    Some(signature) if closure.checked => signature.validate(arguments, context, &self.meter)?,
                    _ => arguments,
                };
                let mut arguments = arguments.into_iter();
                let variables = closure
                    .parameters
                    .iter()
                    .map(|name| (name.clone(), arguments.next().unwrap_or_default()))
                    .collect();
                let frame = Frame::with(&closure.frame, variables);
                self.evaluate(&closure.lambda.body, &closure.input, &frame)
            }
            Function::Native(native) => {
                let mut arguments = match native.signature() {
                    Some(signature) => signature.validate(arguments, context, &self.meter)?,
                    None => arguments,
                };
                pad(&mut arguments, native);
                (native.call)(self, &arguments)
            }
            Function::Partial { native, given, .. } => {
                let mut more = arguments.into_iter();
                let mut arguments: Vec<Item> = given
                    .iter()
                    .map(|given| given.clone().unwrap_or_else(|| more.next().unwrap_or_default()))
                    .collect();
                pad(&mut arguments, native);
                (native.call)(self, &arguments)
            }
            Function::Handed(function) => self.apply(function, arguments, &Item::Null),
            Function::Matcher(pattern) => match arguments.into_iter().next() {
                Some(Item::String(text)) => regex::matched(pattern, &text, 0, &self.meter),
                _ => Ok(Item::Undefined),
            },
            Function::NextMatch { pattern, text, from } => regex::next_match(pattern, text, *from, &self.meter),
            Function::Transform { transform, position, frame } => {
                let argument = self.transformed_argument(arguments, context)?;
                self.transform(transform, *position, argument, frame)
            }
            Function::Chain { first, then, .. } => {
                let argument = arguments.into_iter().next().unwrap_or_default();
                let between = self.apply(first, vec![argument], &Item::Null)?;
                self.apply(then, vec![between], &Item::Null)
            }
            // `apply` makes tail calls itself.
            Function::Tail { .. } => Err(Error::new("T1006")),
        }
    }

    pub(super) fn lambda(&mut self, lambda: &Arc<Lambda>, input: &Item, frame: &Rc<Frame>) -> Result<Item, Error> {
        self.closure(lambda, lambda.parameters.clone(), true, input, frame)
    }

    fn closure(
        &mut self,
        lambda: &Arc<Lambda>,
        parameters: Vec<Text>,
        checked: bool,
        input: &Item,
        frame: &Rc<Frame>,
    ) -> Result<Item, Error> {
        self.hold(frame)?;
        let closure = Closure {
            charge: self.meter.charge(size_of::<Function>() + parameters.len() * size_of::<Text>())?,
            parameters,
            checked,
            lambda: lambda.clone(),
            depth: nested([input])?,
            input: input.clone(),
            frame: frame.clone(),
        };
        Ok(Item::Function(Rc::new(Function::Lambda(closure))))
    }

    /// `f(a, b)`, with what stands before `~>` as the first argument.
    pub(super) fn call(
        &mut self,
        node: &Node,
        procedure: &Node,
        arguments: &[Node],
        before: Option<Item>,
        input: &Item,
        frame: &Rc<Frame>,
    ) -> Result<Item, Error> {
        let function = self.evaluate(procedure, input, frame)?;
        if function.is_undefined()
            && let Some(name) = self.forgotten_dollar(procedure, input, frame)
        {
            return Err(Error::new("T1005").at(node.position).token(&name));
        }
        let mut values = Vec::with_capacity(arguments.len() + usize::from(before.is_some()));
        values.extend(before);
        for argument in arguments {
            values.push(self.argument(argument, input, frame)?);
        }
        let name = procedure_name(procedure);
        let located = |error: Error| error.or_token(name).or_position(node.position);
        match &function {
            Item::Function(function) => self.apply(function, values, input).map_err(located),
            _ => Err(located(Error::new("T1006"))),
        }
    }

    fn argument(&mut self, argument: &Node, input: &Item, frame: &Rc<Frame>) -> Result<Item, Error> {
        Ok(match self.evaluate(argument, input, frame)? {
            Item::Function(function) => match &*function {
                Function::Matcher(_) | Function::NextMatch { .. } | Function::Handed(_) => Item::Function(function),
                _ => {
                    nested([&Item::Function(function.clone())])?;
                    Item::Function(Rc::new(Function::Handed(function)))
                }
            },
            item => item,
        })
    }

    /// `f(a, ?)`
    pub(super) fn partial(
        &mut self,
        node: &Node,
        procedure: &Node,
        arguments: &[Option<Node>],
        input: &Item,
        frame: &Rc<Frame>,
    ) -> Result<Item, Error> {
        let mut given = Vec::with_capacity(arguments.len());
        for argument in arguments {
            given.push(argument.as_ref().map(|argument| self.evaluate(argument, input, frame)).transpose()?);
        }
        let function = self.evaluate(procedure, input, frame)?;
        if function.is_undefined()
            && let Some(name) = self.forgotten_dollar(procedure, input, frame)
        {
            return Err(Error::new("T1007").at(node.position).token(&name));
        }
        let error = || Error::new("T1008").at(node.position).or_token(procedure_name(procedure));
        let Item::Function(function) = &function else { return Err(error()) };
        let mut target = function;
        while let Function::Handed(inner) = &**target {
            target = inner;
        }
        match &**target {
            Function::Lambda(closure) => {
                let (mut unbound, mut bound) = (Vec::new(), Vec::new());
                let mut given = given.into_iter();
                for name in &closure.parameters {
                    match given.next() {
                        Some(None) => unbound.push(name.clone()),
                        argument => bound.push((name.clone(), argument.flatten().unwrap_or_default())),
                    }
                }
                let frame = Frame::with(&closure.frame, bound);
                self.closure(&closure.lambda, unbound, false, &closure.input, &frame)
            }
            Function::Native(native) => self.given(native, given),
            Function::Partial { native, given: before, .. } => {
                let mut more = given.into_iter();
                let merged =
                    before.iter().map(|known| known.clone().or_else(|| more.next().unwrap_or(Some(Item::Undefined))));
                self.given(native, merged.collect())
            }
            _ => Err(error()),
        }
    }

    fn given(&mut self, native: &'static Native, mut given: Vec<Option<Item>>) -> Result<Item, Error> {
        given.truncate(native.parameters);
        let depth = nested(given.iter().flatten())?;
        Ok(Item::Function(Rc::new(Function::Partial { native, given, depth })))
    }

    /// `a ~> b`: a call with `a` as the first argument, or two functions as one.
    pub(super) fn chain(
        &mut self,
        node: &Node,
        left: &Node,
        right: &Node,
        input: &Item,
        frame: &Rc<Frame>,
    ) -> Result<Item, Error> {
        let argument = self.evaluate(left, input, frame)?;
        if let Kind::Call { procedure, arguments } = &right.kind {
            // Filters and groups behind the call have no effect here, as in the reference.
            return self.call(right, procedure, arguments, Some(argument), input, frame);
        }
        let then = match self.evaluate(right, input, frame)? {
            Item::Function(function) => function,
            other => return Err(Error::new("T2006").at(node.position).value(&other)),
        };
        match &argument {
            Item::Function(first) => {
                let depth = nested([&argument, &Item::Function(then.clone())])?;
                Ok(Item::Function(Rc::new(Function::Chain { first: first.clone(), then, depth })))
            }
            _ => self.apply(&then, vec![argument], &Item::Null),
        }
    }

    /// The name of a function that was called without its `$`.
    fn forgotten_dollar(&self, procedure: &Node, input: &Item, frame: &Rc<Frame>) -> Option<Text> {
        let Kind::Path { steps, .. } = &procedure.kind else { return None };
        let Kind::Name(name) = &steps.first()?.kind else { return None };
        (!self.variable(name, input, frame).is_undefined()).then(|| name.clone())
    }
}

fn pad(arguments: &mut Vec<Item>, native: &Native) {
    while arguments.len() < native.parameters {
        arguments.push(Item::Undefined);
    }
}

fn variable_name(procedure: &Node) -> Option<&str> {
    match &procedure.kind {
        Kind::Variable(name) => Some(name),
        _ => None,
    }
}

/// How an error names the function that was called.
fn procedure_name(procedure: &Node) -> Option<&str> {
    match &procedure.kind {
        Kind::Variable(name) | Kind::String(name) => Some(name),
        Kind::Path { steps, .. } => match &steps.first()?.kind {
            Kind::Name(name) | Kind::Variable(name) | Kind::String(name) => Some(name),
            _ => None,
        },
        _ => None,
    }
}
