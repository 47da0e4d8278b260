//! The report on quality: how sure we are that what was closed was closed rightly, why cases come about, and what
//! became of the recommendations. It counts; nothing of a person is in it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::advice_view::own_tree;
use super::report_rows::{self as rows, Advice, Call, Found};
use super::{AdviceState, CallState, Claim, Finding, Mean, Share};
use crate::db::DbConnection;
use crate::db::types::{OfficeId, Time};
use crate::domain::actor::Act;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Error, FieldError, Result};

/// The report. Calls are those of the samples drawn in the time, causes those found in it, recommendations those
/// made in it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct QualityReport {
    pub from: Time,
    /// Not included.
    pub to: Time,
    pub samples: i64,
    /// Calls to be made, without those that an earlier sample covers.
    pub sample_size: i64,
    pub open: i64,
    /// Out of the calls that are settled.
    pub reached: Share,
    pub not_reached: i64,
    pub declined: i64,
    pub score: Mean,
    /// What the citizens say, out of those who were reached.
    pub claims: BTreeMap<String, Share>,
    /// Confirmed false closures out of the citizens who were reached.
    pub false_closures: Share,
    /// Suspected and not judged yet.
    pub suspected: i64,
    pub offices: Vec<OfficeQuality>,
    pub causes: Vec<CauseCount>,
    pub causes_by_office: Vec<CauseCount>,
    pub causes_by_category: Vec<CauseCount>,
    pub recommendations: AdviceCounts,
}

/// The quality of one office's closings.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct OfficeQuality {
    pub office: String,
    pub reached: i64,
    pub score: Mean,
    pub false_closures: Share,
    /// Appeals against it that were upheld, wholly or partly.
    pub appeals_upheld: i64,
    /// Objections after which it changed its answer in the citizen's favour.
    pub objections_upheld: i64,
}

/// How often a cause was found.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CauseCount {
    pub cause: String,
    pub name_fa: String,
    pub name_en: String,
    /// Whether the body could have prevented it.
    pub fault: bool,
    pub office: Option<String>,
    pub category: Option<String>,
    pub count: i64,
}

/// Where the recommendations stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct AdviceCounts {
    /// Sent or accepted, late ones too.
    pub open: i64,
    pub late: i64,
    /// Done, and not judged yet.
    pub done: i64,
    pub verified: i64,
    /// Refused, the office above has not decided.
    pub refused: i64,
    /// Refused, and the office above agreed.
    pub dropped: i64,
}

/// The report over the offices of the reader's tree.
///
/// # Errors
/// `Forbidden`, or a `to` that does not lie after `from`.
pub fn report(connection: &mut DbConnection, act: &Act, from: Time, to: Time) -> Result<QualityReport> {
    policy::allow_anywhere(act, Verb::ReadQuality)?;
    if from >= to {
        let (fa, en) = ("پایان بازه پس از آغاز آن باشد.", "The end of the time lies after its beginning.");
        return Err(Error::field(FieldError::new("to", "before_from", fa, en)));
    }
    let span = (from, to);
    let tree: Option<BTreeSet<OfficeId>> =
        own_tree(act, Verb::ReadQuality).map(|offices| offices.into_iter().collect());
    let is_mine = |office: &OfficeId| tree.as_ref().is_none_or(|tree| tree.contains(office));
    let calls: Vec<Call> =
        rows::calls(connection, act, span)?.into_iter().filter(|row| is_mine(&row.0)).collect();
    let found: Vec<Found> =
        rows::causes(connection, act, span)?.into_iter().filter(|row| is_mine(&row.1)).collect();
    let advice: Vec<Advice> =
        rows::advice(connection, act, span)?.into_iter().filter(|row| is_mine(&row.0)).collect();
    let mut appeals = rows::appeals_upheld(connection, act, span)?;
    let mut objections = rows::objections_upheld(connection, act, span)?;
    appeals.retain(|office, _| is_mine(office));
    objections.retain(|office, _| is_mine(office));
    let reached = count(&calls, |row| row.1 == CallState::Reached);
    let open = count(&calls, |row| row.1 == CallState::Open);
    let size = i64::try_from(calls.len()).unwrap_or(i64::MAX);
    let claim =
        |claim: &Claim| (claim.to_string(), Share::new(count(&calls, |row| row.2 == Some(*claim)), reached));
    Ok(QualityReport {
        from,
        to,
        samples: rows::sample_count(connection, act, span)?,
        sample_size: size,
        open,
        reached: Share::new(reached, size - open),
        not_reached: count(&calls, |row| row.1 == CallState::NotReached),
        declined: count(&calls, |row| row.1 == CallState::Declined),
        score: mean(&calls),
        claims: Claim::ALL.iter().map(claim).collect(),
        false_closures: false_closures(&calls),
        suspected: count(&calls, |row| row.4 == Some(Finding::Suspected)),
        offices: by_office(act, &calls, &appeals, &objections),
        causes: causes(act, &found, |_| (None, None)),
        causes_by_office: causes(act, &found, |row| (Some(act.rules.offices.code(row.1)), None)),
        causes_by_category: causes(act, &found, |row| (None, row.2.clone())),
        recommendations: advice_counts(act, &advice),
    })
}

fn count(calls: &[Call], is_one: impl Fn(&Call) -> bool) -> i64 {
    i64::try_from(calls.iter().filter(|row| is_one(row)).count()).unwrap_or(i64::MAX)
}

fn mean(calls: &[Call]) -> Mean {
    Mean::of(&calls.iter().filter_map(|row| row.3).collect::<Vec<_>>())
}

fn false_closures(calls: &[Call]) -> Share {
    let reached = count(calls, |row| row.1 == CallState::Reached);
    Share::new(count(calls, |row| row.4 == Some(Finding::Confirmed)), reached)
}

fn by_office(
    act: &Act,
    calls: &[Call],
    appeals: &BTreeMap<OfficeId, i64>,
    objections: &BTreeMap<OfficeId, i64>,
) -> Vec<OfficeQuality> {
    let mut offices: BTreeMap<OfficeId, Vec<Call>> = BTreeMap::new();
    calls.iter().for_each(|row| offices.entry(row.0).or_default().push(*row));
    appeals.keys().chain(objections.keys()).for_each(|office| {
        offices.entry(*office).or_default();
    });
    let one = |(office, calls): (OfficeId, Vec<Call>)| OfficeQuality {
        office: act.rules.offices.code(office),
        reached: count(&calls, |row| row.1 == CallState::Reached),
        score: mean(&calls),
        false_closures: false_closures(&calls),
        appeals_upheld: appeals.get(&office).copied().unwrap_or(0),
        objections_upheld: objections.get(&office).copied().unwrap_or(0),
    };
    offices.into_iter().map(one).collect()
}

/// The counts by cause and what `by` names besides, the most frequent first.
fn causes(
    act: &Act,
    found: &[Found],
    by: impl Fn(&Found) -> (Option<String>, Option<String>),
) -> Vec<CauseCount> {
    let mut counts: BTreeMap<(String, Option<String>, Option<String>), i64> = BTreeMap::new();
    for row in found {
        let (office, category) = by(row);
        *counts.entry((row.0.clone(), office, category)).or_default() += row.3;
    }
    let mut rows: Vec<CauseCount> = counts
        .into_iter()
        .map(|((cause, office, category), count)| {
            let row = act.rules.causes.get(&cause);
            CauseCount {
                name_fa: row.map_or_else(|| cause.clone(), |row| row.fa.clone()),
                name_en: row.map_or_else(|| cause.clone(), |row| row.en.clone()),
                fault: row.is_some_and(|row| row.fault),
                cause,
                office,
                category,
                count,
            }
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    rows
}

fn advice_counts(act: &Act, rows: &[Advice]) -> AdviceCounts {
    let mut counts = AdviceCounts::default();
    for (_, state, due, judged) in rows {
        match state {
            AdviceState::Draft => {}
            AdviceState::Sent | AdviceState::Accepted => {
                counts.open += 1;
                counts.late += i64::from(*due < act.now);
            }
            AdviceState::Done => counts.done += 1,
            AdviceState::Verified => counts.verified += 1,
            AdviceState::Refused if judged.is_some() => counts.dropped += 1,
            AdviceState::Refused => counts.refused += 1,
        }
    }
    counts
}
