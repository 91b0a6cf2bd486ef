//! TLS for the server: a certificate and its key, from PEM files.

use std::fmt;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// The longest file, in bytes.
const BYTES_MAX: u64 = 1 << 20;

/// How connections are encrypted. The files are read once.
#[derive(Clone)]
pub struct Tls(pub(super) TlsAcceptor);

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

/// Why a certificate and a key cannot be used. The message names the file.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {why}")]
pub struct TlsError {
    file: String,
    why: String,
}

impl Tls {
    /// Reads a certificate, with those that vouch for it, and its private key.
    pub fn load(certificates: &Path, key: &Path) -> Result<Tls, TlsError> {
        let of_certificates = |why: String| TlsError { file: certificates.display().to_string(), why };
        let of_key = |why: String| TlsError { file: key.display().to_string(), why };
        let pem = read(certificates).map_err(of_certificates)?;
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&pem)
            .collect::<Result<_, _>>()
            .map_err(|why| of_certificates(format!("it is no PEM file: {why}")))?;
        if chain.is_empty() {
            return Err(of_certificates("there is no certificate in it (-----BEGIN CERTIFICATE-----)".to_owned()));
        }
        let secret = PrivateKeyDer::from_pem_slice(&read(key).map_err(of_key)?).map_err(|why| match why {
            rustls::pki_types::pem::Error::NoItemsFound => {
                of_key("there is no private key in it (-----BEGIN PRIVATE KEY-----)".to_owned())
            }
            // The file's own words stay out of it: they may be the key.
            rustls::pki_types::pem::Error::Base64Decode(_) => of_key("its base64 is broken".to_owned()),
            _ => of_key("it is no PEM file".to_owned()),
        })?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|why| of_certificates(why.to_string()))?
            .with_no_client_auth()
            .with_single_cert(chain, secret);
        let mut config = config.map_err(|why| match why {
            rustls::Error::InconsistentKeys(_) => {
                of_key(format!("it is not the key of the certificate in {}", certificates.display()))
            }
            rustls::Error::InvalidCertificate(why) => of_certificates(format!("the certificate is broken: {why}")),
            why => of_key(format!("it cannot be used: {why}")),
        })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Tls(TlsAcceptor::from(Arc::new(config))))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|why| format!("it cannot be read: {why}"))?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(format!("it is longer than {BYTES_MAX} bytes"));
    }
    Ok(bytes)
}
