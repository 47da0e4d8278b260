//! Privacy: what is past its time goes and leaves a proof; what counts stays; a citizen gets all data and may have
//! them erased.

use std::io::Read;
use std::process::{Command, Output};

use diesel::connection::SimpleConnection;
use samad::db::Location;
use samad::workers::{anchoring, housekeeping, retention};
use serde_json::{Value, json};

use crate::support::{Case, TestApp};

const NAME: &str = "شاپور ذوالفقارپیشه";
const MOBILE: &str = "09123478891";
const TEXT: &str = "نگهبان پارکینگ ورزشگاه با مهتابی‌ها سهل‌انگاری کرد";
const SECRETS: [&str; 6] =
    ["ذوالفقارپیشه", "9123478891", "0013542419", "مهتابی‌ها", "سپیدارستان", "گزارش‌نامه"];

impl TestApp {
    /// A case of its own citizen, answered and closed, with everything that may tell who and what.
    async fn told_and_closed(&self) -> Case {
        let case = self
            .register(json!({
                "text": TEXT, "subject": "مهتابی‌ها", "external_id": "گزارش‌نامه",
                "citizen": { "national_id": "0013542419", "name": NAME, "mobile": MOBILE },
                "place": { "address": "کوچه سپیدارستان" },
            }))
            .await;
        self.classify(&case, "request", "water.outage").await;
        self.refer("classifier.centre", &case, &[("MOEN-10", "lead")]).await;
        let referral = self.lead(&case).await;
        let handler = self.as_user("handler.moen-10").await;
        handler.post(&format!("/referrals/{referral}/acceptance"), json!({})).await.expect(200);
        handler.upload(&case.path("attachments"), "گزارش‌نامه.txt", TEXT.as_bytes()).await.expect(201);
        handler.post(&case.path("notes"), json!({ "text": format!("{NAME} زنگ زد") })).await.expect(201);
        let agent = self.as_user("agent.centre").await;
        let words = json!({ "text": format!("من {NAME} هستم، {MOBILE}"), "channel": "phone" });
        agent.post(&case.path("messages"), words).await.expect(201);
        self.answer(&case, "MOEN-10").await;
        let closed = json!({ "outcome": "granted", "text": format!("{NAME} گرامی، انجام شد") });
        self.as_user("classifier.centre").await.post(&case.path("closure"), closed).await.expect(200);
        self.plan(&case).await;
        self.drain().await;
        case
    }

    /// A contact plan of the citizen, reviewed, with names in its words.
    async fn plan(&self, case: &Case) {
        let path = format!("/citizens/{}/contact-plan", self.citizen_of(case).await);
        let wish = json!({
            "reasons": format!("{NAME} هر روز درباره مهتابی‌ها زنگ زد"), "measures": ["subject_limits"],
            "subjects": "مهتابی‌ها", "review_at": self.now().plus_days(30).to_string(),
        });
        self.as_user("classifier.centre").await.post(&path, wish).await.expect(201);
        let supervisor = self.as_user("inspector.centre").await;
        supervisor.post(&format!("{path}/approval"), json!({})).await.expect(200);
        let words = json!({ "text": format!("{NAME} هستم و نمی‌پذیرم"), "channel": "phone" });
        self.as_user("agent.centre").await.post(&format!("{path}/review"), words).await.expect(201);
    }

    /// Lets years pass, and what is past its time go.
    async fn pass_years(&self, years: i64) {
        self.pass_days(years * 366);
        self.erase().await;
    }

    async fn erase(&self) {
        housekeeping::forget(&self.app).await.expect("old replies are forgotten");
        while retention::run_once(&self.app).await.expect("the walk goes on") > 0 {}
        // bytes stand aside for some minutes before they go
        self.pass_hours(1);
        while retention::run_once(&self.app).await.expect("the walk goes on") > 0 {}
    }

    async fn citizen_of(&self, case: &Case) -> String {
        self.case(case).await["citizen"]["id"].as_str().expect("a citizen").to_owned()
    }

    /// `samad verify` over the test's database.
    fn verified(&self) -> Output {
        let folder = &self.app.config.data.dir;
        std::fs::write(folder.join("keys.hex"), "07".repeat(32)).unwrap();
        let url = match self.app.db.location() {
            Location::Sqlite(path) => format!("sqlite://{}", path.display()),
            Location::Postgres(url) => url.clone(),
        };
        let mut program = Command::new(env!("CARGO_BIN_EXE_samad"));
        program.arg("verify").env("SAMAD__DATA__DIR", folder).env("SAMAD__DATABASE__URL", url);
        program.output().expect("the program starts")
    }

    #[track_caller]
    pub fn assert_verified(&self, words: &str) {
        let output = self.verified();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
        assert!(told.contains(words), "{told}");
    }

    #[track_caller]
    fn assert_refused(&self, words: &str) {
        let output = self.verified();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!output.status.success() && told.contains(words), "{told}");
    }

    /// The citizen with the look-up of a case.
    async fn looked_up(&self, case: &Case) -> Value {
        let pair = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
        self.nobody().post("/public/lookups", pair).await.expect(200)
    }

    /// Whatever lies in the folder of attachments.
    fn files(&self) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        let mut folders = vec![self.app.config.attachments_dir()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { found.push(std::fs::read(path).unwrap()) }
            }
        }
        found
    }

    /// What is counted of a case.
    async fn counted(&self, case: &Case) -> Value {
        let shown = self.case(case).await;
        let fields =
            ["kind", "category", "channel", "outcome", "holder", "registered_at", "closed_at", "rating"];
        let mut counted: Value = fields.iter().map(|field| (*field, shown[*field].clone())).collect();
        counted["province"] = shown["place"]["province"].clone();
        counted["county"] = shown["place"]["county"].clone();
        counted
    }
}

fn classes(stones: &Value) -> Vec<String> {
    let all =
        stones["items"].as_array().unwrap().iter().flat_map(|stone| stone["classes"].as_array().unwrap());
    all.map(|class| class.as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn what_is_past_its_time_is_nowhere_any_more_and_what_counts_stays() {
    let app = TestApp::start().await;
    let case = app.told_and_closed().await;
    for _ in 0..5 {
        app.register(json!({})).await;
    }
    anchoring::run_once(&app.app).await.unwrap();
    let (before, statistics) = (app.counted(&case).await, app.nobody().get("/public/statistics").await.json);
    let receipt = app.looked_up(&case).await;
    assert_eq!(receipt["erased"], json!([]));
    let stolen = app.stolen();
    assert!(stolen.place_of("مهتابی‌ها").is_some(), "this search finds what is there");
    assert!(app.files().iter().any(|bytes| bytes == TEXT.as_bytes()));
    app.pass_years(7).await;
    let stolen = app.stolen();
    let seen: Vec<String> = SECRETS.iter().filter_map(|secret| stolen.place_of(secret)).collect();
    assert!(seen.is_empty(), "{seen:#?}");
    assert!(app.files().is_empty(), "no bytes are left");
    assert_eq!(app.counted(&case).await, before);
    assert_eq!(app.nobody().get("/public/statistics").await.json, statistics);
    let shown = app.case(&case).await;
    assert_eq!((&shown["text"], &shown["citizen"]), (&json!(""), &Value::Null));
    let found = app
        .as_user("inspector.centre")
        .await
        .get("/cases?q=%D9%BE%D8%A7%D8%B1%DA%A9%DB%8C%D9%86%DA%AF")
        .await;
    assert_eq!(found.expect(200)["items"], json!([]), "nor does the search find it");
    app.assert_verified("erased under rule default@1");
    app.whole();
}

#[actix_web::test]
async fn what_a_closed_case_taught_loses_its_words_and_its_citizen_and_still_counts() {
    let app = TestApp::start().await;
    let case = app.told_and_closed().await;
    let inspector = app.as_user("inspector.centre").await;
    let problem = json!({
        "name_fa": "خاموشی", "name_en": "Dark lamps", "description": "لامپ", "office": "MOEN-10",
        "cases": [case.tracking_code],
    });
    let told = inspector.post("/problems", problem).await.expect(201);
    let path = format!("/problems/{}", told["id"].as_str().unwrap());
    for (who, verb, body, status) in [
        ("liaison.moen-10", "answer", json!({ "text_fa": "عوض شد" }), 201),
        ("approver.moen-10", "approval", json!({}), 200),
        ("liaison.moen-10", "solution", json!({ "result": "solved" }), 200),
    ] {
        app.as_user(who).await.post(&format!("{path}/{verb}"), body).await.expect(status);
    }
    let day = |days: i64| app.now().plus_days(days).to_string();
    let drawn = json!({ "from": day(-1), "to": day(1), "size": 1 });
    inspector.post("/quality/samples", drawn).await.expect(201);
    let agent = app.as_user("agent.centre").await;
    let calls = agent.get("/quality/callbacks").await.expect(200);
    let call = format!("/quality/callbacks/{}/result", calls["items"][0]["id"].as_str().unwrap());
    let items = |items: &[(&str, bool)]| -> Vec<Value> {
        let one = |(item, yes): &(&str, bool)| match yes {
            true => json!({ "item": item, "yes": true }),
            false => json!({ "item": item, "score": 2 }),
        };
        items.iter().map(one).collect()
    };
    let answers = items(&[
        ("contacted", true),
        ("understood", false),
        ("to_the_point", false),
        ("done", false),
        ("in_time", false),
        ("respect", true),
    ]);
    let comment = format!("{NAME} راضی است");
    let body = json!({ "reached": true, "claim": "resolved", "comment": comment, "answers": answers, "no_calls": true });
    agent.post(&call, body).await.expect(200);
    app.drain().await;
    assert_eq!(inspector.get(&path).await.expect(200)["counts"]["told"], 1);
    app.pass_years(7).await;
    let stolen = app.stolen();
    let seen: Vec<String> = SECRETS.iter().filter_map(|secret| stolen.place_of(secret)).collect();
    assert!(seen.is_empty(), "{seen:#?}");
    let counts = inspector.get(&path).await.expect(200)["counts"].clone();
    assert_eq!((&counts["cases"], &counts["citizens"], &counts["told"]), (&json!(1), &json!(0), &json!(1)));
    app.assert_verified("erased under rule default@1");
    app.whole();
}

#[actix_web::test]
async fn an_erased_case_says_so_with_a_proof_and_nobody_works_on_it() {
    let app = TestApp::start().await;
    let case = app.told_and_closed().await;
    let path = format!("/public/cases/{}/tombstone", case.tracking_code);
    app.nobody().get(&path).await.refused(404, "not_found");
    app.pass_years(7).await;
    let stones = app.nobody().get(&path).await.expect(200);
    let mut gone = classes(&stones);
    gone.sort();
    assert_eq!(gone, ["attachments", "identity", "messages", "raw", "text"]);
    assert_eq!(stones["items"][0]["rule"], "default@1");
    let told = app.looked_up(&case).await;
    assert_eq!(told["erased"], stones["items"], "the look-up shows the same");
    assert!(told["timeline"].to_string().contains("Parts of the case were erased"));
    let page = app.as_user("privacy.centre").await.reading("fa").get(&case.path("tombstone")).await;
    let html = String::from_utf8(page.bytes.clone()).unwrap();
    assert!(html.contains("گواهی پاک‌سازی") && html.contains(&case.tracking_code), "{html}");
    // the receipt of an erased case still verifies
    let citizen = app.bearer(told["token"].as_str().unwrap());
    citizen.get(&format!("/public/cases/{}/receipt", case.tracking_code)).await.expect(200);
    let supervisor = app.as_user("inspector.centre").await;
    let reopening = json!({ "reason": "reopening of an erased case" });
    supervisor.post(&case.path("reopening"), reopening).await.refused(409, "case_erased");
    supervisor.post(&case.path("notes"), json!({ "text": "x" })).await.refused(409, "case_erased");
    app.whole();
}

#[actix_web::test]
async fn words_inside_the_history_go_and_the_chain_still_holds() {
    let app = TestApp::start().await;
    let case = app.told_and_closed().await;
    // reopened for a reason that names somebody, and closed again
    let supervisor = app.as_user("classifier.centre").await;
    let reason = json!({ "reason": "reopening asked by Zulaikha Noorzai" });
    supervisor.post(&case.path("reopening"), reason).await.expect(200);
    app.answer_again(&case).await;
    anchoring::run_once(&app.app).await.unwrap();
    let anchored = app.list(&case, "timeline").await;
    app.pass_years(7).await;
    assert!(app.stolen().place_of("Noorzai").is_none());
    let after = app.list(&case, "timeline").await;
    let hashes =
        |events: &[Value]| -> Vec<Value> { events.iter().map(|event| event["hash"].clone()).collect() };
    assert_eq!(hashes(&after)[..anchored.len()], hashes(&anchored)[..], "no hash of the history moved");
    app.assert_verified("The history is whole");
    app.whole();
}

impl TestApp {
    /// Answers a reopened case and closes it.
    async fn answer_again(&self, case: &Case) {
        let shown = self.case(case).await;
        if shown["status"] != "referred" {
            self.refer("classifier.centre", case, &[("MOEN-10", "lead")]).await;
        }
        let referral = self.lead(case).await;
        let handler = self.as_user("handler.moen-10").await;
        handler.post(&format!("/referrals/{referral}/acceptance"), json!({})).await;
        self.answer(case, "MOEN-10").await;
        let closed = json!({ "outcome": "granted" });
        self.as_user("classifier.centre").await.post(&case.path("closure"), closed).await.expect(200);
        self.drain().await;
    }
}

#[actix_web::test]
async fn an_edit_that_pretends_to_be_an_erasure_is_reported() {
    for (statements, words) in [
        ("UPDATE cases SET text = '' WHERE id = CASE", "no signed tombstone says so"),
        ("UPDATE answers SET text = '' WHERE case_id = CASE", "no signed tombstone says so"),
        (
            "INSERT INTO tombstones (id, case_id, at, classes, body) SELECT 1, id, registered_at, 'text', '{}' FROM cases WHERE id = CASE",
            "cannot be read",
        ),
        (
            "UPDATE events SET digest = hash, payload = replace(payload, 'water.outage', 'water.bill') WHERE case_id = CASE AND seq = 2",
            "edited: case CASE",
        ),
    ] {
        let app = TestApp::start().await;
        let case = app.told_and_closed().await;
        app.assert_verified("The history is whole");
        app.look(|connection| Ok(connection.batch_execute(&statements.replace("CASE", &case.id))?));
        app.assert_refused(&words.replace("CASE", &case.id));
    }
    let app = TestApp::start().await;
    let case = app.told_and_closed().await;
    app.pass_years(7).await;
    app.assert_verified("The history is whole");
    for (statements, words) in [
        (
            "UPDATE tombstones SET body = replace(body, 'default@1', 'default@2') WHERE case_id = CASE",
            "edited or forged",
        ),
        ("DELETE FROM tombstones WHERE case_id = CASE", "does not prove it"),
    ] {
        app.look(|connection| Ok(connection.batch_execute(&statements.replace("CASE", &case.id))?));
        app.assert_refused(words);
    }
}

#[actix_web::test]
async fn nothing_is_erased_while_a_hold_stands_or_a_case_is_open() {
    let app = TestApp::start().await;
    let (held, of_held, open) =
        (app.told_and_closed().await, app.closed().await, app.register(json!({})).await);
    let privacy = app.as_user("privacy.centre").await;
    let auditor = app.as_user("auditor.centre").await;
    let hold = json!({ "reason": "شعبه ۱۲ دیوان عدالت اداری" });
    privacy.post(&held.path("hold"), hold.clone()).await.expect(201);
    privacy.post(&held.path("hold"), hold.clone()).await.refused(409, "hold_stands");
    let citizen = app.citizen_of(&of_held).await;
    auditor.post(&format!("/citizens/{citizen}/hold"), hold.clone()).await.expect(201);
    // bad input, and who may not
    privacy.post(&open.path("hold"), json!({ "reason": " " })).await.wrong("reason", "required");
    let past = json!({ "reason": "x", "until": "2020-01-01T00:00:00Z" });
    privacy.post(&open.path("hold"), past).await.wrong("until", "past");
    app.as_user("agent.centre").await.post(&open.path("hold"), hold.clone()).await.refused(403, "forbidden");
    privacy.post("/citizens/1/hold", hold).await.refused(404, "not_found");
    app.pass_years(7).await;
    for case in [&held, &of_held, &open] {
        assert_ne!(app.case(case).await["text"], "", "{case:?}");
    }
    let due = privacy.get("/retention/due").await.expect(200);
    let item = |case: &Case| {
        let items = due["items"].as_array().unwrap();
        items.iter().find(|item| item["case_id"] == case.id.as_str()).cloned()
    };
    assert_eq!(item(&held).expect("it is due")["obstacles"], json!(["held"]));
    assert_eq!(item(&of_held).expect("it is due")["obstacles"], json!(["citizen_held"]));
    assert_eq!(item(&open), None);
    privacy.delete(&held.path("hold")).await.expect(200);
    privacy.delete(&held.path("hold")).await.refused(404, "not_found");
    let events = app.events(&held).await;
    assert!(events.contains(&"hold_placed".to_owned()) && events.contains(&"hold_lifted".to_owned()));
    app.pass_days(10);
    app.erase().await;
    assert_eq!(app.case(&held).await["text"], "", "lifted, and quiet for eight days");
    assert_ne!(app.case(&of_held).await["text"], "");
    app.whole();
}

#[actix_web::test]
async fn each_part_goes_at_its_own_time_and_the_preview_says_when() {
    let app = TestApp::start().await;
    let case = app.told_and_closed().await;
    let privacy = app.as_user("privacy.centre").await;
    assert_eq!(privacy.get("/retention/due").await.expect(200)["items"], json!([]));
    let later = privacy.get("/retention/due?until=2031-12-31").await.expect(200);
    assert_eq!(
        (&later["items"][0]["case_id"], &later["items"][0]["rule"]),
        (&json!(case.id), &json!("default"))
    );
    let parts: Vec<&str> = later["items"][0]["classes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["class"].as_str().unwrap())
        .collect();
    assert_eq!(parts, ["identity", "attachments", "messages", "raw"], "the text is kept for a sixth year");
    privacy.get("/retention/due?until=never").await.wrong("until", "invalid");
    privacy.get("/retention/due?cursor=x").await.refused(400, "invalid_cursor");
    app.as_user("agent.centre").await.get("/retention/due").await.refused(403, "forbidden");
    app.pass_years(5).await;
    let shown = app.case(&case).await;
    assert_eq!((&shown["text"], &shown["citizen"]), (&json!(TEXT), &Value::Null));
    assert!(app.list(&case, "attachments").await.is_empty());
    app.assert_verified("The history is whole");
    // another process goes on where this one was, and erases nothing twice
    app.pass_days(400);
    let other = app.another().await;
    let (one, two) =
        (retention::run_once(&app.app).await.unwrap(), retention::run_once(&other.app).await.unwrap());
    assert!(one + two > 0);
    app.erase().await;
    let stones =
        app.nobody().get(&format!("/public/cases/{}/tombstone", case.tracking_code)).await.expect(200);
    let mut gone = classes(&stones);
    gone.sort();
    assert_eq!(gone, ["attachments", "identity", "messages", "raw", "text"], "each once");
    let health = app.as_user("admin").await.get("/health").await.expect(200);
    assert!(health["retention"]["ended_at"].is_string(), "{health}");
    app.whole();
}

#[actix_web::test]
async fn a_citizen_asks_for_erasure_and_the_privacy_officer_decides() {
    let app = TestApp::start().await;
    let case = app.told_and_closed().await;
    let citizen = app.citizen_of(&case).await;
    let (agent, privacy) = (app.as_user("agent.centre").await, app.as_user("privacy.centre").await);
    let path = format!("/citizens/{citizen}/erasure-requests");
    agent.post(&path, json!({ "reason": "" })).await.wrong("reason", "required");
    agent.post(&path, json!({ "reason": "x", "channel": "pigeon" })).await.wrong("channel", "unknown");
    agent.post("/citizens/1/erasure-requests", json!({ "reason": "x" })).await.refused(404, "not_found");
    let asked = agent.post(&path, json!({ "reason": "نمی‌خواهم بماند" })).await.expect(201);
    agent.post(&path, json!({ "reason": "دوباره" })).await.refused(409, "already_done");
    let decision = format!("/erasure-requests/{}/decision", asked["id"].as_str().unwrap());
    let refusal = json!({ "grant": false, "source": "قانون", "words": "تا پایان مهلت نگه داشته می‌شود" });
    privacy.post(&decision, refusal.clone()).await.wrong("reason_code", "required");
    agent.post(&decision, refusal.clone()).await.refused(403, "forbidden");
    let mut coded = refusal;
    coded["reason_code"] = json!("retention_duty");
    privacy.post(&decision, coded.clone()).await.expect(200);
    privacy.post(&decision, coded).await.refused(409, "already_done");
    app.drain().await;
    let sent = app.sms().sent();
    assert!(sent.iter().any(|letter| letter.rendered.body.contains("پذیرفته نشد")), "the citizen is told");
    // asked again, by the officer himself: another person decides
    let own = privacy.post(&path, json!({ "reason": "باز هم" })).await.expect(201);
    let decision = format!("/erasure-requests/{}/decision", own["id"].as_str().unwrap());
    let grant = json!({ "grant": true, "source": "GDPR 17(1)(b)", "words": "انجام می‌شود" });
    privacy.post(&decision, grant.clone()).await.refused(403, "second_person_required");
    app.look(|connection| Ok(connection.batch_execute("UPDATE erasure_requests SET recorded_by = NULL")?));
    privacy.post(&format!("/citizens/{citizen}/hold"), json!({ "reason": "دادگاه" })).await.expect(201);
    let told = privacy.post(&decision, grant).await.expect(200);
    assert_eq!(told["state"], "granted");
    assert!(told["waits"][0]["obstacles"].as_array().unwrap().contains(&json!("citizen_held")), "{told}");
    assert!(told["message"].as_str().unwrap().contains("a hold on 1 case(s) stops it"), "{told}");
    privacy.delete(&format!("/citizens/{citizen}/hold")).await;
    app.erase().await;
    assert_eq!(app.case(&case).await["text"], TEXT, "the window for an objection is still open");
    app.pass_days(60);
    app.erase().await;
    let stolen = app.stolen();
    let seen: Vec<String> = SECRETS.iter().filter_map(|secret| stolen.place_of(secret)).collect();
    assert!(seen.is_empty(), "{seen:#?}");
    assert!(privacy.get("/erasure-requests?state=done").await.expect(200)["items"][0]["id"] == own["id"]);
    privacy.get("/erasure-requests?state=lost").await.wrong("state", "unknown");
    app.assert_verified("erased under a decision on request");
    app.whole();
}

/// The texts of an archive by their paths.
pub fn unpacked(bytes: &[u8]) -> Vec<(String, String)> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes));
    let entries = archive.entries().expect("a tar");
    entries
        .map(|entry| {
            let mut entry = entry.expect("an entry");
            let path = entry.path().unwrap().display().to_string();
            let mut text = String::new();
            entry.read_to_string(&mut text).expect("a text");
            (path, text)
        })
        .collect()
}

#[actix_web::test]
async fn staff_hand_a_citizen_all_data_in_one_archive() {
    let app = TestApp::start().await;
    let case = app.told_and_closed().await;
    let other = app.closed().await;
    let citizen = app.citizen_of(&case).await;
    let privacy = app.as_user("privacy.centre").await;
    let wish = json!({ "reason": "درخواست حضوری", "identity_checked_by": "کارت ملی، باجه ۳" });
    let path = format!("/citizens/{citizen}/exports");
    privacy
        .post(&path, json!({ "reason": "x", "identity_checked_by": "" }))
        .await
        .wrong("identity_checked_by", "required");
    app.as_user("agent.gov-10").await.post(&path, wish.clone()).await.refused(403, "not_your_office");
    privacy.post("/citizens/1/exports", wish.clone()).await.refused(404, "not_found");
    let told = privacy.post(&path, wish).await.expect(201);
    let href = told["href"].as_str().unwrap().to_owned();
    let archive = privacy.get(&href).await;
    assert_eq!((archive.status, archive.header("Cache-Control")), (200, "no-store"));
    let files = unpacked(&archive.bytes);
    let text = |path: &str| {
        let found = files.iter().find(|(name, _)| name == path);
        found.unwrap_or_else(|| panic!("{path} is not in {files:#?}")).1.clone()
    };
    let own: Value = serde_json::from_str(&text(&format!("cases/{}/case.json", case.tracking_code))).unwrap();
    assert_eq!((&own["text"], &own["case"]["outcome"]), (&json!(TEXT), &json!("granted")));
    assert!(own["messages"].to_string().contains(NAME));
    assert!(text("index.fa.html").contains(&case.tracking_code) && text("index.en.html").contains(NAME));
    // each page in its own language, whoever asked in which
    let (fa, en) = (text("index.fa.html"), text("index.en.html"));
    assert!(fa.contains("پرونده بسته شد") && fa.contains("۱۴۰۵&#x2f;") && !fa.contains("2026-"), "{fa}");
    assert!(en.contains("The case is closed") && en.contains("2026-06-10") && !en.contains("T06:"), "{en}");
    let record: Value = serde_json::from_str(&text("citizen.json")).unwrap();
    assert_eq!(record["citizen"]["national_id"], "0013542419");
    assert!(record["record"].to_string().contains("export"), "{record}");
    assert!(record["reads"].to_string().contains("MOEN-10"), "{record}");
    let all = format!("{files:?}");
    assert!(!all.contains(&other.tracking_code) && !all.contains("handler.moen-10"), "nothing of others");
    app.as_user("handler.moen-10").await.get(&href).await.refused(403, "forbidden");
    app.pass_days(8);
    privacy.get(&href).await.refused(404, "not_found");
    app.whole();
}

#[actix_web::test]
async fn a_citizen_gets_all_data_with_the_look_up_and_a_one_time_code() {
    let app = TestApp::start().await;
    let case = app.told_and_closed().await;
    let citizen_text = json!({ "citizen": { "national_id": "0013542419", "name": NAME, "mobile": MOBILE } });
    let second = app.register(citizen_text).await;
    let told = app.looked_up(&case).await;
    let citizen = app.bearer(told["token"].as_str().unwrap());
    let path = format!("/public/cases/{}/exports", case.tracking_code);
    app.bearer(told["token"].as_str().unwrap())
        .post(&format!("/public/cases/{}/exports", second.tracking_code), json!({}))
        .await
        .refused(404, "not_found");
    let export = citizen.post(&path, json!({})).await.expect(201);
    citizen.post(&path, json!({})).await.refused(429, "too_many_requests");
    app.drain().await;
    let sent = app.sms().sent();
    let sms = sent.iter().find(|letter| letter.rendered.body.contains("یک‌بارمصرف")).expect("a message");
    let sms = sms.rendered.body.clone();
    let code: String = samad::domain::text::latin_digits(&sms)
        .split(|c: char| !c.is_ascii_digit())
        .find(|word| word.len() == 8)
        .expect("eight digits")
        .to_owned();
    let id = export["id"].as_str().unwrap();
    let (confirmation, archive) = (format!("{path}/{id}/confirmation"), format!("{path}/{id}/archive"));
    citizen.get(&archive).await.refused(404, "not_found");
    citizen.post(&confirmation, json!({ "code": "x" })).await.wrong("code", "wrong");
    citizen.post(&confirmation, json!({ "code": code })).await.expect(200);
    let files = unpacked(&citizen.get(&archive).await.bytes);
    for own in [&case, &second] {
        assert!(files.iter().any(|(name, _)| *name == format!("cases/{}/case.json", own.tracking_code)));
    }
    // somebody else's look-up opens nothing of it
    let stranger = app.register(json!({})).await;
    let told = app.looked_up(&stranger).await;
    let stranger_path = format!("/public/cases/{}/exports/{id}/archive", stranger.tracking_code);
    app.bearer(told["token"].as_str().unwrap()).get(&stranger_path).await.refused(404, "not_found");
    app.pass_hours(49);
    let told = app.looked_up(&case).await;
    app.bearer(told["token"].as_str().unwrap()).get(&archive).await.refused(404, "not_found");
    app.whole();
}

#[actix_web::test]
async fn after_five_wrong_codes_the_right_one_is_too_late() {
    let app = TestApp::start().await;
    let case = app.told_and_closed().await;
    let told = app.looked_up(&case).await;
    let citizen = app.bearer(told["token"].as_str().unwrap());
    let path = format!("/public/cases/{}/exports", case.tracking_code);
    let export = citizen.post(&path, json!({})).await.expect(201);
    let confirmation = format!("{path}/{}/confirmation", export["id"].as_str().unwrap());
    for _ in 0..5 {
        citizen.post(&confirmation, json!({ "code": "1" })).await.wrong("code", "wrong");
    }
    citizen.post(&confirmation, json!({ "code": "1" })).await.refused(404, "not_found");
    app.whole();
}

#[actix_web::test]
async fn a_correction_keeps_the_old_value_sealed_and_is_told_to_the_old_and_the_new_contact() {
    let app = TestApp::start().await;
    let wish = json!({ "citizen": { "national_id": "0013542419", "name": NAME, "mobile": MOBILE } });
    let case = app.register(wish).await;
    let citizen = app.citizen_of(&case).await;
    let agent = app.as_user("agent.centre").await;
    let path = format!("/citizens/{citizen}/corrections");
    let body = |field: &str, value: &str| json!({ "field": field, "value": value, "evidence": "شناسنامه ۱۲۳", "reason": "سیم‌کارت تازه" });
    agent.post(&path, body("shoe_size", "42")).await.wrong("field", "unknown");
    agent.post(&path, body("mobile", "12")).await.wrong("value", "invalid");
    agent.post(&path, body("national_id", "0013542418")).await.wrong("value", "invalid");
    let bare = json!({ "field": "name", "value": "نام", "evidence": " ", "reason": "x" });
    agent.post(&path, bare).await.wrong("evidence", "required");
    agent.post(&path, body("mobile", MOBILE)).await.refused(409, "already_done");
    agent.post("/citizens/1/corrections", body("name", "نام")).await.refused(404, "not_found");
    let elsewhere = app.as_user("agent.gov-10").await;
    elsewhere.post(&path, body("name", "نام")).await.refused(404, "not_found");
    app.register(json!({})).await;
    agent.post(&path, body("national_id", crate::support::MARYAM)).await.refused(409, "duplicate");
    app.drain().await;
    let before = app.sms().sent().len();
    agent.post(&path, body("mobile", "09123478800")).await.expect(201);
    agent.post(&path, body("national_id", "0076229645")).await.expect(201);
    app.drain().await;
    let told: Vec<String> = app.sms().sent()[before..].iter().map(|letter| letter.address.clone()).collect();
    assert!(told.contains(&"+989123478891".into()) && told.contains(&"+989123478800".into()), "{told:?}");
    let shown = app.case(&case).await;
    assert_eq!(
        (&shown["citizen"]["mobile"], &shown["citizen"]["national_id"]),
        (&json!("+989123478800"), &json!("0076229645"))
    );
    assert!(app.events(&case).await.contains(&"citizen_corrected".to_owned()));
    assert!(app.stolen().place_of("+989123478891").is_none(), "the value before is sealed");
    let found = agent.get("/citizens?national_id=0013542419").await.expect(200);
    assert_eq!(found["items"], json!([]), "nor is he found by it");
    app.whole();
}
