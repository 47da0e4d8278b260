//! Seats: which agent sits at which extension, so that a call finds the screen of whoever answers it.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::db::DbConnection;
use crate::db::schema::phone_seats as s;
use crate::db::types::{OfficeId, Time, UserId};
use crate::domain::actor::{Act, Actor, Staff};
use crate::domain::input;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::domain::text::latin_digits;
use crate::domain::users;
use crate::error::{Code, Error, FieldError, Fields, Result};

/// Where an agent sits down.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sit {
    /// The extension as the exchange names it, such as `201`.
    pub extension: String,
}

/// A seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SeatView {
    pub extension: String,
    /// Code of the office whose exchange it belongs to.
    pub office: String,
    pub since: Time,
}

fn who(act: &Act) -> Result<(UserId, OfficeId)> {
    let office = policy::allow_anywhere(act, Verb::Register)?;
    let user = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    Ok((user, office))
}

/// Sits the actor down at an extension, and nowhere else.
///
/// # Errors
/// `seat_taken` where a colleague sits there; a wrong field.
pub fn sit(connection: &mut DbConnection, act: &Act, wish: &Sit) -> Result<SeatView> {
    let (user, office) = who(act)?;
    let mut fields = Fields::default();
    let extension = fields.take(input::text("extension", latin_digits(&wish.extension).trim(), 60));
    if extension.as_deref().is_some_and(|extension| extension.chars().any(|c| c.is_whitespace() || c == ','))
    {
        fields.add(FieldError::new(
            "extension",
            "invalid",
            "شماره یا نام داخلی، بی فاصله و ویرگول، مانند 201.",
            "The number or name of the extension, without blanks and commas, such as 201.",
        ));
    }
    fields.finish()?;
    let extension = extension.unwrap_or_default();
    let taken: i64 = s::table
        .filter(s::office_id.eq(office).and(s::extension.eq(&extension)).and(s::user_id.ne(user)))
        .count()
        .get_result(connection)?;
    if taken > 0 {
        return Err(Error::Conflict(Code::SeatTaken));
    }
    diesel::delete(s::table.find(user)).execute(connection)?;
    diesel::insert_into(s::table)
        .values((
            (s::user_id.eq(user), s::office_id.eq(office)),
            (s::extension.eq(&extension), s::since.eq(act.now)),
        ))
        .execute(connection)?;
    seat_of(connection, act)?.ok_or_else(|| Error::internal("a seat was lost"))
}

/// Where the actor sits.
pub fn seat_of(connection: &mut DbConnection, act: &Act) -> Result<Option<SeatView>> {
    let (user, _) = who(act)?;
    let row: Option<(String, OfficeId, Time)> =
        s::table.find(user).select((s::extension, s::office_id, s::since)).first(connection).optional()?;
    let view =
        |(extension, office, since)| SeatView { extension, office: act.rules.offices.code(office), since };
    Ok(row.map(view))
}

/// The actor gets up.
pub fn leave(connection: &mut DbConnection, act: &Act) -> Result<()> {
    let (user, _) = who(act)?;
    diesel::delete(s::table.find(user)).execute(connection)?;
    Ok(())
}

/// The agent whom an exchange of `office` calls by this name: by the extension, else by the user name. None for one whom
/// nobody knows, or who answers no calls of that office.
pub(super) fn agent(
    connection: &mut DbConnection,
    act: &Act,
    office: OfficeId,
    name: &str,
) -> Result<Option<UserId>> {
    let seated: Vec<(UserId, OfficeId)> =
        s::table.filter(s::extension.eq(name)).select((s::user_id, s::office_id)).load(connection)?;
    let exact = seated.iter().find(|(_, at)| *at == office);
    let near: Vec<_> = seated.iter().filter(|(_, at)| is_near(act, *at, office)).collect();
    // the same extension at two exchanges of one tree names nobody
    let only = exact.or(near.first().copied().filter(|_| near.len() == 1));
    let staff = match only {
        Some((user, _)) => users::staff(connection, *user)?,
        None => users::staff_by_username(connection, name)?,
    };
    Ok(staff.filter(|staff| answers(act, staff, office)).map(|staff| staff.id))
}

fn is_near(act: &Act, one: OfficeId, other: OfficeId) -> bool {
    act.rules.offices.is_within(one, other) || act.rules.offices.is_within(other, one)
}

/// Whether this person takes calls that come to the office: at it, above it or below it.
pub(super) fn answers(act: &Act, staff: &Staff, office: OfficeId) -> bool {
    let holds = policy::holds_anywhere(&act.rules, staff, Verb::Register);
    holds && staff.assignments.iter().any(|(_, at)| is_near(act, *at, office))
}

/// The same of the actor.
pub(super) fn is_desk(act: &Act, office: OfficeId) -> bool {
    match &act.actor {
        Actor::Staff(staff) => answers(act, staff, office),
        Actor::Gateway { .. } | Actor::Citizen { .. } | Actor::Public | Actor::System => false,
    }
}
