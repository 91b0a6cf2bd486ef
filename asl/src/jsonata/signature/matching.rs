//! Which arguments belong to which parameters: as a regular expression over their letters would have it.

use std::rc::Rc;

use super::Parameter;
use crate::jsonata::error::Error;
use crate::jsonata::meter::Meter;

/// How many arguments each parameter takes, where they take all arguments together.
pub fn whole(parameters: &[Parameter], given: &[u8], meter: &Rc<Meter>) -> Result<Option<Vec<usize>>, Error> {
    Ok(Table::new(parameters, given, true, meter)?.taken(parameters, given))
}

/// How many arguments are right until one is not: as many as the parameters before the first that fails take.
pub fn farthest(parameters: &[Parameter], given: &[u8], meter: &Rc<Meter>) -> Result<usize, Error> {
    let mut matched = 0;
    for count in 1..=parameters.len() {
        let parameters = &parameters[..count];
        match Table::new(parameters, given, false, meter)?.taken(parameters, given) {
            Some(taken) => matched = taken.iter().sum(),
            None => break,
        }
    }
    Ok(matched)
}

/// Which parameters can take what is left from which argument on.
struct Table {
    possible: Vec<bool>,
    width: usize,
}

impl Table {
    fn new(parameters: &[Parameter], given: &[u8], all: bool, meter: &Rc<Meter>) -> Result<Table, Error> {
        let width = given.len() + 1;
        let size = width.saturating_mul(parameters.len() + 1);
        meter.work(size / 8)?;
        meter.room_for(size)?;
        let mut table = Table { possible: vec![false; size], width };
        for at in 0..width {
            table.set(parameters.len(), at, !all || at == given.len());
        }
        for (index, parameter) in parameters.iter().enumerate().rev() {
            // Whether it can be taken by a parameter that has already taken one.
            let mut goes_on = false;
            for at in (0..width).rev() {
                let right = given.get(at).is_some_and(|letter| parameter.letters.contains(*letter));
                let mut possible = right && (table.get(index + 1, at + 1) || parameter.count.many && goes_on);
                goes_on = possible;
                possible |= parameter.count.optional && table.get(index + 1, at);
                table.set(index, at, possible);
            }
        }
        Ok(table)
    }

    fn get(&self, parameter: usize, at: usize) -> bool {
        at < self.width && self.possible.get(parameter * self.width + at).copied().unwrap_or(false)
    }

    fn set(&mut self, parameter: usize, at: usize, possible: bool) {
        if let Some(cell) = self.possible.get_mut(parameter * self.width + at) {
            *cell = possible;
        }
    }

    /// What each takes, in turn as much as it can, or as little.
    fn taken(&self, parameters: &[Parameter], given: &[u8]) -> Option<Vec<usize>> {
        if !self.get(0, 0) {
            return None;
        }
        let mut at = 0;
        let mut taken = Vec::with_capacity(parameters.len());
        for (index, parameter) in parameters.iter().enumerate() {
            let run = given.iter().skip(at).take_while(|letter| parameter.letters.contains(**letter)).count();
            let least = usize::from(!parameter.count.optional);
            let most = if parameter.count.many { run } else { run.min(1) };
            let mut counts = least..=most;
            let fits = |count: &usize| self.get(index + 1, at + count);
            let count = if parameter.count.lazy { counts.find(fits) } else { counts.rfind(fits) }?;
            at += count;
            taken.push(count);
        }
        Some(taken)
    }
}
