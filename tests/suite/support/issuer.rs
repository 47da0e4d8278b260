//! An OpenID Connect provider on loopback, written after the standard alone, that also tells lies when asked to.

use std::sync::{Arc, Mutex};

use actix_web::{App, HttpResponse, HttpServer, web};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

pub const CLIENT_ID: &str = "samad";
pub const CLIENT_SECRET: &str = "a secret that the provider shares with the service";

/// The signed part of an ID token before it is signed.
#[derive(Debug, Clone)]
pub struct Token {
    pub header: Value,
    pub claims: Value,
    /// Signs as somebody else who names the provider's key.
    pub is_forged: bool,
    /// Signs with the client's secret, as if that were the key.
    pub is_symmetric: bool,
}

type Lie = Box<dyn Fn(&mut Token) + Send>;

struct State {
    address: String,
    key: EcdsaKeyPair,
    kid: usize,
    /// Nonce, challenge and name of the person behind each code that was not exchanged yet.
    codes: Vec<(String, String, String, String)>,
    lie: Option<Lie>,
    issued: usize,
}

/// The provider; it ends with the value.
pub struct Issuer {
    state: Arc<Mutex<State>>,
    server: actix_web::dev::ServerHandle,
}

impl Drop for Issuer {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

fn key() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key")
}

impl Issuer {
    pub fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("a bound address"));
        let state = State { address, key: key(), kid: 1, codes: Vec::new(), lie: None, issued: 0 };
        let state = Arc::new(Mutex::new(state));
        let shared = web::Data::from(state.clone());
        let make = move || {
            App::new()
                .app_data(shared.clone())
                .route("/.well-known/openid-configuration", web::get().to(describe))
                .route("/keys", web::get().to(keys))
                .route("/token", web::post().to(exchange))
        };
        let running =
            HttpServer::new(make).workers(1).disable_signals().listen(listener).expect("it listens").run();
        let server = running.handle();
        actix_web::rt::spawn(running);
        Self { state, server }
    }

    pub fn address(&self) -> String {
        self.state.lock().unwrap().address.clone()
    }

    /// What the person does at the provider's pages: the address of the browser's way back.
    pub fn sign_in(&self, at: &str, person: &str) -> String {
        let url = reqwest::Url::parse(at).expect("an address");
        let told = |name: &str| {
            url.query_pairs()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
                .unwrap_or_default()
        };
        assert_eq!((told("client_id").as_str(), told("response_type").as_str()), (CLIENT_ID, "code"));
        assert_eq!(told("code_challenge_method"), "S256");
        assert!(told("scope").split(' ').any(|scope| scope == "openid"));
        let mut state = self.state.lock().unwrap();
        state.issued += 1;
        let code = format!("code-{}", state.issued);
        state.codes.push((code.clone(), told("nonce"), told("code_challenge"), person.to_owned()));
        format!("/auth/oidc/callback?code={code}&state={}&session_state=x", told("state"))
    }

    /// Changes every ID token from now on.
    pub fn lie(&self, lie: impl Fn(&mut Token) + Send + 'static) {
        self.state.lock().unwrap().lie = Some(Box::new(lie));
    }

    /// Signs with a new key from now on.
    pub fn rotate(&self) {
        let mut state = self.state.lock().unwrap();
        (state.key, state.kid) = (key(), state.kid + 1);
    }
}

async fn describe(state: web::Data<Mutex<State>>) -> HttpResponse {
    let at = state.lock().unwrap().address.clone();
    HttpResponse::Ok().json(json!({
        "issuer": at, "authorization_endpoint": format!("{at}/authorize"), "token_endpoint": format!("{at}/token"),
        "jwks_uri": format!("{at}/keys"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }))
}

async fn keys(state: web::Data<Mutex<State>>) -> HttpResponse {
    let state = state.lock().unwrap();
    let point = &state.key.public_key().as_ref()[1..];
    let [x, y] = [&point[..32], &point[32..]].map(|half| BASE64_URL_SAFE_NO_PAD.encode(half));
    let kid = state.kid.to_string();
    HttpResponse::Ok().json(json!({ "keys": [
        { "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid, "x": x, "y": y }
    ]}))
}

#[derive(serde::Deserialize)]
struct Exchange {
    grant_type: String,
    code: String,
    code_verifier: String,
    redirect_uri: String,
}

async fn exchange(
    state: web::Data<Mutex<State>>,
    request: actix_web::HttpRequest,
    form: web::Form<Exchange>,
) -> HttpResponse {
    let mut state = state.lock().unwrap();
    let refused = |error: &str| HttpResponse::BadRequest().json(json!({ "error": error }));
    let proof =
        request.headers().get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let secret = CLIENT_SECRET.replace(' ', "+");
    if proof != format!("Basic {}", BASE64_STANDARD.encode(format!("{CLIENT_ID}:{secret}"))) {
        return refused("invalid_client");
    }
    // a code is good once
    let Some(at) = state.codes.iter().position(|(code, ..)| *code == form.code) else {
        return refused("invalid_grant");
    };
    let (_, nonce, challenge, person) = state.codes.remove(at);
    let verified = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, form.code_verifier.as_bytes());
    let is_bound = BASE64_URL_SAFE_NO_PAD.encode(verified) == challenge;
    if !is_bound
        || form.grant_type != "authorization_code"
        || !form.redirect_uri.ends_with("/auth/oidc/callback")
    {
        return refused("invalid_grant");
    }
    let id_token = state.sign(&nonce, &person);
    HttpResponse::Ok().json(json!({ "access_token": "x", "token_type": "Bearer", "id_token": id_token }))
}

impl State {
    fn sign(&self, nonce: &str, person: &str) -> String {
        let now = jiff::Timestamp::now().as_second();
        let mut token = Token {
            header: json!({ "alg": "ES256", "kid": self.kid.to_string() }),
            claims: json!({
                "iss": self.address, "aud": CLIENT_ID, "sub": format!("id of {person}"), "nonce": nonce,
                "iat": now, "exp": now + 300, "preferred_username": person,
            }),
            is_forged: false,
            is_symmetric: false,
        };
        if let Some(lie) = &self.lie {
            lie(&mut token);
        }
        let [header, claims] =
            [&token.header, &token.claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = format!("{header}.{claims}");
        let signature = if token.is_symmetric {
            let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, CLIENT_SECRET.as_bytes());
            aws_lc_rs::hmac::sign(&key, signed.as_bytes()).as_ref().to_vec()
        } else {
            let stranger = key();
            let key = if token.is_forged { &stranger } else { &self.key };
            key.sign(&SystemRandom::new(), signed.as_bytes()).expect("a signature").as_ref().to_vec()
        };
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}
