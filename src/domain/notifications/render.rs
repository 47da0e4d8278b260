//! Fills a template with a message's facts: what is sent, word for word.
//!
//! An SMS never carries the subject, the text or personal data (phones are shared in families); the
//! template's variables for SMS are limited here, whatever a template says.

use std::collections::BTreeMap;

use diesel::prelude::*;
use minijinja::{Environment, context};

use super::{Facts, Outlet};
use crate::db::DbConnection;
use crate::db::schema::{answers, questions};
use crate::db::types::Time;
use crate::domain::calendar::JalaliDate;
use crate::domain::cases::CaseRow;
use crate::domain::cases::remedies::rating_token;
use crate::domain::keys::Keys;
use crate::domain::rulebook::Rulebook;
use crate::domain::text::persian_digits;
use crate::domain::vault::Vault;
use crate::error::{Error, Language, Result};

/// What an SMS may carry, in its own text and in a provider's template: phones are shared in families.
pub const SMS_VALUES: [&str; 11] = [
    "code",
    "codes",
    "url",
    "rate_url",
    "office",
    "due",
    "until",
    "time",
    "outcome",
    "access_code",
    "status",
];

/// Of which notice a text is, and the values in it, for providers that fill a template of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filled {
    pub event: String,
    /// By the names of [`SMS_VALUES`].
    pub values: BTreeMap<String, String>,
}

/// A text ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Subject line of an e-mail.
    pub subject: Option<String>,
    pub body: String,
    pub filled: Filled,
}

/// What addresses in a text are made of.
#[derive(Debug, Clone, Copy)]
pub struct Links<'a> {
    /// How citizens reach the service.
    pub base_url: &'a str,
    /// Signs the rating link.
    pub keys: &'a Keys,
}

impl Links<'_> {
    fn to(self, path: &str) -> String {
        format!("{}/{path}", self.base_url.trim_end_matches('/'))
    }
}

/// Renders `event` for an audience; the template's absence is an internal fault that names it.
#[expect(clippy::too_many_arguments, reason = "the template's key and what fills it")]
pub fn render(
    connection: &mut DbConnection,
    rules: &Rulebook,
    row: &CaseRow,
    event: &str,
    audience: &str,
    outlet: Outlet,
    language: &str,
    facts: &Facts,
    links: Links<'_>,
    vault: &Vault,
) -> Result<Rendered> {
    // what may stand in a letter or a fax is what may stand in an e-mail
    let written = if outlet == Outlet::Sms { Outlet::Sms } else { Outlet::Email };
    let key = (event.to_owned(), audience.to_owned(), written.to_string(), language.to_owned());
    let template = rules.templates.get(&key).ok_or_else(|| {
        Error::internal(format!("no template for {event} to {audience} by {outlet} in {language}"))
    })?;
    let reader = if language == "en" { Language::En } else { Language::Fa };
    let private = match outlet {
        Outlet::Sms => Private::default(),
        Outlet::Email | Outlet::Fax | Outlet::Letter => {
            Private::load(connection, vault, rules, row, facts, audience)?
        }
    };
    // a sealed case is never named by its office on a phone that others read
    let office = facts.office.and_then(|id| rules.offices.get(id)).map_or("", |office| office.name(reader));
    let office = if row.is_sealed && outlet == Outlet::Sms { "" } else { office };
    let open = [
        ("code", row.tracking_code.clone()),
        ("url", links.to("track")),
        ("rate_url", links.to(&format!("r/{}", rating_token(links.keys, &row.tracking_code)))),
        ("office", office.to_owned()),
        ("due", date(facts.due, reader)),
        ("until", date(facts.until, reader)),
        ("time", time_of_day(facts.until, reader)),
        (
            "outcome",
            facts.outcome.as_deref().map(|code| rules.outcome_name(code, reader)).unwrap_or_default(),
        ),
        // gone once it was sent: a copy of the notice shows that it had one
        ("access_code", facts.access_code.clone().unwrap_or_else(|| "••••".into())),
        ("codes", facts.codes.clone().unwrap_or_default()),
        (
            "status",
            facts
                .result
                .map(|result| result.words())
                .map_or("", |(fa, en)| match reader {
                    Language::Fa => fa,
                    Language::En => en,
                })
                .to_owned(),
        ),
    ];
    let open: BTreeMap<String, String> = open.map(|(name, value)| (name.to_owned(), value)).into();
    let values = context! {
        reason => private.reason,
        text => private.text,
        question => private.question,
        instruction => private.instruction,
        subject => private.subject,
        ..minijinja::Value::from_serialize(&open)
    };
    let fill = |text: &str| Environment::new().render_str(text, &values).map_err(Error::internal);
    let (subject, body) = (template.subject.as_deref().map(fill).transpose()?, fill(&template.body)?);
    Ok(Rendered { subject, body, filled: Filled { event: event.to_owned(), values: open } })
}

/// What only a letter or e-mail may carry.
#[derive(Default)]
struct Private {
    reason: String,
    text: String,
    question: String,
    instruction: String,
    subject: String,
}

impl Private {
    fn load(
        connection: &mut DbConnection,
        vault: &Vault,
        rules: &Rulebook,
        row: &CaseRow,
        facts: &Facts,
        audience: &str,
    ) -> Result<Self> {
        let answer: Option<String> = match facts.answer {
            Some(id) => answers::table.find(id).select(answers::text).first(connection).optional()?,
            None => None,
        };
        let question: Option<String> = match facts.question {
            Some(id) => questions::table.find(id).select(questions::text).first(connection).optional()?,
            None => None,
        };
        let subject = match row.is_sealed && audience == "office" {
            true => None,
            false => row.words(connection, vault)?.subject,
        };
        let subject = subject.or_else(|| {
            row.category.as_deref().and_then(|code| rules.categories.get(code)).map(|leaf| leaf.fa.clone())
        });
        Ok(Self {
            reason: facts.reason.clone().unwrap_or_default(),
            text: answer.or_else(|| facts.text.clone()).unwrap_or_default(),
            question: question.unwrap_or_default(),
            instruction: facts.instruction.clone().unwrap_or_default(),
            subject: subject.unwrap_or_default(),
        })
    }
}

/// A day as its reader writes it: Jalali in Persian digits, or ISO.
pub fn date(time: Option<Time>, reader: Language) -> String {
    let Some(time) = time else { return String::new() };
    let Ok(zone) = jiff::tz::TimeZone::get("Asia/Tehran") else { return time.to_string() };
    match reader {
        Language::Fa => JalaliDate::of(time.timestamp(), &zone)
            .map_or_else(|_| persian_digits(&time.to_string()), JalaliDate::short_fa),
        Language::En => time.timestamp().to_zoned(zone).strftime("%Y-%m-%d").to_string(),
    }
}

/// The time of day in Tehran, such as 10:30, in the reader's digits.
fn time_of_day(time: Option<Time>, reader: Language) -> String {
    let Some(time) = time else { return String::new() };
    let Ok(zone) = jiff::tz::TimeZone::get("Asia/Tehran") else { return String::new() };
    let told = time.timestamp().to_zoned(zone).strftime("%H:%M").to_string();
    match reader {
        Language::Fa => persian_digits(&told),
        Language::En => told,
    }
}
