//! A case loaded to be acted on: its row and its life, locked until the transaction ends.
//!
//! Every verb goes the same way: `Docket::open` (visible? locked) → policy → `life` decides → `record`.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use super::family;
use super::life::{Consent, Family, Hop, Life, Pending, Status};
use super::row::CaseRow;
use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::schema::{answers, cases, extension_requests, referrals};
use crate::db::types::{AnswerId, CaseId, ExtensionRequestId, OfficeId, ReferralId, UserId};
use crate::domain::actor::{Act, Actor};
use crate::domain::conflict::Conflict;
use crate::domain::referrals::RequestState;
use crate::domain::{closures, visibility};
use crate::error::{Code, Error, Result};

/// What a client believes the version of the case to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Whatever it is (`If-Match: *`, or a verb that needs none).
    Any,
    /// Exactly this one.
    Version(i32),
}

/// A case with its life.
#[derive(Debug, Clone)]
pub struct Docket {
    /// The row as it was read.
    pub row: CaseRow,
    /// The state, rebuilt from row and referrals.
    pub life: Life,
    /// Who must have no part in it.
    pub conflict: Conflict,
}

impl Docket {
    /// Loads and locks a visible case.
    ///
    /// # Errors
    /// `NotFound` when it does not exist or may not be seen; `stale_version` when it moved on.
    pub fn open(connection: &mut DbConnection, act: &Act, id: CaseId, expected: Expected) -> Result<Self> {
        // locked first, so that version and state are read together
        let _: CaseId = for_update(cases::table.find(id).select(cases::id)).get_result(connection)?;
        let docket = Self::read(connection, act, id)?;
        // nobody can file an empty text: what is left is for counting, and nobody works on it any more
        if docket.row.filed.is_erased() && act.actor != Actor::System {
            return Err(Error::Conflict(Code::CaseErased));
        }
        match expected {
            Expected::Version(version) if version != docket.row.version => {
                Err(Error::Conflict(Code::StaleVersion))
            }
            // a closure declared meanwhile is laid on its clocks before anything is judged by them
            Expected::Version(_) | Expected::Any if !act.rules.pending.is_empty() => {
                closures::settle(connection, act, id)?;
                Self::read(connection, act, id)
            }
            Expected::Version(_) | Expected::Any => Ok(docket),
        }
    }

    /// The case of a row that was read already; one that was just registered has no referral to be read.
    pub fn of_row(connection: &mut DbConnection, act: &Act, row: CaseRow) -> Result<Self> {
        let life = match row.status {
            Status::Registered => {
                let mut life = life_with(&row, BTreeMap::new())?;
                if row.last_seq > 1 {
                    family::lay(connection, row.id, &mut life)?;
                }
                life
            }
            _ => life_of(connection, &row)?,
        };
        let conflict = Conflict::of(connection, &act.rules, &row)?;
        Ok(Self { row, life, conflict })
    }

    /// Loads a case of the same family without locking it; that the actor sees one of them is enough.
    pub fn glimpse(connection: &mut DbConnection, act: &Act, id: CaseId) -> Result<Self> {
        let row = cases::table.find(id).select(CaseRow::as_select()).first(connection)?;
        let life = life_of(connection, &row)?;
        let conflict = Conflict::of(connection, &act.rules, &row)?;
        Ok(Self { row, life, conflict })
    }

    /// Loads and locks a case of the same family; that the actor sees one of them is enough.
    pub(super) fn of_family(connection: &mut DbConnection, act: &Act, id: CaseId) -> Result<Self> {
        let _: CaseId = for_update(cases::table.find(id).select(cases::id)).get_result(connection)?;
        Self::glimpse(connection, act, id)
    }

    /// Loads a visible case without locking it.
    pub fn read(connection: &mut DbConnection, act: &Act, id: CaseId) -> Result<Self> {
        let row = find_visible(connection, act, id)?;
        let life = life_of(connection, &row)?;
        let conflict = Conflict::of(connection, &act.rules, &row)?;
        Ok(Self { row, life, conflict })
    }
}

/// The row of a visible case.
pub fn find_visible(connection: &mut DbConnection, act: &Act, id: CaseId) -> Result<CaseRow> {
    Ok(cases::table
        .filter(cases::id.eq(id))
        .filter(visibility::visible(act))
        .select(CaseRow::as_select())
        .first(connection)?)
}

type HopRow = (
    ReferralId,
    Option<ReferralId>,
    OfficeId,
    OfficeId,
    super::life::HopRole,
    super::life::HopState,
    Option<UserId>,
    i32,
);

/// Rebuilds the life of a case from its rows.
pub fn life_of(connection: &mut DbConnection, row: &CaseRow) -> Result<Life> {
    use referrals as r;
    let rows: Vec<HopRow> = r::table
        .filter(r::case_id.eq(row.id))
        .select((
            r::id,
            r::parent_id,
            r::from_office_id,
            r::office_id,
            r::role,
            r::state,
            r::user_id,
            r::extensions,
        ))
        .load(connection)?;
    let pending: Vec<(ReferralId, AnswerId, UserId, bool)> = if rows.is_empty() {
        Vec::new()
    } else {
        answers::table
            .filter(answers::case_id.eq(row.id).and(answers::state.eq("submitted")))
            .select((answers::referral_id, answers::id, answers::author_id, answers::is_interim))
            .load(connection)?
    };
    let consents = consents_of(connection, row.id, rows.iter().any(|hop| hop.7 > 0))?;
    let hops = rows.into_iter().map(|(id, parent, from, office, role, state, user, extensions)| {
        let pending = pending.iter().find(|(referral, ..)| *referral == id).filter(|_| state.is_open()).map(
            |(_, answer, author, is_interim)| Pending {
                answer: *answer,
                author: *author,
                is_interim: *is_interim,
            },
        );
        let extensions = u32::try_from(extensions).unwrap_or(0);
        let consent = consents.get(&id).copied();
        (id, Hop { parent, from, office, role, state, user, extensions, consent, pending })
    });
    let mut life = life_with(row, hops.collect())?;
    family::lay(connection, row.id, &mut life)?;
    Ok(life)
}

/// What the citizen said of second extensions; asked for only after a first one.
fn consents_of(
    connection: &mut DbConnection,
    case: CaseId,
    has_extended: bool,
) -> Result<BTreeMap<ReferralId, Consent>> {
    use extension_requests as e;
    if !has_extended {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(ReferralId, ExtensionRequestId, RequestState)> = e::table
        .filter(e::case_id.eq(case))
        .order(e::id)
        .select((e::referral_id, e::id, e::state))
        .load(connection)?;
    let consent = |(referral, request, state)| match state {
        RequestState::Asked => Some((referral, Consent::Asked(request))),
        RequestState::Granted => Some((referral, Consent::Given)),
        RequestState::Refused | RequestState::Expired => Some((referral, Consent::Refused)),
        RequestState::Void => None,
    };
    Ok(rows.into_iter().filter_map(consent).collect())
}

fn life_with(row: &CaseRow, hops: BTreeMap<ReferralId, Hop>) -> Result<Life> {
    Ok(Life {
        status: row.status,
        resume: row.resume_status,
        holder: row.holder_office_id,
        holder_user: row.holder_user_id,
        lead: row.lead_referral_id,
        asked: row
            .asked_levels
            .split(' ')
            .filter(|level| !level.is_empty())
            .map(str::to_owned)
            .collect::<BTreeSet<_>>(),
        transfers: u32::try_from(row.transfers).unwrap_or(0),
        reopenings: u32::try_from(row.reopenings).unwrap_or(0),
        objections: u32::try_from(row.objections).unwrap_or(0),
        rating: row.rating.and_then(|score| u8::try_from(score).ok()),
        dismissal: row
            .dismissal
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(|error| Error::Internal(Box::new(error)))?,
        outcome: row.outcome.clone(),
        hops,
        follows: None,
        aside: None,
        family: Family::default(),
    })
}

impl Docket {
    /// Loads and locks the case of a referral; the referral must be part of it.
    pub fn open_referral(
        connection: &mut DbConnection,
        act: &Act,
        referral: ReferralId,
        expected: Expected,
    ) -> Result<(Self, Hop)> {
        let case: CaseId = referrals::table.find(referral).select(referrals::case_id).first(connection)?;
        let docket = Self::open(connection, act, case, expected)?;
        let hop = docket.life.hops.get(&referral).cloned().ok_or(Error::NotFound)?;
        Ok((docket, hop))
    }

    /// The same after its rows were written; visibility was judged before.
    pub fn reload(self, connection: &mut DbConnection) -> Result<Self> {
        let row = cases::table.find(self.row.id).select(CaseRow::as_select()).first(connection)?;
        Ok(Self { row, life: self.life, conflict: self.conflict })
    }
}
