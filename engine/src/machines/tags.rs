//! Tags of a resource, in the order in which they were added.

use minicbor::{Decode, Encode};

use crate::error::EngineError;

/// Tags of one resource where no quota holds.
const TAGS_MAX: usize = 10_000;

const KEY_CHARS_MAX: usize = 128;
const VALUE_CHARS_MAX: usize = 256;

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Tag {
    /// Its key, unique among a resource's tags.
    #[n(0)]
    pub key: String,
    /// Its value.
    #[n(1)]
    pub value: String,
}

/// The tags of a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Tags(#[n(0)] pub Vec<Tag>);

impl Tags {
    /// Adds tags; one whose key is there takes its place. Errors: `TooManyTags`, `ValidationException`.
    pub(crate) fn add(&mut self, tags: &[Tag], arn: &str, max: Option<usize>) -> Result<(), EngineError> {
        let max = max.unwrap_or(TAGS_MAX); // each is looked for among all
        for tag in tags {
            check(tag)?;
            let is_full = self.0.len() >= max;
            match self.0.iter_mut().find(|there| there.key == tag.key) {
                Some(there) => there.value.clone_from(&tag.value),
                None if is_full => {
                    return Err(EngineError::call("TooManyTags", format!("Too many tags: '{arn}' may have {max}")));
                }
                None => self.0.push(tag.clone()),
            }
        }
        Ok(())
    }

    /// Removes the tags of these keys, where they are there.
    pub(crate) fn remove(&mut self, keys: &[String]) {
        self.0.retain(|tag| !keys.contains(&tag.key));
    }
}

fn check(tag: &Tag) -> Result<(), EngineError> {
    let refused = |why: String| Err(EngineError::call("ValidationException", why));
    let Tag { key, value } = tag;
    if key.is_empty() || key.chars().count() > KEY_CHARS_MAX {
        return refused(format!("The key of a tag has 1 to {KEY_CHARS_MAX} characters: '{key}'"));
    }
    if value.chars().count() > VALUE_CHARS_MAX {
        return refused(format!("The value of a tag has at most {VALUE_CHARS_MAX} characters: '{value}'"));
    }
    if key.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("aws:")) {
        return refused(format!("aws: prefixed tag key names are not allowed for external use: '{key}'"));
    }
    let allowed = |letter: char| letter.is_alphanumeric() || letter.is_whitespace() || "_.:/=+-@".contains(letter);
    match key.chars().chain(value.chars()).find(|letter| !allowed(*letter)) {
        Some(letter) => {
            refused(format!("A tag has letters, digits, white space and _ . : / = + - @, but no {letter:?}"))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_checked() {
        let check = |key: &str, value: &str, code: Option<&str>| {
            let tag = Tag { key: key.to_owned(), value: value.to_owned() };
            let added = Tags::default().add(&[tag], "arn", Some(1));
            assert_eq!(added.err().and_then(|error| error.code()), code, "{key} {value}");
        };
        check("key", "", None);
        check("Straße 7", "a_b.c:d/e=f+g-h@i", None);
        check("", "v", Some("ValidationException"));
        check(&"k".repeat(128), &"v".repeat(256), None);
        check(&"k".repeat(129), "v", Some("ValidationException"));
        check("k", &"v".repeat(257), Some("ValidationException"));
        check("AWS:k", "v", Some("ValidationException"));
        check("k", "a&b", Some("ValidationException"));
    }

    #[test]
    fn a_key_is_there_once() {
        let tag = |key: &str, value: &str| Tag { key: key.to_owned(), value: value.to_owned() };
        let mut tags = Tags::default();
        tags.add(&[tag("a", "1"), tag("b", "2"), tag("a", "3")], "arn", Some(2)).expect("two tags");
        assert_eq!(tags.0, [tag("a", "3"), tag("b", "2")]);
        assert_eq!(tags.clone().add(&[tag("c", "4")], "arn", Some(2)).expect_err("three").code(), Some("TooManyTags"));
        tags.remove(&["a".to_owned(), "x".to_owned()]);
        assert_eq!(tags.0, [tag("b", "2")]);
    }
}
