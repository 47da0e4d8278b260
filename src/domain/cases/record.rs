//! Writes what was decided: events with their hash chain, referral rows, visibility and the case's row.
//!
//! The update is guarded by the version that was read; a stale one writes nothing. One act is one new
//! version, however many facts it has.

use std::collections::BTreeMap;

use diesel::prelude::*;
use sha2::{Digest, Sha256};

use super::docket::Docket;
use super::family;
use super::life::{Fact, Hop, Life};
use crate::db::DbConnection;
use crate::db::prepared::prepared;
use crate::db::schema::{case_scopes, cases, events, referrals};
use crate::db::types::{CaseId, EventId, OfficeId, ReferralId, Time};
use crate::domain::actor::Act;
use crate::domain::conflict::guard;
use crate::domain::exchange;
use crate::domain::history::chain::{self, Line};
use crate::domain::history::hex;
use crate::domain::rulebook::Offices;
use crate::domain::webhooks::{self, Told};
use crate::error::{Code, Error, Result};
use crate::on_both;

/// SHA-256 in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes))
}

/// The last event of a case, to which a notice is tied that no event of its own caused.
pub fn last_event(connection: &mut DbConnection, case: CaseId) -> Result<EventId> {
    Ok(events::table
        .filter(events::case_id.eq(case))
        .order(events::seq.desc())
        .select(events::id)
        .first(connection)?)
}

/// The head of a case's chain.
#[derive(Debug, Clone)]
pub struct Head {
    pub seq: i32,
    pub hash: String,
}

/// An event, linked to the head of its chain and ready to be written.
pub struct Link {
    kind: &'static str,
    line: Line,
    head: Head,
}

impl Link {
    /// The head of the chain once this event is part of it.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Links a fact to the head of a case's chain.
    pub fn new(act: &Act, case: CaseId, head: &Head, fact: &Fact, office: Option<OfficeId>) -> Result<Self> {
        let payload = serde_json::to_string(fact).map_err(|error| Error::Internal(Box::new(error)))?;
        let line = Line {
            id: act.id(),
            case,
            seq: head.seq + 1,
            at: act.now,
            actor: act.actor.sort().to_owned(),
            user: act.actor.user(),
            office,
            salt: chain::salt(),
            payload,
        };
        let hash = chain::link(&head.hash, &line.digest());
        Ok(Self { kind: fact.name(), head: Head { seq: line.seq, hash }, line })
    }

    /// Writes the event; its case must be there.
    pub fn insert(self, connection: &mut DbConnection) -> Result<EventId> {
        let Self { kind, line, head } = self;
        let row = (
            (events::id.eq(line.id), events::case_id.eq(line.case), events::seq.eq(line.seq)),
            (events::kind.eq(kind), events::at.eq(line.at), events::actor.eq(line.actor)),
            (events::user_id.eq(line.user), events::office_id.eq(line.office)),
            (events::salt.eq(line.salt), events::payload.eq(line.payload), events::hash.eq(head.hash)),
        );
        on_both!(connection, |c| diesel::insert_into(events::table).values(row).execute(c))?;
        Ok(line.id)
    }
}

/// Writes the facts of one act, and what follows where somebody with a conflict of interest would keep a part in
/// the case; `docket` carries the new state afterwards. Gives the id of the last of these facts.
pub fn record(
    connection: &mut DbConnection,
    act: &Act,
    docket: &mut Docket,
    facts: &[Fact],
    in_name_of: Option<OfficeId>,
) -> Result<EventId> {
    guard::check(connection, act, docket, facts)?;
    let before = docket.life.clone();
    let mut head = Head { seq: docket.row.last_seq, hash: docket.row.last_hash.clone() };
    let (mut last, mut told) = (EventId(0), Vec::new());
    for fact in facts {
        docket.life.apply(fact);
        let link = Link::new(act, docket.row.id, &head, fact, in_name_of)?;
        head = link.head().clone();
        last = link.insert(connection)?;
        told.push(Told { event: last, seq: head.seq, name: fact.name() });
        tracing::debug!(case.id = %docket.row.id, event = fact.name(), "event recorded");
    }
    let moved = guard::settle(connection, act, &docket.life, &docket.conflict)?;
    let clearing = match moved {
        Some(fact) => {
            docket.life.apply(&fact);
            let link = Link::new(act, docket.row.id, &head, &fact, in_name_of)?;
            head = link.head().clone();
            Some((link.insert(connection)?, fact))
        }
        None => None,
    };
    save_row(connection, act, docket, &head)?;
    save_hops(connection, act, docket, &before)?;
    if let Some((event, fact)) = clearing {
        guard::follow(connection, act, docket, &before, &fact, event)?;
    }
    family::save(connection, act, docket, &before)?;
    webhooks::tell(connection, act, &docket.row, &told)?;
    let event = facts.last().map_or("conflict_cleared", Fact::name);
    exchange::tell(connection, act, docket, &before, event)?;
    Ok(last)
}

fn save_row(connection: &mut DbConnection, act: &Act, docket: &mut Docket, head: &Head) -> Result<()> {
    let (row, life) = (&mut docket.row, &docket.life);
    let dismissal = life.dismissal.as_ref().map(serde_json::to_string).transpose();
    let dismissal = dismissal.map_err(|error| Error::Internal(Box::new(error)))?;
    let asked = life.asked.iter().cloned().collect::<Vec<_>>().join(" ");
    let changed = prepared(
        diesel::update(cases::table.filter(cases::id.eq(row.id).and(cases::version.eq(row.version)))).set((
            cases::version.eq(row.version + 1),
            cases::status.eq(life.status),
            cases::resume_status.eq(life.resume),
            cases::holder_office_id.eq(life.holder),
            cases::holder_user_id.eq(life.holder_user),
            cases::lead_referral_id.eq(life.lead),
            cases::asked_levels.eq(&asked),
            cases::transfers.eq(i32::try_from(life.transfers).unwrap_or(i32::MAX)),
            cases::reopenings.eq(i32::try_from(life.reopenings).unwrap_or(i32::MAX)),
            cases::objections.eq(i32::try_from(life.objections).unwrap_or(i32::MAX)),
            cases::rating.eq(life.rating.map(i32::from)),
            cases::dismissal.eq(&dismissal),
            cases::outcome.eq(&life.outcome),
            cases::last_seq.eq(head.seq),
            cases::last_hash.eq(&head.hash),
            cases::updated_at.eq(act.now),
        )),
    )
    .execute(connection)?;
    if changed != 1 {
        return Err(Error::Conflict(Code::StaleVersion));
    }
    row.version += 1;
    row.status = life.status;
    row.resume_status = life.resume;
    row.holder_office_id = life.holder;
    row.holder_user_id = life.holder_user;
    row.lead_referral_id = life.lead;
    row.asked_levels = asked;
    row.objections = i32::try_from(life.objections).unwrap_or(i32::MAX);
    row.rating = life.rating.map(i32::from);
    row.dismissal = dismissal;
    row.outcome = life.outcome.clone();
    row.last_seq = head.seq;
    row.last_hash = head.hash.clone();
    row.updated_at = act.now;
    Ok(())
}

fn save_hops(connection: &mut DbConnection, act: &Act, docket: &Docket, before: &Life) -> Result<()> {
    let mut reached = Vec::new();
    for (id, hop) in &docket.life.hops {
        match before.hops.get(id) {
            None => {
                insert_hop(connection, act, docket.row.id, *id, hop)?;
                reached.push(hop.office);
                reached.push(hop.from);
            }
            Some(old) if old != hop => update_hop(connection, act, *id, old, hop)?,
            Some(_) => {}
        }
    }
    if before.holder != docket.life.holder {
        reached.push(docket.life.holder);
    }
    if reached.is_empty() {
        return Ok(());
    }
    widen_scope(connection, act, docket.row.id, &reached)?;
    family::widen(connection, act, docket, &reached)
}

fn insert_hop(
    connection: &mut DbConnection,
    act: &Act,
    case: CaseId,
    id: ReferralId,
    hop: &Hop,
) -> Result<()> {
    use referrals as r;
    diesel::insert_into(r::table)
        .values((
            (r::id.eq(id), r::case_id.eq(case), r::parent_id.eq(hop.parent), r::from_office_id.eq(hop.from)),
            (
                r::office_id.eq(hop.office),
                r::role.eq(hop.role),
                r::state.eq(hop.state),
                r::user_id.eq(hop.user),
            ),
            (r::sent_by.eq(act.actor.user()), r::sent_at.eq(act.now), r::started_at.eq(act.now)),
            (r::extensions.eq(0), r::ended_at.eq((!hop.state.is_open()).then_some(act.now))),
        ))
        .execute(connection)?;
    Ok(())
}

fn update_hop(connection: &mut DbConnection, act: &Act, id: ReferralId, old: &Hop, hop: &Hop) -> Result<()> {
    use referrals as r;
    prepared(diesel::update(r::table.find(id)).set((
        r::state.eq(hop.state),
        r::user_id.eq(hop.user),
        r::extensions.eq(i32::try_from(hop.extensions).unwrap_or(i32::MAX)),
    )))
    .execute(connection)?;
    if hop.state == super::life::HopState::Accepted && old.state == super::life::HopState::Sent {
        prepared(diesel::update(r::table.find(id)).set(r::accepted_at.eq(act.now))).execute(connection)?;
    }
    if old.state.is_open() && !hop.state.is_open() {
        prepared(
            diesel::update(r::table.find(id)).set((r::ended_at.eq(act.now), r::next_at.eq(None::<Time>))),
        )
        .execute(connection)?;
    }
    if !old.state.is_open() && hop.state.is_open() {
        prepared(diesel::update(r::table.find(id)).set(r::ended_at.eq(None::<Time>))).execute(connection)?;
    }
    Ok(())
}

/// The offices that see a case which reached these: themselves (direct), and every office above them but the
/// centre, which sees all.
pub fn scope_of(offices: &Offices, reached: &[OfficeId]) -> BTreeMap<OfficeId, bool> {
    let centre = offices.centre();
    let mut rows = BTreeMap::new();
    for office in reached {
        let line = offices.with_ancestors(*office).into_iter().enumerate();
        for (depth, above) in line.filter(|(depth, above)| *depth == 0 || *above != centre) {
            *rows.entry(above).or_insert(false) |= depth == 0;
        }
    }
    rows
}

/// Lets the offices, and every office above them, see the case.
pub fn widen_scope(
    connection: &mut DbConnection,
    act: &Act,
    case: CaseId,
    reached: &[OfficeId],
) -> Result<()> {
    let rows = scope_of(&act.rules.offices, reached);
    for (office, is_direct) in rows {
        let row = (
            case_scopes::office_id.eq(office),
            case_scopes::case_id.eq(case),
            case_scopes::is_direct.eq(is_direct),
        );
        let inserted = on_both!(connection, |c| diesel::insert_into(case_scopes::table)
            .values(&row)
            .on_conflict_do_nothing()
            .execute(c))?;
        if inserted == 0 && is_direct {
            prepared(
                diesel::update(case_scopes::table.find((office, case))).set(case_scopes::is_direct.eq(true)),
            )
            .execute(connection)?;
        }
    }
    Ok(())
}
