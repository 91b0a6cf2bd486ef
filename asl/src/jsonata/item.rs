//! What an expression evaluates to while it is evaluated: JSON, what is nothing (`Undefined`), functions, and sequences,
//! which are arrays with a memory of how they came about.
//!
//! Values from outside stay what they are, shared and exact; what an evaluation makes is counted by its [`Meter`].

use std::ops::Deref;
use std::rc::Rc;

use super::error::Error;
use super::evaluate::Function;
use super::meter::{Charge, Meter};
use crate::value::{self, Text, Value};

mod numeric;

pub use numeric::Numeric;

/// The members of an object that an evaluation made, in the order of their making.
pub type Members = indexmap::IndexMap<Text, Item, foldhash::fast::RandomState>;

/// A value during evaluation. Cloning one never copies what it holds.
#[derive(Clone, Debug, Default)]
pub enum Item {
    /// Nothing: the answer of a path that leads nowhere.
    #[default]
    Undefined,
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Numeric),
    /// A string.
    String(Str),
    /// An array, maybe a sequence.
    Array(Array),
    /// An object.
    Object(Object),
    /// A function.
    Function(Rc<Function>),
}

/// Text from outside, or made here.
#[derive(Clone, Debug)]
pub enum Str {
    /// Shared with a value or the expression.
    Given(Text),
    /// Made during evaluation.
    Made(Rc<MadeText>),
}

/// Text that was made during evaluation.
#[derive(Debug)]
pub struct MadeText {
    text: Box<str>,
    _charge: Charge,
}

/// An array from outside, or made here.
#[derive(Clone, Debug)]
pub enum Array {
    /// Part of a JSON value.
    Given(value::Array),
    /// Made during evaluation.
    Made(Rc<MadeArray>),
    /// The integers from one to another, which take no memory before somebody changes them.
    Range(Rc<Range>),
}

/// Consecutive integers.
#[derive(Debug)]
pub struct Range {
    first: f64,
    len: usize,
    marks: Marks,
}

/// An array that was made during evaluation.
#[derive(Debug)]
pub struct MadeArray {
    items: Vec<Item>,
    marks: Marks,
    depth: u32,
    _charge: Charge,
}

/// What is remembered of an array's making.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// A sequence: of one item it is that item, of none it is nothing.
    pub sequence: bool,
    /// A sequence that stays an array even with one item (`[]` was written behind it).
    pub keep_singleton: bool,
    /// The wrapping of an input that is itself an array.
    pub outer_wrapper: bool,
    /// Built by an array constructor that is a step: it is not flattened.
    pub constructed: bool,
    /// Its items are tuples: objects with the context under `@` and variables under their names.
    pub tuples: bool,
}

/// An object from outside, or made here.
#[derive(Clone, Debug)]
pub enum Object {
    /// Part of a JSON value.
    Given(value::Object),
    /// Made during evaluation.
    Made(Rc<MadeObject>),
}

/// An object that was made during evaluation.
#[derive(Debug)]
pub struct MadeObject {
    members: Members,
    depth: u32,
    _charge: Charge,
}

impl Item {
    /// A number that is a count or a position.
    pub fn count(count: usize) -> Item {
        Item::Number(Numeric::Double(count as f64))
    }

    /// Text that was made during evaluation.
    pub fn text(text: impl Into<Box<str>>, meter: &Rc<Meter>) -> Result<Item, Error> {
        let text = text.into();
        let charge = meter.charge(size_of::<MadeText>() + text.len())?;
        meter.work(text.len() / 64)?;
        Ok(Item::String(Str::Made(Rc::new(MadeText { text, _charge: charge }))))
    }

    /// A plain array.
    pub fn array(items: Vec<Item>, meter: &Rc<Meter>) -> Result<Item, Error> {
        Item::marked(items, Marks::default(), meter)
    }

    /// A sequence, which is reduced by whoever evaluates the node that made it.
    pub fn sequence(items: Vec<Item>, meter: &Rc<Meter>) -> Result<Item, Error> {
        Item::marked(items, Marks { sequence: true, ..Marks::default() }, meter)
    }

    /// An array with these marks.
    pub fn marked(items: Vec<Item>, marks: Marks, meter: &Rc<Meter>) -> Result<Item, Error> {
        Array::made(items, marks, meter).map(Item::Array)
    }

    /// An object.
    pub fn object(members: Members, meter: &Rc<Meter>) -> Result<Item, Error> {
        let depth = nested(members.values())?;
        let names: usize = members.keys().map(|name| name.len()).sum();
        // An entry holds its hash, and the index has a word for it; names are counted as if nobody shared them.
        let entry = size_of::<Text>() + size_of::<Item>() + 3 * size_of::<usize>();
        let charge = meter.charge(size_of::<MadeObject>() + members.len() * entry + names)?;
        Ok(Item::Object(Object::Made(Rc::new(MadeObject { members, depth, _charge: charge }))))
    }

    /// How many values enclose the innermost one. It is limited, so that whoever walks a value does not fall too deep.
    pub fn depth(&self) -> u32 {
        match self {
            Item::Undefined | Item::Null | Item::Bool(_) | Item::Number(_) | Item::String(_) => 0,
            Item::Array(Array::Given(array)) => given_depth(Value::Array(array.clone()).depth()),
            Item::Object(Object::Given(object)) => given_depth(Value::Object(object.clone()).depth()),
            Item::Array(Array::Made(made)) => made.depth,
            Item::Array(Array::Range(_)) => 1,
            Item::Object(Object::Made(made)) => made.depth,
            Item::Function(function) => function.depth(),
        }
    }

    /// True for nothing.
    pub fn is_undefined(&self) -> bool {
        matches!(self, Item::Undefined)
    }

    /// The number as a double, where this is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Item::Number(number) => Some(number.as_f64()),
            _ => None,
        }
    }

    /// The string, where this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Item::String(text) => Some(text),
            _ => None,
        }
    }

    /// The array, where this is one.
    pub fn as_array(&self) -> Option<&Array> {
        match self {
            Item::Array(array) => Some(array),
            _ => None,
        }
    }

    /// The object, where this is one.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Item::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The function, where this is one.
    pub fn as_function(&self) -> Option<&Rc<Function>> {
        match self {
            Item::Function(function) => Some(function),
            _ => None,
        }
    }
}

/// The deepest value that an evaluation may build.
const DEEPEST: u32 = 1_000;

/// The depth of something that holds these items.
pub fn nested<'a>(items: impl IntoIterator<Item = &'a Item>) -> Result<u32, Error> {
    let depth = 1 + items.into_iter().map(Item::depth).max().unwrap_or(0);
    if depth > DEEPEST {
        return Err(Error::new("U1001").message(format!("The value is nested deeper than {DEEPEST} levels")));
    }
    Ok(depth)
}

fn given_depth(depth: usize) -> u32 {
    u32::try_from(depth).unwrap_or(u32::MAX)
}

impl From<Value> for Item {
    fn from(value: Value) -> Item {
        match value {
            Value::Null => Item::Null,
            Value::Bool(value) => Item::Bool(value),
            Value::Number(number) => Item::Number((&number).into()),
            Value::String(text) => Item::String(Str::Given(text)),
            Value::Array(array) => Item::Array(Array::Given(array)),
            Value::Object(object) => Item::Object(Object::Given(object)),
        }
    }
}

impl From<&Value> for Item {
    fn from(value: &Value) -> Item {
        value.clone().into()
    }
}

impl From<bool> for Item {
    fn from(value: bool) -> Item {
        Item::Bool(value)
    }
}

impl From<f64> for Item {
    fn from(number: f64) -> Item {
        Item::Number(Numeric::Double(number))
    }
}

impl From<Text> for Item {
    fn from(text: Text) -> Item {
        Item::String(Str::Given(text))
    }
}

impl Deref for Str {
    type Target = str;
    fn deref(&self) -> &str {
        match self {
            Str::Given(text) => text,
            Str::Made(made) => &made.text,
        }
    }
}

impl Str {
    /// The same text in the shared form.
    pub fn to_text(&self) -> Text {
        match self {
            Str::Given(text) => text.clone(),
            Str::Made(made) => (&*made.text).into(),
        }
    }
}

impl Array {
    /// An array with these marks.
    pub fn made(items: Vec<Item>, marks: Marks, meter: &Rc<Meter>) -> Result<Array, Error> {
        let depth = nested(&items)?;
        let charge = meter.charge(size_of::<MadeArray>() + items.capacity() * size_of::<Item>())?;
        Ok(Array::Made(Rc::new(MadeArray { items, marks, depth, _charge: charge })))
    }

    /// So many integers from the first on.
    pub fn range(first: f64, len: usize, marks: Marks) -> Array {
        Array::Range(Rc::new(Range { first, len, marks }))
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        match self {
            Array::Given(array) => array.len(),
            Array::Made(made) => made.items.len(),
            Array::Range(range) => range.len,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at this place, or nothing.
    pub fn get(&self, index: usize) -> Item {
        match self {
            Array::Given(array) => array.get(index).map_or(Item::Undefined, Item::from),
            Array::Made(made) => made.items.get(index).cloned().unwrap_or_default(),
            Array::Range(range) if index < range.len => (range.first + index as f64).into(),
            Array::Range(_) => Item::Undefined,
        }
    }

    /// All items, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Item> + ExactSizeIterator + '_ {
        (0..self.len()).map(|index| self.get(index))
    }

    /// A copy of the items, to be changed.
    pub fn to_vec(&self, meter: &Meter) -> Result<Vec<Item>, Error> {
        self.clone().into_vec(meter)
    }

    /// The same array with other marks: changed in place where nobody else has it.
    pub fn with_marks(self, marks: Marks, meter: &Rc<Meter>) -> Result<Item, Error> {
        match self {
            array if array.marks() == marks => Ok(Item::Array(array)),
            Array::Made(mut made) => match Rc::get_mut(&mut made) {
                Some(own) => {
                    own.marks = marks;
                    Ok(Item::Array(Array::Made(made)))
                }
                None => Item::marked(made.items.clone(), marks, meter),
            },
            Array::Given(array) => Item::marked(array.iter().map(Item::from).collect(), marks, meter),
            Array::Range(range) => Ok(Item::Array(Array::range(range.first, range.len, marks))),
        }
    }

    /// The items, to be changed: taken where nobody else has the array.
    pub fn into_vec(self, meter: &Meter) -> Result<Vec<Item>, Error> {
        meter.work(self.len() / 16)?;
        meter.room_for(self.len() * size_of::<Item>())?;
        Ok(match self {
            Array::Made(made) => match Rc::try_unwrap(made) {
                Ok(made) => made.items,
                Err(made) => made.items.clone(),
            },
            array => array.iter().collect(),
        })
    }

    /// Where it lies: the same for every copy.
    pub fn address(&self) -> usize {
        match self {
            Array::Given(array) => array.as_ptr().addr(),
            Array::Made(made) => Rc::as_ptr(made).addr(),
            Array::Range(range) => Rc::as_ptr(range).addr(),
        }
    }

    /// How it came about.
    pub fn marks(&self) -> Marks {
        match self {
            Array::Given(_) => Marks::default(),
            Array::Made(made) => made.marks,
            Array::Range(range) => range.marks,
        }
    }
}

impl Object {
    /// How many members there are.
    pub fn len(&self) -> usize {
        match self {
            Object::Given(object) => object.len(),
            Object::Made(made) => made.members.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The member of that name, or nothing.
    pub fn get(&self, name: &str) -> Item {
        match self {
            Object::Given(object) => object.get(name).map_or(Item::Undefined, Item::from),
            Object::Made(made) => made.members.get(name).cloned().unwrap_or_default(),
        }
    }

    /// The member at this place.
    pub fn entry(&self, index: usize) -> Option<(Text, Item)> {
        match self {
            Object::Given(object) => object.get_index(index).map(|(name, value)| (name.clone(), value.into())),
            Object::Made(made) => made.members.get_index(index).map(|(name, item)| (name.clone(), item.clone())),
        }
    }

    /// All members, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Text, Item)> + '_ {
        (0..self.len()).filter_map(|index| self.entry(index))
    }

    /// A copy of the members, to be changed.
    pub fn to_members(&self) -> Members {
        self.iter().collect()
    }

    /// Where it lies: the same for every copy.
    pub fn address(&self) -> usize {
        match self {
            Object::Given(object) => std::ptr::from_ref::<value::Map>(object).addr(),
            Object::Made(made) => Rc::as_ptr(made).addr(),
        }
    }
}
