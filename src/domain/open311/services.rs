//! Services and what is asked for each: the subjects, and the kinds for those who know no subject.

use serde_json::{Value, json};

use crate::domain::rulebook::{Category, Kind, Rulebook};
use crate::error::{Error, Language, Result};

/// How the code of a kind's service begins.
const KIND: &str = "kind.";

/// A service: a subject, or a kind whose subject a person finds.
#[derive(Debug, Clone, Copy)]
pub enum Service<'a> {
    Subject(&'a Category),
    Kind(&'a Kind),
}

impl Service<'_> {
    /// Its code here.
    pub fn code(self) -> String {
        match self {
            Service::Subject(leaf) => leaf.code.clone(),
            Service::Kind(kind) => format!("{KIND}{}", kind.code),
        }
    }

    /// Its name in a language.
    pub fn name(self, language: Language) -> String {
        let (fa, en) = match self {
            Service::Subject(leaf) => (&leaf.fa, &leaf.en),
            Service::Kind(kind) => (&kind.fa, &kind.en),
        };
        pick(language, fa, en)
    }

    /// `realtime`; `batch` where the number is told once a person has found the subject; `blackbox` where the matter is sealed
    /// and nothing is shown afterwards.
    pub fn sort(self) -> &'static str {
        match self {
            Service::Subject(leaf) if leaf.sealed => "blackbox",
            Service::Subject(_) => "realtime",
            Service::Kind(_) => "batch",
        }
    }

    fn view(self, rules: &Rulebook, language: Language) -> Value {
        let (group, keywords) = match self {
            Service::Subject(leaf) => {
                let group = rules.groups.get(&leaf.group);
                let words = if language == Language::En { &leaf.keywords_en } else { &leaf.keywords_fa };
                (group.map(|group| pick(language, &group.fa, &group.en)), words.join(","))
            }
            Service::Kind(_) => {
                (Some(pick(language, "موضوع را نمی‌دانم", "I do not know the subject")), String::new())
            }
        };
        json!({
            "service_code": self.code(),
            "service_name": self.name(language),
            "description": self.name(language),
            "metadata": true,
            "type": self.sort(),
            "keywords": keywords,
            "group": group,
        })
    }
}

fn pick(language: Language, fa: &str, en: &str) -> String {
    if language == Language::En { en.to_owned() } else { fa.to_owned() }
}

/// All services, subjects first.
pub fn services(rules: &Rulebook, language: Language) -> Vec<Value> {
    let subjects = rules.categories.values().map(Service::Subject);
    let kinds = rules.kinds.values().map(Service::Kind);
    subjects.chain(kinds).map(|service| service.view(rules, language)).collect()
}

/// The service of this code.
///
/// # Errors
/// `NotFound`.
pub fn service<'a>(rules: &'a Rulebook, code: &str) -> Result<Service<'a>> {
    let kind = code.strip_prefix(KIND).and_then(|kind| rules.kinds.get(kind)).map(Service::Kind);
    kind.or_else(|| rules.categories.get(code).map(Service::Subject)).ok_or(Error::NotFound)
}

/// What is asked for a service.
pub fn definition(rules: &Rulebook, code: &str, language: Language) -> Result<Value> {
    let service = service(rules, code)?;
    let say = |fa: &str, en: &str| pick(language, fa, en);
    let mut attributes = vec![json!({
        "variable": false, "code": "about", "datatype": "string", "required": false, "datatype_description": null,
        "description": say(
            "درخواست و شکایت کد ملی می‌خواهد؛ شکایت بی کد ملی گزارش شمرده می‌شود. نام و شماره به دستگاهی که شکایت از آن است داده نمی‌شود.",
            "A request or complaint needs the national ID; a complaint without it is taken as a report. A body complained of never sees who complains."),
        "values": [],
    })];
    if let Service::Subject(_) = service {
        let kinds = rules.kinds.values().map(|kind| (kind.code.clone(), pick(language, &kind.fa, &kind.en)));
        attributes.push(choice("kind", &say("نوع پیام", "What it is"), kinds));
    }
    attributes.push(json!({
        "variable": true, "code": "national_id", "datatype": "string", "required": false,
        "datatype_description": say("ده رقم", "Ten digits"), "description": say("کد ملی", "National ID"), "values": [],
    }));
    let provinces = rules.provinces.values().map(|row| (row.code.clone(), pick(language, &row.fa, &row.en)));
    attributes.push(choice("province", &say("استان", "Province"), provinces));
    let counties = rules
        .counties
        .values()
        .map(|row| (row.code.clone(), pick(language, &row.fa, row.en.as_deref().unwrap_or(&row.fa))));
    attributes.push(choice("county", &say("شهرستان", "County"), counties));
    attributes.push(json!({
        "variable": true, "code": "remedy_sought", "datatype": "text", "required": false, "datatype_description": null,
        "description": say("چه می‌خواهید؟", "What do you ask for?"), "values": [],
    }));
    if service.sort() != "blackbox" {
        let answers = [("no".to_owned(), say("خیر", "No")), ("yes".to_owned(), say("بله", "Yes"))];
        let question = say(
            "آیا همه می‌توانند آن را بی نام و شماره و با جای تقریبی ببینند؟",
            "May everybody see it, without names and numbers and with the place roughly?",
        );
        attributes.push(choice("public", &question, answers.into_iter()));
    }
    for (order, attribute) in attributes.iter_mut().enumerate() {
        attribute["order"] = json!(order + 1);
    }
    Ok(json!({ "service_code": service.code(), "attributes": attributes }))
}

fn choice(code: &str, description: &str, values: impl Iterator<Item = (String, String)>) -> Value {
    let values: Vec<Value> = values.map(|(key, name)| json!({ "key": key, "name": name })).collect();
    json!({ "variable": true, "code": code, "datatype": "singlevaluelist", "required": false,
        "datatype_description": null, "description": description, "values": values })
}
