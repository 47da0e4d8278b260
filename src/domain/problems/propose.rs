//! Propose: somebody who sees the same matter again and again gives it a name, an owner and a deadline.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::row::{ProblemRow, find, note};
use super::{Link, ProblemState, link};
use crate::db::DbConnection;
use crate::db::schema::problems;
use crate::db::types::{OfficeId, ProblemId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::cases::clocks;
use crate::domain::deadlines;
use crate::domain::input;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::domain::users;
use crate::error::{Error, FieldError, Fields, Result};

/// A new problem.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Propose {
    /// What the public calls it; nothing of a person.
    pub name_fa: String,
    pub name_en: String,
    /// What is known of it, for staff.
    pub description: String,
    #[serde(default)]
    pub category: Option<String>,
    #[serde(default)]
    pub province: Option<String>,
    #[serde(default)]
    pub county: Option<String>,
    /// Code of the office that owns it.
    pub office: String,
    /// User name of the person who runs it.
    #[serde(default)]
    pub user: Option<String>,
    /// Coded cause, where it is known.
    #[serde(default)]
    pub cause: Option<String>,
    /// Until when it is to be settled; by the limit `problem` of the owner's calendar when missing.
    #[serde(default)]
    pub due_at: Option<Time>,
    /// Whether the public list shows it.
    #[serde(default)]
    pub public: Option<bool>,
    /// Ids or tracking codes of the first cases.
    #[serde(default)]
    pub cases: Vec<String>,
}

/// Makes a problem: open where the proposer may run problems of that office, else proposed to it.
pub fn propose(connection: &mut DbConnection, act: &Act, wish: &Propose) -> Result<ProblemRow> {
    let by_office = policy::allow_anywhere(act, Verb::LinkProblem)?;
    let mut fields = Fields::default();
    let names = (line("name_fa", &wish.name_fa, &mut fields), line("name_en", &wish.name_en, &mut fields));
    let description = fields.take(input::text("description", &wish.description, input::TEXT_MAX));
    let place = (wish.category.as_deref(), wish.province.as_deref(), wish.county.as_deref());
    check_place(act, place, &mut fields);
    check_cause(act, wish.cause.as_deref(), &mut fields);
    let office = fields.take(owner(act, &wish.office));
    let user = match (office, wish.user.as_deref()) {
        (Some(office), Some(name)) => runner(connection, act, office, name, &mut fields)?,
        _ => None,
    };
    check_due(act, wish.due_at, &mut fields);
    fields.finish()?;
    let office = office.ok_or_else(|| Error::internal("an owner passed its check"))?;
    let due = match wish.due_at {
        Some(due) => due,
        None => due_at(act, office, wish.category.as_deref())?,
    };
    let runs = policy::allow(act, Verb::RunProblem, office).is_ok();
    let state = if runs { ProblemState::Open } else { ProblemState::Proposed };
    let id: ProblemId = act.id();
    let next = clocks::next_point(act.rules.calendar(office)?, act.now, due, None)?;
    use problems as p;
    diesel::insert_into(p::table)
        .values((
            (p::id.eq(id), p::code.eq(code_of(id)), p::name_fa.eq(names.0), p::name_en.eq(names.1)),
            (p::description.eq(description.unwrap_or_default()), p::category.eq(&wish.category)),
            (p::province.eq(&wish.province), p::county.eq(&wish.county), p::office_id.eq(office)),
            (p::user_id.eq(user), p::state.eq(state), p::cause.eq(&wish.cause), p::round.eq(0)),
            (p::is_public.eq(wish.public.unwrap_or(false)), p::proposed_by.eq(act.actor.user())),
            (p::created_at.eq(act.now), p::started_at.eq(act.now), p::due_at.eq(due), p::next_at.eq(next)),
        ))
        .execute(connection)?;
    note(connection, act, id, Some(by_office), if runs { "opened" } else { "proposed" }, None)?;
    if !wish.cases.is_empty() {
        link(connection, act, id, &Link { cases: wish.cases.clone() })?;
    }
    find(connection, act, id)
}

fn line(field: &str, value: &str, fields: &mut Fields) -> String {
    fields.take(input::text(field, value, input::LINE_MAX)).unwrap_or_default()
}

/// `P-` and the id in letters and digits, short enough to be said on the telephone.
fn code_of(id: ProblemId) -> String {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut rest = u64::try_from(id.0).unwrap_or(0);
    let mut text = Vec::new();
    while rest > 0 {
        text.push(char::from(DIGITS[usize::try_from(rest % 32).unwrap_or(0)]));
        rest /= 32;
    }
    format!("P-{}", text.iter().rev().collect::<String>())
}

/// Category, province and county must be known, and the county lie in the province.
pub(super) fn check_place(
    act: &Act,
    (category, province, county): (Option<&str>, Option<&str>, Option<&str>),
    fields: &mut Fields,
) {
    if let Some(code) = category {
        fields.take(act.rules.category("category", code).map(|_| ()));
    }
    if let Some(code) = province.filter(|code| !act.rules.provinces.contains_key(*code)) {
        fields.add(FieldError::unknown("province", code));
    }
    let Some(code) = county else { return };
    match act.rules.counties.get(code) {
        None => fields.add(FieldError::unknown("county", code)),
        Some(row) if province.is_some_and(|province| province != row.province) => {
            fields.add(FieldError::new(
                "county",
                "not_in_province",
                "این شهرستان در این استان نیست.",
                "This county does not lie in this province.",
            ));
        }
        Some(_) => {}
    }
}

/// A cause must be known.
pub(super) fn check_cause(act: &Act, cause: Option<&str>, fields: &mut Fields) {
    if let Some(code) = cause {
        fields.take(act.rules.cause("cause", code).map(|_| ()));
    }
}

/// A deadline lies ahead.
pub(super) fn check_due(act: &Act, due: Option<Time>, fields: &mut Fields) {
    if due.is_some_and(|due| due <= act.now) {
        let (fa, en) = ("زمانی در آینده بدهید.", "Give a time that lies ahead.");
        fields.add(FieldError::new("due_at", "in_the_past", fa, en));
    }
}

/// An office that can own a problem.
pub(super) fn owner(act: &Act, code: &str) -> std::result::Result<OfficeId, FieldError> {
    let office = act.rules.offices.find("office", code)?;
    if office.signpost_only {
        return Err(FieldError::new(
            "office",
            "signpost_only",
            "این مرجع بیرون از سامانه است و کار نمی‌پذیرد؛ واحد دیگری نام ببرید.",
            "This body stands outside the service and takes no work; name another office.",
        ));
    }
    Ok(office.id)
}

/// A person who may run problems of that office.
pub(super) fn runner(
    connection: &mut DbConnection,
    act: &Act,
    office: OfficeId,
    username: &str,
    fields: &mut Fields,
) -> Result<Option<UserId>> {
    let person = users::staff_by_username(connection, username)?
        .filter(|staff| policy::assignment_for(&act.rules, staff, Verb::RunProblem, office).is_some());
    if person.is_none() {
        fields.add(FieldError::new(
            "user",
            "no_owner",
            "این کاربر نمی‌تواند مسئله‌های این واحد را پیش ببرد؛ رابط یا مدیر آن را نام ببرید.",
            "This user cannot run problems of this office; name its liaison or manager.",
        ));
    }
    Ok(person.map(|person| person.id))
}

/// The limit `problem` on the owner's calendar from now on.
pub(super) fn due_at(act: &Act, office: OfficeId, category: Option<&str>) -> Result<Time> {
    let level = act.rules.offices.get(office).map(|office| office.level.as_str());
    let span = act.rules.required_span("problem", None, category, level, false)?;
    Ok(deadlines::due(act.rules.calendar(office)?, act.now.timestamp(), span)?.into())
}
