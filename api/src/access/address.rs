//! Where it may be listened: what anyone can reach must ask for signatures.

use std::net::SocketAddr;

/// Refuses an address that is not loopback where requests need no signature. The sentence says what to do.
pub fn check(address: SocketAddr, signed: bool) -> Result<(), String> {
    if signed || is_loopback(address.ip()) {
        return Ok(());
    }
    Err(format!("{address} can be reached from other machines: that needs --auth sigv4 with --credentials FILE"))
}

/// Whether only this machine reaches an address.
pub fn is_loopback(ip: std::net::IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_needs_no_signatures() {
        for (address, free) in [
            ("127.0.0.1:80", true),
            ("127.8.9.1:80", true),
            ("[::1]:80", true),
            ("[::ffff:127.0.0.1]:80", true),
            ("0.0.0.0:80", false),
            ("[::]:80", false),
            ("192.168.1.1:80", false),
            ("[::ffff:10.0.0.1]:80", false),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(check(address, false).is_ok(), free, "{address}");
            assert_eq!(check(address, true), Ok(()));
        }
    }
}
