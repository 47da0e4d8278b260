//! Notices for real: a mail server and an SMS gateway that are away for the whole life of two cases and then
//! come back. Every notice arrives, none twice.
//!
//! Needs root and Debian's packages (see `support/peers.sh`); elsewhere it says so and does nothing.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

/// Settings that a peer told at its start; it ends with the value.
struct Peer<'a> {
    dir: &'a Path,
    name: &'static str,
    told: HashMap<String, String>,
}

fn script(command: &str, dir: &Path, name: &str) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/support/peers.sh");
    let output = Command::new(path).arg(command).arg(dir).arg(name).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

impl<'a> Peer<'a> {
    fn start(dir: &'a Path, name: &'static str) -> Self {
        let lines = script("start", dir, name);
        let told = lines
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(k, v)| (k.into(), v.into()))
            .collect();
        Self { dir, name, told }
    }
}

impl Drop for Peer<'_> {
    fn drop(&mut self) {
        script("stop", self.dir, self.name);
    }
}

/// The service in a process of its own, with the first administrator's password.
struct Service {
    child: Child,
    client: reqwest::Client,
    api: String,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Service {
    async fn start(folder: &Path, mail: &Peer<'_>, sms: &Peer<'_>, database: &str) -> (Self, String) {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let base = format!("http://127.0.0.1:{port}");
        let log = folder.join("out.log");
        let child = Command::new(env!("CARGO_BIN_EXE_samad"))
            .arg("serve")
            .current_dir(folder)
            .env("SAMAD__DATA__DIR", folder)
            .env("SAMAD__DATABASE__URL", database)
            // the first administrator makes the staff of this story alone
            .env("SAMAD__CONFIGURATION__FOUR_EYES", "false")
            .env("SAMAD__SERVER__LISTEN", format!("127.0.0.1:{port}"))
            .env("SAMAD__SERVER__PUBLIC_URL", &base)
            .env("SAMAD__SMTP__URL", &mail.told["SMTP_URL"])
            .env("SAMAD__SMS__PROVIDER", "kannel")
            .env("SAMAD__SMS__URL", &sms.told["SMS_URL"])
            .env("SAMAD__SMS__KEY", &sms.told["SMS_KEY"])
            .env("SAMAD__OUTBOX__BACKOFF_SECONDS", "1")
            .env("SAMAD__OUTBOX__QUIET_HOURS", "")
            .env("SAMAD__OUTBOX__BACKOFF_LIMIT_SECONDS", "2")
            .env("SAMAD__LOG__FILTER", "error")
            .stdout(Stdio::from(std::fs::File::create(&log).unwrap()))
            .spawn()
            .unwrap();
        let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
        for _ in 0..300 {
            let reply = client.get(format!("{base}/readyz")).send().await;
            if reply.is_ok_and(|reply| reply.status().is_success()) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let out = std::fs::read_to_string(&log).unwrap();
        let password = out.split("password ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        (Self { child, client, api: format!("{base}/api/v1") }, password)
    }

    async fn call(&self, method: &str, path: &str, token: &str, body: Value) -> Value {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.client.request(method, format!("{}/{path}", self.api)).header("If-Match", "*");
        let reply = request.bearer_auth(token).json(&body).send().await.unwrap();
        let status = reply.status();
        let body: Value = reply.json().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {body}");
        body
    }

    async fn sign_in(&self, username: &str, password: &str) -> String {
        let body = json!({"username": username, "password": password});
        self.call("POST", "auth/tokens", "", body).await["access_token"].as_str().unwrap().to_owned()
    }
}

const PASSWORD: &str = "a long password";

/// One case from registration to closure, with a question in between; gives its tracking code.
async fn whole_life(service: &Service, staff: &HashMap<&str, String>, citizen: Value) -> String {
    let filing = json!({"kind": "request", "channel": "phone", "text": "لطفاً چراغ کوچه را درست کنید.",
        "subject": "موضوع محرمانه", "citizen": citizen});
    let case = service.call("POST", "cases", &staff["agent"], filing).await;
    let id = case["id"].as_str().unwrap();
    let class = json!({"kind": "request", "category": "power.street_light"});
    service.call("PUT", &format!("cases/{id}/classification"), &staff["classifier"], class).await;
    let to = json!({"to": [{"office": "MOEN", "role": "lead"}], "instruction": "بررسی شود"});
    let sent = service.call("POST", &format!("cases/{id}/referrals"), &staff["classifier"], to).await;
    let referral = sent["items"][0]["id"].as_str().unwrap().to_owned();
    service.call("POST", &format!("referrals/{referral}/acceptance"), &staff["handler"], json!({})).await;
    service
        .call("POST", &format!("cases/{id}/questions"), &staff["handler"], json!({"text": "کدام کوچه؟"}))
        .await;
    let reply = json!({"text": "کوچه شقایق", "channel": "phone"});
    service.call("POST", &format!("cases/{id}/messages"), &staff["agent"], reply).await;
    let text = json!({"text": "چراغ عوض شد.", "outcome": "granted"});
    let answer =
        service.call("POST", &format!("referrals/{referral}/answers"), &staff["handler"], text).await;
    let answer = answer["id"].as_str().unwrap();
    service.call("POST", &format!("answers/{answer}/approval"), &staff["approver"], json!({})).await;
    service
        .call("POST", &format!("cases/{id}/closure"), &staff["classifier"], json!({"outcome": "granted"}))
        .await;
    case["tracking_code"].as_str().unwrap().to_owned()
}

async fn engage(service: &Service, admin: &str) -> HashMap<&'static str, String> {
    let mut staff = HashMap::new();
    for (role, office) in
        [("agent", "CENTRE"), ("classifier", "CENTRE"), ("handler", "MOEN"), ("approver", "MOEN")]
    {
        let account = json!({"username": role, "name": role, "password": PASSWORD,
            "roles": [{"role": role, "office": office}]});
        service.call("POST", "users", admin, account).await;
        staff.insert(role, service.sign_in(role, PASSWORD).await);
    }
    let office = json!({"email": "secretariat@moen.example"});
    service.call("PATCH", "offices/MOEN", admin, office).await;
    staff
}

/// How often each line that is told about a case was received, once `expected` came; waits a minute.
async fn received(file: &str, marks: &[&str], code: &str) -> Vec<usize> {
    for _ in 0..120 {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if marks.iter().all(|mark| text.contains(mark)) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    // whatever would come twice has time to do so
    tokio::time::sleep(Duration::from_secs(3)).await;
    let text = std::fs::read_to_string(file).unwrap_or_default();
    assert!(text.contains(code), "nothing about {code} in {file}: {text}");
    marks.iter().map(|mark| text.matches(mark).count()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_that_were_away_for_a_whole_life_get_every_notice_once() {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if !is_root {
        println!("skipped: the real mail and SMS peers need root");
        return;
    }
    let folder = tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .tempdir()
        .unwrap();
    let (mail, sms) = (Peer::start(folder.path(), "mail"), Peer::start(folder.path(), "sms"));
    script("stop", folder.path(), "mail");
    script("stop", folder.path(), "sms");
    let database = format!("sqlite://{}/samad.db", folder.path().display());
    let (service, password) = Service::start(folder.path(), &mail, &sms, &database).await;
    let admin = service.sign_in("admin", &password).await;
    let staff = engage(&service, &admin).await;
    let by_sms = whole_life(&service, &staff, json!({"mobile": "09121234567", "name": "زهرا"})).await;
    let by_mail = json!({"email": "zahra@example.ir", "name": "زهرا", "preferred_channel": "email"});
    whole_life(&service, &staff, by_mail).await;
    assert!(
        !Path::new(&sms.told["SMS_FILE"]).exists()
            || std::fs::read_to_string(&sms.told["SMS_FILE"]).unwrap().is_empty()
    );

    script("start", folder.path(), "mail");
    script("start", folder.path(), "sms");
    let texts = ["ثبت شد", "مدارک یا توضیح", "ارجاع شد", "آماده است", "مختومه شد"];
    assert_eq!(received(&sms.told["SMS_FILE"], &texts, &by_sms).await, [1; 5]);
    let all = std::fs::read_to_string(&sms.told["SMS_FILE"]).unwrap();
    assert!(
        !all.contains("محرمانه") && !all.contains("زهرا"),
        "an SMS carries no subject and no name: {all}"
    );
    let mailbox = format!("{}/zahra@example.ir", mail.told["MAIL_DIR"]);
    let letters = received(&mailbox, &["Message-ID: <samad."], "Auto-Submitted").await;
    assert_eq!(letters, [5]);
    let office = format!("{}/secretariat@moen.example", mail.told["MAIL_DIR"]);
    assert_eq!(received(&office, &["Message-ID: <samad."], "Auto-Submitted").await, [2]);
}
