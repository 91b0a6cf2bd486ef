//! Made-up values of a shape: for answers that nobody gave, and for tests. The same every time.

use stepwell_asl::{Map, Number, Value};

use super::model::{Reference, Service, Shape, Structure};
use super::protocol::Naming;

/// Structures within structures end here; shapes may hold themselves.
const DEPTH_MAX: usize = 8;

/// No value has more parts, so that none is too large for a state.
const PARTS_MAX: usize = 2000;

/// A value of the shape: every member set, one item in each list and map, as deep as is possible within bounds. What says
/// that there is more to fetch is left out, so that nobody asks for ever.
pub fn value(service: &Service, place: Reference, naming: Naming) -> Value {
    let at_depth = |depth: usize| {
        let mut sampler = Sampler { service, naming, depth_max: depth, left: PARTS_MAX };
        let value = sampler.of(place, "", 0);
        value.filter(|_| sampler.left > 0)
    };
    (1..=DEPTH_MAX).rev().find_map(at_depth).unwrap_or_else(Value::empty_object)
}

struct Sampler<'m> {
    service: &'m Service,
    naming: Naming,
    depth_max: usize,
    left: usize,
}

impl Sampler<'_> {
    /// None: there is no room for such a value any more.
    fn of(&mut self, place: Reference, name: &str, depth: usize) -> Option<Value> {
        self.left = self.left.checked_sub(1)?;
        // What must be there is, a little deeper than what need not.
        if depth > self.depth_max + 4 {
            return None;
        }
        let service = self.service;
        Some(match service.shape(place) {
            Shape::Structure(structure) if structure.document => Value::empty_object(),
            Shape::Structure(structure) => self.members(structure, depth)?,
            Shape::List(item) => self.of(*item, name, depth + 1).into_iter().collect::<Vec<Value>>().into(),
            Shape::Map(key, of) => {
                let key = match service.shape(*key) {
                    Shape::String(example) if !example.is_empty() => example.to_string(),
                    _ => "key".to_owned(),
                };
                self.of(*of, name, depth + 1).map(|value| (key, value)).into_iter().collect()
            }
            Shape::String(example) if !example.is_empty() => Value::String(example.clone()),
            Shape::String(_) if service.traits(place).host_label => "label".into(),
            Shape::String(_) => text(name).into(),
            Shape::Integer(bounds) => Value::from(bounds.least.unwrap_or(0.0) as i64),
            Shape::Float(bounds) => Number::from_f64(bounds.least.unwrap_or(0.0) + 0.5).map(Value::Number)?,
            Shape::Boolean => false.into(),
            // Most blobs that workflows read are JSON.
            Shape::Blob if super::bind::is_base64(service, name) => "e30=".into(),
            Shape::Blob => "{}".into(),
            Shape::Timestamp if self.naming == Naming::Plain => 0_i64.into(),
            Shape::Timestamp => "1970-01-01T00:00:00Z".into(),
        })
    }

    /// None: a member that must be there has no room.
    fn members(&mut self, structure: &Structure, depth: usize) -> Option<Value> {
        let mut result = Map::default();
        for member in &structure.members {
            let wanted = depth < self.depth_max && !tells_of_more(&member.name);
            if !(wanted || member.required) || self.service.traits(member.place).event_stream {
                continue;
            }
            let name = match self.naming {
                Naming::Sdk => &member.sdk_name,
                Naming::Plain => &member.plain_name,
            };
            match self.of(member.place, &member.sdk_name, depth + 1) {
                Some(value) => {
                    result.insert(name.clone(), value);
                }
                None if member.required => return None,
                None => {}
            }
            // Of a union just one member is set.
            if structure.union && !result.is_empty() {
                break;
            }
        }
        Some(result.into())
    }
}

/// Whether a member says that an answer is only a page.
fn tells_of_more(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let ends = ["token", "marker", "lastevaluatedkey", "position", "cursor"];
    name.starts_with("next") || ends.iter().any(|end| name.ends_with(end)) && !name.contains("access")
}

fn text(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    if lower.ends_with("arn") {
        "arn:aws:service:us-east-1:000000000000:resource/0".to_owned()
    } else if lower.ends_with("url") || lower.ends_with("endpoint") {
        "https://example.com/".to_owned()
    } else if lower.ends_with("status") || lower.ends_with("state") {
        "available".to_owned()
    } else if lower.ends_with("id") {
        "00000000-0000-0000-0000-000000000000".to_owned()
    } else if name.is_empty() {
        "text".to_owned()
    } else {
        name.to_owned()
    }
}
