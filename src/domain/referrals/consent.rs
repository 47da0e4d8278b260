//! Consent (رضایت به تمدید دوم): the citizen is asked, answers by the look-up or to staff, or stays silent.
//!
//! The clock runs until the answer. Silence is no consent, and a referral asks once.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::extend::{Longer, grant, new_due};
use super::row::find;
use crate::db::DbConnection;
use crate::db::prepared::prepared;
use crate::db::schema::extension_requests as requests;
use crate::db::types::{CaseId, ExtensionRequestId, OfficeId, ReferralId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::{Channel, Docket, Expected, record};
use crate::domain::deadlines;
use crate::domain::notifications::{self, Facts};
use crate::domain::rulebook::Verb;
use crate::domain::{input, policy};
use crate::error::{Code, Error, FieldError, Fields, Result};
use crate::text_enum;

text_enum! {
    /// Where a wish for a second extension stands.
    pub enum RequestState {
        Asked = "asked", Granted = "granted", Refused = "refused",
        /// The citizen did not answer in time.
        Expired = "expired",
        /// The referral ended before.
        Void = "void",
    }
}

text_enum! {
    /// Who answered for the case.
    pub enum Who { Citizen = "citizen", Representative = "representative" }
}

/// The citizen's answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentGiven {
    /// Whether the office may take longer.
    #[serde(default)]
    pub accepted: Option<bool>,
    /// Who answered: `citizen` or `representative`; staff must name it.
    #[serde(default)]
    pub who: Option<String>,
    /// By which channel; staff must name it.
    #[serde(default)]
    pub how: Option<String>,
}

/// A wish for a second extension as stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = requests)]
pub struct RequestRow {
    pub id: ExtensionRequestId,
    pub case_id: CaseId,
    pub referral_id: ReferralId,
    pub office_id: OfficeId,
    pub days: i32,
    pub reason: String,
    pub told: String,
    pub wait_until: Time,
    pub state: RequestState,
}

/// The wish of this id.
pub fn request(connection: &mut DbConnection, id: ExtensionRequestId) -> Result<RequestRow> {
    Ok(requests::table.find(id).select(RequestRow::as_select()).first(connection)?)
}

/// Asks the citizen; whoever cannot be asked cannot consent.
pub(super) fn ask(
    connection: &mut DbConnection,
    act: &Act,
    docket: &mut Docket,
    longer: &Longer,
    office: OfficeId,
    days: u16,
) -> Result<()> {
    use crate::domain::cases::life::Fact;
    if docket.row.citizen_id.is_none() {
        return Err(Error::Conflict(Code::ConsentRequired));
    }
    let by = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    let span = act.rules.required_span("consent_wait", None, None, None, false)?;
    let calendar = act.rules.calendar(longer.office)?;
    let until: Time = deadlines::due(calendar, act.now.timestamp(), span)?.into();
    let id: ExtensionRequestId = act.id();
    diesel::insert_into(requests::table)
        .values((
            (requests::id.eq(id), requests::case_id.eq(docket.row.id)),
            (requests::referral_id.eq(longer.referral), requests::office_id.eq(longer.office)),
            (requests::days.eq(i32::from(days)), requests::reason.eq(&longer.reason)),
            (requests::told.eq(&longer.told), requests::asked_by.eq(by), requests::asked_at.eq(act.now)),
            (requests::wait_until.eq(until), requests::state.eq(RequestState::Asked)),
        ))
        .execute(connection)?;
    let (referral, reason) = (longer.referral, longer.reason.clone());
    let fact = Fact::ConsentAsked { request: id, referral, days, reason, until };
    let event = record(connection, act, docket, &[fact], Some(office))?;
    let facts = Facts {
        office: Some(longer.office),
        due: Some(longer.due_at),
        until: Some(until),
        reason: Some(longer.told.clone()),
        ..Facts::default()
    };
    notifications::to_citizen(connection, act, &docket.row, event, "consent_asked", &facts)
}

/// Takes the citizen's answer: from the citizen, or as staff heard it.
///
/// # Errors
/// `consent_not_asked` where nothing is asked, or no more.
pub fn consent(
    connection: &mut DbConnection,
    act: &Act,
    case: CaseId,
    expected: Expected,
    wish: &ConsentGiven,
) -> Result<Docket> {
    let mut docket = Docket::open(connection, act, case, expected)?;
    let office = match act.actor {
        Actor::Citizen { .. } => None,
        _ => Some(policy::allow_anywhere(act, Verb::Consent)?),
    };
    let (_, id) = docket.life.awaits_consent()?;
    let (who, how) = said(act, wish)?;
    let row = request(connection, id)?;
    if row.wait_until <= act.now {
        return Err(Error::Conflict(Code::ConsentNotAsked));
    }
    let Some(accepted) = wish.accepted else {
        return Err(Error::field(FieldError::required("accepted")));
    };
    settle(connection, act, &mut docket, &row, accepted, (&who, &how), office)?;
    docket.reload(connection)
}

/// Who answered, and how; staff must name both.
fn said(act: &Act, wish: &ConsentGiven) -> Result<(String, String)> {
    if let Actor::Citizen { .. } = act.actor {
        return Ok(("citizen".into(), "web".into()));
    }
    let mut fields = Fields::default();
    let mut named = |field: &'static str, value: Option<&str>| match value {
        Some(value) if field == "who" => {
            fields.take(input::choice::<Who>(field, value)).map(|w| w.to_string())
        }
        Some(value) => fields.take(input::choice::<Channel>(field, value)).map(|c| c.to_string()),
        None => {
            fields.add(FieldError::required(field));
            None
        }
    };
    let (who, how) = (named("who", wish.who.as_deref()), named("how", wish.how.as_deref()));
    fields.finish()?;
    Ok((who.unwrap_or_default(), how.unwrap_or_default()))
}

fn settle(
    connection: &mut DbConnection,
    act: &Act,
    docket: &mut Docket,
    row: &RequestRow,
    accepted: bool,
    (who, how): (&str, &str),
    office: Option<OfficeId>,
) -> Result<()> {
    let fact = docket.life.consent(row.id, accepted, (who, how))?;
    let state = match (accepted, who) {
        (true, _) => RequestState::Granted,
        (false, "nobody") => RequestState::Expired,
        (false, _) => RequestState::Refused,
    };
    let old = find(connection, row.referral_id)?;
    let days = u16::try_from(row.days).unwrap_or(1);
    prepared(diesel::update(requests::table.find(row.id)).set((
        (requests::state.eq(state), requests::answered_at.eq(act.now)),
        (requests::answered_who.eq(who), requests::answered_how.eq(how)),
        requests::recorded_by.eq(act.actor.user()),
    )))
    .execute(connection)?;
    let event = match accepted {
        true => {
            // from the due time as it is now: a closure may have moved it
            let due_at = new_due(connection, act, &old, row.office_id, days)?;
            let longer = Longer {
                referral: row.referral_id,
                office: row.office_id,
                due_before: old.due_at,
                due_at,
                reason: row.reason.clone(),
                told: row.told.clone(),
            };
            return grant(connection, act, docket, &longer, office, Some(fact));
        }
        false => record(connection, act, docket, &[fact], office)?,
    };
    let facts = Facts { office: Some(row.office_id), due: old.due_at, ..Facts::default() };
    notifications::to_office(connection, act, &docket.row, event, row.office_id, "consent_refused", &facts)
}

/// Wishes that the citizen did not answer in time.
pub fn silent(
    connection: &mut DbConnection,
    now: Time,
    limit: i64,
) -> Result<Vec<(CaseId, ExtensionRequestId)>> {
    Ok(requests::table
        .filter(requests::answered_at.is_null().and(requests::wait_until.le(now)))
        .order(requests::wait_until)
        .limit(limit)
        .select((requests::case_id, requests::id))
        .load(connection)?)
}

/// Silence is no consent; false where somebody was faster.
pub fn lapse(connection: &mut DbConnection, act: &Act, case: CaseId, id: ExtensionRequestId) -> Result<bool> {
    let mut docket = Docket::open(connection, act, case, Expected::Any)?;
    let row = request(connection, id)?;
    if row.state != RequestState::Asked || row.wait_until > act.now {
        return Ok(false);
    }
    if docket.life.awaits_consent().is_err() {
        prepared(
            diesel::update(requests::table.find(id))
                .set((requests::state.eq(RequestState::Void), requests::answered_at.eq(act.now))),
        )
        .execute(connection)?;
        return Ok(true);
    }
    settle(connection, act, &mut docket, &row, false, ("nobody", "silence"), None).map(|()| true)
}
