//! How many in each box: of the same rows as the list, so that no count can be wrong.

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::desk::unled;
use super::{Desks, Tray, at_desk, end_of_today, open_appeals, with_demand, with_draft};
use crate::db::DbConnection;
use crate::db::connection::MultiBackend;
use crate::db::prepared::OneOf;
use crate::db::schema::referrals;
use crate::domain::actor::Act;
use crate::domain::cases::life::{HopRole, HopState};
use crate::domain::confidentiality::wanting::unextracted;
use crate::domain::views::followed;
use crate::domain::visibility;
use crate::error::Result;

pub(super) fn counts(
    connection: &mut DbConnection,
    act: &Act,
    desks: &Desks,
) -> Result<std::collections::BTreeMap<String, i64>> {
    let mut counts: std::collections::BTreeMap<String, i64> =
        Tray::ALL.iter().map(|name| (name.to_string(), 0)).collect();
    if !desks.referral.is_empty() {
        count_referrals(connection, act, desks, &mut counts)?;
    }
    if !desks.appeal.is_empty() {
        let open: i64 = open_appeals(desks).count().get_result(connection)?;
        counts.insert(Tray::Appeals.to_string(), open);
    }
    if !desks.triage.is_empty() {
        let waiting: i64 = at_desk(act, desks).select(count_star()).first(connection)?;
        counts.insert(Tray::Triage.to_string(), waiting);
    }
    for (tray, waiting) in followed::counts(connection, act)? {
        counts.insert(tray.to_string(), waiting);
    }
    if !desks.holding.is_empty() {
        let unled: i64 = unled(act, &desks.holding).select(count_star()).first(connection)?;
        *counts.entry(Tray::Interim.to_string()).or_default() += unled;
    }
    if !desks.extract.is_empty() {
        let waiting = unextracted(&desks.extract).filter(visibility::visible(act));
        counts.insert(Tray::Extract.to_string(), waiting.select(count_star()).first(connection)?);
    }
    Ok(counts)
}

/// Counts open referrals by sort in one pass over the index, then the ones that are late or due.
fn count_referrals(
    connection: &mut DbConnection,
    act: &Act,
    desks: &Desks,
    counts: &mut std::collections::BTreeMap<String, i64>,
) -> Result<()> {
    use referrals as r;
    // nothing is asked of a case as long as there is nothing to hide: the index alone is counted
    let hides = !desks.kept_from.is_empty();
    let mine = || {
        let open = r::table.filter(r::ended_at.is_null()).filter(r::office_id.one_of(desks.referral.clone()));
        let open = open.into_boxed::<MultiBackend>();
        if hides { open.filter(r::case_id.ne_all(desks.kept_from.clone())) } else { open }
    };
    let mut sorts = r::table
        .filter(r::ended_at.is_null())
        .filter(r::office_id.one_of(desks.referral.clone()))
        .group_by((r::role, r::state, r::is_paused))
        .select((r::role, r::state, r::is_paused, count_star()))
        .into_boxed::<MultiBackend>();
    if hides {
        sorts = sorts.filter(r::case_id.ne_all(desks.kept_from.clone()));
    }
    let sorts: Vec<(HopRole, HopState, bool, i64)> = sorts.load(connection)?;
    for (role, state, is_paused, count) in sorts {
        let name = match (role, state, is_paused) {
            (HopRole::Copy, HopState::Sent, _) => Tray::Copies,
            (HopRole::Copy | HopRole::Appeal, ..) => continue,
            (_, _, true) => Tray::Waiting,
            (_, HopState::Sent, _) => Tray::New,
            _ => Tray::InProgress,
        };
        *counts.entry(name.to_string()).or_default() += count;
    }
    let works = || mine().filter(r::role.ne(HopRole::Copy)).filter(r::role.ne(HopRole::Appeal));
    let running = || works().filter(r::is_paused.eq(false));
    let overdue = running().filter(r::due_at.lt(act.now)).count().get_result(connection)?;
    let today = running().filter(r::due_at.ge(act.now)).filter(r::due_at.lt(end_of_today(act)));
    let to_approve = works()
        .filter(r::office_id.one_of(desks.can_approve.clone()))
        .filter(referrals::id.eq_any(with_draft()));
    let interim: i64 = works().filter(r::id.eq_any(with_demand())).count().get_result(connection)?;
    counts.insert(Tray::Interim.to_string(), interim);
    counts.insert(Tray::Overdue.to_string(), overdue);
    counts.insert(Tray::DueToday.to_string(), today.count().get_result(connection)?);
    counts.insert(Tray::ToApprove.to_string(), to_approve.count().get_result(connection)?);
    Ok(())
}
