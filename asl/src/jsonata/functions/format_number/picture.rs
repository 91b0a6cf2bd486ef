//! What a picture of numbers asks for.

use crate::jsonata::error::Error;

/// The characters that mean something in a picture.
pub struct Properties {
    pub decimal_separator: Vec<char>,
    pub grouping_separator: Vec<char>,
    pub exponent_separator: Vec<char>,
    pub minus_sign: Vec<char>,
    pub percent: Vec<char>,
    pub per_mille: Vec<char>,
    pub zero_digit: Vec<char>,
    pub digit: Vec<char>,
    pub pattern_separator: Vec<char>,
}

impl Default for Properties {
    fn default() -> Properties {
        Properties {
            decimal_separator: vec!['.'],
            grouping_separator: vec![','],
            exponent_separator: vec!['e'],
            minus_sign: vec!['-'],
            percent: vec!['%'],
            per_mille: vec!['\u{2030}'],
            zero_digit: vec!['0'],
            digit: vec!['#'],
            pattern_separator: vec![';'],
        }
    }
}

impl Properties {
    /// Takes an option. Unknown ones mean nothing.
    pub fn set(&mut self, name: &str, value: &str) {
        let property = match name {
            "decimal-separator" => &mut self.decimal_separator,
            "grouping-separator" => &mut self.grouping_separator,
            "exponent-separator" => &mut self.exponent_separator,
            "minus-sign" => &mut self.minus_sign,
            "percent" => &mut self.percent,
            "per-mille" => &mut self.per_mille,
            "zero-digit" => &mut self.zero_digit,
            "digit" => &mut self.digit,
            "pattern-separator" => &mut self.pattern_separator,
            _ => return,
        };
        *property = value.chars().collect();
    }

    /// The digit of the family that stands for this ASCII one; anything else as it is.
    pub fn digit_of(&self, c: char) -> char {
        let zero = self.zero_digit.first().copied().unwrap_or('0');
        c.to_digit(10).and_then(|value| char::from_u32(zero as u32 + value)).unwrap_or(c)
    }

    fn in_family(&self, c: char) -> bool {
        let zero = self.zero_digit.first().map_or('0' as u32, |zero| *zero as u32);
        (zero..zero.saturating_add(10)).contains(&(c as u32))
    }

    fn is_digit(&self, c: char) -> bool {
        self.in_family(c) || is(c, &self.digit)
    }

    fn is_active(&self, c: char) -> bool {
        self.in_family(c)
            || [
                &self.decimal_separator,
                &self.exponent_separator,
                &self.grouping_separator,
                &self.digit,
                &self.pattern_separator,
            ]
            .iter()
            .any(|property| is(c, property))
    }

    fn count_family(&self, part: &[char]) -> usize {
        part.iter().filter(|c| self.in_family(**c)).count()
    }

    fn count_digits(&self, part: &[char]) -> usize {
        part.iter().filter(|c| self.is_digit(**c)).count()
    }
}

fn is(c: char, property: &[char]) -> bool {
    matches!(property, [only] if *only == c)
}

/// Where text is found from this place on.
pub fn find(text: &[char], what: &[char], from: usize) -> Option<usize> {
    if what.is_empty() {
        return Some(from.min(text.len()));
    }
    let tail = text.get(from..)?;
    tail.windows(what.len()).position(|part| part == what).map(|place| place + from)
}

fn find_last(text: &[char], what: &[char]) -> Option<usize> {
    if what.is_empty() {
        return Some(text.len());
    }
    text.windows(what.len()).rposition(|part| part == what)
}

/// A place within the text, counted from its end where it is negative.
pub fn char_slice(text: &[char], place: i64) -> usize {
    let length = text.len() as i64;
    let place = if place < 0 { place + length } else { place };
    place.clamp(0, length) as usize
}

/// The characters as text.
pub fn text_of(chars: &[char]) -> String {
    chars.iter().collect()
}

fn part(text: &[char], from: usize, to: usize) -> Vec<char> {
    let (from, to) = (from.min(text.len()), to.min(text.len()));
    text[from.min(to)..from.max(to)].to_vec()
}

/// What a picture asks for.
pub struct Analysis {
    pub prefix: Vec<char>,
    pub suffix: Vec<char>,
    pub picture: Vec<char>,
    pub integer_groups: Vec<usize>,
    /// The distance of separators that are equally far from each other, else 0.
    pub regular_group: usize,
    pub fraction_groups: Vec<usize>,
    pub integer_min: usize,
    pub scaling_factor: usize,
    pub fraction_min: usize,
    pub fraction_max: usize,
    pub exponent_size: usize,
}

/// The picture of positive numbers, and that of negative ones where there is one.
pub fn analyses(picture: &str, properties: &Properties) -> Result<Vec<Analysis>, Error> {
    let chars: Vec<char> = picture.chars().collect();
    let mut pictures = vec![Vec::new()];
    let separator = &properties.pattern_separator;
    let mut at = 0;
    while let Some(next) = find(&chars, separator, at).filter(|next| *next < chars.len() && !separator.is_empty()) {
        if let Some(last) = pictures.last_mut() {
            *last = part(&chars, at, next);
        }
        pictures.push(Vec::new());
        at = next + separator.len();
        if pictures.len() > 2 {
            return Err(Error::new("D3080"));
        }
    }
    if let Some(last) = pictures.last_mut() {
        *last = part(&chars, at, chars.len());
    }
    let parts: Vec<Parts> = pictures
        .into_iter()
        .map(|picture| Parts::of(picture, properties).ok_or_else(|| Error::new("D3085")))
        .collect::<Result<_, _>>()?;
    for parts in &parts {
        if let Some(code) = parts.flaw(properties) {
            return Err(Error::new(code));
        }
    }
    Ok(parts.into_iter().map(|parts| parts.analysis(properties)).collect())
}

struct Parts {
    prefix: Vec<char>,
    suffix: Vec<char>,
    active: Vec<char>,
    mantissa: Vec<char>,
    exponent: Option<Vec<char>>,
    integer: Vec<char>,
    fraction: Vec<char>,
    picture: Vec<char>,
}

impl Parts {
    /// The parts of a picture. `None` where nothing in it stands for a digit or a separator.
    fn of(picture: Vec<char>, properties: &Properties) -> Option<Parts> {
        let is_body = |c: &char| properties.is_active(*c) && !is(*c, &properties.exponent_separator);
        let first = picture.iter().position(is_body)?;
        let last = picture.iter().rposition(is_body)?;
        let prefix = part(&picture, 0, first);
        let suffix = part(&picture, last + 1, picture.len());
        let active = part(&picture, first, last + 1);
        // The place is that in the whole picture, but it is applied to the part without the prefix.
        let exponent_at = find(&picture, &properties.exponent_separator, first).filter(|place| *place <= last + 1);
        let (mantissa, exponent) = match exponent_at {
            Some(place) => (part(&active, 0, place), Some(part(&active, place + 1, active.len()))),
            None => (active.clone(), None),
        };
        let (integer, fraction) = match find(&mantissa, &properties.decimal_separator, 0) {
            Some(place) => (part(&mantissa, 0, place), part(&mantissa, place + 1, mantissa.len())),
            None => (mantissa.clone(), suffix.clone()),
        };
        Some(Parts { prefix, suffix, active, mantissa, exponent, integer, fraction, picture })
    }

    /// The code of what is wrong with it: of several flaws the last one that is looked for.
    fn flaw(&self, properties: &Properties) -> Option<&'static str> {
        let mut flaw = None;
        let mut found = |is_flaw: bool, code: &'static str| {
            if is_flaw {
                flaw = Some(code);
            }
        };
        let picture = &self.picture;
        let holds = |what: &[char]| find(picture, what, 0).is_some();
        let twice = |what: &[char]| find(picture, what, 0) != find_last(picture, what);
        let (percent, per_mille) = (holds(&properties.percent), holds(&properties.per_mille));
        found(twice(&properties.decimal_separator), "D3081");
        found(twice(&properties.percent), "D3082");
        found(twice(&properties.per_mille), "D3083");
        found(percent && per_mille, "D3084");
        found(properties.count_digits(&self.mantissa) == 0, "D3085");
        found(!self.active.iter().all(|c| properties.is_active(*c)), "D3086");
        let is_group = |c: Option<&char>| c.is_some_and(|c| is(*c, &properties.grouping_separator));
        match find(picture, &properties.decimal_separator, 0) {
            Some(place) => {
                let before = place.checked_sub(1).and_then(|before| picture.get(before));
                found(is_group(before) || is_group(picture.get(place + 1)), "D3087");
            }
            None => found(is_group(self.integer.last()), "D3088"),
        }
        found(holds(&properties.grouping_separator.repeat(2)), "D3089");
        if let Some(place) = find(&self.integer, &properties.digit, 0) {
            found(properties.count_family(&part(&self.integer, 0, place)) > 0, "D3090");
        }
        if let Some(place) = find_last(&self.fraction, &properties.digit) {
            found(properties.count_family(&part(&self.fraction, place, self.fraction.len())) > 0, "D3091");
        }
        if let Some(exponent) = &self.exponent {
            found(!exponent.is_empty() && (percent || per_mille), "D3092");
            found(exponent.is_empty() || properties.count_family(exponent) < exponent.len(), "D3093");
        }
        flaw
    }

    fn analysis(self, properties: &Properties) -> Analysis {
        let integer_groups = self.groups(&self.integer, false, properties);
        let mut integer_min = properties.count_family(&self.integer);
        let scaling_factor = integer_min;
        let mut fraction_min = properties.count_family(&self.fraction);
        let mut fraction_max = properties.count_digits(&self.fraction);
        if integer_min == 0 && fraction_max == 0 {
            if self.exponent.is_some() {
                (fraction_min, fraction_max) = (1, 1);
            } else {
                integer_min = 1;
            }
        }
        if self.exponent.is_some() && integer_min == 0 && find(&self.integer, &properties.digit, 0).is_some() {
            integer_min = 1;
        }
        if integer_min == 0 && fraction_min == 0 {
            fraction_min = 1;
        }
        Analysis {
            regular_group: regular(&integer_groups),
            integer_groups,
            fraction_groups: self.groups(&self.fraction, true, properties),
            integer_min,
            scaling_factor,
            fraction_min,
            fraction_max,
            exponent_size: self.exponent.as_deref().map_or(0, |exponent| properties.count_family(exponent)),
            prefix: self.prefix,
            suffix: self.suffix,
            picture: self.picture,
        }
    }

    /// How many digits are on the one side of each separator. Behind the first one of a part the reference looks for
    /// more in the integer part, whichever part it is.
    fn groups(&self, chars: &[char], to_left: bool, properties: &Properties) -> Vec<usize> {
        let separator = &properties.grouping_separator;
        let mut groups = Vec::new();
        let mut place = find(chars, separator, 0);
        while let Some(at) = place {
            let side = if to_left { part(chars, 0, at) } else { part(chars, at, chars.len()) };
            groups.push(properties.count_digits(&side));
            // A separator of no length would be found for ever.
            place = find(&self.integer, separator, at + 1).filter(|next| *next > at);
        }
        groups
    }
}

/// The distance of the separators, where all have the same; else 0.
fn regular(positions: &[usize]) -> usize {
    fn divisor(mut a: usize, mut b: usize) -> usize {
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    }
    let Some(factor) = positions.iter().copied().reduce(divisor) else { return 0 };
    let all: std::collections::HashSet<usize> = positions.iter().copied().collect();
    let regular =
        (1..=positions.len()).all(|index| index.checked_mul(factor).is_some_and(|place| all.contains(&place)));
    if regular { factor } else { 0 }
}
