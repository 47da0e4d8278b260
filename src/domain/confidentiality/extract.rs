//! The extract (چکیده) of a sealed case: proposed by the service, corrected and confirmed by a person of the desk or the
//! privacy officer, read by everybody else who works on the case.
//!
//! A proposal stands beside the confirmed extract until it takes its place. What the citizen says later (replies, an
//! objection, an appeal) reaches the body by the next extract.

use std::collections::HashMap;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::known;
use super::sight::leak;
use crate::db::DbConnection;
use crate::db::schema::{extracts, messages};
use crate::db::types::{CaseId, MessageId, OfficeId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::cases::life::Fact;
use crate::domain::cases::{CaseRow, Docket, Expected, record, remedies, sha256_hex};
use crate::domain::input;
use crate::domain::masking::Masker;
use crate::domain::notifications::date;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::domain::text::search_key;
use crate::domain::vault::field;
use crate::error::{Code, Error, FieldError, Fields, Language, Result};
use crate::text_enum;

text_enum! {
    /// Where an extract stands.
    pub enum ExtractState { Proposed = "proposed", Confirmed = "confirmed" }
}

/// An extract as a person confirms it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    #[serde(default)]
    pub subject: Option<String>,
    /// The words without what points at a person, at most 20,000 characters.
    pub text: String,
    #[serde(default)]
    pub remedy_sought: Option<String>,
}

/// An extract as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = extracts, treat_none_as_null = true)]
pub struct ExtractRow {
    pub case_id: CaseId,
    pub state: ExtractState,
    pub subject: Option<String>,
    pub text: String,
    pub remedy_sought: Option<String>,
    words: String,
    pub author_id: UserId,
    pub at: Time,
    pub covers_until: Time,
}

/// The case for whoever makes its extract, locked.
fn open(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
) -> Result<(Docket, OfficeId, UserId)> {
    let docket = Docket::open(connection, act, id, expected)?;
    let office = policy::allow(act, Verb::Extract, docket.row.intake_office_id)?;
    let author = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    if !docket.row.is_sealed {
        return Err(Error::Conflict(Code::NotSealed));
    }
    Ok((docket, office, author))
}

/// Proposes an extract: of the whole case the first time, later the confirmed one with what the citizen said since.
///
/// # Errors
/// `not_sealed`.
pub fn propose(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
) -> Result<(Docket, ExtractRow)> {
    let (mut docket, office, author) = open(connection, act, id, expected)?;
    let mut masker = known::masker(connection, act, &docket.row)?;
    let row = &docket.row;
    let filed = row.words(connection, &act.vault)?;
    let (subject, mut text, remedy_sought, since) = match find(connection, id, ExtractState::Confirmed)? {
        Some(confirmed) => {
            (confirmed.subject, confirmed.text, confirmed.remedy_sought, Some(confirmed.covers_until))
        }
        None => (
            filed.subject.as_deref().map(|text| masker.propose(text)),
            masker.propose(&filed.text),
            filed.remedy_sought.as_deref().map(|text| masker.propose(text)),
            None,
        ),
    };
    for (at, words) in said_later(connection, act, id, since)? {
        text.push_str(&later(&mut masker, row, at, &words));
    }
    let words = words(subject.as_deref(), &text);
    let proposal = ExtractRow {
        case_id: id,
        state: ExtractState::Proposed,
        subject,
        text,
        remedy_sought,
        words,
        author_id: author,
        at: act.now,
        covers_until: act.now,
    };
    let fact = Fact::ExtractProposed { text_sha256: sha256_hex(proposal.text.as_bytes()) };
    save(connection, &proposal)?;
    record(connection, act, &mut docket, &[fact], Some(office))?;
    Ok((docket.reload(connection)?, proposal))
}

fn later(masker: &mut Masker, row: &CaseRow, at: Time, words: &str) -> String {
    let reader = if row.language == "en" { Language::En } else { Language::Fa };
    let heading = match reader {
        Language::Fa => "شهروند",
        Language::En => "The citizen",
    };
    format!("\n\n{heading} ({}): {}", date(Some(at), reader), masker.propose(words))
}

/// What the citizen said after the filing: messages, objections and appeals, oldest first.
fn said_later(
    connection: &mut DbConnection,
    act: &Act,
    case: CaseId,
    since: Option<Time>,
) -> Result<Vec<(Time, String)>> {
    use messages as m;
    let since = since.unwrap_or(Time::from_microsecond(0));
    let rows: Vec<(MessageId, Time, Option<crate::db::sealed::Sealed>)> = m::table
        .filter(m::case_id.eq(case).and(m::direction.eq("in")).and(m::created_at.gt(since)))
        .select((m::id, m::created_at, m::body))
        .load(connection)?;
    let mut said = Vec::new();
    for (id, at, body) in rows {
        let body = act.vault.open_some(connection, field!(messages::body), id, body.as_ref())?;
        said.extend(body.map(|body| (at, body)));
    }
    let objected = remedies::objections_of(connection, act, case)?.into_iter();
    said.extend(objected.filter(|row| row.at > since).map(|row| (row.at, row.text)));
    for row in remedies::appeals_of(connection, case)?.iter().filter(|row| row.at > since) {
        said.push((row.at, row.words(connection, act)?));
    }
    said.sort_by_key(|(at, _)| *at);
    Ok(said)
}

/// Whether the citizen said something that this extract does not tell.
pub fn is_behind(connection: &mut DbConnection, act: &Act, extract: &ExtractRow) -> Result<bool> {
    Ok(!said_later(connection, act, extract.case_id, Some(extract.covers_until))?.is_empty())
}

/// Confirms an extract; from now on it is what the body reads.
///
/// # Errors
/// `identity_in_text` on a field that still names the citizen or holds a number of a person, with sort and place of each.
pub fn confirm(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
    wish: &Confirm,
) -> Result<(Docket, ExtractRow)> {
    let (mut docket, office, author) = open(connection, act, id, expected)?;
    let masker = known::masker(connection, act, &docket.row)?;
    let mut fields = Fields::default();
    let text = fields.take(input::text("text", &wish.text, input::TEXT_MAX));
    let line = |field: &str, value: Option<&str>, max| input::optional_text(field, value, max);
    let subject = fields.take(line("subject", wish.subject.as_deref(), input::LINE_MAX)).flatten();
    let remedy_sought = fields.take(line("remedy_sought", wish.remedy_sought.as_deref(), 2000)).flatten();
    for (field, value) in [("text", &text), ("subject", &subject), ("remedy_sought", &remedy_sought)] {
        let found: Option<FieldError> = value.as_deref().and_then(|text| leak(field, &masker.leaks(text)));
        found.into_iter().for_each(|error| fields.add(error));
    }
    fields.finish()?;
    let text = text.unwrap_or_default();
    let proposal = find(connection, id, ExtractState::Proposed)?;
    let words = words(subject.as_deref(), &text);
    let extract = ExtractRow {
        case_id: id,
        state: ExtractState::Confirmed,
        subject,
        text,
        remedy_sought,
        words,
        author_id: author,
        at: act.now,
        covers_until: proposal.map_or(act.now, |proposal| proposal.covers_until),
    };
    save(connection, &extract)?;
    diesel::delete(extracts::table.find((id, ExtractState::Proposed))).execute(connection)?;
    let fact = Fact::ExtractConfirmed { text_sha256: sha256_hex(extract.text.as_bytes()) };
    record(connection, act, &mut docket, &[fact], Some(office))?;
    Ok((docket.reload(connection)?, extract))
}

fn words(subject: Option<&str>, text: &str) -> String {
    let key = search_key(&format!("{} {text}", subject.unwrap_or_default()));
    let words = key.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
    format!(" {} ", words.collect::<Vec<_>>().join(" "))
}

fn save(connection: &mut DbConnection, extract: &ExtractRow) -> Result<()> {
    let changed = diesel::update(extracts::table.find((extract.case_id, extract.state)))
        .set(extract)
        .execute(connection)?;
    if changed == 0 {
        diesel::insert_into(extracts::table).values(extract).execute(connection)?;
    }
    Ok(())
}

/// The extract of a case in this state.
pub fn find(connection: &mut DbConnection, case: CaseId, state: ExtractState) -> Result<Option<ExtractRow>> {
    Ok(extracts::table.find((case, state)).select(ExtractRow::as_select()).first(connection).optional()?)
}

/// The confirmed extracts of these cases, with one query.
pub fn confirmed(connection: &mut DbConnection, cases: &[CaseId]) -> Result<HashMap<CaseId, ExtractRow>> {
    if cases.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<ExtractRow> = extracts::table
        .filter(extracts::case_id.eq_any(cases).and(extracts::state.eq(ExtractState::Confirmed)))
        .select(ExtractRow::as_select())
        .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.case_id, row)).collect())
}

/// A sealed case goes to a body only with its extract.
///
/// # Errors
/// `extract_required`.
pub fn require(connection: &mut DbConnection, row: &CaseRow) -> Result<()> {
    if row.is_sealed && find(connection, row.id, ExtractState::Confirmed)?.is_none() {
        return Err(Error::Conflict(Code::ExtractRequired));
    }
    Ok(())
}
