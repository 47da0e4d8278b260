//! What each class of a case is, table by table. What is counted (kind, category, place to the county, offices,
//! times, outcome, rating, channel) belongs to none of them.

use diesel::prelude::*;

use super::files;
use super::obstacles::{Candidate, QUIET_DAYS};
use crate::db::schema::{
    answers, appeals, appointments, attachments, callbacks, cases, citizen_merge_cases as merge_cases,
    citizen_merges, citizens, clock_changes, contact_plan_reviews, contact_plans, correction_requests,
    corrections, deliveries, exports, extension_requests, extracts, families, family_links, holds,
    identity_requests, messages, no_calls, notes, objections, outbox, problem_notices, questions, ratings,
    recommendations, referrals, repeats, warnings,
};
use crate::db::sealed::Sealed;
use crate::db::types::{AppealId, AttachmentId, CaseId, CitizenId, MessageId, NoteId, ObjectionId};
use crate::db::{DbConnection, fulltext};
use crate::domain::actor::Act;
use crate::domain::cases::words;
use crate::domain::citizens as citizens_of;
use crate::domain::history::Class;
use crate::domain::intake;
use crate::domain::phone;
use crate::domain::sms;
use crate::domain::vault::field;
use crate::error::{Error, Result};

/// Nothing, where a text stood that may not be missing.
const NO_TEXT: Option<String> = None;
const NOT_SEALED: Option<Sealed> = None;

/// Takes one class of a case away.
pub(super) fn erase(connection: &mut DbConnection, act: &Act, case: &Candidate, class: Class) -> Result<()> {
    came_in(connection, act, case.id, class)?;
    match class {
        Class::Text => texts(connection, act, case.id),
        Class::Identity => identity(connection, act, case),
        Class::Attachments => attached(connection, act, case.id),
        Class::Messages => said(connection, act, case.id),
        Class::Raw => {
            diesel::update(cases::table.find(case.id))
                .set(cases::external_id.eq(NO_TEXT))
                .execute(connection)?;
            phone::erase(connection, case.id)
        }
    }
}

/// What the case's items of intake hold: they say the same as the case, so each class that has a part in that takes it.
fn came_in(connection: &mut DbConnection, act: &Act, case: CaseId, class: Class) -> Result<()> {
    match class {
        Class::Text | Class::Identity | Class::Messages => intake::erase::words(connection, act, case),
        Class::Attachments => forget_files(connection, act, case),
        Class::Raw => {
            intake::erase::words(connection, act, case)?;
            intake::erase::identifiers(connection, case)?;
            forget_files(connection, act, case)
        }
    }
}

fn forget_files(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<()> {
    let digests = intake::erase::files(connection, case)?;
    digests.iter().try_for_each(|sha256| files::forget(connection, sha256, act.now))
}

/// Puts nothing, sealed, in the place of each text of a case.
macro_rules! emptied {
    ($connection:expr, $act:expr, $case:expr, $table:ident, $id:ty) => {{
        let ids: Vec<$id> =
            $table::table.filter($table::case_id.eq($case)).select($table::id).load($connection)?;
        for id in ids {
            let nothing = $act.vault.seal(field!($table::text), id, "")?;
            diesel::update($table::table.find(id)).set($table::text.eq(nothing)).execute($connection)?;
        }
    }};
}

fn texts(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<()> {
    diesel::update(cases::table.find(case))
        .set((
            (cases::text.eq(""), cases::subject.eq(NO_TEXT), cases::remedy_sought.eq(NO_TEXT)),
            (cases::outcome_text.eq(NO_TEXT), cases::remedy.eq(NO_TEXT), cases::dismissal.eq(NO_TEXT)),
        ))
        .execute(connection)?;
    words::erase(connection, case)?;
    fulltext::remove(connection, case)?;
    diesel::update(answers::table.filter(answers::case_id.eq(case)))
        .set((answers::text.eq(""), answers::decision_note.eq(NO_TEXT)))
        .execute(connection)?;
    diesel::update(questions::table.filter(questions::case_id.eq(case)))
        .set(questions::text.eq(""))
        .execute(connection)?;
    emptied!(connection, act, case, notes, NoteId);
    emptied!(connection, act, case, objections, ObjectionId);
    emptied!(connection, act, case, appeals, AppealId);
    diesel::update(appeals::table.filter(appeals::case_id.eq(case)))
        .set(appeals::grounds.eq(NO_TEXT))
        .execute(connection)?;
    diesel::update(ratings::table.filter(ratings::case_id.eq(case)))
        .set(ratings::comment.eq(NO_TEXT))
        .execute(connection)?;
    diesel::update(referrals::table.filter(referrals::case_id.eq(case)))
        .set((referrals::instruction.eq(NO_TEXT), referrals::note.eq(NO_TEXT)))
        .execute(connection)?;
    diesel::update(clock_changes::table.filter(clock_changes::case_id.eq(case)))
        .set(clock_changes::reason.eq(NO_TEXT))
        .execute(connection)?;
    diesel::update(holds::table.filter(holds::case_id.eq(case)))
        .set(holds::reason.eq(""))
        .execute(connection)?;
    reasons(connection, case)
}

/// What staff wrote about the citizen's words while they worked on them.
fn reasons(connection: &mut DbConnection, case: CaseId) -> Result<()> {
    diesel::delete(extracts::table.filter(extracts::case_id.eq(case))).execute(connection)?;
    use identity_requests as i;
    diesel::update(i::table.filter(i::case_id.eq(case)))
        .set((i::reason.eq(""), i::decision_reason.eq(NO_TEXT), i::revoke_reason.eq(NO_TEXT)))
        .execute(connection)?;
    use extension_requests as e;
    diesel::update(e::table.filter(e::case_id.eq(case)))
        .set((e::reason.eq(""), e::told.eq(""), e::answered_who.eq(NO_TEXT), e::answered_how.eq(NO_TEXT)))
        .execute(connection)?;
    diesel::update(warnings::table.filter(warnings::case_id.eq(case)))
        .set(warnings::note.eq(NO_TEXT))
        .execute(connection)?;
    learnt(connection, case)?;
    diesel::update(appointments::table.filter(appointments::case_id.eq(case)))
        .set(appointments::reason.eq(NO_TEXT))
        .execute(connection)?;
    use contact_plan_reviews as p;
    diesel::update(p::table.filter(p::case_id.eq(case)))
        .set((p::text.eq(""), p::grounds.eq(NO_TEXT)))
        .execute(connection)?;
    diesel::update(families::table.find(case)).set(families::closing.eq(NO_TEXT)).execute(connection)?;
    Ok(())
}

/// What was said of the case after its closing; what is counted of it stays.
fn learnt(connection: &mut DbConnection, case: CaseId) -> Result<()> {
    diesel::update(callbacks::table.filter(callbacks::case_id.eq(case)))
        .set((callbacks::comment.eq(NO_TEXT), callbacks::note.eq(NO_TEXT)))
        .execute(connection)?;
    use recommendations as r;
    diesel::update(r::table.filter(r::case_id.eq(case)))
        .set((r::text.eq(""), r::reason.eq(NO_TEXT), r::done_text.eq(NO_TEXT)))
        .execute(connection)?;
    Ok(())
}

fn said(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<()> {
    sms::replies::erase(connection, case)?;
    let ids: Vec<MessageId> =
        messages::table.filter(messages::case_id.eq(case)).select(messages::id).load(connection)?;
    for id in &ids {
        let nothing = act.vault.seal(field!(messages::facts), *id, "{}")?;
        diesel::update(messages::table.find(*id))
            .set((
                (messages::facts.eq(nothing), messages::address.eq(NOT_SEALED)),
                (messages::subject.eq(NOT_SEALED), messages::body.eq(NOT_SEALED)),
                (messages::citizen_id.eq(None::<CitizenId>), messages::carrier_id.eq(NO_TEXT)),
                messages::error.eq(NO_TEXT),
            ))
            .execute(connection)?;
    }
    diesel::delete(outbox::table.filter(outbox::message_id.eq_any(&ids))).execute(connection)?;
    diesel::update(deliveries::table.filter(deliveries::message_id.eq_any(&ids)))
        .set(deliveries::detail.eq(NO_TEXT))
        .execute(connection)?;
    Ok(())
}

fn attached(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<()> {
    let digests: Vec<String> = attachments::table
        .filter(attachments::case_id.eq(case))
        .select(attachments::sha256)
        .load(connection)?;
    let ids: Vec<AttachmentId> =
        attachments::table.filter(attachments::case_id.eq(case)).select(attachments::id).load(connection)?;
    fulltext::remove_files(connection, &ids)?;
    diesel::delete(attachments::table.filter(attachments::case_id.eq(case))).execute(connection)?;
    digests.iter().try_for_each(|sha256| files::forget(connection, sha256, act.now))
}

/// Cuts the case from its citizen; the record of one who has no other case goes with it.
fn identity(connection: &mut DbConnection, act: &Act, case: &Candidate) -> Result<()> {
    diesel::update(cases::table.find(case.id))
        .set((
            (cases::citizen_id.eq(None::<CitizenId>), cases::representative.eq(NOT_SEALED)),
            (cases::address.eq(NOT_SEALED), cases::lat.eq(None::<f64>), cases::lon.eq(None::<f64>)),
            cases::about_person.eq(NOT_SEALED),
        ))
        .execute(connection)?;
    // whose cases these are is told by the link as much as by the record
    diesel::delete(repeats::table.filter(repeats::case_id.eq(case.id).or(repeats::earlier_id.eq(case.id))))
        .execute(connection)?;
    diesel::update(family_links::table.filter(family_links::case_id.eq(case.id)))
        .set(family_links::household_head.eq(NOT_SEALED))
        .execute(connection)?;
    diesel::update(messages::table.filter(messages::case_id.eq(case.id)))
        .set((messages::address.eq(NOT_SEALED), messages::citizen_id.eq(None::<CitizenId>)))
        .execute(connection)?;
    diesel::update(callbacks::table.filter(callbacks::case_id.eq(case.id)))
        .set(callbacks::citizen_id.eq(None::<CitizenId>))
        .execute(connection)?;
    // that somebody was told still counts; who it was does not
    diesel::update(problem_notices::table.filter(problem_notices::case_id.eq(case.id)))
        .set(problem_notices::citizen_id.eq(CitizenId(-case.id.0)))
        .execute(connection)?;
    sms::replies::erase(connection, case.id)?;
    phone::erase(connection, case.id)?;
    let asked = correction_requests::case_id.eq(case.id);
    diesel::delete(correction_requests::table.filter(asked)).execute(connection)?;
    // and so does the link to the record that it was filed under
    diesel::delete(merge_cases::table.filter(merge_cases::case_id.eq(case.id))).execute(connection)?;
    match case.citizen_id {
        Some(citizen) => forget_citizen(connection, act, citizen),
        None => Ok(()),
    }
}

/// Removes the record of a citizen whom no case names any more and of whom nothing was written lately.
pub(super) fn forget_citizen(connection: &mut DbConnection, act: &Act, citizen: CitizenId) -> Result<()> {
    let others: i64 = cases::table.filter(cases::citizen_id.eq(citizen)).count().get_result(connection)?;
    let quiet = act.now.plus_days(-QUIET_DAYS);
    // a merged record goes with the one that stands for it
    let standing = match citizens_of::standing(connection, citizen) {
        Err(Error::NotFound) => return Ok(()),
        standing => standing?,
    };
    if others > 0 || standing != citizen {
        return Ok(());
    }
    let record = citizens::table.filter(citizens::id.eq(citizen).and(citizens::updated_at.le(quiet)));
    let is_quiet: i64 = record.count().get_result(connection)?;
    if is_quiet > 0 {
        // the records that were merged into it first: they lead to it
        for id in citizens_of::records(connection, citizen)?.into_iter().rev() {
            forget_record(connection, id)?;
        }
    }
    Ok(())
}

fn forget_record(connection: &mut DbConnection, citizen: CitizenId) -> Result<()> {
    let plans = contact_plans::table.filter(contact_plans::citizen_id.eq(citizen));
    let reviews = contact_plan_reviews::plan_id.eq_any(plans.select(contact_plans::id));
    diesel::delete(contact_plan_reviews::table.filter(reviews)).execute(connection)?;
    diesel::delete(plans).execute(connection)?;
    diesel::delete(no_calls::table.filter(no_calls::citizen_id.eq(citizen))).execute(connection)?;
    use citizen_merges as m;
    let of_record = m::citizen_id.eq(citizen).or(m::other_id.eq(citizen));
    let merges = m::table.filter(of_record).select(m::id);
    diesel::delete(merge_cases::table.filter(merge_cases::merge_id.eq_any(merges))).execute(connection)?;
    diesel::delete(m::table.filter(of_record)).execute(connection)?;
    diesel::delete(citizens::table.find(citizen)).execute(connection)?;
    diesel::delete(corrections::table.filter(corrections::citizen_id.eq(citizen))).execute(connection)?;
    diesel::update(exports::table.filter(exports::citizen_id.eq(citizen)))
        .set((exports::reason.eq(""), exports::identity_checked_by.eq("")))
        .execute(connection)?;
    diesel::update(holds::table.filter(holds::citizen_id.eq(citizen)))
        .set(holds::reason.eq(""))
        .execute(connection)?;
    Ok(())
}
