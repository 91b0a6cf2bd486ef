//! Functions of objects, and those that look at what a value is.

use super::prelude::*;
use crate::value::Text;

pub fn keys(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let mut names = indexmap::IndexSet::<Text, foldhash::fast::RandomState>::default();
    collect_keys(&arguments[0], &mut names, &evaluator.meter)?;
    let names = names.into_iter().map(Item::from).collect();
    Item::sequence(names, &evaluator.meter)
}

fn collect_keys(
    item: &Item,
    names: &mut indexmap::IndexSet<Text, foldhash::fast::RandomState>,
    meter: &Rc<Meter>,
) -> Result<(), Error> {
    match item {
        Item::Object(object) => {
            meter.work(object.len())?;
            meter.room_for((names.len() + object.len()) * 4 * size_of::<Text>())?;
            names.extend(object.iter().map(|(name, _)| name));
        }
        Item::Array(array) => {
            meter.work(array.len())?;
            for item in array.iter() {
                deeper(|| collect_keys(&item, names, meter))?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Room on the stack for one level of nesting.
fn deeper<T>(walk: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(64 << 10, 1 << 20, walk)
}

pub fn lookup(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let name = text_at(arguments, 1).map_or("undefined", |name| name);
    member(&arguments[0], name, &evaluator.meter)
}

/// The member of that name; of an array the members of its items, as one sequence.
pub fn member(item: &Item, name: &str, meter: &Rc<Meter>) -> Result<Item, Error> {
    match item {
        Item::Object(object) => Ok(object.get(name)),
        Item::Array(array) => {
            let mut members = Vec::new();
            collect_members(array, name, &mut members, meter)?;
            Item::sequence(members, meter)
        }
        _ => Ok(Item::Undefined),
    }
}

fn collect_members(array: &Array, name: &str, members: &mut Vec<Item>, meter: &Rc<Meter>) -> Result<(), Error> {
    meter.work(array.len())?;
    meter.room_for((members.len() + array.len()) * size_of::<Item>())?;
    for item in array.iter() {
        match item {
            Item::Object(object) => match object.get(name) {
                Item::Undefined => {}
                Item::Array(found) => {
                    meter.work(found.len())?;
                    meter.room_for((members.len() + found.len()) * size_of::<Item>())?;
                    members.extend(found.iter());
                }
                found => members.push(found),
            },
            Item::Array(inner) => deeper(|| collect_members(&inner, name, members, meter))?,
            _ => {}
        }
    }
    Ok(())
}

pub fn spread(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let meter = &evaluator.meter;
    let mut items = Vec::new();
    match &arguments[0] {
        Item::Object(object) => {
            spread_object(object, &mut items, meter)?;
            Item::sequence(items, meter)
        }
        Item::Array(array) => {
            spread_array(array, &mut items, meter)?;
            // Of something it is an array, of nothing it is nothing.
            if items.is_empty() { Item::sequence(items, meter) } else { Item::array(items, meter) }
        }
        other => Ok(other.clone()),
    }
}

fn spread_array(array: &Array, items: &mut Vec<Item>, meter: &Rc<Meter>) -> Result<(), Error> {
    meter.work(array.len())?;
    meter.room_for((items.len() + array.len()) * size_of::<Item>())?;
    for item in array.iter() {
        match item {
            Item::Undefined => {}
            Item::Object(object) => spread_object(&object, items, meter)?,
            Item::Array(inner) => deeper(|| spread_array(&inner, items, meter))?,
            other => items.push(other),
        }
    }
    Ok(())
}

fn spread_object(object: &Object, items: &mut Vec<Item>, meter: &Rc<Meter>) -> Result<(), Error> {
    meter.work(object.len())?;
    for (name, item) in object.iter() {
        let mut members = Members::with_capacity_and_hasher(1, Default::default());
        members.insert(name, item);
        items.push(Item::object(members, meter)?);
    }
    Ok(())
}

pub fn merge(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(array) = arguments[0].as_array() else { return Ok(Item::Undefined) };
    let mut merged = Members::default();
    for item in array.iter() {
        let Item::Object(object) = item else { continue };
        evaluator.meter.work(1 + object.len())?;
        evaluator.meter.room_for((merged.len() + object.len()) * 2 * size_of::<(Text, Item)>())?;
        merged.extend(object.iter());
    }
    Item::object(merged, &evaluator.meter)
}

pub fn type_of(_: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let name = match &arguments[0] {
        Item::Undefined => return Ok(Item::Undefined),
        Item::Null => "null",
        Item::Bool(_) => "boolean",
        // What is neither a number nor anything else is an object to the reference.
        number @ Item::Number(_) => compare::finite(number)?.map_or("object", |_| "number"),
        Item::String(_) => "string",
        Item::Array(_) => "array",
        Item::Object(_) => "object",
        Item::Function(_) => "function",
    };
    Ok(Text::from(name).into())
}

pub fn error(_: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    Err(Error::new("D3137").message(message(arguments, 0, "$error() function evaluated")))
}

pub fn assert(_: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    match arguments[0] {
        Item::Bool(true) => Ok(Item::Undefined),
        _ => Err(Error::new("D3141").message(message(arguments, 1, "$assert() statement failed"))),
    }
}

fn message<'a>(arguments: &'a [Item], index: usize, otherwise: &'a str) -> &'a str {
    text_at(arguments, index).map(|text| &**text).filter(|text| !text.is_empty()).unwrap_or(otherwise)
}

pub fn clone(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    match &arguments[0] {
        Item::Array(array) if array.marks().outer_wrapper => cloned(&array.get(0), &evaluator.meter),
        item => cloned(item, &evaluator.meter),
    }
}

/// What is left of a value that is written as JSON, with 15 digits, and read again.
fn cloned(item: &Item, meter: &Rc<Meter>) -> Result<Item, Error> {
    meter.work(1)?;
    Ok(match item {
        Item::Undefined | Item::Null | Item::Bool(_) | Item::String(_) => item.clone(),
        Item::Number(_) => compare::finite(item)?.map_or(Item::Null, |number| json::rounded(number).into()),
        Item::Function(_) => Text::from("").into(),
        Item::Array(array) => {
            meter.room_for(array.len() * size_of::<Item>())?;
            let mut items = Vec::with_capacity(array.len());
            for item in array.iter() {
                items.push(match deeper(|| cloned(&item, meter))? {
                    Item::Undefined => Item::Null,
                    item => item,
                });
            }
            Item::array(items, meter)?
        }
        Item::Object(object) => {
            let mut members = Members::default();
            for (name, item) in object.iter() {
                let item = deeper(|| cloned(&item, meter))?;
                if !item.is_undefined() {
                    members.insert(name, item);
                }
            }
            Item::object(members, meter)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jsonata::Limits;
    use crate::value::Value;

    fn item(json: &str) -> Item {
        Value::parse(json).unwrap().into()
    }

    #[test]
    fn members_of_arrays_are_one_sequence() {
        let meter = Meter::new(Limits::default());
        let given = item("[{\"a\":1},[{\"a\":[2,3]},{\"b\":0}],5,{\"a\":[[4]]}]");
        let found = member(&given, "a", &meter).unwrap();
        assert_eq!(json::shown(&found), "[1,2,3,[4]]");
        assert!(found.as_array().unwrap().marks().sequence);
        assert!(member(&item("\"text\""), "length", &meter).unwrap().is_undefined());
    }

    #[test]
    fn arrays_are_spread_into_objects_of_one_member() {
        let meter = Meter::new(Limits::default());
        let mut items = Vec::new();
        let given = item("[{\"a\":1,\"b\":2},[{\"c\":3}],4,{}]");
        spread_array(given.as_array().unwrap(), &mut items, &meter).unwrap();
        let shown: Vec<_> = items.iter().map(json::shown).collect();
        assert_eq!(shown.join(" "), "{\"a\":1} {\"b\":2} {\"c\":3} 4");
    }

    #[test]
    fn clones_are_what_json_keeps() {
        let meter = Meter::new(Limits::default());
        let given = item("{\"a\":[0.30000000000000004,null],\"b\":{}}");
        assert_eq!(json::shown(&cloned(&given, &meter).unwrap()), "{\"a\":[0.3,null],\"b\":{}}");
        let holes = Item::array(vec![Item::Undefined, f64::NAN.into()], &meter).unwrap();
        assert_eq!(json::shown(&cloned(&holes, &meter).unwrap()), "[null,null]");
    }
}
