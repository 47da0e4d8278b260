//! Reopen: a supervisor takes a closed case up again, with a reason; it counts.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::ask;
use super::clocks;
use super::docket::{Docket, Expected};
use super::life::{Fact, Hop, HopRole, NewHop, Status};
use super::record::record;
use super::row::{CaseRow, Channel};
use crate::db::DbConnection;
use crate::db::prepared::prepared;
use crate::db::schema::cases;
use crate::db::types::{CaseId, OfficeId, ReferralId, Time};
use crate::domain::actor::Act;
use crate::domain::deadlines;
use crate::domain::input;
use crate::domain::notifications::{self, Facts};
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Error, Result};

/// A reopening.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reopen {
    /// Why, in words.
    pub reason: String,
    /// `referred`: back to the office that answered; `classified`: to be referred anew. By default back to
    /// the office, where there was one.
    #[serde(default)]
    pub to: Option<String>,
    /// What is new, in the citizen's words; opens a case that was closed as a repeat, at the audit desk.
    #[serde(default)]
    pub new_facts: Option<String>,
}

/// Reopens a closed case.
pub fn reopen(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
    wish: &Reopen,
) -> Result<Docket> {
    let mut docket = Docket::open(connection, act, id, expected)?;
    let office = policy::allow(act, Verb::Reopen, docket.life.holder)?;
    docket.life.can_reopen()?;
    let reason = input::text("reason", &wish.reason, input::LINE_MAX).map_err(Error::field)?;
    if let Some(new_facts) = wish.new_facts.as_deref() {
        docket.life.can_take_new_facts()?;
        let words = input::text("new_facts", new_facts, input::TEXT_MAX).map_err(Error::field)?;
        ask::hear(connection, act, &mut docket, &words, Channel::Phone, Some(office))?;
        return docket.reload(connection);
    }
    let wished = match wish.to.as_deref() {
        Some(code) => Some(input::choice::<Status>("to", code).map_err(Error::field)?),
        None => None,
    };
    again(connection, act, docket, office, Again { reason, to: wished, first: Vec::new() })
}

/// How a closed case is taken up again.
pub struct Again {
    /// As the citizen will read it.
    pub reason: String,
    /// `Classified`: to be referred anew, else back to the office that answered.
    pub to: Option<Status>,
    /// What is recorded before it, as its cause.
    pub first: Vec<Fact>,
}

/// Takes a closed case up again in the name of `office`; whether that may be was judged.
pub fn again(
    connection: &mut DbConnection,
    act: &Act,
    mut docket: Docket,
    office: OfficeId,
    how: Again,
) -> Result<Docket> {
    let Again { reason, to: wished, first } = how;
    let hop = if wished == Some(Status::Classified) { None } else { back_to_lead(act, &docket)? };
    let status = if hop.is_some() { Status::Referred } else { Status::Classified };
    let holder = hop.as_ref().map_or(office, |hop| hop.office);
    let facts = Facts {
        office: Some(holder),
        due: hop.as_ref().and_then(|hop| hop.due_at),
        reason: Some(reason.clone()),
        ..Facts::default()
    };
    let due = facts.due.unwrap_or(docket.row.due_at);
    let fact = Fact::CaseReopened { reason, status, office: holder, hop: hop.clone(), due_at: Some(due) };
    let recorded: Vec<Fact> = first.into_iter().chain([fact]).collect();
    let event = record(connection, act, &mut docket, &recorded, Some(office))?;
    clear_ending(connection, act, &docket.row, due)?;
    match &hop {
        Some(hop) => super::refer::send(connection, act, &docket, std::slice::from_ref(hop), None, event)?,
        None => clocks::start_triage(connection, act, &mut docket)?,
    }
    notifications::to_citizen(connection, act, &docket.row, event, "case_reopened", &facts)?;
    docket.reload(connection)
}

/// Takes what its ending wrote from the row, and promises an answer until `due`.
pub(super) fn clear_ending(connection: &mut DbConnection, act: &Act, row: &CaseRow, due: Time) -> Result<()> {
    prepared(diesel::update(cases::table.find(row.id)).set((
        (
            cases::closed_at.eq(None::<Time>),
            cases::answered_at.eq(None::<Time>),
            cases::remedy_until.eq(None::<Time>),
        ),
        (cases::outcome_text.eq(None::<String>), cases::outcome_reason.eq(None::<String>)),
        (cases::remedy.eq(None::<String>), cases::due_at.eq(due)),
    )))
    .execute(connection)?;
    clocks::restart_outer(connection, act, row)
}

/// A new lead referral to the office that had the last one, with a new clock.
fn back_to_lead(act: &Act, docket: &Docket) -> Result<Option<NewHop>> {
    let last = docket.life.body().map(|(_, hop)| hop);
    let may_have = |hop: &&Hop| {
        let offices = &act.rules.offices;
        offices.get(hop.office).is_some() && !docket.conflict.bars_office(offices, hop.office)
    };
    let Some(last) = last.filter(may_have) else { return Ok(None) };
    let referral: ReferralId = act.id();
    let span = act.rules.required_span(
        "answer",
        Some(&docket.row.kind),
        docket.row.category.as_deref(),
        None,
        false,
    )?;
    let calendar = act.rules.calendar(last.office)?;
    let due = deadlines::due(calendar, act.now.timestamp(), span)?;
    Ok(Some(NewHop {
        referral,
        parent: None,
        from: last.from,
        office: last.office,
        role: HopRole::Lead,
        due_at: Some(due.into()),
    }))
}
