//! The rows of `offices` while a seeding runs: new ones get the next small id, changed ones are updated
//! unless an administrator changed them since.

use std::collections::HashMap;

use diesel::prelude::*;

use super::changes::Change;
use super::offices::SeedOffice;
use crate::db::DbConnection;
use crate::db::dialect::BATCH;
use crate::db::schema::{former_lines, offices};
use crate::db::types::{OfficeId, Time};
use crate::domain::rulebook::Level;
use crate::error::{Error, Result};
use crate::on_both;

/// Seeded offices count up from 1; ids made while the service runs lie far above.
const SEEDED_BELOW: i64 = 1_000_000;

#[derive(Queryable, Selectable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = offices, treat_none_as_default_value = false, treat_none_as_null = true)]
struct OfficeRow {
    id: OfficeId,
    code: String,
    parent_id: Option<OfficeId>,
    level: Level,
    name_fa: String,
    name_en: String,
    province: Option<String>,
    county: Option<String>,
    email: Option<String>,
    short_number: Option<String>,
    calendar: Option<String>,
    signpost_only: bool,
    needs_approval: bool,
    valid_from: Time,
    valid_to: Option<Time>,
}

/// The tree as stored, and what is to be written.
pub(super) struct Tree {
    rows: HashMap<String, OfficeRow>,
    codes: HashMap<OfficeId, String>,
    next: i64,
    added: Vec<SeedOffice>,
    changed: Vec<SeedOffice>,
}

impl Tree {
    /// Reads the stored tree.
    pub(super) fn read(connection: &mut DbConnection) -> Result<Self> {
        let rows: Vec<OfficeRow> = offices::table.select(OfficeRow::as_select()).load(connection)?;
        let last = rows.iter().map(|row| row.id.0).filter(|id| *id < SEEDED_BELOW).max().unwrap_or(0);
        Ok(Self {
            codes: rows.iter().map(|row| (row.id, row.code.clone())).collect(),
            rows: rows.into_iter().map(|row| (row.code.clone(), row)).collect(),
            next: last + 1,
            added: Vec::new(),
            changed: Vec::new(),
        })
    }

    /// Notes what becomes of an office whose definition changed so; `old` is how it was seeded last.
    pub(super) fn lay(&mut self, change: Change, body: &str, old: Option<&str>) -> Result<Change> {
        let parse = |text: &str| -> Result<SeedOffice> {
            serde_json::from_str(text).map_err(|error| Error::Internal(Box::new(error)))
        };
        match change {
            Change::Unchanged | Change::Kept => Ok(change),
            Change::Added => {
                let office = parse(body)?;
                if self.rows.contains_key(&office.code) {
                    return Ok(Change::Kept);
                }
                self.added.push(office);
                Ok(change)
            }
            Change::Changed => {
                let (office, seeded) = (parse(body)?, old.map(parse).transpose()?);
                if !seeded.is_some_and(|seeded| self.stands_as(&seeded)) {
                    return Ok(Change::Kept);
                }
                self.changed.push(office);
                Ok(change)
            }
        }
    }

    /// Whether the stored office is still as it was seeded.
    fn stands_as(&self, seeded: &SeedOffice) -> bool {
        self.rows.get(&seeded.code).is_some_and(|row| {
            let parent = row.parent_id.and_then(|id| self.codes.get(&id));
            row.valid_to.is_none()
                && parent == seeded.parent.as_ref()
                && (row.level, &row.name_fa, &row.name_en) == (seeded.level, &seeded.fa, &seeded.en)
                && (&row.province, &row.county, &row.email)
                    == (&seeded.province, &seeded.county, &seeded.email)
                && (&row.short_number, &row.calendar) == (&seeded.short_number, &seeded.calendar)
                && (row.signpost_only, row.needs_approval) == (seeded.signpost_only, seeded.needs_approval)
        })
    }

    /// Writes what was noted: parents before children.
    pub(super) fn save(mut self, connection: &mut DbConnection, now: Time) -> Result<()> {
        let mut ids: HashMap<String, OfficeId> =
            self.rows.iter().map(|(code, row)| (code.clone(), row.id)).collect();
        for office in &self.added {
            ids.insert(office.code.clone(), OfficeId(self.next));
            self.next += 1;
        }
        let parents: HashMap<&str, &str> = self
            .added
            .iter()
            .filter_map(|office| Some((office.code.as_str(), office.parent.as_deref()?)))
            .collect();
        let mut rows: Vec<(usize, OfficeRow)> =
            self.added.iter().map(|office| (depth(office, &parents), row_of(office, &ids, now))).collect();
        rows.sort_by_key(|(depth, _)| *depth);
        let rows: Vec<OfficeRow> = rows.into_iter().map(|(_, row)| row).collect();
        for chunk in rows.chunks(BATCH) {
            on_both!(connection, |c| diesel::insert_into(offices::table).values(chunk).execute(c))?;
        }
        for office in &self.changed {
            let since = self.rows.get(&office.code).map_or(now, |row| row.valid_from);
            let row = row_of(office, &ids, since);
            self.keep_former_line(connection, &row, now)?;
            diesel::update(offices::table.find(row.id)).set(&row).execute(connection)?;
        }
        Ok(())
    }
}

impl Tree {
    /// An office that moves takes the offices below it along; what they all were below is kept, since a conflict
    /// of interest in a case that was filed before outlives the move (requirement tag S4.7).
    fn keep_former_line(&self, connection: &mut DbConnection, new: &OfficeRow, now: Time) -> Result<()> {
        let parents: HashMap<OfficeId, Option<OfficeId>> =
            self.rows.values().map(|row| (row.id, row.parent_id)).collect();
        if parents.get(&new.id) == Some(&new.parent_id) {
            return Ok(());
        }
        let above = |id: OfficeId| {
            let next = |id: &OfficeId| parents.get(id).copied().flatten();
            // a line is never longer than there are offices
            std::iter::successors(next(&id), next).take(parents.len()).collect::<Vec<_>>()
        };
        let lost = above(new.id);
        let moved = parents.keys().filter(|id| **id == new.id || above(**id).contains(&new.id));
        let rows: Vec<_> = moved
            .flat_map(|id| {
                lost.iter().map(|above| {
                    (
                        former_lines::office_id.eq(*id),
                        former_lines::above_id.eq(*above),
                        former_lines::until_at.eq(now),
                    )
                })
            })
            .collect();
        for chunk in rows.chunks(BATCH) {
            let chunk = chunk.to_vec();
            on_both!(connection, |c| diesel::insert_into(former_lines::table)
                .values(chunk)
                .on_conflict_do_nothing()
                .execute(c))?;
        }
        Ok(())
    }
}

/// How many offices lie above a new one, as far as they are new themselves; the check left no circle.
fn depth(office: &SeedOffice, parents: &HashMap<&str, &str>) -> usize {
    std::iter::successors(office.parent.as_deref(), |code| parents.get(code).copied()).count()
}

fn row_of(office: &SeedOffice, ids: &HashMap<String, OfficeId>, valid_from: Time) -> OfficeRow {
    let office = office.clone();
    OfficeRow {
        id: ids[&office.code],
        parent_id: office.parent.and_then(|code| ids.get(&code).copied()),
        code: office.code,
        level: office.level,
        name_fa: office.fa,
        name_en: office.en,
        province: office.province,
        county: office.county,
        email: office.email,
        short_number: office.short_number,
        calendar: office.calendar,
        signpost_only: office.signpost_only,
        needs_approval: office.needs_approval,
        valid_from,
        valid_to: None,
    }
}
