//! Faxes as files: taken at once, whatever they hold, and read by machine where its programs are installed.

use reqwest::Method;
use samad::workers::{folders, recognition};
use serde_json::{Value, json};

use crate::support::{Reply, TestApp};

/// A fax server's form: fields, then the file.
async fn push(app: &TestApp, fields: &[(&str, &str)], file: &[u8]) -> Reply {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(
            format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                .into_bytes(),
        );
    }
    body.extend(
        b"--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"fax1.tif\"\r\nContent-Type: image/tiff\r\n\r\n",
    );
    body.extend(file);
    body.extend(b"\r\n--edge--\r\n");
    let kind = "multipart/form-data; boundary=edge";
    app.gateway().raw(Method::POST, "/channels/fax/files", kind, body).await
}

const CALL: [(&str, &str); 5] = [
    ("id", "fax000000001.tif"),
    ("caller", "03131234567"),
    ("sender", "FAX ISFAHAN"),
    ("pages", "1"),
    ("quality", "Fine"),
];

/// A TIFF of one strip that promises more than it holds.
fn liar() -> Vec<u8> {
    let mut bytes = b"II*\0\x08\0\0\0\x04\0".to_vec();
    for (tag, value) in [(256_u16, 1728_u32), (257, 4_000_000_000), (273, 8), (279, 8)] {
        bytes.extend(tag.to_le_bytes());
        bytes.extend([4, 0, 1, 0, 0, 0]);
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 12]);
    bytes
}

async fn item(app: &TestApp, id: &Value) -> Value {
    let path = format!("/intake/items/{}", id.as_str().unwrap());
    app.as_user("registrar.centre").await.get(&path).await.expect(200)
}

async fn pages(app: &TestApp, id: &Value) -> Value {
    let path = format!("/intake/items/{}/pages", id.as_str().unwrap());
    app.as_user("registrar.centre").await.get(&path).await.expect(200)
}

#[actix_web::test]
async fn a_fax_waits_for_a_registrar_with_its_caller_and_comes_once() {
    let app = TestApp::start().await;
    let first = push(&app, &CALL, b"II*\0 a page").await.expect(202);
    assert_eq!((&first["state"], &first["reason"]), (&json!("to_key"), &json!("no_text")));
    let again = push(&app, &CALL, b"II*\0 a page").await.expect(202);
    assert_eq!((&again["item"], &again["repeated"]), (&first["item"], &json!(true)));
    let kept = item(&app, &first["item"]).await;
    assert_eq!(kept["external_id"], "fax000000001.tif");
    assert_eq!(kept["content"]["sender"]["number"], "03131234567");
    assert_eq!(kept["content"]["particulars"], json!({ "of": "fax", "pages": 1, "station": "FAX ISFAHAN" }));
    assert_eq!(kept["files"][0]["media_type"], "image/tiff");
    // a registrar keys it, and the fax lies with the case
    let path = format!("/intake/items/{}/case", first["item"].as_str().unwrap());
    let keyed = json!({ "kind": "request", "channel": "fax", "text": "آب نیست.", "citizen": { "mobile": "09990000011" } });
    let case = app.as_user("registrar.centre").await.post(&path, keyed).await.expect(201);
    let files = format!("/cases/{}/attachments", case["id"].as_str().unwrap());
    let files = app.as_user("registrar.centre").await.get(&files).await.expect(200);
    assert_eq!(files["items"][0]["name"], "fax1.tif");
}

#[actix_web::test]
async fn an_empty_fax_is_named_and_a_stranger_hands_none_over() {
    let app = TestApp::start().await;
    push(&app, &CALL, b"").await.wrong("file", "empty");
    let kind = "multipart/form-data; boundary=edge";
    let none = b"--edge--\r\n".to_vec();
    let reply = app.nobody().raw(Method::POST, "/channels/fax/files", kind, none).await;
    reply.refused(401, "unauthenticated");
}

#[actix_web::test]
async fn without_its_programs_faxes_are_taken_and_the_health_page_says_what_is_missing() {
    let app = TestApp::start_with(|config| {
        config.ocr.enabled = true;
        config.ocr.tesseract = "no-such-program".into();
    })
    .await;
    let taken = push(&app, &CALL, &liar()).await.expect(202);
    assert_eq!(recognition::run_once(&app.app).await.unwrap(), 0);
    assert_eq!(pages(&app, &taken["item"]).await["state"], Value::Null);
    let health = app.as_user("admin").await.get("/health").await.expect(200);
    assert!(health["problems"].to_string().contains("recognition_missing"));
}

/// The page images come from programs; `sh` in their place shows what the service makes of each end.
#[actix_web::test]
async fn a_fax_that_lies_about_its_size_is_kept_and_its_registrar_is_told() {
    let app = TestApp::start_with(|config| {
        config.ocr.enabled = true;
        for program in [&mut config.ocr.tesseract, &mut config.ocr.pdftoppm, &mut config.ocr.tiff2pdf] {
            *program = "false".into();
        }
    })
    .await;
    let lies = push(&app, &CALL, &liar()).await.expect(202);
    let text = push(&app, &[("id", "2")], b"no image at all").await.expect(202);
    let broken = push(&app, &[("id", "3")], b"%PDF-1.7 broken").await.expect(202);
    assert_eq!(recognition::run_once(&app.app).await.unwrap(), 3);
    assert_eq!(recognition::run_once(&app.app).await.unwrap(), 0, "each is tried once");
    for (taken, reason) in [(&lies, "lies_about_size"), (&text, "no_pages"), (&broken, "damaged")] {
        let read = pages(&app, &taken["item"]).await;
        assert_eq!((&read["state"], &read["reason"]), (&json!("unreadable"), &json!(reason)));
        assert!(read["advice"].as_str().unwrap().len() > 20);
        assert_eq!(item(&app, &taken["item"]).await["state"], "to_key", "it still is work for a person");
    }
    app.as_user("handler.moen-10")
        .await
        .get(&format!("/intake/items/{}/pages", lies["item"].as_str().unwrap()))
        .await
        .refused(403, "forbidden");
    let path = format!("/intake/items/{}/pages/1", lies["item"].as_str().unwrap());
    app.as_user("registrar.centre").await.get(&path).await.refused(404, "not_found");
}

#[actix_web::test]
async fn a_spool_and_a_scanners_folder_are_emptied_into_the_door_and_nothing_is_taken_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (spool, share) = (folder.path().join("recvq"), folder.path().join("scans"));
    [&spool, &share].into_iter().for_each(|folder| std::fs::create_dir(folder).unwrap());
    let app = TestApp::start_with(|config| {
        config.folders.fax = spool.clone();
        config.folders.letters = share.clone();
    })
    .await;
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
    let lay = |path: std::path::PathBuf, bytes: &[u8], at| {
        std::fs::write(&path, bytes).unwrap();
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(at).unwrap();
    };
    lay(spool.join("fax1.tif"), b"II*\0 one", old);
    lay(spool.join("fax2.tif"), b"II*\0 two", old + std::time::Duration::from_secs(3600));
    lay(spool.join("seqf"), b"2", old);
    lay(share.join("letter.pdf"), b"%PDF-1.4 letter", old);
    assert_eq!(folders::run_once(&app.app).await.unwrap(), 2, "one is still being written, one is no scan");
    assert!(spool.join("taken/fax1.tif").exists() && spool.join("fax2.tif").exists());
    // the process died before it put the file aside
    std::fs::rename(spool.join("taken/fax1.tif"), spool.join("fax1.tif")).unwrap();
    assert_eq!(folders::run_once(&app.app).await.unwrap(), 1);
    let page = app.as_user("registrar.centre").await.get("/intake/items?state=to_key").await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
}

/// Whether the programs of the recognition are installed.
fn has_programs(app: &TestApp) -> bool {
    if app.app.gateways.ocr.is_ready() {
        return true;
    }
    println!("tesseract, pdftoppm or tiff2pdf is missing; recognition is not tried here");
    false
}

#[actix_web::test]
async fn the_words_of_a_page_are_read_with_a_confidence_and_its_image_is_shown() {
    let app = TestApp::start_with(|config| config.ocr.enabled = true).await;
    if !has_programs(&app) {
        return;
    }
    // a letter that the service itself printed comes back by fax
    let wish = json!({ "citizen": { "address": "اصفهان، خیابان چهارباغ" } });
    let case = app.register(wish).await;
    let registrar = app.as_user("registrar.centre").await;
    let messages = registrar.get(&case.path("messages")).await.expect(200);
    let message = messages["items"][0]["id"].as_str().unwrap().to_owned();
    let pdf = registrar.get(&format!("/messages/{message}/letter")).await.bytes;
    let taken = push(&app, &CALL, &pdf).await.expect(202);
    assert_eq!(recognition::run_once(&app.app).await.unwrap(), 1);
    let read = pages(&app, &taken["item"]).await;
    assert_eq!(read["state"], "read", "{read}");
    let page = &read["pages"][0];
    let text = page["text"].as_str().unwrap();
    for word in ["اصفهان", "شهروند", "رهگیری"] {
        assert!(text.contains(word), "{word} is not in {text}");
    }
    assert!(page["confidence"].as_i64().unwrap() > 60, "{page}");
    let path = format!("/intake/items/{}/pages/1", taken["item"].as_str().unwrap());
    let image = registrar.get(&path).await;
    assert_eq!((image.status, image.header("Content-Type")), (200, "image/png"));
}
