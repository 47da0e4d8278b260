//! The one guard of every verb: whatever is recorded of a case, nobody with a conflict of interest gets a part in
//! it, and whoever has one by now loses it in the same transaction.
//!
//! The recorder of events asks [`check`] before and [`settle`] after; the verbs themselves need not. Who acts
//! needs no check here: whoever has a conflict does not see the case.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::{Conflict, desk};
use crate::db::DbConnection;
use crate::db::schema::{answers, appeals, cases, referrals};
use crate::db::types::{EventId, OfficeId, ReferralId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::cases::answer::AnswerState;
use crate::domain::cases::life::{Barred, Fact, HopRole, Life, Needs, NewHop, Status};
use crate::domain::cases::{Docket, clocks};
use crate::domain::notifications::{self, Facts};
use crate::domain::rulebook::{Offices, Verb};
use crate::domain::users;
use crate::error::{Code, Error, FieldError, Result};

/// What becomes of a draft whose author must have no part in the case.
const DRAFT_DROPPED: &str = "نویسنده پیش‌نویس در این پرونده تعارض منافع دارد. / The author of this draft has a conflict of interest in the case.";

/// Refuses facts that would give an office or a person with a conflict a part in the case.
///
/// # Errors
/// `office_complained_of`, or the field `user` where the person of an assignment has a conflict.
pub fn check(connection: &mut DbConnection, act: &Act, docket: &Docket, facts: &[Fact]) -> Result<()> {
    if docket.conflict.is_none() {
        return Ok(());
    }
    for fact in facts {
        if sends_wrong(&docket.conflict, &act.rules.offices, fact) {
            return Err(Error::Forbidden(Code::OfficeComplainedOf));
        }
        let other = fact.hand().filter(|user| Some(*user) != act.actor.user());
        if let Some(user) = other
            && bars_user(connection, act, &docket.conflict, user)?
        {
            return Err(Error::field(FieldError::new(
                "user",
                "conflict_of_interest",
                "این کاربر در این پرونده تعارض منافع دارد؛ کس دیگری را نام ببرید.",
                "This user has a conflict of interest in the case; name another.",
            )));
        }
    }
    Ok(())
}

/// Whether a fact sends the case to an office that must have no part in it. Where it goes back to a body that had
/// it before, it is taken out of its hands at once instead.
pub fn sends_wrong(conflict: &Conflict, offices: &Offices, fact: &Fact) -> bool {
    let wished: &[NewHop] = match fact {
        Fact::CaseReferred { hops, .. } => hops,
        Fact::ReferralTransferred { to: hop, .. } | Fact::AppealRaised { hop, .. } => {
            std::slice::from_ref(hop)
        }
        _ => &[],
    };
    wished.iter().any(|hop| conflict.bars_office(offices, hop.office))
}

/// Whether an account must have no part in a case; a closed account has no offices, but may be the one complained of.
fn bars_user(connection: &mut DbConnection, act: &Act, conflict: &Conflict, user: UserId) -> Result<bool> {
    if conflict.user == Some(user) {
        return Ok(true);
    }
    let person = users::staff(connection, user)?;
    Ok(person.is_some_and(|person| conflict.bars_person(&act.rules.offices, &person)))
}

/// What must be recorded besides, so that nobody with a conflict keeps a part in the case; none where nobody has.
///
/// # Errors
/// `no_free_desk` where nobody could take the case.
pub fn settle(
    connection: &mut DbConnection,
    act: &Act,
    life: &Life,
    conflict: &Conflict,
) -> Result<Option<Fact>> {
    if conflict.is_none() {
        return Ok(None);
    }
    let mut people = BTreeSet::new();
    for user in life.people() {
        if bars_user(connection, act, conflict, user)? {
            people.insert(user);
        }
    }
    let offices = barred_offices(life, conflict, &act.rules.offices);
    let Some(taint) = life.taint(&Barred { offices, people }) else { return Ok(None) };
    Ok(Some(match taint.needs {
        Needs::Nothing => Fact::cleared(taint, life.holder, None),
        Needs::Desk(from) => {
            let office = desk::free(connection, act, conflict, from, Verb::Classify)?;
            Fact::cleared(taint, office, None)
        }
        Needs::Appeal(from) => {
            let office = desk::free(connection, act, conflict, from, Verb::DecideAppeal)?;
            let due_at = due_of(connection, life)?;
            let hop = NewHop {
                referral: act.id(),
                parent: None,
                from: life.against(),
                office,
                role: HopRole::Appeal,
                due_at,
            };
            Fact::cleared(taint, office, Some(hop))
        }
    }))
}

/// Offices that have a part in the case and must have none.
pub fn barred_offices(life: &Life, conflict: &Conflict, offices: &Offices) -> BTreeSet<OfficeId> {
    life.offices().into_iter().filter(|id| conflict.bars_office(offices, *id)).collect()
}

fn due_of(connection: &mut DbConnection, life: &Life) -> Result<Option<Time>> {
    let Some(lead) = life.lead else { return Ok(None) };
    Ok(referrals::table.find(lead).select(referrals::due_at).first(connection)?)
}

/// Clocks, drafts and notices of a clearing that was just recorded; `before` is the state before it.
pub fn follow(
    connection: &mut DbConnection,
    act: &Act,
    docket: &mut Docket,
    before: &Life,
    fact: &Fact,
    event: EventId,
) -> Result<()> {
    let Fact::ConflictCleared { ended, freed, hop, .. } = fact else { return Ok(()) };
    let case = docket.row.id;
    tracing::info!(case.id = %case, "a case was taken out of the hands of those it is about");
    drop_drafts(connection, act, freed)?;
    if let Some(hop) = hop {
        clocks::start_referral(connection, act, case, hop.referral, hop.office, hop.due_at)?;
        diesel::update(appeals::table.filter(appeals::referral_id.nullable().eq(before.lead)))
            .set(appeals::referral_id.eq(hop.referral))
            .execute(connection)?;
    }
    let loses_lead = docket.life.lead.is_none() && !ended.is_empty();
    if hop.is_none() && docket.life.holder == before.holder && !loses_lead {
        return Ok(());
    }
    rest(connection, act, docket)?;
    let to = docket.life.holder;
    let facts = Facts { office: Some(to), due: hop.as_ref().and_then(|hop| hop.due_at), ..Facts::default() };
    notifications::to_office(connection, act, &docket.row, event, to, "conflict_cleared", &facts)
}

/// Starts the clock of the new desk; while the citizen is asked it stands.
fn rest(connection: &mut DbConnection, act: &Act, docket: &mut Docket) -> Result<()> {
    let at_desk = |status| matches!(status, Status::Registered | Status::Classified);
    match docket.life.status {
        status if at_desk(status) => clocks::start_triage(connection, act, docket),
        Status::AwaitingCitizen if docket.life.resume.is_some_and(at_desk) => {
            clocks::start_triage(connection, act, docket)?;
            diesel::update(cases::table.find(docket.row.id))
                .set(cases::triage_next_at.eq(None::<Time>))
                .execute(connection)?;
            Ok(())
        }
        _ => Ok(()),
    }
}

fn drop_drafts(connection: &mut DbConnection, act: &Act, freed: &[ReferralId]) -> Result<()> {
    let waiting = answers::table
        .filter(answers::referral_id.eq_any(freed.to_vec()))
        .filter(answers::state.eq(AnswerState::Submitted));
    diesel::update(waiting)
        .set((
            answers::state.eq(AnswerState::Rejected),
            answers::decided_at.eq(act.now),
            answers::decision_note.eq(DRAFT_DROPPED),
        ))
        .execute(connection)?;
    Ok(())
}
