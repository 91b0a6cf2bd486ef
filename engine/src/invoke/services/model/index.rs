//! The file of models: which services there are, and each one's block, unpacked once.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, OnceLock};

use super::Service;
use super::names::{resource_name, service_class};
use super::read::{self, Reader};

static FILE: &[u8] = include_bytes!("../../../../models/aws.bin");

/// Far above the largest block, Amazon EC2's.
const BLOCK_BYTES_MAX: usize = 16 << 20;

static INDEX: LazyLock<Index> = LazyLock::new(|| read_index().expect("the models are whole: a test reads them all"));

struct Index {
    botocore: &'static str,
    entries: Vec<Entry>,
    by_name: HashMap<String, usize>,
}

/// A service's names, and its block.
#[derive(Debug)]
pub struct Entry {
    /// As its resources have it: `aws-sdk:NAME:action`.
    pub name: String,
    /// As its errors have it: `DynamoDb`.
    pub class: String,
    /// As AWS's models have it: `DynamoDB`.
    pub id: &'static str,
    /// As botocore has it, and people who have used that.
    pub botocore: &'static str,
    packed: &'static [u8],
    length: usize,
    unpacked: OnceLock<Option<Arc<Service>>>,
}

/// All services, by botocore's names for them.
pub fn entries() -> &'static [Entry] {
    &INDEX.entries
}

/// The version of botocore that the models come from.
pub fn botocore_version() -> &'static str {
    INDEX.botocore
}

/// The names and the block of the service that a resource names; nothing is unpacked.
pub fn entry(name: &str) -> Option<&'static Entry> {
    INDEX.by_name.get(name).map(|place| &INDEX.entries[*place])
}

/// The service that a resource names: `dynamodb`, `sfn`, `eventbridge`.
pub fn service(name: &str) -> Option<Arc<Service>> {
    entry(name)?.service()
}

impl Entry {
    /// The service itself. None only where the file is damaged.
    pub fn service(&'static self) -> Option<Arc<Service>> {
        self.unpacked.get_or_init(|| self.unpack().map(Arc::new)).clone()
    }

    fn unpack(&'static self) -> Option<Service> {
        let limit = self.length.min(BLOCK_BYTES_MAX);
        let block = miniz_oxide::inflate::decompress_to_vec_with_limit(self.packed, limit).ok()?;
        read::service(self, &block)
    }
}

fn read_index() -> Option<Index> {
    let mut reader = Reader::new(FILE);
    if reader.take(4)? != b"SWM2" {
        return None;
    }
    let botocore = reader.text()?;
    let count = reader.number()?;
    let mut entries = Vec::with_capacity(count);
    let mut lengths = Vec::with_capacity(count);
    for _ in 0..count {
        let (id, service) = (reader.text()?, reader.text()?);
        lengths.push(reader.number()?);
        entries.push(Entry {
            name: resource_name(id),
            class: service_class(id),
            id,
            botocore: service,
            packed: &[],
            length: reader.number()?,
            unpacked: OnceLock::new(),
        });
    }
    for (entry, length) in entries.iter_mut().zip(lengths) {
        entry.packed = reader.take(length)?;
    }
    let by_name = entries.iter().enumerate().map(|(place, entry)| (entry.name.clone(), place)).collect();
    Some(Index { botocore, entries, by_name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_can_be_read() {
        let mut operations = 0;
        for entry in entries() {
            let service = entry.service().unwrap_or_else(|| panic!("{} cannot be read", entry.botocore));
            operations += service.operations().len();
            assert!(super::service(&entry.name).is_some(), "{}", entry.name);
        }
        assert!(entries().len() > 400 && operations > 19_000, "{} services, {operations} operations", entries().len());
    }

    #[test]
    fn no_two_services_have_one_name() {
        let mut names: Vec<&str> = entries().iter().map(|entry| entry.name.as_str()).collect();
        names.sort_unstable();
        let double: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(double.is_empty(), "{double:?}");
    }
}
