//! What a visitor of the demonstration is told: each case with its tracking code and where it stands.

use diesel::prelude::*;

use super::data::{Data, State};
use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::db::types::CaseId;
use crate::domain::cases::life::Status;
use crate::error::Result;

/// One case of the demonstration.
#[derive(Debug, Clone)]
pub struct Told {
    pub id: CaseId,
    pub tracking_code: String,
    /// How far its story was played.
    pub state: State,
    /// Where it stands now.
    pub status: Status,
    pub subject: String,
    /// The mobile number that opens it together with the tracking code; none for an anonymous case.
    pub mobile: Option<String>,
}

/// The demo cases that are in the database, the oldest first.
pub fn story(connection: &mut DbConnection) -> Result<Vec<Told>> {
    let data = Data::embedded()?;
    let mut told = Vec::new();
    for case in &data.cases {
        let row: Option<(CaseId, String, Status)> = cases::table
            .filter(cases::channel.eq(&case.channel).and(cases::external_id.eq(case.external_id())))
            .select((cases::id, cases::tracking_code, cases::status))
            .first(connection)
            .optional()?;
        let Some((id, tracking_code, status)) = row else { continue };
        let citizen = case.citizen.as_deref().map(|id| data.citizen(id)).transpose()?;
        told.push(Told {
            id,
            tracking_code,
            state: case.state.unwrap_or(State::Registered),
            status,
            subject: case.subject.clone().unwrap_or_default(),
            mobile: citizen.and_then(|citizen| citizen.mobile.clone()),
        });
    }
    Ok(told)
}
