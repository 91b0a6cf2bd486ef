//! The shapes that the answers of resources have, for those that are known: the integrations that answer at once and
//! that most workflows use. A Task shows dates and binary data as text.

use stepwell_asl::resource::{Pattern, Resource, ResourceKind};

/// What a value is.
pub(super) enum Shape {
    Anything,
    Text,
    Integer,
    Number,
    List(&'static Shape),
    Map(&'static Shape),
    Structure(&'static [Field]),
}

/// A field of a structure.
pub(super) struct Field {
    pub name: &'static str,
    pub shape: Shape,
    pub required: bool,
}

/// The fields of a resource's answer, where they are known. The answer to a job or a token may be anything.
pub(super) fn of_answer(resource: &Resource) -> Option<&'static [Field]> {
    let ResourceKind::Service { service, action, pattern: Pattern::RequestResponse } = &resource.kind else {
        return None;
    };
    match (&**service, &**action) {
        ("states" | "aws-sdk:sfn", "startExecution") => Some(START_EXECUTION),
        ("lambda", "invoke") => Some(INVOKE),
        ("aws-sdk:lambda", "invoke") => Some(SDK_INVOKE),
        ("events" | "aws-sdk:eventbridge", "putEvents") => Some(PUT_EVENTS),
        ("sqs" | "aws-sdk:sqs", "sendMessage") => Some(SEND_MESSAGE),
        ("sns" | "aws-sdk:sns", "publish") => Some(PUBLISH),
        ("dynamodb" | "aws-sdk:dynamodb", "getItem") => Some(GET_ITEM),
        ("dynamodb" | "aws-sdk:dynamodb", "putItem" | "updateItem" | "deleteItem") => Some(CHANGE_ITEM),
        _ => None,
    }
}

const fn field(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: false }
}

const fn required(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: true }
}

const START_EXECUTION: &[Field] = &[required("ExecutionArn", Shape::Text), required("StartDate", Shape::Text)];

/// The optimized integration reads the payload.
const INVOKE: &[Field] = &[
    field("ExecutedVersion", Shape::Text),
    field("FunctionError", Shape::Text),
    field("LogResult", Shape::Text),
    field("Payload", Shape::Anything),
    field("StatusCode", Shape::Integer),
];

const SDK_INVOKE: &[Field] = &[
    field("ExecutedVersion", Shape::Text),
    field("FunctionError", Shape::Text),
    field("LogResult", Shape::Text),
    field("Payload", Shape::Text),
    field("StatusCode", Shape::Integer),
];

const PUT_EVENTS: &[Field] = &[
    field(
        "Entries",
        Shape::List(&Shape::Structure(&[
            field("ErrorCode", Shape::Text),
            field("ErrorMessage", Shape::Text),
            field("EventId", Shape::Text),
        ])),
    ),
    field("FailedEntryCount", Shape::Integer),
];

const SEND_MESSAGE: &[Field] = &[
    field("MD5OfMessageAttributes", Shape::Text),
    field("MD5OfMessageBody", Shape::Text),
    field("MD5OfMessageSystemAttributes", Shape::Text),
    field("MessageId", Shape::Text),
    field("SequenceNumber", Shape::Text),
];

const PUBLISH: &[Field] = &[field("MessageId", Shape::Text), field("SequenceNumber", Shape::Text)];

const CAPACITY: Shape = Shape::Structure(&[
    field("CapacityUnits", Shape::Number),
    field("ReadCapacityUnits", Shape::Number),
    field("WriteCapacityUnits", Shape::Number),
]);

const CONSUMED_CAPACITY: Shape = Shape::Structure(&[
    field("CapacityUnits", Shape::Number),
    field("GlobalSecondaryIndexes", Shape::Map(&CAPACITY)),
    field("LocalSecondaryIndexes", Shape::Map(&CAPACITY)),
    field("ReadCapacityUnits", Shape::Number),
    field("Table", CAPACITY),
    field("TableName", Shape::Text),
    field("WriteCapacityUnits", Shape::Number),
]);

/// A value of DynamoDB is an object of one member; which types it may have is not looked at.
const ITEM: Shape = Shape::Map(&Shape::Structure(&[]));

const GET_ITEM: &[Field] = &[field("ConsumedCapacity", CONSUMED_CAPACITY), field("Item", ITEM)];

const CHANGE_ITEM: &[Field] = &[
    field("Attributes", ITEM),
    field("ConsumedCapacity", CONSUMED_CAPACITY),
    field(
        "ItemCollectionMetrics",
        Shape::Structure(&[
            field("ItemCollectionKey", ITEM),
            field("SizeEstimateRangeGB", Shape::List(&Shape::Number)),
        ]),
    ),
];
