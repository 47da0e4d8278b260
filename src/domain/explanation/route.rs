//! Why a case went where it went: the rules in their order, and the first condition that each did not meet.

use serde::Serialize;

use super::{Event, Walk};
use crate::domain::cases::life::{Fact, HopRole, NewHop};
use crate::domain::rulebook::{Miss, Rule};
use crate::error::Result;

/// A routing rule and whether it chose.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Weighed {
    pub rule: String,
    pub order: i64,
    /// Whether this one chose the office.
    pub chose: bool,
    /// Why not: the condition that the case does not meet, with what the rule asks for.
    pub fa: String,
    pub en: String,
}

impl Walk<'_> {
    /// The route of a first referral: by rule, or by a person who named the office.
    pub(super) fn route(
        &mut self,
        event: &Event,
        events: &[Event],
        hop: &NewHop,
        rule: Option<&str>,
    ) -> Result<()> {
        let office = self.act.rules.offices.get(hop.office);
        let (fa, en) = office.map_or_else(
            || (hop.office.to_string(), hop.office.to_string()),
            |office| (office.fa.clone(), office.en.clone()),
        );
        let Some(code) = rule else {
            let by = event.office.map_or_else(String::new, |id| self.act.rules.offices.code(id));
            let words = (
                format!("ارجاع به {fa}: یک نفر در واحد {by} آن را نام برد"),
                format!("Referred to {en}: a person of {by} named it"),
            );
            self.push("route", event.at, words, None);
            return Ok(());
        };
        let entry = self.entry("rule", code, event.at)?;
        let words = (format!("ارجاع به {fa} به حکم قاعده"), format!("Referred to {en} by rule"));
        self.push("route", event.at, words, entry);
        let (kind, category) = classified(event, events, self.row.category.as_deref().unwrap_or_default());
        let kind = kind.unwrap_or_else(|| self.row.kind.clone());
        let rules = self.rules(event.at)?;
        let (province, county) = (self.row.province.as_deref(), self.row.county.as_deref());
        let route = rules.route(&kind, &category, province, county);
        let again = route.map(|route| (route.rule.code == code, route.office.id == hop.office));
        let group = rules.categories.get(&category).map(|leaf| leaf.group.clone()).unwrap_or_default();
        let ordered =
            rules.rules.iter().filter(|rule| !rule.default).chain(rules.rules.iter().filter(|r| r.default));
        let mut weighed = Vec::new();
        for rule in ordered {
            let miss = rule.misses(&kind, &category, &group, province);
            weighed.push(weigh(rule, miss, rule.code == code));
            if rule.code == code {
                break;
            }
        }
        if let Some(last) = self.found.last_mut() {
            last.weighed = weighed;
            last.agrees = again.map(|(rule, office)| rule && office);
        }
        Ok(())
    }
}

/// Kind and category as they were classified before this event.
fn classified(event: &Event, events: &[Event], otherwise: &str) -> (Option<String>, String) {
    let before = events.iter().take_while(|one| !std::ptr::eq(*one, event));
    let last = before.filter_map(|one| match &one.fact {
        Fact::CaseClassified { kind, category, .. } => Some((Some(kind.clone()), category.clone())),
        _ => None,
    });
    last.last().unwrap_or_else(|| (None, otherwise.to_owned()))
}

fn weigh(rule: &Rule, miss: Option<Miss>, chose: bool) -> Weighed {
    let wanted = |value: &Option<String>| value.clone().unwrap_or_default();
    let (fa, en) = match miss {
        _ if chose => ("همه شرط‌ها برقرار بود".to_owned(), "All its conditions held".to_owned()),
        None => ("برقرار بود".to_owned(), "It held".to_owned()),
        Some(Miss::Category) => (
            format!("موضوع دیگری می‌خواهد: {}", wanted(&rule.category)),
            format!("It asks for the category {}", wanted(&rule.category)),
        ),
        Some(Miss::Group) => (
            format!("گروه دیگری می‌خواهد: {}", wanted(&rule.group)),
            format!("It asks for the group {}", wanted(&rule.group)),
        ),
        Some(Miss::Kind) => (
            format!("نوع دیگری می‌خواهد: {}", wanted(&rule.kind)),
            format!("It asks for the kind {}", wanted(&rule.kind)),
        ),
        Some(Miss::Province) => (
            format!("استان دیگری می‌خواهد: {}", wanted(&rule.province)),
            format!("It asks for the province {}", wanted(&rule.province)),
        ),
    };
    Weighed { rule: rule.code.clone(), order: rule.order, chose, fa, en }
}

/// The lead hop by which a case first goes out.
pub(super) fn root_lead(hops: &[NewHop]) -> Option<&NewHop> {
    hops.iter().find(|hop| hop.role == HopRole::Lead && hop.parent.is_none())
}
