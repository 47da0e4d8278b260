//! What was found is kept beside the case, for the officers who come after.

use diesel::prelude::*;

use super::find::{Found, Ground};
use crate::db::DbConnection;
use crate::db::schema::{cases, repeats};
use crate::db::types::{CaseId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::CaseRow;
use crate::domain::citizens::Kin;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::domain::visibility;
use crate::error::Result;
use crate::on_both;
use crate::text_enum;

/// Repeats of one case that are shown.
const SHOWN: i64 = 50;

text_enum! {
    /// Whether the other case came before or after.
    pub enum Direction { Earlier = "earlier", Later = "later" }
}

/// Keeps what was found when a case was registered.
pub fn keep(connection: &mut DbConnection, act: &Act, case: CaseId, found: &[Found]) -> Result<()> {
    use repeats as r;
    if found.is_empty() {
        return Ok(());
    }
    let row = |found: &Found| {
        let grounds: Vec<&str> = found.grounds.iter().map(|ground| ground.as_str()).collect();
        (
            (r::case_id.eq(case), r::earlier_id.eq(found.case), r::relation.eq(found.relation)),
            (r::grounds.eq(grounds.join(" ")), r::likeness.eq(i32::from(found.likeness)), r::at.eq(act.now)),
        )
    };
    let rows: Vec<_> = found.iter().map(row).collect();
    on_both!(connection, |c| diesel::insert_into(r::table).values(rows).execute(c))?;
    Ok(())
}

/// A repeat as it was kept, seen from one of its two cases.
#[derive(Debug, Clone)]
pub struct Kept {
    pub direction: Direction,
    pub relation: Kin,
    pub likeness: u8,
    pub grounds: Vec<Ground>,
    pub found_at: Time,
    /// The other case.
    pub other: CaseRow,
}

type Stored = (CaseId, CaseId, Kin, String, i32, Time);

/// The repeats of a visible case that the actor may see, the newest first.
///
/// To say whose a sealed case is would give its identity away: where either of the two is sealed, only whoever may
/// link sealed cases is told (tag S4.4).
pub fn of_case(connection: &mut DbConnection, act: &Act, case: &CaseRow) -> Result<Vec<Kept>> {
    use repeats as r;
    let may_link = policy::allow_anywhere(act, Verb::LinkSealed).is_ok();
    if case.is_sealed && !may_link {
        return Ok(Vec::new());
    }
    let columns = (r::case_id, r::earlier_id, r::relation, r::grounds, r::likeness, r::at);
    let mut rows: Vec<Stored> = r::table
        .filter(r::case_id.eq(case.id))
        .order(r::earlier_id.desc())
        .limit(SHOWN)
        .select(columns)
        .load(connection)?;
    let later: Vec<Stored> = r::table
        .filter(r::earlier_id.eq(case.id))
        .order(r::case_id.desc())
        .limit(SHOWN)
        .select(columns)
        .load(connection)?;
    rows.extend(later);
    let other = |row: &Stored| if row.0 == case.id { row.1 } else { row.0 };
    let others: Vec<CaseId> = rows.iter().map(other).collect();
    let mut found: Vec<Kept> = visible(connection, act, &others)?
        .into_iter()
        .filter_map(|found| {
            let (of, _, relation, grounds, likeness, at) = rows.iter().find(|row| other(row) == found.id)?;
            Some(Kept {
                direction: if *of == case.id { Direction::Earlier } else { Direction::Later },
                relation: *relation,
                likeness: u8::try_from(*likeness).unwrap_or(0),
                grounds: grounds.split(' ').filter_map(|ground| ground.parse().ok()).collect(),
                found_at: *at,
                other: found,
            })
        })
        .collect();
    found.sort_by_key(|kept| std::cmp::Reverse(kept.other.id));
    Ok(found)
}

/// Of these cases, those whose citizen the actor may be told.
pub(crate) fn visible(connection: &mut DbConnection, act: &Act, ids: &[CaseId]) -> Result<Vec<CaseRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let may_link = policy::allow_anywhere(act, Verb::LinkSealed).is_ok();
    let rows: Vec<CaseRow> = cases::table
        .filter(cases::id.eq_any(ids.to_vec()))
        .filter(visibility::visible(act))
        .select(CaseRow::as_select())
        .load(connection)?;
    Ok(rows.into_iter().filter(|row| may_link || !row.is_sealed).collect())
}
