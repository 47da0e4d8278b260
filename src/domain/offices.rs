//! Changing the tree of offices: new ones, names, contacts, calendar, and their end.

use diesel::dsl::max;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::definitions::log;
use super::rulebook::{self, Level, Office, Rulebook};
use crate::db::DbConnection;
use crate::db::schema::offices;
use crate::db::types::OfficeId;
use crate::domain::actor::Act;
use crate::domain::citizens::EmailAddress;
use crate::domain::input;
use crate::error::{Code, Error, FieldError, Fields, Result};

/// A new office.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOffice {
    /// Latin letters, digits and dashes.
    pub code: String,
    /// Code of the office above.
    pub parent: String,
    pub level: String,
    pub name_fa: String,
    pub name_en: String,
    #[serde(default)]
    pub province: Option<String>,
    #[serde(default)]
    pub county: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub needs_approval: Option<bool>,
}

/// Changes of an office; what is missing stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfficeChange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_fa: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_en: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Code of a working calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs_approval: Option<bool>,
}

/// An office as administrators see it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct OfficeDetail {
    pub code: String,
    pub parent: Option<String>,
    pub level: String,
    pub name_fa: String,
    pub name_en: String,
    pub province: Option<String>,
    pub county: Option<String>,
    pub email: Option<String>,
    pub calendar: Option<String>,
    pub needs_approval: bool,
    pub signpost_only: bool,
}

/// The detail of an office.
pub fn detail(rules: &Rulebook, office: &Office) -> OfficeDetail {
    OfficeDetail {
        code: office.code.clone(),
        parent: office.parent.map(|id| rules.offices.code(id)),
        level: office.level.to_string(),
        name_fa: office.fa.clone(),
        name_en: office.en.clone(),
        province: office.province.clone(),
        county: office.county.clone(),
        email: office.email.clone(),
        calendar: office.calendar.clone(),
        needs_approval: office.needs_approval,
        signpost_only: office.signpost_only,
    }
}

/// A new office whose fields were checked.
struct Checked {
    parent: Option<OfficeId>,
    level: Option<Level>,
    name_fa: Option<String>,
    name_en: Option<String>,
    email: Option<String>,
}

/// Whether an office could be added so.
pub fn can_create(act: &Act, new: &NewOffice) -> Result<()> {
    check_new(act, new).map(drop)
}

fn check_new(act: &Act, new: &NewOffice) -> Result<Checked> {
    let mut fields = Fields::default();
    let is_code = !new.code.is_empty()
        && new.code.len() <= 40
        && new.code.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-');
    if !is_code {
        let (fa, en) = ("حروف بزرگ لاتین، رقم و خط تیره.", "Upper-case Latin letters, digits and dashes.");
        fields.add(FieldError::new("code", "invalid", fa, en));
    }
    let parent = fields.take(act.rules.offices.find("parent", &new.parent)).map(|office| office.id);
    let level = fields.take(input::choice::<Level>("level", &new.level));
    let name_fa = fields.take(input::text("name_fa", &new.name_fa, input::LINE_MAX));
    let name_en = fields.take(input::text("name_en", &new.name_en, input::LINE_MAX));
    for (field, code, known) in [
        (
            "province",
            &new.province,
            act.rules.provinces.contains_key(new.province.as_deref().unwrap_or_default()),
        ),
        ("county", &new.county, act.rules.counties.contains_key(new.county.as_deref().unwrap_or_default())),
    ] {
        if let Some(code) = code.as_deref().filter(|_| !known) {
            fields.add(FieldError::unknown(field, code));
        }
    }
    let email = check_email(new.email.as_deref(), &mut fields);
    fields.finish()?;
    if act.rules.offices.by_code(&new.code).is_some() {
        return Err(Error::Conflict(Code::Duplicate));
    }
    Ok(Checked { parent, level, name_fa, name_en, email })
}

/// Adds an office below another.
pub fn create(connection: &mut DbConnection, act: &Act, new: &NewOffice) -> Result<OfficeDetail> {
    let Checked { parent, level, name_fa, name_en, email } = check_new(act, new)?;
    let highest: Option<OfficeId> = offices::table.select(max(offices::id)).first(connection)?;
    let id = OfficeId(highest.map_or(1, |id| id.0 + 1));
    diesel::insert_into(offices::table)
        .values((
            (
                offices::id.eq(id),
                offices::code.eq(&new.code),
                offices::parent_id.eq(parent),
                offices::level.eq(level.unwrap_or(Level::Organisation)),
            ),
            (
                offices::name_fa.eq(name_fa.unwrap_or_default()),
                offices::name_en.eq(name_en.unwrap_or_default()),
            ),
            (offices::province.eq(&new.province), offices::county.eq(&new.county), offices::email.eq(email)),
            (
                offices::signpost_only.eq(false),
                offices::needs_approval.eq(new.needs_approval.unwrap_or(true)),
            ),
            offices::valid_from.eq(act.now),
        ))
        .execute(connection)?;
    changed(connection, act, "create", &new.code)
}

/// An office's new fields, checked: names, e-mail, calendar.
type Changed = (String, String, Option<String>, Option<String>);

/// Whether an office could be changed so.
pub fn can_change(act: &Act, code: &str, wish: &OfficeChange) -> Result<()> {
    check_change(act, act.rules.offices.by_code(code).ok_or(Error::NotFound)?, wish).map(drop)
}

fn check_change(act: &Act, office: &Office, wish: &OfficeChange) -> Result<Changed> {
    let mut fields = Fields::default();
    let name = |field: &str, value: &Option<String>, old: &str, fields: &mut Fields| match value {
        Some(value) => fields.take(input::text(field, value, input::LINE_MAX)).unwrap_or_default(),
        None => old.to_owned(),
    };
    let name_fa = name("name_fa", &wish.name_fa, &office.fa, &mut fields);
    let name_en = name("name_en", &wish.name_en, &office.en, &mut fields);
    let email = match wish.email.as_deref() {
        Some("") => None,
        Some(email) => check_email(Some(email), &mut fields),
        None => office.email.clone(),
    };
    let calendar = match wish.calendar.as_deref() {
        Some("") => None,
        Some(code) if act.rules.has_calendar(code) => Some(code.to_owned()),
        Some(code) => fields.take(Err(FieldError::unknown("calendar", code))),
        None => office.calendar.clone(),
    };
    fields.finish()?;
    Ok((name_fa, name_en, email, calendar))
}

/// Changes an office.
pub fn change(
    connection: &mut DbConnection,
    act: &Act,
    code: &str,
    wish: &OfficeChange,
) -> Result<OfficeDetail> {
    let office = act.rules.offices.by_code(code).ok_or(Error::NotFound)?;
    let (name_fa, name_en, email, calendar) = check_change(act, office, wish)?;
    diesel::update(offices::table.find(office.id))
        .set((
            offices::name_fa.eq(name_fa),
            offices::name_en.eq(name_en),
            offices::email.eq(email),
            offices::calendar.eq(calendar),
            offices::needs_approval.eq(wish.needs_approval.unwrap_or(office.needs_approval)),
        ))
        .execute(connection)?;
    changed(connection, act, "change", code)
}

fn check_email(value: Option<&str>, fields: &mut Fields) -> Option<String> {
    let value = value?;
    fields.take(
        EmailAddress::parse(value).map(|email| email.as_str().to_owned()).map_err(|error| {
            FieldError::new("email", "invalid", "نشانی رایانامه درست نیست.", error.to_string())
        }),
    )
}

fn changed(connection: &mut DbConnection, act: &Act, action: &str, code: &str) -> Result<OfficeDetail> {
    log(connection, act, action, &format!("office:{code}"), "")?;
    rulebook::load::changed(connection)?;
    let fresh = rulebook::RulebookCache::default().current(connection)?;
    let office = fresh.offices.by_code(code).ok_or(Error::NotFound)?;
    Ok(detail(&fresh, office))
}
