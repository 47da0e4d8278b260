//! Answers to what citizens send: queued with what caused them, rendered and sent by a worker, settled once. No more than a
//! limit goes to one number in an hour, and none to a number that is no mobile, so that two machines never talk to each
//! other.

use std::collections::BTreeMap;

use diesel::prelude::*;
use minijinja::{Environment, Value};
use serde::{Deserialize, Serialize};

use super::phone_hash;
use crate::config::Outbox;
use crate::db::DbConnection;
use crate::db::dialect::for_update_skip_locked;
use crate::db::schema::sms_replies as r;
use crate::db::sealed::Sealed;
use crate::db::types::{CaseId, MessageId, SmsReplyId, Time};
use crate::domain::actor::Act;
use crate::domain::citizens::Phone;
use crate::domain::notifications::outbox::Letter;
use crate::domain::notifications::{DeliveryState, Filled, Links, Outlet, Rendered, date};
use crate::domain::vault::field;
use crate::error::{Error, Language, Result};

/// Longer than a gateway takes to answer.
const LEASE_SECONDS: i64 = 120;

/// What an answer may say; nothing of what a case is about.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Words for how far the case is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// A one-time code; gone when the answer is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_code: Option<String>,
}

/// An answer to be queued.
#[derive(Debug, Clone)]
pub struct Reply<'a> {
    /// E.164.
    pub phone: &'a str,
    pub language: Language,
    pub template: &'a str,
    pub case: Option<CaseId>,
    pub facts: Facts,
}

/// Whether somebody is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queued {
    Yes,
    /// The number is no mobile, or had as many answers as an hour allows.
    Silent,
}

/// Queues an answer in the transaction of what caused it.
pub fn queue(connection: &mut DbConnection, act: &Act, reply: &Reply<'_>) -> Result<Queued> {
    let hash = phone_hash(&act.keys, reply.phone);
    let is_mobile = Phone::parse(reply.phone).is_ok_and(|phone| phone.is_mobile());
    let lately: i64 = r::table
        .filter(r::phone_hash.eq(&hash).and(r::created_at.gt(act.now.plus_seconds(-3600))))
        .count()
        .get_result(connection)?;
    if !is_mobile || lately >= act.rules.number("sms_replies_hour_max")? {
        return Ok(Queued::Silent);
    }
    let id: SmsReplyId = act.id();
    let phone = act.vault.seal(field!(sms_replies::phone), id, reply.phone)?;
    let facts = serde_json::to_string(&reply.facts).map_err(Error::internal)?;
    let facts = act.vault.seal(field!(sms_replies::facts), id, &facts)?;
    let language = if reply.language == Language::En { "en" } else { "fa" };
    diesel::insert_into(r::table)
        .values((
            (r::id.eq(id), r::case_id.eq(reply.case), r::phone.eq(phone)),
            (r::phone_hash.eq(hash), r::template.eq(reply.template), r::language.eq(language)),
            (r::facts.eq(facts), r::state.eq(DeliveryState::Queued), r::attempts.eq(0)),
            (r::next_at.eq(act.now), r::created_at.eq(act.now)),
        ))
        .execute(connection)?;
    Ok(Queued::Yes)
}

/// An answer that one worker may send until its lease ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claimed {
    pub id: SmsReplyId,
    until: Time,
}

/// Leases answers that are due, the longest waiting first.
pub fn claim(connection: &mut DbConnection, now: Time, limit: i64) -> Result<Vec<Claimed>> {
    let is_free = r::lease_until.is_null().or(r::lease_until.le(now));
    let due: Vec<SmsReplyId> = for_update_skip_locked(
        r::table
            .filter(r::next_at.is_not_null().and(r::next_at.le(now)).and(is_free))
            .order((r::next_at, r::id))
            .limit(limit)
            .select(r::id),
    )
    .load(connection)?;
    let until = now.plus_seconds(LEASE_SECONDS);
    diesel::update(r::table.filter(r::id.eq_any(&due))).set(r::lease_until.eq(until)).execute(connection)?;
    Ok(due.into_iter().map(|id| Claimed { id, until }).collect())
}

/// Whether any answer is due that nobody holds.
pub fn is_due(connection: &mut DbConnection, now: Time) -> Result<bool> {
    let is_free = r::lease_until.is_null().or(r::lease_until.le(now));
    let first: Option<SmsReplyId> = r::table
        .filter(r::next_at.is_not_null().and(r::next_at.le(now)).and(is_free))
        .select(r::id)
        .first(connection)
        .optional()?;
    Ok(first.is_some())
}

/// The letter of a claimed answer; none where it was settled by somebody else.
///
/// # Errors
/// `Internal` when its template is missing or wrong.
pub fn letter(
    connection: &mut DbConnection,
    act: &Act,
    claimed: Claimed,
    links: Links<'_>,
) -> Result<Option<Letter>> {
    type Row = (String, String, Option<Sealed>, Option<Sealed>);
    let row: Option<Row> = r::table
        .filter(r::id.eq(claimed.id).and(r::lease_until.eq(claimed.until)))
        .select((r::template, r::language, r::phone, r::facts))
        .first(connection)
        .optional()?;
    let Some((template, language, phone, facts)) = row else { return Ok(None) };
    let phone = act.vault.open_some(connection, field!(sms_replies::phone), claimed.id, phone.as_ref())?;
    let facts = act.vault.open_some(connection, field!(sms_replies::facts), claimed.id, facts.as_ref())?;
    let (Some(address), Some(facts)) = (phone, facts) else { return Ok(None) };
    let facts: Facts = serde_json::from_str(&facts).map_err(Error::internal)?;
    let key = (template.clone(), "sender".to_owned(), "sms".to_owned(), language.clone());
    let row = act.rules.templates.get(&key).ok_or_else(|| {
        Error::internal(format!("no template for {template} to sender by sms in {language}"))
    })?;
    let reader = if language == "en" { Language::En } else { Language::Fa };
    let values = values(&facts, reader, links);
    let body =
        Environment::new().render_str(&row.body, Value::from_serialize(&values)).map_err(Error::internal)?;
    let rendered = Rendered { subject: None, body, filled: Filled { event: template, values } };
    // ids are of one sequence, so that the carrier knows no two by one
    let message = MessageId(claimed.id.0);
    Ok(Some(Letter {
        message,
        outlet: Outlet::Sms,
        address,
        language: reader,
        rendered,
        thread: Default::default(),
        haste: Default::default(),
        page: None,
    }))
}

fn values(facts: &Facts, reader: Language, links: Links<'_>) -> BTreeMap<String, String> {
    let usual = [
        ("code", facts.code.clone().unwrap_or_default()),
        ("status", facts.status.clone().unwrap_or_default()),
        ("due", date(facts.due, reader)),
        ("until", date(facts.until, reader)),
        ("url", format!("{}/track", links.base_url.trim_end_matches('/'))),
    ];
    let code = facts.access_code.clone().map(|code| ("access_code", code));
    usual.into_iter().chain(code).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    Sent,
    /// Kept back on purpose.
    Withheld,
    /// Not now.
    Later(String),
    /// Never.
    Refused(String),
}

/// Settles a claimed answer: what went out, or never will, keeps neither number nor facts.
pub fn settle(
    connection: &mut DbConnection,
    act: &Act,
    claimed: Claimed,
    tried: &Tried,
    retry: &Outbox,
) -> Result<()> {
    let row = r::table.filter(r::id.eq(claimed.id).and(r::lease_until.eq(claimed.until)));
    let attempts: Option<i32> = row.select(r::attempts).first(connection).optional()?;
    let Some(attempts) = attempts.map(|attempts| attempts + 1) else { return Ok(()) };
    let (state, error) = match tried {
        Tried::Sent => (DeliveryState::Sent, None),
        Tried::Withheld => (DeliveryState::Blocked, None),
        Tried::Later(error) if attempts < retry.max_attempts => (DeliveryState::Queued, Some(error)),
        Tried::Later(error) | Tried::Refused(error) => (DeliveryState::Failed, Some(error)),
    };
    let row = diesel::update(r::table.find(claimed.id));
    if state == DeliveryState::Queued {
        let doubled = retry.backoff_seconds.saturating_mul(1 << (attempts - 1).clamp(0, 30));
        let next_at = act.now.plus_seconds(doubled.min(retry.backoff_limit_seconds));
        let waits = (r::next_at.eq(next_at), r::lease_until.eq(None::<Time>));
        row.set((waits, r::attempts.eq(attempts), r::error.eq(error))).execute(connection)?;
        return Ok(());
    }
    row.set((
        (r::state.eq(state), r::attempts.eq(attempts), r::error.eq(error), r::settled_at.eq(act.now)),
        (r::next_at.eq(None::<Time>), r::lease_until.eq(None::<Time>)),
        (r::phone.eq(None::<Sealed>), r::facts.eq(None::<Sealed>)),
    ))
    .execute(connection)?;
    Ok(())
}

/// Records a carrier's report on an answer; what is known for good stays.
///
/// # Errors
/// `NotFound` for one that we did not send.
pub fn delivered(
    connection: &mut DbConnection,
    act: &Act,
    id: SmsReplyId,
    state: DeliveryState,
) -> Result<()> {
    let known: DeliveryState = r::table.find(id).select(r::state).first(connection)?;
    let is_open = matches!(known, DeliveryState::Sent | DeliveryState::AtCarrier);
    if is_open && !matches!(state, DeliveryState::Queued | DeliveryState::Sent) {
        let told = (r::state.eq(state), r::settled_at.eq(act.now));
        diesel::update(r::table.find(id)).set(told).execute(connection)?;
    }
    Ok(())
}

/// An answer beside a case, for the list of what was said on it.
pub type Said = (String, DeliveryState, Time, Option<Time>);

/// The answers that went out beside a case, oldest first.
pub fn of_case(connection: &mut DbConnection, case: CaseId) -> Result<Vec<Said>> {
    Ok(r::table
        .filter(r::case_id.eq(case))
        .order(r::id)
        .select((r::template, r::state, r::created_at, r::settled_at))
        .load(connection)?)
}

/// Takes away what answers beside a case hold: what waits is not sent any more.
pub fn erase(connection: &mut DbConnection, case: CaseId) -> Result<()> {
    diesel::delete(r::table.filter(r::case_id.eq(case))).execute(connection)?;
    Ok(())
}

/// How many answers could not be sent for so long.
pub fn waiting_since(connection: &mut DbConnection, before: Time) -> Result<i64> {
    Ok(r::table
        .filter(r::next_at.is_not_null().and(r::created_at.lt(before)))
        .count()
        .get_result(connection)?)
}
