//! Backup and restore, by the commands themselves, while a service serves.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use samad::db::schema::{attachments, cases, outbox};
use samad::db::{DbConnection, Location};
use samad::domain::history::audit;
use serde_json::{Value, json};

const NAME: &str = "تاج‌الملوک گنجینه‌دار";
const MOBILE: &str = "09907654321";

/// A folder and a database that a command is pointed to.
struct Place {
    folder: PathBuf,
    database: String,
}

impl Place {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_samad"));
        command
            .args(arguments)
            .env("SAMAD__DATA__DIR", &self.folder)
            .env("SAMAD__DATABASE__URL", &self.database)
            .env("SAMAD__SERVER__LISTEN", "127.0.0.1:0")
            .env("SAMAD__LOG__FILTER", "error");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program starts")
    }

    fn open(&self) -> DbConnection {
        let location = match self.database.as_str() {
            "" => Location::Sqlite(self.folder.join("samad.db")),
            url => Location::parse(url).unwrap(),
        };
        location.open().unwrap()
    }
}

/// A service that is ended with the test.
struct Service {
    child: Child,
    url: String,
}

impl Service {
    fn start(place: &Place) -> Self {
        let mut child =
            place.command(&["serve", "--demo"]).stdout(Stdio::piped()).spawn().expect("the program starts");
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut lines = out.lines();
        let url = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("listens on ").map(|(_, url)| url.trim().to_owned()))
            .expect("it says where it listens");
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Registers cases and attaches a file to each until it is told to stop; gives how many it did.
fn keep_registering(
    url: String,
    stop: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let client = reqwest::Client::new();
            let sign_in = json!({ "username": "agent.centre", "password": "samad-demo" });
            let tokens: Value = client
                .post(format!("{url}/api/v1/auth/tokens"))
                .json(&sign_in)
                .send()
                .await
                .unwrap()
                .json()
                .await
                .unwrap();
            let token = tokens["access_token"].as_str().unwrap().to_owned();
            while !stop.load(Ordering::Relaxed) {
                let number = done.load(Ordering::Relaxed);
                let text = format!("روشنایی کوچه شماره {number} خاموش است");
                let citizen = json!({ "name": NAME, "mobile": MOBILE });
                let case = json!({ "kind": "request", "channel": "phone", "text": text, "citizen": citizen,
                    "override_reason": "بیش از سقف روز" });
                let reply = client
                    .post(format!("{url}/api/v1/cases"))
                    .bearer_auth(&token)
                    .json(&case)
                    .send()
                    .await
                    .unwrap();
                let case: Value = reply.json().await.unwrap();
                let form = format!(
                    "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{number}.txt\"\r\n\
                     Content-Type: text/plain\r\n\r\nfile {number}\r\n--edge--\r\n"
                );
                let reply = client
                    .post(format!("{url}/api/v1/cases/{}/attachments", case["id"].as_str().unwrap()))
                    .bearer_auth(&token)
                    .header("Content-Type", "multipart/form-data; boundary=edge")
                    .body(form)
                    .send()
                    .await
                    .unwrap();
                assert_eq!(reply.status(), 201);
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
    })
}

fn wait_for(done: &AtomicUsize, count: usize) {
    let start = Instant::now();
    while done.load(Ordering::Relaxed) < count {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "registering stopped at {}",
            done.load(Ordering::Relaxed)
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Every chain starts at one, has no gap, hashes right and ends where its case says; gives the number of cases.
fn assert_chains_are_whole(connection: &mut DbConnection) -> u64 {
    let report = audit::run(connection, &audit::Known::default(), &mut |_| {}).unwrap();
    assert_eq!(report.findings, []);
    report.cases
}

fn assert_files_are_there(connection: &mut DbConnection, folder: &Path) -> usize {
    let named: Vec<(String, i64)> =
        attachments::table.select((attachments::sha256, attachments::size)).load(connection).unwrap();
    for (sha256, size) in &named {
        let path = folder.join("attachments").join(&sha256[..2]).join(&sha256[2..4]).join(sha256);
        assert_eq!(std::fs::metadata(&path).map(|file| file.len() as i64).ok(), Some(*size), "{sha256}");
    }
    named.len()
}

fn assert_found_by_search(place: &Place, connection: &mut DbConnection) {
    #[derive(diesel::QueryableByName)]
    struct Found {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }
    let query = match place.database.as_str() {
        "" => "SELECT count(*) AS count FROM case_search WHERE case_search MATCH 'روشنایی'",
        _ => "SELECT count(*) AS count FROM case_search WHERE words @@ plainto_tsquery('simple', 'روشنایی')",
    };
    let found: Found = diesel::sql_query(query).get_result(connection).unwrap();
    let written: i64 =
        cases::table.filter(cases::text.like("روشنایی کوچه%")).count().get_result(connection).unwrap();
    assert!(written > 0);
    assert!(found.count >= written, "{} of {written} are found", found.count);
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A backup while cases come in, and its restore into another place.
fn a_backup_under_load_restores_whole(from: &Place, to: &Place, archive: &Path) {
    let archive = archive.to_str().unwrap();
    let service = Service::start(from);
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let writer = keep_registering(service.url.clone(), stop.clone(), done.clone());
    wait_for(&done, 20);
    let backup = from.run(&["backup", archive]);
    let after = done.load(Ordering::Relaxed);
    wait_for(&done, after + 3);
    stop.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    assert!(backup.status.success(), "{}", told(&backup));
    assert!(told(&backup).contains("root key is not in it"));

    let again = from.run(&["backup", archive]);
    assert!(!again.status.success(), "a backup must not overwrite");
    let occupied = from.run(&["restore", archive]);
    assert!(!occupied.status.success() && told(&occupied).contains("empty"), "{}", told(&occupied));

    let restore = to.run(&["restore", archive, "--park-outbox"]);
    assert!(restore.status.success(), "{}", told(&restore));
    let mut connection = to.open();
    let restored = assert_chains_are_whole(&mut connection);
    assert!(restored >= 20, "{restored} cases");
    assert!(assert_files_are_there(&mut connection, &to.folder) >= 19);
    assert_found_by_search(to, &mut connection);
    assert_eq!(outbox::table.count().get_result::<i64>(&mut connection).unwrap(), 0);
    drop(connection);

    // the archive holds no key, and what it holds of people is of no use without one
    let keys = std::fs::read_to_string(from.folder.join("keys.hex")).unwrap();
    let unpacked = Command::new("tar").args(["-xzOf", archive]).output().unwrap().stdout;
    let unpacked = String::from_utf8_lossy(&unpacked);
    assert!(unpacked.contains("روشنایی کوچه"), "the archive was read");
    for secret in [keys.trim(), NAME, &MOBILE[1..]] {
        assert!(!unpacked.contains(secret), "the archive holds {secret}");
    }
    let refused = to.run(&["serve"]);
    assert!(!refused.status.success() && told(&refused).contains("is missing"), "{}", told(&refused));
    std::fs::write(to.folder.join("keys.hex"), keys).unwrap();
    let second = Service::start(to);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert_eq!(runtime.block_on(name_of_mobile(&second.url)), NAME);
}

/// What an agent of a restored service reads of the citizen of the backup.
async fn name_of_mobile(url: &str) -> String {
    let client = reqwest::Client::new();
    let sign_in = json!({ "username": "agent.centre", "password": "samad-demo" });
    let tokens = client.post(format!("{url}/api/v1/auth/tokens")).json(&sign_in).send().await.unwrap();
    let tokens: Value = tokens.json().await.unwrap();
    let path = format!("{url}/api/v1/citizens?mobile={MOBILE}");
    let found = client.get(path).bearer_auth(tokens["access_token"].as_str().unwrap()).send().await.unwrap();
    let found: Value = found.json().await.unwrap();
    found["items"][0]["name"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_backup_of_sqlite_under_load_restores_whole() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| Place { folder: folder.path().join(name), database: String::new() };
    a_backup_under_load_restores_whole(&place("one"), &place("two"), &folder.path().join("backup.tar.gz"));
}

#[test]
fn a_backup_of_postgres_under_load_restores_whole_and_only_into_postgres() {
    let Ok(server) = std::env::var("SAMAD_TEST_DATABASE_URL") else {
        println!("skipped: SAMAD_TEST_DATABASE_URL names no PostgreSQL server");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let names = ["one", "two"].map(|name| format!("backup_{name}_{}", std::process::id()));
    let base = server.rsplit_once('/').unwrap().0.to_owned();
    let mut admin = diesel::PgConnection::establish(&server).unwrap();
    for name in &names {
        admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).unwrap();
        admin.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
    }
    let [one, two] = names
        .each_ref()
        .map(|name| Place { folder: folder.path().join(name), database: format!("{base}/{name}") });
    let archive = folder.path().join("backup.tar.gz");
    a_backup_under_load_restores_whole(&one, &two, &archive);

    let embedded = Place { folder: folder.path().join("embedded"), database: String::new() };
    let refused = embedded.run(&["restore", archive.to_str().unwrap()]);
    assert!(!refused.status.success() && told(&refused).contains("same kind"), "{}", told(&refused));
    for name in &names {
        admin.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).unwrap();
    }
}

#[test]
fn a_damaged_backup_touches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| Place { folder: folder.path().join(name), database: String::new() };
    let (from, to) = (place("one"), place("two"));
    assert!(from.run(&["migrate"]).status.success());
    let archive = folder.path().join("backup.tar.gz");
    assert!(from.run(&["backup", archive.to_str().unwrap()]).status.success());
    let whole = std::fs::read(&archive).unwrap();
    std::fs::write(&archive, &whole[..whole.len() / 2]).unwrap();
    let refused = to.run(&["restore", archive.to_str().unwrap()]);
    assert!(!refused.status.success());
    assert!(!to.folder.join("samad.db").exists());
    assert!(!to.folder.join("attachments").exists());
}
