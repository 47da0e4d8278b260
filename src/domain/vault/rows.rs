//! Every table that holds sealed values, and how its rows are brought under the active keys: a few at a time, in
//! the order of their ids, leaving out rows that somebody else is writing.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::ring::Ring;
use super::{Field, Look, Masters, Source, Vault, field};
use crate::db::DbConnection;
use crate::db::dialect::for_update_skip_locked;
use crate::db::schema::{
    appeals, attachments, cases, citizen_merges, citizens, correction_requests, corrections, drafts,
    family_links, idempotency_keys, intake_files, intake_items, item_pages, messages, notes, objections,
    phone_callbacks, phone_calls, phone_proofs, sealed_words, second_factors, sms_replies, uploads,
};
use crate::db::sealed::{Blind, Sealed};
use crate::db::types::{
    AppealId, AttachmentId, CaseId, CitizenId, CitizenMergeId, CorrectionId, CorrectionRequestId, DraftId,
    FactorId, FamilyLinkId, IntakeFileId, IntakeItemId, ItemPageId, MessageId, NoteId, ObjectionId,
    PhoneCallId, PhoneCallbackId, PhoneProofId, SmsReplyId, UploadId,
};
use crate::domain::citizens::household;
use crate::domain::rulebook;
use crate::error::Result;

/// The index that no single column stands for.
const HOUSEHOLD: &str = "household";
/// Rows of one transaction: short, so that others who write hardly wait.
const ROWS: i64 = 100;

/// What becomes of a text that was never sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plain {
    /// It is sealed now; only when a database gets its first keys.
    Adopt,
    /// It is a fault: whoever can write into the database must not get his own values sealed.
    Refuse,
}

/// Where a walk through all tables stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursor {
    table: usize,
    /// Id of the last row that was looked at.
    after: String,
}

/// What one step of a walk did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Rows that were changed.
    pub rows: usize,
    /// Where to go on; none when every table was walked through.
    pub next: Option<Cursor>,
}

type Renew = fn(&mut DbConnection, &Ring, &Stale, Plain, &str) -> Result<(usize, Option<String>)>;

/// What one table can do.
struct Walked {
    table: &'static str,
    /// Sealed columns.
    columns: &'static [&'static str],
    /// Whether it is their blind indexes that are walked through.
    is_index: bool,
    /// Brings some rows after an id under the active keys; gives how many, and the last id.
    renew: Renew,
    count: fn(&mut DbConnection, &Stale) -> Result<i64>,
}

/// The condition that a row is not wholly under the active keys, as SQL.
struct Stale(String);

impl Stale {
    fn of(table: &Walked, ring: &Ring) -> Self {
        let (sealed, blind) = (Sealed::prefix(ring.sealing()), Blind::prefix(ring.indexing()));
        let is_stale = |column: &&str| match table.is_index {
            false => format!("{column} NOT LIKE '{sealed}%'"),
            // a household is looked up by what two columns say together
            true if *column == HOUSEHOLD => format!(
                "(postal_code IS NOT NULL AND address IS NOT NULL AND coalesce(household_index, '') NOT LIKE '{blind}%')"
            ),
            true => {
                format!("({column} IS NOT NULL AND coalesce({column}_index, '') NOT LIKE '{blind}%')")
            }
        };
        Self(format!("({})", table.columns.iter().map(is_stale).collect::<Vec<_>>().join(" OR ")))
    }
}

/// The value under the active key, where it is not already.
fn renewed(
    ring: &Ring,
    field: Field,
    row: &str,
    sealed: Option<Sealed>,
    plain: Plain,
) -> Result<Option<Sealed>> {
    let Some(sealed) = sealed.filter(|sealed| !sealed.is_under(ring.sealing())) else { return Ok(None) };
    match (sealed.as_plain(), plain) {
        (Some(text), Plain::Adopt) => ring.seal(field, row, text).map(Some),
        _ => ring.seal(field, row, &ring.open(field, row, &sealed)?).map(Some),
    }
}

macro_rules! walked {
    ($table:ident, $id:ty, $first:expr, [$($column:ident),+]) => {{
        #[derive(AsChangeset)]
        #[diesel(table_name = $table)]
        struct Changes { $($column: Option<Sealed>),+ }

        fn renew(
            connection: &mut DbConnection,
            ring: &Ring,
            stale: &Stale,
            plain: Plain,
            after: &str,
        ) -> Result<(usize, Option<String>)> {
            use $table as t;
            let query = t::table
                .filter(sql::<Bool>(&stale.0))
                .filter(t::id.gt(after.parse::<$id>().unwrap_or($first)))
                .order(t::id)
                .limit(ROWS)
                .select((t::id, ($(t::$column.nullable(),)+)));
            type Row = ($id, ($(Option<walked!(@sealed $column)>,)+));
            let rows: Vec<Row> = for_update_skip_locked(query).load(connection)?;
            let last = rows.last().map(|(id, _)| id.to_string());
            let count = rows.len();
            for (id, ($($column,)+)) in rows {
                let row = id.to_string();
                let changes = Changes {
                    $($column: renewed(ring, field!($table::$column), &row, $column, plain)?),+
                };
                diesel::update(t::table.find(id)).set(&changes).execute(connection)?;
            }
            Ok((count, last))
        }

        fn count(connection: &mut DbConnection, stale: &Stale) -> Result<i64> {
            Ok($table::table.filter(sql::<Bool>(&stale.0)).count().get_result(connection)?)
        }

        Walked { table: stringify!($table), columns: &[$(stringify!($column)),+], is_index: false, renew, count }
    }};
    (@sealed $column:ident) => { Sealed };
}

/// All of them. The blind indexes come last and are made from what is sealed.
fn tables() -> [Walked; 24] {
    [
        walked!(
            citizens,
            CitizenId,
            CitizenId(0),
            [identifier, name, mobile, phone, email, address, postal_code, household_head]
        ),
        walked!(cases, CaseId, CaseId(0), [representative, address, about_person]),
        walked!(sealed_words, CaseId, CaseId(0), [subject, text, remedy_sought]),
        walked!(objections, ObjectionId, ObjectionId(0), [text]),
        walked!(appeals, AppealId, AppealId(0), [text]),
        walked!(notes, NoteId, NoteId(0), [text]),
        walked!(messages, MessageId, MessageId(0), [facts, address, subject, body]),
        walked!(attachments, AttachmentId, AttachmentId(0), [name]),
        walked!(uploads, UploadId, UploadId(0), [name]),
        walked!(drafts, DraftId, DraftId(0), [content]),
        walked!(phone_proofs, PhoneProofId, PhoneProofId(0), [phone, identifier]),
        walked!(intake_items, IntakeItemId, IntakeItemId(0), [content, raw]),
        walked!(intake_files, IntakeFileId, IntakeFileId(0), [name]),
        walked!(sms_replies, SmsReplyId, SmsReplyId(0), [phone, facts]),
        walked!(phone_calls, PhoneCallId, PhoneCallId(0), [number]),
        walked!(phone_callbacks, PhoneCallbackId, PhoneCallbackId(0), [number, note]),
        walked!(item_pages, ItemPageId, ItemPageId(0), [lines]),
        walked!(idempotency_keys, String, String::new(), [reply]),
        walked!(correction_requests, CorrectionRequestId, CorrectionRequestId(0), [value, grounds, words]),
        walked!(citizen_merges, CitizenMergeId, CitizenMergeId(0), [reason, undone_reason]),
        walked!(corrections, CorrectionId, CorrectionId(0), [old_value, new_value, evidence, reason]),
        walked!(second_factors, FactorId, FactorId(0), [secret]),
        walked!(family_links, FamilyLinkId, FamilyLinkId(0), [household_head]),
        Walked {
            table: "citizens",
            columns: &["identifier", "mobile", "phone", "email", "household_head", HOUSEHOLD],
            is_index: true,
            renew: renew_indexes,
            count: |connection, stale| {
                Ok(citizens::table.filter(sql::<Bool>(&stale.0)).count().get_result(connection)?)
            },
        },
    ]
}

#[derive(AsChangeset)]
#[diesel(table_name = citizens)]
struct Indexes {
    identifier_index: Option<Blind>,
    mobile_index: Option<Blind>,
    phone_index: Option<Blind>,
    email_index: Option<Blind>,
    household_head_index: Option<Blind>,
    household_index: Option<Blind>,
}

/// What the indexes of a citizen are made from.
#[derive(Queryable, Selectable)]
#[diesel(table_name = citizens)]
struct LookedUp {
    id: CitizenId,
    identifier: Option<Sealed>,
    mobile: Option<Sealed>,
    phone: Option<Sealed>,
    email: Option<Sealed>,
    household_head: Option<Sealed>,
    postal_code: Option<Sealed>,
    address: Option<Sealed>,
}

fn renew_indexes(
    connection: &mut DbConnection,
    ring: &Ring,
    stale: &Stale,
    _: Plain,
    after: &str,
) -> Result<(usize, Option<String>)> {
    use citizens as c;
    let query = c::table
        .filter(sql::<Bool>(&stale.0))
        .filter(c::id.gt(after.parse().unwrap_or(CitizenId(0))))
        .order(c::id)
        .limit(ROWS)
        .select(LookedUp::as_select());
    let rows: Vec<LookedUp> = for_update_skip_locked(query).load(connection)?;
    let (count, last) = (rows.len(), rows.last().map(|row| row.id.to_string()));
    for row in rows {
        diesel::update(c::table.find(row.id)).set(&indexes(ring, row)?).execute(connection)?;
    }
    Ok((count, last))
}

fn indexes(ring: &Ring, of: LookedUp) -> Result<Indexes> {
    let row = of.id.to_string();
    let open = |field: Field, sealed: Option<Sealed>| -> Result<Option<String>> {
        sealed.map(|sealed| ring.open(field, &row, &sealed)).transpose()
    };
    let blind = |look: Look, text: Option<String>| text.map(|text| ring.blind(look, &text));
    let postal_code = open(field!(citizens::postal_code), of.postal_code)?;
    let address = open(field!(citizens::address), of.address)?;
    let household = household(postal_code.as_deref(), address.as_deref());
    Ok(Indexes {
        identifier_index: blind(Look::Identifier, open(field!(citizens::identifier), of.identifier)?),
        mobile_index: blind(Look::Mobile, open(field!(citizens::mobile), of.mobile)?),
        phone_index: blind(Look::Phone, open(field!(citizens::phone), of.phone)?),
        email_index: blind(Look::Email, open(field!(citizens::email), of.email)?),
        household_head_index: blind(
            Look::HouseholdHead,
            open(field!(citizens::household_head), of.household_head)?,
        ),
        household_index: blind(Look::Household, household),
    })
}

/// Takes one step of a walk through all tables under the keys that this transaction sees.
///
/// # Errors
/// `Internal` when a value cannot be opened: it is named, and nothing of this step is kept.
pub fn step(connection: &mut DbConnection, vault: &Vault, at: &Cursor) -> Result<Step> {
    let version = rulebook::version(connection)?;
    vault.follow(connection, version)?;
    walk(connection, &vault.ring(), Plain::Refuse, at)
}

fn walk(connection: &mut DbConnection, ring: &Ring, plain: Plain, at: &Cursor) -> Result<Step> {
    let tables = tables();
    let Some(table) = tables.get(at.table) else { return Ok(Step { rows: 0, next: None }) };
    let (rows, last) = (table.renew)(connection, ring, &Stale::of(table, ring), plain, &at.after)?;
    let next = match last {
        Some(after) => Some(Cursor { table: at.table, after }),
        None => (at.table + 1 < tables.len()).then(|| Cursor { table: at.table + 1, after: String::new() }),
    };
    Ok(Step { rows, next })
}

/// How many rows of each table are not wholly under the active keys.
pub fn left(connection: &mut DbConnection, vault: &Vault) -> Result<Vec<(&'static str, i64)>> {
    let version = rulebook::version(connection)?;
    vault.follow(connection, version)?;
    let ring = vault.ring();
    tables()
        .iter()
        .map(|table| Ok((table.table, (table.count)(connection, &Stale::of(table, &ring))?)))
        .collect()
}

/// Seals what a database holds in clear, when it gets its first keys.
pub(super) fn adopt(connection: &mut DbConnection, masters: &Masters) -> Result<()> {
    let ring = Ring::read(connection, 0, &Source::Held(masters.clone()), None)?;
    let mut at = Some(Cursor::default());
    while let Some(cursor) = at {
        at = walk(connection, &ring, Plain::Adopt, &cursor)?.next;
    }
    Ok(())
}

/// Every sealed column, for the test that none is forgotten.
#[cfg(test)]
pub(super) fn sealed_columns() -> Vec<(&'static str, &'static str)> {
    let sealed = tables().into_iter().filter(|table| !table.is_index);
    sealed.flat_map(|table| table.columns.iter().map(move |column| (table.table, *column))).collect()
}
