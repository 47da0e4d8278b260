//! Why nothing of a case may be erased yet.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::schema::{cases, holds};
use crate::db::types::{CaseId, CitizenId, Time};
use crate::domain::cases::life::Status;
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
    let people: Vec<Option<CitizenId>> = of.iter().filter_map(|case| case.citizen_id).map(Some).collect();
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
    let all: HashMap<CaseId, Vec<Obstacle>> = of
        .iter()
        .map(|case| {
            let found = [
                (Obstacle::Open, case.status != Status::Closed),
                (Obstacle::WindowOpen, case.remedy_until.is_some_and(|until| until > now)),
                (Obstacle::Held, held.contains(&Some(case.id))),
                (Obstacle::CitizenHeld, case.citizen_id.is_some() && held_people.contains(&case.citizen_id)),
                (Obstacle::Recent, case.updated_at.plus_days(QUIET_DAYS) > now),
            ];
            let found = found.into_iter().filter(|(_, is_there)| *is_there).map(|(obstacle, _)| obstacle);
            (case.id, found.collect())
        })
        .collect();
    Ok(all.into_iter().filter(|(_, found): &(CaseId, Vec<Obstacle>)| !found.is_empty()).collect())
}
