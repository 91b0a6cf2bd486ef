//! Where a request may go. An endpoint may come from an execution's input, so addresses that only this machine or its
//! network can reach are refused unless the configuration allows them.
//!
//! Names are looked up once, here, and the connection is made to the addresses that were checked: a name that answers
//! differently the next time leads nowhere else.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::http::Uri;
use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

use super::Refusal;

/// A target that the configuration does not allow. It is found again behind the errors of the connection.
#[derive(Debug, thiserror::Error)]
#[error(
    "'{0}' leads to a private, loopback or link-local address. To allow it, add to stepwell.toml:\n\n[http]\nallow_hosts = \
     [\"{0}\"]\n\nor allow_private = true, for all of them"
)]
pub(super) struct PrivateTarget(String);

/// Which targets are allowed.
#[derive(Clone, Debug)]
pub(super) struct Guard(Arc<Allowed>);

#[derive(Debug)]
struct Allowed {
    private: bool,
    /// Names of hosts in lower case, or `*.` and what they end with.
    hosts: Vec<String>,
}

impl Guard {
    pub fn new(private: bool, hosts: Vec<String>) -> Guard {
        let hosts = hosts.into_iter().map(|host| host.to_ascii_lowercase()).collect();
        Guard(Arc::new(Allowed { private, hosts }))
    }

    /// Refuses a URL whose host is an address that is not allowed, and one without TLS to the public.
    pub fn check(&self, endpoint: &Uri) -> Result<(), Refusal> {
        let host = endpoint.host().unwrap_or_default();
        if self.allows_host(host) {
            return Ok(());
        }
        if endpoint.scheme_str() != Some("https") {
            return Err(Refusal::runtime(format!(
                "'{endpoint}' is not HTTPS, which HTTP Tasks need. Hosts that allow_hosts in the table [http] of \
                 stepwell.toml names can be reached without"
            )));
        }
        match literal(host) {
            Some(address) if is_private(address) => Err(Refusal::runtime(PrivateTarget(host.to_owned()).to_string())),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether any address behind this name is allowed.
    fn allows_host(&self, host: &str) -> bool {
        let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
        self.0.private
            || self.0.hosts.iter().any(|allowed| match allowed.strip_prefix('*') {
                Some(end) => host.len() > end.len() && host.ends_with(end),
                None => host == *allowed,
            })
    }

    async fn look_up(self, name: Name) -> std::io::Result<std::vec::IntoIter<SocketAddr>> {
        let host = name.as_str();
        let found = tokio::net::lookup_host((host, 0)).await?;
        let everything = self.allows_host(host);
        let allowed: Vec<SocketAddr> = found.filter(|address| everything || !is_private(address.ip())).collect();
        match allowed.is_empty() {
            true => Err(std::io::Error::other(PrivateTarget(host.to_owned()))),
            false => Ok(allowed.into_iter()),
        }
    }
}

/// Looks up the names of hosts.
impl Service<Name> for Guard {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(self.clone().look_up(name))
    }
}

/// The address that a host is written as, if it is one.
fn literal(host: &str) -> Option<IpAddr> {
    host.trim_matches(['[', ']']).parse().ok()
}

/// Whether an address is none of the public internet.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => is_private_v6(address),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240 // reserved, and the broadcast
        || (a == 100 && (64..128).contains(&b)) // shared by providers
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b)) // benchmarks
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    let of = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_private_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => true,
        // IPv4 in IPv6's clothes: mapped, compatible, translated (NAT64, of both kinds), 6to4.
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => of(high, low),
        [0x64, 0xff9b, 1, ..] => true,
        [0x2002, high, low, ..] => of(high, low),
        [0x2001, 0 | 0xdb8, ..] => true, // Teredo, documentation
        [first, ..] => {
            first & 0xfe00 == 0xfc00 // unique local
                || first & 0xffc0 == 0xfe80 // link-local
                || first & 0xffc0 == 0xfec0 // site-local
                || first & 0xff00 == 0xff00 // multicast
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_not_public_are_known() {
        for private in [
            "127.0.0.1",
            "127.9.9.9",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "198.18.0.1",
            "192.0.0.1",
            "192.0.2.1",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(is_private(private.parse().expect("an address")), "{private}");
        }
        for public in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
        {
            assert!(!is_private(public.parse().expect("an address")), "{public}");
        }
    }

    fn check(guard: &Guard, url: &str, expected: bool) {
        assert_eq!(guard.check(&url.parse().expect("a URL")).is_ok(), expected, "{url}");
    }

    #[test]
    fn hosts_are_allowed_by_name() {
        let strict = Guard::new(false, Vec::new());
        for url in ["http://example.com/", "https://127.0.0.1/", "https://[::1]:8443/", "https://[::ffff:10.0.0.1]/"] {
            check(&strict, url, false);
        }
        check(&strict, "https://example.com/", true);
        check(&strict, "https://1.1.1.1/", true);
        let some = Guard::new(false, vec!["127.0.0.1".to_owned(), "*.Internal".to_owned(), "::1".to_owned()]);
        for url in ["http://127.0.0.1:8080/x", "https://a.internal/", "http://A.INTERNAL./", "http://[::1]/"] {
            check(&some, url, true);
        }
        for url in ["http://127.0.0.2/", "http://internal/", "http://notinternal/", "https://10.0.0.1/"] {
            check(&some, url, false);
        }
        check(&Guard::new(true, Vec::new()), "http://10.0.0.1/", true);
    }

    #[tokio::test]
    async fn a_name_that_leads_to_a_private_address_is_refused_where_it_is_looked_up() {
        let look_up = |guard: Guard| guard.look_up("localhost".parse().expect("a name"));
        let refused = look_up(Guard::new(false, Vec::new())).await.expect_err("it is refused");
        assert!(refused.to_string().starts_with("'localhost' leads to a private"), "{refused}");
        assert!(look_up(Guard::new(false, vec!["localhost".to_owned()])).await.is_ok());
    }
}
