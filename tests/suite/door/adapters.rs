//! One scenario told through every adapter: the case records differ only in channel, times and ids.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::support::{Case, Reply, TestApp};

/// A citizen whom every channel knows by the same number.
pub const MOBILE: &str = "09990000011";
/// The same citizen's address, which is all that a mail tells.
const ADDRESS: &str = "maryam@example.ir";
const FIRST: &str = "سه روز است که آب محله قطع است.";
const SECOND: &str = "امروز هم قطع بود.";
const FILE: &[u8] = b"words about the dry tap";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Adapter {
    Sms,
    Fax,
    Letter,
    Visit,
    Call,
    Web,
    Desk,
    Email,
}

pub(super) use Adapter::{Call, Desk, Email, Fax, Letter, Sms, Visit, Web};

const ALL: [Adapter; 8] = [Sms, Fax, Letter, Visit, Call, Web, Desk, Email];

pub fn scan(name: &str, bytes: &[u8]) -> Value {
    json!({ "name": name, "content": BASE64_STANDARD.encode(bytes) })
}

/// The same words and files as a mail.
fn mail(id: &str, text: &str, scans: &[Value]) -> String {
    let mut mail = format!(
        "From: {ADDRESS}\r\nMessage-ID: <{id}@example.ir>\r\nContent-Type: multipart/mixed; boundary=edge\r\n\r\n\
         --edge\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    );
    for scan in scans {
        let (name, content) = (scan["name"].as_str().unwrap(), scan["content"].as_str().unwrap());
        mail += &format!(
            "--edge\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename={name}\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{content}\r\n"
        );
    }
    mail + "--edge--\r\n"
}

impl Adapter {
    pub(super) fn channel(self) -> &'static str {
        match self {
            Sms => "sms",
            Fax => "fax",
            Letter => "letter",
            Visit => "visit",
            Call => "phone",
            Web => "web",
            Desk => "phone",
            Email => "email",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Sms => "/channels/sms/demo/inbound",
            Fax => "/channels/fax/inbound",
            Letter => "/channels/letters",
            Visit => "/channels/visits",
            Call => "/channels/phone/calls",
            Web => "/public/cases",
            Desk => "/cases",
            Email => "/channels/email/inbound",
        }
    }

    /// The channel's form of some words.
    fn form(self, id: &str, text: &str, scans: Value) -> Value {
        match self {
            Sms => json!({ "from": MOBILE, "to": "3000111", "text": text, "id": id }),
            Fax => json!({ "external_id": id, "from": MOBILE, "text": text, "scans": scans }),
            Letter => json!({ "registry_number": id, "mobile": MOBILE, "text": text, "scans": scans }),
            Visit => {
                json!({ "external_id": id, "mobile": MOBILE, "text": text, "scans": scans, "ticket": "A12" })
            }
            Call => {
                json!({ "call_id": id, "from": MOBILE, "text": text, "recordings": scans, "queue": "111" })
            }
            Web => json!({ "kind": "request", "text": text, "citizen": { "mobile": MOBILE } }),
            Desk => json!({ "kind": "request", "channel": "phone", "text": text, "external_id": id,
                "citizen": { "mobile": MOBILE } }),
            Email => json!(mail(id, text, scans.as_array().unwrap())),
        }
    }

    /// The gateway hands a form over; a mail goes as it is.
    async fn push(self, app: &TestApp, form: &Value) -> Reply {
        match (self, form.as_str()) {
            (Email, Some(mail)) => {
                let method = reqwest::Method::POST;
                app.gateway().raw(method, self.path(), "message/rfc822", mail.as_bytes().to_vec()).await
            }
            _ => app.gateway().post(self.path(), form.clone()).await,
        }
    }

    /// A new matter, told twice; gives the case.
    pub(super) async fn files(self, app: &TestApp) -> Case {
        let scans = if self == Sms { json!([]) } else { json!([scan("tap.txt", FILE)]) };
        let form = self.form("one", FIRST, scans);
        let (first, again) = match self {
            Web => {
                let client = app.nobody().with("Idempotency-Key", "one");
                let first = client.post(self.path(), form.clone()).await.expect(201);
                let again = client.post(self.path(), form).await.expect(201);
                assert_eq!(first, again);
                (first.clone(), first)
            }
            Desk => {
                let agent = app.as_user("agent.centre").await;
                let first = agent.post(self.path(), form.clone()).await.expect(201);
                (first, agent.post(self.path(), form).await.expect(200))
            }
            _ => {
                let first = self.push(app, &form).await.expect(201);
                let again = self.push(app, &form).await.expect(200);
                assert_eq!((&again["repeated"], &again["item"]), (&json!(true), &first["item"]), "{self:?}");
                (first, again)
            }
        };
        assert_eq!(again["tracking_code"], first["tracking_code"], "{self:?}");
        let code = first["tracking_code"].as_str().unwrap().to_owned();
        let found = app.as_user("inspector.centre").await.get(&format!("/cases?q={code}")).await.expect(200);
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "{self:?}");
        let id = found["items"][0]["id"].as_str().unwrap().to_owned();
        Case { id, tracking_code: code, access_code: first["access_code"].as_str().unwrap().to_owned() }
    }

    /// The file, where the first form could not carry it; then further words with the code, told twice.
    async fn adds(self, app: &TestApp, case: &Case) {
        match self {
            Web => {
                let wish = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
                let told = app.nobody().post("/public/lookups", wish).await.expect(200);
                let citizen = app.bearer(told["token"].as_str().unwrap());
                let path = format!("/public/cases/{}", case.tracking_code);
                citizen.upload(&format!("{path}/attachments"), "tap.txt", FILE).await.expect(201);
                let citizen = citizen.with("Idempotency-Key", "two");
                for _ in 0..2 {
                    citizen.post(&format!("{path}/messages"), json!({ "text": SECOND })).await.expect(201);
                }
            }
            Desk => {
                let agent = app.as_user("agent.centre").await;
                agent.upload(&case.path("attachments"), "tap.txt", FILE).await.expect(201);
                let agent = agent.with("Idempotency-Key", "two");
                for _ in 0..2 {
                    let body = json!({ "text": SECOND, "channel": "phone" });
                    agent.post(&case.path("messages"), body).await.expect(201);
                }
            }
            _ => {
                let words =
                    format!("{SECOND} کد: {}", samad::domain::text::persian_digits(&case.tracking_code));
                let form = self.form("two", &words, json!([]));
                let told = self.push(app, &form).await.expect(200);
                assert_eq!((&told["state"], &told["case_id"]), (&json!("joined"), &Value::Null), "{self:?}");
                let again = self.push(app, &form).await.expect(200);
                assert_eq!((&again["repeated"], &again["item"]), (&json!(true), &told["item"]), "{self:?}");
            }
        }
    }
}

fn column(rows: &[Value], fields: &[&str]) -> Vec<Vec<Value>> {
    rows.iter().map(|row| fields.iter().map(|field| row[*field].clone()).collect()).collect()
}

/// What is the same whatever the channel.
async fn record(app: &TestApp, case: &Case) -> Value {
    let row = app.case(case).await;
    let fields = [
        "status",
        "kind",
        "category",
        "priority",
        "subject",
        "text",
        "sealed",
        "anonymous",
        "province",
        "county",
        "intake_office",
        "citizen",
        "about_office",
        "language",
        "version",
    ];
    let mut record: serde_json::Map<String, Value> =
        fields.iter().map(|field| ((*field).to_owned(), row[*field].clone())).collect();
    if let Some(citizen) = record["citizen"].as_object_mut() {
        citizen.remove("id");
    }
    let messages = app.list(case, "messages").await;
    record.insert("messages".into(), json!(column(&messages, &["direction", "template", "state"])));
    let said = app.list(case, "communications").await;
    record.insert("said".into(), json!(column(&said, &["direction", "what", "template", "state"])));
    let files = app.list(case, "attachments").await;
    record.insert("files".into(), json!(column(&files, &["name", "media_type", "size", "sha256"])));
    record.insert("events".into(), json!(app.events(case).await));
    Value::Object(record)
}

#[actix_web::test]
async fn one_scenario_through_every_adapter_leaves_the_same_case() {
    let mut first: Option<Value> = None;
    for adapter in ALL {
        let app = TestApp::start().await;
        let case = adapter.files(&app).await;
        adapter.adds(&app, &case).await;
        assert_eq!(app.case(&case).await["channel"], adapter.channel());
        let mut record = record(&app, &case).await;
        for message in record["messages"].as_array_mut().unwrap() {
            // the channel's own words stand beside it, with or without the code
            assert!(["in", "out"].contains(&message[0].as_str().unwrap()));
        }
        if adapter == Email {
            let citizen = record["citizen"].as_object_mut().unwrap();
            assert_eq!((&citizen["email"], &citizen["mobile"]), (&json!(ADDRESS), &Value::Null));
            citizen["email"] = Value::Null;
            citizen["mobile"] = json!("+989990000011");
        }
        if adapter == Sms {
            // the one channel that carries no file
            assert_eq!(record["files"], json!([]));
            let events = record["events"].as_array_mut().unwrap();
            events.insert(1, "file_attached".into());
            record["files"] =
                json!([["tap.txt", "text/plain", FILE.len(), samad::domain::cases::sha256_hex(FILE)]]);
            record["version"] = json!(record["version"].as_i64().unwrap() + 1);
        }
        assert_eq!(
            record["events"],
            json!(["case_registered", "file_attached", "message_received"]),
            "{adapter:?}"
        );
        match &first {
            None => first = Some(record),
            Some(first) => assert_eq!(&record, first, "{adapter:?}"),
        }
    }
}

#[actix_web::test]
async fn the_communications_of_a_case_tell_what_was_said_when_where_and_whether_it_arrived() {
    let app = TestApp::start().await;
    let case = Sms.files(&app).await;
    app.drain().await;
    app.pass_hours(1);
    Sms.adds(&app, &case).await;
    let said = app.list(&case, "communications").await;
    let told = column(&said, &["direction", "what", "channel", "gateway", "address", "state"]);
    assert_eq!(
        json!(told),
        json!([
            ["in", "filing", "sms", "demo", null, "received"],
            ["out", "notice", "sms", null, "***0011", "sent"],
            ["in", "message", "sms", "demo", null, "received"],
        ])
    );
    assert!(said.iter().filter(|line| line["direction"] == "in").all(|line| line["item_id"].is_string()));
}
