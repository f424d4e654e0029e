//! https by the program itself: `CRM_TLS_CERT` and `CRM_TLS_KEY`, read again on SIGHUP.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::support::program::{ANY_PORT, Program, eventually, exchange, get};
use crate::support::{Scratch, TestDatabase};

const HOST: &str = "crm.example.com";

/// The files of a certificate that signs itself.
struct Files {
    folder: Scratch,
}

impl Files {
    fn new() -> Files {
        let folder = Scratch::new();
        fs::create_dir_all(folder.path()).unwrap();
        Files { folder }
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    /// Writes a new certificate and its key.
    fn renew(&self) -> CertificateDer<'static> {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed([HOST.to_owned()]).unwrap();
        fs::write(self.certificate(), pem("CERTIFICATE", cert.der())).unwrap();
        let key = pem("PRIVATE KEY", &signing_key.serialize_der());
        fs::write(self.key(), key).unwrap();
        cert.der().clone()
    }

    async fn start(&self) -> Program {
        let (certificate, key) = (self.certificate(), self.key());
        Program::start(&[
            ("CRM_TLS_CERT", certificate.to_str().unwrap()),
            ("CRM_TLS_KEY", key.to_str().unwrap()),
        ])
        .await
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    let text = BASE64_STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

/// The whole answer to a GET by https, if this certificate is shown.
async fn get_https(
    address: SocketAddr,
    trusted: &CertificateDer<'static>,
    path: &str,
) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from(HOST).unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    let mut stream = connector.connect(name, stream).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn answers_are_encrypted_and_whoever_asks_without_is_told() {
    let files = Files::new();
    let certificate = files.renew();
    let program = files.start().await;
    let page = get_https(program.address, &certificate, "/").await.unwrap();
    assert!(
        page.starts_with("HTTP/1.1 200") && page.contains("GraphQL"),
        "{page}"
    );
    let plain = get(program.address, "/").await;
    assert!(
        plain.starts_with("HTTP/1.1 400") && plain.contains("speaks https"),
        "{plain}"
    );
    let other = Files::new().renew();
    assert!(get_https(program.address, &other, "/").await.is_err());
    // Neither TLS nor HTTP: nothing is answered, and the program goes on.
    exchange_bytes(program.address, &[0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5]).await;
    get_https(program.address, &certificate, "/readyz")
        .await
        .unwrap();
    program.stop().await;
}

async fn exchange_bytes(address: SocketAddr, bytes: &[u8]) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
}

#[tokio::test]
async fn clients_that_begin_no_handshake_are_cut_and_keep_nobody_out() {
    let files = Files::new();
    let certificate = files.renew();
    let (path, key) = (files.certificate(), files.key());
    let program = Program::start(&[
        ("CRM_TLS_CERT", path.to_str().unwrap()),
        ("CRM_TLS_KEY", key.to_str().unwrap()),
        ("CRM_HEADER_TIMEOUT_MS", "500"),
    ])
    .await;
    let mut silent = TcpStream::connect(program.address).await.unwrap();
    let mut half = TcpStream::connect(program.address).await.unwrap();
    half.write_all(&[0x16, 3, 1]).await.unwrap();
    get_https(program.address, &certificate, "/readyz")
        .await
        .unwrap();
    let mut rest = Vec::new();
    let cut = async {
        let _ = silent.read_to_end(&mut rest).await;
        let _ = half.read_to_end(&mut rest).await;
    };
    tokio::time::timeout(Duration::from_secs(10), cut)
        .await
        .expect("both are cut");
    program.stop().await;
}

#[tokio::test]
async fn a_renewed_certificate_is_served_after_sighup_and_a_bad_one_is_not() {
    let files = Files::new();
    let first = files.renew();
    let program = files.start().await;
    fs::write(files.certificate(), "no certificate").unwrap();
    program.hang_up();
    program.says("the certificate stays as it was").await;
    get_https(program.address, &first, "/readyz").await.unwrap();
    let second = files.renew();
    program.hang_up();
    let is_served = async || get_https(program.address, &second, "/readyz").await.is_ok();
    eventually("the second certificate", is_served).await;
    assert!(get_https(program.address, &first, "/readyz").await.is_err());
    program.stop().await;
}

#[tokio::test]
async fn without_a_certificate_sighup_ends_nothing() {
    let program = Program::start(&[]).await;
    program.hang_up();
    program.says("no certificate").await;
    assert!(
        get(program.address, "/readyz")
            .await
            .starts_with("HTTP/1.1 200")
    );
    program.stop().await;
}

#[tokio::test]
async fn files_that_can_not_be_served_are_refused_with_their_name() {
    let database = TestDatabase::new().await;
    let (files, other) = (Files::new(), Files::new());
    files.renew();
    other.renew();
    let start = |certificate: PathBuf, key: Option<PathBuf>| -> Output {
        let mut program = Command::new(env!("CARGO_BIN_EXE_crm"));
        program
            .env("DATABASE_URL", database.url())
            .env("CRM_PROFILE", "team");
        program
            .env("CRM_LISTEN", ANY_PORT)
            .env("CRM_TLS_CERT", certificate);
        if let Some(key) = key {
            program.env("CRM_TLS_KEY", key);
        }
        program.output().unwrap()
    };
    let missing = files.folder.path().join("missing.pem");
    for (certificate, key, named) in [
        (missing.clone(), Some(files.key()), "missing.pem"),
        (files.certificate(), Some(missing), "missing.pem"),
        (files.key(), Some(files.key()), "key.pem"),
        (files.certificate(), Some(files.certificate()), "cert.pem"),
        (files.certificate(), Some(other.key()), "key.pem"),
        (files.certificate(), None, "--tls-key"),
    ] {
        let output = start(certificate, key);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{said}");
        assert!(said.contains(named), "{named}: {said}");
    }
}

#[tokio::test]
async fn an_address_that_others_reach_without_tls_is_warned_of() {
    let program = Program::start(&[("CRM_PROFILE", "team"), ("CRM_LISTEN", "0.0.0.0:0")]).await;
    program.says("CRM_TLS_CERT").await;
    let answer = exchange(
        SocketAddr::from(([127, 0, 0, 1], program.address.port())),
        "GET /readyz HTTP/1.1\r\nhost: crm\r\nconnection: close\r\n\r\n",
    );
    assert!(answer.await.starts_with("HTTP/1.1 200"));
    program.stop().await;
}
