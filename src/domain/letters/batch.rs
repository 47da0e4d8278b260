//! Batches: the letters that wait, printed together.

use std::collections::{BTreeSet, HashMap};

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use serde::Serialize;

use super::content::{PaperLetter, content};
use crate::config::Letters;
use crate::db::DbConnection;
use crate::db::dialect::for_update_skip_locked;
use crate::db::schema::{cases, letter_batches as b, messages as m, paper_letters as p};
use crate::db::types::{CaseId, LetterBatchId, MessageId, OfficeId, Time, UserId};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::{CaseRow, find_visible};
use crate::domain::confidentiality::{Disclosure, Why, disclose, shows_people};
use crate::domain::notifications::Links;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::domain::{users, visibility};
use crate::error::{Code, Error, FieldError, Result};

/// Most letters of a batch.
const MOST: i64 = 500;

/// What a batch began with.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct NewBatch {
    #[serde(flatten)]
    pub batch: Batch,
    /// Letters that wait on, because their case is sealed and its identity was not released to whoever printed.
    pub withheld: usize,
}

/// A batch.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Batch {
    pub id: LetterBatchId,
    /// Code of the office that prints.
    pub office: String,
    /// User name.
    pub made_by: String,
    pub made_at: Time,
    pub letters: usize,
    /// When and to whom they were handed over, and its receipt.
    pub handed_over_at: Option<Time>,
    pub handed_to: Option<String>,
    pub reference: Option<String>,
    /// How many of them were delivered, and how many came back.
    pub delivered: usize,
    pub returned: usize,
}

/// A batch as stored.
#[derive(Queryable, Selectable)]
#[diesel(table_name = b)]
pub(super) struct Row {
    pub(super) id: LetterBatchId,
    office_id: OfficeId,
    made_by: UserId,
    made_at: Time,
    pub(super) handed_over_at: Option<Time>,
    handed_to: Option<String>,
    reference: Option<String>,
}

/// Gathers the letters that wait and that the actor may print, the oldest first, at most 500.
///
/// # Errors
/// `nothing_to_print` where none waits.
pub fn print(connection: &mut DbConnection, act: &Act) -> Result<NewBatch> {
    let office = policy::allow_anywhere(act, Verb::PostLetters)?;
    let Actor::Staff(staff) = &act.actor else { return Err(Error::Forbidden(Code::Forbidden)) };
    let waiting = waiting(connection, act)?;
    let mut taken = Vec::new();
    for (message, case) in &waiting {
        let row = find_visible(connection, act, *case)?;
        if shows_people(connection, act, &row)? {
            taken.push(*message);
        }
    }
    if taken.is_empty() {
        return Err(nothing(waiting.len()));
    }
    let id: LetterBatchId = act.id();
    diesel::insert_into(b::table)
        .values((b::id.eq(id), b::office_id.eq(office), b::made_by.eq(staff.id), b::made_at.eq(act.now)))
        .execute(connection)?;
    for message in &taken {
        diesel::insert_into(p::table)
            .values((p::message_id.eq(message), p::batch_id.eq(id)))
            .execute(connection)?;
    }
    Ok(NewBatch { batch: batch(connection, act, id)?, withheld: waiting.len() - taken.len() })
}

fn nothing(withheld: usize) -> Error {
    Error::field(FieldError::new(
        "letters",
        "nothing_to_print",
        format!("نامه‌ای برای چاپ نیست ({withheld} نامه از پرونده‌های مهرشده، آزادشدن هویت را می‌خواهد)."),
        format!("No letter waits to be printed ({withheld} of sealed cases need their identity released)."),
    ))
}

/// Letters that wait and that the actor sees, locked until the transaction ends, so that two batches never hold one.
fn waiting(connection: &mut DbConnection, act: &Act) -> Result<Vec<(MessageId, CaseId)>> {
    let mut all = Vec::new();
    let mut after = MessageId(0);
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    loop {
        let query = m::table
            .filter(m::channel.eq("letter").and(m::state.eq("queued")).and(m::citizen_id.is_not_null()))
            .filter(not(exists(p::table.filter(p::message_id.eq(m::id)))))
            .filter(m::id.gt(after))
            .order(m::id)
            .limit(MOST)
            .select((m::id, m::case_id));
        let mut found: Vec<(MessageId, CaseId)> = for_update_skip_locked(query).load(connection)?;
        let Some((last, _)) = found.last() else { break };
        after = *last;
        retain_visible(connection, act, &mut found, |(_, case)| *case)?;
        all.append(&mut found);
        if all.len() >= most {
            all.truncate(most);
            break;
        }
    }
    Ok(all)
}

/// Leaves out what belongs to cases that the actor does not see.
pub(super) fn retain_visible<T>(
    connection: &mut DbConnection,
    act: &Act,
    rows: &mut Vec<T>,
    case: impl Fn(&T) -> CaseId,
) -> Result<()> {
    let named: Vec<CaseId> = rows.iter().map(&case).collect();
    let seen: Vec<CaseId> = cases::table
        .filter(cases::id.eq_any(named))
        .filter(visibility::visible(act))
        .select(cases::id)
        .load(connection)?;
    let seen: BTreeSet<CaseId> = seen.into_iter().collect();
    rows.retain(|row| seen.contains(&case(row)));
    Ok(())
}

/// The batch of whoever may post letters for its office.
pub(super) fn find(connection: &mut DbConnection, act: &Act, id: LetterBatchId) -> Result<Row> {
    policy::allow_anywhere(act, Verb::PostLetters)?;
    let row: Row = b::table.find(id).select(Row::as_select()).first(connection)?;
    policy::allow(act, Verb::PostLetters, row.office_id).map_err(|_| Error::NotFound)?;
    Ok(row)
}

/// A batch with what became of it.
///
/// # Errors
/// `NotFound` for that of an office which the actor does not post for.
pub fn batch(connection: &mut DbConnection, act: &Act, id: LetterBatchId) -> Result<Batch> {
    let row = find(connection, act, id)?;
    let states: Vec<String> =
        p::table.inner_join(m::table).filter(p::batch_id.eq(id)).select(m::state).load(connection)?;
    let count = |state: &str| states.iter().filter(|one| *one == state).count();
    let names = users::names(connection, &[row.made_by])?;
    Ok(Batch {
        id,
        office: act.rules.offices.code(row.office_id),
        made_by: names.get(&row.made_by).map(|(username, _)| username.clone()).unwrap_or_default(),
        made_at: row.made_at,
        letters: states.len(),
        handed_over_at: row.handed_over_at,
        handed_to: row.handed_to,
        reference: row.reference,
        delivered: count("delivered"),
        returned: count("undelivered"),
    })
}

/// Messages of a batch with their cases, in their order.
pub(super) fn messages_of(
    connection: &mut DbConnection,
    id: LetterBatchId,
) -> Result<Vec<(MessageId, CaseId)>> {
    Ok(p::table
        .inner_join(m::table)
        .filter(p::batch_id.eq(id).and(m::citizen_id.is_not_null()))
        .order(m::id)
        .select((m::id, m::case_id))
        .load(connection)?)
}

/// Logs that the letters of a batch are printed; to be committed before [`contents`] shows them.
pub fn to_print(
    connection: &mut DbConnection,
    act: &Act,
    id: LetterBatchId,
) -> Result<Vec<(MessageId, CaseId, Disclosure)>> {
    find(connection, act, id)?;
    let mut shown = Vec::new();
    let mut cases: HashMap<CaseId, Option<Disclosure>> = HashMap::new();
    for (message, case) in messages_of(connection, id)? {
        if let std::collections::hash_map::Entry::Vacant(entry) = cases.entry(case) {
            entry.insert(disclosed(connection, act, case)?);
        }
        shown.extend(cases[&case].map(|disclosure| (message, case, disclosure)));
    }
    Ok(shown)
}

/// None where the case went out of the actor's sight since the batch was made.
fn disclosed(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<Option<Disclosure>> {
    match find_visible(connection, act, case) {
        Ok(row) if shows_people(connection, act, &row)? => {
            disclose(connection, act, &row, Why::Letter).map(Some)
        }
        Ok(_) | Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The letters of a batch, word for word.
pub fn contents(
    connection: &mut DbConnection,
    act: &Act,
    shown: &[(MessageId, CaseId, Disclosure)],
    head: &Letters,
    links: Links<'_>,
) -> Result<Vec<PaperLetter>> {
    let mut letters = Vec::with_capacity(shown.len());
    for (message, case, disclosure) in shown {
        let row: CaseRow = find_visible(connection, act, *case)?;
        letters.push(content(connection, act, &row, disclosure, *message, head, links)?);
    }
    Ok(letters)
}
