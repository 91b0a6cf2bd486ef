//! Who may call the server, as the arguments say.

use std::net::SocketAddr;
use std::path::Path;

use stepwell_api::access::{Access, Credentials, Hosts, Verifier, address};
use stepwell_api::server::Tls;

use crate::args;
use crate::output;
use crate::refusal::Refusal;

/// Refuses an address that anyone can reach where requests need no signature.
pub fn check_address(args: &args::Access, address: SocketAddr) -> Result<(), Refusal> {
    address::check(address, args.auth.is_some()).map_err(|why| {
        Refusal::with_help(why, "127.0.0.1 is for this machine alone; README.md tells how requests are signed")
    })
}

/// Whom to answer. `region` is the one that requests must be signed for.
pub fn access(args: &args::Access, region: &str) -> Result<Access, Refusal> {
    if let Some(name) = args.allow_hosts.iter().find(|name| !is_name(name)) {
        let why = format!("--allow-host {name} is no name");
        return Err(Refusal::with_help(why, "a name or an address without scheme, port and path, such as api.test"));
    }
    let verifier = match (&args.auth, &args.credentials) {
        (Some(args::Auth::Sigv4), Some(file)) => {
            warn_of_readers(file);
            let credentials = Credentials::load(file).map_err(|why| Refusal::new(why.to_string()))?;
            Some(Verifier::new(credentials, region))
        }
        (None, _) | (_, None) => None, // the arguments come together
    };
    Ok(Access { hosts: Hosts::allowing(args.allow_hosts.clone()), verifier })
}

/// How connections are encrypted, if they are.
pub fn tls(args: &args::Access) -> Result<Option<Tls>, Refusal> {
    match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => {
            warn_of_readers(key);
            Tls::load(certificate, key).map(Some).map_err(|why| Refusal::new(why.to_string()))
        }
        (None, _) | (_, None) => Ok(None),
    }
}

fn is_name(text: &str) -> bool {
    let letter = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let under = text.strip_prefix("*.").unwrap_or(text);
    let is_v6 = || text.trim_matches(['[', ']']).parse::<std::net::Ipv6Addr>().is_ok();
    (!under.is_empty() && under.chars().all(letter)) || is_v6()
}

#[cfg(unix)]
fn warn_of_readers(file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    // Whether it can be read at all is found out later.
    let mode = file.metadata().map(|metadata| metadata.permissions().mode()).unwrap_or_default();
    if mode & 0o077 != 0 {
        let file = file.display();
        output::tell_warning(&format!("{file} holds secrets, and others on this machine may use it: chmod 600 {file}"));
    }
}

#[cfg(not(unix))]
fn warn_of_readers(_: &Path) {}
