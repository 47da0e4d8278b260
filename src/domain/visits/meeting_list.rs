//! Lists of meetings, by their time.

use diesel::prelude::*;

use super::meetings::{Meeting, MeetingView, is_of_desk, view};
use crate::db::DbConnection;
use crate::db::schema::meetings as m;
use crate::db::types::{MeetingId, OfficeId, Time};
use crate::domain::actor::Act;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Code, Error, Language, Result};

/// Where a page begins: after the meeting of this time and id.
#[derive(Debug, Clone, Copy)]
pub struct After {
    pub starts_at: Time,
    pub id: MeetingId,
}

impl std::fmt::Display for After {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.starts_at.as_microsecond(), self.id)
    }
}

impl std::str::FromStr for After {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::Malformed(Code::InvalidCursor);
        let (starts, id) = text.split_once('.').ok_or_else(wrong)?;
        let starts = starts.parse().map_err(|_| wrong())?;
        Ok(Self { starts_at: Time::from_microsecond(starts), id: id.parse().map_err(|_| wrong())? })
    }
}

/// Meetings that begin from `from` on of the offices for which the actor plans or books.
///
/// # Errors
/// `forbidden` for whoever does neither anywhere.
pub fn of_staff(
    connection: &mut DbConnection,
    act: &Act,
    from: Time,
    after: Option<After>,
    limit: i64,
    reader: Language,
) -> Result<Vec<MeetingView>> {
    policy::allow_anywhere(act, Verb::HoldMeetings)
        .or_else(|_| policy::allow_anywhere(act, Verb::Register))?;
    let may = |office: OfficeId| {
        [Verb::HoldMeetings, Verb::Register].iter().any(|verb| policy::allow(act, *verb, office).is_ok())
    };
    let own: Vec<OfficeId> = act.rules.offices.all().map(|office| office.id).filter(|id| may(*id)).collect();
    let found = page(connection, from, Some(own), false, after, limit)?;
    let found = found.into_iter().filter(|meeting| is_of_desk(act, meeting));
    found.map(|meeting| view(connection, act, meeting, reader)).collect()
}

/// Meetings to come that citizens may book, in one province or in all.
pub fn of_public(
    connection: &mut DbConnection,
    act: &Act,
    province: Option<&str>,
    after: Option<After>,
    limit: i64,
    reader: Language,
) -> Result<Vec<MeetingView>> {
    let offices = province.map(|code| {
        let there = act.rules.offices.all().filter(|office| office.province.as_deref() == Some(code));
        there.map(|office| office.id).collect()
    });
    let found = page(connection, act.now, offices, true, after, limit)?;
    found.into_iter().map(|meeting| view(connection, act, meeting, reader)).collect()
}

fn page(
    connection: &mut DbConnection,
    from: Time,
    offices: Option<Vec<OfficeId>>,
    is_public: bool,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Meeting>> {
    let mut query = m::table
        .filter(m::starts_at.ge(from))
        .order((m::starts_at, m::id))
        .limit(limit)
        .select(Meeting::as_select())
        .into_boxed();
    if let Some(offices) = offices {
        query = query.filter(m::office_id.eq_any(offices));
    }
    if is_public {
        query = query.filter(m::is_public.eq(true).and(m::cancelled_at.is_null()));
    }
    if let Some(After { starts_at, id }) = after {
        query = query.filter(m::starts_at.gt(starts_at).or(m::starts_at.eq(starts_at).and(m::id.gt(id))));
    }
    Ok(query.load(connection)?)
}
