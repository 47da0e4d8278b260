//! Keys change while the service serves, however often the change is interrupted; and a wrong keys file stops the
//! start.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use samad::db::Location;
use samad::domain::vault::rotation::{self, Cursor, Stage};
use samad::domain::vault::{self, KeysFile, keys_file};
use serde_json::{Value, json};

use crate::support::{KEYS_FILE, TestApp, filing};
use crate::vault::{assert_opens, assert_shifted_people_are_found, assert_shows_nobody, found, lived};

async fn file(app: &TestApp, national_id: &str, number: usize) -> Value {
    let citizen = json!({ "national_id": national_id, "name": format!("نام {number}"), "mobile": format!("0912{number:07}") });
    app.gateway().post("/cases", filing(json!({ "channel": "api", "citizen": citizen }))).await.expect(201)
}

/// Registers the same people by two processes at once; gives how many records they have.
async fn race(one: &TestApp, two: &TestApp, ids: &[&str]) -> Vec<usize> {
    for id in ids {
        let all = (0..8).map(|number| file(if number % 2 == 0 { one } else { two }, id, number));
        futures_util::future::join_all(all).await;
    }
    let mut counts = Vec::new();
    for id in ids {
        counts.push(found(one, &format!("national_id={id}")).await.len());
    }
    counts
}

#[actix_web::test]
async fn a_national_id_has_one_record_whichever_process_is_asked_and_while_keys_change() {
    let one = TestApp::start().await;
    let two = one.another().await;
    assert_eq!(race(&one, &two, &["0013542419", "0076229645"]).await, [1, 1]);
    one.announce().await;
    assert_eq!(race(&one, &two, &["2360001116", "4999001233"]).await, [1, 1]);
    one.write(rotation::activate).await;
    assert_eq!(
        race(&one, &two, &["0481234561", "1276543212", "0013542419", "2360001116"]).await,
        [1, 1, 1, 1]
    );
    assert_eq!(one.walk(usize::MAX).await, 0);
    assert_eq!(race(&one, &two, &["9991000070", "0013542419", "2360001116"]).await, [1, 1, 1]);
}

#[actix_web::test]
async fn a_rotation_that_was_interrupted_is_finished_while_the_service_serves() {
    let app = TestApp::start().await;
    let other = app.another().await;
    let cases = lived(&app).await;
    for number in 0..120 {
        let citizen =
            json!({ "mobile": format!("0913{number:07}"), "email": format!("p{number}@example.ir") });
        app.gateway()
            .post("/cases", filing(json!({ "channel": "api", "citizen": citizen })))
            .await
            .expect(201);
    }
    app.announce().await;
    app.write(rotation::activate).await;
    let Stage::Moving(old) = app.look(rotation::stage) else { panic!("no rotation is under way") };
    let old_wrapped: Vec<String> = app
        .look(vault::data_keys)
        .into_iter()
        .filter(|key| old.contains(&key.id))
        .filter_map(|key| key.wrapped)
        .collect();
    assert!(old_wrapped.len() == 2 && app.stolen().place_of(&old_wrapped[0]).is_some());
    assert!(app.walk(2).await > 0, "stopped after two steps");

    // in the middle: both processes write, find and open
    for app in [&app, &other] {
        assert_shifted_people_are_found(app).await;
        assert_opens(app, &cases[3], json!({ "national_id": "2360001116" })).await;
        app.register(json!({ "citizen": { "mobile": "09990000011" } })).await;
    }
    app.drain().await;
    assert!(app.walk(1).await > 0, "and stopped again");

    let health = app.as_user("admin").await.get("/health").await.expect(200);
    assert!(health["problems"].as_array().unwrap().iter().any(|problem| problem["code"] == "keys_rotating"));
    let status = app.command(&["keys", "status"]).run();
    assert!(told(&status).contains("rows are left"), "{}", told(&status));
    let done = app.command(&["keys", "rotate"]).run();
    assert!(done.status.success() && told(&done).contains("goes on"), "{}", told(&done));
    let old: Vec<String> = old.iter().map(ToString::to_string).collect();
    assert!(told(&done).contains(&format!("({}) are destroyed", old.join(", "))), "{}", told(&done));
    assert_eq!(app.look(rotation::stage), Stage::Idle);

    let rows = app.rows();
    assert!(!rows.iter().any(|(_, row)| row.contains("v1.1.")), "a value is left under the old key");
    for app in [&app, &other] {
        assert_shifted_people_are_found(app).await;
        assert_opens(app, &cases[3], json!({ "mobile": "09355512398" })).await;
        assert_eq!(app.case(&cases[0]).await["citizen"]["name"], "شاپور ذوالفقارپیشه");
    }
    let stolen = app.stolen();
    assert_shows_nobody(&stolen);
    let kept: Vec<String> = old_wrapped.iter().filter_map(|wrapped| stolen.place_of(wrapped)).collect();
    assert!(kept.is_empty(), "a destroyed key is still in the file: {kept:?}");
    app.drain().await;
}

/// A command of the program, on the database of a test.
pub struct Samad(Command);

impl Samad {
    /// With one more setting.
    pub fn set(&mut self, name: &str, value: &str) {
        self.0.env(name, value);
    }

    pub fn run(mut self) -> Output {
        self.0.output().expect("the program starts")
    }

    /// Ends it after a while, wherever it is.
    fn kill_after(mut self, wait: Duration) {
        let mut child =
            self.0.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
        std::thread::sleep(wait);
        let _ = child.kill();
        let _ = child.wait();
    }
}

pub fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

impl TestApp {
    fn keys_file(&self) -> PathBuf {
        self.app.config.data.dir.join("keys.hex")
    }

    pub fn command(&self, arguments: &[&str]) -> Samad {
        let path = self.keys_file();
        if !path.exists() {
            std::fs::write(&path, KEYS_FILE).expect("the keys file is written");
        }
        self.bare_command(arguments)
    }

    fn bare_command(&self, arguments: &[&str]) -> Samad {
        let url = match self.app.db.location() {
            Location::Sqlite(path) => format!("sqlite://{}", path.display()),
            Location::Postgres(url) => url.clone(),
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_samad"));
        command
            .args(arguments)
            .env("SAMAD__DATA__DIR", &self.app.config.data.dir)
            .env("SAMAD__DATABASE__URL", url)
            .env("SAMAD__SERVER__LISTEN", "127.0.0.1:0")
            .env("SAMAD__LOG__FILTER", "error");
        Samad(command)
    }

    pub async fn write(&self, write: fn(&mut samad::db::DbConnection) -> samad::error::Result<()>) {
        self.app.db.write(write).await.expect("it is written");
    }

    pub async fn announce(&self) {
        let masters = KeysFile::parse(KEYS_FILE).unwrap().masters;
        let now = self.now();
        let announce = move |connection: &mut _| rotation::announce(connection, &masters, now);
        self.app.db.write(announce).await.expect("it is announced");
    }

    /// Takes at most so many steps of a walk; gives how many rows are left.
    pub async fn walk(&self, steps: usize) -> i64 {
        let mut at = Some(Cursor::default());
        for _ in 0..steps {
            let Some(cursor) = at else { break };
            let vault = self.app.vault.clone();
            let step = self.app.db.write(move |connection| rotation::step(connection, &vault, &cursor));
            at = step.await.expect("a step").next;
        }
        let left = self.look(|connection| rotation::left(connection, &self.app.vault));
        left.iter().map(|(_, rows)| rows).sum()
    }
}

#[actix_web::test]
async fn a_rotation_waits_for_transactions_that_may_not_know_of_it() {
    let app = TestApp::start().await;
    if app.app.db.is_sqlite() {
        println!("skipped: writers of SQLite come one after the other");
        return;
    }
    app.register(json!({})).await;
    let mut older = app.app.db.location().open().unwrap();
    older.batch_execute("BEGIN; SELECT 1").unwrap();
    let mut rotating = app.command(&["keys", "rotate"]).0.stdout(Stdio::piped()).spawn().unwrap();
    while app.look(rotation::stage) != Stage::Announced {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(app.look(rotation::stage), Stage::Announced);
    older.batch_execute("COMMIT").unwrap();
    assert!(rotating.wait().unwrap().success());
    assert_eq!(app.look(rotation::stage), Stage::Idle);
}

#[actix_web::test]
async fn a_rotation_that_is_killed_again_and_again_loses_nothing() {
    let app = TestApp::start().await;
    let cases = lived(&app).await;
    for number in 0..250 {
        let citizen = json!({ "mobile": format!("0913{number:07}"), "name": format!("نام {number}") });
        app.gateway()
            .post("/cases", filing(json!({ "channel": "api", "citizen": citizen })))
            .await
            .expect(201);
    }
    for round in 0..8 {
        app.command(&["keys", "rotate"]).kill_after(Duration::from_millis(25 + 20 * round));
        assert_shifted_people_are_found(&app).await;
    }
    for _ in 0..2 {
        let done = app.command(&["keys", "rotate"]).run();
        assert!(done.status.success(), "{}", told(&done));
    }
    assert_shifted_people_are_found(&app).await;
    assert_eq!(app.case(&cases[0]).await["representative"]["national_id"], "N:0481234561");
    assert_eq!(app.walk(usize::MAX).await, 0);
}

#[actix_web::test]
async fn the_master_key_changes_and_a_change_that_was_interrupted_goes_on() {
    let app = TestApp::start().await;
    lived(&app).await;
    let path = app.keys_file();
    let rotated = || {
        let done = app.command(&["keys", "rotate", "--master"]).run();
        assert!(done.status.success(), "{}", told(&done));
        let file = KeysFile::read(&path).unwrap();
        assert_eq!(file.written, [file.masters.current()], "{}", told(&done));
        file
    };
    let first = rotated();
    // stopped after the file was written; and after the data keys were wrapped anew
    keys_file::add_master(&path).unwrap();
    let second = rotated();
    keys_file::add_master(&path).unwrap();
    let newest = KeysFile::read(&path).unwrap().masters;
    app.app.db.write(move |connection| rotation::rewrap(connection, &newest)).await.unwrap();
    rotated();
    for round in 0..6 {
        app.command(&["keys", "rotate", "--master"]).kill_after(Duration::from_millis(20 + 10 * round));
    }
    let fourth = rotated();
    let names = [first, second, fourth].map(|file| file.masters.current().to_owned());
    assert!(names[0] != names[1] && names[1] != names[2]);
    let status = app.command(&["keys", "status"]).run();
    assert!(told(&status).contains(&names[2]) && !told(&status).contains(&names[1]), "{}", told(&status));
    // the service that runs has the data keys; one that starts needs the new file
    assert_shifted_people_are_found(&app).await;
    let made = app.command(&["user", "add", "somebody", "--name", "x", "--role", "agent@CENTRE"]);
    let made = {
        let mut made = made;
        made.0.env("SAMAD_PASSWORD", "a long password");
        made.run()
    };
    assert!(made.status.success(), "{}", told(&made));
    std::fs::write(&path, KEYS_FILE).unwrap();
    refused_for_its_keys(&app, "is not the key that this database was sealed with");
}

/// A start says in one line that the keys are not right, and changes nothing.
fn refused_for_its_keys(app: &TestApp, why: &str) {
    let before = app.rows();
    for arguments in [&["serve"][..], &["seed"], &["keys", "rotate"], &["keys", "status"]] {
        let refused = app.bare_command(arguments).run();
        let told = told(&refused);
        assert!(!refused.status.success() && told.contains(why), "{arguments:?}: {told}");
        assert!(told.contains("SAMAD__KEYS__FILE") && told.trim().lines().count() == 1, "{told}");
    }
    assert_eq!(app.rows(), before);
}

#[actix_web::test]
async fn a_wrong_or_missing_keys_file_stops_the_start_and_nothing_is_written() {
    let app = TestApp::start().await;
    app.register(json!({})).await;
    refused_for_its_keys(&app, "is missing");
    assert!(!app.keys_file().exists(), "no new key is made beside sealed values");
    std::fs::write(app.keys_file(), "08".repeat(32)).unwrap();
    refused_for_its_keys(&app, "is not the key that this database was sealed with");
    std::fs::write(app.keys_file(), "not a key").unwrap();
    refused_for_its_keys(&app, "64 hexadecimal digits");
    std::fs::remove_file(app.keys_file()).unwrap();
    let right = app.command(&["keys", "status"]).run();
    assert!(right.status.success() && told(&right).contains("No rotation"), "{}", told(&right));
}
