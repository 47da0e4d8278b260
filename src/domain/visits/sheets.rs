//! Sheets: the paper forms of a people's desk, declared as a stack with its totals and keyed in one by one. A sheet is
//! closed when what was keyed is what was declared, in all and by kind.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::sheet_totals::{Count, check_totals, counts, differences, write_counts};
use super::{day, day_of, desk_office};
use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::schema::desk_sheets as s;
use crate::db::types::{DeskSheetId, OfficeId, Time, UserId};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::Channel;
use crate::domain::input;
use crate::domain::users;
use crate::error::{Code, Error, FieldError, Fields, Result};

/// Most forms of one sheet.
pub const FORMS_MAX: i32 = 10_000;

/// A new sheet.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Declare {
    /// Where the forms come from: `desk` (when missing), `trip`, `meeting` or `visit`.
    pub channel: Option<String>,
    /// The place, such as a Friday prayer.
    pub desk: String,
    /// When it was, as `2026-06-10`; today when missing.
    pub day: Option<String>,
    /// Code of the office that keys it; the own one when missing.
    pub office: Option<String>,
    /// Forms in the stack.
    pub total: i32,
    /// The same by code of kind, where the desk counted that.
    pub counts: BTreeMap<String, i32>,
}

/// What was declared wrongly.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Recount {
    pub total: i32,
    pub counts: BTreeMap<String, i32>,
    /// How the mistake was found; stays with the sheet.
    pub reason: String,
}

/// A sheet as stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = s)]
pub struct Sheet {
    pub id: DeskSheetId,
    pub office_id: OfficeId,
    pub channel: Channel,
    pub desk: String,
    pub day: String,
    pub total: i32,
    pub recounted: Option<String>,
    pub made_by: UserId,
    pub made_at: Time,
    pub closed_by: Option<UserId>,
    pub closed_at: Option<Time>,
}

/// A sheet.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SheetView {
    pub id: DeskSheetId,
    /// Code of the office.
    pub office: String,
    pub channel: Channel,
    pub desk: String,
    pub day: String,
    /// `open` or `closed`.
    pub state: &'static str,
    pub total: i32,
    pub keyed: i32,
    pub counts: Vec<Count>,
    /// Whether it can be closed.
    pub matches: bool,
    /// Why the declared totals were corrected, last.
    pub recounted: Option<String>,
    pub made_by: String,
    pub made_at: Time,
    pub closed_by: Option<String>,
    pub closed_at: Option<Time>,
}

/// Declares a stack of forms.
///
/// # Errors
/// `Invalid` with every wrong field; `forbidden`.
pub fn declare(connection: &mut DbConnection, act: &Act, wish: &Declare) -> Result<SheetView> {
    let Actor::Staff(staff) = &act.actor else { return Err(Error::Forbidden(Code::Forbidden)) };
    let office = desk_office(act, wish.office.as_deref())?;
    let mut fields = Fields::default();
    let channel = wish.channel.as_deref().unwrap_or("desk");
    let channel = fields.take(input::choice::<Channel>("channel", channel).and_then(of_visits));
    let desk = fields.take(input::text("desk", &wish.desk, 200));
    let told = wish.day.as_deref().map(|text| day("day", text));
    let told = told.and_then(|told| fields.take(told));
    if told.as_deref().is_some_and(|told| day_of(act.now).is_ok_and(|today| told > today.as_str())) {
        let (fa, en) = ("این روز هنوز نیامده است.", "This day has not come yet.");
        fields.add(FieldError::new("day", "in_the_future", fa, en));
    }
    check_totals(act, wish.total, &wish.counts, &mut fields);
    fields.finish()?;
    let (Some(channel), Some(desk)) = (channel, desk) else {
        return Err(Error::internal("a checked sheet lost its fields"));
    };
    let id: DeskSheetId = act.id();
    diesel::insert_into(s::table)
        .values((
            (s::id.eq(id), s::office_id.eq(office), s::channel.eq(channel), s::desk.eq(desk)),
            (s::day.eq(told.map_or_else(|| day_of(act.now), Ok)?), s::total.eq(wish.total)),
            (s::made_by.eq(staff.id), s::made_at.eq(act.now)),
        ))
        .execute(connection)?;
    write_counts(connection, id, &wish.counts)?;
    view(connection, act, id)
}

fn of_visits(channel: Channel) -> Result<Channel, FieldError> {
    match channel {
        Channel::Visit | Channel::Desk | Channel::Meeting | Channel::Trip => Ok(channel),
        _ => Err(FieldError::new(
            "channel",
            "unknown",
            "یکی از این‌ها: visit، desk، meeting، trip",
            "Must be one of: visit, desk, meeting, trip.",
        )),
    }
}

/// A sheet of an office for which the actor keys.
///
/// # Errors
/// `NotFound` for another office's.
pub fn find(connection: &mut DbConnection, act: &Act, id: DeskSheetId) -> Result<Sheet> {
    desk_office(act, None)?;
    let sheet: Sheet = s::table.find(id).select(Sheet::as_select()).first(connection)?;
    desk_office(act, Some(&act.rules.offices.code(sheet.office_id))).map_err(|_| Error::NotFound)?;
    Ok(sheet)
}

/// The same while it is open, locked until the transaction ends.
///
/// # Errors
/// `sheet_closed`; those of [`find`].
pub(super) fn open(connection: &mut DbConnection, act: &Act, id: DeskSheetId) -> Result<Sheet> {
    desk_office(act, None)?;
    let _: DeskSheetId = for_update(s::table.find(id).select(s::id)).get_result(connection)?;
    let sheet = find(connection, act, id)?;
    if sheet.closed_at.is_some() { Err(Error::Conflict(Code::SheetClosed)) } else { Ok(sheet) }
}

/// A sheet with what was keyed of it.
///
/// # Errors
/// Those of [`find`].
pub fn view(connection: &mut DbConnection, act: &Act, id: DeskSheetId) -> Result<SheetView> {
    let sheet = find(connection, act, id)?;
    let counts = counts(connection, id)?;
    let keyed: i32 = counts.iter().map(|count| count.keyed).sum();
    let matches = differences(sheet.total, keyed, &counts).is_empty();
    let people: Vec<UserId> = std::iter::once(sheet.made_by).chain(sheet.closed_by).collect();
    let names = users::names(connection, &people)?;
    let name = |id: UserId| names.get(&id).map(|(username, _)| username.clone()).unwrap_or_default();
    Ok(SheetView {
        id,
        office: act.rules.offices.code(sheet.office_id),
        channel: sheet.channel,
        desk: sheet.desk,
        day: sheet.day,
        state: if sheet.closed_at.is_some() { "closed" } else { "open" },
        total: sheet.total,
        keyed,
        counts,
        matches,
        recounted: sheet.recounted,
        made_by: name(sheet.made_by),
        made_at: sheet.made_at,
        closed_by: sheet.closed_by.map(name),
        closed_at: sheet.closed_at,
    })
}

/// Sheets of offices for which the actor keys before `before`, the newest first.
pub fn list(
    connection: &mut DbConnection,
    act: &Act,
    before: Option<DeskSheetId>,
    limit: i64,
) -> Result<Vec<SheetView>> {
    desk_office(act, None)?;
    let offices = act.rules.offices.all().map(|office| (office.id, office.code.clone()));
    let own: Vec<OfficeId> =
        offices.filter(|(_, code)| desk_office(act, Some(code)).is_ok()).map(|(id, _)| id).collect();
    let ids: Vec<DeskSheetId> = s::table
        .filter(s::office_id.eq_any(own).and(s::id.lt(before.unwrap_or(DeskSheetId(i64::MAX)))))
        .order(s::id.desc())
        .limit(limit)
        .select(s::id)
        .load(connection)?;
    ids.into_iter().map(|id| view(connection, act, id)).collect()
}

/// Corrects what was declared, with a reason.
///
/// # Errors
/// `Invalid`; `sheet_closed`.
pub fn recount(
    connection: &mut DbConnection,
    act: &Act,
    id: DeskSheetId,
    wish: &Recount,
) -> Result<SheetView> {
    open(connection, act, id)?;
    let mut fields = Fields::default();
    check_totals(act, wish.total, &wish.counts, &mut fields);
    let reason = fields.take(input::text("reason", &wish.reason, input::LINE_MAX));
    fields.finish()?;
    diesel::update(s::table.find(id))
        .set((s::total.eq(wish.total), s::recounted.eq(reason)))
        .execute(connection)?;
    write_counts(connection, id, &wish.counts)?;
    view(connection, act, id)
}

/// Closes a sheet whose totals match.
///
/// # Errors
/// `totals_differ` with every difference; `sheet_closed`.
pub fn close(connection: &mut DbConnection, act: &Act, id: DeskSheetId) -> Result<SheetView> {
    let sheet = open(connection, act, id)?;
    let counts = counts(connection, id)?;
    let keyed = counts.iter().map(|count| count.keyed).sum();
    let fields = differences(sheet.total, keyed, &counts);
    if !fields.is_empty() {
        return Err(Error::Clash { code: Code::TotalsDiffer, fields });
    }
    diesel::update(s::table.find(id))
        .set((s::closed_at.eq(act.now), s::closed_by.eq(act.actor.user())))
        .execute(connection)?;
    view(connection, act, id)
}
