//! Which limit holds: the most specific row for kind, category, level and urgency.
//!
//! A number that the service reckons with stands in the register and nowhere else (requirement tag S2.1): where
//! no row gives it, the work stops with a fault that names the row, and the checks of the files and of changes
//! keep it from coming to that.

use super::{Limit, Rulebook};
use crate::domain::deadlines::{Point, Span};
use crate::error::{Error, Result};

/// Subjects whose span must stand in a row that nothing narrows.
pub const NEEDED_SPANS: [&str; 20] = [
    "triage",
    "trip",
    "outer",
    "question_wait",
    "reply_window",
    "objection_window",
    "appeal",
    "additional_answer",
    "late_referral",
    "problem",
    "recommendation",
    "consent_wait",
    "interim_wait",
    "interim_expected",
    "interim_expected_max",
    "progress_notice",
    "warning_wait",
    "erasure_decision",
    "correction_decision",
    "ring_back_wait",
];
/// Subjects whose number must stand in a row.
pub const NEEDED_NUMBERS: [&str; 39] = [
    "rating_poor_max",
    "transfers_max",
    "helpers_max",
    "extension_max_percent",
    "inner_share",
    "public_count_min",
    "representatives_max",
    "parts_max",
    "family_max",
    "signatories_max",
    "repeat_min",
    "repeat_likeness",
    "repeat_likeness_other",
    "repeat_lookback",
    "same_day_max",
    "contact_plan_max",
    "mass_case_min",
    "mass_households_min",
    "identity_release_hours",
    "identity_release_hours_max",
    "warning_overdue_min",
    "callback_tries",
    "sample_max",
    "export_days",
    "export_code_hours",
    "intake_repeat_minutes",
    "intake_thread_hours",
    "mail_address_hourly",
    "mail_case_daily",
    "sms_identity_hours",
    "sms_identity_tries",
    "sms_confirm_hours",
    "sms_parts_minutes",
    "sms_replies_hour_max",
    "web_code_minutes",
    "web_code_tries",
    "ring_back_tries",
    "call_log_days",
    "attachments_max",
];
/// Numbers that the life cycle is built on: the register shows them, and to change one is to change the program.
pub const BUILT_IN: [(&str, i64); 7] = [
    ("reminder_first", Point::Half.percent() as i64),
    ("reminder_second", Point::Reminder.percent() as i64),
    ("dunning", Point::Dunning.percent() as i64),
    ("superior", Point::Superior.percent() as i64),
    ("centre", Point::Centre.percent() as i64),
    ("extension_max_count", 1),
    ("question_max_per_level", 1),
];

/// What a limit is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Narrowing<'a> {
    pub kind: Option<&'a str>,
    pub category: Option<&'a str>,
    pub level: Option<&'a str>,
    pub is_urgent: bool,
}

impl Limit {
    /// Whether nothing narrows the row: it holds for every case.
    pub fn is_general(&self) -> bool {
        self.kind.is_none() && self.category.is_none() && self.level.is_none() && !self.urgent
    }

    fn fits(&self, asked: Narrowing<'_>) -> bool {
        narrows(self.kind.as_deref(), asked.kind)
            && narrows(self.category.as_deref(), asked.category)
            && narrows(self.level.as_deref(), asked.level)
            && (!self.urgent || asked.is_urgent)
    }

    fn weight(&self) -> i32 {
        [self.urgent, self.category.is_some(), self.level.is_some(), self.kind.is_some()]
            .into_iter()
            .fold(0, |weight, narrow| weight * 2 + i32::from(narrow))
    }
}

impl Rulebook {
    /// The row that gives the span for `subject` (such as `answer`, `triage`, `outer`): the most specific one.
    pub fn limit(&self, subject: &str, asked: Narrowing<'_>) -> Option<&Limit> {
        self.limits
            .values()
            .filter(|row| row.subject == subject && row.span.is_some() && row.fits(asked))
            .max_by_key(|row| row.weight())
    }

    /// The subject by which the answer to a matter is promised: what was handed in on a provincial trip has the promise of
    /// the trip, unless it is urgent or a row speaks of its very category.
    pub fn answer_subject(&self, is_trip: bool, asked: Narrowing<'_>) -> &'static str {
        let own = self.limit("answer", asked);
        let is_narrow = own.is_some_and(|row| row.urgent || row.category.is_some());
        if is_trip && !is_narrow { "trip" } else { "answer" }
    }

    /// The span for `subject`, narrowed by kind, category and level.
    pub fn span(
        &self,
        subject: &str,
        kind: Option<&str>,
        category: Option<&str>,
        level: Option<&str>,
        is_urgent: bool,
    ) -> Option<Span> {
        let row = self.limit(subject, Narrowing { kind, category, level, is_urgent });
        row.and_then(|row| row.span.as_deref()?.parse().ok())
    }

    /// The same for a span that the service cannot do without.
    ///
    /// # Errors
    /// An internal fault that names the subject which the register lacks.
    pub fn required_span(
        &self,
        subject: &str,
        kind: Option<&str>,
        category: Option<&str>,
        level: Option<&str>,
        is_urgent: bool,
    ) -> Result<Span> {
        self.span(subject, kind, category, level, is_urgent).ok_or_else(|| missing(subject))
    }

    /// The number for `subject` (such as `transfers_max`).
    ///
    /// # Errors
    /// An internal fault that names the subject which the register lacks.
    pub fn number(&self, subject: &str) -> Result<i64> {
        let row = self.limits.values().find(|row| row.subject == subject);
        row.and_then(|row| row.value).ok_or_else(|| missing(subject))
    }
}

fn missing(subject: &str) -> Error {
    Error::internal(format!("the register has no limit for '{subject}'; add one, or run: samad seed"))
}

fn narrows(rule: Option<&str>, case: Option<&str>) -> bool {
    rule.is_none() || rule == case
}
