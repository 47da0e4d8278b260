//! The same as SQL: a condition on `cases`, made from the ties of one person.
//!
//! A case about nobody is told by two columns of its own row, so that ordinary lists pay nothing more.

use std::collections::BTreeSet;

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::{Tie, of_person};
use crate::db::DbConnection;
use crate::db::connection::MultiBackend;
use crate::db::prepared::{Fixed, OneOf};
use crate::db::schema::{cases, postings, referrals};
use crate::db::types::{CaseId, OfficeId};
use crate::domain::actor::{Act, Actor, Role, Staff};
use crate::domain::rulebook::Rulebook;
use crate::domain::visibility::Predicate;
use crate::error::Result;

/// A literal, so that both databases use the small index of cases about somebody.
pub const ABOUT_SOMEBODY: Fixed =
    Fixed("(cases.about_office_id IS NOT NULL OR cases.about_user_id IS NOT NULL)");

/// Cases in which this person has no conflict of interest.
pub fn is_free(rules: &Rulebook, person: &Staff) -> Predicate {
    let about_nobody = cases::about_office_id.is_null().and(cases::about_user_id.is_null());
    Box::new(about_nobody.or(not(is_barred(rules, person))))
}

/// Cases in which this person has one.
fn is_barred(rules: &Rulebook, person: &Staff) -> Predicate {
    let themselves: Predicate = Box::new(
        cases::about_user_id.is_not_null().and(cases::about_user_id.eq(person.id).assume_not_null()),
    );
    let ties = joined(of_person(&rules.offices, person));
    ties.into_iter().fold(themselves, |all, tie| Box::new(all.or(holds(rules, tie))))
}

/// Ties of today count alike: one condition for all of them.
fn joined(ties: Vec<Tie>) -> Vec<(BTreeSet<OfficeId>, BTreeSet<OfficeId>, Tie)> {
    let mut all: Vec<(BTreeSet<OfficeId>, BTreeSet<OfficeId>, Tie)> = Vec::new();
    for tie in ties {
        let when = |other: &Tie| (other.from, other.to, other.conduct_only);
        match all.iter_mut().find(|(_, _, other)| when(other) == when(&tie)) {
            Some((lines, own, _)) => {
                lines.extend(&tie.line);
                own.extend(tie.own);
            }
            None => {
                all.push((tie.line.iter().copied().collect(), tie.own.into_iter().collect(), tie));
            }
        }
    }
    all
}

fn holds(rules: &Rulebook, (line, own, tie): (BTreeSet<OfficeId>, BTreeSet<OfficeId>, Tie)) -> Predicate {
    use postings as p;
    let line: Vec<OfficeId> = line.into_iter().collect();
    let about_office =
        cases::about_office_id.is_not_null().and(cases::about_office_id.one_of(line.iter().copied()));
    let heads: Vec<Role> = Role::ALL.iter().copied().filter(|role| role.is_head()).collect();
    // where the person complained of was posted at filing or is today
    let theirs = || {
        p::table.filter(p::user_id.nullable().eq(cases::about_user_id)).filter(
            p::to_at.is_null().or(p::from_at
                .le(cases::registered_at)
                .and(p::to_at.ge(cases::registered_at.nullable()).assume_not_null())),
        )
    };
    let headed = exists(theirs().filter(p::role.one_of(heads)).filter(p::office_id.one_of(line)));
    let colleague = exists(theirs().filter(p::office_id.one_of(own)));
    let bound = about_office.or(headed).or(conduct(rules).and(colleague));
    let in_time: Predicate = match (tie.from, tie.to) {
        (Some(from), Some(to)) => Box::new(cases::registered_at.between(from, to)),
        (None, Some(to)) => Box::new(cases::registered_at.le(to)),
        (Some(from), None) => Box::new(cases::registered_at.ge(from)),
        (None, None) => return Box::new(bound),
    };
    match tie.conduct_only {
        true => Box::new(in_time.and(conduct(rules)).and(bound)),
        false => Box::new(in_time.and(bound)),
    }
}

/// About conduct, or nobody has said yet what it is about.
fn conduct(rules: &Rulebook) -> Predicate {
    let codes: Vec<String> =
        rules.categories.values().filter(|leaf| leaf.routed_above).map(|leaf| leaf.code.clone()).collect();
    Box::new(cases::category.is_null().or(cases::category.one_of(codes)))
}

/// Open cases that are at work in these offices, but in which the actor has a conflict of interest: an inbox
/// neither shows nor counts them.
pub fn kept_from(connection: &mut DbConnection, act: &Act, desks: &[OfficeId]) -> Result<Vec<CaseId>> {
    let Actor::Staff(person) = &act.actor else { return Ok(Vec::new()) };
    let at_work = referrals::table
        .filter(referrals::case_id.eq(cases::id))
        .filter(referrals::ended_at.is_null())
        .filter(referrals::office_id.one_of(desks.to_vec()));
    Ok(cases::table
        .filter(ABOUT_SOMEBODY)
        .filter(cases::closed_at.is_null())
        .filter(is_barred(&act.rules, person))
        .filter(exists(at_work))
        .select(cases::id)
        .load(connection)?)
}

/// Ids of cases.
pub type Barred = cases::BoxedQuery<'static, MultiBackend, BigInt>;

/// The cases of which the actor must know nothing, as a subquery: what hangs on one of them is neither shown to the
/// actor nor counted.
pub fn barred(act: &Act) -> Barred {
    let all = cases::table.select(cases::id).into_boxed();
    match &act.actor {
        Actor::Staff(person) => all.filter(ABOUT_SOMEBODY).filter(is_barred(&act.rules, person)),
        Actor::System | Actor::Citizen { .. } | Actor::Gateway { .. } | Actor::Public => {
            all.filter(cases::id.is_null())
        }
    }
}

/// Which of these cases the actor must know nothing of.
pub fn barred_among(connection: &mut DbConnection, act: &Act, among: &[CaseId]) -> Result<BTreeSet<CaseId>> {
    let Actor::Staff(person) = &act.actor else { return Ok(BTreeSet::new()) };
    let barred: Vec<CaseId> = cases::table
        .filter(cases::id.one_of(among.to_vec()))
        .filter(is_barred(&act.rules, person))
        .select(cases::id)
        .load(connection)?;
    Ok(barred.into_iter().collect())
}
