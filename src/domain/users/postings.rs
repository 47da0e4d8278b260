//! Postings: who had which role where, and from when to when.
//!
//! Kept beside the assignments of today, so that a conflict of interest can be told without reading the audit
//! log. Both ends count as part of a posting.

use std::collections::BTreeSet;

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::schema::postings;
use crate::db::types::{OfficeId, Time, UserId};
use crate::domain::actor::{Posting, Role};
use crate::error::Result;

/// Ends the postings that are no longer held and begins the new ones.
pub(super) fn follow(
    connection: &mut DbConnection,
    user: UserId,
    roles: &[(Role, OfficeId)],
    now: Time,
) -> Result<()> {
    use postings as p;
    let held: Vec<(Role, OfficeId)> = p::table
        .filter(p::user_id.eq(user).and(p::to_at.is_null()))
        .select((p::role, p::office_id))
        .load(connection)?;
    let (held, wished): (BTreeSet<_>, BTreeSet<_>) =
        (held.into_iter().collect(), roles.iter().copied().collect());
    for (role, office) in held.difference(&wished) {
        let of = p::user_id.eq(user).and(p::office_id.eq(*office)).and(p::role.eq(*role));
        diesel::update(p::table.filter(of.and(p::to_at.is_null())))
            .set(p::to_at.eq(now))
            .execute(connection)?;
    }
    for (role, office) in wished.difference(&held) {
        // ended and begun again in the same moment: it goes on
        let resumed = diesel::update(p::table.find((user, *office, *role, now)))
            .set(p::to_at.eq(None::<Time>))
            .execute(connection)?;
        if resumed == 0 {
            diesel::insert_into(p::table)
                .values((
                    (p::user_id.eq(user), p::office_id.eq(*office)),
                    (p::role.eq(*role), p::from_at.eq(now), p::to_at.eq(None::<Time>)),
                ))
                .execute(connection)?;
        }
    }
    Ok(())
}

/// Where a person was before.
pub(super) fn past(connection: &mut DbConnection, user: UserId) -> Result<Vec<Posting>> {
    use postings as p;
    let rows: Vec<(OfficeId, Time, Option<Time>)> = p::table
        .filter(p::user_id.eq(user).and(p::to_at.is_not_null()))
        .order((p::from_at, p::office_id))
        .select((p::office_id, p::from_at, p::to_at))
        .load(connection)?;
    Ok(rows.into_iter().filter_map(|(office, from, to)| Some(Posting { office, from, to: to? })).collect())
}

/// Role and office of each posting that a person holds now or held at `moment`, without doubles.
pub fn held_at_or_now(
    connection: &mut DbConnection,
    user: UserId,
    moment: Time,
) -> Result<BTreeSet<(Role, OfficeId)>> {
    use postings as p;
    let rows: Vec<(Role, OfficeId)> = p::table
        .filter(p::user_id.eq(user))
        .filter(p::to_at.is_null().or(p::from_at.le(moment).and(p::to_at.ge(moment).assume_not_null())))
        .select((p::role, p::office_id))
        .load(connection)?;
    Ok(rows.into_iter().collect())
}
