//! Parity: whether the same rules were applied alike to every province, office, kind and channel (requirement tag
//! S2.2iii).

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use serde::Serialize;

use crate::db::DbConnection;
use crate::db::schema::referrals;
use crate::db::types::{OfficeId, ReferralId, Time};
use crate::domain::actor::Act;
use crate::domain::policy;
use crate::domain::trials::{Past, Window, each};
use crate::domain::visibility;
use crate::error::{Error, FieldError, Result};
use crate::text_enum;

/// More cases than this are not compared at once.
const MOST: usize = 200_000;

text_enum! {
    /// What cases are grouped by.
    pub enum By { Province = "province", Office = "office", Kind = "kind", Channel = "channel" }
}

/// The comparison of groups.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Parity {
    pub by: By,
    pub from: Time,
    pub to: Time,
    pub items: Vec<Group>,
}

/// One group; everything but its code is null where it has fewer cases than may be told.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Group {
    /// Code of the province, office, kind or channel; `none` where a case has none.
    pub group: String,
    pub cases: Option<usize>,
    /// Middle length of the promise, in seconds from the receipt.
    pub limit_seconds: Option<i64>,
    /// Middle time to the answer, in seconds from the receipt.
    pub answer_seconds: Option<i64>,
    /// Share of the answered or overdue cases that were in time, 0 to 1.
    pub on_time: Option<f64>,
    /// Cases that ended with an outcome that needs a reason for its refusal.
    pub refusals: Option<usize>,
    /// Their share of the ended cases, 0 to 1.
    pub refusal_share: Option<f64>,
}

#[derive(Default)]
struct Tally {
    limits: Vec<i64>,
    answers: Vec<i64>,
    in_time: usize,
    late: usize,
    ended: usize,
    refusals: usize,
}

/// Compares the groups of the visible cases that were registered in a window.
///
/// # Errors
/// `from` where there are more cases than can be compared; `forbidden` for who reads no cases.
pub fn parity(connection: &mut DbConnection, act: &Act, by: By, window: Window) -> Result<Parity> {
    policy::allow_reading(act)?;
    let smallest = usize::try_from(act.rules.number("public_count_min")?).unwrap_or(usize::MAX);
    let mut groups: BTreeMap<String, Tally> = BTreeMap::new();
    let complete = each(connection, window, MOST, &|| visibility::visible(act), |connection, page| {
        let leads = if by == By::Office { leads(connection, &page)? } else { HashMap::new() };
        for case in page {
            let lead = case.lead_referral_id.and_then(|id| leads.get(&id)).copied();
            groups.entry(group(act, by, &case, lead)).or_default().take(act, &case);
        }
        Ok(())
    })?;
    if !complete {
        let (fa, en) = (
            format!("بیش از {MOST} پرونده؛ بازه کوتاه‌تری بخواهید."),
            format!("More than {MOST} cases; ask for a shorter time."),
        );
        return Err(Error::field(FieldError::new("from", "too_many", fa, en)));
    }
    let items = groups.into_iter().map(|(group, tally)| tally.group(group, smallest)).collect();
    Ok(Parity { by, from: window.from, to: window.to, items })
}

fn leads(connection: &mut DbConnection, page: &[Past]) -> Result<HashMap<ReferralId, OfficeId>> {
    let ids: Vec<ReferralId> = page.iter().filter_map(|case| case.lead_referral_id).collect();
    let rows: Vec<(ReferralId, OfficeId)> = referrals::table
        .filter(referrals::id.eq_any(ids))
        .select((referrals::id, referrals::office_id))
        .load(connection)?;
    Ok(rows.into_iter().collect())
}

fn group(act: &Act, by: By, case: &Past, lead: Option<OfficeId>) -> String {
    let none = || "none".to_owned();
    match by {
        By::Province => case.province.clone().unwrap_or_else(none),
        By::Office => lead.map_or_else(none, |office| act.rules.offices.code(office)),
        By::Kind => case.kind.clone(),
        By::Channel => case.channel.to_string(),
    }
}

impl Tally {
    fn take(&mut self, act: &Act, case: &Past) {
        let seconds = |until: Time| (until.as_microsecond() - case.received_at.as_microsecond()) / 1_000_000;
        let end = case.answered_at.or(case.closed_at);
        self.limits.push(seconds(case.due_at));
        self.answers.extend(end.map(seconds));
        match end {
            Some(end) if end <= case.due_at => self.in_time += 1,
            Some(_) => self.late += 1,
            None => self.late += usize::from(case.due_at < act.now),
        }
        if let Some(outcome) = &case.outcome {
            self.ended += 1;
            let refuses = act.rules.outcomes.get(outcome).is_some_and(|outcome| outcome.needs_reason);
            self.refusals += usize::from(refuses);
        }
    }

    fn group(mut self, group: String, smallest: usize) -> Group {
        let cases = self.limits.len();
        if cases < smallest {
            let (limit_seconds, answer_seconds, on_time) = (None, None, None);
            let (refusals, refusal_share) = (None, None);
            return Group {
                group,
                cases: None,
                limit_seconds,
                answer_seconds,
                on_time,
                refusals,
                refusal_share,
            };
        }
        Group {
            group,
            cases: Some(cases),
            limit_seconds: median(&mut self.limits),
            answer_seconds: median(&mut self.answers),
            on_time: share(self.in_time, self.in_time + self.late),
            refusals: Some(self.refusals),
            refusal_share: share(self.refusals, self.ended),
        }
    }
}

/// The middle value; the lower of two.
fn median(values: &mut [i64]) -> Option<i64> {
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) / 2).copied()
}

fn share(part: usize, whole: usize) -> Option<f64> {
    let exact = |count: usize| u32::try_from(count).ok().map(f64::from);
    Some(exact(part)? / exact(whole).filter(|whole| *whole > 0.0)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_and_a_share_of_nothing_are_not_told() {
        assert_eq!((median(&mut []), share(0, 0)), (None, None));
        assert_eq!((median(&mut [9, 1, 5]), median(&mut [4, 2])), (Some(5), Some(2)));
        assert_eq!(share(1, 4), Some(0.25));
    }
}
