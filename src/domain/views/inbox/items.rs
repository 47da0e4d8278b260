//! A row of the inbox as its reader sees it: the box, why it is there, and how urgent it is.

use super::desk::demanded;
use super::{Desks, InboxItem, Item, Tray, end_of_today};
use crate::db::DbConnection;
use crate::db::types::{CaseId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::CaseRow;
use crate::domain::cases::life::{HopRole, HopState, Status};
use crate::domain::confidentiality::wanting::wanting;
use crate::domain::referrals::ReferralRow;
use crate::domain::views::case::{CaseView, cases as case_views};
use crate::domain::views::referral::several as referral_views;
use crate::error::Result;

pub(super) fn view(
    connection: &mut DbConnection,
    act: &Act,
    desks: &Desks,
    items: Vec<Item>,
) -> Result<Vec<InboxItem>> {
    let rows: Vec<CaseRow> = items.iter().map(|(_, _, row, _)| row.clone()).collect();
    let hops: Vec<(ReferralRow, bool)> =
        items.iter().filter_map(|(_, _, row, hop)| Some((hop.clone()?, row.is_sealed))).collect();
    let cases = case_views(connection, act, &rows)?;
    let demands = demanded(connection, &items)?;
    let sealed = items.iter().filter(|(_, _, row, hop)| row.is_sealed && hop.is_none());
    let sealed: Vec<CaseId> = sealed.filter(|_| !desks.extract.is_empty()).map(|item| item.2.id).collect();
    let wanted = wanting(connection, &sealed)?;
    let mut referrals = referral_views(connection, act, &hops)?.into_iter();
    let item = |((_, _, row, hop), case): (Item, CaseView)| {
        let leads = hop.as_ref().is_none_or(|hop| row.lead_referral_id == Some(hop.id));
        let demand = demands.get(&row.id).filter(|_| leads).cloned();
        let wanted = wanted.get(&row.id).filter(|_| hop.is_none());
        let cause = demand.as_ref().map(|(_, cause)| cause.clone());
        let reasons = cause.into_iter().chain(wanted.map(|wanted| wanted.to_string()));
        let (started, due_at) = match &hop {
            Some(hop) => (Some(hop.started_at), hop.due_at),
            None if waits_at_desk(&row) => (row.triage_started_at, row.triage_due_at),
            None => (None, Some(row.due_at)),
        };
        InboxItem {
            r#box: tray(&row, hop.as_ref()).to_string(),
            due_at,
            interim_due_at: demand.as_ref().map(|(due, _)| *due),
            reasons: reasons.collect(),
            urgency: urgency(act, started, due_at).to_owned(),
            case: Some(case),
            referral: hop.and_then(|_| referrals.next()),
            problem: None,
            recommendation: None,
        }
    };
    Ok(items.into_iter().zip(cases).map(item).collect())
}

fn tray(row: &CaseRow, hop: Option<&ReferralRow>) -> Tray {
    match hop {
        None if waits_at_desk(row) => Tray::Triage,
        None if matches!(row.status, Status::Registered | Status::Classified) => Tray::Interim,
        None => Tray::Extract,
        Some(hop) if hop.role == HopRole::Copy => Tray::Copies,
        Some(hop) if hop.role == HopRole::Appeal => Tray::Appeals,
        Some(_) if row.status == Status::AwaitingCitizen => Tray::Waiting,
        Some(hop) if hop.state == HopState::Sent => Tray::New,
        Some(_) => Tray::InProgress,
    }
}

/// Whether it is at a desk that classifies and refers.
fn waits_at_desk(row: &CaseRow) -> bool {
    matches!(row.status, Status::Registered | Status::Classified) && row.triage_due_at.is_some()
}

pub(in crate::domain::views) fn urgency(act: &Act, started: Option<Time>, due: Option<Time>) -> &'static str {
    let Some(due) = due else { return "on_time" };
    let span = started.map_or(0, |started| due.as_microsecond() - started.as_microsecond());
    match due {
        due if due < act.now => "overdue",
        due if due < end_of_today(act) => "due_today",
        due if due.as_microsecond() - act.now.as_microsecond() < span / 5 => "soon",
        _ => "on_time",
    }
}
