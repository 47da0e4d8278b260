//! Why nothing of a case may be erased yet.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::schema::{cases, family_links, holds};
use crate::db::types::{CaseId, CitizenId, Time};
use crate::domain::cases::life::Status;
use crate::domain::citizens;
use crate::error::Result;
use crate::text_enum;

/// Days after the last act of a case in which nothing of it is erased: until then replies are kept for repeated
/// calls, and these would hold what was erased.
pub const QUIET_DAYS: i64 = 8;

text_enum! {
    /// Why nothing of a case may be erased yet.
    pub enum Obstacle {
        /// It is worked on; an objection or an appeal runs.
        Open = "open",
        /// The citizen may still rate, object or appeal.
        WindowOpen = "window_open",
        /// A hold stands on the case.
        Held = "held",
        /// A hold stands on its citizen.
        CitizenHeld = "citizen_held",
        /// Something was written less than eight days ago.
        Recent = "recent",
        /// The case that it follows, or one that follows it or is a part of it, is worked on.
        Family = "family",
    }
}

/// What is asked of a case before something of it is erased.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = cases)]
pub struct Candidate {
    pub id: CaseId,
    pub tracking_code: String,
    pub status: Status,
    pub kind: String,
    pub category: Option<String>,
    pub is_sealed: bool,
    pub citizen_id: Option<CitizenId>,
    pub closed_at: Option<Time>,
    pub remedy_until: Option<Time>,
    pub updated_at: Time,
}

/// The obstacles of each case that has any.
pub fn obstacles(
    connection: &mut DbConnection,
    now: Time,
    of: &[Candidate],
) -> Result<BTreeMap<CaseId, Vec<Obstacle>>> {
    let stands = || holds::lifted_at.is_null().and(holds::until.is_null().or(holds::until.gt(now)));
    let ids: Vec<Option<CaseId>> = of.iter().map(|case| Some(case.id)).collect();
    let mut people: Vec<CitizenId> = of.iter().filter_map(|case| case.citizen_id).collect();
    let merged = citizens::merged_among(connection, &people)?;
    people.extend(merged.keys());
    let people: Vec<Option<CitizenId>> = people.into_iter().map(Some).collect();
    let held: Vec<Option<CaseId>> = holds::table
        .filter(holds::case_id.eq_any(ids))
        .filter(stands())
        .select(holds::case_id)
        .load(connection)?;
    let held_people: Vec<Option<CitizenId>> = holds::table
        .filter(holds::citizen_id.eq_any(people))
        .filter(stands())
        .select(holds::citizen_id)
        .load(connection)?;
    // a hold on a merged record holds what is of the person
    let held_people: BTreeSet<CitizenId> =
        held_people.into_iter().flatten().map(|id| merged.get(&id).copied().unwrap_or(id)).collect();
    let related = related_to_open(connection, &of.iter().map(|case| case.id).collect::<Vec<_>>())?;
    let all: HashMap<CaseId, Vec<Obstacle>> = of
        .iter()
        .map(|case| {
            let found = [
                (Obstacle::Open, case.status != Status::Closed),
                (Obstacle::WindowOpen, case.remedy_until.is_some_and(|until| until > now)),
                (Obstacle::Held, held.contains(&Some(case.id))),
                (
                    Obstacle::CitizenHeld,
                    case.citizen_id.is_some_and(|citizen| held_people.contains(&citizen)),
                ),
                (Obstacle::Recent, case.updated_at.plus_days(QUIET_DAYS) > now),
                (Obstacle::Family, related.contains(&case.id)),
            ];
            let found = found.into_iter().filter(|(_, is_there)| *is_there).map(|(obstacle, _)| obstacle);
            (case.id, found.collect())
        })
        .collect();
    Ok(all.into_iter().filter(|(_, found): &(CaseId, Vec<Obstacle>)| !found.is_empty()).collect())
}

/// Those of these cases that belong together with an open one.
fn related_to_open(connection: &mut DbConnection, of: &[CaseId]) -> Result<BTreeSet<CaseId>> {
    use family_links as f;
    let links: Vec<(CaseId, CaseId)> = f::table
        .filter(f::left_at.is_null())
        .filter(f::case_id.eq_any(of).or(f::parent_id.eq_any(of)))
        .select((f::case_id, f::parent_id))
        .load(connection)?;
    let both: Vec<CaseId> = links.iter().flat_map(|(case, parent)| [*case, *parent]).collect();
    let open: Vec<CaseId> = cases::table
        .filter(cases::id.eq_any(both).and(cases::status.ne(Status::Closed)))
        .select(cases::id)
        .load(connection)?;
    let tied = |(case, parent): &(CaseId, CaseId)| open.contains(case) || open.contains(parent);
    Ok(links.iter().filter(|link| tied(link)).flat_map(|(case, parent)| [*case, *parent]).collect())
}
