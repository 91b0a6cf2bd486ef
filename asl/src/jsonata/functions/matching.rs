//! `$match`, `$contains`, `$replace` and `$split`.

use super::matches::{Match, Matches};
use super::prelude::*;

/// A limit that is given; below zero it is this error.
fn limit_at(arguments: &[Item], index: usize, code: &'static str) -> Result<f64, Error> {
    match number_at(arguments, index) {
        Some(limit) if limit < 0.0 => Err(Error::new(code).value(&arguments[index]).index(index + 1)),
        limit => Ok(limit.unwrap_or(f64::INFINITY)),
    }
}

pub fn contains(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(text) = text_at(arguments, 0) else { return Ok(Item::Undefined) };
    let contained = match &arguments[1] {
        Item::String(part) => {
            evaluator.meter.work(text.len() / 16)?;
            text.contains(&**part)
        }
        matcher => Matches::of(matcher, text).any(evaluator)?,
    };
    Ok(contained.into())
}

pub fn find(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(text) = text_at(arguments, 0) else { return Ok(Item::Undefined) };
    let limit = limit_at(arguments, 2, "D3040")?;
    let mut described = Vec::new();
    let mut matches = Matches::of(&arguments[1], text);
    let mut next = if limit > 0.0 { matches.next(evaluator)? } else { None };
    while let Some(found) = next.take_if(|_| (described.len() as f64) < limit) {
        let mut members = Members::default();
        members.insert("match".into(), Item::String(found.matched));
        for (name, item) in [("index", found.index), ("groups", found.groups)] {
            if !item.is_undefined() {
                members.insert(name.into(), item);
            }
        }
        described.push(Item::object(members, &evaluator.meter)?);
        // One more than is asked for, as in the reference, where it may be an error.
        next = matches.next(evaluator)?;
    }
    Item::sequence(described, &evaluator.meter)
}

pub fn split(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(text) = text_at(arguments, 0) else { return Ok(Item::Undefined) };
    let limit = limit_at(arguments, 2, "D3020")?;
    let mut parts = Vec::new();
    match &arguments[1] {
        _ if limit == 0.0 => {}
        Item::String(separator) => {
            evaluator.meter.work(text.len() / 16)?;
            let limit = if limit.is_finite() { (limit.trunc() % 4_294_967_296.0) as usize } else { usize::MAX };
            for part in pieces(text, separator).take(limit) {
                evaluator.meter.work(1)?;
                parts.push(Item::text(part, &evaluator.meter)?);
            }
        }
        matcher => {
            let mut matches = Matches::of(matcher, text);
            let mut position = 0;
            let mut next = matches.next(evaluator)?;
            while (parts.len() as f64) < limit {
                let end = next.as_ref().map_or(text.len(), |found| found.start);
                parts.push(Item::text(between(text, position, end), &evaluator.meter)?);
                let Some(found) = next else { break };
                position = found.end;
                next = matches.next(evaluator)?;
            }
        }
    }
    Item::array(parts, &evaluator.meter)
}

/// What stands between the separators. With none it is the characters.
fn pieces<'t>(text: &'t str, separator: &'t str) -> Box<dyn Iterator<Item = &'t str> + 't> {
    if separator.is_empty() {
        Box::new(text.char_indices().map(|(start, c)| &text[start..start + c.len_utf8()]))
    } else {
        Box::new(text.split(separator))
    }
}

/// What stands between two places, whichever of them is first.
fn between(text: &str, one: usize, other: usize) -> &str {
    text.get(one.min(other)..one.max(other)).unwrap_or_default()
}

pub fn replace(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(text) = text_at(arguments, 0) else { return Ok(Item::Undefined) };
    let (pattern, replacement) = (&arguments[1], &arguments[2]);
    if pattern.as_str().is_some_and(str::is_empty) {
        return Err(Error::new("D3010").value(pattern).index(2));
    }
    let limit = limit_at(arguments, 3, "D3011")?;
    if limit == 0.0 {
        return Ok(arguments[0].clone());
    }
    let mut replaced = Replaced { text, result: String::new(), position: 0, meter: evaluator.meter.clone() };
    match pattern {
        Item::String(part) => {
            evaluator.meter.work(text.len() / 16)?;
            let with = match replacement {
                Item::Undefined => "undefined",
                other => other.as_str().ok_or_else(|| Error::new("D3012").value(other))?,
            };
            for (count, (start, _)) in text.match_indices(&**part).enumerate() {
                if count as f64 >= limit {
                    break;
                }
                replaced.with(start, start + part.len(), with)?;
            }
        }
        matcher => {
            let mut matches = Matches::of(matcher, text);
            let mut count = 0.0;
            let mut next = matches.next(evaluator)?;
            while let Some(found) = next.take_if(|_| count < limit) {
                match replacement {
                    Item::String(template) => {
                        let with = filled(template, &found, &evaluator.meter)?;
                        replaced.with(found.start, found.after, &with)?;
                    }
                    Item::Function(function) => {
                        let described = matches.described(&found, &evaluator.meter)?;
                        match evaluator.apply(function, vec![described], &Item::Null)? {
                            Item::String(with) => replaced.with(found.start, found.after, &with)?,
                            other => return Err(Error::new("D3012").value(&other)),
                        }
                    }
                    other => return Err(Error::new("D3012").value(other)),
                }
                count += 1.0;
                next = matches.next(evaluator)?;
            }
            if count == 0.0 {
                return Ok(arguments[0].clone());
            }
        }
    }
    let end = text.len();
    let position = replaced.position;
    replaced.push(between(text, position, end))?;
    Item::text(replaced.result, &evaluator.meter)
}

/// A text whose parts are being replaced.
struct Replaced<'t> {
    text: &'t str,
    result: String,
    position: usize,
    meter: Rc<Meter>,
}

impl Replaced<'_> {
    fn with(&mut self, start: usize, end: usize, with: &str) -> Result<(), Error> {
        self.push(between(self.text, self.position, start))?;
        self.push(with)?;
        self.position = end;
        Ok(())
    }

    fn push(&mut self, text: &str) -> Result<(), Error> {
        self.meter.room_for(self.result.len().saturating_add(text.len()).saturating_mul(2))?;
        self.meter.work(1 + text.len() / 64)?;
        self.result.push_str(text);
        Ok(())
    }
}

/// The template with `$0`, `$1` and so on filled in.
fn filled(template: &str, found: &Match, meter: &Rc<Meter>) -> Result<String, Error> {
    if !template.contains('$') {
        return Ok(template.to_owned());
    }
    let groups = found.groups.as_array().ok_or_else(|| Error::new("T1010"))?;
    let group = |index: usize| match groups.get(index) {
        Item::String(text) => Ok(text.to_string()),
        other => json::cast(&other, false, meter),
    };
    fill(template, &found.matched, groups.len(), group, meter)
}

fn fill(
    template: &str,
    matched: &str,
    groups: usize,
    group: impl Fn(usize) -> Result<String, Error>,
    meter: &Rc<Meter>,
) -> Result<String, Error> {
    // As many digits as the number of groups has, as the reference reckons it.
    let digits_max = match groups {
        0 => 1,
        groups => ((groups as f64).ln() * std::f64::consts::LOG10_E).floor() as usize + 1,
    };
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, tail)) = rest.split_once('$') {
        filled.push_str(before);
        meter.room_for(filled.len().saturating_add(matched.len()))?;
        meter.work(1)?;
        rest = tail;
        if let Some(tail) = rest.strip_prefix('$') {
            filled.push('$');
            rest = tail;
        } else if let Some(tail) = rest.strip_prefix('0') {
            filled.push_str(matched);
            rest = tail;
        } else {
            let mut number = leading_integer(rest, digits_max);
            if digits_max > 1 && number.is_some_and(|number| number > groups as i64) {
                number = leading_integer(rest, digits_max - 1);
            }
            match number {
                Some(number) => {
                    if let Some(index) = number.checked_sub(1).and_then(|index| usize::try_from(index).ok())
                        && index < groups
                    {
                        filled.push_str(&group(index)?);
                    }
                    rest = rest.get(number.to_string().len()..).unwrap_or_default();
                }
                None => filled.push('$'),
            }
        }
    }
    filled.push_str(rest);
    Ok(filled)
}

/// The integer at the start of so many characters, as JavaScript's `parseInt` finds it.
fn leading_integer(text: &str, length: usize) -> Option<i64> {
    let end = text.char_indices().nth(length).map_or(text.len(), |(end, _)| end);
    let text = text[..end].trim_start();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let number: i64 = digits[..end].parse().ok()?;
    Some(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jsonata::Limits;

    #[test]
    fn templates_are_filled_in() {
        let meter = Meter::new(Limits::default());
        let names = |count: usize| (1..=count).map(|index| format!("<{index}>")).collect::<Vec<_>>();
        for (template, groups, expected) in [
            ("$0!", 0, "m!"),
            ("$$0", 0, "$0"),
            ("$1x", 0, "x"),
            ("$1$2$3", 2, "<1><2>"),
            ("$12", 2, "<1>2"),
            ("$12", 12, "<12>"),
            ("$13", 12, "<1>3"),
            ("$x $", 1, "$x $"),
            ("é$1é", 1, "é<1>é"),
            ("$1é", 12, "<1>é"),
        ] {
            let groups = names(groups);
            let filled = fill(template, "m", groups.len(), |index| Ok(groups[index].clone()), &meter).unwrap();
            assert_eq!(filled, expected, "{template}");
        }
    }

    #[test]
    fn texts_are_cut_at_separators() {
        let cut = |text, separator| pieces(text, separator).collect::<Vec<_>>().join("|");
        assert_eq!(cut("a, b, c", ", "), "a|b|c");
        assert_eq!(cut("aé😀", ""), "a|é|😀");
        assert_eq!(cut("", ","), "");
        assert_eq!(pieces("", "").count(), 0);
    }
}
