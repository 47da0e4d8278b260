//! A citizen's record: sealed in the database, found by blind indexes, made once.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;

use super::row::{Citizen, CitizenRow, New, Written};
use super::told::{Identity, language_of};
use crate::db::DbConnection;
use crate::db::prepared::OneOf;
use crate::db::schema::{citizens, phone_claims};
use crate::db::types::{CitizenId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::vault::{Look, Vault, field, rotation};
use crate::error::{Code, Error, Result};
use crate::on_both;

/// The one record of this identity: by identifier, else by mobile among those without one, else new.
///
/// Staff may correct contacts; a public filing only fills what was empty, so that nobody can turn
/// another person's notices to his own phone.
pub fn find_or_create(connection: &mut DbConnection, act: &Act, identity: &Identity) -> Result<Citizen> {
    recognise(connection, act, identity).map(|known| known.citizen)
}

/// Whoever an identity is of, and what was known before.
#[derive(Debug, Clone)]
pub struct Recognised {
    pub citizen: Citizen,
    /// The record was made just now.
    pub is_new: bool,
    /// Identifier and mobile were both told, and are those that the record had before.
    pub is_in_full: bool,
}

/// The same as [`find_or_create`], with what was known before.
pub fn recognise(connection: &mut DbConnection, act: &Act, identity: &Identity) -> Result<Recognised> {
    if let Some(identifier) = &identity.identifier {
        rotation::one_at_a_time(connection, &act.vault, Look::Identifier, identifier)?;
    }
    match existing(connection, act, identity)? {
        Some((citizen, told)) => {
            let is_in_full = identity.identifier.is_some()
                && identity.mobile.is_some()
                && identity.mobile == citizen.mobile;
            let citizen = refresh(connection, act, citizen, &told)?;
            Ok(Recognised { citizen, is_new: false, is_in_full })
        }
        None => {
            let citizen = create(connection, act, identity)?;
            Ok(Recognised { citizen, is_new: true, is_in_full: false })
        }
    }
}

/// The same without writing anything: the record as it is, or one that is only thought.
pub fn resemble(connection: &mut DbConnection, act: &Act, identity: &Identity) -> Result<Recognised> {
    let found = existing(connection, act, identity)?;
    let is_new = found.is_none();
    let (mut citizen, told) = found.unwrap_or_else(|| (fresh(act, identity), identity.clone()));
    lay_over(&mut citizen, &told, true);
    Ok(Recognised { citizen, is_new, is_in_full: false })
}

/// The record of an identity, and what is told of it that is not known of the person by a merged record.
fn existing(
    connection: &mut DbConnection,
    act: &Act,
    identity: &Identity,
) -> Result<Option<(Citizen, Identity)>> {
    let (found, merged_into) = match (&identity.identifier, &identity.mobile) {
        (Some(identifier), _) => (by_identifier(connection, &act.vault, identifier)?, None),
        (None, Some(mobile)) => by_mobile_alone(connection, &act.vault, mobile)?,
        (None, None) => (None, None),
    };
    // a family shares a phone: without an identifier another name is another person
    let is_other = |citizen: &Citizen| {
        identity.identifier.is_none()
            && identity.name.is_some()
            && citizen.name.is_some()
            && identity.name != citizen.name
    };
    let Some(found) = found.filter(|citizen| !is_other(citizen)) else { return Ok(None) };
    let Some(standing) = merged_into else { return Ok(Some((found, identity.clone()))) };
    let standing = load(connection, &act.vault, standing)?;
    let is_same = found.name.is_some() || !is_other(&standing);
    Ok(is_same.then(|| (standing, news(&found, identity))))
}

/// What is told and not what a merged record says already: a second telephone is no correction of the first.
fn news(merged: &Citizen, told: &Identity) -> Identity {
    let news = |old: &Option<String>, new: &Option<String>| new.clone().filter(|_| new != old);
    Identity {
        name: news(&merged.name, &told.name),
        mobile: news(&merged.mobile, &told.mobile),
        phone: news(&merged.phone, &told.phone),
        email: news(&merged.email, &told.email),
        address: news(&merged.address, &told.address),
        postal_code: news(&merged.postal_code, &told.postal_code),
        ..told.clone()
    }
}

/// The one record of this identifier.
fn by_identifier(connection: &mut DbConnection, vault: &Vault, identifier: &str) -> Result<Option<Citizen>> {
    for blind in vault.blinds(Look::Identifier, identifier) {
        let query = citizens::table.filter(citizens::identifier_index.eq(blind));
        let row: Option<CitizenRow> = query.select(CitizenRow::as_select()).first(connection).optional()?;
        if let Some(row) = row {
            return row.open(connection, vault).map(Some);
        }
    }
    Ok(None)
}

/// The oldest record of this mobile that has no identifier, and the one into which it was merged.
fn by_mobile_alone(
    connection: &mut DbConnection,
    vault: &Vault,
    mobile: &str,
) -> Result<(Option<Citizen>, Option<CitizenId>)> {
    let mut found: Option<CitizenRow> = None;
    for blind in vault.blinds(Look::Mobile, mobile) {
        let row: Option<CitizenRow> = citizens::table
            .filter(citizens::mobile_index.eq(blind).and(citizens::identifier.is_null()))
            .order(citizens::id)
            .select(CitizenRow::as_select())
            .first(connection)
            .optional()?;
        found = found.into_iter().chain(row).min_by_key(|row| row.id);
    }
    let merged_into = found.as_ref().and_then(|row| row.merged_into);
    Ok((found.map(|row| row.open(connection, vault)).transpose()?, merged_into))
}

fn create(connection: &mut DbConnection, act: &Act, identity: &Identity) -> Result<Citizen> {
    let citizen = fresh(act, identity);
    diesel::insert_into(citizens::table).values(New::of(&citizen, &act.vault)?).execute(connection)?;
    Ok(citizen)
}

fn fresh(act: &Act, identity: &Identity) -> Citizen {
    Citizen {
        id: act.id(),
        kind: identity.kind.to_owned(),
        identifier: identity.identifier.clone(),
        name: identity.name.clone(),
        mobile: identity.mobile.clone(),
        phone: identity.phone.clone(),
        email: identity.email.clone(),
        address: identity.address.clone(),
        postal_code: identity.postal_code.clone(),
        household_head: identity.household_head.clone(),
        preferred_channel: identity.preferred_channel.clone(),
        language: language_of(Some(identity)).to_owned(),
        created_at: act.now,
        updated_at: act.now,
    }
}

/// Writes many new records with one statement, without looking whether they are known; for invented crowds.
pub(crate) fn insert_all(connection: &mut DbConnection, vault: &Vault, crowd: &[Citizen]) -> Result<()> {
    let rows = crowd.iter().map(|citizen| New::of(citizen, vault)).collect::<Result<Vec<_>>>()?;
    if !rows.is_empty() {
        on_both!(connection, |c| diesel::insert_into(citizens::table).values(&rows).execute(c))?;
    }
    Ok(())
}

fn refresh(
    connection: &mut DbConnection,
    act: &Act,
    mut citizen: Citizen,
    told: &Identity,
) -> Result<Citizen> {
    let before = citizen.clone();
    let is_staff = matches!(act.actor, Actor::Staff(_));
    lay_over(&mut citizen, told, is_staff);
    if citizen.mobile != before.mobile {
        claim(connection, act, citizen.id, is_staff)?;
    }
    if citizen != before {
        citizen.updated_at = act.now;
        diesel::update(citizens::table.find(citizen.id))
            .set(Written::of(&citizen, &act.vault)?)
            .execute(connection)?;
    }
    Ok(citizen)
}

/// Notes since when a record has a mobile that only a filing told: whoever filed in another's name would otherwise see by
/// that telephone what was filed before. What staff record stands for the whole record.
fn claim(connection: &mut DbConnection, act: &Act, citizen: CitizenId, is_staff: bool) -> Result<()> {
    diesel::delete(phone_claims::table.find(citizen)).execute(connection)?;
    if !is_staff {
        diesel::insert_into(phone_claims::table)
            .values((phone_claims::citizen_id.eq(citizen), phone_claims::since.eq(act.now)))
            .execute(connection)?;
    }
    Ok(())
}

/// Since when each of these records has a mobile that only a filing told; those that are not named have theirs from staff,
/// or from their first day.
pub fn claimed_since(connection: &mut DbConnection, ids: &[CitizenId]) -> Result<HashMap<CitizenId, Time>> {
    let found: Vec<(CitizenId, Time)> = phone_claims::table
        .filter(phone_claims::citizen_id.eq_any(ids))
        .select((phone_claims::citizen_id, phone_claims::since))
        .load(connection)?;
    Ok(found.into_iter().collect())
}

fn lay_over(citizen: &mut Citizen, told: &Identity, may_correct: bool) {
    let lay = |old: &mut Option<String>, new: &Option<String>| {
        if new.is_some() && (old.is_none() || may_correct) {
            old.clone_from(new);
        }
    };
    lay(&mut citizen.name, &told.name);
    lay(&mut citizen.mobile, &told.mobile);
    lay(&mut citizen.phone, &told.phone);
    lay(&mut citizen.email, &told.email);
    lay(&mut citizen.address, &told.address);
    lay(&mut citizen.postal_code, &told.postal_code);
    lay(&mut citizen.household_head, &told.household_head);
    lay(&mut citizen.preferred_channel, &told.preferred_channel);
    if let (Some(language), true) = (&told.language, may_correct) {
        citizen.language.clone_from(language);
    }
}

/// The record of this id.
///
/// # Errors
/// `NotFound` when there is none.
pub fn load(connection: &mut DbConnection, vault: &Vault, id: CitizenId) -> Result<Citizen> {
    find(connection, vault, id)?.ok_or(Error::NotFound)
}

/// The record of this id, where it is still there.
pub fn find(connection: &mut DbConnection, vault: &Vault, id: CitizenId) -> Result<Option<Citizen>> {
    let row: Option<CitizenRow> =
        citizens::table.find(id).select(CitizenRow::as_select()).first(connection).optional()?;
    row.map(|row| row.open(connection, vault)).transpose()
}

/// The records of these ids, with one query.
pub fn load_all(
    connection: &mut DbConnection,
    vault: &Vault,
    ids: impl IntoIterator<Item = CitizenId>,
) -> Result<HashMap<CitizenId, Citizen>> {
    let ids: Vec<CitizenId> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<CitizenRow> =
        citizens::table.filter(citizens::id.one_of(ids)).select(CitizenRow::as_select()).load(connection)?;
    rows.into_iter().map(|row| Ok((row.id, row.open(connection, vault)?))).collect()
}

/// Citizens of this identifier, mobile, fixed line and e-mail address, as far as they are told; at most fifty. A
/// record that was merged leads to the one that stands for its person.
pub fn search(connection: &mut DbConnection, vault: &Vault, wished: &Identity) -> Result<Vec<Citizen>> {
    let mut query =
        citizens::table.order(citizens::id).limit(50).select(CitizenRow::as_select()).into_boxed();
    let blinds = |look, value: &Option<String>| value.as_deref().map(|value| vault.blinds(look, value));
    if let Some(blinds) = blinds(Look::Identifier, &wished.identifier) {
        query = query.filter(citizens::identifier_index.one_of(blinds));
    }
    if let Some(blinds) = blinds(Look::Mobile, &wished.mobile) {
        query = query.filter(citizens::mobile_index.one_of(blinds));
    }
    if let Some(blinds) = blinds(Look::Phone, &wished.phone) {
        query = query.filter(citizens::phone_index.one_of(blinds));
    }
    if let Some(blinds) = blinds(Look::Email, &wished.email) {
        query = query.filter(citizens::email_index.one_of(blinds));
    }
    let rows: Vec<CitizenRow> = query.load(connection)?;
    let standing: BTreeSet<CitizenId> = rows.iter().filter_map(|row| row.merged_into).collect();
    let (merged, mut found): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.merged_into.is_some());
    if !merged.is_empty() {
        found.retain(|row| !standing.contains(&row.id));
        let standing = citizens::table.filter(citizens::id.eq_any(standing));
        found.extend(standing.order(citizens::id).select(CitizenRow::as_select()).load(connection)?);
    }
    found.into_iter().map(|row| row.open(connection, vault)).collect()
}

/// Writes a record as it should be, its identifier too.
///
/// # Errors
/// `duplicate` when another record has the identifier.
pub fn rewrite(connection: &mut DbConnection, act: &Act, citizen: &Citizen) -> Result<()> {
    let identifier = citizen.identifier.as_deref();
    if let Some(identifier) = identifier {
        rotation::one_at_a_time(connection, &act.vault, Look::Identifier, identifier)?;
        if by_identifier(connection, &act.vault, identifier)?.is_some_and(|other| other.id != citizen.id) {
            return Err(Error::Conflict(Code::Duplicate));
        }
    }
    let sealed = act.vault.seal_some(field!(citizens::identifier), citizen.id, identifier)?;
    let blind = identifier.map(|value| act.vault.blind(Look::Identifier, value));
    diesel::update(citizens::table.find(citizen.id))
        .set((citizens::identifier.eq(sealed), citizens::identifier_index.eq(blind)))
        .execute(connection)?;
    diesel::update(citizens::table.find(citizen.id))
        .set(Written::of(citizen, &act.vault)?)
        .execute(connection)?;
    Ok(())
}

/// Corrects the contacts of a citizen; the identifier stays.
pub fn correct(connection: &mut DbConnection, act: &Act, id: CitizenId, told: &Identity) -> Result<Citizen> {
    let id = super::standing(connection, id)?;
    let citizen = load(connection, &act.vault, id)?;
    refresh(connection, act, citizen, told)
}
