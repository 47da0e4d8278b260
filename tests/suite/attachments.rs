//! Files of a case.

use serde_json::json;

use crate::support::TestApp;

const PDF: &[u8] = b"%PDF-1.7\n\x00\x01\x02 not much of a document";

fn png() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(4, 4).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

#[actix_web::test]
async fn a_file_comes_back_as_it_was_sent_and_never_as_a_page() {
    let app = TestApp::start().await;
    let case = app.referred_to("MOEN-10").await;
    let handler = app.as_user("handler.moen-10").await;
    let told = handler.upload(&case.path("attachments"), "../کارت ملی\".pdf", PDF).await.expect(201);
    assert_eq!((&told["media_type"], &told["size"]), (&json!("application/pdf"), &json!(PDF.len())));
    let path = format!("/attachments/{}", told["id"].as_str().unwrap());
    let file = handler.get(&path).await;
    assert_eq!((file.status, file.bytes.as_slice()), (200, PDF));
    assert_eq!(file.header("X-Content-Type-Options"), "nosniff");
    assert!(file.header("Content-Disposition").starts_with("attachment;"));
    assert_eq!(app.list(&case, "attachments").await[0]["sha256"], told["sha256"]);
    assert_eq!(app.events(&case).await.last().unwrap(), "file_attached");
}

#[actix_web::test]
async fn a_strangers_eyes_find_no_file() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    let told =
        app.as_user("agent.centre").await.upload(&case.path("attachments"), "a.pdf", PDF).await.expect(201);
    let path = format!("/attachments/{}", told["id"].as_str().unwrap());
    let stranger = app.as_user("handler.mohme").await;
    stranger.get(&path).await.refused(404, "not_found");
    stranger.upload(&case.path("attachments"), "b.pdf", PDF).await.refused(404, "not_found");
    app.nobody().get(&path).await.refused(401, "unauthenticated");
    app.as_user("admin").await.get(&path).await.refused(403, "forbidden");
}

#[actix_web::test]
async fn a_citizen_sends_a_file_with_the_look_up_token() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    let wish = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
    let told = app.nobody().post("/public/lookups", wish).await.expect(200);
    let citizen = app.bearer(told["token"].as_str().unwrap());
    let path = format!("/public/cases/{}/attachments", case.tracking_code);
    let told = citizen.upload(&path, "photo.png", &png()).await.expect(201);
    assert_eq!((&told["uploaded_by"], &told["media_type"]), (&json!("citizen"), &json!("image/png")));
    citizen
        .get(&format!("/attachments/{}", told["id"].as_str().unwrap()))
        .await
        .refused(401, "unauthenticated");
}

#[actix_web::test]
async fn an_empty_a_large_and_a_missing_file_are_refused() {
    let app = TestApp::start_with(|config| config.server.attachment_limit = 1000).await;
    let case = app.register(json!({})).await;
    let agent = app.as_user("agent.centre").await;
    let path = case.path("attachments");
    agent.upload(&path, "a", b"").await.wrong("file", "empty");
    agent.upload(&path, "a", &[b'x'; 1001]).await.refused(413, "payload_too_large");
    agent.upload(&path, "a", &[b'x'; 200_000]).await.refused(413, "payload_too_large");
    agent.post(&path, json!({})).await.refused(415, "unsupported_media_type");
    assert!(app.list(&case, "attachments").await.is_empty());
}
