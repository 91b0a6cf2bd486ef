//! AWS Query and Amazon EC2's dialect of it: parameters as a form, names joined with dots, lists numbered from 1.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::super::bind::Bound;
use super::super::model::{Member, Operation, Protocol, Reference, Service, TimeFormat};
use super::super::time;
use super::{Request, percent_encoded};

pub(super) fn request(service: &Service, operation: &Operation, input: &Bound<'_>) -> Request {
    let mut form = Form { service, is_ec2: service.protocol == Protocol::Ec2, text: String::with_capacity(256) };
    form.field("Action", &operation.name);
    form.field("Version", &service.api_version);
    if let Bound::Structure(members) = input {
        form.members("", members);
    }
    Request {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        headers: vec![("Content-Type".to_owned(), "application/x-www-form-urlencoded; charset=utf-8".to_owned())],
        body: form.text.into(),
        ..Request::default()
    }
}

struct Form<'m> {
    service: &'m Service,
    is_ec2: bool,
    text: String,
}

impl Form<'_> {
    fn field(&mut self, name: &str, value: &str) {
        if !self.text.is_empty() {
            self.text.push('&');
        }
        self.text.push_str(&percent_encoded(name, false));
        self.text.push('=');
        self.text.push_str(&percent_encoded(value, false));
    }

    fn members(&mut self, prefix: &str, members: &[(&Member, Bound<'_>)]) {
        for (member, value) in members {
            let name = self.name(member);
            let name = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
            self.value(&name, value, member.place);
        }
    }

    fn name(&self, member: &Member) -> String {
        let traits = self.service.traits(member.place);
        let of_place = &traits.location_name;
        if !self.is_ec2 {
            return if of_place.is_empty() { member.name.to_string() } else { of_place.to_string() };
        }
        match (&*traits.query_name, &**of_place) {
            ("", "") => member.name.to_string(),
            ("", name) => super::super::model::capitalised(name),
            (name, _) => name.to_owned(),
        }
    }

    fn value(&mut self, name: &str, value: &Bound<'_>, place: Reference) {
        match value {
            Bound::Structure(members) => self.members(name, members),
            Bound::List(item, items) => self.list(name, *item, items, place),
            Bound::Map(key, of, members) => {
                let flattened = self.service.traits(place).flattened;
                let prefix = if flattened { name.to_owned() } else { format!("{name}.entry") };
                let (key_name, value_name) = (self.own_name(*key, "key"), self.own_name(*of, "value"));
                for (at, (key, value)) in members.iter().enumerate() {
                    let prefix = format!("{prefix}.{}", at + 1);
                    self.field(&format!("{prefix}.{key_name}"), key);
                    self.value(&format!("{prefix}.{value_name}"), value, *of);
                }
            }
            scalar => {
                let text = text(self.service, scalar, place);
                self.field(name, &text);
            }
        }
    }

    fn list(&mut self, name: &str, item: Reference, items: &[Bound<'_>], place: Reference) {
        if items.is_empty() && !self.is_ec2 {
            // An empty list is not the same as none.
            return self.field(name, "");
        }
        let item_name = &*self.service.traits(item).location_name;
        let prefix = if self.is_ec2 {
            name.to_owned()
        } else if self.service.traits(place).flattened {
            match (item_name, name.rsplit_once('.')) {
                ("", _) => name.to_owned(),
                (item_name, Some((front, _))) => format!("{front}.{item_name}"),
                (item_name, None) => item_name.to_owned(),
            }
        } else {
            format!("{name}.{}", if item_name.is_empty() { "member" } else { item_name })
        };
        for (at, value) in items.iter().enumerate() {
            self.value(&format!("{prefix}.{}", at + 1), value, item);
        }
    }

    fn own_name<'s>(&'s self, place: Reference, otherwise: &'s str) -> String {
        let name = &*self.service.traits(place).location_name;
        if name.is_empty() { otherwise } else { name }.to_owned()
    }
}

/// A scalar as a form or an element has it.
pub(super) fn text(service: &Service, value: &Bound<'_>, place: Reference) -> String {
    match value {
        Bound::String(text) => text.to_string(),
        Bound::Number(number) => number.to_string(),
        Bound::Boolean(value) => value.to_string(),
        Bound::Blob(bytes) => BASE64.encode(bytes),
        Bound::Timestamp(at) => time::written(*at, service.traits(place).time.unwrap_or(TimeFormat::Iso8601)),
        Bound::Document(value) => value.to_string(),
        // Containers are no scalars, and whoever calls has taken them apart.
        Bound::Structure(_) | Bound::List(_, _) | Bound::Map(_, _, _) => String::new(),
    }
}
