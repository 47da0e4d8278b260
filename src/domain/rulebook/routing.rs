//! Where a case goes by rule: the first rule that fits, locality first (requirement tag S2.2iii: the same
//! inputs give the same route).

use super::{Office, Rule, Rulebook};

/// A route and the rule that chose it.
#[derive(Debug, Clone)]
pub struct Route<'a> {
    /// Where to.
    pub office: &'a Office,
    /// Why.
    pub rule: &'a Rule,
}

/// The first condition of a rule that a case does not meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Miss {
    Category,
    Group,
    Kind,
    Province,
}

impl Rule {
    /// Which condition of the rule the case does not meet; none where the rule fits.
    pub fn misses(&self, kind: &str, category: &str, group: &str, province: Option<&str>) -> Option<Miss> {
        let asks = |wanted: &Option<String>, given: Option<&str>| {
            wanted.as_deref().is_some_and(|wanted| Some(wanted) != given)
        };
        [
            (Miss::Category, asks(&self.category, Some(category))),
            (Miss::Group, asks(&self.group, Some(group))),
            (Miss::Kind, asks(&self.kind, Some(kind))),
            (Miss::Province, asks(&self.province, province)),
        ]
        .into_iter()
        .find_map(|(miss, is_missed)| is_missed.then_some(miss))
    }
}

impl Rulebook {
    /// The route for a classified case; none when its target office does not exist.
    pub fn route(
        &self,
        kind: &str,
        category: &str,
        province: Option<&str>,
        county: Option<&str>,
    ) -> Option<Route<'_>> {
        let leaf = self.categories.get(category)?;
        let fits = |rule: &&Rule| rule.misses(kind, category, &leaf.group, province).is_none();
        let rule = self
            .rules
            .iter()
            .filter(|rule| !rule.default)
            .find(fits)
            .or_else(|| self.rules.iter().find(|rule| rule.default))?;
        let lead = || self.offices.by_code(&leaf.lead).filter(|office| !office.signpost_only);
        let below = |code: String| self.offices.by_code(&code);
        let office = match rule.to.as_str() {
            "lead" => lead(),
            "lead_province" => province.and_then(|code| below(format!("{}-{code}", leaf.lead))).or_else(lead),
            "lead_county" => county
                .and_then(|code| below(format!("FAR-{code}")))
                .or_else(|| province.and_then(|code| below(format!("GOV-{code}"))))
                .or_else(lead),
            // where nobody is named the inspection office is above all; who is named is asked when it is sent
            "above" => self.offices.by_code(super::INSPECTION),
            code => self.offices.by_code(code),
        };
        office.map(|office| Route { office, rule })
    }
}
