//! Anchors: made once for each day, exported, published, and checked without the service's key.

use std::process::Command;

use samad::workers::anchoring;
use serde_json::Value;

use super::{accepted, anchored, refused, stranger, url};
use crate::support::TestApp;

#[actix_web::test]
async fn days_of_rest_are_caught_up_and_two_processes_make_each_anchor_once() {
    let app = TestApp::start().await;
    let other = app.another().await;
    app.filed().await;
    app.pass_days(4);
    let (one, two) = tokio::join!(anchoring::run_once(&app.app), anchoring::run_once(&other.app));
    assert_eq!(one.unwrap() + two.unwrap(), 4);
    anchoring::run_once(&app.app).await.unwrap();
    let anchors = app.anchors().await;
    let days: Vec<&str> = anchors.iter().map(|anchor| anchor["day"].as_str().unwrap()).collect();
    assert_eq!(days, ["2026-06-10", "2026-06-11", "2026-06-12", "2026-06-13"]);
    assert_eq!(anchors[3]["root"], stranger::sha256(b""));
    for anchor in &anchors {
        let name = format!("{}.json", anchor["day"].as_str().unwrap());
        let file = std::fs::read(app.folder().join("anchors").join(name)).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&file).unwrap(), *anchor);
    }
    app.nobody().get("/public/anchors?cursor=x").await.refused(400, "invalid_cursor");
    let key = std::fs::read_to_string(app.folder().join("anchors/public-key.hex")).unwrap();
    assert_eq!(key.trim(), app.key().await);
}

#[actix_web::test]
async fn the_chain_in_the_database_is_the_one_of_the_document() {
    use diesel::prelude::*;
    use samad::db::schema::events as e;
    use samad::db::types::{CaseId, OfficeId, Time, UserId};
    type Row = (i64, CaseId, i32, Time, String, Option<UserId>, Option<OfficeId>, String, String, String);
    let app = TestApp::start().await;
    let case = anchored(&app).await;
    let rows: Vec<Row> = app.look(|connection| {
        Ok(e::table
            .filter(e::case_id.eq(case.id.parse::<CaseId>().unwrap()))
            .order(e::seq)
            .select((
                e::id,
                e::case_id,
                e::seq,
                e::at,
                e::actor,
                e::user_id,
                e::office_id,
                e::salt,
                e::payload,
                e::hash,
            ))
            .load(connection)?)
    });
    let string = |text: &str| serde_json::to_string(text).unwrap();
    let id = |id: Option<i64>| id.map_or("null".to_owned(), |id| format!("\"{id}\""));
    let digests: Vec<String> = rows
        .iter()
        .map(|(event, case, seq, at, actor, user, office, salt, payload, _)| {
            let at = jiff::Timestamp::from_microsecond(at.as_microsecond()).unwrap();
            let line = format!(
                r#"{{"id":"{event}","case":"{case}","seq":{seq},"at":"{}","actor":"{actor}","user":{},"office":{},"salt":"{salt}","payload":{}}}"#,
                at.strftime("%Y-%m-%dT%H:%M:%S%.fZ"),
                id(user.map(|id| id.0)),
                id(office.map(|id| id.0)),
                string(payload)
            );
            stranger::sha256(line.as_bytes())
        })
        .collect();
    let kept: Vec<String> = rows.into_iter().map(|row| row.9).collect();
    assert_eq!(stranger::hashes(&digests), kept);
    assert_eq!(kept.len(), 4);
}

#[actix_web::test]
async fn without_the_root_key_the_database_is_verified_with_the_published_one() {
    let app = TestApp::start().await;
    anchored(&app).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let verify = |more: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_samad"))
            .arg("verify")
            .args(more)
            .env("SAMAD__DATA__DIR", elsewhere.path())
            .env("SAMAD__DATABASE__URL", url(&app))
            .output()
            .unwrap()
    };
    accepted(&verify(&[]), &["is not judged", "The history is whole"]);
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0, "verifying makes no key");
    accepted(&verify(&["--key", &app.key().await]), &["The history is whole"]);
    refused(&verify(&["--key", &"22".repeat(32)]), &["not trusted", "anchor of 2026-06-10"]);
    let folder = app.folder().join("anchors");
    let output = verify(&["--anchors", folder.to_str().unwrap()]);
    accepted(&output, &["1 exported anchors were compared", "The history is whole"]);
}
