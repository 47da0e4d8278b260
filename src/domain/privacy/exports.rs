//! Subject access: all data of one citizen, for the citizen (requirement tag S4.4).
//!
//! Staff who checked the person's identity may ask for it, or the citizen with the look-up of one case and a
//! one-time code that goes to the contact on record. The archive is made while it is downloaded and kept nowhere.

use diesel::prelude::*;
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::notices;
use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::schema::{cases, exports as x};
use crate::db::types::{CaseId, CitizenId, ExportId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::cases::CaseRow;
use crate::domain::citizens;
use crate::domain::confidentiality::{Why, reads};
use crate::domain::notifications::{self, Facts};
use crate::domain::rulebook::Verb;
use crate::domain::text::latin_digits;
use crate::domain::{definitions, input, policy, visibility};
use crate::error::{Code, Error, FieldError, Fields, Result};

/// Wrong codes after which an export is closed.
const WRONG_CODES: i32 = 5;
/// Seconds between two codes for one citizen.
const CODE_PAUSE_SECONDS: i64 = 600;

/// An export as staff ask for it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskExport {
    pub reason: String,
    /// How the person's identity was checked: the document that was shown and by whom.
    pub identity_checked_by: String,
}

/// The one-time code that the citizen was sent.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmExport {
    /// Eight digits; Persian ones are understood.
    pub code: String,
}

/// An export as stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Serialize, utoipa::ToSchema)]
#[diesel(table_name = x)]
pub struct ExportView {
    pub id: ExportId,
    #[serde(skip)]
    pub citizen_id: CitizenId,
    #[serde(skip)]
    pub case_id: Option<CaseId>,
    pub at: Time,
    /// None until the one-time code came back.
    pub confirmed_at: Option<Time>,
    /// Until when the archive can be downloaded.
    pub expires_at: Time,
    pub downloads: i32,
    #[serde(skip)]
    code_hash: Option<String>,
    #[serde(skip)]
    wrong_codes: i32,
    #[serde(skip)]
    pub requested_by: Option<UserId>,
}

/// Staff of the centre who may hand a citizen all data.
fn allow(act: &Act) -> Result<()> {
    policy::allow(act, Verb::ExportCitizen, act.rules.offices.centre()).map(|_| ())
}

/// Asks for an export in the name of a citizen whose identity was checked.
///
/// # Errors
/// `NotFound` without such a citizen; field errors.
pub fn ask(
    connection: &mut DbConnection,
    act: &Act,
    citizen: CitizenId,
    wish: &AskExport,
) -> Result<ExportView> {
    allow(act)?;
    let citizen = citizens::standing(connection, citizen)?;
    let mut fields = Fields::default();
    let reason = fields.take(input::text("reason", &wish.reason, input::LINE_MAX));
    let checked = "identity_checked_by";
    let checked = fields.take(input::text(checked, &wish.identity_checked_by, input::LINE_MAX));
    fields.finish()?;
    let id: ExportId = act.id();
    let until = act.now.plus_days(act.rules.number("export_days")?);
    diesel::insert_into(x::table)
        .values((
            (x::id.eq(id), x::citizen_id.eq(citizen), x::reason.eq(reason.unwrap_or_default())),
            (x::identity_checked_by.eq(checked.unwrap_or_default()), x::requested_by.eq(act.actor.user())),
            (x::at.eq(act.now), x::wrong_codes.eq(0), x::downloads.eq(0)),
            (x::confirmed_at.eq(act.now), x::expires_at.eq(until)),
        ))
        .execute(connection)?;
    definitions::log(connection, act, "export", &format!("citizen:{citizen}"), &id.to_string())?;
    find(connection, id)
}

/// The citizen of a case asks: a one-time code goes to the contact on record. Without an identifier on record only
/// the case itself is exported, since a family may share a telephone.
///
/// # Errors
/// `no_contact` where no code can be sent; `too_many_requests` when one was sent a moment ago.
pub fn ask_by_lookup(connection: &mut DbConnection, act: &Act, row: &CaseRow) -> Result<ExportView> {
    let citizen = match row.citizen_id {
        Some(id) => citizens::load(connection, &act.vault, id)?,
        None => return Err(Error::Conflict(Code::NoContact)),
    };
    if !notifications::outlets(&citizen, row.channel).iter().any(|outlet| outlet.is_electronic()) {
        return Err(Error::Conflict(Code::NoContact));
    }
    let last: Option<Time> = x::table
        .filter(x::citizen_id.eq(citizen.id).and(x::code_hash.is_not_null()))
        .select(diesel::dsl::max(x::at))
        .first(connection)?;
    if last.is_some_and(|last| last.plus_seconds(CODE_PAUSE_SECONDS) > act.now) {
        let retry_after = CODE_PAUSE_SECONDS.unsigned_abs();
        return Err(Error::TooMany { code: Code::TooManyRequests, retry_after });
    }
    let (id, code): (ExportId, String) =
        (act.id(), format!("{:08}", rand::rng().random_range(0..100_000_000_u32)));
    let until = act.now.plus_seconds(act.rules.number("export_code_hours")? * 3600);
    diesel::insert_into(x::table)
        .values((
            (x::id.eq(id), x::citizen_id.eq(citizen.id), x::reason.eq("citizen")),
            (x::identity_checked_by.eq("one-time code"), x::at.eq(act.now), x::expires_at.eq(until)),
            (x::case_id.eq(citizen.identifier.is_none().then_some(row.id)), x::wrong_codes.eq(0)),
            (x::downloads.eq(0), x::code_hash.eq(digest(act, id, &code))),
        ))
        .execute(connection)?;
    let facts = Facts { access_code: Some(code), until: Some(until), ..Facts::default() };
    notices::tell_with(connection, act, row, "export_code", |_| facts)?;
    definitions::log(connection, act, "export", &format!("citizen:{}", citizen.id), &id.to_string())?;
    find(connection, id)
}

fn digest(act: &Act, id: ExportId, code: &str) -> String {
    act.keys.digest("export-code", &[&id.to_string(), code])
}

/// Takes the one-time code; gives whether it is right. A wrong one is counted, and the sixth is too late.
///
/// # Errors
/// `NotFound` for another citizen's export, and for one that ran out.
pub fn confirm(
    connection: &mut DbConnection,
    act: &Act,
    citizen: Option<CitizenId>,
    id: ExportId,
    wish: &ConfirmExport,
) -> Result<Option<ExportView>> {
    let export = for_update(x::table.find(id).select(ExportView::as_select())).get_result(connection)?;
    let is_own = is_of(connection, &export, citizen)? && export.expires_at > act.now;
    if !is_own || export.wrong_codes >= WRONG_CODES {
        return Err(Error::NotFound);
    }
    let code = latin_digits(wish.code.trim());
    if export.code_hash != Some(digest(act, id, &code)) {
        diesel::update(x::table.find(id)).set(x::wrong_codes.eq(x::wrong_codes + 1)).execute(connection)?;
        return Ok(None);
    }
    diesel::update(x::table.find(id)).set(x::confirmed_at.eq(act.now)).execute(connection)?;
    find(connection, id).map(Some)
}

/// What is told of a wrong code.
pub fn wrong_code() -> Error {
    let (fa, en) = (
        "کد درست نیست؛ هشت رقم پیامک یا رایانامه را بنویسید. پس از پنج بار نادرست، کد تازه بخواهید.",
        "The code is wrong; write the eight digits of the message. After five wrong ones ask for a new code.",
    );
    Error::field(FieldError::new("code", "wrong", fa, en))
}

/// Who downloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Downloader {
    /// Staff with the right.
    Staff,
    /// The citizen of this record.
    Citizen(Option<CitizenId>),
}

/// A download that was counted and logged.
#[derive(Debug, Clone)]
pub struct Download {
    pub export: ExportView,
    /// The cases that go into the archive, oldest first.
    pub cases: Vec<CaseId>,
}

/// Begins a download: it is counted and logged, by staff as a reading of the citizen's identity. What staff may not
/// see, and every sealed case, comes with the citizen's own download only.
///
/// # Errors
/// `NotFound` for one that is not confirmed, ran out, or is another citizen's.
pub fn begin_download(
    connection: &mut DbConnection,
    act: &Act,
    id: ExportId,
    by: Downloader,
) -> Result<Download> {
    if by == Downloader::Staff {
        allow(act)?;
    }
    let export = for_update(x::table.find(id).select(ExportView::as_select())).get_result(connection)?;
    let is_theirs = match by {
        Downloader::Staff => export.requested_by.is_some(),
        Downloader::Citizen(citizen) => is_of(connection, &export, citizen)? && export.code_hash.is_some(),
    };
    if !is_theirs || export.confirmed_at.is_none() || export.expires_at <= act.now {
        return Err(Error::NotFound);
    }
    diesel::update(x::table.find(id)).set(x::downloads.eq(x::downloads + 1)).execute(connection)?;
    if by == Downloader::Staff {
        reads::of_record(connection, act, export.citizen_id, Verb::ExportCitizen, Why::Export)?;
    }
    let subject = format!("citizen:{}", export.citizen_id);
    definitions::log(connection, act, "download", &subject, &id.to_string())?;
    Ok(Download { cases: cases_of(connection, act, &export, by)?, export: find(connection, id)? })
}

/// Whether an export is of this citizen, be it by a record that was merged since.
fn is_of(connection: &mut DbConnection, export: &ExportView, citizen: Option<CitizenId>) -> Result<bool> {
    match citizen {
        Some(citizen) => Ok(citizens::standing(connection, export.citizen_id)? == citizen),
        None => Ok(false),
    }
}

fn find(connection: &mut DbConnection, id: ExportId) -> Result<ExportView> {
    Ok(x::table.find(id).select(ExportView::as_select()).first(connection)?)
}

fn cases_of(
    connection: &mut DbConnection,
    act: &Act,
    export: &ExportView,
    by: Downloader,
) -> Result<Vec<CaseId>> {
    let citizen = citizens::standing(connection, export.citizen_id)?;
    let mut query =
        cases::table.filter(cases::citizen_id.eq(citizen)).order(cases::id).select(cases::id).into_boxed();
    if by == Downloader::Staff {
        query = query.filter(visibility::visible(act)).filter(cases::is_sealed.eq(false));
    }
    if let Some(only) = export.case_id {
        query = query.filter(cases::id.eq(only));
    }
    Ok(query.load(connection)?)
}
