//! Who is told of a merging: the citizen on the contact that stands, and on each former one that differs.

use super::super::notices;
use crate::db::DbConnection;
use crate::db::types::CitizenId;
use crate::domain::actor::Act;
use crate::domain::cases::{CaseRow, last_event};
use crate::domain::citizens::Citizen;
use crate::domain::notifications::{self, Facts, Outlet};
use crate::error::Result;

const TEMPLATE: &str = "citizen_merged";

/// With which cases both are told: each with a case of its own record, so that nobody reads the other's code.
pub(super) struct Told {
    standing: CitizenId,
    own: Option<CaseRow>,
    others: Option<CaseRow>,
    former: Vec<(Outlet, String)>,
    language: String,
}

impl Told {
    /// To be asked before the cases go over.
    pub(super) fn before(connection: &mut DbConnection, standing: &Citizen, other: &Citizen) -> Result<Self> {
        let differs = |outlet: &Outlet| {
            let former = notifications::address(other, *outlet)?;
            let differs = notifications::address(standing, *outlet) != Some(former);
            differs.then(|| (*outlet, former.to_owned()))
        };
        Ok(Self {
            standing: standing.id,
            own: notices::latest(connection, standing.id)?,
            others: notices::latest(connection, other.id)?,
            former: [Outlet::Sms, Outlet::Email].iter().filter_map(differs).collect(),
            language: other.language.clone(),
        })
    }

    pub(super) fn of_merging(self, connection: &mut DbConnection, act: &Act) -> Result<()> {
        match &self.own {
            Some(row) => notices::tell_with(connection, act, row, TEMPLATE, |_| Facts::default())?,
            // it had no case before: those that it got are its own now
            None => notices::tell(connection, act, self.standing, TEMPLATE, |_| Facts::default())?,
        }
        let Some(row) = self.others else { return Ok(()) };
        let event = last_event(connection, row.id)?;
        self.former.into_iter().try_for_each(|former| {
            notifications::to_former(connection, act, &row, event, TEMPLATE, &self.language, former)
        })
    }
}
