//! Files in a bucket of an S3 service, under their SHA-256; what is set aside lies below `aside/`, parts of uploads below
//! `uploads/`. Requests are signed by their address (AWS Signature Version 4) and are good for a minute.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::header::RANGE;
use reqwest::{Client, Method, Response, StatusCode, Url};
use rusty_s3::actions::ListObjectsV2;
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use tokio::runtime::Runtime;

use crate::config;

/// How long a signed address is good.
const GOOD_FOR: Duration = Duration::from_secs(60);
/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A bucket and how to reach it.
#[derive(Clone)]
pub(super) struct S3 {
    bucket: Arc<Bucket>,
    credentials: Arc<Credentials>,
    client: Client,
}

impl std::fmt::Debug for S3 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("S3").field(&self.bucket.base_url().as_str()).finish()
    }
}

/// The threads on which requests run while a caller waits; never ended, since a runtime may not end inside another.
fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();
    let made = RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("storage")
            .enable_all()
            .build()
            .ok()
    });
    made.as_ref().ok_or_else(|| Error::other("no thread for the storage can be started"))
}

impl S3 {
    pub(super) fn new(settings: &config::Storage) -> std::result::Result<Self, String> {
        let address: Url = settings.s3_endpoint.parse().map_err(|_| {
            "storage.s3_endpoint (SAMAD__STORAGE__S3_ENDPOINT): write http://… or https://…".to_owned()
        })?;
        let (name, region) = (settings.s3_bucket.clone(), settings.s3_region.clone());
        let bucket = Bucket::new(address, UrlStyle::Path, name, region)
            .map_err(|error| format!("storage.s3_bucket (SAMAD__STORAGE__S3_BUCKET): {error}"))?;
        let client = Client::builder()
            .timeout(PATIENCE)
            .connect_timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| format!("storage: no HTTP client can be made: {error}"))?;
        let credentials = Credentials::new(settings.s3_access_key.as_str(), settings.s3_secret_key.as_str());
        Ok(Self { bucket: Arc::new(bucket), credentials: Arc::new(credentials), client })
    }

    pub(super) fn put(&self, sha256: &str, bytes: &[u8]) -> Result<()> {
        self.put_at(&key(sha256), bytes)
    }

    pub(super) fn get(&self, sha256: &str) -> Result<Vec<u8>> {
        self.get_at(&key(sha256), None)
    }

    pub(super) fn get_range(&self, sha256: &str, range: Range<u64>) -> Result<Vec<u8>> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        self.get_at(&key(sha256), Some(range))
    }

    pub(super) fn set_aside(&self, sha256: &str) -> Result<()> {
        self.moved(&key(sha256), &aside(sha256))
    }

    pub(super) fn put_back(&self, sha256: &str) -> Result<()> {
        self.moved(&aside(sha256), &key(sha256))
    }

    pub(super) fn remove_aside(&self, sha256: &str) -> Result<()> {
        self.remove_at(&aside(sha256))
    }

    pub(super) fn put_part(&self, part: &str, bytes: &[u8]) -> Result<()> {
        self.put_at(&format!("uploads/{part}"), bytes)
    }

    pub(super) fn get_part(&self, part: &str) -> Result<Vec<u8>> {
        self.get_at(&format!("uploads/{part}"), None)
    }

    pub(super) fn remove_part(&self, part: &str) -> Result<()> {
        self.remove_at(&format!("uploads/{part}"))
    }

    /// Page after page of everything under `files/`.
    pub(super) fn list(&self) -> Result<BTreeMap<String, u64>> {
        let mut found = BTreeMap::new();
        let mut next: Option<String> = None;
        loop {
            let mut action = self.bucket.list_objects_v2(Some(&self.credentials));
            action.with_prefix("files/");
            if let Some(token) = &next {
                action.with_continuation_token(token.clone());
            }
            let body = self.body(Method::GET, action.sign(GOOD_FOR), None, Vec::new())?;
            let page = ListObjectsV2::parse_response(&String::from_utf8_lossy(&body))
                .map_err(|error| Error::other(format!("the list of the bucket cannot be read: {error}")))?;
            for object in page.contents {
                let name = object.key.rsplit('/').next().unwrap_or_default().to_owned();
                if super::is_digest(&name) {
                    found.insert(name, object.size.unwrap_or(0));
                }
            }
            next = page.next_continuation_token;
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    fn put_at(&self, key: &str, bytes: &[u8]) -> Result<()> {
        let url = self.bucket.put_object(Some(&self.credentials), key).sign(GOOD_FOR);
        self.body(Method::PUT, url, None, bytes.to_vec()).map(drop)
    }

    fn get_at(&self, key: &str, range: Option<Range<u64>>) -> Result<Vec<u8>> {
        let url = self.bucket.get_object(Some(&self.credentials), key).sign(GOOD_FOR);
        self.body(Method::GET, url, range, Vec::new())
    }

    fn remove_at(&self, key: &str) -> Result<()> {
        let url = self.bucket.delete_object(Some(&self.credentials), key).sign(GOOD_FOR);
        known(self.body(Method::DELETE, url, None, Vec::new()).map(drop))
    }

    /// First the copy, then the removal: whatever happens between them, the bytes are somewhere.
    fn moved(&self, from: &str, to: &str) -> Result<()> {
        match self.get_at(from, None) {
            Ok(bytes) => self.put_at(to, &bytes)?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        }
        self.remove_at(from)
    }

    fn body(&self, method: Method, url: Url, range: Option<Range<u64>>, bytes: Vec<u8>) -> Result<Vec<u8>> {
        let mut request = self.client.request(method.clone(), url);
        if let Some(range) = &range {
            request = request.header(RANGE, format!("bytes={}-{}", range.start, range.end - 1));
        }
        if method == Method::PUT {
            request = request.header(reqwest::header::CONTENT_LENGTH, bytes.len()).body(bytes);
        }
        runtime()?.block_on(async {
            let reply = request.send().await.map_err(|error| Error::other(error.without_url()))?;
            told(reply).await
        })
    }
}

/// The body of a good reply; the words of a bad one without addresses and signatures.
async fn told(reply: Response) -> Result<Vec<u8>> {
    match reply.status() {
        status if status.is_success() => {
            let body = reply.bytes().await.map_err(|error| Error::other(error.without_url()))?;
            Ok(body.to_vec())
        }
        StatusCode::NOT_FOUND => Err(ErrorKind::NotFound.into()),
        status => {
            let words = reply.text().await.unwrap_or_default();
            let code = words.split("<Code>").nth(1).and_then(|rest| rest.split("</Code>").next());
            Err(Error::other(format!("the S3 service answered {status} {}", code.unwrap_or_default())))
        }
    }
}

fn known(done: Result<()>) -> Result<()> {
    match done {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn safe(sha256: &str) -> String {
    sha256.chars().filter(char::is_ascii_hexdigit).collect()
}

fn key(sha256: &str) -> String {
    format!("files/{}", safe(sha256))
}

fn aside(sha256: &str) -> String {
    format!("aside/{}", safe(sha256))
}
