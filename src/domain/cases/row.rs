//! The stored case and its small code tables.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::life::Status;
use super::words::Filed;
use crate::db::schema::cases;
use crate::db::sealed::Sealed;
use crate::db::types::{CaseId, CitizenId, OfficeId, ReferralId, Time, UserId};
use crate::text_enum;

text_enum! {
    /// How a case came in: the seven channels of the mission and their finer sources.
    pub enum Channel {
        Phone = "phone", Sms = "sms", Fax = "fax", Web = "web", Email = "email", Letter = "letter",
        Visit = "visit", Voicemail = "voicemail", Desk = "desk", Meeting = "meeting", Trip = "trip",
        Kiosk = "kiosk", Api = "api",
    }
}

text_enum! {
    /// How much of a hurry there is.
    pub enum Priority { Normal = "normal", Urgent = "urgent", Immediate = "immediate" }
}

/// Who files for another, and by what proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Representative {
    /// Name of the representative.
    pub name: String,
    /// National ID of the representative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub national_id: Option<String>,
    /// Mobile of the representative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile: Option<String>,
    /// The proof: number of the power of attorney, guardianship and the like.
    pub proof: String,
}

/// A case as stored.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = cases)]
pub struct CaseRow {
    pub id: CaseId,
    pub tracking_code: String,
    pub access_hash: String,
    pub version: i32,
    pub status: Status,
    pub resume_status: Option<Status>,
    pub kind: String,
    pub channel: Channel,
    pub category: Option<String>,
    pub priority: Priority,
    pub language: String,
    /// What was filed; read by [`CaseRow::words`].
    #[diesel(embed)]
    pub filed: Filed,
    pub citizen_id: Option<CitizenId>,
    pub representative: Option<Sealed>,
    pub is_anonymous: bool,
    pub is_sealed: bool,
    pub about_office_id: Option<OfficeId>,
    pub province: Option<String>,
    pub county: Option<String>,
    pub address: Option<Sealed>,
    pub lat: Option<f64>,
    pub lon: Option<f64>,
    pub external_id: Option<String>,
    pub intake_office_id: OfficeId,
    pub registered_by: Option<UserId>,
    pub holder_office_id: OfficeId,
    pub holder_user_id: Option<UserId>,
    pub lead_referral_id: Option<ReferralId>,
    pub asked_levels: String,
    pub transfers: i32,
    pub reopenings: i32,
    pub dismissal: Option<String>,
    pub outcome: Option<String>,
    pub outcome_reason: Option<String>,
    pub outcome_text: Option<String>,
    pub remedy: Option<String>,
    pub received_at: Time,
    pub registered_at: Time,
    pub due_at: Time,
    pub outer_at: Option<Time>,
    pub triage_started_at: Option<Time>,
    pub triage_due_at: Option<Time>,
    pub triage_fired: Option<i32>,
    pub triage_next_at: Option<Time>,
    pub paused_at: Option<Time>,
    pub wait_until: Option<Time>,
    pub answered_at: Option<Time>,
    pub window_until: Option<Time>,
    pub closed_at: Option<Time>,
    pub last_seq: i32,
    pub last_hash: String,
    pub updated_at: Time,
    pub objections: i32,
    pub rating: Option<i32>,
    pub remedy_until: Option<Time>,
    pub about_user_id: Option<UserId>,
    pub about_person: Option<Sealed>,
}

impl std::fmt::Debug for CaseRow {
    /// Shows ids only: a log must not carry a citizen's words.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CaseRow")
            .field("id", &self.id)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
