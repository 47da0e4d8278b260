//! Which limit holds: the most specific row for kind, category, level and urgency.

use crate::domain::deadlines::Span;

impl super::Rulebook {
    /// The span for `subject` (such as `answer`, `triage`, `outer`), narrowed by kind, category and level.
    pub fn span(
        &self,
        subject: &str,
        kind: Option<&str>,
        category: Option<&str>,
        level: Option<&str>,
        is_urgent: bool,
    ) -> Option<Span> {
        let fits = |row: &&super::Limit| {
            row.subject == subject
                && row.span.is_some()
                && narrows(row.kind.as_deref(), kind)
                && narrows(row.category.as_deref(), category)
                && narrows(row.level.as_deref(), level)
                && (!row.urgent || is_urgent)
        };
        self.limits
            .values()
            .filter(fits)
            .max_by_key(|row| {
                [row.urgent, row.category.is_some(), row.level.is_some(), row.kind.is_some()]
                    .into_iter()
                    .fold(0, |weight, narrow| weight * 2 + i32::from(narrow))
            })
            .and_then(|row| row.span.as_deref()?.parse().ok())
    }

    /// The number for `subject` (such as `transfers_max`), or `otherwise` where no row gives one.
    pub fn number(&self, subject: &str, otherwise: i64) -> i64 {
        self.limits.values().find(|row| row.subject == subject).and_then(|row| row.value).unwrap_or(otherwise)
    }
}

fn narrows(rule: Option<&str>, case: Option<&str>) -> bool {
    rule.is_none() || rule == case
}
