//! Lists: pages, sort orders, filters, words, the inbox.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{MARYAM, REZA, TestApp};

fn ids(told: &Value) -> Vec<String> {
    told["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn pages_show_every_case_once_in_each_sort_order() {
    let app = TestApp::start().await;
    for number in 0..25 {
        // pairs of the same instant, so that the order needs its second key
        if number % 2 == 0 {
            app.pass_hours(7);
        }
        let kind = if number % 3 == 0 { "report" } else { "proposal" };
        app.register(json!({ "kind": kind })).await;
    }
    let agent = app.as_user("agent.centre").await;
    for (sort, field) in
        [("due_at", "due_at"), ("registered_at", "registered_at"), ("updated_at", "updated_at")]
    {
        for sign in ["", "-"] {
            let (mut seen, mut at, mut next) = (Vec::new(), Vec::new(), String::new());
            loop {
                let page = agent.get(&format!("/cases?sort={sign}{sort}&limit=7{next}")).await.expect(200);
                seen.extend(ids(&page));
                at.extend(
                    page["items"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|item| item[field].as_str().unwrap().to_owned()),
                );
                match page["next_cursor"].as_str() {
                    Some(cursor) => next = format!("&cursor={cursor}"),
                    None => break,
                }
            }
            assert_eq!((seen.len(), seen.iter().collect::<BTreeSet<_>>().len()), (25, 25), "{sign}{sort}");
            let is_ordered = at
                .windows(2)
                .all(|pair| if sign.is_empty() { pair[0] <= pair[1] } else { pair[0] >= pair[1] });
            assert!(is_ordered, "{sign}{sort}: {at:?}");
        }
    }
    let cursor =
        agent.get("/cases?limit=1&sort=due_at").await.expect(200)["next_cursor"].as_str().unwrap().to_owned();
    agent.get(&format!("/cases?cursor={cursor}&sort=-due_at")).await.refused(400, "invalid_cursor");
}

#[actix_web::test]
async fn each_filter_leaves_what_it_says() {
    let app = TestApp::start().await;
    let plain = app.register(json!({})).await;
    let report =
        json!({ "kind": "report", "channel": "letter", "place": { "province": "23", "county": null } });
    let report = app.register(report).await;
    app.pass_days(1);
    let held = app.accepted("MOEN-10").await;
    let sealed = app.register(json!({ "sealed": true, "citizen": { "national_id": REZA } })).await;
    let agent = app.as_user("agent.centre").await;
    let reza = agent.get(&format!("/citizens?national_id={REZA}")).await.expect(200);
    let reza = reza["items"][0]["id"].as_str().unwrap().to_owned();
    let maryam = agent.get(&format!("/citizens?national_id={MARYAM}")).await.expect(200);
    let maryam = maryam["items"][0]["id"].as_str().unwrap().to_owned();
    let inspector = app.as_user("inspector.centre").await;
    for (query, wanted) in [
        ("status=referred", vec![&held]),
        ("status=registered,referred&sort=registered_at", vec![&plain, &report, &held, &sealed]),
        ("kind=report", vec![&report]),
        ("channel=letter", vec![&report]),
        ("category=water.outage", vec![&held]),
        ("office=MOEN-10", vec![&held]),
        ("province=23", vec![&report]),
        ("county=1002&sort=registered_at", vec![&plain, &held, &sealed]),
        ("holder=handler.moen-10", vec![&held]),
        ("sealed=true", vec![&sealed]),
        ("sealed=false&sort=registered_at", vec![&plain, &report, &held]),
        // whose a sealed case is, is not told by a filter
        (&format!("citizen={reza}"), vec![]),
        (&format!("citizen={maryam}&sort=registered_at"), vec![&plain, &report, &held]),
        ("from=2026-06-11T00:00:00Z&sort=registered_at", vec![&held, &sealed]),
        ("to=2026-06-11&sort=registered_at", vec![&plain, &report]),
        ("overdue=true", vec![]),
        ("kind=report&channel=phone", vec![]),
    ] {
        let told = inspector.get(&format!("/cases?{query}")).await.expect(200);
        let wanted: Vec<&String> = wanted.iter().map(|case| &case.id).collect();
        assert_eq!(ids(&told).iter().collect::<Vec<_>>(), wanted, "{query}");
    }
    app.pass_days(60);
    assert_eq!(ids(&inspector.get("/cases?overdue=true").await.expect(200)).len(), 4);
    assert!(ids(&inspector.get("/cases?overdue=false").await.expect(200)).is_empty());
    for (query, field) in [
        ("status=lost", "status"),
        ("kind=wish", "kind"),
        ("holder=nobody", "holder"),
        ("from=never", "from"),
    ] {
        let reply = inspector.get(&format!("/cases?{query}")).await;
        assert_eq!((reply.status, reply.json["errors"][0]["field"].as_str()), (422, Some(field)));
    }
}

#[actix_web::test]
async fn words_are_found_however_persian_is_typed() {
    let app = TestApp::start().await;
    let case = app
        .register(json!({ "subject": "کیفیت آب", "text": "آب شُرب روستای علی‌آباد گِل‌آلود است؛ شماره ۱۲۳۴" }))
        .await;
    app.register(json!({ "subject": "روشنایی", "text": "چراغ کوچه خاموش است" })).await;
    let agent = app.as_user("agent.centre").await;
    // Arabic ya and kaf, digits of three kinds, no half-space, no marks
    for words in ["کیفیت", "كيفيت", "كيفيت آب", "علي‌آباد", "شرب", "1234", "١٢٣٤", "گل‌آلود"]
    {
        let told = agent.get(&format!("/cases?q={words}")).await.expect(200);
        assert_eq!(ids(&told), [case.id.as_str()], "{words}");
    }
    for words in ["کیفیت خاموش", "!!", "نیست"] {
        assert!(ids(&agent.get(&format!("/cases?q={words}")).await.expect(200)).is_empty(), "{words}");
    }
}

#[actix_web::test]
async fn a_tracking_code_finds_its_case_in_any_spelling() {
    let app = TestApp::start().await;
    let (case, _) = (app.register(json!({})).await, app.register(json!({})).await);
    let agent = app.as_user("agent.centre").await;
    let code = &case.tracking_code;
    let persian: String = code.chars().map(|c| char::from_u32(c as u32 - 0x30 + 0x6F0).unwrap()).collect();
    for spelling in [code.clone(), persian, format!("{}-{}", &code[..4], &code[4..])] {
        assert_eq!(ids(&agent.get(&format!("/cases?q={spelling}")).await.expect(200)), [case.id.as_str()]);
    }
}

#[actix_web::test]
async fn the_inbox_shows_what_is_due_first_and_counts_each_box() {
    let app = TestApp::start().await;
    let first = app.referred_to("MOEN-10").await;
    app.pass_days(1);
    let second = app.accepted("MOEN-10").await;
    let handler = app.as_user("handler.moen-10").await;
    let inbox = handler.get("/inbox").await.expect(200);
    let cases: Vec<&str> =
        inbox["items"].as_array().unwrap().iter().filter_map(|i| i["case"]["id"].as_str()).collect();
    assert_eq!(cases, [first.id.as_str(), second.id.as_str()]);
    assert_eq!((&inbox["counts"]["new"], &inbox["counts"]["in_progress"]), (&json!(1), &json!(1)));
    let page = handler.get("/inbox?limit=1").await.expect(200);
    let next = page["next_cursor"].as_str().unwrap();
    let rest = handler.get(&format!("/inbox?limit=1&cursor={next}")).await.expect(200);
    assert_eq!((&rest["items"][0]["case"]["id"], &rest["next_cursor"]), (&json!(second.id), &Value::Null));
    app.submit(&second, "MOEN-10").await;
    let approver = app.as_user("approver.moen-10").await.get("/inbox?box=to_approve").await.expect(200);
    assert_eq!(approver["items"][0]["case"]["id"], second.id.as_str());
    assert_eq!(approver["counts"]["to_approve"], 1);
    app.pass_days(60);
    assert_eq!(handler.get("/inbox?box=overdue").await.expect(200)["items"].as_array().unwrap().len(), 2);
    handler.get("/inbox?box=lost").await.wrong("box", "unknown");
}

#[actix_web::test]
async fn the_desk_sees_what_waits_to_be_classified() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    app.register_as("agent.gov-10", json!({})).await;
    let triage = app.as_user("classifier.centre").await.get("/inbox?box=triage").await.expect(200);
    assert_eq!(
        (&triage["items"][0]["case"]["id"], &triage["counts"]["triage"]),
        (&json!(case.id), &json!(1))
    );
    app.classify(&case, "request", "water.outage").await;
    app.refer("classifier.centre", &case, &[("MOEN-10", "lead")]).await;
    assert_eq!(app.as_user("classifier.centre").await.get("/inbox").await.expect(200)["counts"]["triage"], 0);
}
