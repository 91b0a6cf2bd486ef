//! Task tokens: opaque, unforgeable, and all that is needed to find the task. No table holds them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use stepwell_asl::Text;

use crate::core::{BranchId, Ticket};

/// The key under which tokens are made. Whoever has it can make them.
#[derive(Clone)]
pub struct TokenKey([u8; 32]);

/// What a token names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The execution's ARN.
    pub execution_arn: String,
    /// The branch that waits.
    pub branch: BranchId,
    /// The arming it answers.
    pub ticket: Ticket,
}

const MAC_BYTES: usize = 32;

impl TokenKey {
    /// A key of 32 random bytes.
    pub fn new(bytes: [u8; 32]) -> TokenKey {
        TokenKey(bytes)
    }

    /// The token for one arming.
    pub fn mint(&self, execution_arn: &str, branch: BranchId, ticket: Ticket) -> Text {
        let mut bytes = self.mac(execution_arn, branch, ticket).to_vec();
        bytes.extend(branch.0.to_be_bytes());
        bytes.extend(ticket.0.to_be_bytes());
        bytes.extend(execution_arn.as_bytes());
        BASE64.encode(bytes).into()
    }

    /// What a token names; `None` where it was not made under this key.
    pub fn open(&self, token: &str) -> Option<Token> {
        let bytes = BASE64.decode(token).ok()?;
        let (mac, rest) = bytes.split_at_checked(MAC_BYTES)?;
        let (branch, rest) = rest.split_first_chunk()?;
        let (ticket, arn) = rest.split_first_chunk()?;
        let token = Token {
            execution_arn: String::from_utf8(arn.to_vec()).ok()?,
            branch: BranchId(u32::from_be_bytes(*branch)),
            ticket: Ticket(u64::from_be_bytes(*ticket)),
        };
        self.keyed(&token.execution_arn, token.branch, token.ticket).verify_slice(mac).ok()?;
        Some(token)
    }

    fn mac(&self, execution_arn: &str, branch: BranchId, ticket: Ticket) -> [u8; MAC_BYTES] {
        self.keyed(execution_arn, branch, ticket).finalize().into_bytes().into()
    }

    fn keyed(&self, execution_arn: &str, branch: BranchId, ticket: Ticket) -> Hmac<Sha256> {
        let mut block = [0; 64]; // a key shorter than the hash's block is filled up with zeros
        block[..self.0.len()].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(&branch.0.to_be_bytes());
        mac.update(&ticket.0.to_be_bytes());
        mac.update(execution_arn.as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_only_under_its_key_and_unchanged() {
        let key = TokenKey::new([7; 32]);
        let token = key.mint("arn:a", BranchId(3), Ticket(9));
        let named = Token { execution_arn: "arn:a".into(), branch: BranchId(3), ticket: Ticket(9) };
        assert_eq!(key.open(&token), Some(named));
        assert_eq!(TokenKey::new([8; 32]).open(&token), None);
        for at in 0..token.len() {
            let mut changed = token.as_bytes().to_vec();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(key.open(&String::from_utf8(changed).unwrap()), None, "byte {at}");
        }
        assert_eq!(key.open(""), None);
    }
}
