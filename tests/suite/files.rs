//! What becomes of files: opened, made safe, scanned, searched, kept in a directory or in S3, sent in parts.

mod parts;
mod scanning;
mod store;

use std::io::{Cursor, Write};

use image::{DynamicImage, ImageFormat};
use serde_json::{Value, json};

use crate::support::{Case, Client, TestApp};

/// A JPEG that says where it was taken.
fn photo() -> Vec<u8> {
    let mut plain = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(64, 32).write_to(&mut plain, ImageFormat::Jpeg).unwrap();
    let (plain, place) = (plain.into_inner(), b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0GPS 35.6892N 51.3890E");
    let length = u16::try_from(place.len() + 2).unwrap().to_be_bytes();
    [&plain[..2], &[0xff, 0xe1], &length, place, &plain[2..]].concat()
}

/// A PDF of one page with these words; locked with a password that nobody here knows.
fn pdf(words: &str, is_locked: bool) -> Vec<u8> {
    let stream = format!("BT /F1 12 Tf 72 720 Td ({words}) Tj ET");
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{stream}\nendstream", stream.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
    ];
    let key = "00112233445566778899aabbccddeeff".repeat(2);
    let mut trailer = format!("/Root 1 0 R /ID [<{0}> <{0}>]", &key[..32]);
    if is_locked {
        objects.push(format!("<< /Filter /Standard /V 1 /R 2 /P -44 /O <{key}> /U <{key}> >>"));
        trailer += " /Encrypt 6 0 R";
    }
    let (mut out, mut places) = (b"%PDF-1.4\n".to_vec(), Vec::new());
    for (index, object) in objects.iter().enumerate() {
        places.push(out.len());
        write!(out, "{} 0 obj\n{object}\nendobj\n", index + 1).unwrap();
    }
    let start = out.len();
    write!(out, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).unwrap();
    places.iter().for_each(|place| writeln!(out, "{place:010} 00000 n ").unwrap());
    write!(out, "trailer\n<< /Size {} {trailer} >>\nstartxref\n{start}\n%%EOF\n", objects.len() + 1).unwrap();
    out
}

fn path_of(file: &Value) -> String {
    format!("/attachments/{}", file["id"].as_str().unwrap())
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

impl TestApp {
    /// Problems of the health page by their code, with their counts.
    async fn health_of(&self, code: &str) -> i64 {
        let told = self.as_user("admin").await.get("/health").await.expect(200);
        let all = told["problems"].as_array().unwrap().iter();
        all.filter(|one| one["code"] == code).map(|one| one["count"].as_i64().unwrap()).sum()
    }

    /// The citizen of a case, by the look-up.
    async fn own_citizen(&self, case: &Case) -> Client<'_> {
        let pair = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
        let told = self.nobody().post("/public/lookups", pair).await.expect(200);
        self.bearer(told["token"].as_str().unwrap())
    }
}

#[actix_web::test]
async fn a_photo_is_kept_without_its_place() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    let agent = app.as_user("agent.centre").await;
    let told = agent.upload(&case.path("attachments"), "tap.jpeg", &photo()).await.expect(201);
    assert_eq!(told["media_type"], "image/jpeg");
    assert_eq!(told["original_sha256"], samad::domain::cases::sha256_hex(&photo()));
    let kept = agent.get(&path_of(&told)).await;
    assert_eq!(kept.status, 200);
    assert!(holds(&photo(), b"GPS") && !holds(&kept.bytes, b"GPS") && !holds(&kept.bytes, b"Exif"));
    assert_eq!(image::load_from_memory(&kept.bytes).unwrap().width(), 64);
    let mut webp = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(8, 8).write_to(&mut webp, ImageFormat::WebP).unwrap();
    let told = agent.upload(&case.path("attachments"), "نشت.webp", &webp.into_inner()).await.expect(201);
    assert_eq!((&told["name"], &told["media_type"]), (&json!("نشت.jpg"), &json!("image/jpeg")));
}

#[actix_web::test]
async fn what_cannot_be_made_safe_is_refused_with_the_files_name_and_the_remedy() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    let agent = app.as_user("agent.centre").await;
    let mut bomb = zip::ZipWriter::new(Cursor::new(Vec::new()));
    bomb.start_file("a", zip::write::SimpleFileOptions::default()).unwrap();
    bomb.write_all(&vec![0; 60 << 20]).unwrap();
    let bomb = bomb.finish().unwrap().into_inner();
    for (name, bytes, code) in [
        ("a.exe", &b"MZ\x90\0\x03\0\0\0"[..], "type_not_allowed"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "type_not_allowed"),
        ("a.pdf", &photo(), "type_mismatch"),
        ("a.jpg", b"\xff\xd8\xff\xe0 no picture", "unreadable"),
        ("a.zip", &bomb, "archive_bomb"),
    ] {
        let reply = agent.upload(&case.path("attachments"), name, bytes).await;
        assert!(reply.told().contains(name), "the file is named: {}", reply.told());
        reply.wrong("file", code);
    }
    assert!(app.list(&case, "attachments").await.is_empty());
    // a scan that a machine does not understand may still be read by eye: it is taken, and the notice says so
    let scan = agent.upload(&case.path("attachments"), "a.tif", b"II*\0\xff\xff\xff\xff no page").await;
    assert_eq!(scan.expect(201)["notice"]["code"], "unreadable");
}

#[actix_web::test]
async fn a_case_holds_only_so_many_files() {
    let app = TestApp::start().await;
    app.agreed_patch("/limits/attachments_max", json!({ "value": 1 })).await;
    let case = app.register(json!({})).await;
    let agent = app.as_user("agent.centre").await;
    agent.upload(&case.path("attachments"), "a.txt", b"one").await.expect(201);
    agent.upload(&case.path("attachments"), "b.txt", b"two").await.refused(409, "limit_reached");
    assert_eq!(app.list(&case, "attachments").await.len(), 1);
}

#[actix_web::test]
async fn a_part_of_a_file_is_sent_when_it_is_asked_for() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    let agent = app.as_user("agent.centre").await;
    let told = agent.upload(&case.path("attachments"), "گزارش.txt", b"0123456789").await.expect(201);
    let part = |range: &'static str| agent.clone().with("Range", range);
    let reply = part("bytes=2-4").get(&path_of(&told)).await;
    assert_eq!((reply.status, reply.bytes.as_slice()), (206, &b"234"[..]));
    assert_eq!(reply.header("Content-Range"), "bytes 2-4/10");
    assert!(reply.header("Content-Disposition").contains("filename*=UTF-8''%DA%AF"));
    assert!(reply.header("Content-Security-Policy").contains("sandbox"));
    assert_eq!(part("bytes=-3").get(&path_of(&told)).await.bytes, b"789");
    part("bytes=10-").get(&path_of(&told)).await.refused(416, "range_not_satisfiable");
    assert_eq!(part("lines=1-2").get(&path_of(&told)).await.bytes, b"0123456789");
}

#[actix_web::test]
async fn a_locked_document_is_kept_and_everybody_is_told() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    app.drain().await;
    let citizen = app.own_citizen(&case).await;
    let path = format!("/public/cases/{}/attachments", case.tracking_code);
    let told = citizen.upload(&path, "deed.pdf", &pdf("deed", true)).await.expect(201);
    assert_eq!(told["notice"]["code"], "locked");
    assert!(told["notice"]["fa"].as_str().unwrap().contains("رمز"));
    assert_eq!(app.list(&case, "attachments").await[0]["notice"]["code"], "locked");
    app.drain().await;
    assert!(app.sms().sent().iter().any(|letter| letter.rendered.body.contains("باز نمی‌شود")));
    let open = citizen.upload(&path, "deed.pdf", &pdf("deed", false)).await.expect(201);
    assert_eq!((&open["notice"], &open["pages"]), (&Value::Null, &json!(1)));
}

#[actix_web::test]
async fn a_case_is_found_by_what_its_files_say_and_only_by_those_who_see_it() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    let agent = app.as_user("agent.centre").await;
    agent
        .upload(&case.path("attachments"), "a.pdf", &pdf("Broken Transformer 4471", false))
        .await
        .expect(201);
    agent.upload(&case.path("attachments"), "b.txt", "پست‌برق کاظمیه".as_bytes()).await.expect(201);
    app.drain().await;
    for words in ["transformer", "4471 broken", "کاظميه"] {
        let found = agent.get(&format!("/cases?q={words}")).await.expect(200);
        assert_eq!(found["items"][0]["id"], case.id, "{words}");
        let other = app.as_user("handler.mohme").await.get(&format!("/cases?q={words}")).await.expect(200);
        assert!(other["items"].as_array().unwrap().is_empty(), "{words}");
    }
}

#[actix_web::test]
async fn what_a_channel_brings_is_never_turned_away_but_kept_closed() {
    use base64::Engine;
    let app = TestApp::start().await;
    let scan = base64::prelude::BASE64_STANDARD.encode(b"MZ\x90\0\x03\0\0\0");
    let letter = json!({ "external_id": "n-1", "text": "آب محله قطع است.", "from": "09990000011",
        "scans": [{ "name": "letter.exe", "content": scan }] });
    let told = app.gateway().post("/channels/fax/inbound", letter).await.expect(201);
    let case = told["case_id"].as_str().expect("a case").to_owned();
    let registrar = app.as_user("registrar.centre").await;
    let files = registrar.get(&format!("/cases/{case}/attachments")).await.expect(200);
    let file = &files["items"][0];
    assert_eq!((&file["scan"], &file["notice"]["code"]), (&json!("quarantined"), &json!("type_not_allowed")));
    registrar.get(&path_of(file)).await.refused(409, "file_quarantined");
}
