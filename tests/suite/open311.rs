//! An Open311 GeoReport v2 server: what it takes, what it shows and to whom, in both forms; and what a public client library
//! makes of it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::slice::from_ref;

use reqwest::Method;
use samad::domain::demo;
use serde_json::{Value, json};

use crate::support::{Reply, TestApp};

const KEY: &str = demo::GATEWAY_KEY;

async fn get(app: &TestApp, path: &str) -> Reply {
    app.nobody().get(&format!("/open311/v2/{path}")).await
}

async fn post(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> Reply {
    let mut body = reqwest::Url::parse("http://x/").unwrap();
    body.query_pairs_mut().extend_pairs(fields);
    let body = body.query().unwrap_or_default().as_bytes().to_vec();
    let path = format!("/open311/v2/{path}");
    app.nobody().raw(Method::POST, &path, "application/x-www-form-urlencoded", body).await
}

const POINT: [(&str, &str); 2] = [("lat", "32.654321"), ("long", "51.667983")];

/// A request of Maryam for everybody's eyes, with `more` fields.
async fn filed(app: &TestApp, more: &[(&str, &str)]) -> Value {
    let mut fields = vec![
        ("api_key", KEY),
        ("service_code", "power.outage"),
        ("description", "برق محله ما قطع است. مریم کاظمی‌نیا ۰۹۹۹۰۰۰۰۰۱۱"),
        ("first_name", "مریم"),
        ("last_name", "کاظمی‌نیا"),
        ("phone", "09990000011"),
        ("attribute[county]", "1002"),
    ];
    fields.extend(POINT);
    fields.extend(more);
    post(app, "requests.json", &fields).await.expect(200)[0].clone()
}

fn id_of(receipt: &Value) -> String {
    receipt["service_request_id"].as_str().expect("a number").to_owned()
}

/// Status and the descriptions of errors.
fn errors(reply: &Reply) -> (u16, String) {
    let list = reply.json.as_array().expect("a list of errors");
    assert!(list.iter().all(|error| error["code"] == reply.status), "{}", reply.told());
    let words = list.iter().map(|error| error["description"].as_str().unwrap());
    (reply.status, words.collect::<Vec<_>>().join(" | "))
}

#[actix_web::test]
async fn discovery_names_the_server_in_both_forms() {
    let app = TestApp::start().await;
    let told = get(&app, "discovery.json").await;
    assert_eq!(told.header("content-type"), "application/json; charset=utf-8");
    let endpoint = &told.expect(200)["endpoints"][0];
    assert_eq!(endpoint["specification"], "http://wiki.open311.org/GeoReport_v2");
    assert_eq!(endpoint["formats"], json!(["text/xml", "application/json"]));
    assert!(endpoint["url"].as_str().unwrap().ends_with("/open311/v2"));
    let told = app.nobody().get("/open311/discovery.xml").await;
    assert_eq!((told.status, told.header("content-type")), (200, "text/xml; charset=utf-8"));
    let text = String::from_utf8(told.bytes).unwrap();
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<discovery><changeset>"), "{text}");
    assert!(text.contains("<formats><format>text/xml</format><format>application/json</format></formats>"));
}

#[actix_web::test]
async fn subjects_and_kinds_are_services_with_what_is_asked_for_each() {
    let app = TestApp::start().await;
    let services = get(&app, "services.json").await.expect(200);
    let find = |code: &str| {
        services.as_array().unwrap().iter().find(|row| row["service_code"] == code).unwrap().clone()
    };
    let outage = find("power.outage");
    assert_eq!((&outage["type"], &outage["metadata"]), (&json!("realtime"), &json!(true)));
    assert!(outage["keywords"].as_str().unwrap().contains(','));
    assert_eq!(find("conduct.bribery")["type"], "blackbox");
    assert_eq!(find("kind.complaint")["type"], "batch");
    let persian = app.nobody().reading("fa").get("/open311/v2/services.json").await.expect(200);
    assert_ne!(persian[0]["service_name"], services[0]["service_name"]);
    let definition = get(&app, "services/power.outage.json").await.expect(200);
    assert_eq!(definition["service_code"], "power.outage");
    let attributes = definition["attributes"].as_array().unwrap();
    let kind = attributes.iter().find(|one| one["code"] == "kind").unwrap();
    assert_eq!((&kind["datatype"], &kind["required"]), (&json!("singlevaluelist"), &json!(false)));
    assert!(kind["values"].as_array().unwrap().iter().any(|value| value["key"] == "complaint"));
    let orders: Vec<i64> = attributes.iter().map(|one| one["order"].as_i64().unwrap()).collect();
    assert_eq!(orders, (1..=attributes.len() as i64).collect::<Vec<_>>());
    let xml = get(&app, "services/power.outage.xml").await;
    let text = String::from_utf8(xml.bytes).unwrap();
    assert!(
        text.contains("<service_definition><service_code>power.outage</service_code><attributes><attribute>")
    );
    assert_eq!(errors(&get(&app, "services/nonsense.json").await).0, 404);
}

#[actix_web::test]
async fn a_request_becomes_a_case_and_its_key_follows_it_to_the_end() {
    let app = TestApp::start().await;
    let receipt =
        filed(&app, &[("attribute[national_id]", "9991000011"), ("attribute[kind]", "request")]).await;
    assert!(receipt.get("token").is_none());
    let id = id_of(&receipt);
    let case = app.as_user("inspector.centre").await.get(&format!("/cases/{id}")).await.expect(200);
    assert_eq!(
        (&case["channel"], &case["kind"], &case["category"]),
        (&json!("api"), &json!("request"), &json!("power.outage"))
    );
    assert_eq!(
        (&case["citizen"]["national_id"], &case["place"]["lat"]),
        (&json!("9991000011"), &json!(32.654321))
    );
    assert!(receipt["service_notice"].as_str().unwrap().contains(case["tracking_code"].as_str().unwrap()));
    let own = get(&app, &format!("requests/{id}.json?api_key={KEY}")).await.expect(200)[0].clone();
    assert_eq!(
        (&own["status"], &own["service_code"], &own["lat"]),
        (&json!("open"), &json!("power.outage"), &json!(32.654321))
    );
    assert_eq!(own["expected_datetime"], case["due_at"]);
    // a stranger sees what was not made public no more than what is not there
    assert_eq!(errors(&get(&app, &format!("requests/{id}.json")).await).0, 404);
    assert_eq!(errors(&get(&app, "requests/1.json").await).0, 404);
    app.as_user("agent.centre")
        .await
        .post(&format!("/cases/{id}/withdrawal"), json!({ "confirm": true }))
        .await
        .expect(200);
    let own = get(&app, &format!("requests/{id}.json?api_key={KEY}")).await.expect(200)[0].clone();
    assert_eq!(own["status"], "closed");
    let updates = get(&app, &format!("servicerequestupdates.json?service_request_id={id}&api_key={KEY}"))
        .await
        .expect(200);
    let states: Vec<&str> =
        updates.as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap()).collect();
    assert_eq!((states.first(), states.last()), (Some(&"OPEN"), Some(&"CLOSED")));
}

#[actix_web::test]
async fn everybody_sees_what_was_made_public_without_names_numbers_and_the_exact_place() {
    let app = TestApp::start().await;
    let open = id_of(&filed(&app, &[("attribute[public]", "yes")]).await);
    filed(&app, &[]).await;
    let list = get(&app, "requests.json").await.expect(200);
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(list[0]["service_request_id"], open.as_str());
    assert_eq!((&list[0]["lat"], &list[0]["long"]), (&json!(32.654), &json!(51.668)));
    let xml = String::from_utf8(get(&app, "requests.xml").await.bytes).unwrap();
    for hidden in ["کاظمی", "0999", "۰۹۹۹", "32.6543"] {
        assert!(!list.to_string().contains(hidden) && !xml.contains(hidden), "{hidden}");
    }
    assert!(xml.contains("برق محله ما قطع است"), "{xml}");
    assert!(xml.contains("<zipcode/>"));
    // the key sees both, whole
    let own = get(&app, &format!("requests.json?api_key={KEY}")).await.expect(200);
    assert_eq!(own.as_array().unwrap().len(), 2);
    assert!(own.to_string().contains("کاظمی"));
}

#[actix_web::test]
async fn sealed_cases_and_those_about_somebody_are_never_shown() {
    let app = TestApp::start().await;
    let public = [("attribute[public]", "yes")];
    let case = id_of(&filed(&app, &public).await);
    let about = json!({ "office": "MOEN-10", "reason": "گفته شهروند" });
    app.as_user("classifier.centre")
        .await
        .put(&format!("/cases/{case}/complained-of"), about)
        .await
        .expect(200);
    assert_eq!(errors(&get(&app, &format!("requests/{case}.json")).await).0, 404);
    get(&app, &format!("requests/{case}.json?api_key={KEY}")).await.expect(200);
    let later = id_of(&filed(&app, &public).await);
    let seal = json!({ "reason": "درخواست شهروند" });
    app.as_user("classifier.centre").await.post(&format!("/cases/{later}/sealing"), seal).await.expect(200);
    for key in ["", &format!("?api_key={KEY}")] {
        assert_eq!(errors(&get(&app, &format!("requests/{later}.json{key}")).await).0, 404, "{key}");
        let updates = get(&app, &format!("servicerequestupdates.json{key}")).await.expect(200);
        assert!(!updates.to_string().contains(&later));
    }
}

#[actix_web::test]
async fn who_knows_no_subject_gets_a_token_and_the_number_once_it_is_found() {
    let app = TestApp::start().await;
    let fields = [("api_key", KEY), ("service_code", "kind.report"), ("address_id", "1002")];
    let receipt = post(&app, "requests.json", &fields).await.expect(200)[0].clone();
    assert!(receipt.get("service_request_id").is_none());
    let token = receipt["token"].as_str().unwrap();
    let path = format!("tokens/{token}.json");
    assert_eq!(get(&app, &path).await.expect(200)[0]["service_request_id"], Value::Null);
    let list = app.as_user("classifier.centre").await.get("/cases").await.expect(200);
    let id = list["items"][0]["id"].as_str().unwrap();
    let class = json!({ "kind": "report", "category": "power.outage" });
    app.as_user("classifier.centre")
        .await
        .put(&format!("/cases/{id}/classification"), class)
        .await
        .expect(200);
    let known = get(&app, &path).await.expect(200);
    assert_eq!((&known[0]["service_request_id"], &known[0]["token"]), (&json!(id), &json!(token)));
    assert_eq!(
        get(&app, &format!("requests/{id}.json?api_key={KEY}")).await.expect(200)[0]["service_code"],
        "power.outage"
    );
    assert_eq!(errors(&get(&app, "tokens/0000.json").await).0, 404);
}

#[actix_web::test]
async fn what_is_wrong_is_named_as_the_standard_names_it() {
    let app = TestApp::start().await;
    let base = [("service_code", "power.outage"), ("address_string", "اصفهان، چهارباغ")];
    let with = |more: &[(&'static str, &'static str)]| {
        let mut all: Vec<(&str, &str)> = base.to_vec();
        all.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        all.extend(more);
        all
    };
    let refused = async |fields: &[(&'static str, &'static str)]| {
        errors(&post(&app, "requests.json", &with(fields)).await)
    };
    assert_eq!(refused(&[]).await.0, 403);
    assert_eq!(refused(&[("api_key", "wrong")]).await.0, 403);
    for (fields, status, named) in [
        (vec![("service_code", "")], 400, "service_code"),
        (vec![("service_code", "nonsense")], 404, ""),
        (vec![("address_string", "")], 400, "address_string"),
        (vec![("lat", "32.6")], 400, "lat and long together"),
        (vec![("lat", "north"), ("long", "51.6")], 400, "lat"),
        (vec![("lat", "99"), ("long", "51.6")], 400, "lat:"),
        (vec![("email", "nobody")], 400, "email:"),
        (vec![("phone", "12")], 400, "phone:"),
        (vec![("attribute[kind]", "nonsense")], 400, "attribute[kind]"),
        (vec![("attribute[public]", "perhaps")], 400, "attribute[public]"),
        (vec![("attribute[county]", "9999")], 400, "attribute[county]"),
        (vec![("media_url", "javascript:alert(1)")], 400, "media_url"),
        (vec![("jurisdiction_id", "elsewhere.ir")], 404, ""),
    ] {
        let mut fields = fields.clone();
        fields.push(("api_key", KEY));
        let (code, words) = refused(&fields).await;
        assert_eq!(code, status, "{fields:?} {words}");
        assert!(words.contains(named), "{fields:?} {words}");
    }
    let long = "x".repeat(4001);
    let fields = [
        ("api_key", KEY),
        ("service_code", "power.outage"),
        ("address_id", "10"),
        ("description", long.as_str()),
    ];
    assert!(errors(&post(&app, "requests.json", &fields).await).1.contains("description"));
    for path in [
        "requests.json?status=ajar",
        "requests.json?start_date=2026-06-01",
        "requests.json?page_size=1001",
        "requests.json?start_date=2026-01-01T00:00:00Z&end_date=2026-06-01T00:00:00Z",
    ] {
        assert_eq!(errors(&get(&app, path).await).0, 400, "{path}");
    }
    assert_eq!(errors(&get(&app, "nonsense.json").await).0, 404);
    let xml = app.nobody().reading("fa").get("/open311/v2/services/nonsense.xml").await;
    let text = String::from_utf8(xml.bytes).unwrap();
    assert!(text.contains("<errors><error><code>404</code><description>یافت نشد"), "{text}");
    // a key that may not use the channel
    let new = json!({ "name": "fax only", "channels": ["fax"], "office": "CENTRE" });
    let key = app.as_user("admin").await.post("/gateways", new).await.expect(202);
    app.agreed_access(key.clone()).await;
    let fields =
        [("api_key", key["key"].as_str().unwrap()), ("service_code", "power.outage"), ("address_id", "10")];
    assert_eq!(errors(&post(&app, "requests.json", &fields).await).0, 403);
    // nothing was registered by all this
    let list = app.as_user("inspector.centre").await.get("/cases").await.expect(200);
    assert_eq!(list["items"], json!([]));
}

#[actix_web::test]
async fn requests_are_found_by_number_service_state_and_time() {
    let app = TestApp::start().await;
    let first = id_of(&filed(&app, &[("attribute[public]", "yes")]).await);
    app.pass_days(40);
    let second = id_of(&filed(&app, &[("attribute[public]", "yes")]).await);
    let found = async |query: &str| -> Vec<String> {
        let list = get(&app, &format!("requests.json?{query}")).await.expect(200);
        list.as_array()
            .unwrap()
            .iter()
            .map(|one| one["service_request_id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(found("").await, [second.clone(), first.clone()], "the newest first");
    assert_eq!(found("page_size=1&page=2").await, from_ref(&first));
    assert_eq!(found(&format!("service_request_id={first},{second}&status=closed")).await.len(), 2);
    assert_eq!(found("status=closed").await, Vec::<String>::new());
    assert_eq!(found("status=open,closed").await.len(), 2);
    assert_eq!(found("service_code=power.bill,water.outage").await, Vec::<String>::new());
    assert_eq!(found("service_code=power.outage").await.len(), 2);
    assert_eq!(
        found("start_date=2026-06-01T00:00:00%2B03:30&end_date=2026-06-30T00:00:00Z").await,
        from_ref(&first)
    );
    app.pass_days(60);
    assert_eq!(found("").await, from_ref(&second), "the last 90 days");
    assert_eq!(found("jurisdiction_id=samad.ir&service_code=null").await, [second]);
}

#[actix_web::test]
async fn a_key_adds_the_citizens_words_to_its_own_request_once() {
    let app = TestApp::start().await;
    let id = id_of(&filed(&app, &[]).await);
    let update = [
        ("api_key", KEY),
        ("service_request_id", id.as_str()),
        ("update_id", "7"),
        ("status", "OPEN"),
        ("description", "هنوز خاموش است"),
    ];
    let first = post(&app, "servicerequestupdates.json", &update).await.expect(200);
    let again = post(&app, "servicerequestupdates.json", &update).await.expect(200);
    assert_eq!(first, again);
    let timeline = format!("/cases/{id}/timeline");
    let timeline = app.as_user("inspector.centre").await.get(&timeline).await.expect(200);
    let said = timeline["items"].as_array().unwrap().iter().filter(|one| one["event"] == "message_received");
    assert_eq!(said.count(), 1);
    // neither without the key nor to a case that did not come by it
    let mut without = update.to_vec();
    without.remove(0);
    assert_eq!(errors(&post(&app, "servicerequestupdates.json", &without).await).0, 403);
    let other = app.register(json!({})).await;
    let mut strange = update.to_vec();
    strange[1].1 = &other.id;
    assert_eq!(errors(&post(&app, "servicerequestupdates.json", &strange).await).0, 404);
    let mut empty = update.to_vec();
    empty[4].1 = " ";
    assert_eq!(errors(&post(&app, "servicerequestupdates.json", &empty).await).0, 400);
}

#[actix_web::test]
async fn a_server_that_is_switched_off_is_not_there() {
    let app = TestApp::start_with(|config| config.open311.enabled = false).await;
    assert_eq!(errors(&get(&app, "services.json").await).0, 404);
    assert_eq!(errors(&post(&app, "requests.json", &[("api_key", KEY)]).await).0, 404);
}

/// Python with the public client `georeport`, installed into a folder of its own; none where it cannot be had.
fn client() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("georeport-0.3.1");
    let python = folder.join("bin/python");
    let has = || {
        Command::new(&python)
            .args(["-c", "import georeport"])
            .output()
            .is_ok_and(|done| done.status.success())
    };
    if !has() {
        let quietly = |program: &str, args: &[&str]| {
            Command::new(program).args(args).output().is_ok_and(|done| done.status.success())
        };
        let made = quietly("python3", &["-m", "venv", folder.to_str()?])
            && quietly(
                python.to_str()?,
                &["-m", "pip", "install", "--quiet", "--timeout", "20", "georeport==0.3.1"],
            );
        if !made {
            return None;
        }
    }
    has().then_some(python)
}

/// What the client is asked, and told in one line of JSON.
const SCRIPT: &str = "
import json, sys
from georeport import GeoReport
root, number = sys.argv[1:]
out = {}
for form in ('json', 'xml'):
    api = GeoReport(root, jurisdiction='samad.ir', output_format=form)
    services = api.get_service_list()
    one = api.get_service_definition('power.outage')
    listed = api.get_service_requests(status='open')
    listed = listed if isinstance(listed, list) else [listed]
    single = api.get_service_request(number)
    out[form] = {
        'services': len(services), 'name': services[0]['service_name'], 'code': one['service_code'],
        'listed': [row['service_request_id'] for row in listed], 'status': single['status'],
        'description': single['description'],
    }
print(json.dumps(out))
";

#[actix_web::test]
async fn a_public_client_library_reads_both_forms() {
    let Some(python) = client() else {
        eprintln!("skipped: python3 with the package georeport 0.3.1 cannot be had here");
        return;
    };
    let app = TestApp::start().await;
    let id = id_of(&filed(&app, &[("attribute[public]", "yes")]).await);
    let root = format!("{}/open311/v2", app.address());
    let (arguments, script) = (vec![root, id.clone()], SCRIPT);
    let run = move || Command::new(python).arg("-c").arg(script).args(arguments).output();
    let done = tokio::task::spawn_blocking(run).await.unwrap().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let told: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(told["json"], told["xml"]);
    assert_eq!(told["json"]["listed"], json!([id]));
    assert!(told["json"]["services"].as_i64().unwrap() > 100);
    assert_eq!(told["json"]["status"], "open");
}
