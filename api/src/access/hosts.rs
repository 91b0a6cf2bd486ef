//! The names under which the server may be called. Another name in `Host` is that of a page which was made to resolve to
//! this machine (DNS rebinding), or of a server that this one was taken for.

use std::net::IpAddr;

use axum::http::header;
use axum::http::request::Parts;

use super::Refusal;
use super::address::is_loopback;

/// What clients put before the name to call StartSyncExecution and TestState.
const SYNC: &str = "sync-";

/// Names under this one are the machine itself.
const LOCALHOST: &str = ".localhost";

/// What AWS's names of endpoints end with, before the region.
const AWS_DOMAINS: [&str; 3] = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"];

/// The names of the service in them, without `sync-`.
const AWS_SERVICES: [&str; 2] = ["states", "states-fips"];

/// How much of a wrong name is shown.
const SHOWN_MAX: usize = 255;

/// Names that are ours beside those of this machine and AWS's.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    names: Vec<String>,
    address: Option<IpAddr>,
}

impl Hosts {
    /// These names are ours too. One that begins with `*.` stands for all names under it.
    pub fn allowing(names: impl IntoIterator<Item = String>) -> Hosts {
        Hosts { names: names.into_iter().map(|name| normal(&name)).collect(), address: None }
    }

    /// And the address at which it is listened, unless that stands for all of a machine's.
    pub fn listening(self, ip: IpAddr) -> Hosts {
        Hosts { address: Some(ip).filter(|ip| !ip.is_unspecified()), ..self }
    }

    /// Refuses a name that is not ours. `host` is as in the header: with or without a port.
    pub fn check(&self, host: &str) -> Result<(), Refusal> {
        let name = normal(without_port(host));
        // Somebody else may have the domain `sync-example.com`.
        let plain =
            name.strip_prefix(SYNC).filter(|plain| plain.matches('.').count() != 1 || plain.ends_with(LOCALHOST));
        if self.is_ours(&name) || plain.is_some_and(|plain| self.is_ours(plain)) {
            return Ok(());
        }
        let shown: String = name.chars().filter(|letter| !letter.is_control()).take(SHOWN_MAX).collect();
        Err(Refusal(format!(
            "The host '{shown}' is not one of this server's names. `stepwell serve --allow-host {shown}` makes it one"
        )))
    }

    fn is_ours(&self, name: &str) -> bool {
        if let Some(ip) = address(name) {
            return is_loopback(ip)
                || self.address == Some(ip)
                || self.names.iter().any(|one| address(one) == Some(ip));
        }
        name == "localhost" || name.ends_with(LOCALHOST) || is_aws(name) || self.is_allowed(name)
    }

    fn is_allowed(&self, name: &str) -> bool {
        self.names.iter().any(|allowed| match allowed.strip_prefix('*') {
            Some(under) => under.starts_with('.') && name.len() > under.len() && name.ends_with(under),
            None => name == allowed,
        })
    }
}

/// An address, with brackets or without.
fn address(name: &str) -> Option<IpAddr> {
    name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name).parse().ok()
}

/// Such as `states.eu-west-1.amazonaws.com` and `vpce-1-2.states.eu-west-1.vpce.amazonaws.com`.
fn is_aws(name: &str) -> bool {
    let Some(rest) = AWS_DOMAINS.iter().find_map(|domain| name.strip_suffix(domain)) else { return false };
    let labels: Vec<&str> = rest.split('.').collect();
    match labels[..] {
        [service, region] => AWS_SERVICES.contains(&service) && is_label(region),
        [endpoint, service, region, "vpce"] => {
            endpoint.starts_with("vpce-") && is_label(endpoint) && AWS_SERVICES.contains(&service) && is_label(region)
        }
        _ => false,
    }
}

fn is_label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Names are compared in small letters and without the dot that may end them.
fn normal(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// `name:port`, `[::1]:port`, or either without a port.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => {
            if name.contains(':') && !name.starts_with('[') { host } else { name }
        }
        _ => host,
    }
}

/// The host that a request asks for: in its target, where that is a whole URL, else in its one header `Host`.
pub fn asked_for(head: &Parts) -> Result<&str, Refusal> {
    let mut headers = head.headers.get_all(header::HOST).iter();
    let named = match (headers.next(), headers.next()) {
        (Some(one), None) => one.to_str().ok(),
        (None, _) => None,
        (Some(_), Some(_)) => return Err(Refusal("There is more than one header Host".to_owned())),
    };
    match (head.uri.authority(), named) {
        (Some(authority), Some(named)) if authority.as_str() != named => {
            Err(Refusal("The target and the header Host name different hosts".to_owned()))
        }
        (Some(authority), _) => Ok(authority.as_str()),
        (None, Some(named)) => Ok(named),
        (None, None) => Err(Refusal("The header Host must name the server".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(hosts: &Hosts, host: &str, ours: bool) {
        assert_eq!(hosts.check(host).is_ok(), ours, "{host}");
    }

    #[test]
    fn this_machine_and_aws_s_endpoints_are_ours() {
        let hosts = Hosts::default();
        for host in [
            "localhost",
            "LOCALHOST:80",
            "localhost.:80",
            "sync-localhost:1",
            "a.b.localhost",
            "127.0.0.1:8083",
            "sync-127.0.0.1:8083",
            "127.9.9.9",
            "[::1]",
            "[::1]:8083",
            "states.eu-west-1.amazonaws.com",
            "sync-states.eu-west-1.amazonaws.com:443",
            "states.cn-north-1.amazonaws.com.cn",
            "states-fips.us-east-1.amazonaws.com",
            "sync-states-fips.us-east-1.amazonaws.com",
            "vpce-12-ab.states.us-east-1.vpce.amazonaws.com",
            "sync-vpce-12-ab.states.us-east-1.vpce.amazonaws.com",
            "states.us-east-1.api.aws",
        ] {
            check(&hosts, host, true);
        }
        for host in [
            "",
            ":80",
            ".",
            "example.com",
            "localhost.example.com",
            "127.0.0.1.example.com",
            "127.0.0.1.nip.io",
            "10.0.0.1",
            "0.0.0.0",
            "[::]",
            "[fe80::1]",
            "s3.us-east-1.amazonaws.com",
            "states.amazonaws.com",
            "states..amazonaws.com",
            "x.states.us-east-1.amazonaws.com",
            "states.us-east-1.amazonaws.com.example.com",
            "states.us-east-1.amazonaws.com@example.com",
            "statesus-east-1.amazonaws.com",
            "notlocalhost",
            "2130706433",
            "localhost:80:80",
            "localhost:8a",
        ] {
            check(&hosts, host, false);
        }
    }

    #[test]
    fn names_can_be_allowed() {
        let names = ["Stepwell.Test", "*.example.com", "10.1.1.1", "fd00::1"].map(str::to_owned);
        let hosts = Hosts::allowing(names).listening("192.168.7.7".parse().unwrap());
        for host in [
            "stepwell.test:80",
            "sync-a.example.com",
            "a.example.com",
            "a.b.example.com",
            "10.1.1.1:80",
            "[fd00:0::1]:80",
            "192.168.7.7:8083",
            "sync-192.168.7.7",
        ] {
            check(&hosts, host, true);
        }
        for host in ["example.com", "sync-stepwell.test", ".example.com", "aexample.com", "x.stepwell.test", "10.1.1.2"]
        {
            check(&hosts, host, false);
        }
        let why = hosts.check("stepwel.test:80").unwrap_err().0;
        assert!(why.contains("--allow-host stepwel.test`"), "{why}");
    }
}
