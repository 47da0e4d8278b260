//! Past cases, page by page in the order of their registration.

use diesel::prelude::*;

use super::Window;
use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::db::types::{CaseId, OfficeId, ReferralId, Time};
use crate::domain::cases::{Channel, Priority};
use crate::domain::visibility::Predicate;
use crate::error::Result;

/// Cases that are read at once.
const PAGE: usize = 500;

/// What a past case is judged by.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = cases)]
pub struct Past {
    pub id: CaseId,
    pub tracking_code: String,
    pub kind: String,
    pub category: Option<String>,
    pub channel: Channel,
    pub priority: Priority,
    pub province: Option<String>,
    pub county: Option<String>,
    pub intake_office_id: OfficeId,
    pub lead_referral_id: Option<ReferralId>,
    pub received_at: Time,
    pub registered_at: Time,
    pub due_at: Time,
    pub answered_at: Option<Time>,
    pub closed_at: Option<Time>,
    pub outcome: Option<String>,
}

/// Hands over every case that was registered in the window and meets the predicate, at most `most`; false where
/// there are more.
pub fn each(
    connection: &mut DbConnection,
    window: Window,
    most: usize,
    predicate: &dyn Fn() -> Predicate,
    mut take: impl FnMut(&mut DbConnection, Vec<Past>) -> Result<()>,
) -> Result<bool> {
    let (mut after, mut seen) = ((window.from, CaseId(0)), 0);
    loop {
        let rows: Vec<Past> = cases::table
            .filter(cases::registered_at.ge(window.from).and(cases::registered_at.lt(window.to)))
            .filter(
                cases::registered_at
                    .gt(after.0)
                    .or(cases::registered_at.eq(after.0).and(cases::id.gt(after.1))),
            )
            .filter(predicate())
            .order((cases::registered_at, cases::id))
            .limit(i64::try_from(PAGE).unwrap_or(i64::MAX))
            .select(Past::as_select())
            .load(connection)?;
        let Some(last) = rows.last() else { return Ok(true) };
        if seen + rows.len() > most {
            return Ok(false);
        }
        (after, seen) = ((last.registered_at, last.id), seen + rows.len());
        take(connection, rows)?;
    }
}
