//! Holds: while one stands, nothing of the case, or of any case of the citizen, is erased (a court, an audit).

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::reach;
use crate::db::DbConnection;
use crate::db::schema::holds as h;
use crate::db::types::{CaseId, CitizenId, HoldId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::life::Fact;
use crate::domain::cases::{Docket, Expected, record};
use crate::domain::rulebook::Verb;
use crate::domain::{citizens, definitions, input, policy};
use crate::error::{Code, Error, FieldError, Fields, Result};

/// A hold as it is wished.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Why: the court, the audit, its number.
    pub reason: String,
    /// Until when; without it, until it is lifted.
    #[serde(default)]
    pub until: Option<Time>,
}

/// A hold as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Serialize, utoipa::ToSchema)]
#[diesel(table_name = h)]
pub struct HoldView {
    pub id: HoldId,
    pub case_id: Option<CaseId>,
    pub citizen_id: Option<CitizenId>,
    pub reason: String,
    pub until: Option<Time>,
    pub placed_at: Time,
    pub lifted_at: Option<Time>,
}

/// What a hold stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum On {
    Case(CaseId),
    Citizen(CitizenId),
}

/// Places a hold on a case.
///
/// # Errors
/// `hold_stands` when one stands already.
pub fn place_on_case(
    connection: &mut DbConnection,
    act: &Act,
    case: CaseId,
    wish: &Hold,
) -> Result<HoldView> {
    let mut docket = Docket::open(connection, act, case, Expected::Any)?;
    let hold = place(connection, act, On::Case(case), wish)?;
    let fact = Fact::HoldPlaced { hold: hold.id, until: hold.until };
    record(connection, act, &mut docket, &[fact], None)?;
    Ok(hold)
}

/// Places a hold on a citizen: on all cases, present and future.
///
/// # Errors
/// `NotFound` without such a citizen; `hold_stands` when one stands already.
pub fn place_on_citizen(
    connection: &mut DbConnection,
    act: &Act,
    citizen: CitizenId,
    wish: &Hold,
) -> Result<HoldView> {
    policy::allow_anywhere(act, Verb::Hold)?;
    let citizen = citizens::standing(connection, citizen)?;
    place(connection, act, On::Citizen(citizen), wish)
}

/// Lifts the hold of a case.
///
/// # Errors
/// `NotFound` when none stands.
pub fn lift_from_case(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<HoldView> {
    let mut docket = Docket::open(connection, act, case, Expected::Any)?;
    let hold = lift(connection, act, On::Case(case))?;
    record(connection, act, &mut docket, &[Fact::HoldLifted { hold: hold.id }], None)?;
    Ok(hold)
}

/// Lifts the hold of a citizen.
///
/// # Errors
/// `NotFound` when none stands; `second_person_required` where a case of the citizen is about the actor.
pub fn lift_from_citizen(connection: &mut DbConnection, act: &Act, citizen: CitizenId) -> Result<HoldView> {
    reach::be_impartial(connection, act, citizen)?;
    lift(connection, act, On::Citizen(citizen))
}

/// All holds of a citizen and of the citizen's cases, oldest first.
pub fn of_citizen(
    connection: &mut DbConnection,
    citizen: CitizenId,
    cases: &[CaseId],
) -> Result<Vec<HoldView>> {
    let cases: Vec<Option<CaseId>> = cases.iter().copied().map(Some).collect();
    let records = of_person(connection, citizen)?;
    Ok(h::table
        .filter(h::citizen_id.eq_any(records).or(h::case_id.eq_any(cases)))
        .order(h::id)
        .select(HoldView::as_select())
        .load(connection)?)
}

fn place(connection: &mut DbConnection, act: &Act, on: On, wish: &Hold) -> Result<HoldView> {
    policy::allow_anywhere(act, Verb::Hold)?;
    let mut fields = Fields::default();
    let reason = fields.take(input::text("reason", &wish.reason, input::LINE_MAX));
    if wish.until.is_some_and(|until| until <= act.now) {
        let (fa, en) = ("زمانی در آینده بنویسید، یا خالی بگذارید.", "Give a time in the future, or none.");
        fields.add(FieldError::new("until", "past", fa, en));
    }
    fields.finish()?;
    let user = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    if let Some(old) = standing(connection, on)? {
        if old.until.is_none_or(|until| until > act.now) {
            return Err(Error::Conflict(Code::HoldStands));
        }
        end(connection, act, old.id)?;
    }
    let (case, citizen) = match on {
        On::Case(case) => (Some(case), None),
        On::Citizen(citizen) => (None, Some(citizen)),
    };
    let id: HoldId = act.id();
    diesel::insert_into(h::table)
        .values((
            (h::id.eq(id), h::case_id.eq(case), h::citizen_id.eq(citizen)),
            (h::reason.eq(reason.unwrap_or_default()), h::until.eq(wish.until)),
            (h::placed_by.eq(user), h::placed_at.eq(act.now)),
        ))
        .execute(connection)?;
    log(connection, act, "hold", on)?;
    Ok(h::table.find(id).select(HoldView::as_select()).first(connection)?)
}

fn lift(connection: &mut DbConnection, act: &Act, on: On) -> Result<HoldView> {
    policy::allow_anywhere(act, Verb::Hold)?;
    let hold = standing(connection, on)?.ok_or(Error::NotFound)?;
    end(connection, act, hold.id)?;
    log(connection, act, "lift", on)?;
    Ok(HoldView { lifted_at: Some(act.now), ..hold })
}

/// The hold that was not lifted; its time may have passed.
fn standing(connection: &mut DbConnection, on: On) -> Result<Option<HoldView>> {
    let open = h::table.filter(h::lifted_at.is_null()).select(HoldView::as_select()).into_boxed();
    let query = match on {
        On::Case(case) => open.filter(h::case_id.eq(case)),
        // the newest, where merged records have one each
        On::Citizen(citizen) => {
            open.filter(h::citizen_id.eq_any(of_person(connection, citizen)?)).order(h::id.desc())
        }
    };
    Ok(query.first(connection).optional()?)
}

fn of_person(connection: &mut DbConnection, citizen: CitizenId) -> Result<Vec<Option<CitizenId>>> {
    Ok(citizens::records(connection, citizen)?.into_iter().map(Some).collect())
}

fn end(connection: &mut DbConnection, act: &Act, id: HoldId) -> Result<()> {
    diesel::update(h::table.find(id))
        .set((h::lifted_at.eq(act.now), h::lifted_by.eq(act.actor.user())))
        .execute(connection)?;
    Ok(())
}

fn log(connection: &mut DbConnection, act: &Act, action: &str, on: On) -> Result<()> {
    let subject = match on {
        On::Case(case) => format!("case:{case}"),
        On::Citizen(citizen) => format!("citizen:{citizen}"),
    };
    definitions::log(connection, act, action, &subject, "")
}
