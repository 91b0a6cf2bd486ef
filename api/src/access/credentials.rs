//! The access keys whose signatures are taken, from a file in the format that AWS's clients keep theirs in:
//!
//! ```ini
//! [a-profile]
//! aws_access_key_id = AKIDEXAMPLE
//! aws_secret_access_key = ...
//! aws_session_token = ...        ; only where the key is to be used with a token
//! ```
//!
//! Every section is a key; the sections' names mean nothing here. So one file serves the server and its clients.

use std::collections::HashMap;
use std::fmt;
use std::io::Read;
use std::path::Path;

/// The longest file, in bytes.
const BYTES_MAX: u64 = 1 << 20;

/// Keys in one file.
const KEYS_MAX: usize = 10_000;

/// The longest access key id, secret and token.
const VALUE_BYTES_MAX: usize = 8_192;

/// Access keys by their ids. What is secret is shown nowhere.
#[derive(Clone, Default)]
pub struct Credentials(HashMap<String, Key>);

/// What belongs to an access key's id.
#[derive(Clone, Default)]
pub(crate) struct Key {
    pub secret: String,
    pub token: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({} keys)", self.0.len())
    }
}

/// Why a file holds no credentials.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // the messages say it
pub enum CredentialsError {
    #[error("{file} cannot be read: {source}")]
    Unreadable { file: String, source: std::io::Error },
    #[error("{file}: it is longer than {BYTES_MAX} bytes, or no UTF-8 text")]
    NoText { file: String },
    #[error("{file}:{line}: {why}")]
    Line { file: String, line: usize, why: String },
    #[error("{file}: there is no access key in it. It needs [NAME], aws_access_key_id and aws_secret_access_key")]
    Empty { file: String },
}

impl Credentials {
    /// Reads a file.
    pub fn load(path: &Path) -> Result<Credentials, CredentialsError> {
        let file = path.display().to_string();
        let unreadable = |source| CredentialsError::Unreadable { file: file.clone(), source };
        let mut bytes = Vec::new();
        std::fs::File::open(path)
            .and_then(|opened| opened.take(BYTES_MAX + 1).read_to_end(&mut bytes))
            .map_err(unreadable)?;
        match String::from_utf8(bytes) {
            Ok(text) if text.len() as u64 <= BYTES_MAX => Credentials::parse(&text, &file),
            Ok(_) | Err(_) => Err(CredentialsError::NoText { file }),
        }
    }

    /// Reads text. `file` is what it is called in errors.
    pub fn parse(text: &str, file: &str) -> Result<Credentials, CredentialsError> {
        let wrong = |line: usize, why: String| CredentialsError::Line { file: file.to_owned(), line, why };
        let mut credentials = Credentials::default();
        let mut section: Option<Section> = None;
        for (line, number) in text.trim_start_matches('\u{feff}').lines().zip(1..) {
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if line.starts_with('[') && line.ends_with(']') {
                credentials.take(section.replace(Section::at(number)), file)?;
                continue;
            }
            let section = section.as_mut().ok_or_else(|| wrong(number, "[NAME] must come first".to_owned()))?;
            let (name, value) =
                line.split_once('=').ok_or_else(|| wrong(number, "NAME = VALUE is needed".to_owned()))?;
            // A comment may follow a value: neither keys nor tokens hold a blank.
            let value = value.trim().split_once([' ', '\t']).map_or(value.trim(), |(value, _)| value);
            section.set(name.trim(), value).map_err(|why| wrong(number, why))?;
        }
        credentials.take(section, file)?;
        match credentials.0.is_empty() {
            true => Err(CredentialsError::Empty { file: file.to_owned() }),
            false => Ok(credentials),
        }
    }

    fn take(&mut self, section: Option<Section>, file: &str) -> Result<(), CredentialsError> {
        let Some(Section { line, id, secret, token }) = section else { return Ok(()) };
        let wrong = |why: &str| CredentialsError::Line { file: file.to_owned(), line, why: why.to_owned() };
        let (id, secret) = match (id, secret) {
            (Some(id), Some(secret)) => (id, secret),
            (None, None) if token.is_none() => return Ok(()), // a profile of another kind
            (None, _) => return Err(wrong("this section has no aws_access_key_id")),
            (_, None) => return Err(wrong("this section has no aws_secret_access_key")),
        };
        if self.0.len() >= KEYS_MAX {
            return Err(wrong(&format!("there are more than {KEYS_MAX} keys")));
        }
        match self.0.insert(id, Key { secret, token }) {
            Some(_) => Err(wrong("another section has the same aws_access_key_id")),
            None => Ok(()),
        }
    }

    /// The key of an id.
    pub(crate) fn key(&self, id: &str) -> Option<&Key> {
        self.0.get(id)
    }

    /// How many keys there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// A section in the making.
struct Section {
    line: usize,
    id: Option<String>,
    secret: Option<String>,
    token: Option<String>,
}

impl Section {
    fn at(line: usize) -> Section {
        Section { line, id: None, secret: None, token: None }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let place = match name {
            "aws_access_key_id" => &mut self.id,
            "aws_secret_access_key" => &mut self.secret,
            "aws_session_token" => &mut self.token,
            _ => return Ok(()), // clients have settings of their own
        };
        match value {
            "" => Err(format!("{name} has no value")),
            value if value.len() > VALUE_BYTES_MAX => Err(format!("{name} is longer than {VALUE_BYTES_MAX} bytes")),
            value if place.is_none() => {
                *place = Some(value.to_owned());
                Ok(())
            }
            _ => Err(format!("{name} is there twice")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_wrong(text: &str, expected: &str) {
        assert_eq!(Credentials::parse(text, "keys").unwrap_err().to_string(), expected);
    }

    #[test]
    fn every_section_is_a_key() {
        let text = "# keys\n[default]\naws_access_key_id = AKID1 # of tests\naws_secret_access_key=s/1+=\nregion = x\n\n\
                    [other]\r\naws_secret_access_key = s2\naws_session_token = t=2\n aws_access_key_id= AKID2\n[sso]\n\
                    sso_session = x\n";
        let credentials = Credentials::parse(text, "keys").unwrap();
        let key = |id| credentials.key(id).map(|key| (key.secret.as_str(), key.token.as_deref()));
        assert_eq!(credentials.count(), 2);
        assert_eq!(key("AKID1"), Some(("s/1+=", None)));
        assert_eq!(key("AKID2"), Some(("s2", Some("t=2"))));
        assert_eq!(format!("{credentials:?}"), "Credentials(2 keys)");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let empty = "keys: there is no access key in it. It needs [NAME], aws_access_key_id and aws_secret_access_key";
        check_wrong("", empty);
        check_wrong("[a]\nregion = x", empty);
        check_wrong("aws_access_key_id = A", "keys:1: [NAME] must come first");
        check_wrong("[a]\naws_access_key_id", "keys:2: NAME = VALUE is needed");
        check_wrong("[a]\naws_access_key_id =", "keys:2: aws_access_key_id has no value");
        check_wrong("\n[a]\naws_access_key_id = A\n", "keys:2: this section has no aws_secret_access_key");
        check_wrong("[a]\naws_secret_access_key = A\n", "keys:1: this section has no aws_access_key_id");
        check_wrong("[a]\naws_session_token = A\n", "keys:1: this section has no aws_access_key_id");
        check_wrong("[a]\naws_access_key_id = A\naws_access_key_id = B", "keys:3: aws_access_key_id is there twice");
        let one = "aws_access_key_id = A\naws_secret_access_key = B\n";
        check_wrong(&format!("[a]\n{one}[b]\n{one}"), "keys:4: another section has the same aws_access_key_id");
    }
}
