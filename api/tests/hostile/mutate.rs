//! Valid requests made wrong by chance.

use serde_json::{Map, Value, json};
use stepwell_asl::Chance;

/// Numbers by chance, from a seed.
pub struct Dice(Chance);

impl Dice {
    pub fn of(seed: u64) -> Dice {
        Dice(Chance::from_seed([seed, 0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb]))
    }

    /// A number below this one, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.0.next_u64() % bound as u64).unwrap()
    }

    pub fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// A body with one to four things wrong. `others` are bodies of other requests, to take values from.
pub fn body(dice: &mut Dice, valid: &Value, others: &[Value]) -> Vec<u8> {
    let mut body = valid.clone();
    for _ in 0..1 + dice.below(4) {
        change(dice, &mut body, others);
    }
    let mut text = body.to_string().into_bytes();
    if dice.one_in(8) {
        bytes(dice, &mut text);
    }
    text
}

fn change(dice: &mut Dice, body: &mut Value, others: &[Value]) {
    let depth = dice.below(4);
    let place = descend(dice, body, depth);
    match place {
        Value::Object(members) if dice.one_in(2) => object(dice, members, others),
        Value::Array(items) if dice.one_in(2) => match dice.below(3) {
            0 => items.clear(),
            1 => items.push(strange(dice)),
            _ => *items = items.iter().cycle().take(items.len() * 60).cloned().collect(),
        },
        // What a string says may be JSON itself: definitions, inputs, mocks.
        Value::String(text) if dice.one_in(2) => match serde_json::from_str::<Value>(text) {
            Ok(mut within @ (Value::Object(_) | Value::Array(_))) => {
                change(dice, &mut within, others);
                *text = within.to_string();
            }
            Ok(_) | Err(_) => *text = string(dice, text),
        },
        place => *place = strange(dice),
    }
}

fn object(dice: &mut Dice, members: &mut Map<String, Value>, others: &[Value]) {
    let names: Vec<String> = members.keys().cloned().collect();
    match dice.below(5) {
        0 if !names.is_empty() => drop(members.remove(dice.pick(&names))),
        1 if !names.is_empty() => {
            let value = members.remove(dice.pick(&names)).unwrap_or_default();
            members.insert(dice.pick(&names).clone(), value);
        }
        2 => {
            // The values of another request, under its names.
            let mut other = dice.pick(others).clone();
            if let Value::Object(other) = &mut other {
                members.append(other);
            }
        }
        3 if !names.is_empty() => {
            let value = strange(dice);
            members.insert(dice.pick(&names).clone(), value);
        }
        _ => {
            let name = ["unknown", "", "nextToken", "Type", "__type", "End", "name"][dice.below(7)];
            members.insert(name.to_owned(), strange(dice));
        }
    }
}

/// Some value in a value.
fn descend<'a>(dice: &mut Dice, value: &'a mut Value, depth: usize) -> &'a mut Value {
    let within = match value {
        Value::Object(members) => members.len(),
        Value::Array(items) => items.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    };
    if depth == 0 || within == 0 {
        return value;
    }
    let at = dice.below(within);
    let chosen = match value {
        Value::Object(members) => members.values_mut().nth(at),
        Value::Array(items) => items.get_mut(at),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    };
    descend(dice, chosen.expect("there are as many as were counted"), depth - 1)
}

fn strange(dice: &mut Dice) -> Value {
    match dice.below(22) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(0),
        3 => json!(-1),
        4 => json!(i64::MAX),
        5 => json!(u64::MAX),
        6 => json!(1.5),
        7 => json!(-1e300),
        8 => json!([]),
        9 => json!({}),
        10 => nested(dice.below(200)),
        11 => json!("x".repeat([1, 80, 81, 256, 257, 1025, 2049, 32_769][dice.below(8)])),
        12 => json!("é".repeat(if dice.one_in(40) { 300_000 } else { 300 })),
        13 => json!(""),
        14 => json!("\u{0}\u{1f}\u{7f}\u{feff}\u{2028}\u{1f4a5}"),
        15 => json!("arn:aws:states:us-east-1:123456789012:stateMachine:x:1:2"),
        16 => json!("arn:aws:states:::execution::"),
        17 => json!("$.a[?(@.b =~ /((x+)+)+/)]"),
        18 => json!("{% $states.input.x %}"),
        19 => json!("States.ArrayRange(0, 9007199254740993, 1)"),
        20 => json!("{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"A\"}}}"),
        _ => json!([{"key": "k", "value": null}, [1]]),
    }
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(1), |within, _| json!([within]))
}

fn string(dice: &mut Dice, text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let at = dice.below(letters.len() + 1);
    let (before, after): (String, String) = (letters[..at].iter().collect(), letters[at..].iter().collect());
    let inserted =
        *dice.pick(&["", ":", "/", " ", "\n", "*", "\"", "\u{1f4a5}", "$", "%", "\\", "\u{0}", "é", "::", "1"]);
    match dice.below(4) {
        0 => before,
        1 => after,
        2 => format!("{before}{inserted}{after}"),
        _ => text.to_uppercase(),
    }
}

/// Breaks the text itself.
fn bytes(dice: &mut Dice, text: &mut Vec<u8>) {
    let at = dice.below(text.len().max(1)).min(text.len());
    match dice.below(4) {
        0 => text.truncate(at),
        1 if at < text.len() => text[at] = u8::try_from(dice.below(256)).unwrap(),
        2 => {
            let pieces: [&[u8]; 6] = [b"\\ud800", b"\xff", b"{\"a\":", b"1e999", b",", b"\0"];
            let piece = *dice.pick(&pieces);
            text.splice(at..at, piece.iter().copied());
        }
        _ => {
            let rest = text[at..].to_vec();
            text.extend(rest);
        }
    }
}
