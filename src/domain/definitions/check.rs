//! What a row may say: it names what exists, has its source, and takes nothing away that the service works by.

use serde_json::Value;

use super::Check;
use crate::domain::calendar::JalaliDate;
use crate::domain::deadlines::Span;
use crate::domain::rulebook::{BUILT_IN, NEEDED_NUMBERS, NEEDED_SPANS, Rulebook};
use crate::domain::webhooks;
use crate::error::{Error, FieldError, Fields, Result};

/// Nouns whose rows must name their legal source (requirement tag S2.1).
const SOURCED: [&str; 6] = ["rule", "limit", "reason", "right", "remedy", "holiday"];
/// Nouns whose rows may end; the others are named by cases for ever.
const ENDING: [&str; 6] = ["rule", "limit", "reason", "right", "holiday", webhooks::NOUN];
/// Targets of a routing rule that are no office codes.
const TARGETS: [&str; 4] = ["lead", "lead_province", "lead_county", "above"];

/// Checks a whole row of this code.
pub(super) fn check_row(rules: &Rulebook, noun: &str, check: Check, code: &str, body: &Value) -> Result<()> {
    if SOURCED.contains(&noun) && text(body, "source").is_none() {
        return Err(Error::field(FieldError::new(
            "source",
            "required",
            "هر قاعده منبع می‌خواهد: قانون و ماده، استاندارد، یا تصمیم با تاریخ آن.",
            "Every rule needs its source: law and article, standard, or a decision with its date.",
        )));
    }
    check(body).map_err(|told| {
        let field = told.split('`').nth(1).unwrap_or("body").to_owned();
        Error::field(FieldError::new(field, "invalid", "این ردیف درست نیست.", told))
    })?;
    let mut fields = Fields::default();
    match noun {
        "category" => category(rules, body, &mut fields),
        "rule" => rule(rules, code, body, &mut fields),
        "limit" => limit(rules, code, body, &mut fields),
        "right" => right(rules, body, &mut fields),
        "holiday" => holiday(body, &mut fields),
        webhooks::NOUN => webhook(rules, code, body, &mut fields),
        _ => {}
    }
    fields.finish()
}

fn text<'a>(body: &'a Value, field: &str) -> Option<&'a str> {
    body.get(field).and_then(Value::as_str).filter(|value| !value.trim().is_empty())
}

fn category(rules: &Rulebook, body: &Value, fields: &mut Fields) {
    fields.take(text(body, "lead").map_or(Ok(()), |code| rules.offices.find("lead", code).map(|_| ())));
    let group = text(body, "group").filter(|code| !rules.groups.contains_key(*code));
    group.into_iter().for_each(|code| fields.add(FieldError::unknown("group", code)));
}

fn holiday(body: &Value, fields: &mut Fields) {
    if text(body, "date").is_some_and(|date| JalaliDate::parse(date).is_err()) {
        let (fa, en) = ("تاریخی مانند ۱۴۰۵/۰۱/۰۱.", "A Jalali date such as 1405/01/01.");
        fields.add(FieldError::new("date", "invalid", fa, en));
    }
}

/// A subscription names an address, events that there are, and the office on whose behalf it is told.
fn webhook(rules: &Rulebook, code: &str, body: &Value, fields: &mut Fields) {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    if code.len() > 50 || !code.chars().all(is_plain) {
        let (fa, en) = (
            "حداکثر ۵۰ نویسه: حرف کوچک لاتین، رقم، خط تیره، زیرخط و نقطه.",
            "At most 50 characters: small Latin letters, digits, hyphens, underscores and dots.",
        );
        fields.add(FieldError::new("code", "invalid", fa, en));
    }
    if !text(body, "url").is_some_and(is_address) {
        let (fa, en) = (
            "نشانی‌ای مانند https://example.ir/hook بنویسید، بی نام کاربری و بی #.",
            "Write an address such as https://example.ir/hook, without a user name and without #.",
        );
        fields.add(FieldError::new("url", "invalid", fa, en));
    }
    fields.take(rules.offices.find("office", text(body, "office").unwrap_or_default()).map(drop));
    let named: Vec<&str> = body
        .get("events")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if named.is_empty() {
        fields.add(FieldError::required("events"));
    }
    let is_event = |name: &str| name == webhooks::EVERY || webhooks::EVENTS.contains(&name);
    for name in named.into_iter().filter(|name| !is_event(name)) {
        let list = webhooks::EVENTS.join(", ");
        let (fa, en) = (
            format!("«{name}» نیست؛ یکی از این‌ها: *, {list}"),
            format!("'{name}' is not one of: *, {list}."),
        );
        fields.add(FieldError::new("events", "unknown", fa, en));
    }
}

/// Whether it is an address that can be called; the host is looked at when it is.
fn is_address(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?']).next()).unwrap_or_default();
    let is_clean = |c: char| c.is_ascii_graphic() && !matches!(c, '#' | '"' | '<' | '>' | '\\');
    url.len() <= 2000 && !host.is_empty() && !host.contains('@') && url.chars().all(is_clean)
}

/// Kind, category, group and province of a row must exist.
fn narrowing(rules: &Rulebook, body: &Value, fields: &mut Fields) {
    let known = [
        ("kind", rules.kinds.contains_key(text(body, "kind").unwrap_or_default())),
        ("category", rules.categories.contains_key(text(body, "category").unwrap_or_default())),
        ("group", rules.groups.contains_key(text(body, "group").unwrap_or_default())),
        ("province", rules.provinces.contains_key(text(body, "province").unwrap_or_default())),
    ];
    for (field, is_known) in known {
        if let Some(code) = text(body, field).filter(|_| !is_known) {
            fields.add(FieldError::unknown(field, code));
        }
    }
}

fn rule(rules: &Rulebook, code: &str, body: &Value, fields: &mut Fields) {
    narrowing(rules, body, fields);
    let target = text(body, "to").filter(|to| !TARGETS.contains(to));
    fields.take(target.map_or(Ok(()), |code| rules.offices.find("to", code).map(|_| ())));
    let is_default = body.get("default").and_then(Value::as_bool).unwrap_or(false);
    let present = rules.rules.iter().find(|rule| rule.default);
    if present.is_some_and(|rule| (rule.code == code) != is_default) {
        let (fa, en) = (
            "درست یک قاعده پیش‌فرض هست؛ مقصد همان را عوض کنید.",
            "There is exactly one default rule; change the target of that one.",
        );
        fields.add(FieldError::new("default", "one_only", fa, en));
    }
}

fn limit(rules: &Rulebook, code: &str, body: &Value, fields: &mut Fields) {
    narrowing(rules, body, fields);
    let span = text(body, "span");
    if let Some(span) = span.filter(|span| span.parse::<Span>().is_err()) {
        let (fa, en) =
            ("بازه‌ای مانند 10wd، 8wh یا 21d.", format!("'{span}' is no span such as 10wd, 8wh or 21d."));
        fields.add(FieldError::new("span", "invalid", fa, en));
    }
    let value = body.get("value").and_then(Value::as_i64);
    if span.is_none() && value.is_none() {
        let (fa, en) = ("بازه (span) یا شمار (value) بنویسید.", "Write a span such as 10wd, or a value.");
        fields.add(FieldError::new("span", "required", fa, en));
    }
    if value.is_some_and(|value| !(0..=10_000).contains(&value)) {
        let (fa, en) = ("میان ۰ و ۱۰۰۰۰.", "Between 0 and 10000.");
        fields.add(FieldError::new("value", "out_of_range", fa, en));
    }
    keeps_what_is_needed(rules, code, Some(body), fields);
}

fn right(rules: &Rulebook, body: &Value, fields: &mut Fields) {
    let named = body.get("limits").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    for code in named.filter(|code| !rules.limits.contains_key(*code)) {
        fields.add(FieldError::unknown("limits", code));
    }
}

/// A limit by which the service works cannot go away, be narrowed, or become another sort of thing; one that
/// the life cycle is built on cannot change at all.
fn keeps_what_is_needed(rules: &Rulebook, code: &str, body: Option<&Value>, fields: &mut Fields) {
    let Some(old) = rules.limits.get(code) else { return };
    if BUILT_IN.iter().any(|(subject, _)| *subject == old.subject)
        && body.is_none_or(|body| {
            body.get("value").and_then(Value::as_i64) != old.value
                || text(body, "subject") != Some(&old.subject)
        })
    {
        let (fa, en) = (
            "چرخه پرونده بر این عدد ساخته شده است و با تنظیم عوض نمی‌شود.",
            "The life cycle is built on this number; it does not change by configuration.",
        );
        fields.add(FieldError::new("value", "built_in", fa, en));
        return;
    }
    let is_needed = match old.subject.as_str() {
        "answer" => old.category.is_none() && old.level.is_none() && !old.urgent,
        subject => (NEEDED_SPANS.contains(&subject) || NEEDED_NUMBERS.contains(&subject)) && old.is_general(),
    };
    let stands = body.is_some_and(|body| {
        let same = |field: &str, old: Option<&str>| text(body, field) == old;
        same("subject", Some(&old.subject))
            && same("kind", old.kind.as_deref())
            && ["category", "level"].iter().all(|field| text(body, field).is_none())
            && body.get("urgent").and_then(Value::as_bool) != Some(true)
            && text(body, "span").is_some() == old.span.is_some()
            && body.get("value").is_some() == old.value.is_some()
    });
    if is_needed && !stands {
        let (fa, en) = (
            format!(
                "سامانه با «{}» کار می‌کند: مقدار آن را می‌توان عوض کرد، ولی نه حذف و نه محدود.",
                old.subject
            ),
            format!(
                "The service works by '{}': its value may change, but it cannot end or be narrowed.",
                old.subject
            ),
        );
        fields.add(FieldError::new("subject", "needed", fa, en));
    }
}

/// Whether rows of this noun may end at all.
pub fn may_end(noun: &str) -> bool {
    ENDING.contains(&noun)
}

/// Whether a row may end.
pub(super) fn check_end(rules: &Rulebook, noun: &str, code: &str) -> Result<()> {
    let mut fields = Fields::default();
    if !ENDING.contains(&noun) {
        let (fa, en) = (
            "این ردیف پایان نمی‌پذیرد؛ پرونده‌ها از آن نام می‌برند.",
            "Such a row does not end: cases name it.",
        );
        fields.add(FieldError::new("end", "not_possible", fa, en));
    }
    if noun == "limit" {
        keeps_what_is_needed(rules, code, None, &mut fields);
    }
    if noun == "rule" && rules.rules.iter().any(|rule| rule.code == code && rule.default) {
        let (fa, en) = ("قاعده پیش‌فرض پایان نمی‌پذیرد.", "The default rule does not end.");
        fields.add(FieldError::new("end", "not_possible", fa, en));
    }
    fields.finish()
}
