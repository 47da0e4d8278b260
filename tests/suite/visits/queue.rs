//! Tickets of a counter: numbers by desk and day, and who is called next.

use serde_json::{Value, json};

use crate::support::{Client, TestApp};

async fn draw(desk: &Client<'_>, name: &str) -> Value {
    desk.post(&format!("/desks/{name}/tickets"), json!({})).await.expect(201)
}

async fn call(desk: &Client<'_>, name: &str) -> i64 {
    let told = desk.post(&format!("/desks/{name}/calls"), json!({})).await.expect(201);
    told["number"].as_i64().unwrap()
}

#[actix_web::test]
async fn numbers_run_by_desk_and_day_and_the_lowest_is_called_next() {
    let app = TestApp::start().await;
    let desk = app.as_user("agent.gov-10").await;
    let first = draw(&desk, "1").await;
    assert_eq!(
        (&first["number"], &first["ahead"], &first["day"]),
        (&json!(1), &json!(0), &json!("2026-06-10"))
    );
    assert_eq!(draw(&desk, "%DB%B1").await["number"], 2, "the same desk in Persian digits");
    assert_eq!(draw(&desk, "2").await["number"], 1, "another desk");
    let centre = app.as_user("agent.centre").await;
    assert_eq!(draw(&centre, "1").await["number"], 1, "another office");
    // a kiosk draws with a gateway's key
    assert_eq!(draw(&app.gateway(), "1").await["number"], 2);
    assert_eq!((call(&desk, "1").await, call(&desk, "1").await), (1, 2));
    desk.post("/desks/1/calls", json!({})).await.refused(409, "queue_empty");
    // midnight in Tehran
    app.pass_hours(16);
    assert_eq!(draw(&desk, "1").await["number"], 1);
    let yesterday = desk.get("/desks/1/tickets?day=2026-06-10&limit=1").await.expect(200);
    assert_eq!(
        (&yesterday["items"][0]["number"], &yesterday["items"][0]["state"]),
        (&json!(1), &json!("called"))
    );
    let rest =
        format!("/desks/1/tickets?day=2026-06-10&cursor={}", yesterday["next_cursor"].as_str().unwrap());
    assert_eq!(desk.get(&rest).await.expect(200)["items"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn a_visit_that_is_entered_with_its_number_serves_the_ticket() {
    let app = TestApp::start().await;
    let desk = app.as_user("agent.gov-10").await;
    draw(&desk, "1").await;
    call(&desk, "1").await;
    let visit = json!({ "text": "آب قطع است.", "desk": "1", "ticket": "۱", "national_id": "9991000011" });
    let told = desk.post("/channels/visits", visit.clone()).await.expect(201);
    assert!(told["tracking_code"].is_string());
    let queue = desk.get("/desks/1/tickets").await.expect(200);
    assert_eq!(queue["items"][0]["state"], "served");
    let ticket = queue["items"][0]["id"].as_str().unwrap().to_owned();
    let absent = json!({ "state": "absent" });
    desk.put(&format!("/tickets/{ticket}"), absent).await.refused(409, "already_done");
    // a number of another queue is let be
    let other = json!({ "text": "برق قطع است.", "desk": "9", "ticket": "A-77", "national_id": "9991000011" });
    desk.post("/channels/visits", other).await.expect(201);
    app.whole();
}

#[actix_web::test]
async fn who_did_not_come_goes_back_into_the_queue_when_he_comes() {
    let app = TestApp::start().await;
    let desk = app.as_user("agent.gov-10").await;
    let path = format!("/tickets/{}", draw(&desk, "1").await["id"].as_str().unwrap());
    draw(&desk, "1").await;
    assert_eq!(call(&desk, "1").await, 1);
    let told = desk.put(&path, json!({ "state": "absent" })).await.expect(200);
    assert_eq!((&told["state"], told["settled_at"].is_string()), (&json!("absent"), true));
    desk.put(&path, json!({ "state": "waiting" })).await.expect(200);
    assert_eq!(call(&desk, "1").await, 1, "before those who drew later");
    desk.put(&path, json!({ "state": "lost" })).await.wrong("state", "unknown");
    app.as_user("agent.centre").await.put(&path, json!({ "state": "served" })).await.expect(200);
    // another province, and whoever registers nothing
    let other = app.as_user("handler.moen-10").await;
    other.put(&path, json!({ "state": "served" })).await.refused(403, "forbidden");
    other.get("/desks/1/tickets").await.refused(403, "forbidden");
    desk.post("/desks/1/tickets", json!({ "office": "GOV-11" })).await.refused(403, "not_your_office");
    desk.post("/desks/1/tickets", json!({ "office": "X" })).await.wrong("office", "unknown");
    desk.post("/desks/%20/tickets", json!({})).await.wrong("desk", "required");
    desk.get("/desks/1/tickets?day=10").await.wrong("day", "invalid");
}

#[actix_web::test]
async fn twenty_who_draw_at_once_get_twenty_numbers() {
    let app = TestApp::start().await;
    let desk = app.as_user("agent.gov-10").await;
    let drawn = futures_util::future::join_all((0..20).map(|_| draw(&desk, "1"))).await;
    let mut numbers: Vec<i64> = drawn.iter().map(|told| told["number"].as_i64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
    let called = futures_util::future::join_all((0..20).map(|_| call(&desk, "1"))).await;
    let mut called: Vec<i64> = called;
    called.sort_unstable();
    assert_eq!(called, (1..=20).collect::<Vec<_>>());
}
