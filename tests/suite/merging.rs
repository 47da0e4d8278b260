//! One person across all channels: two records are put together, and taken apart again with nothing lost.

use samad::workers::{housekeeping, retention};
use serde_json::{Value, json};

use crate::privacy::unpacked;
use crate::support::{Case, MARYAM, REZA, Reply, TestApp};

const SECOND: &str = "09990000077";
const REASON: &str = "کارت ملی در باجه سهند دیده شد";

impl TestApp {
    async fn record_of(&self, case: &Case) -> String {
        self.case(case).await["citizen"]["id"].as_str().expect("a citizen").to_owned()
    }

    /// Maryam with her national ID, and somebody of her name and e-mail who told another mobile and none.
    async fn twice(&self) -> [(Case, String); 2] {
        let first = self.register(json!({ "citizen": { "email": "maryam@example.ir" } })).await;
        let second = self.register_second(json!({})).await;
        let ids = [self.record_of(&first).await, self.record_of(&second).await];
        assert_ne!(ids[0], ids[1]);
        let [one, two] = ids;
        [(first, one), (second, two)]
    }

    async fn register_second(&self, changes: Value) -> Case {
        let mut wish = json!({ "text": "چراغ کوچه شکسته است.", "subject": "چراغ", "citizen": {
            "national_id": null, "mobile": SECOND, "email": "maryam@example.ir", "phone": "03132654321" } });
        for (field, value) in changes.as_object().unwrap() {
            wish[field] = value.clone();
        }
        self.register(wish).await
    }

    async fn put(&self, username: &str, verb: &str, id: &str, other: &str) -> Reply {
        let body = json!({ "other": other, "reason": REASON });
        self.as_user(username).await.post(&format!("/citizens/{id}/{verb}"), body).await
    }

    async fn looks_up(&self, case: &Case, factor: Value) -> u16 {
        let mut wish = json!({ "tracking_code": case.tracking_code });
        for (field, value) in factor.as_object().unwrap() {
            wish[field] = value.clone();
        }
        self.nobody().post("/public/lookups", wish).await.status
    }

    async fn record(&self, id: &str) -> Value {
        self.as_user("agent.centre").await.get(&format!("/citizens/{id}")).await.expect(200)
    }

    async fn erase_due(&self) {
        housekeeping::forget(&self.app).await.expect("old replies are forgotten");
        while retention::run_once(&self.app).await.expect("the walk goes on") > 0 {}
    }
}

#[actix_web::test]
async fn two_records_of_one_person_are_proposed_and_become_one() {
    let app = TestApp::start().await;
    let [(first, one), (second, two)] = app.twice().await;
    let agent = app.as_user("agent.centre").await;
    let proposed = agent.get(&format!("/citizens/{two}/possible-duplicates")).await.expect(200);
    let item = &proposed["items"][0];
    assert_eq!((&item["record"]["id"], &item["stands"]), (&json!(one), &json!(one)));
    assert_eq!((&item["is_certain"], &item["tie"]), (&json!(true), &json!("email")));
    assert_eq!(item["record"]["mobile"], Value::Null, "initials only");
    app.drain().await;
    let before = app.sms().sent().len();
    let told = app.put("agent.centre", "merge", &one, &two).await.expect(200);
    assert_eq!((&told["id"], &told["merges"][0]["cases"]), (&json!(one), &json!([second.id])));
    assert_eq!(told["merges"][0]["took"], json!(["phone"]), "what the standing record lacked");
    assert_eq!((&told["mobile"], &told["phone"]), (&json!("+989990000011"), &json!("+983132654321")));
    // told as a correction is: on the contact that stands and on the former one
    app.drain().await;
    let sent = app.sms().sent();
    let told: Vec<(&str, bool)> = sent[before..]
        .iter()
        .map(|letter| (letter.address.as_str(), letter.rendered.body.contains(&second.tracking_code)))
        .collect();
    assert!(told.contains(&("+989990000011", false)) && told.contains(&("+989990000077", true)), "{told:?}");
    // the case went over and says so; the other record leads to the one that stands
    assert_eq!(app.record_of(&second).await, one);
    assert!(app.events(&second).await.contains(&"citizen_merged".to_owned()));
    assert!(!app.events(&first).await.contains(&"citizen_merged".to_owned()));
    let reply = agent.get(&format!("/citizens/{two}")).await;
    assert_eq!(reply.header("Content-Location"), format!("/api/v1/citizens/{one}"));
    assert_eq!(reply.expect(200)["id"], json!(one));
    for query in ["mobile=09990000077", "mobile=09990000011", "email=maryam@example.ir"] {
        let found = agent.get(&format!("/citizens?{query}")).await.expect(200);
        let ids: Vec<&str> =
            found["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
        assert_eq!(ids, [one.as_str()], "{query}");
    }
    let left = agent.get(&format!("/citizens/{one}/possible-duplicates")).await.expect(200);
    assert_eq!(left["items"], json!([]));
    // whatever channel it comes by, it is the same person
    let third = app.register_second(json!({ "subject": "سوم", "channel": "sms" })).await;
    assert_eq!(app.record_of(&third).await, one);
    assert!(app.stolen().place_of("سهند").is_none(), "the reason is sealed");
    app.assert_verified("The history is whole");
    app.whole();
}

#[actix_web::test]
async fn the_codes_of_each_case_go_on_with_what_opened_it() {
    let app = TestApp::start().await;
    let [(first, one), (second, two)] = app.twice().await;
    app.put("registrar.centre", "merge", &one, &two).await.expect(200);
    for factor in [json!({ "mobile": SECOND }), json!({ "mobile": "0077" }), json!({ "national_id": MARYAM })]
    {
        assert_eq!(app.looks_up(&second, factor.clone()).await, 200, "{factor}");
    }
    assert_eq!(app.looks_up(&second, json!({ "access_code": second.access_code })).await, 200);
    assert_eq!(app.looks_up(&first, json!({ "mobile": "09990000011" })).await, 200);
    assert_eq!(app.looks_up(&first, json!({ "mobile": SECOND })).await, 404, "never hers");
    app.put("registrar.centre", "unmerge", &one, &two).await.expect(200);
    assert_eq!(app.looks_up(&second, json!({ "mobile": SECOND })).await, 200);
    assert_eq!(app.looks_up(&second, json!({ "national_id": MARYAM })).await, 404);
    app.whole();
}

#[actix_web::test]
async fn what_cannot_be_one_person_is_refused() {
    let app = TestApp::start().await;
    let [(_, one), (_, two)] = app.twice().await;
    let reza = json!({ "citizen": { "national_id": REZA, "name": "رضا", "mobile": "09990000088" } });
    let reza = app.record_of(&app.register(reza).await).await;
    let agent = app.as_user("agent.centre").await;
    let path = format!("/citizens/{one}/merge");
    agent.post(&path, json!({ "other": two, "reason": " " })).await.wrong("reason", "required");
    agent.post(&path, json!({ "other": "مریم", "reason": "x" })).await.wrong("other", "invalid");
    agent.post(&path, json!({ "other": "1", "reason": "x" })).await.wrong("other", "unknown");
    agent.post("/citizens/1/merge", json!({ "other": two, "reason": "x" })).await.refused(404, "not_found");
    app.put("agent.centre", "merge", &one, &reza).await.refused(409, "different_identifiers");
    app.put("agent.centre", "merge", &two, &one).await.refused(409, "merge_other_way");
    app.put("agent.centre", "merge", &one, &one).await.refused(409, "already_done");
    app.put("agent.centre", "unmerge", &one, &two).await.refused(409, "records_not_merged");
    app.put("handler.moen-10", "merge", &one, &two).await.refused(403, "forbidden");
    app.put("agent.gov-10", "merge", &one, &two).await.refused(404, "not_found");
    // nobody puts records together behind which a case is about them
    let about = json!({ "kind": "complaint", "category": "water.outage", "about_user": "agent.centre",
        "citizen": { "national_id": null, "mobile": SECOND } });
    app.register_as("classifier.centre", about).await;
    app.put("agent.centre", "merge", &one, &two).await.refused(403, "second_person_required");
    // what is asked to be erased of one must not take the other with it
    let asked = format!("/citizens/{two}/erasure-requests");
    app.as_user("registrar.centre").await.post(&asked, json!({ "reason": "بس است" })).await.expect(201);
    app.put("privacy.centre", "merge", &one, &two).await.refused(409, "erasure_pending");
    app.whole();
}

#[actix_web::test]
async fn an_unmerging_gives_back_what_was_taken_and_nothing_else() {
    let app = TestApp::start().await;
    let [(first, one), (second, two)] = app.twice().await;
    let before = app.record(&two).await;
    app.pass_hours(1);
    app.put("agent.centre", "merge", &one, &two).await.expect(200);
    let of_hers = app.register(json!({ "subject": "از خودش", "text": "آسفالت خیابان ما فرو رفت." })).await;
    let of_other =
        app.register_second(json!({ "subject": "از دیگری", "text": "پارک محله تاریک است." })).await;
    app.drain().await;
    let sent = app.sms().sent().len();
    let path = format!("/citizens/{one}/unmerge");
    let agent = app.as_user("agent.centre").await;
    let body = |cases: Value| json!({ "other": two, "reason": "دو خواهرند", "cases": cases });
    agent.post(&path, body(json!([first.id]))).await.wrong("cases[0]", "unknown");
    agent.post(&path, body(json!([of_other.tracking_code]))).await.expect(200);
    agent.post(&path, body(json!([]))).await.refused(409, "records_not_merged");
    for (case, id) in [(&first, &one), (&of_hers, &one), (&second, &two), (&of_other, &two)] {
        assert_eq!(app.record_of(case).await, *id, "{case:?}");
    }
    let hers = app.record(&one).await;
    assert_eq!((&hers["phone"], &hers["merges"][0]["undone_reason"]), (&Value::Null, &json!("دو خواهرند")));
    let mut after = app.record(&two).await;
    after["merges"] = before["merges"].clone();
    assert_eq!(after, before, "the other record is as it was");
    assert!(app.events(&second).await.contains(&"citizen_unmerged".to_owned()));
    app.drain().await;
    let told: Vec<String> = app.sms().sent()[sent..].iter().map(|letter| letter.address.clone()).collect();
    assert!(told.contains(&"+989990000011".into()) && told.contains(&"+989990000077".into()), "{told:?}");
    // what was corrected since stays corrected
    app.put("agent.centre", "merge", &one, &two).await.expect(200);
    let right = json!({ "field": "phone", "value": "03132654399", "evidence": "قبض", "reason": "تازه" });
    agent.post(&format!("/citizens/{two}/corrections"), right).await.expect(201);
    app.put("agent.centre", "unmerge", &one, &two).await.expect(200);
    assert_eq!(app.record(&one).await["phone"], "+983132654399");
    app.assert_verified("The history is whole");
    app.whole();
}

#[actix_web::test]
async fn a_record_that_stood_for_others_takes_them_along_and_back() {
    let app = TestApp::start().await;
    let [(_, one), (second, two)] = app.twice().await;
    let wish = json!({ "subject": "سوم", "citizen": { "national_id": null, "mobile": "09990000066" } });
    let third = app.register(wish).await;
    let three = app.record_of(&third).await;
    app.put("agent.centre", "merge", &two, &three).await.expect(200);
    app.put("agent.centre", "merge", &one, &two).await.expect(200);
    assert_eq!((app.record_of(&second).await, app.record_of(&third).await), (one.clone(), one.clone()));
    assert_eq!(app.looks_up(&third, json!({ "mobile": "09990000066" })).await, 200);
    app.put("agent.centre", "unmerge", &one, &three).await.refused(409, "records_not_merged");
    app.put("agent.centre", "unmerge", &one, &two).await.expect(200);
    assert_eq!((app.record_of(&second).await, app.record_of(&third).await), (two.clone(), two.clone()));
    assert_eq!(app.record(&three).await["id"], json!(two));
    app.put("agent.centre", "unmerge", &two, &three).await.expect(200);
    assert_eq!(app.record_of(&third).await, three);
    app.whole();
}

#[actix_web::test]
async fn holds_plans_exports_and_erasure_follow_the_person() {
    let app = TestApp::start().await;
    let closed = app.closed().await;
    let one = app.record_of(&closed).await;
    let second = app.register_second(json!({})).await;
    let two = app.record_of(&second).await;
    let privacy = app.as_user("privacy.centre").await;
    privacy.post(&format!("/citizens/{two}/hold"), json!({ "reason": "شعبه ۱۲" })).await.expect(201);
    let plan = json!({ "reasons": "هر روز", "measures": ["writing_only"],
        "review_at": app.now().plus_days(60).to_string() });
    let path = format!("/citizens/{two}/contact-plan");
    app.as_user("classifier.centre").await.post(&path, plan).await.expect(201);
    app.as_user("inspector.centre").await.post(&format!("{path}/approval"), json!({})).await.expect(200);
    app.put("privacy.centre", "merge", &one, &two).await.expect(200);
    // the plan holds for the person
    let plans = privacy.get(&format!("/citizens/{one}/contact-plans")).await.expect(200);
    assert_eq!(
        (&plans["items"][0]["state"], &plans["items"][0]["citizen_id"]),
        (&json!("active"), &json!(two))
    );
    // so does the hold
    privacy
        .post(&format!("/citizens/{one}/hold"), json!({ "reason": "باز" }))
        .await
        .refused(409, "hold_stands");
    let due = privacy.get("/retention/due?until=2036-12-31").await.expect(200);
    assert!(due["items"][0]["obstacles"].to_string().contains("citizen_held"), "{due}");
    // one archive of both records
    let wish = json!({ "reason": "حضوری", "identity_checked_by": "کارت ملی" });
    let told = privacy.post(&format!("/citizens/{two}/exports"), wish).await.expect(201);
    let files = unpacked(&privacy.get(told["href"].as_str().unwrap()).await.bytes);
    let record = &files.iter().find(|(name, _)| name == "citizen.json").expect("the record").1;
    assert!(record.contains("+989990000077") && record.contains("9991000011"), "{record}");
    for case in [&closed, &second] {
        assert!(files.iter().any(|(name, _)| name.contains(&case.tracking_code)));
    }
    // and nothing of either is left
    privacy.delete(&format!("/citizens/{one}/hold")).await.expect(200);
    let agent = app.as_user("agent.centre").await;
    agent.post(&second.path("withdrawal"), json!({ "confirm": true })).await.expect(200);
    let asked = agent.post(&format!("/citizens/{two}/erasure-requests"), json!({ "reason": "بس" })).await;
    let decision = format!("/erasure-requests/{}/decision", asked.expect(201)["id"].as_str().unwrap());
    let grant = json!({ "grant": true, "source": "قانون", "words": "انجام می‌شود" });
    privacy.post(&decision, grant).await.expect(200);
    for _ in 0..3 {
        app.pass_days(60);
        app.erase_due().await;
    }
    let stolen = app.stolen();
    let seen: Vec<String> =
        ["کاظمی", "9990000077", "9990000011"].iter().filter_map(|text| stolen.place_of(text)).collect();
    assert!(seen.is_empty(), "{seen:?}");
    privacy.get(&format!("/citizens/{two}")).await.refused(404, "not_found");
    assert_eq!(app.looks_up(&second, json!({ "mobile": SECOND })).await, 404);
    app.whole();
}

#[actix_web::test]
async fn a_sealed_case_is_not_told_by_the_records_beside_it_and_its_extract_knows_both_names() {
    let app = TestApp::start().await;
    let first = app.register(json!({})).await;
    let one = app.record_of(&first).await;
    let wish = json!({ "text": "من گلنار سپهری هستم و مریم کاظمی‌نیا هم می‌نامند؛ کارمندی رشوه خواست.",
        "sealed": true, "citizen": { "national_id": null, "mobile": SECOND, "name": "گلنار سپهری" } });
    let sealed = app.register(wish).await;
    let agent = app.as_user("agent.centre").await;
    let found = agent.get(&format!("/citizens?mobile={SECOND}")).await.expect(200);
    let two = found["items"][0]["id"].as_str().unwrap().to_owned();
    let told = app.put("privacy.centre", "merge", &one, &two).await.expect(200);
    assert_eq!(told["merges"][0]["cases"], json!([]), "not even to the privacy officer by this way");
    let privacy = app.as_user("privacy.centre").await;
    let extract = privacy.post(&sealed.path("extract"), json!({})).await.expect(201).to_string();
    assert!(!extract.contains("کاظمی") && !extract.contains("سپهری"), "{extract}");
    app.whole();
}
