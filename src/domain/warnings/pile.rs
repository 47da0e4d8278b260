//! What piles up: offices and persons with many late referrals in one Jalali month.

use diesel::prelude::*;
use jiff::tz::TimeZone;

use super::{Late, draft};
use crate::db::DbConnection;
use crate::db::schema::{deadline_points as points, warnings};
use crate::db::types::{CaseId, OfficeId, ReferralId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::calendar::{JalaliDate, TEHRAN};
use crate::error::{Error, Result};

/// Offices and persons with so many late referrals in this Jalali month that a superior must know, and of whom no
/// warning was drafted in it; with the key of that warning.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Piled {
    pub key: String,
    pub office: OfficeId,
    pub user: Option<UserId>,
}

/// Finds them.
pub fn piled(connection: &mut DbConnection, act: &Act) -> Result<Vec<Piled>> {
    let (month, since) = month(act)?;
    let least = act.rules.number("warning_overdue_min")?;
    let late = || points::table.filter(points::percent.eq(100).and(points::at.ge(since)));
    let open = || late().filter(points::lifted_at.is_null().and(points::referral_id.is_not_null()));
    let offices: Vec<OfficeId> = open()
        .group_by(points::office_id)
        .having(diesel::dsl::count_star().ge(least))
        .select(points::office_id)
        .load(connection)?;
    let people: Vec<(OfficeId, Option<UserId>)> = open()
        .filter(points::user_id.is_not_null())
        .group_by((points::office_id, points::user_id))
        .having(diesel::dsl::count_star().ge(least))
        .select((points::office_id, points::user_id))
        .load(connection)?;
    let of_offices = offices.into_iter().map(|office| (office, None));
    let all: Vec<Piled> = of_offices
        .chain(people)
        .map(|(office, user)| {
            let who = user.map_or(String::new(), |user| format!(":{user}"));
            Piled { key: format!("overdue:{month}:{office}{who}"), office, user }
        })
        .collect();
    let keys: Vec<&str> = all.iter().map(|piled| piled.key.as_str()).collect();
    let known: Vec<String> =
        warnings::table.filter(warnings::key.eq_any(keys)).select(warnings::key).load(connection)?;
    Ok(all.into_iter().filter(|piled| !known.contains(&piled.key)).collect())
}

/// The Jalali month of now, and when it began.
fn month(act: &Act) -> Result<(String, Time)> {
    let zone = TimeZone::get(TEHRAN).map_err(Error::internal)?;
    let today = JalaliDate::of(act.now.timestamp(), &zone).map_err(Error::internal)?;
    let first = JalaliDate::new(today.year(), today.month(), 1).map_err(Error::internal)?;
    let began = first.to_civil().to_zoned(zone).map_err(Error::internal)?;
    Ok((format!("{}-{:02}", today.year(), today.month()), Time::from(began.timestamp())))
}

/// Drafts the warning of one of them; false where it was drafted already.
pub fn of_pile(connection: &mut DbConnection, act: &Act, piled: &Piled) -> Result<bool> {
    let (_, since) = month(act)?;
    let mut query = points::table
        .filter(points::percent.eq(100).and(points::at.ge(since)).and(points::office_id.eq(piled.office)))
        .filter(points::lifted_at.is_null())
        .order(points::id)
        .select((points::case_id, points::referral_id))
        .into_boxed();
    if let Some(user) = piled.user {
        query = query.filter(points::user_id.eq(user));
    }
    let rows: Vec<(CaseId, Option<ReferralId>)> = query.load(connection)?;
    let late: Vec<Late> = rows
        .into_iter()
        .filter_map(|(case, referral)| Some(Late { case, referral: referral?, office: piled.office }))
        .collect();
    let cause = if piled.user.is_some() { "overdue_person" } else { "overdue_office" };
    draft(connection, act, &piled.key, cause, piled.office, piled.user, &late)
}
