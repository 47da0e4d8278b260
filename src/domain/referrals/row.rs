//! The stored referral.

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::schema::referrals;
use crate::db::types::{CaseId, OfficeId, ReferralId, Time, UserId};
use crate::domain::cases::life::{HopRole, HopState};
use crate::error::Result;

/// A referral as stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = referrals)]
pub struct ReferralRow {
    pub id: ReferralId,
    pub case_id: CaseId,
    pub parent_id: Option<ReferralId>,
    pub from_office_id: OfficeId,
    pub office_id: OfficeId,
    pub role: HopRole,
    pub state: HopState,
    pub user_id: Option<UserId>,
    pub instruction: Option<String>,
    pub sent_at: Time,
    pub accepted_at: Option<Time>,
    pub ended_at: Option<Time>,
    pub reason_code: Option<String>,
    pub note: Option<String>,
    pub suggested_office_id: Option<OfficeId>,
    pub extensions: i32,
    pub started_at: Time,
    pub due_at: Option<Time>,
    pub fired: Option<i32>,
}

/// The referral of this id; whether its case is visible is asked elsewhere.
pub fn find(connection: &mut DbConnection, id: ReferralId) -> Result<ReferralRow> {
    Ok(referrals::table.find(id).select(ReferralRow::as_select()).first(connection)?)
}

/// All referrals of a case, oldest first.
pub fn of_case(connection: &mut DbConnection, case: CaseId) -> Result<Vec<ReferralRow>> {
    Ok(referrals::table
        .filter(referrals::case_id.eq(case))
        .order(referrals::id)
        .select(ReferralRow::as_select())
        .load(connection)?)
}
