//! Paths: every step maps over what the step before gave, and flattens what comes out.

use std::rc::Rc;

use super::{Evaluator, Frame};
use crate::jsonata::error::Error;
use crate::jsonata::item::{Array, Item, Marks};
use crate::jsonata::syntax::tree::{Kind, Node, Stage};

/// What flows from step to step.
pub(super) enum Stream {
    /// An array as it is.
    Array(Array),
    /// What the last step gave.
    Items(Vec<Item>),
}

impl Stream {
    pub(super) fn len(&self) -> usize {
        match self {
            Stream::Array(array) => array.len(),
            Stream::Items(items) => items.len(),
        }
    }

    pub(super) fn get(&self, index: usize) -> Item {
        match self {
            Stream::Array(array) => array.get(index),
            Stream::Items(items) => items.get(index).cloned().unwrap_or_default(),
        }
    }
}

impl Evaluator<'_> {
    pub(super) fn path(
        &mut self,
        node: &Node,
        steps: &[Node],
        keep_singleton: bool,
        input: &Item,
        frame: &Rc<Frame>,
    ) -> Result<Item, Error> {
        // A path that starts with a variable is absolute; every other maps over a context that is an array.
        let absolute = matches!(steps.first().map(|step| &step.kind), Some(Kind::Variable(_)));
        let mut stream = match input {
            Item::Array(array) if !absolute => Stream::Array(array.clone()),
            input => Stream::Items(vec![input.clone()]),
        };
        let mut tuples: Option<Array> = None;
        let mut rest = steps.iter().enumerate();
        if let Some(member) = self.states_member(steps, frame) {
            stream = self.finish_step(&steps[1], vec![member], frame, steps.len() == 2)?;
            rest.nth(1);
            if stream.len() == 0 {
                rest.nth(steps.len());
            }
        }
        let mut streams_tuples = false;
        for (index, step) in rest {
            streams_tuples |= step.tuple;
            let result = if index == 0 && step.constructs_array {
                let context = self.stream_item(stream)?;
                let result = self.evaluate(step, &context, frame)?;
                stream = match result {
                    Item::Array(array) => Stream::Array(array),
                    Item::Undefined => Stream::Items(Vec::new()),
                    item => Stream::Items(vec![item]),
                };
                if !streams_tuples && stream.len() == 0 {
                    break;
                }
                continue;
            } else if streams_tuples {
                let made = self.tuple_step(step, &stream, tuples.take(), frame)?;
                tuples = Some(made);
                None
            } else {
                Some(self.step(step, &stream, frame, index + 1 == steps.len())?)
            };
            if let Some(result) = result {
                let ended = result.len() == 0;
                stream = result;
                if ended {
                    break;
                }
            }
        }
        let mut result = match (&tuples, node.tuple) {
            (Some(tuples), true) => Item::Array(tuples.clone()),
            (Some(tuples), false) => {
                self.meter.work(tuples.len())?;
                let contexts = tuples.iter().map(|tuple| context_of(&tuple)).collect();
                Item::sequence(contexts, &self.meter)?
            }
            (None, _) => self.stream_item(stream)?,
        };
        if keep_singleton {
            result = self.keep_singleton(result)?;
        }
        match &node.group {
            None => Ok(result),
            Some(group) => {
                let input = tuples.map_or(result, Item::Array);
                self.group(group, input, frame)
            }
        }
    }

    /// `$states.member`, where the path starts so: nobody needs all of `$states` for that.
    fn states_member(&self, steps: &[Node], frame: &Rc<Frame>) -> Option<Item> {
        let [first, second, ..] = steps else { return None };
        let (Kind::Variable(variable), Kind::Name(member)) = (&first.kind, &second.kind) else { return None };
        let plain =
            |node: &Node| node.stages.is_empty() && node.predicates.is_empty() && node.group.is_none() && !node.tuple;
        if &**variable != "states" || !plain(first) || second.tuple || frame.find("states").is_some() {
            return None;
        }
        Some(self.names.member("states", member).map_or(Item::Undefined, Item::from))
    }

    fn keep_singleton(&self, result: Item) -> Result<Item, Error> {
        let Item::Array(array) = result else { return Ok(result) };
        let mut marks = array.marks();
        if marks.constructed && !marks.sequence {
            let marks = Marks { sequence: true, keep_singleton: true, ..Marks::default() };
            return Item::marked(vec![Item::Array(array)], marks, &self.meter);
        }
        if !marks.sequence {
            return Ok(Item::Array(array));
        }
        marks.keep_singleton = true;
        array.with_marks(marks, &self.meter)
    }

    fn stream_item(&self, stream: Stream) -> Result<Item, Error> {
        match stream {
            Stream::Array(array) => Ok(Item::Array(array)),
            Stream::Items(items) => Item::sequence(items, &self.meter),
        }
    }

    /// One step over every item.
    fn step(&mut self, step: &Node, input: &Stream, frame: &Rc<Frame>, last: bool) -> Result<Stream, Error> {
        if let Kind::Sort(terms) = &step.kind {
            let mut sorted = self.sort_by(terms, step.position, stream_array(input, &self.meter)?, frame)?;
            for stage in &step.stages {
                if let Stage::Filter(predicate) = stage {
                    sorted = self.filter(predicate, sorted, frame)?;
                }
            }
            return Ok(match sorted {
                Item::Array(array) => Stream::Array(array),
                item => Stream::Items(vec![item]),
            });
        }
        let mut results = Vec::new();
        for index in 0..input.len() {
            let result = self.evaluate(step, &input.get(index), frame)?;
            self.push(&mut results, result)?;
        }
        self.finish_step(step, results, frame, last)
    }

    /// The filters of a step on each of its results, which are then flattened. A single array as the last result stays
    /// the array it is.
    fn finish_step(&mut self, step: &Node, results: Vec<Item>, frame: &Rc<Frame>, last: bool) -> Result<Stream, Error> {
        let mut found = Vec::with_capacity(results.len());
        for mut result in results {
            for stage in &step.stages {
                if let Stage::Filter(predicate) = stage {
                    result = self.filter(predicate, result, frame)?;
                }
            }
            if !result.is_undefined() {
                found.push(result);
            }
        }
        if let [Item::Array(array)] = &*found
            && last
            && !array.marks().sequence
        {
            return Ok(Stream::Array(array.clone()));
        }
        if !found.iter().any(|item| matches!(item, Item::Array(_))) {
            return Ok(Stream::Items(found));
        }
        let mut flat = Vec::with_capacity(found.len());
        for item in found {
            match item {
                Item::Array(array) if !array.marks().constructed => self.extend(&mut flat, array.iter())?,
                item => self.push(&mut flat, item)?,
            }
        }
        Ok(Stream::Items(flat))
    }

    /// The member of that name, of each item where there are many.
    pub(super) fn lookup(&self, input: &Item, name: &str) -> Result<Item, Error> {
        match input {
            Item::Object(object) => Ok(object.get(name)),
            Item::Array(array) => {
                self.meter.work(array.len())?;
                let mut found = Vec::new();
                for item in array.iter() {
                    match self.lookup(&item, name)? {
                        Item::Undefined => {}
                        Item::Array(many) => self.extend(&mut found, many.iter())?,
                        one => self.push(&mut found, one)?,
                    }
                }
                Item::sequence(found, &self.meter)
            }
            _ => Ok(Item::Undefined),
        }
    }
}

/// A stream as an array.
pub(super) fn stream_array(stream: &Stream, meter: &Rc<crate::jsonata::meter::Meter>) -> Result<Item, Error> {
    match stream {
        Stream::Array(array) => Ok(Item::Array(array.clone())),
        Stream::Items(items) => Item::sequence(items.clone(), meter),
    }
}

/// A tuple's context.
pub(super) fn context_of(tuple: &Item) -> Item {
    tuple.as_object().map_or(Item::Undefined, |tuple| tuple.get("@"))
}
