//! "My cases": the cases of whoever holds a proved telephone.
//!
//! A sealed case is listed without its subject and does not open by the telephone alone: others of a household may hold
//! it.

use std::collections::HashMap;

use diesel::prelude::*;
use serde::Serialize;

use super::phones::citizens_of;
use crate::db::DbConnection;
use crate::db::schema::cases as c;
use crate::db::types::{CaseId, CitizenId, PhoneProofId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::life::Status;
use crate::domain::cases::{CaseRow, TrackingCode};
use crate::domain::citizens;
use crate::domain::visibility::Predicate;
use crate::error::{Code, Error, Result};

/// A case in the list.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct OwnCase {
    #[serde(skip)]
    pub id: CaseId,
    pub tracking_code: String,
    pub kind: String,
    /// By which way it came.
    pub channel: String,
    pub status: Status,
    /// Confidential: it opens with its access code only.
    pub sealed: bool,
    /// Not told of a confidential case.
    pub subject: Option<String>,
    pub registered_at: Time,
    /// Until when an answer was promised.
    pub due_at: Time,
    pub answered_at: Option<Time>,
    pub closed_at: Option<Time>,
}

/// Which cases a proved telephone shows: those of its citizens; of a record whose mobile only a filing told, those that
/// came with it or later.
struct Reach {
    citizens: Vec<CitizenId>,
    since: HashMap<CitizenId, Time>,
}

impl Reach {
    fn of(connection: &mut DbConnection, act: &Act, proof: PhoneProofId) -> Result<Self> {
        let found = citizens_of(connection, act, proof)?;
        let citizens: Vec<CitizenId> = found.into_iter().map(|citizen| citizen.id).collect();
        let since = citizens::claimed_since(connection, &citizens)?;
        Ok(Self { citizens, since })
    }

    fn predicate(&self) -> Predicate {
        let mut any: Predicate = Box::new(c::id.is_null());
        for citizen in &self.citizens {
            let since = self.since.get(citizen).copied().unwrap_or(Time::from_microsecond(0));
            let own = c::citizen_id.eq(Some(*citizen)).assume_not_null().and(c::registered_at.ge(since));
            any = Box::new(any.or(own));
        }
        any
    }
}

/// The cases of a proved telephone before `before`, the newest first.
///
/// # Errors
/// `token_expired`.
pub fn list(
    connection: &mut DbConnection,
    act: &Act,
    proof: PhoneProofId,
    before: Option<CaseId>,
    limit: i64,
) -> Result<Vec<OwnCase>> {
    let reach = Reach::of(connection, act, proof)?;
    let mut found: Vec<OwnCase> = c::table
        .filter(reach.predicate())
        .filter(c::id.lt(before.unwrap_or(CaseId(i64::MAX))))
        .order(c::id.desc())
        .limit(limit)
        .select((
            (c::id, c::tracking_code, c::kind, c::channel, c::status, c::is_sealed, c::subject),
            (c::registered_at, c::due_at, c::answered_at, c::closed_at),
        ))
        .load::<Row>(connection)?
        .into_iter()
        .map(OwnCase::from)
        .collect();
    found.iter_mut().filter(|case| case.sealed).for_each(|case| case.subject = None);
    Ok(found)
}

type Row = (
    (CaseId, String, String, String, Status, bool, Option<String>),
    (Time, Time, Option<Time>, Option<Time>),
);

impl From<Row> for OwnCase {
    fn from(row: Row) -> Self {
        let (
            (id, tracking_code, kind, channel, status, sealed, subject),
            (registered_at, due_at, answered_at, closed_at),
        ) = row;
        Self {
            id,
            tracking_code,
            kind,
            channel,
            status,
            sealed,
            subject,
            registered_at,
            due_at,
            answered_at,
            closed_at,
        }
    }
}

/// One of these cases, to be opened.
///
/// # Errors
/// `NotFound` for an unknown code and somebody else's case alike; `access_code_needed` for a sealed one; `token_expired`.
pub fn find(connection: &mut DbConnection, act: &Act, proof: PhoneProofId, code: &str) -> Result<CaseRow> {
    let reach = Reach::of(connection, act, proof)?;
    let code = TrackingCode::parse(code).map_err(|_| Error::NotFound)?;
    let row: CaseRow = c::table
        .filter(c::tracking_code.eq(code.as_str()))
        .filter(reach.predicate())
        .select(CaseRow::as_select())
        .first(connection)?;
    if row.is_sealed { Err(Error::Forbidden(Code::AccessCodeNeeded)) } else { Ok(row) }
}
