//! A request for an identity as stored, and the wishes about it.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::db::types::{CaseId, IdentityRequestId, OfficeId, Time, UserId};
use crate::text_enum;

text_enum! {
    /// What was decided.
    pub enum Decision { Released = "released", Refused = "refused" }
}

text_enum! {
    /// Where a request stands now.
    pub enum State {
        Open = "open", Released = "released", Refused = "refused", Expired = "expired", Revoked = "revoked",
    }
}

/// A request, or why it is refused or revoked.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Why, in words; it is shown to auditors.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A release.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Why the identity is indispensable.
    #[serde(default)]
    pub reason: Option<String>,
    /// For how many hours; 72 when missing, 720 at most.
    #[serde(default)]
    pub hours: Option<i64>,
    /// User name of the person who may see it; whoever asked when missing.
    #[serde(default)]
    pub to: Option<String>,
}

/// A request as stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = crate::db::schema::identity_requests)]
pub struct RequestRow {
    pub id: IdentityRequestId,
    pub case_id: CaseId,
    pub asked_by: UserId,
    pub office_id: OfficeId,
    pub reason: String,
    pub asked_at: Time,
    pub decision: Option<Decision>,
    pub decided_by: Option<UserId>,
    pub decided_at: Option<Time>,
    pub decision_reason: Option<String>,
    pub released_to: Option<UserId>,
    pub until: Option<Time>,
    pub revoked_by: Option<UserId>,
    pub revoked_at: Option<Time>,
    pub revoke_reason: Option<String>,
}

impl RequestRow {
    /// Where it stands at `now`.
    pub fn state(&self, now: Time) -> State {
        match self.decision {
            None => State::Open,
            Some(Decision::Refused) => State::Refused,
            Some(Decision::Released) if self.revoked_at.is_some() => State::Revoked,
            Some(Decision::Released) if self.until.is_none_or(|until| until <= now) => State::Expired,
            Some(Decision::Released) => State::Released,
        }
    }
}
