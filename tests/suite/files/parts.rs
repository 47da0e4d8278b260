//! Uploads in parts, as tus clients send them.

use reqwest::Method;
use serde_json::json;

use super::{path_of, pdf};
use crate::support::{Client, Reply, TestApp};

/// A client that speaks tus 1.0.0.
struct Tus<'a>(Client<'a>);

impl Tus<'_> {
    async fn announce(&self, name: &str, size: usize) -> Reply {
        use base64::Engine;
        let name = base64::prelude::BASE64_STANDARD.encode(name);
        self.0
            .clone()
            .with("Tus-Resumable", "1.0.0")
            .with("Upload-Length", size.to_string())
            .with("Upload-Metadata", format!("filename {name},filetype YXBwbGljYXRpb24vcGRm,is_private"))
            .raw(Method::POST, "/uploads", "", Vec::new())
            .await
    }

    async fn begun(&self, name: &str, size: usize) -> String {
        let reply = self.announce(name, size).await;
        assert_eq!(reply.status, 201, "{}", reply.told());
        assert!(reply.header("Upload-Expires").ends_with("GMT"));
        reply.header("Location").to_owned()
    }

    async fn offset(&self, path: &str) -> Reply {
        self.0.clone().with("Tus-Resumable", "1.0.0").raw(Method::HEAD, path, "", Vec::new()).await
    }

    async fn send(&self, path: &str, start: usize, bytes: &[u8]) -> Reply {
        self.0
            .clone()
            .with("Tus-Resumable", "1.0.0")
            .with("Upload-Offset", start.to_string())
            .raw(Method::PATCH, path, "application/offset+octet-stream", bytes.to_vec())
            .await
    }
}

fn ticket(path: &str) -> serde_json::Value {
    json!({ "upload": path.rsplit('/').next().unwrap() })
}

#[actix_web::test]
async fn a_file_comes_in_parts_over_a_line_that_breaks() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    let (agent, bytes) = (app.as_user("agent.centre").await, pdf("Parts", false));
    let tus = Tus(agent.clone());
    let path = tus.begun("گزارش.pdf", bytes.len()).await;
    let reply = tus.send(&path, 0, &bytes[..100]).await;
    assert_eq!((reply.status, reply.header("Upload-Offset")), (204, "100"));
    let reply = tus.offset(&path).await;
    assert_eq!((reply.header("Upload-Offset"), reply.header("Cache-Control")), ("100", "no-store"));
    tus.send(&path, 50, &bytes[50..]).await.refused(409, "upload_offset");
    tus.send(&path, 100, &[&bytes[100..], b"more"].concat()).await.refused(413, "payload_too_large");
    let attach = case.path("attachments/uploads");
    agent.post(&attach, ticket(&path)).await.refused(409, "upload_unfinished");
    // another process goes on
    let other = app.another().await;
    let reply = Tus(other.nobody()).send(&path, 100, &bytes[100..]).await;
    assert_eq!(reply.status, 204, "{}", reply.told());
    app.as_user("handler.mohme").await.post(&attach, ticket(&path)).await.refused(404, "not_found");
    let told = agent.post(&attach, ticket(&path)).await.expect(201);
    assert_eq!((&told["name"], &told["pages"]), (&json!("گزارش.pdf"), &json!(1)));
    assert_eq!(agent.get(&path_of(&told)).await.bytes, bytes);
    agent.post(&attach, ticket(&path)).await.refused(404, "not_found");
}

#[actix_web::test]
async fn a_citizen_uploads_before_the_case_is_filed_and_attaches_it_afterwards() {
    let app = TestApp::start().await;
    let tus = Tus(app.nobody());
    let path = tus.begun("a.pdf", 20).await;
    assert_eq!(tus.send(&path, 0, b"%PDF-1.4 not much of").await.status, 204);
    let case = app.register(json!({})).await;
    let citizen = app.own_citizen(&case).await;
    let attach = format!("/public/cases/{}/attachments/uploads", case.tracking_code);
    let told = citizen.post(&attach, ticket(&path)).await.expect(201);
    assert_eq!((&told["uploaded_by"], &told["notice"]["code"]), (&json!("citizen"), &json!("unreadable")));
}

#[actix_web::test]
async fn an_upload_is_for_its_owner_for_its_time_and_within_the_limits() {
    let app = TestApp::start_with(|config| config.server.attachment_limit = 1000).await;
    let tus = Tus(app.nobody());
    tus.announce("a.pdf", 1001).await.refused(413, "payload_too_large");
    tus.announce("a.pdf", 0).await.wrong("file", "empty");
    app.nobody().raw(Method::POST, "/uploads", "", Vec::new()).await.refused(412, "tus_version");
    let path = tus.begun("a.pdf", 8).await;
    let forged = format!("{}x", &path[..path.len() - 1]);
    assert_eq!(tus.offset(&forged).await.status, 404);
    tus.send(&path, 0, b"MZ\x90\0\x03\0\0\0").await.wrong("file", "type_mismatch");
    assert_eq!(tus.offset(&path).await.status, 404, "what is refused is gone");
    let path = tus.begun("a.txt", 8).await;
    assert_eq!(tus.send(&path, 0, b"half").await.status, 204);
    app.pass_hours(25);
    assert_eq!(tus.offset(&path).await.status, 410);
    app.drain().await;
    assert_eq!(tus.offset(&path).await.status, 404);
    let folder = app.app.config.attachments_dir().join("uploads");
    assert_eq!(std::fs::read_dir(folder).map_or(0, Iterator::count), 0, "its parts are gone");
    let reply = app.nobody().raw(Method::OPTIONS, "/uploads", "", Vec::new()).await;
    assert_eq!((reply.status, reply.header("Tus-Max-Size")), (204, "1000"));
}
