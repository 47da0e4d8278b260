//! The rows of the configuration, as they stand in `config/` and in the `definitions` table.
//!
//! Fields that the program does not read (comments of the law, weights) are kept by the table all the same.

use serde::{Deserialize, Serialize};

/// A province (ISO 3166-2:IR digits).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Province {
    pub code: String,
    pub fa: String,
    pub en: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area_code: Option<String>,
}

/// A county: province code and two digits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct County {
    pub code: String,
    pub province: String,
    pub fa: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub en: Option<String>,
}

/// A kind of case: what it needs and how it may end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kind {
    pub code: String,
    pub fa: String,
    pub en: String,
    /// `required` or `optional`.
    pub identity: String,
    pub answer: bool,
    pub outcomes: Vec<String>,
    /// Whether its answer or closing must name a cause.
    #[serde(default)]
    pub needs_cause: bool,
}

/// Why a case came about, as its closing finds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Cause {
    pub code: String,
    pub fa: String,
    pub en: String,
    /// Whether the body could have prevented it.
    pub fault: bool,
    pub source: String,
}

/// One question of the call to the citizen of a closed case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CheckItem {
    pub code: String,
    pub order: i64,
    /// `score` (0 to 2) or `yes_no`.
    pub scale: String,
    /// Its share of the score; only the proportion counts.
    pub weight: u32,
    pub fa: String,
    pub en: String,
    pub source: String,
}

/// A coded result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    pub code: String,
    pub fa: String,
    pub en: String,
    pub closes_as: String,
    #[serde(default)]
    pub needs_reason: bool,
    #[serde(default)]
    pub system: bool,
}

/// A group of categories.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    pub code: String,
    pub fa: String,
    pub en: String,
    pub lead: String,
    pub level: String,
}

/// A leaf of the subject tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Category {
    pub code: String,
    pub group: String,
    pub fa: String,
    pub en: String,
    pub lead: String,
    /// First level that can act: `county`, `provincial` or `national`.
    pub level: String,
    #[serde(default)]
    pub sealed: bool,
    #[serde(default)]
    pub routed_above: bool,
    #[serde(default)]
    pub keywords_fa: Vec<String>,
    #[serde(default)]
    pub keywords_en: Vec<String>,
}

/// A coded reason and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    #[serde(rename = "use")]
    pub reason_use: String,
    pub code: String,
    pub fa: String,
    pub en: String,
    pub source: String,
}

/// A limit: a span or a number, with its legal source (tag S2.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    pub code: String,
    pub subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    #[serde(default)]
    pub urgent: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<i64>,
    /// Code of the office that a limit names, such as the audit desk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office: Option<String>,
    pub fa: String,
    pub en: String,
    pub source: String,
}

/// What a person who files may demand, with its legal source (tag S2.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Right {
    pub code: String,
    pub fa: String,
    pub en: String,
    pub text_fa: String,
    pub text_en: String,
    /// The call by which it is used; without one it holds by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verb: Option<super::Verb>,
    /// Codes of the limits that bound it.
    #[serde(default)]
    pub limits: Vec<String>,
    pub source: String,
}

/// A way outside the service: a court or an ombudsman, with its legal source (tag S2.2iv).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Remedy {
    pub code: String,
    pub order: i64,
    /// Code of the body.
    pub office: String,
    pub fa: String,
    pub en: String,
    pub how_fa: String,
    pub how_en: String,
    pub source: String,
}

/// Years after the closing that each class of a case is kept, with the legal source (tags S4.4, S2.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Retention {
    pub code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// For sealed cases only; it then goes before kind and category.
    #[serde(default)]
    pub sealed: bool,
    pub text: i64,
    pub identity: i64,
    pub attachments: i64,
    pub messages: i64,
    pub raw: i64,
    pub fa: String,
    pub en: String,
    pub source: String,
}

/// A routing rule: where a case of this sort goes first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    pub code: String,
    pub order: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    /// `lead`, `lead_province`, `lead_county`, `above` or the code of an office.
    pub to: String,
    #[serde(default)]
    pub default: bool,
    pub fa: String,
    pub en: String,
    pub source: String,
}

/// A message text per event, audience, channel and language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Template {
    pub event: String,
    pub audience: String,
    pub channel: String,
    pub language: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    pub body: String,
}

/// A subscription to events of cases, on behalf of an office.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    pub code: String,
    /// Where events are sent to: `https://…`; `http://…` only inside the networks that the settings allow.
    pub url: String,
    /// Names of events, or `*` for all.
    pub events: Vec<String>,
    /// Code of the office that is told: only what it sees is sent.
    pub office: String,
    pub fa: String,
    pub en: String,
    /// Whether it is told now.
    #[serde(default = "on")]
    pub active: bool,
    /// Raised by one it makes another secret; the former one signs as well.
    #[serde(default)]
    pub generation: u32,
}

fn on() -> bool {
    true
}

/// A working calendar.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calendar {
    pub code: String,
    pub fa: String,
    pub en: String,
    pub zone: String,
    /// The calendar whose holidays hold here as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
}

/// Working hours of some days of the week.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shift {
    pub calendar: String,
    pub days: Vec<String>,
    pub slots: Vec<String>,
}

/// A closed day of a calendar, by its Jalali date.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Holiday {
    pub calendar: String,
    pub date: String,
    pub fa: String,
    pub en: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certainty: Option<String>,
    pub source: String,
}

/// A role and what it may do: in its own office, and in the tree below it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Role {
    pub code: String,
    pub fa: String,
    pub en: String,
    #[serde(default)]
    pub own: Vec<super::Verb>,
    #[serde(default)]
    pub tree: Vec<super::Verb>,
}
