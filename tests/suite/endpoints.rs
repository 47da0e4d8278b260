//! Every operation of the document, tried as nobody, as a stranger and in a wrong role.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Client, Reply, TestApp};

/// Whom an operation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// Anybody, without a token.
    Everybody,
    /// A citizen with the token of one case.
    Citizen,
    /// Staff who see the case.
    Case,
    /// Any staff; the list holds only what they see.
    Staff,
    /// Staff of one role; the stranger has another.
    Role,
    /// Superiors of an office that is late: nobody else learns whether there is a warning.
    Superior,
}

/// Every operation, and whom it is for. A route that is missing here fails the test, and so does one too many.
const TABLE: [(&str, &str, For); 333] = [
    ("POST", "/auth/tokens", For::Everybody),
    ("POST", "/auth/tokens/refresh", For::Everybody),
    ("DELETE", "/auth/tokens", For::Staff),
    ("GET", "/auth/oidc/start", For::Everybody),
    ("GET", "/auth/oidc/callback", For::Everybody),
    ("POST", "/auth/oidc/otp", For::Everybody),
    ("GET", "/public/ratings/{token}", For::Everybody),
    ("POST", "/public/ratings/{token}", For::Everybody),
    ("GET", "/auth/totp", For::Staff),
    ("POST", "/auth/totp", For::Staff),
    ("POST", "/auth/totp/confirmation", For::Staff),
    ("DELETE", "/auth/totp", For::Staff),
    ("POST", "/auth/recovery-codes", For::Staff),
    ("PUT", "/users/me/password", For::Staff),
    ("DELETE", "/users/{id}/totp", For::Role),
    ("POST", "/cases", For::Role),
    ("GET", "/cases", For::Staff),
    ("POST", "/cases/similar", For::Role),
    ("GET", "/cases/{id}/repeats", For::Case),
    ("POST", "/cases/{id}/closure-as-repeat", For::Case),
    ("POST", "/citizens/{id}/contact-plan", For::Role),
    ("POST", "/citizens/{id}/contact-plan/approval", For::Role),
    ("POST", "/citizens/{id}/contact-plan/rejection", For::Role),
    ("POST", "/citizens/{id}/contact-plan/ending", For::Role),
    ("POST", "/citizens/{id}/contact-plan/review", For::Role),
    ("POST", "/citizens/{id}/contact-plan/review-decision", For::Role),
    ("GET", "/citizens/{id}/contact-plans", For::Role),
    ("GET", "/contact-plans", For::Role),
    ("GET", "/public/cases/{tracking_code}/contact-plan", For::Citizen),
    ("POST", "/public/cases/{tracking_code}/contact-plan-review", For::Citizen),
    ("GET", "/cases/{id}", For::Case),
    ("GET", "/cases/{id}/referrals", For::Case),
    ("POST", "/cases/{id}/referrals", For::Case),
    ("GET", "/cases/{id}/answers", For::Case),
    ("GET", "/cases/{id}/timeline", For::Case),
    ("GET", "/cases/{id}/messages", For::Case),
    ("POST", "/cases/{id}/messages", For::Case),
    ("GET", "/cases/{id}/communications", For::Case),
    ("POST", "/channels/sms/{gateway}/inbound", For::Role),
    ("POST", "/channels/email/inbound", For::Role),
    ("GET", "/channels/sms/{gateway}/inbound", For::Role),
    ("POST", "/channels/fax/inbound", For::Role),
    ("POST", "/channels/fax/files", For::Role),
    ("POST", "/channels/fax/deliveries", For::Role),
    ("POST", "/channels/letters", For::Role),
    ("POST", "/channels/visits", For::Role),
    ("POST", "/channels/phone/calls", For::Role),
    ("POST", "/desks/{desk}/tickets", For::Role),
    ("GET", "/desks/{desk}/tickets", For::Role),
    ("POST", "/desks/{desk}/calls", For::Role),
    ("PUT", "/tickets/{id}", For::Role),
    ("POST", "/channels/visits/batches", For::Role),
    ("GET", "/channels/visits/batches", For::Role),
    ("GET", "/channels/visits/batches/{id}", For::Role),
    ("PATCH", "/channels/visits/batches/{id}", For::Role),
    ("POST", "/channels/visits/batches/{id}/forms", For::Role),
    ("GET", "/channels/visits/batches/{id}/forms", For::Role),
    ("POST", "/channels/visits/batches/{id}/closing", For::Role),
    ("POST", "/meetings", For::Staff),
    ("GET", "/meetings", For::Staff),
    ("GET", "/meetings/{id}", For::Staff),
    ("POST", "/meetings/{id}/cancellation", For::Staff),
    ("GET", "/meetings/{id}/appointments", For::Staff),
    ("POST", "/meetings/{id}/appointments", For::Staff),
    ("POST", "/appointments/{id}/cancellation", For::Staff),
    ("PUT", "/appointments/{id}/attendance", For::Staff),
    ("POST", "/appointments/{id}/orders", For::Staff),
    ("GET", "/cases/{id}/appointments", For::Case),
    ("GET", "/public/meetings", For::Everybody),
    ("GET", "/public/meetings/{id}", For::Everybody),
    ("POST", "/public/cases/{tracking_code}/appointments", For::Citizen),
    ("GET", "/public/cases/{tracking_code}/appointments", For::Citizen),
    ("DELETE", "/public/cases/{tracking_code}/appointments/{id}", For::Citizen),
    ("POST", "/channels/phone/events", For::Role),
    ("POST", "/channels/phone/ivr", For::Role),
    ("GET", "/phone/seat", For::Role),
    ("PUT", "/phone/seat", For::Role),
    ("DELETE", "/phone/seat", For::Role),
    ("GET", "/phone/calls/stream", For::Role),
    ("GET", "/phone/calls", For::Role),
    ("GET", "/phone/calls/{id}", For::Role),
    ("GET", "/cases/{id}/calls", For::Case),
    ("GET", "/phone/callbacks", For::Role),
    ("POST", "/phone/callbacks", For::Role),
    ("GET", "/phone/callbacks/{id}", For::Role),
    ("POST", "/phone/callbacks/{id}/taking", For::Role),
    ("DELETE", "/phone/callbacks/{id}/taking", For::Role),
    ("POST", "/phone/callbacks/{id}/tries", For::Role),
    ("POST", "/phone/callbacks/{id}/giving-up", For::Role),
    ("GET", "/messages/{id}/letter", For::Case),
    ("POST", "/messages/{id}/letter-fate", For::Case),
    ("GET", "/letters", For::Role),
    ("POST", "/letters/batches", For::Role),
    ("GET", "/letters/batches/{id}", For::Role),
    ("GET", "/letters/batches/{id}/print", For::Role),
    ("POST", "/letters/batches/{id}/handover", For::Role),
    ("GET", "/intake/items", For::Role),
    ("GET", "/intake/items/{id}", For::Role),
    ("GET", "/intake/items/{id}/pages", For::Role),
    ("GET", "/intake/items/{id}/pages/{number}", For::Role),
    ("POST", "/intake/items/{id}/reprocessing", For::Role),
    ("POST", "/intake/items/{id}/case", For::Role),
    ("POST", "/intake/items/{id}/discard", For::Role),
    ("POST", "/intake/items/{id}/message", For::Role),
    ("GET", "/cases/{id}/notes", For::Case),
    ("POST", "/cases/{id}/notes", For::Case),
    ("GET", "/cases/{id}/actions", For::Case),
    ("GET", "/cases/{id}/receipt", For::Case),
    ("GET", "/cases/{id}/explanation", For::Case),
    ("PUT", "/cases/{id}/classification", For::Case),
    ("PUT", "/cases/{id}/complained-of", For::Case),
    ("POST", "/cases/{id}/questions", For::Case),
    ("POST", "/cases/{id}/closure", For::Case),
    ("POST", "/cases/{id}/reopening", For::Case),
    ("POST", "/cases/{id}/dismissal", For::Case),
    ("POST", "/cases/{id}/withdrawal", For::Case),
    ("POST", "/cases/{id}/objection", For::Case),
    ("POST", "/cases/{id}/appeal", For::Case),
    ("POST", "/cases/{id}/rating", For::Case),
    ("POST", "/cases/{id}/appeal-decision", For::Case),
    ("POST", "/cases/{id}/merge", For::Case),
    ("POST", "/cases/{id}/unmerge", For::Case),
    ("POST", "/cases/{id}/split", For::Case),
    ("POST", "/cases/{id}/unsplit", For::Case),
    ("POST", "/cases/{id}/group", For::Case),
    ("POST", "/cases/{id}/members", For::Case),
    ("POST", "/cases/{id}/signatories", For::Case),
    ("GET", "/cases/{id}/family", For::Case),
    ("POST", "/cases/{id}/extension-consent", For::Case),
    ("GET", "/cases/{id}/objections", For::Case),
    ("GET", "/cases/{id}/appeals", For::Case),
    ("GET", "/cases/{id}/certificates/filing", For::Case),
    ("GET", "/cases/{id}/certificates/reply", For::Case),
    ("POST", "/cases/{id}/extract", For::Case),
    ("PUT", "/cases/{id}/extract", For::Case),
    ("GET", "/cases/{id}/extract", For::Case),
    ("POST", "/cases/{id}/sealing", For::Case),
    ("POST", "/cases/{id}/unsealing", For::Case),
    ("POST", "/cases/{id}/identity-requests", For::Case),
    ("GET", "/cases/{id}/identity-requests", For::Case),
    ("GET", "/cases/{id}/identity-reads", For::Case),
    ("GET", "/identity-requests", For::Role),
    ("POST", "/identity-requests/{id}/release", For::Role),
    ("POST", "/identity-requests/{id}/refusal", For::Role),
    ("POST", "/identity-requests/{id}/revocation", For::Role),
    ("GET", "/cases/{id}/attachments", For::Case),
    ("POST", "/cases/{id}/attachments", For::Case),
    ("POST", "/cases/{id}/attachments/uploads", For::Case),
    ("POST", "/public/cases/{tracking_code}/attachments/uploads", For::Citizen),
    ("OPTIONS", "/uploads", For::Everybody),
    ("POST", "/uploads", For::Everybody),
    ("HEAD", "/uploads/{id}", For::Everybody),
    ("PATCH", "/uploads/{id}", For::Everybody),
    ("DELETE", "/uploads/{id}", For::Everybody),
    ("GET", "/attachments/{id}", For::Case),
    ("POST", "/attachments/{id}/release", For::Case),
    ("DELETE", "/attachments/{id}/release", For::Case),
    ("GET", "/referrals/{id}", For::Case),
    ("POST", "/referrals/{id}/acceptance", For::Case),
    ("POST", "/referrals/{id}/return", For::Case),
    ("POST", "/referrals/{id}/transfer", For::Case),
    ("POST", "/referrals/{id}/recall", For::Case),
    ("POST", "/referrals/{id}/extension", For::Case),
    ("POST", "/referrals/{id}/assignment", For::Case),
    ("POST", "/referrals/{id}/answers", For::Case),
    ("POST", "/answers/{id}/approval", For::Case),
    ("POST", "/answers/{id}/rejection", For::Case),
    ("GET", "/inbox", For::Staff),
    ("GET", "/warnings", For::Staff),
    ("POST", "/warnings/{id}/issue", For::Superior),
    ("POST", "/warnings/{id}/set-aside", For::Superior),
    ("GET", "/statistics/lateness", For::Staff),
    ("GET", "/public/challenge", For::Everybody),
    ("POST", "/public/drafts", For::Everybody),
    ("GET", "/public/drafts/{id}", For::Everybody),
    ("PUT", "/public/drafts/{id}", For::Everybody),
    ("DELETE", "/public/drafts/{id}", For::Everybody),
    ("POST", "/public/drafts/{id}/submission", For::Everybody),
    ("POST", "/public/my/codes", For::Everybody),
    ("POST", "/public/my/tokens", For::Everybody),
    ("DELETE", "/public/my/tokens", For::Citizen),
    ("GET", "/public/my/cases", For::Citizen),
    ("POST", "/public/my/lookups", For::Citizen),
    ("POST", "/public/cases", For::Everybody),
    ("POST", "/public/lookups", For::Everybody),
    ("POST", "/public/cases/{tracking_code}/messages", For::Citizen),
    ("POST", "/public/cases/{tracking_code}/withdrawal", For::Citizen),
    ("POST", "/public/cases/{tracking_code}/objection", For::Citizen),
    ("POST", "/public/cases/{tracking_code}/appeal", For::Citizen),
    ("POST", "/public/cases/{tracking_code}/rating", For::Citizen),
    ("POST", "/public/cases/{tracking_code}/unmerge", For::Citizen),
    ("POST", "/public/cases/{tracking_code}/extension-consent", For::Citizen),
    ("GET", "/public/cases/{tracking_code}/certificates/filing", For::Citizen),
    ("GET", "/public/cases/{tracking_code}/certificates/reply", For::Citizen),
    ("POST", "/public/cases/{tracking_code}/attachments", For::Citizen),
    ("GET", "/public/cases/{tracking_code}/receipt", For::Citizen),
    ("GET", "/public/cases/{tracking_code}/identity-reads", For::Citizen),
    ("GET", "/public/cases/{tracking_code}/explanation", For::Citizen),
    ("GET", "/public/anchors", For::Everybody),
    ("GET", "/public/anchors/key", For::Everybody),
    ("GET", "/public/kinds", For::Everybody),
    ("GET", "/public/categories", For::Everybody),
    ("GET", "/public/offices", For::Everybody),
    ("GET", "/public/rules", For::Everybody),
    ("GET", "/public/rules.html", For::Everybody),
    ("GET", "/public/holidays", For::Everybody),
    ("GET", "/public/statistics", For::Everybody),
    ("GET", "/offices", For::Staff),
    ("POST", "/offices", For::Role),
    ("PATCH", "/offices/{code}", For::Role),
    ("POST", "/routing-rules/trial", For::Staff),
    ("POST", "/limits/trial", For::Role),
    ("POST", "/changes/{id}/trial", For::Role),
    ("GET", "/statistics/parity", For::Staff),
    ("GET", "/categories", For::Staff),
    ("POST", "/categories", For::Role),
    ("PATCH", "/categories/{code}", For::Role),
    ("GET", "/routing-rules", For::Staff),
    ("POST", "/routing-rules", For::Role),
    ("PATCH", "/routing-rules/{code}", For::Role),
    ("GET", "/calendars", For::Staff),
    ("POST", "/calendars", For::Role),
    ("PATCH", "/calendars/{code}", For::Role),
    ("GET", "/calendars/{code}/closures", For::Staff),
    ("POST", "/calendars/{code}/closures", For::Role),
    ("POST", "/calendars/{code}/closures/trial", For::Role),
    ("GET", "/calendars/{code}/closures/{closure}", For::Staff),
    ("POST", "/calendars/{code}/closures/{closure}/withdrawal", For::Role),
    ("GET", "/holidays", For::Staff),
    ("POST", "/holidays", For::Role),
    ("PATCH", "/holidays/{code}", For::Role),
    ("GET", "/templates", For::Staff),
    ("POST", "/templates", For::Role),
    ("PATCH", "/templates/{code}", For::Role),
    ("GET", "/limits", For::Staff),
    ("POST", "/limits", For::Role),
    ("PATCH", "/limits/{code}", For::Role),
    ("GET", "/reasons", For::Staff),
    ("POST", "/reasons", For::Role),
    ("PATCH", "/reasons/{code}", For::Role),
    ("GET", "/rights", For::Staff),
    ("POST", "/rights", For::Role),
    ("PATCH", "/rights/{code}", For::Role),
    ("GET", "/changes", For::Role),
    ("GET", "/changes/{id}", For::Role),
    ("POST", "/changes/{id}/approval", For::Role),
    ("POST", "/changes/{id}/rejection", For::Role),
    ("POST", "/changes/{id}/withdrawal", For::Role),
    ("GET", "/kinds", For::Staff),
    ("POST", "/kinds", For::Role),
    ("PATCH", "/kinds/{code}", For::Role),
    ("GET", "/users", For::Role),
    ("POST", "/users", For::Role),
    ("PATCH", "/users/{id}", For::Role),
    ("POST", "/problems", For::Staff),
    ("GET", "/problems", For::Staff),
    ("GET", "/problems/{id}", For::Staff),
    ("PATCH", "/problems/{id}", For::Staff),
    ("POST", "/problems/{id}/cases", For::Staff),
    ("GET", "/problems/{id}/cases", For::Staff),
    ("DELETE", "/problems/{id}/cases/{case}", For::Staff),
    ("POST", "/problems/{id}/assignment", For::Staff),
    ("POST", "/problems/{id}/answer", For::Staff),
    ("POST", "/problems/{id}/approval", For::Staff),
    ("POST", "/problems/{id}/solution", For::Staff),
    ("POST", "/problems/{id}/reopening", For::Staff),
    ("GET", "/public/problems", For::Everybody),
    ("GET", "/quality/checklist", For::Staff),
    ("POST", "/quality/samples", For::Role),
    ("GET", "/quality/samples", For::Staff),
    ("GET", "/quality/callbacks", For::Staff),
    ("GET", "/quality/callbacks/{id}", For::Staff),
    ("POST", "/quality/callbacks/{id}/result", For::Staff),
    ("POST", "/quality/callbacks/{id}/confirmation", For::Staff),
    ("POST", "/quality/callbacks/{id}/rejection", For::Staff),
    ("PUT", "/citizens/{id}/calls", For::Role),
    ("GET", "/statistics/quality", For::Staff),
    ("GET", "/recommendations", For::Staff),
    ("POST", "/recommendations/{id}/acceptance", For::Staff),
    ("POST", "/recommendations/{id}/refusal", For::Staff),
    ("POST", "/recommendations/{id}/done", For::Staff),
    ("POST", "/recommendations/{id}/verification", For::Staff),
    ("GET", "/citizens", For::Role),
    ("POST", "/citizens", For::Role),
    ("PATCH", "/citizens/{id}", For::Role),
    ("GET", "/citizens/{id}", For::Role),
    ("GET", "/correction-requests", For::Role),
    ("POST", "/correction-requests/{id}/decision", For::Role),
    ("POST", "/public/cases/{tracking_code}/correction", For::Citizen),
    ("GET", "/citizens/{id}/possible-duplicates", For::Role),
    ("POST", "/citizens/{id}/merge", For::Role),
    ("POST", "/citizens/{id}/unmerge", For::Role),
    ("POST", "/cases/{id}/hold", For::Case),
    ("DELETE", "/cases/{id}/hold", For::Case),
    ("GET", "/cases/{id}/tombstone", For::Case),
    ("POST", "/citizens/{id}/hold", For::Role),
    ("DELETE", "/citizens/{id}/hold", For::Role),
    ("GET", "/retention/due", For::Role),
    ("POST", "/citizens/{id}/erasure-requests", For::Role),
    ("GET", "/erasure-requests", For::Role),
    ("POST", "/erasure-requests/{id}/decision", For::Role),
    ("POST", "/citizens/{id}/corrections", For::Role),
    ("POST", "/citizens/{id}/exports", For::Role),
    ("GET", "/exports/{id}/archive", For::Role),
    ("GET", "/public/cases/{tracking_code}/tombstone", For::Everybody),
    ("POST", "/public/cases/{tracking_code}/exports", For::Citizen),
    ("POST", "/public/cases/{tracking_code}/exports/{export}/confirmation", For::Citizen),
    ("GET", "/public/cases/{tracking_code}/exports/{export}/archive", For::Citizen),
    ("GET", "/gateways", For::Role),
    ("POST", "/gateways", For::Role),
    ("GET", "/exchange/referrals", For::Role),
    ("GET", "/exchange/referrals/{id}", For::Role),
    ("POST", "/exchange/referrals/{id}/acceptance", For::Role),
    ("POST", "/exchange/referrals/{id}/return", For::Role),
    ("PUT", "/exchange/referrals/{id}/status", For::Role),
    ("POST", "/exchange/referrals/{id}/answers", For::Role),
    ("GET", "/webhooks", For::Role),
    ("POST", "/webhooks", For::Role),
    ("PATCH", "/webhooks/{code}", For::Role),
    ("POST", "/webhooks/{code}/secret", For::Role),
    ("GET", "/webhooks/{code}/deliveries", For::Role),
    ("GET", "/webhooks/{code}/deliveries/{id}", For::Role),
    ("POST", "/webhooks/{code}/deliveries/{id}/replay", For::Role),
    ("POST", "/webhooks/{code}/replay", For::Role),
    ("POST", "/webhooks/{code}/ping", For::Role),
    ("PATCH", "/gateways/{id}", For::Role),
    ("GET", "/health", For::Role),
    ("GET", "/intake/mailboxes", For::Role),
    ("GET", "/messages/dead", For::Role),
    ("GET", "/messages/{id}/deliveries", For::Case),
    ("POST", "/messages/{id}/resending", For::Role),
    ("GET", "/channels/sms/{gateway}/delivery", For::Everybody),
    ("POST", "/channels/sms/{gateway}/delivery", For::Everybody),
];

/// The operations of the document: method, path under `/api/v1`, whether it asks for a token.
pub fn documented() -> BTreeMap<(String, String), bool> {
    let document = serde_json::to_value(samad::server::document()).expect("the document is JSON");
    let mut found = BTreeMap::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        let path = path.strip_prefix("/api/v1").expect("all under /api/v1").to_owned();
        for (method, operation) in methods.as_object().expect("methods") {
            found.insert((method.to_uppercase(), path.clone()), operation.get("security").is_some());
        }
    }
    found
}

#[test]
fn the_table_names_every_route_of_the_document_and_no_other() {
    let documented = documented();
    let mounted: BTreeSet<(&str, &str)> = documented.keys().map(|(m, p)| (m.as_str(), p.as_str())).collect();
    let named: BTreeSet<(&str, &str)> = TABLE.iter().map(|(method, path, _)| (*method, *path)).collect();
    assert_eq!(named, mounted);
    for (method, path, reader) in TABLE {
        let is_secured = documented[&(method.to_owned(), path.to_owned())];
        assert_eq!(is_secured, reader != For::Everybody, "{method} {path}");
    }
}

/// A path with the ids of somebody else's case, referral, answer and file.
pub fn filled(path: &str, ids: &BTreeMap<&'static str, String>) -> String {
    let noun = path.split('/').nth(1).unwrap_or_default();
    let noun = if path.starts_with("/public/cases/") { "tracking_code" } else { noun };
    let id = ids.get(noun).map_or("1", String::as_str);
    let case = ids.get("cases").map_or("1", String::as_str);
    // a stream has no end; whoever may open it is refused for the number instead
    let path = &path.replace("/calls/stream", "/calls/stream?last_event_id=-1");
    let path = &path.replace("{closure}", "1").replace("{desk}", "1").replace("{case}", case);
    ["{id}", "{code}", "{tracking_code}", "{export}"]
        .iter()
        .fold(path.to_owned(), |path, part| path.replace(part, id))
}

/// An answer that awaits approval at the provincial water and power body, with a file; ids by noun.
pub async fn theirs(app: &TestApp) -> BTreeMap<&'static str, String> {
    let case = app.accepted("MOEN-10").await;
    let file = app
        .as_user("handler.moen-10")
        .await
        .upload(&case.path("attachments"), "a.txt", b"text")
        .await
        .expect(201);
    let answer = app.submit(&case, "MOEN-10").await;
    let citizen = app.case(&case).await["citizen"]["id"].as_str().unwrap().to_owned();
    let users = app.as_user("admin").await.get("/users").await.expect(200);
    let gateways = app.as_user("admin").await.get("/gateways").await.expect(200);
    let messages = app.as_user("classifier.centre").await.get(&case.path("messages")).await.expect(200);
    let first = |list: &Value| list["items"][0]["id"].as_str().unwrap().to_owned();
    BTreeMap::from([
        ("referrals", app.lead(&case).await),
        ("attachments", file["id"].as_str().unwrap().to_owned()),
        ("answers", answer),
        ("tracking_code", case.tracking_code.clone()),
        ("cases", case.id),
        ("citizens", citizen),
        ("users", first(&users)),
        ("gateways", first(&gateways)),
        ("messages", first(&messages)),
        ("offices", "MOEN".into()),
        ("categories", "water.outage".into()),
        ("routing-rules", "default".into()),
        ("limits", "triage".into()),
        ("reasons", "decline.no_budget".into()),
        ("rights", "appeal".into()),
        ("kinds", "request".into()),
        ("templates", "none".into()),
        ("calendars", "none".into()),
        ("holidays", "none".into()),
        ("webhooks", "none".into()),
    ])
}

/// A body that the operation takes, so that a refusal is one of the person and not of the fields.
fn body(method: &str, path: &str) -> Value {
    match path.rsplit('/').next().unwrap_or_default() {
        "lookups" if path.starts_with("/public/my") => json!({ "tracking_code": "1" }),
        "tickets" | "batches" | "closing" | "attendance" | "orders" => json!({}),
        "calls" if path.starts_with("/desks/") => json!({}),
        "forms" => json!({ "forms": [] }),
        "appointments" | "meetings" | "cancellation" => json!({}),
        "tokens" if path.starts_with("/public/my") => json!({ "mobile": "09990000011", "code": "000000" }),
        "codes" => json!({ "mobile": "09990000011" }),
        "drafts" => json!({ "filing": { "text": "متن" } }),
        "tokens" => json!({ "username": "nobody", "password": "no password" }),
        "refresh" => json!({ "refresh_token": "none" }),
        "confirmation" if path.contains("/exports/") => json!({ "code": "00000000" }),
        "confirmation" | "recovery-codes" => json!({ "otp": "000000" }),
        "password" => json!({ "old": "no password", "new": "a long password" }),
        "cases" | "case" => crate::support::filing(json!({ "channel": "web" })),
        "lookups" => json!({ "tracking_code": "1", "access_code": "1" }),
        "classification" => json!({ "kind": "request", "category": "water.bill" }),
        "complained-of" => json!({ "office": "MOI", "reason": "گفته شهروند" }),
        "referrals" if method == "POST" => json!({ "to": [{ "office": "MOHME" }] }),
        "questions" | "notes" | "messages" | "objection" | "appeal" => json!({ "text": "متن" }),
        "rating" => json!({ "score": 1 }),
        "message" => json!({ "case": "1", "text": "متن" }),
        "letter-fate" => json!({ "fate": "delivered" }),
        "handover" => json!({ "to": "پست" }),
        "discard" => json!({ "reason": "spam" }),
        "calls" if method == "PUT" => json!({ "allowed": true }),
        "letters" | "visits" | "calls" => json!({ "text": "متن" }),
        "inbound" => json!({ "from": "09990000011", "text": "متن" }),
        "uploads" => json!({ "upload": "1-x" }),
        "extension-consent" => json!({ "accepted": true, "who": "citizen", "how": "phone" }),
        "set-aside" => json!({ "reason": "دلیل" }),
        "appeal-decision" => {
            json!({ "result": "dismissed", "grounds": "دلیل", "consequence": "none" })
        }
        "withdrawal" | "rejection" if path.starts_with("/changes") => json!({ "reason": "نه" }),
        "closure-as-repeat" => json!({ "of": ["1", "2"], "reason": "تکراری" }),
        "contact-plan-review" => json!({ "text": "متن" }),
        "closure" => json!({ "outcome": "granted" }),
        "extract" if method == "POST" => json!({}),
        "extract" => json!({ "text": "چکیده" }),
        "reopening" | "sealing" | "unsealing" | "identity-requests" | "refusal" | "revocation" => {
            json!({ "reason": "بازبینی" })
        }
        "release" if path.starts_with("/identity-requests") => json!({ "reason": "بازبینی" }),
        "merge" | "unmerge" if path.starts_with("/citizens") => json!({ "other": "1", "reason": "یکی‌اند" }),
        "merge" => json!({ "into": "1", "reason": "تکراری" }),
        "unmerge" | "unsplit" => json!({ "reason": "جداست" }),
        "split" => json!({ "parts": [{ "text": "یک" }, { "text": "دو" }], "reason": "چند موضوع" }),
        "group" => json!({ "members": ["1"] }),
        "members" => json!({ "case": "1" }),
        "signatories" => json!({ "signatories": [{}] }),
        "dismissal" => json!({ "outcome": "no_cause", "reason": "no_ground", "signpost": "دادگستری" }),
        "withdrawal" if path.contains("/closures") => json!({ "reason": "پایان" }),
        "withdrawal" => json!({ "confirm": true }),
        "corrections" => {
            // a desk that took a case of this citizen may correct the record; this is what it says already
            json!({ "field": "name", "value": "مریم کاظمی‌نیا", "evidence": "شناسنامه", "reason": "دلیل" })
        }
        "hold" | "erasure-requests" => json!({ "reason": "دلیل" }),
        "correction" => json!({ "field": "name", "value": "نام" }),
        "decision" if path.starts_with("/correction") => json!({ "accept": false, "words": "نه" }),
        "decision" => json!({ "grant": true, "source": "قانون", "words": "متن" }),
        "exports" => json!({ "reason": "دلیل", "identity_checked_by": "کارت ملی" }),
        "return" => json!({ "reason": "duplicate" }),
        "transfer" => json!({ "reason": "صلاحیت", "office": "MOI" }),
        "recall" => json!({ "reason": "اشتباه" }),
        "extension" => json!({ "reason": "بازدید", "days": 1 }),
        "assignment" => json!({ "user": "handler.moen-10" }),
        "answers" if path.starts_with("/exchange") => {
            json!({ "reference": "1", "text": "متن", "outcome": "granted" })
        }
        "status" => json!({ "status": "x" }),
        "answers" => json!({ "text": "متن", "outcome": "granted" }),
        "rejection" => json!({ "note": "نه" }),
        "trial" if path.starts_with("/changes") => json!({}),
        "closures" | "trial" if path.contains("/closures") => {
            json!({ "date": "2026-06-14", "reason": "گرما", "source": "ستاد" })
        }
        "trial" => json!({ "kind": "request", "category": "water.bill" }),
        "offices" => {
            json!({ "code": "X", "parent": "CENTRE", "level": "partner", "name_fa": "x", "name_en": "x" })
        }
        "users" => json!({ "username": "x", "name": "x", "password": "a long password", "roles": [] }),
        "citizens" => json!({ "national_id": crate::support::REZA }),
        "gateways" => json!({ "name": "x", "channels": ["*"], "office": "CENTRE" }),
        _ if path.starts_with("/gateways/") => json!({ "revoked": true }),
        _ => json!({}),
    }
}

async fn call(person: &Client<'_>, method: &str, path: &str) -> Reply {
    match method {
        _ if method == "POST" && (path.ends_with("/attachments") || path.ends_with("/fax/files")) => {
            person.upload(path, "a.txt", b"text").await
        }
        _ if path == "/channels/email/inbound" => {
            let mail = b"From: a@b.ir\r\n\r\ntext".to_vec();
            person.raw(Method::POST, path, "message/rfc822", mail).await
        }
        "GET" | "DELETE" => person.raw(method.parse().unwrap(), path, "", Vec::new()).await,
        _ => {
            let method: Method = method.parse().unwrap();
            let body = body(method.as_str(), path).to_string().into_bytes();
            person.clone().with("If-Match", "*").raw(method, path, "application/json", body).await
        }
    }
}

#[actix_web::test]
async fn nobody_gets_in_without_a_token() {
    let app = TestApp::start().await;
    let ids = theirs(&app).await;
    for (method, path, reader) in TABLE {
        let reply = call(&app.nobody(), method, &filled(path, &ids)).await;
        match reader {
            For::Everybody => assert!(reply.status < 500, "{method} {path}: {}", reply.told()),
            _ => assert_eq!(reply.status, 401, "{method} {path}: {}", reply.told()),
        }
    }
}

#[actix_web::test]
async fn a_stranger_reads_and_changes_nothing_of_somebody_elses_case() {
    let app = TestApp::start().await;
    let ids = theirs(&app).await;
    let before =
        app.as_user("inspector.centre").await.get(&format!("/cases/{}", ids["cases"])).await.expect(200);
    // a handler of another ministry, the call desk and a handler of another province
    for stranger in ["handler.mohme", "approver.mohme", "agent.gov-10", "liaison.far-1002"] {
        for (method, path, reader) in TABLE {
            if path == "/auth/tokens" {
                continue;
            }
            let reply = call(&app.as_user(stranger).await, method, &filled(path, &ids)).await;
            let told = format!("{stranger} {method} {path}: {} {}", reply.status, reply.told());
            match reader {
                For::Case => assert_eq!(reply.status, 404, "{told}"),
                For::Citizen => assert_eq!(reply.status, 401, "{told}"),
                For::Role if !is_of_the_desk(stranger, path) => assert_eq!(reply.status, 403, "{told}"),
                For::Superior => assert!([403, 404].contains(&reply.status), "{told}"),
                For::Everybody | For::Staff | For::Role => assert!(reply.status < 500, "{told}"),
            }
        }
    }
    let after =
        app.as_user("inspector.centre").await.get(&format!("/cases/{}", ids["cases"])).await.expect(200);
    assert_eq!(before, after);
}

/// A call desk registers cases and keeps the citizens' records.
fn is_of_the_desk(username: &str, path: &str) -> bool {
    username.starts_with("agent.")
        && (path == "/cases"
            || (path.starts_with("/channels/") && !path.contains("/sms/"))
            || path == "/cases/similar"
            || path.starts_with("/desks/")
            || path.starts_with("/tickets/")
            || path.starts_with("/phone/")
            || path.starts_with("/citizens")
            || path.starts_with("/correction"))
}

#[actix_web::test]
async fn a_person_who_sees_the_case_in_a_wrong_role_changes_nothing() {
    let app = TestApp::start().await;
    let ids = theirs(&app).await;
    let reader = ["analyst.centre", "auditor.centre"];
    for username in reader {
        for (method, path, of) in
            TABLE.into_iter().filter(|(method, path, _)| *method != "GET" && *path != "/auth/tokens")
        {
            // an auditor may stop an erasure
            if username.starts_with("auditor") && path.ends_with("/hold") {
                continue;
            }
            let reply = call(&app.as_user(username).await, method, &filled(path, &ids)).await;
            let told = format!("{username} {method} {path}: {} {}", reply.status, reply.told());
            match of {
                For::Case | For::Role => assert_eq!(reply.status, 403, "{told}"),
                For::Citizen => assert_eq!(reply.status, 401, "{told}"),
                For::Superior => assert!([403, 404].contains(&reply.status), "{told}"),
                For::Everybody | For::Staff => assert!(reply.status < 500, "{told}"),
            }
        }
    }
    // an administrator configures, reads delivery logs, and reads no case
    let of_cases = |(_, path, of): &(&str, &str, For)| *of == For::Case && !path.starts_with("/messages/");
    for (method, path, of) in TABLE.into_iter().filter(of_cases) {
        let reply = call(&app.as_user("admin").await, method, &filled(path, &ids)).await;
        assert!(
            [403, 404].contains(&reply.status),
            "admin {method} {path} {of:?}: {} {}",
            reply.status,
            reply.told()
        );
    }
}
