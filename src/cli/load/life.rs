//! The life of a case as staff bring it through the API: classify, refer, accept, answer, approve, close.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::client::{Client, Reply};
use super::staff::Staff;
use crate::text_enum;

text_enum! {
    /// One step of the life cycle.
    pub enum Step {
        Classify = "classify", Refer = "refer", Accept = "accept", Answer = "answer", Approve = "approve",
        Close = "close",
    }
}

/// Where a case goes when the office of its route has nobody to work.
const FALLBACK: &str = "MOEN";
/// Who classifies and refers.
const CLASSIFIER: &str = "classifier.centre";

/// A number that is the same for the same text, on every machine and in every version.
pub fn stable_hash(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

/// A leaf of the subject tree, as `GET /public/categories` tells it.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Leaf {
    pub code: String,
    pub lead: String,
}

/// What is done with one case.
#[derive(Debug, Clone)]
pub struct Plan {
    pub kind: String,
    pub category: String,
    /// Named where the routing rules would send it to an office without staff.
    pub office: Option<&'static str>,
}

impl Plan {
    /// The plan for a case of this outside id: the same id gives the same leaf.
    pub fn of(id: &str, kind: &str, leaves: &[Leaf], staff: &Staff) -> Option<Self> {
        let count = u64::try_from(leaves.len()).ok().filter(|count| *count > 0)?;
        let leaf = leaves.get(usize::try_from(stable_hash(id) % count).ok()?)?;
        let office = (!staff.works_at(&leaf.lead)).then_some(FALLBACK);
        Some(Self { kind: kind.to_owned(), category: leaf.code.clone(), office })
    }

    /// Always the same leaf and office, for measuring.
    pub fn fixed() -> Self {
        Self { kind: "request".into(), category: "power.outage".into(), office: Some(FALLBACK) }
    }
}

/// Why a case went no further.
#[derive(Debug)]
pub struct Stopped {
    pub step: Step,
    pub why: String,
}

/// A case on its way.
pub struct Life<'a> {
    client: &'a mut Client,
    staff: &'a Staff,
    case: String,
    office: String,
    referral: String,
    answer: String,
}

impl<'a> Life<'a> {
    /// Begins with a registered case.
    pub fn new(client: &'a mut Client, staff: &'a Staff, case: &str) -> Self {
        let empty = String::new;
        Self { client, staff, case: case.to_owned(), office: empty(), referral: empty(), answer: empty() }
    }

    /// Takes one step; gives its reply.
    pub async fn take(&mut self, step: Step, plan: &Plan) -> Result<Reply, Stopped> {
        let stop = |why: String| Stopped { step, why };
        let (user, method, path, body) = self.call(step, plan);
        let reply = self.staff.call(self.client, &user, method, &path, Some(&body.to_string())).await;
        let reply = reply.map_err(|error| stop(format!("{error:#}")))?;
        if !reply.is_fine() {
            return Err(stop(reply.problem()));
        }
        match step {
            Step::Refer => self.follow(&reply).map_err(stop)?,
            Step::Answer => self.answer = reply.json()["id"].as_str().unwrap_or_default().to_owned(),
            Step::Classify | Step::Accept | Step::Approve | Step::Close => {}
        }
        Ok(reply)
    }

    fn follow(&mut self, reply: &Reply) -> Result<(), String> {
        let body = reply.json();
        let sent = &body["items"][0];
        self.referral = sent["id"].as_str().unwrap_or_default().to_owned();
        let office = &sent["office"]["code"];
        self.office = office.as_str().unwrap_or_default().to_lowercase();
        if self.staff.works_at(&self.office) { Ok(()) } else { Err(format!("nobody works at {office}")) }
    }

    fn call(&self, step: Step, plan: &Plan) -> (String, &'static str, String, Value) {
        let case = |rest: &str| format!("/cases/{}/{rest}", self.case);
        let by = |role: &str| format!("{role}.{}", self.office);
        match step {
            Step::Classify => {
                let body = json!({ "kind": plan.kind, "category": plan.category });
                (CLASSIFIER.into(), "PUT", case("classification"), body)
            }
            Step::Refer => {
                let to: Vec<Value> = plan.office.iter().map(|office| json!({ "office": office })).collect();
                (CLASSIFIER.into(), "POST", case("referrals"), json!({ "to": to }))
            }
            Step::Accept => {
                (by("handler"), "POST", format!("/referrals/{}/acceptance", self.referral), json!({}))
            }
            Step::Answer => {
                let text = "درخواست شما بررسی شد و اقدام لازم انجام گرفت؛ نتیجه در محل قابل مشاهده است.";
                let body = json!({ "text": text, "outcome": "granted", "cause": "service_given" });
                (by("handler"), "POST", format!("/referrals/{}/answers", self.referral), body)
            }
            Step::Approve => {
                (by("approver"), "POST", format!("/answers/{}/approval", self.answer), json!({}))
            }
            Step::Close => (by("approver"), "POST", case("closure"), json!({ "outcome": "granted" })),
        }
    }
}

/// Takes these steps one after the other.
pub async fn live(life: &mut Life<'_>, plan: &Plan, steps: &[Step]) -> Result<(), Stopped> {
    for step in steps {
        life.take(*step, plan).await?;
    }
    Ok(())
}
