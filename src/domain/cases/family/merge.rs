//! Merge and unmerge: a duplicate, or the same matter of another citizen, follows one case; and goes its own
//! way again with nothing lost and exactly the time that was left.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::{find_case, links, lock, share};
use crate::db::DbConnection;
use crate::db::schema::{cases, family_links};
use crate::db::types::{CaseId, EventId, OfficeId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::docket::{Docket, Expected, find_visible};
use crate::domain::cases::life::{Life, Relation, Status};
use crate::domain::cases::{clocks, record};
use crate::domain::input;
use crate::domain::notifications::{self, Facts};
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Code, Error, FieldError, Fields, Result};

/// A merging (design §5).
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Merge {
    /// Id or tracking code of the case that answers for both.
    pub into: String,
    /// Why they are one matter, in words; staff read it.
    pub reason: String,
}

/// An unmerging, or a member's leaving of a group.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Unmerge {
    /// Why, in words; a citizen need not say.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Puts a case to another, which answers for both.
///
/// # Errors
/// `follows_another`, `merged_into_merged`, `has_followers`, `parent_closed`, `answered_before`,
/// `appeal_pending`, `sealed_differs`, `about_differs`, `limit_reached`, or a wrong `into`.
pub fn merge(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
    wish: &Merge,
) -> Result<Docket> {
    let present = Docket::read(connection, act, id)?;
    let office = policy::allow(act, Verb::Merge, present.life.holder)?;
    present.life.can_merge()?;
    let mut fields = Fields::default();
    let reason = fields.take(input::text("reason", &wish.reason, input::LINE_MAX));
    let into = match find_case(connection, act, "into", &wish.into) {
        Err(Error::Invalid(wrong)) => {
            wrong.into_iter().for_each(|error| fields.add(error));
            None
        }
        found => Some(found?.id),
    };
    if into == Some(id) {
        let (fa, en) = (
            "پرونده با خودش یکی نمی‌شود؛ پرونده دیگری نام ببرید.",
            "A case is not merged into itself; name another.",
        );
        fields.add(FieldError::new("into", "itself", fa, en));
    }
    fields.finish()?;
    let (Some(reason), Some(into)) = (reason, into) else {
        return Err(Error::internal("a merging without its case passed the check"));
    };
    lock(connection, vec![id, into])?;
    let docket = Docket::open(connection, act, id, expected)?;
    let parent = Docket::open(connection, act, into, Expected::Any)?;
    policy::allow(act, Verb::Merge, parent.life.holder)?;
    let (docket, event) = follow(connection, act, docket, &parent, Relation::Merged, reason, office)?;
    tell_merged(connection, act, &docket, &parent, event)?;
    share::share_standing(connection, act, into, id)?;
    docket.reload(connection)
}

/// Lets a case follow another: its clocks stand, its open referrals end and their offices are told.
pub(super) fn follow(
    connection: &mut DbConnection,
    act: &Act,
    mut docket: Docket,
    parent: &Docket,
    relation: Relation,
    reason: String,
    office: OfficeId,
) -> Result<(Docket, EventId)> {
    check_pair(act, &docket, parent)?;
    let fact = docket.life.merge(parent.row.id, relation, reason.clone())?;
    let before = docket.life.clone();
    let wait_until = clocks::set_aside(connection, act, &docket)?;
    let event = record(connection, act, &mut docket, &[fact], Some(office))?;
    diesel::update(cases::table.find(docket.row.id)).set(cases::closed_at.eq(act.now)).execute(connection)?;
    diesel::update(
        family_links::table
            .filter(family_links::case_id.eq(docket.row.id).and(family_links::left_at.is_null())),
    )
    .set(family_links::wait_until.eq(wait_until))
    .execute(connection)?;
    let facts = Facts { office: Some(parent.life.holder), reason: Some(reason), ..Facts::default() };
    for told in changed(&before, &docket.life) {
        notifications::to_office(connection, act, &docket.row, event, told, "case_merged", &facts)?;
    }
    Ok((docket, event))
}

/// Who is behind a sealed case, and of whom a case complains, decides who may see it: both must agree.
fn check_pair(act: &Act, docket: &Docket, parent: &Docket) -> Result<()> {
    parent.life.can_lead()?;
    if docket.row.is_sealed != parent.row.is_sealed {
        return Err(Error::Conflict(Code::SealedDiffers));
    }
    if docket.row.about_office_id.is_some_and(|about| parent.row.about_office_id != Some(about)) {
        return Err(Error::Conflict(Code::AboutDiffers));
    }
    let most = usize::try_from(act.rules.number("family_max")?).unwrap_or(usize::MAX);
    if parent.life.family.followers.len() >= most {
        return Err(Error::Conflict(Code::LimitReached));
    }
    Ok(())
}

/// Offices whose open referral ended, or was opened again.
fn changed(before: &Life, after: &Life) -> Vec<OfficeId> {
    let mut offices: Vec<OfficeId> = after
        .hops
        .iter()
        .filter(|(id, hop)| before.hops.get(id).is_some_and(|old| old.state.is_open() != hop.state.is_open()))
        .map(|(_, hop)| hop.office)
        .collect();
    offices.sort();
    offices.dedup();
    offices
}

pub(super) fn tell_merged(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    parent: &Docket,
    event: EventId,
) -> Result<()> {
    let facts = Facts { office: Some(parent.life.holder), due: Some(parent.row.due_at), ..Facts::default() };
    notifications::to_citizen(connection, act, &docket.row, event, "case_merged", &facts)
}

/// The case goes its own way again: restored where it stood, or, once it has its answer, with its own remedies.
/// A member leaves its group by the same verb, and may ask for it itself.
///
/// # Errors
/// `not_merged`; a missing `reason` of staff.
pub fn unmerge(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
    wish: &Unmerge,
) -> Result<Docket> {
    let row = find_visible(connection, act, id)?;
    let (office, reason) = match &act.actor {
        Actor::Citizen { .. } => (None, "citizen".to_owned()),
        _ => {
            let office = policy::allow(act, Verb::Merge, row.holder_office_id)?;
            let told = wish.reason.as_deref().unwrap_or_default();
            (Some(office), input::text("reason", told, input::LINE_MAX).map_err(Error::field)?)
        }
    };
    let link = links::link_of(connection, id)?.ok_or(Error::Conflict(Code::NotMerged))?;
    lock(connection, vec![id, link.parent_id])?;
    let docket = Docket::open(connection, act, id, expected)?;
    release(connection, act, docket, &link, reason, office)
}

/// Lets a follower go its own way.
pub(super) fn release(
    connection: &mut DbConnection,
    act: &Act,
    mut docket: Docket,
    link: &links::Link,
    reason: String,
    office: Option<OfficeId>,
) -> Result<Docket> {
    let was_waiting = docket.life.awaits_parent();
    let before = docket.life.clone();
    let fact = docket.life.unmerge(reason.clone())?;
    let event = record(connection, act, &mut docket, &[fact], office)?;
    if was_waiting {
        diesel::update(cases::table.find(docket.row.id))
            .set(cases::closed_at.eq(None::<Time>))
            .execute(connection)?;
        clocks::take_up(connection, act, &docket, link.since, link.wait_until)?;
        docket = docket.reload(connection)?;
    }
    let due = matches!(docket.life.status, Status::Registered | Status::Classified | Status::Referred);
    let facts = Facts {
        office: Some(docket.life.holder),
        due: Some(docket.row.due_at).filter(|_| due),
        reason: Some(reason),
        ..Facts::default()
    };
    for told in changed(&before, &docket.life) {
        notifications::to_office(connection, act, &docket.row, event, told, "case_unmerged", &facts)?;
    }
    let facts = Facts { reason: None, ..facts };
    notifications::to_citizen(connection, act, &docket.row, event, "case_unmerged", &facts)?;
    Ok(docket)
}
