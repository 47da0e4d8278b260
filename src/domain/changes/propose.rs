//! Propose: the wished row is checked as if it were written, and kept beside the row that it was made from.

use diesel::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::row::another_waits;
use super::{Action, ChangeRow, GATEWAY, OFFICE, STAFF, Status, Wish, access, is_definition};
use crate::db::DbConnection;
use crate::db::schema::changes;
use crate::domain::actor::Act;
use crate::domain::definitions::{self, Draft, log};
use crate::domain::input;
use crate::domain::offices::{self, NewOffice, OfficeChange};
use crate::domain::policy;
use crate::domain::rulebook::{Lay, Rulebook};
use crate::error::{Code, Error, FieldError, Fields, Result};

/// What a wish comes to, checked: the row's code, its new body and the one that it was made from.
pub(super) struct Checked {
    pub code: String,
    pub body: Value,
    pub base: Option<Value>,
    pub base_version: Option<i32>,
}

impl From<Draft> for Checked {
    fn from(draft: Draft) -> Self {
        Self {
            code: draft.code,
            body: draft.body,
            base_version: draft.base.as_ref().map(|base| base.version),
            base: draft.base.map(|base| Value::Object(base.fields())),
        }
    }
}

/// Keeps a wish as a proposal.
///
/// # Errors
/// The field errors of the row itself and of its dates; `forbidden` without the right to change such rows.
pub fn propose(connection: &mut DbConnection, act: &Act, wish: &Wish) -> Result<ChangeRow> {
    policy::allow_anywhere(act, access::right(&wish.noun))?;
    let proposed_by = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    let because = check_terms(act, wish)?;
    let checked = check(connection, act, wish)?;
    check_backing(wish, &checked, because.as_deref())?;
    if wish.terms.valid_from.is_some() && another_waits(connection, &wish.noun, &checked.code, None)? {
        return Err(Error::Conflict(Code::ChangeWaits));
    }
    let row = ChangeRow {
        id: act.id(),
        noun: wish.noun.clone(),
        code: checked.code,
        action: wish.action,
        body: checked.body.to_string(),
        base: checked.base.map(|base| base.to_string()),
        base_version: checked.base_version,
        because,
        status: Status::Proposed,
        proposed_by,
        proposed_at: act.now,
        valid_from: wish.terms.valid_from,
        valid_to: wish.terms.valid_to,
        decided_by: None,
        decided_at: None,
        decision_reason: None,
        applied_at: None,
        version: None,
        fault: None,
        trial: None,
        follows: None,
    };
    diesel::insert_into(changes::table).values(&row).execute(connection)?;
    log(connection, act, "propose", &format!("change:{}", row.id), &format!("{}:{}", row.noun, row.code))?;
    Ok(row)
}

/// A rule never holds backwards, and ends after it begins.
fn check_terms(act: &Act, wish: &Wish) -> Result<Option<String>> {
    let (terms, mut fields) = (&wish.terms, Fields::default());
    if terms.valid_from.is_some_and(|from| from < act.now) {
        let (fa, en) = (
            "قاعده به گذشته برنمی‌گردد؛ زمانی در آینده بنویسید یا خالی بگذارید.",
            "A rule does not hold backwards; write a time to come, or leave it out.",
        );
        fields.add(FieldError::new("valid_from", "in_the_past", fa, en));
    }
    if terms.valid_to.is_some_and(|to| to <= terms.valid_from.unwrap_or(act.now)) {
        let (fa, en) = ("پایان باید پس از آغاز باشد.", "The end must be after the beginning.");
        fields.add(FieldError::new("valid_to", "before_valid_from", fa, en));
    }
    let comes_back = wish.action == Action::Change;
    let goes_again = wish.action == Action::Create && definitions::may_end(&wish.noun);
    if terms.valid_to.is_some() && !comes_back && !goes_again {
        let (fa, en) = (
            "این ردیف پایان نمی‌پذیرد؛ valid_to را بردارید.",
            "Such a row cannot be taken back later; leave valid_to out.",
        );
        fields.add(FieldError::new("valid_to", "not_possible", fa, en));
    }
    let because = fields.take(input::optional_text("because", terms.because.as_deref(), input::TEXT_MAX));
    fields.finish()?;
    Ok(because.flatten())
}

/// Nouns whose rows stand in the public register, with the fields that only name a row.
const BACKED: [(&str, &[&str]); 4] =
    [("limit", &["fa", "en"]), ("rule", &["fa", "en"]), ("reason", &[]), ("right", &[])];

/// The source of a row backs what it says: a row that says something else needs another source, or words on why the
/// former one still backs it (requirement tag S2.1).
fn check_backing(wish: &Wish, checked: &Checked, because: Option<&str>) -> Result<()> {
    let names = BACKED.iter().find(|(noun, _)| *noun == wish.noun).map(|(_, names)| *names);
    let (Some(names), Action::Change, None) = (names, wish.action, because) else { return Ok(()) };
    let (Some(old), Some(new)) = (checked.base.as_ref().and_then(Value::as_object), checked.body.as_object())
    else {
        return Ok(());
    };
    let differs = |field: &str| old.get(field) != new.get(field);
    let mut fields = old.keys().chain(new.keys()).map(String::as_str);
    let says_something_else =
        fields.any(|field| field != "source" && !names.contains(&field) && differs(field));
    if !says_something_else || differs("source") {
        return Ok(());
    }
    let (fa, en) = (
        "منبع پیشین این تغییر را پشتیبانی نمی‌کند: منبع تازه (source) را بنویسید یا دلیل تغییر را در because؛ مردم آن را می‌خوانند.",
        "The former source does not back this change: give a new source, or say in because why it is made; the public reads it.",
    );
    Err(Error::field(FieldError::new("source", "not_backed", fa, en)))
}

/// Checks a wish under the rules in force, without writing anything.
pub(super) fn check(connection: &mut DbConnection, act: &Act, wish: &Wish) -> Result<Checked> {
    let code = wish.code.as_deref();
    match (wish.noun.as_str(), wish.action, code) {
        (STAFF | GATEWAY, ..) => access::check(connection, act, wish),
        (OFFICE, Action::Create, _) => {
            let new: NewOffice = read(&wish.body)?;
            offices::can_create(act, &new)?;
            Ok(Checked { code: new.code, body: wish.body.clone(), base: None, base_version: None })
        }
        (OFFICE, Action::Change, Some(code)) => {
            let change: OfficeChange = read(&wish.body)?;
            offices::can_change(act, code, &change)?;
            let base = office(&act.rules, code)?;
            Ok(Checked { code: code.into(), body: wish.body.clone(), base: Some(base), base_version: None })
        }
        (noun, Action::Create, _) => Ok(definitions::new(connection, act, noun, wish.body.clone())?.into()),
        (noun, Action::Change, Some(code)) => {
            let fields: Map<String, Value> = wish.body.as_object().cloned().unwrap_or_default();
            Ok(definitions::amended(connection, act, noun, code, fields)?.into())
        }
        (OFFICE, Action::End, _) => {
            let (fa, en) = ("واحد پایان نمی‌پذیرد.", "An office does not end.");
            Err(Error::field(FieldError::new("end", "not_possible", fa, en)))
        }
        (noun, Action::End, Some(code)) => Ok(definitions::ended(connection, act, noun, code)?.into()),
        (_, Action::Change | Action::End, None) => Err(Error::NotFound),
    }
}

/// The row that a wish comes to, to be laid over the rules in force for a trial; none for what is no definition.
pub fn lay_of(connection: &mut DbConnection, act: &Act, wish: &Wish) -> Result<Option<Lay>> {
    let checked = check(connection, act, wish)?;
    let body = Some(checked.body.to_string()).filter(|_| wish.action != Action::End);
    Ok(Some(Lay { noun: wish.noun.clone(), code: checked.code, body }).filter(|lay| is_definition(&lay.noun)))
}

/// An office as it stands, as JSON.
pub(super) fn office(rules: &Rulebook, code: &str) -> Result<Value> {
    let office = rules.offices.by_code(code).ok_or(Error::NotFound)?;
    serde_json::to_value(offices::detail(rules, office)).map_err(|error| Error::Internal(Box::new(error)))
}

pub(super) fn read<T: DeserializeOwned>(body: &Value) -> Result<T> {
    serde_json::from_value(body.clone()).map_err(|error| {
        let told = error.to_string();
        let field = told.split('`').nth(1).unwrap_or("body").to_owned();
        Error::field(FieldError::new(field, "invalid", "این فیلد درست نیست.", told))
    })
}
