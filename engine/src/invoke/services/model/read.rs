//! The bytes of a service's block, as `engine/models/README.md` describes them. `None`: the bytes are not such a block.

use std::collections::HashMap;

use stepwell_asl::Text;

use super::index::Entry;
use super::names::{action_name, capitalised, member_name};
use super::{
    Bounds, Endpoint, ErrorShape, Location, Member, Operation, Protocol, Reference, Service, Shape, Structure,
    TimeFormat, Traits,
};

/// Bytes, and how far they have been read.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes }
    }

    pub fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    pub fn number(&mut self) -> Option<usize> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    pub fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(taken)
    }

    pub fn text(&mut self) -> Option<&'a str> {
        let length = self.number()?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    /// So many of something as a number before them says.
    fn many<T>(&mut self, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.number()?;
        (0..count).map(|_| one(self)).collect()
    }

    fn reference(&mut self) -> Option<Option<Reference>> {
        let (shape, traits) = (self.number()?, self.number()?);
        let Some(shape) = shape.checked_sub(1) else { return Some(None) };
        Some(Some(Reference { shape: u32::try_from(shape).ok()?, traits: u32::try_from(traits).ok()? }))
    }
}

/// A block with its table of strings.
struct Block<'a> {
    reader: Reader<'a>,
    strings: Vec<Text>,
}

pub(super) fn service(entry: &'static Entry, bytes: &[u8]) -> Option<Service> {
    let mut reader = Reader::new(bytes);
    let strings = reader.many(|reader| reader.text().map(Text::from))?;
    let mut block = Block { reader, strings };
    let protocol = block.protocol()?;
    let flags = block.reader.byte()?;
    let (api_version, endpoint_prefix, signing_name) = (block.string()?, block.string()?, block.string()?);
    let (json_version, target_prefix, xml_space) = (block.string()?, block.string()?, block.string()?);
    let endpoints = block.many(Block::endpoint)?;
    let traits = block.many(Block::traits)?;
    let shapes = block.many(Block::shape)?;
    let operations = block.many(Block::operation)?;
    let errors = block.many(|block| Some(ErrorShape { name: block.string()?, code: block.string()? }))?;
    let by_action: HashMap<Text, usize> =
        operations.iter().enumerate().map(|(place, operation)| (operation.action.clone(), place)).collect();
    let service = Service {
        entry,
        protocol,
        query_compatible: flags & 1 != 0,
        bearer_only: flags & 2 != 0,
        api_version,
        endpoint_prefix,
        signing_name,
        json_version,
        target_prefix,
        xml_space,
        endpoints,
        traits,
        shapes,
        operations,
        by_action,
        errors,
    };
    is_whole(&service).then_some(service)
}

/// Whether every reference leads somewhere, so that nobody need ask again.
fn is_whole(service: &Service) -> bool {
    let leads = |place: &Reference| {
        (place.shape as usize) < service.shapes.len() && (place.traits as usize) < service.traits.len()
    };
    let of_shapes = service.shapes.iter().all(|shape| match shape {
        Shape::Structure(structure) => structure.members.iter().all(|member| leads(&member.place)),
        Shape::List(item) => leads(item),
        Shape::Map(key, value) => leads(key) && leads(value),
        _ => true,
    });
    of_shapes
        && service.operations.iter().flat_map(|operation| [&operation.input, &operation.output]).flatten().all(leads)
}

impl Block<'_> {
    fn string(&mut self) -> Option<Text> {
        let place = self.reader.number()?;
        self.strings.get(place).cloned()
    }

    fn many<T>(&mut self, one: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.reader.number()?;
        (0..count).map(|_| one(self)).collect()
    }

    fn protocol(&mut self) -> Option<Protocol> {
        Some(match self.reader.byte()? {
            0 => Protocol::Json,
            1 => Protocol::RestJson,
            2 => Protocol::RestXml,
            3 => Protocol::Query,
            4 => Protocol::Ec2,
            5 => Protocol::Cbor,
            _ => return None,
        })
    }

    fn endpoint(&mut self) -> Option<Endpoint> {
        Some(Endpoint { region: self.string()?, url: self.string()?, signing_region: self.string()? })
    }

    fn traits(&mut self) -> Option<Traits> {
        let flags = self.reader.number()?;
        let has = |bit: u32| flags >> bit & 1 != 0;
        Some(Traits {
            flattened: has(0),
            xml_attribute: has(1),
            streaming: has(2),
            idempotency_token: has(3),
            json_value: has(4),
            host_label: has(5),
            event_stream: has(6),
            location: match self.reader.byte()? {
                0 => Location::Body,
                1 => Location::Uri,
                2 => Location::Query,
                3 => Location::Header,
                4 => Location::Headers,
                5 => Location::StatusCode,
                _ => return None,
            },
            time: match self.reader.byte()? {
                0 => None,
                1 => Some(TimeFormat::Iso8601),
                2 => Some(TimeFormat::Rfc822),
                3 => Some(TimeFormat::Unix),
                _ => return None,
            },
            location_name: self.string()?,
            query_name: self.string()?,
            payload: self.string()?,
            result_wrapper: self.string()?,
            xml_space: self.string()?,
            xml_prefix: self.string()?,
        })
    }

    fn shape(&mut self) -> Option<Shape> {
        Some(match self.reader.byte()? {
            0 => Shape::Structure(self.structure()?),
            1 => Shape::List(self.reader.reference()??),
            2 => Shape::Map(self.reader.reference()??, self.reader.reference()??),
            3 => Shape::String(self.string()?),
            4 | 5 => Shape::Integer(self.bounds()?),
            6 | 7 => Shape::Float(self.bounds()?),
            8 => Shape::Boolean,
            9 => Shape::Blob,
            10 => Shape::Timestamp,
            _ => return None,
        })
    }

    fn bounds(&mut self) -> Option<Bounds> {
        Some(Bounds { least: self.string()?.parse().ok(), most: self.string()?.parse().ok() })
    }

    fn structure(&mut self) -> Option<Structure> {
        let flags = self.reader.byte()?;
        let members = self.many(Block::member)?;
        Some(Structure { document: flags & 1 != 0, union: flags & 2 != 0, members })
    }

    fn member(&mut self) -> Option<Member> {
        let head = self.reader.number()?;
        let name = self.strings.get(head >> 1)?.clone();
        let place = self.reader.reference()??;
        // Most names need no change, and then all three are one text.
        let text = |changed: String| if *changed == *name { name.clone() } else { Text::from(changed) };
        let (sdk_name, plain_name) = (text(member_name(&name)), text(capitalised(&name)));
        Some(Member { sdk_name, plain_name, required: head & 1 != 0, place, name })
    }

    fn operation(&mut self) -> Option<Operation> {
        let (name, method, uri) = (self.string()?, self.string()?, self.string()?);
        let flags = self.reader.byte()?;
        Some(Operation {
            action: action_name(&name).into(),
            name,
            method,
            uri,
            checksum_required: flags & 1 != 0,
            unsigned: flags & 2 != 0,
            unsigned_payload: flags & 4 != 0,
            host_prefix: self.string()?,
            checksum_member: self.string()?,
            input: self.reader.reference()?,
            output: self.reader.reference()?,
        })
    }
}
