//! The ties between cases as stored, written from the same facts as everything else.
//!
//! A case that begins or ceases to follow tells its parent by an event of the parent's own chain, in the same
//! transaction; so both histories are whole, each by itself.

use diesel::prelude::*;

use super::count;
use crate::db::DbConnection;
use crate::db::schema::{cases, families, family_links};
use crate::db::sealed::Sealed;
use crate::db::types::{CaseId, FamilyLinkId, OfficeId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::docket::Docket;
use crate::domain::cases::life::{Aside, Fact, Family, Life, Relation, Status};
use crate::domain::cases::record::{record, widen_scope};
use crate::domain::notifications::{self, Facts};
use crate::error::{Code, Error, Result};

/// The tie of a case to the one that it follows.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = family_links)]
pub struct Link {
    pub id: FamilyLinkId,
    pub case_id: CaseId,
    pub parent_id: CaseId,
    pub relation: Relation,
    pub since: Time,
    pub wait_until: Option<Time>,
    pub is_representative: bool,
    pub household_head: Option<Sealed>,
}

/// The present tie of a case, where it has one.
pub fn link_of(connection: &mut DbConnection, case: CaseId) -> Result<Option<Link>> {
    Ok(family_links::table
        .filter(family_links::case_id.eq(case).and(family_links::left_at.is_null()))
        .select(Link::as_select())
        .first(connection)
        .optional()?)
}

/// The present ties to a case, oldest first.
pub fn links_to(connection: &mut DbConnection, parent: CaseId) -> Result<Vec<Link>> {
    Ok(family_links::table
        .filter(family_links::parent_id.eq(parent).and(family_links::left_at.is_null()))
        .order(family_links::id)
        .select(Link::as_select())
        .load(connection)?)
}

/// How a case belongs to others.
#[derive(Debug, Clone, Default)]
pub struct Ties {
    pub follows: Option<(CaseId, Relation)>,
    pub aside: Option<Aside>,
    pub own: Family,
}

type Row = (CaseId, CaseId, Relation, Option<String>, Status);

/// Lays what is stored of the family on the life of a case.
pub(in crate::domain::cases) fn lay(
    connection: &mut DbConnection,
    case: CaseId,
    life: &mut Life,
) -> Result<()> {
    let ties = of(connection, case)?;
    (life.follows, life.aside, life.family) = (ties.follows, ties.aside, ties.own);
    Ok(())
}

/// What is stored of the family of a case.
pub fn of(connection: &mut DbConnection, case: CaseId) -> Result<Ties> {
    use family_links as l;
    let mut ties = Ties::default();
    let rows: Vec<Row> = l::table
        .inner_join(cases::table)
        .filter(l::left_at.is_null())
        .filter(l::case_id.eq(case).or(l::parent_id.eq(case)))
        .select((l::case_id, l::parent_id, l::relation, l::aside, cases::status))
        .load(connection)?;
    for (child, parent, relation, aside, status) in rows {
        if child == case {
            ties.follows = Some((parent, relation));
            ties.aside = aside.as_deref().map(from_json).transpose()?;
        } else {
            match relation {
                Relation::Part if status == Status::Closed => {}
                Relation::Part => {
                    ties.own.parts.insert(child);
                }
                Relation::Merged | Relation::Member => {
                    ties.own.followers.insert(child, relation);
                }
            }
        }
    }
    if ties.own.followers.values().any(|relation| *relation == Relation::Member) {
        let counted: Option<(bool, Option<String>)> = families::table
            .find(case)
            .select((families::is_mass, families::closing))
            .first(connection)
            .optional()?;
        if let Some((is_mass, closing)) = counted {
            ties.own.is_mass = is_mass;
            ties.own.closing = closing.as_deref().map(from_json).transpose()?;
        }
    }
    Ok(ties)
}

fn from_json<T: serde::de::DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| Error::Internal(Box::new(error)))
}

fn to_json<T: serde::Serialize>(value: Option<&T>) -> Result<Option<String>> {
    value.map(serde_json::to_string).transpose().map_err(|error| Error::Internal(Box::new(error)))
}

/// Writes what changed of the family by the facts that were just recorded, and tells the parent's own history.
pub(in crate::domain::cases) fn save(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    before: &Life,
) -> Result<()> {
    let (case, after) = (docket.row.id, &docket.life);
    let present =
        family_links::table.filter(family_links::case_id.eq(case).and(family_links::left_at.is_null()));
    if before.follows != after.follows {
        if before.follows.is_some() {
            diesel::update(present)
                .set((family_links::left_at.eq(act.now), family_links::aside.eq(None::<String>)))
                .execute(connection)?;
        }
        if let Some((parent, relation)) = after.follows {
            insert(connection, act, docket, parent, relation)?;
        }
    } else if before.aside != after.aside {
        let aside = to_json(after.aside.as_ref())?;
        diesel::update(present).set(family_links::aside.eq(aside)).execute(connection)?;
    }
    if before.family.closing != after.family.closing {
        let closing = to_json(after.family.closing.as_ref())?;
        diesel::update(families::table.find(case)).set(families::closing.eq(closing)).execute(connection)?;
    }
    ripple(connection, act, docket, before)
}

fn insert(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    parent: CaseId,
    relation: Relation,
) -> Result<()> {
    use family_links as l;
    let id: FamilyLinkId = act.id();
    let aside = to_json(docket.life.aside.as_ref())?;
    diesel::insert_into(l::table)
        .values((
            (l::id.eq(id), l::case_id.eq(docket.row.id), l::parent_id.eq(parent), l::relation.eq(relation)),
            (l::since.eq(act.now), l::linked_by.eq(act.actor.user()), l::aside.eq(aside)),
            l::is_representative.eq(false),
        ))
        .execute(connection)?;
    Ok(())
}

/// What a change of one case means for the one that it belongs to.
fn ripple(connection: &mut DbConnection, act: &Act, docket: &Docket, before: &Life) -> Result<()> {
    let (case, after) = (docket.row.id, &docket.life);
    if before.follows != after.follows {
        if let Some((parent, relation)) = before.follows {
            note(connection, act, parent, Fact::CaseLeft { case, relation })?;
            if relation == Relation::Member {
                count::count(connection, act, parent)?;
            }
        }
        if let Some((parent, relation)) = after.follows {
            note(connection, act, parent, Fact::CaseJoined { case, relation })?;
        }
        return Ok(());
    }
    let Some((parent, Relation::Part)) = after.follows else { return Ok(()) };
    match (before.is_open(), after.is_open()) {
        (true, false) => {
            let outcome = after.outcome.clone();
            note(connection, act, parent, Fact::PartClosed { part: case, outcome })
        }
        (false, true) => note(connection, act, parent, Fact::PartReopened { part: case }),
        (true, true) | (false, false) => Ok(()),
    }
}

/// Writes a fact of the family into the parent's history.
fn note(connection: &mut DbConnection, act: &Act, parent: CaseId, fact: Fact) -> Result<()> {
    let mut docket = Docket::of_family(connection, act, parent)?;
    // read after the child was written: the facts say what changes, so begin from before
    match &fact {
        Fact::CaseJoined { case, .. } => {
            docket.life.family.followers.remove(case);
            docket.life.family.parts.remove(case);
        }
        Fact::PartReopened { part } => {
            docket.life.family.parts.remove(part);
            if matches!(docket.life.status, Status::Answered | Status::Closed) {
                return Err(Error::Conflict(Code::ParentAnswered));
            }
        }
        _ => {}
    }
    let event = record(connection, act, &mut docket, std::slice::from_ref(&fact), None)?;
    match fact {
        Fact::CaseJoined { case, relation } => {
            docket.life.family = Family::default();
            docket.life.join(case, relation);
            let offices = working_on(&docket.life);
            widen(connection, act, &docket, &offices)
        }
        Fact::PartClosed { .. } if docket.life.family.parts.is_empty() && docket.life.is_open() => {
            let lead = docket.life.working_lead().and_then(|id| docket.life.hops.get(&id));
            let office = lead.map_or(docket.life.holder, |hop| hop.office);
            let facts = Facts { office: Some(office), due: Some(docket.row.due_at), ..Facts::default() };
            notifications::to_office(connection, act, &docket.row, event, office, "parts_closed", &facts)
        }
        _ => Ok(()),
    }
}

/// Lets whoever works on a case see what follows it, but never a sealed matter of a letter that is not sealed.
pub(in crate::domain::cases) fn widen(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    reached: &[OfficeId],
) -> Result<()> {
    let family = &docket.life.family;
    let all: Vec<CaseId> = family.followers.keys().chain(&family.parts).copied().collect();
    if all.is_empty() {
        return Ok(());
    }
    let rows: Vec<(CaseId, bool)> =
        cases::table.filter(cases::id.eq_any(all)).select((cases::id, cases::is_sealed)).load(connection)?;
    let shown = rows.into_iter().filter(|(_, is_sealed)| docket.row.is_sealed || !is_sealed);
    shown.map(|(case, _)| case).try_for_each(|case| widen_scope(connection, act, case, reached))
}

/// The offices that have a case in hand.
fn working_on(life: &Life) -> Vec<OfficeId> {
    let open = life.hops.values().filter(|hop| hop.state.is_open()).map(|hop| hop.office);
    open.chain([life.holder]).collect()
}
