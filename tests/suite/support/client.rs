//! Calls of the API as one person, and what came back.

use reqwest::Method;
use reqwest::header::HeaderMap;
use samad::domain::demo;
use serde_json::{Value, json};

use super::TestApp;

/// One caller.
#[derive(Clone)]
pub struct Client<'a> {
    app: &'a TestApp,
    bearer: Option<String>,
    language: &'static str,
    headers: Vec<(&'static str, String)>,
}

/// A reply.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub json: Value,
    pub bytes: Vec<u8>,
    call: String,
}

impl TestApp {
    /// A person of the demo staff; signs in once.
    pub async fn as_user(&self, username: &str) -> Client<'_> {
        let token = self.token_of(username).await;
        self.bearer(&token)
    }

    /// The token of a person of the demo staff; signs in once.
    pub async fn token_of(&self, username: &str) -> String {
        let known = self.tokens.borrow().get(username).cloned();
        match known {
            Some(token) => token,
            None => {
                let body = json!({ "username": username, "password": demo::PASSWORD });
                let tokens = self.nobody().post("/auth/tokens", body).await.expect(200);
                let token = tokens["access_token"].as_str().expect("a token").to_owned();
                self.tokens.borrow_mut().insert(username.to_owned(), token.clone());
                token
            }
        }
    }

    /// A caller without any proof.
    pub fn nobody(&self) -> Client<'_> {
        Client { app: self, bearer: None, language: "en", headers: Vec::new() }
    }

    /// A channel gateway.
    pub fn gateway(&self) -> Client<'_> {
        self.bearer(demo::GATEWAY_KEY)
    }

    /// Whoever holds this token.
    pub fn bearer(&self, token: &str) -> Client<'_> {
        Client { bearer: Some(token.to_owned()), ..self.nobody() }
    }
}

impl Client<'_> {
    /// The same caller, who reads another language.
    pub fn reading(mut self, language: &'static str) -> Self {
        self.language = language;
        self
    }

    /// The same caller with one more header.
    pub fn with(mut self, header: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((header, value.into()));
        self
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None).await
    }

    /// A removal that needs a proof.
    pub async fn delete_with(&self, path: &str, body: Value) -> Reply {
        self.send(Method::DELETE, path, Some(body)).await
    }

    /// Sends JSON; a verb of a case gets the version that was just read, unless the caller names one.
    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let mut client = self.clone();
        let names_version = self.headers.iter().any(|(name, _)| *name == "If-Match");
        if let Some(case) = case_of_verb(path).filter(|_| method != Method::GET && !names_version) {
            let read = self.raw(Method::GET, &format!("/cases/{case}"), "", Vec::new()).await;
            // whoever cannot read it is to be refused for that, not for a missing version
            client = client.with("If-Match", if read.status == 200 { read.header("ETag") } else { "*" });
        }
        match body {
            Some(body) => client.raw(method, path, "application/json", body.to_string().into_bytes()).await,
            None => client.raw(method, path, "", Vec::new()).await,
        }
    }

    /// Sends bytes as they are.
    pub async fn raw(&self, method: Method, path: &str, content_type: &str, body: Vec<u8>) -> Reply {
        let is_whole = ["/api/", "/r/", "/track", "/open311"].iter().any(|start| path.starts_with(start))
            || path.ends_with('z');
        let root = if is_whole { "" } else { "/api/v1" };
        let call = format!("{method} {path}");
        let mut request = self.app.http.request(method, format!("{}{root}{path}", self.app.address));
        request = request.header("Accept-Language", self.language);
        if let Some(bearer) = &self.bearer {
            request = request.bearer_auth(bearer);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if !content_type.is_empty() {
            request = request.header("Content-Type", content_type).body(body);
        }
        let response = request.send().await.unwrap_or_else(|error| panic!("{call}: {error:?}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.expect("the body comes").to_vec();
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Reply { status, headers, json, bytes, call }
    }

    /// Uploads one file.
    pub async fn upload(&self, path: &str, name: &str, bytes: &[u8]) -> Reply {
        let mut body = format!(
            "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n--edge--\r\n");
        self.raw(Method::POST, path, "multipart/form-data; boundary=edge", body).await
    }
}

/// `/cases/7/closure` is a verb of case 7.
fn case_of_verb(path: &str) -> Option<&str> {
    let (case, verb) = path.strip_prefix("/cases/")?.split_once('/')?;
    (!verb.is_empty()).then_some(case)
}

impl Reply {
    /// The body of a reply of this status; any other fails the test.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.call, self.told());
        self.json
    }

    /// Fails the test unless this problem was told.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) {
        assert_eq!((self.status, self.code()), (status, code), "{}: {}", self.call, self.told());
    }

    /// Fails the test unless this field was named as wrong.
    #[track_caller]
    pub fn wrong(self, field: &str, code: &str) {
        assert_eq!(self.status, 422, "{}: {}", self.call, self.told());
        let is_named = self.json["errors"].as_array().is_some_and(|errors| {
            errors.iter().any(|error| error["field"] == field && error["code"] == code)
        });
        assert!(is_named, "{}: {field} {code} is not in {}", self.call, self.told());
    }

    /// The code of a problem.
    pub fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body for a message of a failed test.
    pub fn told(&self) -> String {
        String::from_utf8_lossy(&self.bytes).chars().take(600).collect()
    }
}
