//! Nothing acknowledged is lost: the process is killed in the middle of a load, ten times over.
//!
//! On SQLite always, on PostgreSQL where SAMAD_TEST_DATABASE_URL names a server.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel::prelude::*;
use samad::db::schema::{cases, messages};
use samad::db::types::CaseId;
use samad::db::{DbConnection, Location};
use samad::domain::history::audit;
use serde_json::{Value, json};

const KILLS: usize = 10;
const CLIENTS: usize = 8;

/// A service in a process of its own.
struct Service {
    child: Child,
    base: String,
}

impl Service {
    fn start(folder: &Path, port: u16, database: &str) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_samad"))
            .args(["serve", "--demo"])
            .current_dir(folder)
            .env("SAMAD__DATA__DIR", folder)
            .env("SAMAD__SERVER__LISTEN", format!("127.0.0.1:{port}"))
            .env("SAMAD__DATABASE__URL", database)
            .env("SAMAD__LOG__FILTER", "error")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, base: format!("http://127.0.0.1:{port}") }
    }

    async fn ready(&mut self, client: &reqwest::Client) {
        for _ in 0..600 {
            assert!(self.child.try_wait().unwrap().is_none(), "the service ended by itself");
            let reply = client.get(format!("{}/readyz", self.base)).send().await;
            if reply.is_ok_and(|reply| reply.status().is_success()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the service did not become ready");
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// What clients were promised.
#[derive(Default)]
struct Promises {
    /// Tracking code by external id; none while no reply came.
    cases: BTreeMap<String, Option<String>>,
    /// Ids of inbound messages that were acknowledged.
    words: BTreeSet<String>,
}

async fn post(client: &reqwest::Client, url: &str, body: &Value) -> Option<Value> {
    let reply = client.post(url).bearer_auth("demo-gateway-key").json(body).send().await.ok()?;
    let status = reply.status();
    let body = reply.json().await.ok()?;
    assert!(status.is_success() || status == 503, "{status} {body}");
    status.is_success().then_some(body)
}

fn filing(external_id: &str, number: usize) -> Value {
    json!({
        "kind": "request", "channel": "api", "external_id": external_id,
        "text": format!("درخواست شماره {number}: چراغ کوچه ما خاموش است."),
        "citizen": {"mobile": format!("0912{number:07}")},
    })
}

async fn register(
    client: &reqwest::Client,
    base: &str,
    external_id: &str,
    number: usize,
    promises: &Mutex<Promises>,
) {
    promises.lock().unwrap().cases.entry(external_id.to_owned()).or_default();
    let Some(case) = post(client, &format!("{base}/api/v1/cases"), &filing(external_id, number)).await else {
        return;
    };
    let code = case["tracking_code"].as_str().unwrap().to_owned();
    let known = promises.lock().unwrap().cases.insert(external_id.to_owned(), Some(code.clone())).flatten();
    assert!(known.is_none_or(|known| known == code), "one external id, two cases");
    let url = format!("{base}/api/v1/cases/{}/messages", case["id"].as_str().unwrap());
    if let Some(reply) = post(client, &url, &json!({"text": "پیگیری می‌کنم", "channel": "api"})).await
    {
        promises.lock().unwrap().words.insert(reply["message_id"].as_str().unwrap().to_owned());
    }
}

/// Files until the service dies.
async fn load(
    client: reqwest::Client,
    base: String,
    round: usize,
    worker: usize,
    promises: Arc<Mutex<Promises>>,
) {
    for turn in 0.. {
        let number = round * 100_000 + worker * 10_000 + turn;
        register(&client, &base, &format!("crash-{number}"), number, &promises).await;
        if client.get(format!("{base}/healthz")).send().await.is_err() {
            return;
        }
    }
}

async fn survives(database: &str, location: &Location, folder: &Path) {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let promises = Arc::new(Mutex::new(Promises::default()));
    for round in 0..KILLS {
        let mut service = Service::start(folder, port, database);
        service.ready(&client).await;
        let workers: Vec<_> = (0..CLIENTS)
            .map(|worker| {
                tokio::spawn(load(client.clone(), service.base.clone(), round, worker, promises.clone()))
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(300 + 70 * round as u64)).await;
        service.kill();
        for worker in workers {
            worker.await.unwrap();
        }
    }
    let mut service = Service::start(folder, port, database);
    service.ready(&client).await;
    let unsure: Vec<String> = {
        let promises = promises.lock().unwrap();
        promises.cases.iter().filter(|(_, code)| code.is_none()).map(|(id, _)| id.clone()).collect()
    };
    for id in unsure {
        let number = id.trim_start_matches("crash-").parse().unwrap();
        register(&client, &service.base, &id, number, &promises).await;
    }
    service.kill();
    let promises = promises.lock().unwrap();
    assert!(promises.cases.len() > 100, "too little load to mean anything: {}", promises.cases.len());
    check(&mut location.open().unwrap(), &promises);
}

fn check(connection: &mut DbConnection, promises: &Promises) {
    let rows: Vec<(Option<String>, String)> = cases::table
        .filter(cases::external_id.like("crash-%"))
        .select((cases::external_id, cases::tracking_code))
        .load(connection)
        .unwrap();
    let kept: BTreeMap<String, String> =
        rows.iter().map(|(id, code)| (id.clone().unwrap(), code.clone())).collect();
    assert_eq!(kept.len(), rows.len(), "a case is there twice");
    for (id, code) in &promises.cases {
        assert_eq!(kept.get(id), code.as_ref(), "the case {id} was acknowledged");
    }
    let words: BTreeSet<String> = messages::table
        .filter(messages::direction.eq("in"))
        .select(messages::id)
        .load::<samad::db::types::MessageId>(connection)
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(promises.words.is_subset(&words), "an acknowledged message is gone");
    check_notices(connection);
    check_chains(connection);
}

/// One acknowledgement for each case, none twice.
fn check_notices(connection: &mut DbConnection) {
    let notices: Vec<CaseId> = messages::table
        .inner_join(cases::table)
        .filter(cases::external_id.like("crash-%").and(messages::template.eq("case_registered")))
        .select(cases::id)
        .load(connection)
        .unwrap();
    let distinct: BTreeSet<_> = notices.iter().collect();
    let filed: i64 =
        cases::table.filter(cases::external_id.like("crash-%")).count().get_result(connection).unwrap();
    assert_eq!(distinct.len(), notices.len(), "a notice is there twice");
    assert_eq!(i64::try_from(distinct.len()).unwrap(), filed, "a notice is missing");
}

/// The chain of every case is whole and ends where its case says.
fn check_chains(connection: &mut DbConnection) {
    let report = audit::run(connection, &audit::Known::default(), &mut |_| {}).unwrap();
    assert_eq!(report.findings, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_ten_times_under_load_the_service_keeps_what_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    match std::env::var("SAMAD_TEST_DATABASE_URL") {
        Ok(server) => {
            let name = format!("crash_{:016x}", rand::random::<u64>());
            let mut connection = Location::Postgres(server.clone()).open().unwrap();
            diesel::sql_query(format!("CREATE DATABASE {name}")).execute(&mut connection).unwrap();
            let url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
            survives(&url, &Location::Postgres(url.clone()), folder.path()).await;
            diesel::sql_query(format!("DROP DATABASE {name} WITH (FORCE)")).execute(&mut connection).unwrap();
        }
        Err(_) => {
            let file = folder.path().join("samad.db");
            survives(&format!("sqlite://{}", file.display()), &Location::Sqlite(file), folder.path()).await;
        }
    }
}
