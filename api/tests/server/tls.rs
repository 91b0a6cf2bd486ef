//! TLS: calls through it, handshakes that hold up nobody, and files that are no certificate or key.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use stepwell_api::server::{Patience, Settings, Tls};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsConnector;

use crate::harness::{closed, response, start};

/// A certificate with its key, in files.
struct Files {
    directory: TempDir,
    certificate: CertificateDer<'static>,
}

impl Files {
    fn new() -> Files {
        let directory = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let write = |name: &str, text: String| std::fs::write(directory.path().join(name), text).unwrap();
        write("cert.pem", made.cert.pem());
        write("key.pem", made.signing_key.serialize_pem());
        let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        write("other-key.pem", other.signing_key.serialize_pem());
        write("empty.pem", String::new());
        write("broken.pem", "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n".to_owned());
        write("broken-key.pem", "-----BEGIN PRIVATE KEY-----\n!!secret!!\n-----END PRIVATE KEY-----\n".to_owned());
        write("no-certificate.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned());
        Files { directory, certificate: made.cert.der().clone() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

fn connector(certificate: CertificateDer<'static>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_answered_through_tls_and_others_are_not() {
    let files = Files::new();
    let tls = Tls::load(&files.path("cert.pem"), &files.path("key.pem")).unwrap();
    let patience = Patience { handshake: Duration::from_millis(200), ..Patience::default() };
    let running = start(Settings { tls: Some(tls), patience, ..Settings::default() }).await;
    // Who connects and says nothing holds up nobody, and is let go.
    let mut silent = running.connect().await;
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = connector(files.certificate).connect(name, running.connect().await).await.unwrap();
    for _ in 0..2 {
        stream.write_all(running.request("ListStateMachines", "{}").as_bytes()).await.unwrap();
        assert_eq!(response(&mut stream).await.status, 200);
    }
    assert_eq!(closed(&mut silent).await, "");
    let mut plain = running.connect().await;
    plain.write_all(running.request("ListStateMachines", "{}").as_bytes()).await.unwrap();
    assert!(!closed(&mut plain).await.starts_with("HTTP"));
}

#[test]
fn what_is_wrong_with_the_files_is_told() {
    let files = Files::new();
    let check = |certificate: &str, key: &str, expected: &str| {
        let error = Tls::load(&files.path(certificate), &files.path(key)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("secret"), "{error}");
    };
    check("absent.pem", "key.pem", "absent.pem: it cannot be read: ");
    check("cert.pem", "absent.pem", "absent.pem: it cannot be read: ");
    check("empty.pem", "key.pem", "empty.pem: there is no certificate in it");
    check("key.pem", "key.pem", "key.pem: there is no certificate in it");
    check("broken.pem", "key.pem", "broken.pem: it is no PEM file");
    check("no-certificate.pem", "key.pem", "no-certificate.pem");
    check("cert.pem", "cert.pem", "cert.pem: there is no private key in it");
    check("cert.pem", "broken-key.pem", "broken-key.pem: its base64 is broken");
    check("cert.pem", "other-key.pem", "other-key.pem: it is not the key of the certificate in");
}
