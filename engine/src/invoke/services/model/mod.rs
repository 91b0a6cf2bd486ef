//! AWS's services as their models describe them: operations, shapes, names on the wire. Read from the file that
//! `engine/models/build` makes; a service is unpacked when it is first asked for, and kept.

mod index;
mod names;
mod read;

use std::collections::HashMap;

use stepwell_asl::Text;

pub use index::{Entry, botocore_version, entries, entry, service};
pub(crate) use names::capitalised;
pub(crate) use names::nearest;
pub use names::{action_name, error_name, member_name, service_class};

/// How a service is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// AWS JSON 1.0 and 1.1.
    Json,
    /// REST with JSON bodies.
    RestJson,
    /// REST with XML bodies.
    RestXml,
    /// AWS Query: a form in, XML out.
    Query,
    /// The same as Amazon EC2 has it.
    Ec2,
    /// Smithy RPC v2 with CBOR.
    Cbor,
}

/// One service.
#[derive(Debug)]
pub struct Service {
    /// Its names.
    pub entry: &'static Entry,
    /// How it is spoken to.
    pub protocol: Protocol,
    /// Whether its JSON errors carry the code that its Query API had, in a header.
    pub query_compatible: bool,
    /// Whether it takes bearer tokens alone, and no signatures.
    pub bearer_only: bool,
    /// `2012-11-05`
    pub api_version: Text,
    /// The first part of its host's name.
    pub endpoint_prefix: Text,
    /// What requests are signed for.
    pub signing_name: Text,
    /// `1.0` or `1.1`
    pub json_version: Text,
    /// The first part of `X-Amz-Target`.
    pub target_prefix: Text,
    /// The namespace of its XML.
    pub xml_space: Text,
    endpoints: Vec<Endpoint>,
    traits: Vec<Traits>,
    shapes: Vec<Shape>,
    operations: Vec<Operation>,
    by_action: HashMap<Text, usize>,
    errors: Vec<ErrorShape>,
}

/// Where a service is, where that is not the usual place.
#[derive(Clone, Debug)]
struct Endpoint {
    /// A region, or `@` and the DNS suffix of a partition.
    region: Text,
    /// With `{region}` for the region.
    url: Text,
    /// The region to sign for, if it is another.
    signing_region: Text,
}

/// One operation.
#[derive(Debug)]
pub struct Operation {
    /// As the API has it: `PutItem`.
    pub name: Text,
    /// As a resource has it: `putItem`.
    pub action: Text,
    /// `POST`
    pub method: Text,
    /// The path and query, with `{Label}` and `{Label+}`.
    pub uri: Text,
    /// Whether the body needs a checksum.
    pub checksum_required: bool,
    /// Whether requests are not signed.
    pub unsigned: bool,
    /// Whether the body is not part of what is signed.
    pub unsigned_payload: bool,
    /// What comes before the host's name, with `{Label}`; may be empty.
    pub host_prefix: Text,
    /// The member that names the checksum's algorithm; may be empty.
    pub checksum_member: Text,
    /// Its parameters.
    pub input: Option<Reference>,
    /// Its result.
    pub output: Option<Reference>,
}

/// A shape in a place, with what holds for it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    shape: u32,
    traits: u32,
}

/// Where in an HTTP message a member is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Location {
    /// In the body.
    #[default]
    Body,
    /// In the path.
    Uri,
    /// In the query.
    Query,
    /// In a header.
    Header,
    /// In all headers with a prefix.
    Headers,
    /// The status.
    StatusCode,
}

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeFormat {
    /// `2026-01-02T03:04:05Z`
    Iso8601,
    /// `Fri, 02 Jan 2026 03:04:05 GMT`
    Rfc822,
    /// Seconds since 1970.
    Unix,
}

/// What holds for a shape in one place. Texts are empty where nothing is said.
#[derive(Clone, Debug, Default)]
pub struct Traits {
    /// A list or map without an element around it.
    pub flattened: bool,
    /// An attribute of an XML element.
    pub xml_attribute: bool,
    /// A body that is a stream.
    pub streaming: bool,
    /// A token that the caller makes up where it is not given.
    pub idempotency_token: bool,
    /// JSON text in a header.
    pub json_value: bool,
    /// A part of the host's name.
    pub host_label: bool,
    /// A stream of events.
    pub event_stream: bool,
    /// Where in the message.
    pub location: Location,
    /// How a time is written.
    pub time: Option<TimeFormat>,
    /// The name on the wire.
    pub location_name: Text,
    /// The name on the wire in Amazon EC2's protocol.
    pub query_name: Text,
    /// The member that is the whole body.
    pub payload: Text,
    /// The element around a result.
    pub result_wrapper: Text,
    /// An XML namespace.
    pub xml_space: Text,
    /// Its prefix.
    pub xml_prefix: Text,
}

/// What a value is.
#[derive(Debug)]
pub enum Shape {
    /// Members by name.
    Structure(Structure),
    /// Items of one shape.
    List(Reference),
    /// Values of one shape by key.
    Map(Reference, Reference),
    /// Text. Of an enumeration one value, else empty.
    String(Text),
    /// A whole number.
    Integer(Bounds),
    /// A number.
    Float(Bounds),
    /// True or false.
    Boolean,
    /// Bytes.
    Blob,
    /// A time.
    Timestamp,
}

/// What a number may be.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// At least.
    pub least: Option<f64>,
    /// At most.
    pub most: Option<f64>,
}

/// Members by name.
#[derive(Debug)]
pub struct Structure {
    /// Whether it stands for any JSON.
    pub document: bool,
    /// Whether just one of its members is set.
    pub union: bool,
    /// In the order of XML.
    pub members: Vec<Member>,
}

/// A member of a structure.
#[derive(Debug)]
pub struct Member {
    /// As the API has it: `DBInstanceIdentifier`, `stateMachineArn`.
    pub name: Text,
    /// As Step Functions has it in SDK integrations: `DbInstanceIdentifier`, `StateMachineArn`.
    pub sdk_name: Text,
    /// As Step Functions has it in optimised integrations: `DBInstanceIdentifier`, `StateMachineArn`.
    pub plain_name: Text,
    /// Whether it must be given.
    pub required: bool,
    /// What it is.
    pub place: Reference,
}

/// An error that a service names.
#[derive(Debug)]
pub struct ErrorShape {
    /// The shape's name.
    pub name: Text,
    /// The code on the wire, where it is another.
    pub code: Text,
}

impl Service {
    /// The operation that a resource names: `putItem`.
    pub fn action(&self, action: &str) -> Option<&Operation> {
        self.by_action.get(action).map(|place| &self.operations[*place])
    }

    /// The place of an operation among all.
    pub fn action_place(&self, action: &str) -> Option<usize> {
        self.by_action.get(action).copied()
    }

    /// All operations, by name.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// What a value in this place is.
    pub fn shape(&self, place: Reference) -> &Shape {
        &self.shapes[place.shape as usize]
    }

    /// What holds in this place.
    pub fn traits(&self, place: Reference) -> &Traits {
        &self.traits[place.traits as usize]
    }

    /// The members of a structure in this place; none where there is another shape.
    pub fn members(&self, place: Reference) -> &[Member] {
        match self.shape(place) {
            Shape::Structure(structure) => &structure.members,
            _ => &[],
        }
    }

    /// The name of the error with this code on the wire, if the service's model knows it.
    pub fn error(&self, code: &str) -> Option<&Text> {
        // Most errors have no code but their name.
        let by_code = self.errors.iter().find(|error| !code.is_empty() && &*error.code == code);
        by_code.or_else(|| self.errors.iter().find(|error| &*error.name == code)).map(|error| &error.name)
    }

    /// Where real AWS has the service in a region, and which region to sign for.
    pub fn endpoint(&self, region: &str) -> (String, String) {
        let suffix = dns_suffix(region);
        let of_partition = |endpoint: &&Endpoint| endpoint.region.strip_prefix('@') == Some(suffix);
        let known = self.endpoints.iter().find(|endpoint| &*endpoint.region == region);
        match known.or_else(|| self.endpoints.iter().find(of_partition)) {
            Some(endpoint) => {
                let signing = if endpoint.signing_region.is_empty() { region } else { &endpoint.signing_region };
                (endpoint.url.replace("{region}", region), signing.to_owned())
            }
            None => (format!("https://{}.{region}.{suffix}", self.endpoint_prefix), region.to_owned()),
        }
    }
}

/// What the hosts of a region's partition end with.
fn dns_suffix(region: &str) -> &'static str {
    const PARTITIONS: [(&str, &str); 6] = [
        ("cn-", "amazonaws.com.cn"),
        ("us-isob-", "sc2s.sgov.gov"),
        ("us-isof-", "csp.hci.ic.gov"),
        ("us-iso-", "c2s.ic.gov"),
        ("eu-isoe-", "cloud.adc-e.uk"),
        ("eusc-", "amazonaws.eu"),
    ];
    PARTITIONS.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("amazonaws.com", |(_, suffix)| suffix)
}
