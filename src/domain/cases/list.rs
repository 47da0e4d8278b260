//! The list of cases: filters, sort orders and keyset pages, inside the one visibility predicate.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use serde::{Deserialize, Serialize};

use super::life::Status;
use super::row::{CaseRow, Channel};
use crate::db::DbConnection;
use crate::db::connection::MultiBackend;
use crate::db::schema::cases;
use crate::db::types::{CaseId, CitizenId, OfficeId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::confidentiality::reads_original;
use crate::domain::text::search_key;
use crate::domain::visibility;
use crate::error::{Code, Error, Result};
use crate::text_enum;

text_enum! {
    /// A sort order; a leading minus turns it round.
    pub enum Sort {
        DueAt = "due_at", DueAtDown = "-due_at", RegisteredAt = "registered_at",
        RegisteredAtDown = "-registered_at", UpdatedAt = "updated_at", UpdatedAtDown = "-updated_at",
    }
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub status: Vec<Status>,
    pub kind: Option<String>,
    pub channel: Option<Channel>,
    pub category: Option<String>,
    /// The office that holds the case.
    pub office: Option<OfficeId>,
    pub province: Option<String>,
    pub county: Option<String>,
    /// The person who holds the case.
    pub holder: Option<UserId>,
    pub citizen: Option<CitizenId>,
    pub overdue: Option<bool>,
    pub sealed: Option<bool>,
    /// Words of the case, or a tracking code.
    pub words: Option<String>,
    pub from: Option<Time>,
    pub to: Option<Time>,
}

/// Where a page begins: after this value and id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    pub sort: String,
    pub at: Time,
    pub id: i64,
}

impl Cursor {
    /// The opaque text of a cursor.
    pub fn encode(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads a cursor that this service gave for the same sort order.
    pub fn decode(text: &str, sort: &str) -> Result<Self> {
        BASE64_URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok())
            .filter(|cursor| cursor.sort == sort)
            .ok_or(Error::Malformed(Code::InvalidCursor))
    }
}

type Boxed<'a> = cases::BoxedQuery<'a, MultiBackend>;

/// One page of visible cases and the cursor of the next.
pub fn list(
    connection: &mut DbConnection,
    act: &Act,
    filter: &Filter,
    sort: Sort,
    limit: i64,
    cursor: Option<&Cursor>,
) -> Result<(Vec<CaseRow>, Option<Cursor>)> {
    let words = filter.words.as_deref().map(|words| condition_on_words(connection, act, words));
    let mut query = narrow(cases::table.into_boxed(), act, filter).filter(visibility::visible(act));
    if let Some(words) = words {
        query = query.filter(words);
    }
    let mut rows: Vec<CaseRow> =
        ordered(query, sort, cursor).limit(limit + 1).select(CaseRow::as_select()).load(connection)?;
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > size;
    rows.truncate(size);
    let next = rows.last().filter(|_| has_more).map(|row| Cursor {
        sort: sort.to_string(),
        at: match sort {
            Sort::DueAt | Sort::DueAtDown => row.due_at,
            Sort::RegisteredAt | Sort::RegisteredAtDown => row.registered_at,
            Sort::UpdatedAt | Sort::UpdatedAtDown => row.updated_at,
        },
        id: row.id.0,
    });
    Ok((rows, next))
}

fn narrow<'a>(mut query: Boxed<'a>, act: &Act, filter: &Filter) -> Boxed<'a> {
    if !filter.status.is_empty() {
        query = query.filter(cases::status.eq_any(filter.status.clone()));
    }
    if let Some(kind) = filter.kind.clone() {
        query = query.filter(cases::kind.eq(kind));
    }
    if let Some(channel) = filter.channel {
        query = query.filter(cases::channel.eq(channel));
    }
    if let Some(category) = filter.category.clone() {
        query = query.filter(cases::category.eq(category));
    }
    if let Some(office) = filter.office {
        query = query.filter(cases::holder_office_id.eq(office));
    }
    if let Some(province) = filter.province.clone() {
        query = query.filter(cases::province.eq(province));
    }
    if let Some(county) = filter.county.clone() {
        query = query.filter(cases::county.eq(county));
    }
    if let Some(holder) = filter.holder {
        query = query.filter(cases::holder_user_id.eq(holder));
    }
    if let Some(citizen) = filter.citizen {
        // whose a sealed case is, is not told by a filter either
        query = query.filter(cases::citizen_id.eq(citizen)).filter(cases::is_sealed.eq(false));
    }
    match filter.overdue {
        Some(true) => {
            query = query.filter(cases::due_at.lt(act.now)).filter(cases::status.eq_any([
                Status::Registered,
                Status::Classified,
                Status::Referred,
            ]));
        }
        Some(false) => query = query.filter(cases::due_at.ge(act.now).or(cases::closed_at.is_not_null())),
        None => {}
    }
    if let Some(sealed) = filter.sealed {
        // without a bound value, which would hide the small index of sealed cases from SQLite
        query =
            if sealed { query.filter(cases::is_sealed) } else { query.filter(cases::is_sealed.eq(false)) };
    }
    if let Some(from) = filter.from {
        query = query.filter(cases::registered_at.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(cases::registered_at.lt(to));
    }
    query
}

fn ordered<'a>(query: Boxed<'a>, sort: Sort, cursor: Option<&Cursor>) -> Boxed<'a> {
    // the pair (time, id) is unique, so a page starts exactly after the last row of the one before
    macro_rules! by {
        ($column:expr, up) => {{
            let query = match cursor {
                Some(c) => {
                    query.filter($column.gt(c.at).or($column.eq(c.at).and(cases::id.gt(CaseId(c.id)))))
                }
                None => query,
            };
            query.order(($column.asc(), cases::id.asc()))
        }};
        ($column:expr, down) => {{
            let query = match cursor {
                Some(c) => {
                    query.filter($column.lt(c.at).or($column.eq(c.at).and(cases::id.lt(CaseId(c.id)))))
                }
                None => query,
            };
            query.order(($column.desc(), cases::id.desc()))
        }};
    }
    match sort {
        Sort::DueAt => by!(cases::due_at, up),
        Sort::DueAtDown => by!(cases::due_at, down),
        Sort::RegisteredAt => by!(cases::registered_at, up),
        Sort::RegisteredAtDown => by!(cases::registered_at, down),
        Sort::UpdatedAt => by!(cases::updated_at, up),
        Sort::UpdatedAtDown => by!(cases::updated_at, down),
    }
}

type Words = Box<dyn BoxableExpression<cases::table, MultiBackend, SqlType = Bool>>;

/// A tracking code finds its case; other words are looked for in the full-text index, all of them in the case or all of
/// them in one of its files. Of a sealed case only
/// those find an original word who may read it; everybody else finds it by its extract.
fn condition_on_words(connection: &DbConnection, act: &Act, words: &str) -> Words {
    if let Ok(code) = super::TrackingCode::parse(words) {
        return Box::new(cases::tracking_code.eq(code.as_str().to_owned()));
    }
    let terms: Vec<String> = search_key(words)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|term| !term.is_empty())
        .take(16)
        .map(str::to_owned)
        .collect();
    if terms.is_empty() {
        return Box::new(sql::<Bool>("1 = 0"));
    }
    // terms are letters and digits only, and so they can stand in the statement as they are
    let in_extract = terms
        .iter()
        .fold("SELECT case_id FROM extracts WHERE state = 'confirmed'".to_owned(), |query, term| {
            query + &format!(" AND words LIKE '% {term} %'")
        });
    // one list of ids, from which the database can start
    let found: Words = match connection {
        DbConnection::Sqlite(_) => {
            let all = terms.iter().map(|term| format!("\"{term}\"")).collect::<Vec<_>>().join(" ");
            Box::new(
                sql::<Bool>("cases.id IN (SELECT rowid FROM case_search WHERE case_search MATCH ")
                    .bind::<Text, _>(all.clone())
                    .sql(
                        " UNION ALL SELECT case_id FROM attachments WHERE id IN \
                         (SELECT rowid FROM file_search WHERE file_search MATCH ",
                    )
                    .bind::<Text, _>(all)
                    .sql(&format!(") UNION ALL {in_extract})")),
            )
        }
        DbConnection::Postgres(_) => Box::new(
            sql::<Bool>(
                "cases.id IN (SELECT case_id FROM case_search WHERE words @@ plainto_tsquery('simple', ",
            )
            .bind::<Text, _>(terms.join(" "))
            .sql(") UNION ALL SELECT case_id FROM file_search WHERE words @@ plainto_tsquery('simple', ")
            .bind::<Text, _>(terms.join(" "))
            .sql(&format!(") UNION ALL {in_extract})")),
        ),
    };
    let in_extract = sql::<Bool>(&format!("cases.id IN ({in_extract})"));
    Box::new(found.and(reads_original(act).or(in_extract)))
}
