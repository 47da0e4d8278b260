//! Public meetings: slots and places, booking by the citizen and by the desk, the list, and orders with a deadline.

use serde_json::{Value, json};

use crate::support::{Case, Client, REZA, TestApp};

/// A meeting of the governor of Isfahan tomorrow, with two slots of one place each.
async fn planned(app: &TestApp, changes: Value) -> Value {
    let mut body = json!({ "official": "استاندار اصفهان", "place": "سالن ملاقات", "slots": 2,
        "slot_minutes": 15, "starts_at": "2026-06-11T06:00:00Z" });
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    app.as_user("classifier.gov-10").await.post("/meetings", body).await.expect(201)
}

fn id(told: &Value) -> &str {
    told["id"].as_str().expect("an id")
}

async fn citizen<'a>(app: &'a TestApp, case: &Case) -> Client<'a> {
    let wish = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
    let told = app.nobody().post("/public/lookups", wish).await.expect(200);
    app.bearer(told["token"].as_str().unwrap())
}

async fn rezas(app: &TestApp) -> Case {
    let reza = json!({ "citizen": { "national_id": REZA, "name": "رضا", "mobile": "09990000029" } });
    app.register_as("agent.gov-10", reza).await
}

#[actix_web::test]
async fn a_citizen_finds_a_meeting_books_a_place_is_told_and_gives_it_up() {
    let app = TestApp::start().await;
    let case = app.register_as("agent.gov-10", json!({})).await;
    let meeting = planned(&app, json!({})).await;
    let open = app.nobody().get("/public/meetings?province=10").await.expect(200);
    assert_eq!((&open["items"][0]["id"], &open["items"][0]["slots"][1]["free"]), (&meeting["id"], &json!(1)));
    assert_eq!(open["items"][0]["slots"][1]["at"], "2026-06-11T06:15:00Z");
    let maryam = citizen(&app, &case).await;
    let path = format!("/public/cases/{}/appointments", case.tracking_code);
    app.drain().await;
    let before = app.sms().sent().len();
    let booked = maryam.post(&path, json!({ "meeting": id(&meeting), "slot": 2 })).await.expect(201);
    assert_eq!((&booked["at"], &booked["state"]), (&json!("2026-06-11T06:15:00Z"), &json!("booked")));
    app.drain().await;
    let sent = app.sms().sent().split_off(before);
    assert!(sent[0].rendered.body.contains("۰۹:۴۵"), "{}", sent[0].rendered.body);
    maryam.post(&path, json!({ "meeting": id(&meeting), "slot": 1 })).await.refused(409, "already_booked");
    let reza = rezas(&app).await;
    let other = citizen(&app, &reza).await;
    let theirs = format!("/public/cases/{}/appointments", reza.tracking_code);
    other.post(&theirs, json!({ "meeting": id(&meeting), "slot": 2 })).await.refused(409, "slot_full");
    let own = format!("{path}/{}", id(&booked));
    other.delete(&format!("{theirs}/{}", id(&booked))).await.refused(404, "not_found");
    let told = maryam.delete(&own).await.expect(200);
    assert_eq!(told["state"], "cancelled");
    maryam.delete(&own).await.refused(409, "already_done");
    // the place is free again
    other.post(&theirs, json!({ "meeting": id(&meeting), "slot": 2 })).await.expect(201);
    let list = maryam.get(&path).await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    app.whole();
}

#[actix_web::test]
async fn what_is_ordered_at_a_meeting_is_a_referral_with_a_deadline_and_stands_in_the_list() {
    let app = TestApp::start().await;
    let case = app.register_as("agent.gov-10", json!({})).await;
    let meeting = planned(&app, json!({ "public": false })).await;
    app.nobody().get(&format!("/public/meetings/{}", id(&meeting))).await.refused(404, "not_found");
    let desk = app.as_user("agent.gov-10").await;
    let path = format!("/meetings/{}/appointments", id(&meeting));
    let booked = desk.post(&path, json!({ "case": case.id })).await.expect(201);
    assert_eq!((&booked["slot"], &booked["booked_by"]), (&json!(1), &json!("staff")));
    let orders = format!("/appointments/{}/orders", id(&booked));
    let secretary = app.as_user("classifier.gov-10").await;
    let order = json!({ "office": "MOEN-10", "instruction": "تا یک هفته آب را وصل کنید.", "due_at": "2026-06-17T12:00:00Z", "category": "water.outage" });
    secretary.post(&orders, order.clone()).await.refused(409, "wrong_appointment");
    app.app.clock.set("2026-06-11T06:05:00Z".parse().unwrap());
    let mut unclassified = order.clone();
    unclassified.as_object_mut().unwrap().remove("category");
    secretary.post(&orders, unclassified).await.wrong("category", "required");
    desk.post(&orders, order.clone()).await.refused(403, "forbidden");
    let given = secretary.post(&orders, order).await.expect(201);
    assert_eq!((&given["office"], &given["due_at"]), (&json!("MOEN-10"), &json!("2026-06-17T12:00:00Z")));
    let referral = app.referral(given["referral"].as_str().unwrap()).await;
    assert_eq!((&referral["role"], &referral["due_at"]), (&json!("lead"), &json!("2026-06-17T12:00:00Z")));
    let list = secretary.get(&path).await.expect(200);
    let place = &list["items"][0];
    assert_eq!((&place["state"], &place["name"]), (&json!("attended"), &json!("مریم کاظمی‌نیا")));
    assert_eq!(place["orders"][0]["referral"], given["referral"]);
    // the citizen sees who read the name
    let maryam = citizen(&app, &case).await;
    let reads = maryam.get(&format!("/public/cases/{}/identity-reads", case.tracking_code)).await;
    assert!(reads.told().contains("List of a public meeting"), "{}", reads.told());
    assert!(app.events(&case).await.contains(&"case_referred".to_owned()));
    app.whole();
}

#[actix_web::test]
async fn a_cancelled_meeting_tells_everybody_and_takes_nobody_any_more() {
    let app = TestApp::start().await;
    let (maryam, reza) = (app.register_as("agent.gov-10", json!({})).await, rezas(&app).await);
    let meeting = planned(&app, json!({ "capacity": 2, "slots": 1 })).await;
    let desk = app.as_user("agent.gov-10").await;
    let path = format!("/meetings/{}", id(&meeting));
    for case in [&maryam, &reza] {
        desk.post(&format!("{path}/appointments"), json!({ "case": case.id })).await.expect(201);
    }
    app.drain().await;
    let before = app.sms().sent().len();
    let secretary = app.as_user("classifier.gov-10").await;
    let cancel = format!("{path}/cancellation");
    secretary.post(&cancel, json!({})).await.wrong("reason", "required");
    desk.post(&cancel, json!({ "reason": "سفر" })).await.refused(403, "forbidden");
    let told = secretary.post(&cancel, json!({ "reason": "سفر استاندار" })).await.expect(200);
    assert_eq!((&told["state"], &told["slots"][0]["free"]), (&json!("cancelled"), &json!(2)));
    app.drain().await;
    assert_eq!(app.sms().sent().len(), before + 2);
    secretary.post(&cancel, json!({ "reason": "سفر" })).await.refused(409, "already_done");
    let again = json!({ "case": maryam.id });
    desk.post(&format!("{path}/appointments"), again).await.refused(409, "meeting_over");
    let open = app.nobody().get("/public/meetings").await.expect(200);
    assert_eq!(open["items"], json!([]));
    let of_case = desk.get(&maryam.path("appointments")).await.expect(200);
    assert_eq!(of_case["items"][0]["reason"], "سفر استاندار");
}

#[actix_web::test]
async fn only_a_case_that_the_office_sees_and_that_is_not_about_it_is_brought_before_it() {
    let app = TestApp::start().await;
    let meeting = planned(&app, json!({})).await;
    let book = |case: Case| {
        let (app, wish) = (&app, json!({ "meeting": meeting["id"] }));
        async move {
            let path = format!("/public/cases/{}/appointments", case.tracking_code);
            citizen(app, &case).await.post(&path, wish).await
        }
    };
    let elsewhere = app.register(json!({})).await;
    book(elsewhere).await.refused(409, "case_elsewhere");
    let about = json!({ "kind": "complaint", "about_office": "GOV-10" });
    let about = app.register(about).await;
    book(about).await.refused(409, "meeting_conflict");
    let closed = app.register_as("agent.gov-10", json!({})).await;
    app.as_user("classifier.gov-10")
        .await
        .post(&closed.path("withdrawal"), json!({ "confirm": true }))
        .await
        .expect(200);
    book(closed).await.refused(409, "wrong_state");
    let late = app.register_as("agent.gov-10", json!({})).await;
    app.app.clock.set("2026-06-11T06:01:00Z".parse().unwrap());
    book(late.clone()).await.refused(409, "booking_ended");
    // the desk still brings somebody in, into a slot that is to come
    let path = format!("/meetings/{}/appointments", id(&meeting));
    let desk = app.as_user("agent.gov-10").await;
    assert_eq!(desk.post(&path, json!({ "case": late.id })).await.expect(201)["slot"], 2);
}

#[actix_web::test]
async fn a_sealed_case_is_left_out_of_the_list_of_whoever_does_not_see_it() {
    let app = TestApp::start().await;
    let case = app.register_as("agent.gov-10", json!({ "sealed": true })).await;
    let meeting = planned(&app, json!({})).await;
    let path = format!("/public/cases/{}/appointments", case.tracking_code);
    citizen(&app, &case).await.post(&path, json!({ "meeting": meeting["id"] })).await.expect(201);
    let list = format!("/meetings/{}/appointments", id(&meeting));
    assert_eq!(app.as_user("agent.gov-10").await.get(&list).await.expect(200)["items"], json!([]));
    let told = app.as_user("classifier.gov-10").await.get(&list).await.expect(200);
    assert_eq!((&told["items"][0]["name"], &told["items"][0]["state"]), (&Value::Null, &json!("booked")));
}

#[actix_web::test]
async fn who_came_is_noted_and_a_wrong_plan_is_named_field_by_field() {
    let app = TestApp::start().await;
    let case = app.register_as("agent.gov-10", json!({})).await;
    let meeting = planned(&app, json!({})).await;
    let desk = app.as_user("agent.gov-10").await;
    let path = format!("/meetings/{}/appointments", id(&meeting));
    desk.post(&path, json!({ "case": case.id, "slot": 3 })).await.wrong("slot", "out_of_range");
    desk.post(&path, json!({ "case": "1" })).await.refused(404, "not_found");
    let booked = desk.post(&path, json!({ "case": case.id })).await.expect(201);
    let came = format!("/appointments/{}/attendance", id(&booked));
    desk.put(&came, json!({ "attended": true })).await.refused(409, "wrong_appointment");
    app.app.clock.set("2026-06-11T06:30:00Z".parse().unwrap());
    desk.put(&came, json!({})).await.wrong("attended", "required");
    assert_eq!(desk.put(&came, json!({ "attended": false })).await.expect(200)["state"], "absent");
    assert_eq!(desk.put(&came, json!({ "attended": true })).await.expect(200)["state"], "attended");
    let secretary = app.as_user("classifier.gov-10").await;
    for (change, field, code) in [
        (json!({ "official": "" }), "official", "required"),
        (json!({ "starts_at": null }), "starts_at", "required"),
        (json!({ "starts_at": "2020-01-01T00:00:00Z" }), "starts_at", "in_the_past"),
        (json!({ "starts_at": "2030-01-01T00:00:00Z" }), "starts_at", "too_far"),
        (json!({ "slots": 0 }), "slots", "out_of_range"),
        (json!({ "slot_minutes": 1 }), "slot_minutes", "out_of_range"),
        (json!({ "books_until": "2026-07-02T06:00:00Z" }), "books_until", "too_late"),
        (json!({ "office": "X" }), "office", "unknown"),
    ] {
        let mut body =
            json!({ "official": "x", "place": "y", "slots": 1, "starts_at": "2026-07-01T06:00:00Z" });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        secretary.post("/meetings", body).await.wrong(field, code);
    }
    app.as_user("handler.moen-10").await.post("/meetings", json!({})).await.refused(403, "forbidden");
    // a stranger learns of none
    app.as_user("liaison.mohme")
        .await
        .get(&format!("/meetings/{}", id(&meeting)))
        .await
        .refused(404, "not_found");
    let own = app.as_user("liaison.mohme").await.get("/meetings?from=2026-06-01").await.expect(200);
    assert_eq!(own["items"], json!([]));
}
