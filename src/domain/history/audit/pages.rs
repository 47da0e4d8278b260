//! Pages of cases with all that belongs to their histories; what belongs to no case any more falls between them.

use diesel::prelude::*;

use super::history::History;
use super::rows::{Rows, Standing, of};
use crate::db::DbConnection;
use crate::db::schema::{anchor_leaves, cases, events, tombstones};
use crate::db::types::{CaseId, TombstoneId};
use crate::domain::cases::{Filed, words};
use crate::domain::history::anchors::Leaf;
use crate::domain::history::chain::Stored;
use crate::domain::vault::Vault;
use crate::error::Result;

/// Cases of one page.
const CASES: i64 = 1000;

/// Words that were told, as far as they can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FiledWords {
    /// The text; empty once it was erased.
    Read(String),
    /// It is sealed, and the keys are not at hand.
    Locked,
    /// It is sealed, and does not open with the keys of this database.
    Altered,
}

impl FiledWords {
    /// Words that are stored sealed.
    pub(super) fn opened<T>(vault: Option<&Vault>, open: impl FnOnce(&Vault) -> Result<T>) -> Self
    where
        T: Into<String>,
    {
        match vault.map(open) {
            None => FiledWords::Locked,
            Some(Ok(text)) => FiledWords::Read(text.into()),
            Some(Err(_)) => FiledWords::Altered,
        }
    }
}

/// What the row of a case says of its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub id: CaseId,
    pub tracking_code: String,
    pub last_seq: i32,
    pub last_hash: String,
    pub words: FiledWords,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = cases)]
struct HeadRow {
    id: CaseId,
    tracking_code: String,
    last_seq: i32,
    last_hash: String,
    is_sealed: bool,
    #[diesel(embed)]
    filed: Filed,
}

impl Head {
    fn read(connection: &mut DbConnection, vault: Option<&Vault>, row: HeadRow) -> Self {
        let HeadRow { id, tracking_code, last_seq, last_hash, is_sealed, filed } = row;
        let words = match (filed.in_row(is_sealed), vault) {
            (Some(words), _) => FiledWords::Read(words.text),
            (None, None) => FiledWords::Locked,
            (None, Some(vault)) => match words::open(connection, vault, id, is_sealed, &filed) {
                Ok(words) => FiledWords::Read(words.text),
                Err(_) => FiledWords::Altered,
            },
        };
        Self { id, tracking_code, last_seq, last_hash, words }
    }
}

/// A tombstone as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = tombstones)]
pub struct Buried {
    pub case_id: CaseId,
    pub id: TombstoneId,
    pub body: String,
}

/// A range of case ids with all rows in it, each sort ordered by case.
pub struct Page {
    heads: Vec<(Head, Standing)>,
    pub events: Vec<Stored>,
    leaves: Vec<Leaf>,
    rows: Rows,
    tombstones: Vec<Buried>,
    /// Where the next page begins; none on the last.
    pub last: Option<CaseId>,
}

/// How many events and leaves there are.
pub fn count(connection: &mut DbConnection) -> Result<u64> {
    let events: i64 = events::table.count().get_result(connection)?;
    let leaves: i64 = anchor_leaves::table.count().get_result(connection)?;
    Ok(events.unsigned_abs() + leaves.unsigned_abs())
}

impl Page {
    /// The next so many cases after this id; the last page goes to the end of all ids.
    pub fn read(connection: &mut DbConnection, vault: Option<&Vault>, after: CaseId) -> Result<Self> {
        use cases as c;
        let heads: Vec<(HeadRow, Standing)> = c::table
            .filter(c::id.gt(after))
            .order(c::id)
            .limit(CASES)
            .select((HeadRow::as_select(), Standing::as_select()))
            .load(connection)?;
        let heads: Vec<(Head, Standing)> =
            heads.into_iter().map(|(row, standing)| (Head::read(connection, vault, row), standing)).collect();
        let is_full = i64::try_from(heads.len()).is_ok_and(|count| count == CASES);
        let last = heads.last().map(|(head, _)| head.id).filter(|_| is_full);
        let until = last.unwrap_or(CaseId(i64::MAX));
        let events = events::table
            .filter(events::case_id.gt(after).and(events::case_id.le(until)))
            .order((events::case_id, events::seq))
            .select(Stored::as_select())
            .load(connection)?;
        let leaves = anchor_leaves::table
            .filter(anchor_leaves::case_id.gt(after).and(anchor_leaves::case_id.le(until)))
            .order((anchor_leaves::case_id, anchor_leaves::seq))
            .select(Leaf::as_select())
            .load(connection)?;
        let rows = Rows::read(connection, vault, after, until)?;
        let tombstones = tombstones::table
            .filter(tombstones::case_id.gt(after).and(tombstones::case_id.le(until)))
            .order((tombstones::case_id, tombstones::id))
            .select(Buried::as_select())
            .load(connection)?;
        Ok(Self { heads, events, leaves, rows, tombstones, last })
    }

    /// Each case that any row names, with its rows.
    pub fn histories(&self) -> Vec<History<'_>> {
        let mut ids: Vec<CaseId> = self.heads.iter().map(|(head, _)| head.id).collect();
        ids.extend(self.events.iter().map(|event| event.line.case));
        ids.extend(self.leaves.iter().map(|leaf| leaf.case));
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter()
            .map(|id| (id, of(&self.heads, id, |(head, _)| head.id).first()))
            .map(|(id, row)| History {
                id,
                head: row.map(|(head, _)| head),
                standing: row.map(|(_, standing)| standing),
                events: of(&self.events, id, |event| event.line.case),
                leaves: of(&self.leaves, id, |leaf| leaf.case),
                own: self.rows.of(id),
                tombstones: of(&self.tombstones, id, |stone| stone.case_id),
            })
            .collect()
    }
}
