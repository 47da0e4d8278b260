//! Corrections of a citizen's record: one field, with evidence and a reason. The value before is kept, sealed; open
//! cases say that something was corrected; the citizen is told on the present contact and on the one before.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::{notices, reach};
use crate::db::DbConnection;
use crate::db::schema::{cases, corrections as c};
use crate::db::types::{CaseId, CitizenId, CorrectionId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::life::{Fact, Status};
use crate::domain::cases::{CaseRow, Docket, last_event, record};
use crate::domain::citizens::{self, Citizen, CitizenInput, Identity};
use crate::domain::notifications::{self, Facts, Outlet};
use crate::domain::vault::field;
use crate::domain::{definitions, input};
use crate::error::{Code, Error, FieldError, Fields, Result};
use crate::text_enum;

text_enum! {
    /// What of a record can be corrected.
    pub enum Particular {
        NationalId = "national_id", ForeignId = "foreign_id", Name = "name", Mobile = "mobile",
        Phone = "phone", Email = "email", Address = "address", PostalCode = "postal_code",
    }
}

/// A correction as it is wished.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Correct {
    /// `national_id`, `foreign_id`, `name`, `mobile`, `phone`, `email`, `address` or `postal_code`.
    pub field: String,
    /// The right value.
    pub value: String,
    /// What was shown: the document and its number.
    pub evidence: String,
    pub reason: String,
}

/// A correction that was made; values are in the record only.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Serialize, utoipa::ToSchema)]
#[diesel(table_name = c)]
pub struct CorrectionView {
    pub id: CorrectionId,
    pub citizen_id: CitizenId,
    pub field: Particular,
    pub at: Time,
}

/// A wish whose fields are right.
struct Checked {
    particular: Particular,
    told: Identity,
    value: String,
    evidence: String,
    reason: String,
}

/// Corrects one field of a record.
///
/// # Errors
/// `NotFound` without such a citizen; `already_done` when it says so already; `duplicate` when another record has
/// the identifier; field errors.
pub fn correct(
    connection: &mut DbConnection,
    act: &Act,
    id: CitizenId,
    wish: &Correct,
) -> Result<CorrectionView> {
    let id = reach::allow(connection, act, id)?;
    let by = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    let before = citizens::load(connection, &act.vault, id)?;
    let checked = checked(wish)?;
    let mut after = Citizen { updated_at: act.now, ..before.clone() };
    let place = value_of(&mut after, checked.particular);
    let (old, new) = (place.clone(), told_value(&checked));
    if old == new {
        return Err(Error::Conflict(Code::AlreadyDone));
    }
    place.clone_from(&new);
    if matches!(checked.particular, Particular::NationalId | Particular::ForeignId) {
        after.kind = checked.told.kind.to_owned();
    }
    citizens::rewrite(connection, act, &after)?;
    let correction: CorrectionId = act.id();
    let seal = |field, text: &str| act.vault.seal(field, correction, text);
    diesel::insert_into(c::table)
        .values((
            (c::id.eq(correction), c::citizen_id.eq(id), c::field.eq(checked.particular)),
            (c::old_value.eq(act.vault.seal_some(
                field!(corrections::old_value),
                correction,
                old.as_deref(),
            )?),),
            (
                c::new_value.eq(seal(field!(corrections::new_value), new.as_deref().unwrap_or_default())?),
                c::evidence.eq(seal(field!(corrections::evidence), &checked.evidence)?),
                c::reason.eq(seal(field!(corrections::reason), &checked.reason)?),
            ),
            (c::recorded_by.eq(by), c::at.eq(act.now)),
        ))
        .execute(connection)?;
    definitions::log(connection, act, "correct", &format!("citizen:{id}"), checked.particular.as_str())?;
    tell(connection, act, &before, correction, checked.particular)?;
    Ok(c::table.find(correction).select(CorrectionView::as_select()).first(connection)?)
}

fn checked(wish: &Correct) -> Result<Checked> {
    let mut fields = Fields::default();
    let told = parsed(&wish.field, &wish.value, &mut fields);
    let evidence = fields.take(input::text("evidence", &wish.evidence, input::LINE_MAX));
    let reason = fields.take(input::text("reason", &wish.reason, input::LINE_MAX));
    fields.finish()?;
    let (Some((particular, told, value)), Some(evidence), Some(reason)) = (told, evidence, reason) else {
        return Err(Error::internal("a field was neither right nor wrong"));
    };
    Ok(Checked { particular, told, value, evidence, reason })
}

/// A field and its right value, parsed and as it was told; what is wrong is noted under `field` and `value`.
pub(super) fn parsed(
    field: &str,
    value: &str,
    fields: &mut Fields,
) -> Option<(Particular, Identity, String)> {
    let particular = fields.take(input::choice::<Particular>("field", field));
    let value = fields.take(input::text("value", value, input::LINE_MAX))?;
    let particular = particular?;
    let mut told = CitizenInput::default();
    let place = match particular {
        Particular::NationalId => &mut told.national_id,
        Particular::ForeignId => &mut told.foreign_id,
        Particular::Name => &mut told.name,
        Particular::Mobile => &mut told.mobile,
        Particular::Phone => &mut told.phone,
        Particular::Email => &mut told.email,
        Particular::Address => &mut told.address,
        Particular::PostalCode => &mut told.postal_code,
    };
    *place = Some(value.clone());
    let mut found = Fields::default();
    let told = citizens::parse(&told, "citizen", &mut found);
    if let Err(Error::Invalid(wrong)) = found.finish() {
        wrong.into_iter().for_each(|one| fields.add(FieldError { field: "value".into(), ..one }));
        return None;
    }
    Some((particular, told, value))
}

fn value_of(citizen: &mut Citizen, particular: Particular) -> &mut Option<String> {
    match particular {
        Particular::NationalId | Particular::ForeignId => &mut citizen.identifier,
        Particular::Name => &mut citizen.name,
        Particular::Mobile => &mut citizen.mobile,
        Particular::Phone => &mut citizen.phone,
        Particular::Email => &mut citizen.email,
        Particular::Address => &mut citizen.address,
        Particular::PostalCode => &mut citizen.postal_code,
    }
}

/// The right value in its one spelling.
fn told_value(checked: &Checked) -> Option<String> {
    let told = &checked.told;
    let parsed = match checked.particular {
        Particular::NationalId | Particular::ForeignId => &told.identifier,
        Particular::Name => &told.name,
        Particular::Mobile => &told.mobile,
        Particular::Phone => &told.phone,
        Particular::Email => &told.email,
        Particular::Address => &told.address,
        Particular::PostalCode => &told.postal_code,
    };
    parsed.clone().or_else(|| Some(checked.value.clone()))
}

/// Open cases say that something was corrected; the citizen is told where he is and where he was.
fn tell(
    connection: &mut DbConnection,
    act: &Act,
    before: &Citizen,
    correction: CorrectionId,
    particular: Particular,
) -> Result<()> {
    let open: Vec<CaseId> = cases::table
        .filter(cases::citizen_id.eq(before.id).and(cases::status.ne(Status::Closed)))
        .order(cases::id)
        .select(cases::id)
        .load(connection)?;
    for id in open {
        let row: CaseRow = cases::table.find(id).select(CaseRow::as_select()).first(connection)?;
        let mut docket = Docket::of_row(connection, act, row)?;
        let fact = Fact::CitizenCorrected { correction, field: particular.to_string() };
        record(connection, act, &mut docket, &[fact], None)?;
    }
    notices::tell(connection, act, before.id, "citizen_corrected", |_| Facts::default())?;
    let former = match particular {
        Particular::Mobile => before.mobile.clone().map(|address| (Outlet::Sms, address)),
        Particular::Email => before.email.clone().map(|address| (Outlet::Email, address)),
        _ => None,
    };
    let Some((row, former)) = notices::latest(connection, before.id)?.zip(former) else { return Ok(()) };
    let event = last_event(connection, row.id)?;
    let template = "citizen_corrected";
    notifications::to_former(connection, act, &row, event, template, &before.language, former)
}
