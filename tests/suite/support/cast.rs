//! The named cast: cases on their way, each step done by the person whose work it is.

use serde_json::{Value, json};

use super::TestApp;

/// A national ID of the demonstration's Maryam.
pub const MARYAM: &str = "9991000011";
/// And of her neighbour Reza.
pub const REZA: &str = "9991234561";

/// A registered case.
#[derive(Debug, Clone)]
pub struct Case {
    pub id: String,
    pub tracking_code: String,
    pub access_code: String,
}

impl Case {
    /// The path of the case or of one of its parts.
    pub fn path(&self, part: &str) -> String {
        if part.is_empty() { format!("/cases/{}", self.id) } else { format!("/cases/{}/{part}", self.id) }
    }
}

/// A request by telephone from Isfahan, with `changes` laid over it; null takes a field away.
pub fn filing(changes: Value) -> Value {
    let mut filing = json!({
        "kind": "request",
        "channel": "phone",
        "subject": "قطعی آب",
        "text": "آب محله ما سه روز است که قطع است.",
        "citizen": { "national_id": MARYAM, "name": "مریم کاظمی‌نیا", "mobile": "09990000011" },
        "place": { "province": "10", "county": "1002" },
        // the cast files more in a day than people do
        "override_reason": "موضوع‌های جداگانه",
    });
    lay(&mut filing, changes);
    filing
}

fn lay(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                match value {
                    Value::Null => {
                        under.remove(&key);
                    }
                    value => lay(under.entry(key).or_insert(Value::Null), value),
                }
            }
        }
        (under, over) => *under = over,
    }
}

impl TestApp {
    /// Registered by the centre's call agent.
    pub async fn register(&self, changes: Value) -> Case {
        self.register_as("agent.centre", changes).await
    }

    pub async fn register_as(&self, username: &str, changes: Value) -> Case {
        let told = self.as_user(username).await.post("/cases", filing(changes)).await.expect(201);
        let text = |field: &str| told[field].as_str().expect(field).to_owned();
        Case { id: text("id"), tracking_code: text("tracking_code"), access_code: text("access_code") }
    }

    /// Classified by the centre as a water cut.
    pub async fn classified(&self) -> Case {
        self.classified_with(json!({})).await
    }

    pub async fn classified_with(&self, changes: Value) -> Case {
        let kind = changes["kind"].as_str().unwrap_or("request").to_owned();
        let case = self.register(changes).await;
        self.classify(&case, &kind, "water.outage").await;
        case
    }

    pub async fn classify(&self, case: &Case, kind: &str, category: &str) {
        let body = json!({ "kind": kind, "category": category });
        self.as_user("classifier.centre").await.put(&case.path("classification"), body).await.expect(200);
    }

    /// Referred by the centre to one lead.
    pub async fn referred_to(&self, office: &str) -> Case {
        let case = self.classified().await;
        self.refer("classifier.centre", &case, &[(office, "lead")]).await;
        case
    }

    /// Gives a sealed case its extract, as the service proposes it; a plain one needs none.
    pub async fn extract(&self, case: &Case) {
        self.extract_by("classifier.centre", case).await;
    }

    /// The same by another desk.
    pub async fn extract_by(&self, username: &str, case: &Case) {
        let classifier = self.as_user(username).await;
        if classifier.get(&case.path("")).await.expect(200)["sealed"] == true {
            let told = classifier.post(&case.path("extract"), json!({})).await.expect(201);
            let proposed = &told["extract"];
            let body = json!({ "subject": proposed["subject"], "text": proposed["text"] });
            classifier.put(&case.path("extract"), body).await.expect(200);
        }
    }

    /// Refers a case, a sealed one with its extract; gives the new referrals' ids in the order of their ids.
    pub async fn refer(&self, username: &str, case: &Case, to: &[(&str, &str)]) -> Vec<String> {
        self.extract(case).await;
        let to: Vec<Value> =
            to.iter().map(|(office, role)| json!({ "office": office, "role": role })).collect();
        let told =
            self.as_user(username).await.post(&case.path("referrals"), json!({ "to": to })).await.expect(201);
        let items = told["items"].as_array().expect("items");
        items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
    }

    /// Taken up by the office's handler.
    pub async fn accepted(&self, office: &str) -> Case {
        let case = self.referred_to(office).await;
        let handler = format!("handler.{}", office.to_lowercase());
        let referral = self.lead(&case).await;
        self.as_user(&handler)
            .await
            .post(&format!("/referrals/{referral}/acceptance"), json!({}))
            .await
            .expect(200);
        case
    }

    /// Written by the office's handler; gives the answer's id.
    pub async fn submit(&self, case: &Case, office: &str) -> String {
        self.submit_with(case, office, "granted").await
    }

    async fn submit_with(&self, case: &Case, office: &str, outcome: &str) -> String {
        let referral = self.lead(case).await;
        let handler = format!("handler.{}", office.to_lowercase());
        // why it came about is found by the one who answers the citizen
        let cause = self.referral(&referral).await["parent_id"].is_null().then_some("service_given");
        let body = json!({ "text": "آب از ساعت ده وصل می‌شود.", "outcome": outcome, "cause": cause });
        let told = self
            .as_user(&handler)
            .await
            .post(&format!("/referrals/{referral}/answers"), body)
            .await
            .expect(201);
        told["id"].as_str().expect("an id").to_owned()
    }

    /// Written by the handler and approved by the manager.
    pub async fn answer(&self, case: &Case, office: &str) {
        self.answer_with(case, office, "granted").await;
    }

    /// The same with another outcome.
    pub async fn answer_with(&self, case: &Case, office: &str, outcome: &str) {
        let answer = self.submit_with(case, office, outcome).await;
        let approver = format!("approver.{}", office.to_lowercase());
        self.as_user(&approver)
            .await
            .post(&format!("/answers/{answer}/approval"), json!({}))
            .await
            .expect(200);
    }

    /// Answered by the provincial water and power body.
    pub async fn answered(&self) -> Case {
        let case = self.accepted("MOEN-10").await;
        self.answer(&case, "MOEN-10").await;
        case
    }

    /// Closed by the centre with the outcome of its answer.
    pub async fn closed(&self) -> Case {
        let case = self.answered().await;
        let body = json!({ "outcome": "granted" });
        self.as_user("classifier.centre").await.post(&case.path("closure"), body).await.expect(200);
        case
    }

    /// The case as the centre sees it.
    pub async fn case(&self, case: &Case) -> Value {
        self.as_user("inspector.centre").await.get(&case.path("")).await.expect(200)
    }

    /// A list of the case as the centre sees it: referrals, answers, timeline, messages …
    pub async fn list(&self, case: &Case, part: &str) -> Vec<Value> {
        let told = self.as_user("inspector.centre").await.get(&case.path(part)).await.expect(200);
        told["items"].as_array().expect("items").clone()
    }

    /// The referral that works on the case: the deepest open lead.
    pub async fn lead(&self, case: &Case) -> String {
        let all = self.list(case, "referrals").await;
        let is_open =
            |hop: &&Value| hop["role"] == "lead" && (hop["state"] == "sent" || hop["state"] == "accepted");
        let lead = all.iter().rev().find(is_open).expect("an open lead");
        lead["id"].as_str().expect("an id").to_owned()
    }

    /// One referral as the centre sees it.
    pub async fn referral(&self, id: &str) -> Value {
        self.as_user("inspector.centre").await.get(&format!("/referrals/{id}")).await.expect(200)
    }

    /// The events of the case, by name.
    pub async fn events(&self, case: &Case) -> Vec<String> {
        let timeline = self.list(case, "timeline").await;
        timeline.iter().map(|event| event["event"].as_str().expect("a name").to_owned()).collect()
    }
}
