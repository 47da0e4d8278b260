//! The same files in a bucket of an S3 service; asked where `SAMAD_TEST_S3` names one as `http://key:secret@host:port/bucket`.

use samad::config::{Config, StorageKind};
use samad::gateways::Storage;
use serde_json::json;

use super::{path_of, pdf};
use crate::support::TestApp;

/// Turns the settings to the bucket; false where there is none.
fn to_bucket(config: &mut Config) -> bool {
    let Ok(address) = std::env::var("SAMAD_TEST_S3") else {
        println!("skipped: SAMAD_TEST_S3 names no bucket");
        return false;
    };
    let url: reqwest::Url = address.parse().expect("http://key:secret@host:port/bucket");
    config.storage.kind = StorageKind::S3;
    config.storage.s3_endpoint =
        format!("{}://{}:{}", url.scheme(), url.host_str().unwrap(), url.port_or_known_default().unwrap());
    config.storage.s3_bucket = url.path().trim_matches('/').to_owned();
    config.storage.s3_access_key = url.username().to_owned();
    config.storage.s3_secret_key = url.password().unwrap_or_default().to_owned();
    true
}

#[actix_web::test]
async fn files_lie_in_a_bucket_as_in_a_directory() {
    let mut is_there = false;
    let app = TestApp::start_with(|config| is_there = to_bucket(config)).await;
    if !is_there {
        return;
    }
    let case = app.register(json!({})).await;
    let agent = app.as_user("agent.centre").await;
    let words = pdf("Bucket", false);
    let told = agent.upload(&case.path("attachments"), "a.pdf", &words).await.expect(201);
    assert!(!app.app.config.attachments_dir().exists(), "nothing lies on this machine");
    assert_eq!(agent.get(&path_of(&told)).await.bytes, words);
    let part = agent.clone().with("Range", "bytes=1-3").get(&path_of(&told)).await;
    assert_eq!((part.status, part.bytes.as_slice()), (206, &b"PDF"[..]));
    app.drain().await;
    let found = agent.get("/cases?q=bucket").await.expect(200);
    assert_eq!(found["items"][0]["id"], case.id);
}

#[test]
fn bytes_in_a_bucket_are_set_aside_put_back_and_removed() {
    let mut config = Config::load(std::path::Path::new("/nowhere/local.toml")).unwrap();
    if !to_bucket(&mut config) {
        return;
    }
    let storage = Storage::new(&config).unwrap();
    let bytes = format!("bytes of {}", std::process::id()).into_bytes();
    let sha256 = samad::domain::cases::sha256_hex(&bytes);
    let is_gone = || storage.get(&sha256).unwrap_err().kind() == std::io::ErrorKind::NotFound;
    storage.put(&sha256, &bytes).unwrap();
    storage.put(&sha256, &bytes).unwrap();
    assert_eq!(storage.list().unwrap()[&sha256], bytes.len() as u64);
    storage.set_aside(&sha256).unwrap();
    assert!(is_gone() && !storage.list().unwrap().contains_key(&sha256));
    storage.put_back(&sha256).unwrap();
    assert_eq!(storage.get(&sha256).unwrap(), bytes);
    assert_eq!(storage.get_range(&sha256, 0..5).unwrap(), b"bytes");
    storage.set_aside(&sha256).unwrap();
    storage.remove_aside(&sha256).unwrap();
    storage.put_back(&sha256).unwrap();
    assert!(is_gone());
    config.storage.s3_secret_key = "wrong".into();
    let told = Storage::new(&config).unwrap().put(&sha256, &bytes).unwrap_err().to_string();
    assert!(told.contains("403") && !told.contains("Signature="), "{told}");
}
