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
        let fits = |rule: &&Rule| {
            rule.category.as_deref().is_none_or(|code| code == category)
                && rule.group.as_deref().is_none_or(|code| code == leaf.group)
                && rule.kind.as_deref().is_none_or(|code| code == kind)
                && rule.province.as_deref().is_none_or(|code| Some(code) == province)
        };
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
