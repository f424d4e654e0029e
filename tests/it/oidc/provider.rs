//! An identity provider on this machine, over real HTTP, and the tokens that it signs.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::serve::Listener;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use jsonwebtoken::Algorithm;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crm::http::{OidcSettings, Provider, UserClaim};

pub(super) const AUDIENCE: &str = "crm-test";

/// A provider that answers until it is dropped or stopped.
pub(super) struct Local {
    pub(super) issuer: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    /// The answers by path.
    pages: Mutex<Vec<(&'static str, StatusCode, String)>>,
    asked: AtomicUsize,
}

/// A key pair of the provider's, or of somebody who would like to be it.
pub(super) enum Key {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

impl Local {
    /// With one key, called by that name.
    pub(super) async fn start(name: &str, key: &Key) -> Local {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        Local::on(listener, issuer, name, key)
    }

    /// The same, with who listens and under which address.
    pub(super) fn on(
        listener: impl Listener<Addr = SocketAddr>,
        issuer: String,
        name: &str,
        key: &Key,
    ) -> Local {
        let shared = Arc::new(Shared {
            pages: Mutex::default(),
            asked: AtomicUsize::new(0),
        });
        let router = Router::new().fallback(page).with_state(shared.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let local = Local {
            issuer,
            shared,
            server,
        };
        let discovery = json!({ "issuer": local.issuer, "jwks_uri": local.url("/keys") });
        local.answer("/.well-known/openid-configuration", discovery.to_string());
        local.publish(&[key.jwk(name)]);
        local
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// Publishes these keys and no others.
    pub(super) fn publish(&self, keys: &[Value]) {
        self.answer("/keys", json!({ "keys": keys }).to_string());
    }

    pub(super) fn answer(&self, path: &'static str, text: String) {
        self.answer_with(path, StatusCode::OK, text);
    }

    pub(super) fn answer_with(&self, path: &'static str, status: StatusCode, text: String) {
        let mut pages = self.shared.pages.lock().unwrap();
        pages.retain(|(known, _, _)| *known != path);
        pages.push((path, status, text));
    }

    /// The number of requests.
    pub(super) fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }

    /// From now on nobody listens.
    pub(super) async fn stop(&mut self) {
        self.server.abort();
        let _ = (&mut self.server).await;
    }

    pub(super) fn settings(&self) -> OidcSettings {
        OidcSettings {
            issuer: self.issuer.clone(),
            audience: AUDIENCE.to_owned(),
            user_claim: UserClaim::Email,
            jwks_url: None,
            authorities: None,
            algorithms: vec![Algorithm::RS256, Algorithm::ES256],
            ask_again_after: Duration::ZERO,
            keys_serve_for: Duration::from_secs(60),
        }
    }

    /// The provider, as a program with its settings uses it.
    pub(super) fn known(&self) -> Option<Provider> {
        Some(Provider::new(self.settings()).unwrap())
    }

    /// The claims of a good token for somebody.
    pub(super) fn claims(&self, email: &str) -> Value {
        let now = Utc::now().timestamp();
        json!({
            "iss": self.issuer, "aud": AUDIENCE, "sub": format!("subject of {email}"),
            "exp": now + 300, "nbf": now, "iat": now, "email": email, "email_verified": true,
        })
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn page(State(shared): State<Arc<Shared>>, uri: Uri) -> (StatusCode, String) {
    shared.asked.fetch_add(1, Ordering::SeqCst);
    let pages = shared.pages.lock().unwrap();
    let page = pages.iter().find(|(path, _, _)| *path == uri.path());
    page.map_or((StatusCode::NOT_FOUND, String::new()), |page| {
        (page.1, page.2.clone())
    })
}

impl Key {
    /// One of two fixed keys: ring makes none of this kind.
    pub(super) fn rsa(which: &str) -> Key {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/keys");
        let der = PrivatePkcs8KeyDer::from_pem_file(format!("{folder}/rsa-{which}.pem")).unwrap();
        Key::Rsa(RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap())
    }

    pub(super) fn ec() -> Key {
        let (random, kind) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let der = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        Key::Ec(EcdsaKeyPair::from_pkcs8(kind, der.as_ref(), &random).unwrap())
    }

    pub(super) fn algorithm(&self) -> &'static str {
        match self {
            Key::Rsa(_) => "RS256",
            Key::Ec(_) => "ES256",
        }
    }

    /// The public half, as it is published.
    pub(super) fn jwk(&self, name: &str) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Key::Rsa(pair) => {
                let RsaPublicKeyComponents::<Vec<u8>> { n, e } = pair.public().into();
                json!({ "kty": "RSA", "kid": name, "use": "sig", "alg": "RS256",
                    "n": text(&n), "e": text(&e) })
            }
            Key::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "kid": name, "crv": "P-256", "x": text(x), "y": text(y) })
            }
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Key::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .unwrap();
                signature
            }
            Key::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
        }
    }

    /// A token with the usual header.
    pub(super) fn token(&self, name: &str, claims: &Value) -> String {
        let header = json!({ "alg": self.algorithm(), "typ": "JWT", "kid": name });
        token(&header, claims, |message| self.sign(message))
    }
}

/// Any token.
pub(super) fn token(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(message.as_bytes()));
    format!("{message}.{signature}")
}
