//! The history of an invented case: the events that tell what its rows say, all at the moment of its filing.

use super::Invented;
use crate::db::types::EventId;
use crate::domain::actor::Act;
use crate::domain::cases::life::{Fact, HopRole, HopState, NewHop, Status, citizen_digest};
use crate::domain::cases::sha256_hex;
use crate::domain::history::chain::{self, Line};
use crate::error::{Error, Result};

/// What every invented answer says.
pub(super) const ANSWER: &str = "رسیدگی و انجام شد.";
/// How every invented case that is over ended.
const OUTCOME: &str = "granted";

/// An event that is ready to be written.
#[derive(Debug, Clone)]
pub(super) struct Linked {
    pub(super) kind: &'static str,
    pub(super) line: Line,
    pub(super) hash: String,
}

impl Invented {
    /// Number and hash of the last event.
    pub(super) fn head(&self) -> (i32, &str) {
        self.events.last().map_or((0, ""), |event| (event.line.seq, &event.hash))
    }
}

/// The chain of a case; `id` gives a new id for each event.
pub(super) fn of(case: &Invented, act: &Act, id: impl Fn() -> EventId) -> Result<Vec<Linked>> {
    let mut events: Vec<Linked> = Vec::new();
    for (seq, fact) in (1..).zip(facts(case, act)) {
        let line = Line {
            id: id(),
            case: case.id,
            seq,
            at: case.at,
            actor: "system".into(),
            user: None,
            office: Some(case.intake),
            salt: chain::salt(),
            payload: serde_json::to_string(&fact).map_err(|error| Error::Internal(Box::new(error)))?,
        };
        let before = events.last().map_or("", |event| event.hash.as_str());
        let hash = chain::link(before, &line.digest());
        events.push(Linked { kind: fact.name(), line, hash });
    }
    Ok(events)
}

fn facts(case: &Invented, act: &Act) -> Vec<Fact> {
    let mut facts = vec![registered(case, act)];
    if case.status != Status::Registered {
        let fact = Fact::CaseClassified {
            kind: "request".into(),
            category: case.category.clone().unwrap_or_default(),
            priority: "normal".into(),
            previous: None,
            due_at: Some(case.due_at),
        };
        facts.push(fact);
    }
    if let Some(referral) = case.referral {
        let (from, office, due_at) = (case.intake, case.holder, Some(case.due_at));
        let hop = NewHop { referral, parent: None, from, office, role: HopRole::Lead, due_at };
        facts.push(Fact::CaseReferred { hops: vec![hop], rule: None });
        if let (HopState::Accepted, Some(user)) = (case.state, case.worker) {
            facts.push(Fact::ReferralAccepted { referral, user });
        }
        if let (Some(answer), Some(author)) = (case.answer, case.worker) {
            let (is_interim, by) = (false, author);
            let text_sha256 = sha256_hex(ANSWER.as_bytes());
            facts.push(Fact::AnswerSubmitted { answer, referral, author, is_interim, text_sha256 });
            let outcome = Some(OUTCOME.into());
            facts.push(Fact::AnswerApproved { answer, referral, is_interim, outcome, by });
        }
    }
    if case.is_closed() {
        let fact = Fact::CaseClosed { outcome: OUTCOME.into(), reason: None, text_sha256: None };
        facts.push(fact);
    }
    facts
}

fn registered(case: &Invented, act: &Act) -> Fact {
    Fact::CaseRegistered {
        tracking_code: case.code.clone(),
        office: case.intake,
        kind: "request".into(),
        channel: case.channel.to_string(),
        text_sha256: sha256_hex(case.text.as_bytes()),
        downgraded_from: None,
        category: None,
        due_at: Some(case.due_at),
        citizen_digest: case.citizen.map(|citizen| citizen_digest(&act.keys, case.id, citizen)),
    }
}
