//! Provable history: receipts that anyone can check, anchors, and a database that cannot be edited unseen.

mod anchors;
mod receipts;
mod rows;
mod spoilt;
mod stranger;

use std::path::PathBuf;
use std::process::{Command, Output};

use diesel::connection::SimpleConnection;
use samad::db::{DbConnection, Location};
use samad::workers::anchoring;
use serde_json::{Value, json};

use crate::support::{Case, TestApp, filing};

const WORDS: &str = "آب محله ما سه روز است که قطع است.";

impl TestApp {
    /// Lets midnight pass in Tehran, and what is made after it.
    async fn pass_midnight(&self) -> usize {
        self.pass_days(1);
        anchoring::run_once(&self.app).await.expect("the anchors are made")
    }

    fn folder(&self) -> PathBuf {
        self.app.config.data.dir.clone()
    }

    /// Writes a file of the test; gives its path.
    fn file(&self, name: &str, content: &Value) -> String {
        let path = self.folder().join(name);
        std::fs::write(&path, serde_json::to_vec(content).unwrap()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Runs the program over the test's database and root key.
    fn samad(&self, arguments: &[&str]) -> Output {
        std::fs::write(self.folder().join("keys.hex"), "07".repeat(32)).unwrap();
        Command::new(env!("CARGO_BIN_EXE_samad"))
            .args(arguments)
            .env("SAMAD__DATA__DIR", self.folder())
            .env("SAMAD__DATABASE__URL", url(self))
            .output()
            .expect("the program starts")
    }

    async fn key(&self) -> String {
        let told = self.nobody().get("/public/anchors/key").await.expect(200);
        assert_eq!(told["algorithm"], "Ed25519");
        told["key"].as_str().unwrap().to_owned()
    }

    /// All anchors, page by page.
    async fn anchors(&self) -> Vec<Value> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.nobody().get(&format!("/public/anchors?limit=2{cursor}")).await;
            assert!(page.header("Cache-Control").contains("public"));
            let page = page.expect(200);
            all.extend(page["items"].as_array().unwrap().clone());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    }

    async fn receipt(&self, case: &Case) -> Value {
        let pair = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
        let told = self.nobody().post("/public/lookups", pair).await.expect(200);
        let citizen = self.bearer(told["token"].as_str().unwrap());
        citizen.get(&format!("/public/cases/{}/receipt", case.tracking_code)).await.expect(200)
    }

    /// Filed by the web; gives the case and the receipt of its filing.
    async fn filed(&self) -> (Case, Value) {
        let told = self.nobody().post("/public/cases", filing(json!({ "channel": "web" }))).await.expect(201);
        let code = told["tracking_code"].as_str().unwrap().to_owned();
        let found =
            self.as_user("classifier.centre").await.get(&format!("/cases?q={code}")).await.expect(200);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let case = Case {
            id: text(&found["items"][0]["id"]),
            tracking_code: code,
            access_code: text(&told["access_code"]),
        };
        (case, told["receipt"].clone())
    }

    /// Does something behind the service's back, with the database's guards off.
    fn spoil(&self, statements: &str) {
        self.unguarded().batch_execute(statements).unwrap();
    }

    /// A connection to the database with its guards off.
    fn unguarded(&self) -> DbConnection {
        let mut connection = self.app.db.location().open().unwrap();
        let guards = match connection {
            DbConnection::Sqlite(_) => "PRAGMA foreign_keys = OFF",
            DbConnection::Postgres(_) => "SET session_replication_role = replica",
        };
        connection.batch_execute(guards).unwrap();
        connection
    }
}

fn url(app: &TestApp) -> String {
    match app.app.db.location() {
        Location::Sqlite(path) => format!("sqlite://{}", path.display()),
        Location::Postgres(url) => url.clone(),
    }
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[track_caller]
fn accepted(output: &Output, words: &[&str]) {
    let told = told(output);
    assert!(output.status.success(), "{told}");
    words.iter().for_each(|word| assert!(told.contains(word), "'{word}' is not in {told}"));
}

#[track_caller]
fn refused(output: &Output, words: &[&str]) {
    let told = told(output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    words.iter().for_each(|word| assert!(told.contains(word), "'{word}' is not in {told}"));
}

/// A case of four events that was anchored, and two whole ones beside it.
async fn anchored(app: &TestApp) -> Case {
    let case = app.classified().await;
    app.refer("classifier.centre", &case, &[("MOEN-10", "lead")]).await;
    app.as_user("classifier.centre")
        .await
        .post(&case.path("notes"), json!({ "text": "؟" }))
        .await
        .expect(201);
    app.filed().await;
    app.filed().await;
    app.pass_midnight().await;
    case
}
