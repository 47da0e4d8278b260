//! When people or the tree change: cases that thereby come into the hands of somebody with a conflict leave them.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::guard::settle;
use crate::db::DbConnection;
use crate::db::schema::{answers, cases, referrals};
use crate::db::types::{CaseId, OfficeId, UserId};
use crate::domain::actor::{Act, Actor, Role};
use crate::domain::cases::{Docket, Expected, record};
use crate::domain::users;
use crate::error::Result;

/// Gives a person other roles and offices; cases that thereby come into the hands of somebody with a conflict leave
/// them in the same transaction.
pub fn repost(
    connection: &mut DbConnection,
    act: &Act,
    user: UserId,
    roles: &[(Role, OfficeId)],
) -> Result<()> {
    users::set_roles(connection, user, roles, act.now)?;
    let system = Act { actor: Actor::System, ..act.clone() };
    for case in touched(connection, user)? {
        review(connection, &system, case)?;
    }
    Ok(())
}

/// Open cases about somebody after `after`, by id.
pub fn about_somebody(
    connection: &mut DbConnection,
    after: Option<CaseId>,
    limit: i64,
) -> Result<Vec<CaseId>> {
    Ok(cases::table
        .filter(super::condition::ABOUT_SOMEBODY)
        .filter(cases::closed_at.is_null())
        .filter(cases::id.gt(after.unwrap_or(CaseId(0))))
        .order(cases::id)
        .limit(limit)
        .select(cases::id)
        .load(connection)?)
}

/// Whether somebody has a part in a case who must have none.
pub fn is_tainted(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<bool> {
    let docket = Docket::read(connection, act, case)?;
    Ok(settle(connection, act, &docket.life, &docket.conflict)?.is_some())
}

/// Clears a case whose circle of people changed; false where nothing had to be.
pub fn review(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<bool> {
    let mut docket = Docket::open(connection, act, case, Expected::Any)?;
    if settle(connection, act, &docket.life, &docket.conflict)?.is_none() {
        return Ok(false);
    }
    record(connection, act, &mut docket, &[], None)?;
    Ok(true)
}

/// Cases about a person, and cases about somebody in which this person has a part.
fn touched(connection: &mut DbConnection, user: UserId) -> Result<BTreeSet<CaseId>> {
    let about_somebody = cases::about_office_id.is_not_null().or(cases::about_user_id.is_not_null());
    let about: Vec<CaseId> =
        cases::table.filter(cases::about_user_id.eq(user)).select(cases::id).load(connection)?;
    let held: Vec<CaseId> = cases::table
        .filter(cases::holder_user_id.eq(user).and(about_somebody))
        .select(cases::id)
        .load(connection)?;
    let worked: Vec<CaseId> = referrals::table
        .inner_join(cases::table)
        .filter(referrals::ended_at.is_null().and(referrals::user_id.eq(user)).and(about_somebody))
        .select(cases::id)
        .load(connection)?;
    let drafted: Vec<CaseId> = answers::table
        .inner_join(cases::table)
        .filter(answers::decided_at.is_null().and(answers::author_id.eq(user)).and(about_somebody))
        .select(cases::id)
        .load(connection)?;
    let proposed: Vec<CaseId> = cases::table
        .filter(cases::dismissal.is_not_null().and(cases::closed_at.is_null()).and(about_somebody))
        .select(cases::id)
        .load(connection)?;
    Ok([about, held, worked, drafted, proposed].into_iter().flatten().collect())
}
