//! Which requests a reader sees, and finding them.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::shown::{self, RequestView};
use super::{ROWS, SPAN_DAYS};
use crate::db::DbConnection;
use crate::db::prepared::{Fixed, OneOf};
use crate::db::schema::{cases, open311_requests as o};
use crate::db::types::{CaseId, GatewayId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::CaseRow;
use crate::domain::cases::life::Status;
use crate::domain::visibility;
use crate::error::{Error, FieldError, Language, Result};

/// A literal, so that both databases use the index of public requests.
const IS_PUBLIC: Fixed = Fixed("open311_requests.is_public");

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Everybody: what its filers let be seen.
    Anybody,
    /// A key: also all that came by it.
    Key(GatewayId),
}

/// Which requests are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// These, whatever else is said.
    pub ids: Option<Vec<CaseId>>,
    pub services: Vec<String>,
    pub from: Option<Time>,
    pub to: Option<Time>,
    pub updated_from: Option<Time>,
    pub updated_to: Option<Time>,
    /// Open ones, closed ones, or both.
    pub closed: Option<bool>,
    /// From 1.
    pub page: i64,
    pub size: i64,
}

/// What is stored beside the case.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = o)]
pub(super) struct Stored {
    pub gateway_id: GatewayId,
    pub service_code: String,
    pub media_url: Option<String>,
    pub requested_at: Time,
}

/// Whether a request came by the reader's own key.
fn owns(reader: Reader, stored: &Stored) -> bool {
    matches!(reader, Reader::Key(key) if key == stored.gateway_id)
}

/// The newest requests first, at most [`ROWS`] and over at most [`SPAN_DAYS`].
///
/// # Errors
/// `Invalid` where the dates are the wrong way round or too far apart.
pub fn list(
    connection: &mut DbConnection,
    act: &Act,
    reader: Reader,
    wanted: &Wanted,
    language: Language,
) -> Result<Vec<RequestView>> {
    let size = wanted.size.clamp(1, ROWS);
    let mut query = o::table
        .order((o::requested_at.desc(), o::case_id.desc()))
        .limit(size)
        .offset((wanted.page.max(1) - 1) * size)
        .select((o::case_id, Stored::as_select()))
        .into_boxed();
    // a sealed case is shown to nobody, and to the public none that is about an office or a person
    let plain = || cases::table.filter(cases::id.eq(o::case_id)).filter(cases::is_sealed.eq(false));
    let about_nobody = cases::about_office_id.is_null().and(cases::about_user_id.is_null());
    let public = exists(plain().filter(about_nobody).filter(cases::about_person.is_null()));
    query = match reader {
        Reader::Anybody => query.filter(IS_PUBLIC.and(public)),
        Reader::Key(key) => {
            query.filter(exists(plain()).and(o::gateway_id.eq(key).or(IS_PUBLIC.and(public))))
        }
    };
    query = match &wanted.ids {
        Some(ids) => query.filter(o::case_id.eq_any(ids.clone())),
        None => {
            let (from, to) = span(wanted, act.now)?;
            query.filter(o::requested_at.ge(from).and(o::requested_at.le(to)))
        }
    };
    if wanted.ids.is_none() {
        let of_row = || cases::table.filter(cases::id.eq(o::case_id));
        if !wanted.services.is_empty() {
            let codes = wanted.services.clone();
            let unsorted = exists(of_row().filter(cases::category.is_null()));
            let sorted = exists(of_row().filter(cases::category.eq_any(codes.clone())));
            query = query.filter(sorted.or(unsorted.and(o::service_code.eq_any(codes))));
        }
        if let Some(from) = wanted.updated_from {
            query = query.filter(exists(of_row().filter(cases::updated_at.ge(from))));
        }
        if let Some(to) = wanted.updated_to {
            query = query.filter(exists(of_row().filter(cases::updated_at.le(to))));
        }
        match wanted.closed {
            Some(true) => query = query.filter(exists(of_row().filter(cases::status.eq(Status::Closed)))),
            Some(false) => query = query.filter(exists(of_row().filter(cases::status.ne(Status::Closed)))),
            None => {}
        }
    }
    let rows: Vec<(CaseId, Stored)> = query.load(connection)?;
    views(connection, act, reader, rows, language)
}

fn span(wanted: &Wanted, now: Time) -> Result<(Time, Time)> {
    let (from, to) = match (wanted.from, wanted.to) {
        (Some(from), Some(to)) => (from, to),
        (Some(from), None) => (from, from.plus_days(SPAN_DAYS).min(now)),
        (None, Some(to)) => (to.plus_days(-SPAN_DAYS), to),
        (None, None) => (now.plus_days(-SPAN_DAYS), now),
    };
    if to > from.plus_days(SPAN_DAYS) || to < from {
        let (fa, en) = (
            "از start_date تا end_date حداکثر ۹۰ روز.",
            "From start_date to end_date 90 days at most, and the earlier first.",
        );
        return Err(Error::field(FieldError::new("end_date", "out_of_range", fa, en)));
    }
    Ok((from, to))
}

fn views(
    connection: &mut DbConnection,
    act: &Act,
    reader: Reader,
    rows: Vec<(CaseId, Stored)>,
    language: Language,
) -> Result<Vec<RequestView>> {
    let found: Vec<CaseRow> = cases::table
        .filter(cases::id.one_of(rows.iter().map(|(id, _)| *id)))
        .select(CaseRow::as_select())
        .load(connection)?;
    let mut views = Vec::with_capacity(rows.len());
    for (id, stored) in rows {
        // what was erased is only counted any more
        let Some(row) = found.iter().find(|row| row.id == id && !row.filed.is_erased()) else { continue };
        let is_own = owns(reader, &stored);
        // a body that is complained of by now reads its own filings no longer
        if is_own && !is_visible(connection, act, row.id)? {
            continue;
        }
        views.push(shown::view(connection, act, &stored, row, is_own, language)?);
    }
    Ok(views)
}

fn is_visible(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<bool> {
    if !matches!(act.actor, Actor::Gateway { .. }) {
        return Ok(false);
    }
    let seen = cases::table.filter(cases::id.eq(case)).filter(visibility::visible(act));
    let found: Option<CaseId> = seen.select(cases::id).first(connection).optional()?;
    Ok(found.is_some())
}

/// One request, if the reader sees it; whether it is the reader's own.
pub fn find(
    connection: &mut DbConnection,
    act: &Act,
    reader: Reader,
    id: CaseId,
    language: Language,
) -> Result<RequestView> {
    let wanted = Wanted { ids: Some(vec![id]), page: 1, size: 1, ..Wanted::default() };
    list(connection, act, reader, &wanted, language)?.pop().ok_or(Error::NotFound)
}

/// The number behind a token; none while a person has not found the subject.
///
/// # Errors
/// `NotFound` for an unknown token.
pub fn by_token(connection: &mut DbConnection, token: &str) -> Result<Option<CaseId>> {
    let (id, status): (CaseId, Status) = o::table
        .inner_join(cases::table.on(o::case_id.eq(cases::id)))
        .filter(o::token.eq(token.to_owned()))
        .select((o::case_id, cases::status))
        .first(connection)?;
    Ok((status != Status::Registered).then_some(id))
}
