//! Template lines: a notice is sent as an approved template with its variables, which reaches numbers that refuse
//! promotional lines.

use std::collections::BTreeMap;

use crate::domain::notifications::SMS_VALUES;
use crate::domain::notifications::outbox::Letter;
use crate::error::Language;

/// A template of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Service {
    pub(super) id: String,
    /// The provider's name of each variable, and ours.
    variables: Vec<(String, String)>,
}

impl Service {
    /// Reads `id: code, NAME=until`.
    ///
    /// # Errors
    /// One line that names the wrong setting.
    pub(super) fn all(
        gateway: &str,
        told: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, Service>, String> {
        told.iter()
            .map(|(notice, text)| {
                let at = format!("sms.gateways.{gateway}.templates.{notice}");
                let (id, list) = text.split_once(':').unwrap_or((text, ""));
                if id.trim().is_empty() {
                    return Err(format!("{at}: write \"<id of the template>: code, until\""));
                }
                let variables = list.split(',').map(str::trim).filter(|one| !one.is_empty()).map(|one| {
                    let (theirs, ours) = one.split_once('=').unwrap_or((one, one));
                    (theirs.trim().to_owned(), ours.trim().to_owned())
                });
                let variables: Vec<(String, String)> = variables.collect();
                match variables.iter().find(|(_, ours)| !SMS_VALUES.contains(&ours.as_str())) {
                    Some((_, ours)) => {
                        let list = SMS_VALUES.join(", ");
                        Err(format!("{at}: an SMS may not use '{ours}'; it may use {list}"))
                    }
                    None => Ok((notice.clone(), Service { id: id.trim().to_owned(), variables })),
                }
            })
            .collect()
    }

    /// The template of a letter, the one of its language first.
    pub(super) fn of<'a>(all: &'a BTreeMap<String, Service>, letter: &Letter) -> Option<&'a Service> {
        let event = &letter.rendered.filled.event;
        let language = if letter.language == Language::En { "en" } else { "fa" };
        all.get(&format!("{event}.{language}"))
            .or_else(|| all.get(event).filter(|_| letter.language == Language::Fa))
    }

    /// The variables with their values, in the order of the setting.
    pub(super) fn values(&self, letter: &Letter) -> Vec<(&str, String)> {
        let value = |ours: &String| letter.rendered.filled.values.get(ours).cloned().unwrap_or_default();
        self.variables.iter().map(|(theirs, ours)| (theirs.as_str(), value(ours))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_names_template_and_variables() {
        let told = |text: &str| Service::all("bulk", &BTreeMap::from([("case_closed".into(), text.into())]));
        let one = told("77: CODE=code, until").unwrap().remove("case_closed").unwrap();
        assert_eq!(one.id, "77");
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(one.variables, [pair("CODE", "code"), pair("until", "until")]);
        assert!(told("77: subject").unwrap_err().contains("sms.gateways.bulk.templates.case_closed"));
        assert!(told(": code").is_err());
    }
}
