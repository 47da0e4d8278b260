//! The taking back of a split, and the proposal of one merged answer when its parts have ended.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::links;
use crate::db::DbConnection;
use crate::db::schema::{cases, events, family_links};
use crate::db::types::{CaseId, OfficeId};
use crate::domain::actor::Act;
use crate::domain::cases::docket::{Docket, Expected};
use crate::domain::cases::life::{Fact, Relation, Status};
use crate::domain::cases::{CaseRow, clocks, record};
use crate::domain::input;
use crate::domain::notifications::{self, Facts};
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Code, Error, Language, Result};

/// The taking back of a split.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Unsplit {
    pub reason: String,
}

/// Takes a split back while no part has been referred: the parts follow the letter, their codes go on working.
///
/// # Errors
/// `not_split`, `part_referred`, or a missing reason.
pub fn unsplit(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
    wish: &Unsplit,
) -> Result<Docket> {
    let docket = Docket::open(connection, act, id, expected)?;
    let office = policy::allow(act, Verb::Split, split_by(&docket))?;
    let reason = input::text("reason", &wish.reason, input::LINE_MAX).map_err(Error::field)?;
    let parts = parts_to_undo(connection, act, &docket)?;
    for mut part in parts {
        clocks::set_aside(connection, act, &part)?;
        let merged = Fact::CaseMerged { into: id, relation: Relation::Merged, reason: reason.clone() };
        record(connection, act, &mut part, &[merged], Some(office))?;
        diesel::update(cases::table.find(part.row.id))
            .set(cases::closed_at.eq(act.now))
            .execute(connection)?;
    }
    let mut docket = Docket::of_family(connection, act, id)?;
    let fact = undone(connection, &docket, reason)?;
    let event = record(connection, act, &mut docket, std::slice::from_ref(&fact), Some(office))?;
    if matches!(docket.life.status, Status::Registered | Status::Classified) {
        clocks::start_triage(connection, act, &mut docket)?;
    }
    let facts = Facts { office: Some(docket.life.holder), due: Some(docket.row.due_at), ..Facts::default() };
    notifications::to_citizen(connection, act, &docket.row, event, "split_undone", &facts)?;
    docket.reload(connection)
}

/// The office that sent the letter to its lead, or holds it.
pub fn split_by(docket: &Docket) -> OfficeId {
    let lead = docket.life.lead.and_then(|lead| docket.life.hops.get(&lead));
    lead.map_or(docket.life.holder, |hop| hop.from)
}

/// The parts, where every one of them still waits at the desk.
pub fn parts_to_undo(connection: &mut DbConnection, act: &Act, docket: &Docket) -> Result<Vec<Docket>> {
    if docket.life.family.parts.is_empty() {
        return Err(Error::Conflict(Code::NotSplit));
    }
    let mut parts = Vec::new();
    for link in links::links_to(connection, docket.row.id)? {
        if link.relation == Relation::Part {
            let part = Docket::glimpse(connection, act, link.case_id)?;
            let waits = matches!(part.life.status, Status::Registered | Status::Classified);
            if !waits || !part.life.hops.is_empty() || !part.life.family.followers.is_empty() {
                return Err(Error::Conflict(Code::PartReferred));
            }
            parts.push(part);
        }
    }
    Ok(parts)
}

/// The lead that the split brought is taken back, unless it has passed the letter on.
fn undone(connection: &mut DbConnection, docket: &Docket, reason: String) -> Result<Fact> {
    let payload: String = events::table
        .filter(events::case_id.eq(docket.row.id).and(events::kind.eq("case_split")))
        .order(events::seq.desc())
        .select(events::payload)
        .first(connection)?;
    let fact = serde_json::from_str(&payload).map_err(|error| Error::Internal(Box::new(error)))?;
    let Fact::CaseSplit { from, hop, .. } = fact else {
        return Err(Error::internal("the event of a split is another one"));
    };
    let brought = hop
        .filter(|hop| docket.life.lead == Some(hop.referral) && docket.life.can_leave(hop.referral).is_ok());
    Ok(match brought {
        Some(hop) => {
            Fact::SplitUndone { reason, recalled: Some(hop.referral), status: from, holder: hop.from }
        }
        None => Fact::SplitUndone {
            reason,
            recalled: None,
            status: docket.life.status,
            holder: docket.life.holder,
        },
    })
}

/// A proposal of the merged answer once every part has ended: the subject, outcome and words of each, in their
/// order, to be edited by the lead and approved by another person.
pub fn merged_answer(connection: &mut DbConnection, act: &Act, docket: &Docket) -> Result<Option<String>> {
    use family_links as l;
    if !docket.life.is_open() || !docket.life.family.parts.is_empty() {
        return Ok(None);
    }
    let parts: Vec<CaseRow> = l::table
        .inner_join(cases::table)
        .filter(l::parent_id.eq(docket.row.id).and(l::left_at.is_null()).and(l::relation.eq(Relation::Part)))
        // a sealed matter is answered by itself
        .filter(cases::is_sealed.eq(docket.row.is_sealed))
        .order(l::id)
        .select(CaseRow::as_select())
        .load(connection)?;
    let reader = if docket.row.language == "en" { Language::En } else { Language::Fa };
    let words = parts.into_iter().enumerate().map(|(at, row)| {
        let subject = row.words(connection, &act.vault)?.subject;
        let CaseRow { tracking_code: code, category, outcome, outcome_text: text, .. } = row;
        let leaf = category.as_deref().and_then(|code| act.rules.categories.get(code));
        let name = leaf.map(|leaf| if reader == Language::En { leaf.en.clone() } else { leaf.fa.clone() });
        let heading = subject.or(name).unwrap_or_default();
        let outcome = outcome.map(|outcome| act.rules.outcome_name(&outcome, reader)).unwrap_or_default();
        Ok(format!("{}. {heading} ({code}): {outcome}\n{}", at + 1, text.unwrap_or_default()))
    });
    let text = words.collect::<Result<Vec<_>>>()?.join("\n\n");
    Ok(Some(text).filter(|text| !text.is_empty()))
}
