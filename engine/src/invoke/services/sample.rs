//! Made-up values of a shape: for answers that nobody gave, and for tests. The same every time.

use stepwell_asl::{Map, Value};

use super::model::{Member, Reference, Service, Shape, Structure};
use super::protocol::Naming;

/// Structures within structures end here; shapes may hold themselves.
const DEPTH_MAX: usize = 6;

/// A value of the shape: every member set, one item in each list and map. What says that there is more to fetch is left
/// out, so that nobody asks for ever.
pub fn value(service: &Service, place: Reference, naming: Naming) -> Value {
    of(service, place, naming, "", 0).unwrap_or_default()
}

fn of(service: &Service, place: Reference, naming: Naming, name: &str, depth: usize) -> Option<Value> {
    if depth > DEPTH_MAX {
        return None;
    }
    let inner = |place: Reference| of(service, place, naming, name, depth + 1);
    Some(match service.shape(place) {
        Shape::Structure(structure) if structure.document => Value::empty_object(),
        Shape::Structure(structure) => members(service, structure, naming, depth),
        Shape::List(item) => inner(*item).into_iter().collect::<Vec<Value>>().into(),
        Shape::Map(key, of) => {
            let key = match service.shape(*key) {
                Shape::String(example) if !example.is_empty() => example.to_string(),
                _ => "key".to_owned(),
            };
            inner(*of).map(|value| (key, value)).into_iter().collect()
        }
        Shape::String(example) if !example.is_empty() => Value::String(example.clone()),
        Shape::String(_) => text(name).into(),
        Shape::Integer(bounds) => Value::from(bounds.least.unwrap_or(0.0) as i64),
        Shape::Float(bounds) => Value::from(bounds.least.unwrap_or(0.0) as i64),
        Shape::Boolean => false.into(),
        // Most blobs that workflows read are JSON.
        Shape::Blob => "{}".into(),
        Shape::Timestamp if naming == Naming::Plain => 0_i64.into(),
        Shape::Timestamp => "1970-01-01T00:00:00Z".into(),
    })
}

fn members(service: &Service, structure: &Structure, naming: Naming, depth: usize) -> Value {
    let mut result = Map::default();
    let wanted = structure.members.iter().filter(|member| member.required || !tells_of_more(&member.name));
    // Of a union just one member is set.
    for member in wanted {
        let name = match naming {
            Naming::Sdk => &member.sdk_name,
            Naming::Plain => &member.plain_name,
        };
        if let Some(value) = of(service, member.place, naming, &member.name, depth + 1).filter(|_| fits(service, member)) {
            result.insert(name.clone(), value);
            if structure.union {
                break;
            }
        }
    }
    result.into()
}

fn fits(service: &Service, member: &Member) -> bool {
    !service.traits(member.place).event_stream
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
