//! Pages of cases with all that belongs to their histories; what belongs to no case any more falls between them.

use diesel::prelude::*;

use super::history::History;
use super::rows::{Rows, Standing, of};
use crate::db::DbConnection;
use crate::db::schema::{anchor_leaves, cases, events, tombstones};
use crate::db::types::{CaseId, TombstoneId};
use crate::domain::history::anchors::Leaf;
use crate::domain::history::chain::Stored;
use crate::error::Result;

/// Cases of one page.
const CASES: i64 = 1000;

/// What the row of a case says of its history.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = cases)]
pub struct Head {
    pub id: CaseId,
    pub tracking_code: String,
    pub last_seq: i32,
    pub last_hash: String,
    pub text: String,
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
    pub fn read(connection: &mut DbConnection, after: CaseId) -> Result<Self> {
        let heads: Vec<(Head, Standing)> = cases::table
            .filter(cases::id.gt(after))
            .order(cases::id)
            .limit(CASES)
            .select((Head::as_select(), Standing::as_select()))
            .load(connection)?;
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
        let rows = Rows::read(connection, after, until)?;
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
