//! Orders: what an official orders at a meeting becomes a referral with a deadline, under the rules of every referral; and
//! the list of a meeting, with what was ordered.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::appointments::{self, Appointment, AppointmentView};
use super::meetings;
use crate::db::DbConnection;
use crate::db::schema::{appointments as a, cases, meeting_orders as o, referrals as r};
use crate::db::types::{AppointmentId, CaseId, MeetingId, OfficeId, ReferralId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::classify::{self, Classify};
use crate::domain::cases::life::Status;
use crate::domain::cases::refer::{self, Receiver, Refer};
use crate::domain::cases::{CaseRow, Expected, find_visible};
use crate::domain::citizens;
use crate::domain::confidentiality::{Disclosure, Why, disclose};
use crate::domain::input;
use crate::domain::visibility;
use crate::error::{Code, Error, FieldError, Result};

/// An order.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Order {
    /// Code of the office that is to do it.
    pub office: String,
    /// `lead` (when missing) or `helper`, where the case has a lead already.
    pub role: Option<String>,
    /// What is ordered.
    pub instruction: String,
    /// By when; by the rules when missing.
    pub due_at: Option<Time>,
    /// Code of the category, where the case was not classified before the meeting.
    pub category: Option<String>,
}

/// An order that was given.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct OrderView {
    pub referral: ReferralId,
    /// Code of the office.
    pub office: String,
    pub instruction: Option<String>,
    pub due_at: Option<Time>,
    /// State of the referral.
    pub state: String,
    pub given_at: Time,
}

/// Gives an order: the case is referred, with a deadline, and the visit counts as attended.
///
/// # Errors
/// `wrong_appointment` before the meeting begins and for a cancelled one; a field error on `category` where the case must
/// be classified first; those of `refer`.
pub fn give(connection: &mut DbConnection, act: &Act, id: AppointmentId, order: &Order) -> Result<OrderView> {
    let appointment = appointments::find(connection, act, id)?.1;
    appointments::attend(connection, act, id, true)?;
    let instruction =
        input::text("instruction", &order.instruction, input::TEXT_MAX).map_err(Error::field)?;
    let row = find_visible(connection, act, appointment.case_id)?;
    classified(connection, act, &row, order.category.as_deref())?;
    let receiver = Receiver { office: order.office.clone(), role: order.role.clone(), due_at: order.due_at };
    let wish = Refer { to: vec![receiver], instruction: Some(instruction) };
    let (_, referrals) = refer::refer(connection, act, row.id, Expected::Any, &wish)?;
    let Some(referral) = referrals.first().copied() else {
        return Err(Error::internal("an order made no referral"));
    };
    let Some(given_by) = act.actor.user() else { return Err(Error::Forbidden(Code::Forbidden)) };
    diesel::insert_into(o::table)
        .values((
            (o::referral_id.eq(referral), o::appointment_id.eq(id)),
            (o::given_by.eq(given_by), o::given_at.eq(act.now)),
        ))
        .execute(connection)?;
    let found = given(connection, act, id)?;
    found.into_iter().find(|view| view.referral == referral).ok_or(Error::NotFound)
}

fn classified(connection: &mut DbConnection, act: &Act, row: &CaseRow, category: Option<&str>) -> Result<()> {
    if row.status != Status::Registered {
        return Ok(());
    }
    let category = category.or(row.category.as_deref()).ok_or_else(|| {
        Error::field(FieldError::new(
            "category",
            "required",
            "این پرونده هنوز طبقه‌بندی نشده است؛ موضوع آن را هم بنویسید.",
            "This case is not classified yet; give its category as well.",
        ))
    })?;
    let wish =
        Classify { kind: row.kind.clone(), category: category.to_owned(), priority: None, place: None };
    classify::classify(connection, act, row.id, Expected::Any, &wish).map(|_| ())
}

/// The orders that were given at an appointment.
fn given(connection: &mut DbConnection, act: &Act, id: AppointmentId) -> Result<Vec<OrderView>> {
    type Row = (ReferralId, OfficeId, Option<String>, Option<Time>, String, Time);
    let rows: Vec<Row> = o::table
        .inner_join(r::table)
        .filter(o::appointment_id.eq(id))
        .order(o::referral_id)
        .select((o::referral_id, r::office_id, r::instruction, r::due_at, r::state, o::given_at))
        .load(connection)?;
    let view = |(referral, office, instruction, due_at, state, given_at): Row| OrderView {
        referral,
        office: act.rules.offices.code(office),
        instruction,
        due_at,
        state,
        given_at,
    };
    Ok(rows.into_iter().map(view).collect())
}

/// One place of the list for the official.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PlaceView {
    #[serde(flatten)]
    pub appointment: AppointmentView,
    pub case_id: CaseId,
    pub tracking_code: String,
    pub kind: String,
    /// Hidden where only the extract of a sealed case may be read.
    pub subject: Option<String>,
    /// Who comes, where the reader may know.
    pub name: Option<String>,
    pub orders: Vec<OrderView>,
}

/// Logs that the list of a meeting is read, case by case; to be committed before [`places`] shows it. Cases that the actor
/// does not see are left out.
pub fn to_read(
    connection: &mut DbConnection,
    act: &Act,
    meeting: MeetingId,
) -> Result<Vec<(AppointmentId, Disclosure)>> {
    meetings::find(connection, act, meeting)?;
    let rows: Vec<(AppointmentId, CaseId)> = a::table
        .filter(a::meeting_id.eq(meeting))
        .order((a::slot, a::id))
        .select((a::id, a::case_id))
        .load(connection)?;
    let named: Vec<CaseId> = rows.iter().map(|(_, case)| *case).collect();
    let seen: Vec<CaseRow> = cases::table
        .filter(cases::id.eq_any(named))
        .filter(visibility::visible(act))
        .select(CaseRow::as_select())
        .load(connection)?;
    let mut shown = Vec::new();
    for (id, case) in rows {
        if let Some(row) = seen.iter().find(|row| row.id == case) {
            shown.push((id, disclose(connection, act, row, Why::Meeting)?));
        }
    }
    Ok(shown)
}

/// The list for the official, by slot.
pub fn places(
    connection: &mut DbConnection,
    act: &Act,
    meeting: MeetingId,
    shown: &[(AppointmentId, Disclosure)],
) -> Result<Vec<PlaceView>> {
    let meeting = meetings::find(connection, act, meeting)?;
    let mut places = Vec::with_capacity(shown.len());
    for (id, disclosure) in shown {
        let appointment: Appointment = appointments::load(connection, *id)?;
        let row = match find_visible(connection, act, appointment.case_id) {
            Ok(row) => row,
            Err(Error::NotFound) => continue,
            Err(error) => return Err(error),
        };
        let now = disclosure.still(connection, act, &row)?;
        let name = match row.citizen_id.filter(|_| now.shows_identity(row.id)) {
            Some(citizen) => citizens::load(connection, &act.vault, citizen)?.name,
            None => None,
        };
        let subject = match now.shows_words(row.id) {
            true => row.words(connection, &act.vault)?.subject,
            false => None,
        };
        places.push(PlaceView {
            case_id: row.id,
            tracking_code: row.tracking_code.clone(),
            kind: row.kind.clone(),
            subject,
            name,
            orders: given(connection, act, *id)?,
            appointment: appointments::view(&meeting, appointment),
        });
    }
    Ok(places)
}
