//! A provider over https, with an authority that is known to nobody but who names it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::serve::Listener;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crm::http::{OidcSettings, Provider};
use crm::service::users::UserRole;

use super::{AUDIENCE, Key, Local, api, unavailable, who};
use crate::support::Scratch;
use crate::support::program::Program;

/// An authority that signs certificates.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: Scratch,
}

impl Authority {
    fn new(name: &str) -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let own = params.self_signed(&key).unwrap();
        let folder = Scratch::new();
        std::fs::create_dir_all(folder.path()).unwrap();
        let text = STANDARD.encode(own.der());
        let pem = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
        std::fs::write(folder.path().join("ca.pem"), pem).unwrap();
        let issuer = Issuer::new(params, key);
        Authority { issuer, folder }
    }

    /// The file to name it by.
    fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A server's side of TLS: a certificate for this host, good until that year.
    fn acceptor(&self, host: &str, until: i32) -> TlsAcceptor {
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// Listens for TLS; who goes away during the handshake was never there.
struct Secure {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Secure {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let (stream, peer) = self.listener.accept().await.unwrap();
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, peer);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

async fn start(acceptor: TlsAcceptor, key: &Key) -> Local {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("https://{}", listener.local_addr().unwrap());
    let secure = Secure { listener, acceptor };
    Local::on(secure, issuer, "rsa", key)
}

fn known(local: &Local, authorities: Option<PathBuf>) -> Option<Provider> {
    let settings = OidcSettings {
        authorities,
        ..local.settings()
    };
    Some(Provider::new(settings).unwrap())
}

#[tokio::test]
async fn keys_come_by_https_from_a_provider_whose_authority_is_named() {
    let (rsa, authority) = (Key::rsa("one"), Authority::new("one"));
    let local = start(authority.acceptor("127.0.0.1", 2999), &rsa).await;
    let api = api(known(&local, Some(authority.file()))).await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let token = rsa.token("rsa", &local.claims(&ann.email));
    assert_eq!(who(&api, &token).await, Ok(ann.id));
    assert_eq!(local.asked(), 2, "discovery and keys, once");
}

#[tokio::test]
async fn no_key_is_taken_from_who_cannot_show_that_it_is_the_provider() {
    let (rsa, authority, other) = (
        Key::rsa("one"),
        Authority::new("one"),
        Authority::new("other"),
    );
    let good = || authority.acceptor("127.0.0.1", 2999);
    for (acceptor, file) in [
        (good(), None),
        (good(), Some(other.file())),
        (
            authority.acceptor("id.example.com", 2999),
            Some(authority.file()),
        ),
        (
            authority.acceptor("127.0.0.1", 2021),
            Some(authority.file()),
        ),
    ] {
        let local = start(acceptor, &rsa).await;
        let api = api(known(&local, file)).await;
        let ann = api.user("Ann", UserRole::Agent, None).await;
        let token = rsa.token("rsa", &local.claims(&ann.email));
        assert_eq!(who(&api, &token).await, unavailable());
        assert_eq!(local.asked(), 0);
        // Nobody else is kept out meanwhile.
        assert_eq!(who(&api, &ann.token).await, Ok(ann.id));
    }
}

#[tokio::test]
async fn a_file_without_an_authority_is_refused_at_the_start() {
    let folder = Scratch::new();
    std::fs::create_dir_all(folder.path()).unwrap();
    let rsa = Key::rsa("one");
    let local = Local::start("rsa", &rsa).await;
    for (name, text) in [
        ("empty.pem", ""),
        ("text.pem", "no certificate"),
        (
            "broken.pem",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        let settings = |authorities| OidcSettings {
            authorities: Some(authorities),
            ..local.settings()
        };
        let refusal = Provider::new(settings(file)).err().expect("a refusal");
        assert!(refusal.contains(name), "{refusal}");
        let missing = settings(folder.path().join("missing.pem"));
        assert!(Provider::new(missing).is_err());
    }
}

#[tokio::test]
async fn the_log_says_why_the_provider_is_not_believed() {
    let (rsa, authority, other) = (
        Key::rsa("one"),
        Authority::new("one"),
        Authority::new("other"),
    );
    for (acceptor, file, reason) in [
        (
            authority.acceptor("127.0.0.1", 2999),
            &other,
            "its certificate is signed by no authority that is trusted here",
        ),
        (
            authority.acceptor("id.example.com", 2999),
            &authority,
            "certificate not valid for name",
        ),
    ] {
        let local = start(acceptor, &rsa).await;
        let file = file.file();
        let program = Program::start(&[
            ("CRM_OIDC_ISSUER", &local.issuer),
            ("CRM_OIDC_AUDIENCE", AUDIENCE),
            ("CRM_OIDC_CA_FILE", file.to_str().unwrap()),
        ])
        .await;
        program
            .says("the identity provider's keys could not be fetched")
            .await;
        program.says(&format!("{}/", local.issuer)).await;
        program.says(reason).await;
        program.stop().await;
    }
}
