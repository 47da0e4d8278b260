//! One answer to all: what the leading case is told reaches every follower by its own channel and code, each
//! citizen once; and what happens to the followers when the leading case ends.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::{links, merge};
use crate::db::DbConnection;
use crate::db::schema::{answers, cases};
use crate::db::types::{AnswerId, CaseId, CitizenId, ReferralId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::answer::{self, AnswerRow, AnswerState};
use crate::domain::cases::close::{self, Ending};
use crate::domain::cases::docket::Docket;
use crate::domain::cases::life::{Fact, HopRole, NewHop, Status};
use crate::domain::cases::{record, sha256_hex};
use crate::domain::notifications::{self, Facts};
use crate::domain::quality::Lesson;
use crate::error::Result;

/// Gives an approved final answer to every follower.
pub(in crate::domain::cases) fn share(
    connection: &mut DbConnection,
    act: &Act,
    parent: &Docket,
    answer: AnswerId,
) -> Result<()> {
    if parent.life.family.followers.is_empty() {
        return Ok(());
    }
    let answer = answer::find(connection, answer)?;
    let mut told: BTreeSet<CitizenId> = parent.row.citizen_id.into_iter().collect();
    for case in parent.life.family.followers.keys() {
        let docket = Docket::of_family(connection, act, *case)?;
        give(connection, act, parent, &answer, docket, &mut told)?;
    }
    Ok(())
}

/// Gives the answer that stands to a case that has just begun to follow.
pub(super) fn share_standing(
    connection: &mut DbConnection,
    act: &Act,
    parent: CaseId,
    follower: CaseId,
) -> Result<()> {
    let parent = Docket::of_family(connection, act, parent)?;
    if parent.life.status != Status::Answered {
        return Ok(());
    }
    let standing = answer::of_case(connection, parent.row.id)?.into_iter().rev().find(|row| {
        row.state == AnswerState::Approved && !row.is_interim && Some(row.referral_id) == parent.life.lead
    });
    let Some(answer) = standing else { return Ok(()) };
    let docket = Docket::of_family(connection, act, follower)?;
    let mut told: BTreeSet<CitizenId> = parent.row.citizen_id.into_iter().collect();
    give(connection, act, &parent, &answer, docket, &mut told)
}

/// The follower's own copy of the answer, as if the body had answered here, with a window of its own.
fn give(
    connection: &mut DbConnection,
    act: &Act,
    parent: &Docket,
    answer: &AnswerRow,
    mut docket: Docket,
    told: &mut BTreeSet<CitizenId>,
) -> Result<()> {
    let body = parent.life.hops.get(&answer.referral_id);
    let (Some(body), Status::Closed | Status::Answered) = (body, docket.life.status) else { return Ok(()) };
    let (copy, referral): (AnswerId, ReferralId) = (act.id(), act.id());
    let hop = NewHop {
        referral,
        parent: None,
        from: body.from,
        office: body.office,
        role: HopRole::Lead,
        due_at: None,
    };
    let fact = Fact::AnswerShared {
        parent: parent.row.id,
        answer: copy,
        outcome: answer.outcome.clone(),
        author: answer.author_id,
        approved_by: answer.decided_by,
        text_sha256: sha256_hex(answer.text.as_bytes()),
        hop,
    };
    let event = record(connection, act, &mut docket, &[fact], None)?;
    keep(connection, docket.row.id, copy, referral, answer)?;
    diesel::update(cases::table.find(docket.row.id))
        .set((
            (cases::closed_at.eq(None::<Time>), cases::remedy_until.eq(None::<Time>)),
            (cases::remedy.eq(None::<String>), cases::paused_at.eq(None::<Time>)),
            (cases::triage_started_at.eq(None::<Time>), cases::triage_due_at.eq(None::<Time>)),
        ))
        .execute(connection)?;
    answer::open_window(connection, act, &docket, copy)?;
    match docket.row.citizen_id {
        Some(citizen) if told.insert(citizen) => {
            answer::tell(connection, act, &docket, event, copy, false, body.office)
        }
        Some(_) | None => Ok(()),
    }
}

fn keep(
    connection: &mut DbConnection,
    case: CaseId,
    id: AnswerId,
    referral: ReferralId,
    of: &AnswerRow,
) -> Result<()> {
    use answers as a;
    diesel::insert_into(a::table)
        .values((
            (a::id.eq(id), a::case_id.eq(case), a::referral_id.eq(referral), a::text.eq(&of.text)),
            (a::is_interim.eq(of.is_interim), a::outcome.eq(&of.outcome), a::reason_code.eq(&of.reason_code)),
            (a::state.eq(of.state), a::author_id.eq(of.author_id), a::created_at.eq(of.created_at)),
            (a::decided_by.eq(of.decided_by), a::decided_at.eq(of.decided_at)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Tells every follower of an interim answer, each citizen once.
pub(in crate::domain::cases) fn tell_interim(
    connection: &mut DbConnection,
    act: &Act,
    parent: &Docket,
    facts: &Facts,
) -> Result<()> {
    let mut told: BTreeSet<CitizenId> = parent.row.citizen_id.into_iter().collect();
    for case in parent.life.family.followers.keys() {
        let docket = Docket::of_family(connection, act, *case)?;
        let is_new = docket.row.citizen_id.is_some_and(|citizen| told.insert(citizen));
        if docket.life.awaits_parent() && is_new {
            let event = crate::domain::cases::record::last_event(connection, docket.row.id)?;
            notifications::to_citizen(connection, act, &docket.row, event, "interim_answer", facts)?;
        }
    }
    Ok(())
}

/// The leading case ended: its followers end with the same outcome; where its citizen took it back or did not
/// reply, they go their own way again.
pub(in crate::domain::cases) fn end_followers(
    connection: &mut DbConnection,
    act: &Act,
    parent: &Docket,
    ending: &Ending<'_>,
) -> Result<()> {
    let goes_on = matches!(ending.outcome, "withdrawn" | "no_reply") && !parent.life.has_members();
    let mut told: BTreeSet<CitizenId> = parent.row.citizen_id.into_iter().collect();
    for case in parent.life.family.followers.keys() {
        let docket = Docket::of_family(connection, act, *case)?;
        let has_ended = docket.life.status == Status::Closed && !docket.life.awaits_parent();
        let is_over = has_ended && !ending.is_changed;
        if goes_on {
            if let Some(link) = links::link_of(connection, *case)? {
                merge::release(connection, act, docket, &link, ending.outcome.to_owned(), None)?;
            }
        } else if !is_over {
            let is_quiet = docket.row.citizen_id.is_some_and(|citizen| !told.insert(citizen));
            // what is learnt of one matter is counted once
            let ending = Ending { is_quiet, lesson: Lesson::default(), ..ending.clone() };
            close::end(connection, act, docket, ending, None)?;
        }
    }
    Ok(())
}
