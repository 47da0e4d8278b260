//! What happened is laid into the outbox of those who subscribed to it and may see it.

use diesel::prelude::*;
use serde_json::{Value, json};

use super::EVERY;
use super::deliveries::{self, Subject};
use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::db::types::{CaseId, EventId, OfficeId, UserId};
use crate::domain::actor::{Act, Actor, Role, Staff};
use crate::domain::cases::CaseRow;
use crate::domain::rulebook::{Rulebook, Webhook};
use crate::domain::visibility;
use crate::error::Result;

/// An event that was just recorded.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    pub event: EventId,
    pub seq: i32,
    pub name: &'static str,
}

/// Tells the subscribers of these events of one case, whose row is as they left it.
pub fn tell(connection: &mut DbConnection, act: &Act, row: &CaseRow, told: &[Told]) -> Result<()> {
    for webhook in act.rules.webhooks.iter().filter(|webhook| webhook.active) {
        let wished = |one: &&Told| webhook.events.iter().any(|event| event == EVERY || event == one.name);
        let wished: Vec<&Told> =
            told.iter().filter(|one| super::EVENTS.contains(&one.name)).filter(wished).collect();
        if wished.is_empty() || !is_visible(connection, act, webhook, row.id)? {
            continue;
        }
        for one in wished {
            let body = body(&act.rules, row, one, act);
            let subject = Subject { event: Some(one.event), case: Some(row.id) };
            deliveries::queue(connection, act, &webhook.code, one.name, subject, &body)?;
        }
    }
    Ok(())
}

/// Whether the office of a subscription sees the case, as one who reads no sealed cases.
fn is_visible(connection: &mut DbConnection, act: &Act, webhook: &Webhook, case: CaseId) -> Result<bool> {
    let Ok(office) = act.rules.offices.find("office", &webhook.office) else { return Ok(false) };
    let reader = Act { actor: reader(office.id), ..act.clone() };
    let seen = cases::table.filter(cases::id.eq(case)).filter(visibility::visible(&reader));
    let found: Option<CaseId> = seen.select(cases::id).first(connection).optional()?;
    Ok(found.is_some())
}

fn reader(office: OfficeId) -> Actor {
    Actor::Staff(Staff {
        id: UserId(0),
        username: super::NOUN.into(),
        assignments: vec![(Role::Analyst, office)],
        past: Vec::new(),
    })
}

fn body(rules: &Rulebook, row: &CaseRow, told: &Told, act: &Act) -> Value {
    let office = |id: OfficeId| rules.offices.code(id);
    json!({
        "type": told.name,
        "timestamp": act.now,
        "data": {
            "event": { "id": told.event, "seq": told.seq },
            "case": {
                "id": row.id,
                "version": row.version,
                "status": row.status,
                "kind": row.kind,
                "category": row.category,
                "channel": row.channel,
                "priority": row.priority,
                "province": row.province,
                "county": row.county,
                "intake_office": office(row.intake_office_id),
                "holder": office(row.holder_office_id),
                "received_at": row.received_at,
                "registered_at": row.registered_at,
                "due_at": row.due_at,
                "outcome": row.outcome,
            },
        },
    })
}
