//! Task tokens: opaque, unforgeable, and all that is needed to find the task. No table holds them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use stepwell_asl::Text;

use crate::core::{BranchId, Ticket};
use crate::ids::{UUID_BITS, of_uuid, uuid_with};

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

/// What a map run's id carries, and how much of its MAC fits beside that.
const MAP_RUN_BITS: u32 = 64 + 32;
const MAP_RUN_MAC_BITS: u32 = UUID_BITS - MAP_RUN_BITS;

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

    /// The id of a map run, in the form of a UUID: the number of its execution and its ticket, hidden and sealed under
    /// this key. It leads back to both without a table.
    pub fn mint_map_run(&self, execution: u64, ticket: u32) -> String {
        let carried = u128::from(execution) << 32 | u128::from(ticket);
        let mac = self.digest(b"map run", carried) & (u128::MAX >> (128 - MAP_RUN_MAC_BITS));
        uuid_with((carried ^ self.mask(mac)) << MAP_RUN_MAC_BITS | mac)
    }

    /// The number of the execution and the ticket in a map run's id; `None` where it was not made under this key.
    pub fn open_map_run(&self, id: &str) -> Option<(u64, u32)> {
        let number = of_uuid(id)?;
        let mac = number & (u128::MAX >> (128 - MAP_RUN_MAC_BITS));
        let carried = number >> MAP_RUN_MAC_BITS ^ self.mask(mac);
        let (execution, ticket) = ((carried >> 32) as u64, carried as u32);
        (self.mint_map_run(execution, ticket) == id).then_some((execution, ticket))
    }

    fn mask(&self, mac: u128) -> u128 {
        self.digest(b"map run mask", mac) & (u128::MAX >> (128 - MAP_RUN_BITS))
    }

    fn digest(&self, purpose: &[u8], number: u128) -> u128 {
        let mut mac = self.hmac();
        mac.update(purpose);
        mac.update(&number.to_be_bytes());
        let digest: [u8; MAC_BYTES] = mac.finalize().into_bytes().into();
        digest.iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte))
    }

    fn mac(&self, execution_arn: &str, branch: BranchId, ticket: Ticket) -> [u8; MAC_BYTES] {
        self.keyed(execution_arn, branch, ticket).finalize().into_bytes().into()
    }

    fn keyed(&self, execution_arn: &str, branch: BranchId, ticket: Ticket) -> Hmac<Sha256> {
        let mut mac = self.hmac();
        mac.update(&branch.0.to_be_bytes());
        mac.update(&ticket.0.to_be_bytes());
        mac.update(execution_arn.as_bytes());
        mac
    }

    fn hmac(&self) -> Hmac<Sha256> {
        let mut block = [0; 64]; // a key shorter than the hash's block is filled up with zeros
        block[..self.0.len()].copy_from_slice(&self.0);
        Hmac::<Sha256>::new(&block.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_run_is_found_by_its_id_and_by_no_other() {
        let key = TokenKey::new([7; 32]);
        for (execution, ticket) in [(0, 0), (u64::MAX, u32::MAX), (0xab00_0000_0000_0001, 3)] {
            let id = key.mint_map_run(execution, ticket);
            assert_eq!(key.open_map_run(&id), Some((execution, ticket)), "{id}");
            assert_eq!(TokenKey::new([8; 32]).open_map_run(&id), None);
            let other = id.replacen(&id[..1], if id.starts_with('0') { "1" } else { "0" }, 1);
            assert_eq!(key.open_map_run(&other), None, "{other}");
        }
        assert_eq!(key.open_map_run("id"), None);
    }

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
