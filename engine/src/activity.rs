//! Activities as they are registered.

use minicbor::{Decode, Encode};
use stepwell_asl::{Text, Timestamp, Value};

use crate::error::EngineError;
use crate::machines::Tags;
use crate::record::RecordError;
use crate::resources::Resource;
use crate::store::RecordKind;

/// A registered activity.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// Its ARN.
    pub arn: Text,
    /// Its name.
    pub name: Text,
    /// When it was created.
    pub created_at: Timestamp,
    /// The encryption configuration, where there is one.
    pub encryption: Option<Value>,
    /// Its tags.
    pub tags: Tags,
}

/// As it is stored. Field numbers are for ever.
#[derive(Encode, Decode)]
struct Row {
    #[n(0)]
    name: String,
    #[n(1)]
    created_at: i64,
    #[n(2)]
    encryption: Option<String>,
    #[n(3)]
    tags: Option<Tags>,
}

impl Resource for Activity {
    const KIND: RecordKind = RecordKind::Activity;

    fn encode(&self) -> Vec<u8> {
        let row = Row {
            name: self.name.to_string(),
            created_at: self.created_at.0,
            encryption: self.encryption.as_ref().map(Value::to_string),
            tags: Some(self.tags.clone()),
        };
        minicbor::to_vec(row).expect("writing to memory does not fail")
    }

    fn decode(arn: &str, bytes: &[u8]) -> Result<Activity, EngineError> {
        let unreadable = |source| EngineError::Record { what: format!("the activity '{arn}'"), source };
        let name: Text = arn.rsplit(':').next().unwrap_or_default().into();
        // An activity was once no more than the time of its creation. Rows of today begin with another byte.
        if let (Some(0), Ok(created_at)) = (bytes.first(), <[u8; 8]>::try_from(bytes)) {
            let created_at = Timestamp(i64::from_be_bytes(created_at));
            return Ok(Activity { arn: arn.into(), name, created_at, encryption: None, tags: Tags::default() });
        }
        let row: Row = minicbor::decode(bytes).map_err(|error| unreadable(error.into()))?;
        let encryption = row.encryption.map(|text| Value::parse(&text)).transpose();
        Ok(Activity {
            arn: arn.into(),
            name: row.name.into(),
            created_at: Timestamp(row.created_at),
            encryption: encryption
                .map_err(|_| unreadable(RecordError::Broken("its encryption is no JSON".to_owned())))?,
            tags: row.tags.unwrap_or_default(),
        })
    }

    fn too_many(max: usize) -> EngineError {
        let message = format!("Activity Limit Exceeded: 'There are {max} activities already'");
        EngineError::call("ActivityLimitExceeded", message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activities_are_read_as_they_were_written() {
        let arn = "arn:aws:states:us-east-1:123456789012:activity:abc";
        let short = Activity {
            arn: arn.into(),
            name: "abc".into(), // as a row it has eight bytes, too
            created_at: Timestamp(0),
            encryption: None,
            tags: Tags::default(),
        };
        for activity in [short.clone(), Activity { created_at: Timestamp(1_700_000_000_000), ..short.clone() }] {
            assert_eq!(Activity::decode(arn, &activity.encode()).expect("it is one"), activity);
        }
        let created_at = Timestamp(1_700_000_000_000);
        let old = Activity::decode(arn, &created_at.0.to_be_bytes()).expect("it is one");
        assert_eq!(old, Activity { created_at, ..short });
        assert!(Activity::decode(arn, b"nonsense!").is_err());
    }
}
