//! What the arguments of a function must be: `<s-nn?:s>`. Arguments are matched by a letter each for their type.

use std::rc::Rc;

use super::error::Error;
use super::item::Item;
use super::meter::Meter;

mod letters;
mod matching;
mod read;

use letters::Letters;

/// A parsed signature.
#[derive(Clone, Debug)]
pub struct Signature {
    parameters: Vec<Parameter>,
}

/// One parameter.
#[derive(Clone, Debug)]
struct Parameter {
    /// The types that it takes.
    letters: Letters,
    /// How many arguments it takes.
    count: Count,
    /// An array is asked for: what is none is made one.
    array: bool,
    /// What the items of an array must be.
    items: Option<Box<str>>,
    /// The types that the context may have where it stands for the argument.
    context: Option<Letters>,
}

/// How many arguments a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count {
    optional: bool,
    many: bool,
    /// As few as can be rather than as many.
    lazy: bool,
}

impl Signature {
    /// Reads a signature, with its angle brackets. Errors have their offset in it as position.
    pub fn parse(text: &str) -> Result<Signature, Error> {
        Ok(Signature { parameters: read::parameters(text)? })
    }

    /// The arguments as the function gets them: the context put in where one is left out, single values wrapped where an
    /// array is asked for. Errors are T0410, T0411 and T0412, without the function's name.
    pub fn validate(&self, arguments: Vec<Item>, context: &Item, meter: &Rc<Meter>) -> Result<Vec<Item>, Error> {
        let given: Vec<u8> = arguments.iter().map(letters::letter).collect();
        let Some(taken) = matching::whole(&self.parameters, &given, meter)? else {
            let matched = matching::farthest(&self.parameters, &given, meter)?;
            return Err(Error::new("T0410").index(matched + 1));
        };
        let mut valid = Vec::with_capacity(arguments.len());
        let mut index = 0;
        let mut letter = 0;
        for (parameter, count) in self.parameters.iter().zip(taken) {
            let matched = given.get(letter..letter + count).unwrap_or_default();
            letter += count;
            // An argument that is left out without a context is skipped all the same, as in the reference.
            let first = arguments.get(index).cloned().unwrap_or_default();
            if matched.is_empty() {
                match parameter.context {
                    Some(wanted) if wanted.contains(letters::letter(context)) => valid.push(context.clone()),
                    Some(_) => return Err(Error::new("T0411").index(index + 1)),
                    None => {
                        valid.push(first);
                        index += 1;
                    }
                }
                continue;
            }
            for &single in matched {
                // More arguments of a parameter that is no array all are the first, as in the reference.
                valid.push(match single {
                    _ if !parameter.array => first.clone(),
                    b'm' => Item::Undefined,
                    _ => {
                        let argument = arguments.get(index).cloned().unwrap_or_default();
                        parameter.check_items(&argument, single, matched, index, meter)?;
                        if single == b'a' { argument } else { Item::array(vec![argument], meter)? }
                    }
                });
                index += 1;
            }
        }
        Ok(valid)
    }
}

impl Parameter {
    /// T0412 unless the items of an array are all as they must be.
    fn check_items(
        &self,
        argument: &Item,
        single: u8,
        matched: &[u8],
        index: usize,
        meter: &Rc<Meter>,
    ) -> Result<(), Error> {
        let Some(wanted) = self.items.as_deref() else { return Ok(()) };
        let right = match argument {
            _ if single != b'a' => matched == wanted.as_bytes(),
            Item::Array(array) => {
                meter.work(array.len())?;
                // Only the first letter counts: what items of items are is not looked at.
                let first = wanted.bytes().next();
                array.iter().all(|item| Some(letters::letter(&item)) == first)
            }
            // The arguments may be one further than their letters, where one was skipped.
            Item::Undefined | Item::Null => false,
            Item::String(text) => text.is_empty(),
            _ => true,
        };
        if right {
            return Ok(());
        }
        let error = Error::new("T0412").index(index + 1);
        Err(match letters::plural(wanted) {
            Some(plural) => error.kind(plural),
            None => error,
        })
    }
}

#[cfg(test)]
mod tests;
