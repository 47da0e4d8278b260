//! A citizen's record: sealed in the database, found by blind indexes, made once.

use std::collections::HashMap;

use diesel::prelude::*;

use super::told::{Identity, language_of};
use crate::db::DbConnection;
use crate::db::schema::citizens;
use crate::db::sealed::{Blind, Sealed};
use crate::db::types::{CitizenId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::vault::{Look, Vault, field, rotation};
use crate::error::{Error, Result};
use crate::on_both;

/// A citizen, opened.
#[derive(Clone, PartialEq)]
pub struct Citizen {
    pub id: CitizenId,
    pub kind: String,
    pub identifier: Option<String>,
    pub name: Option<String>,
    pub mobile: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub address: Option<String>,
    pub postal_code: Option<String>,
    pub preferred_channel: Option<String>,
    pub language: String,
    pub created_at: Time,
    pub updated_at: Time,
}

impl std::fmt::Debug for Citizen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Citizen").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A citizen as stored, without what it is looked up by.
#[derive(Queryable, Selectable)]
#[diesel(table_name = citizens)]
struct CitizenRow {
    id: CitizenId,
    kind: String,
    identifier: Option<Sealed>,
    name: Option<Sealed>,
    mobile: Option<Sealed>,
    phone: Option<Sealed>,
    email: Option<Sealed>,
    address: Option<Sealed>,
    postal_code: Option<Sealed>,
    preferred_channel: Option<String>,
    language: String,
    created_at: Time,
    updated_at: Time,
}

impl CitizenRow {
    fn open(self, connection: &mut DbConnection, vault: &Vault) -> Result<Citizen> {
        let id = self.id;
        let mut open =
            |field, sealed: Option<Sealed>| vault.open_some(connection, field, id, sealed.as_ref());
        Ok(Citizen {
            id,
            kind: self.kind,
            identifier: open(field!(citizens::identifier), self.identifier)?,
            name: open(field!(citizens::name), self.name)?,
            mobile: open(field!(citizens::mobile), self.mobile)?,
            phone: open(field!(citizens::phone), self.phone)?,
            email: open(field!(citizens::email), self.email)?,
            address: open(field!(citizens::address), self.address)?,
            postal_code: open(field!(citizens::postal_code), self.postal_code)?,
            preferred_channel: self.preferred_channel,
            language: self.language,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// A new citizen as it is written.
#[derive(Insertable)]
#[diesel(table_name = citizens, treat_none_as_default_value = false)]
struct New {
    id: CitizenId,
    kind: String,
    identifier: Option<Sealed>,
    identifier_index: Option<Blind>,
    created_at: Time,
    #[diesel(embed)]
    written: Written,
}

impl New {
    fn of(citizen: &Citizen, vault: &Vault) -> Result<Self> {
        let identifier = citizen.identifier.as_deref();
        Ok(Self {
            id: citizen.id,
            kind: citizen.kind.clone(),
            identifier: vault.seal_some(field!(citizens::identifier), citizen.id, identifier)?,
            identifier_index: identifier.map(|value| vault.blind(Look::Identifier, value)),
            created_at: citizen.created_at,
            written: Written::of(citizen, vault)?,
        })
    }
}

/// What of a citizen is written, new or changed.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = citizens, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Written {
    name: Option<Sealed>,
    mobile: Option<Sealed>,
    phone: Option<Sealed>,
    email: Option<Sealed>,
    address: Option<Sealed>,
    postal_code: Option<Sealed>,
    preferred_channel: Option<String>,
    language: String,
    updated_at: Time,
    mobile_index: Option<Blind>,
    phone_index: Option<Blind>,
    email_index: Option<Blind>,
}

impl Written {
    fn of(citizen: &Citizen, vault: &Vault) -> Result<Self> {
        let seal = |field, text: &Option<String>| vault.seal_some(field, citizen.id, text.as_deref());
        let blind = |look, text: &Option<String>| text.as_deref().map(|text| vault.blind(look, text));
        Ok(Self {
            name: seal(field!(citizens::name), &citizen.name)?,
            mobile: seal(field!(citizens::mobile), &citizen.mobile)?,
            phone: seal(field!(citizens::phone), &citizen.phone)?,
            email: seal(field!(citizens::email), &citizen.email)?,
            address: seal(field!(citizens::address), &citizen.address)?,
            postal_code: seal(field!(citizens::postal_code), &citizen.postal_code)?,
            preferred_channel: citizen.preferred_channel.clone(),
            language: citizen.language.clone(),
            updated_at: citizen.updated_at,
            mobile_index: blind(Look::Mobile, &citizen.mobile),
            phone_index: blind(Look::Phone, &citizen.phone),
            email_index: blind(Look::Email, &citizen.email),
        })
    }
}

/// The one record of this identity: by identifier, else by mobile among those without one, else new.
///
/// Staff may correct contacts; a public filing only fills what was empty, so that nobody can turn
/// another person's notices to his own phone.
pub fn find_or_create(connection: &mut DbConnection, act: &Act, identity: &Identity) -> Result<Citizen> {
    if let Some(identifier) = &identity.identifier {
        rotation::one_at_a_time(connection, &act.vault, Look::Identifier, identifier)?;
    }
    let found = match (&identity.identifier, &identity.mobile) {
        (Some(identifier), _) => by_identifier(connection, &act.vault, identifier)?,
        (None, Some(mobile)) => by_mobile_alone(connection, &act.vault, mobile)?,
        (None, None) => None,
    };
    // a family shares a phone: without an identifier another name is another person
    let is_other = |citizen: &Citizen| {
        identity.identifier.is_none()
            && identity.name.is_some()
            && citizen.name.is_some()
            && identity.name != citizen.name
    };
    match found.filter(|citizen| !is_other(citizen)) {
        Some(citizen) => refresh(connection, act, citizen, identity),
        None => create(connection, act, identity),
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

/// The oldest record of this mobile that has no identifier.
fn by_mobile_alone(connection: &mut DbConnection, vault: &Vault, mobile: &str) -> Result<Option<Citizen>> {
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
    found.map(|row| row.open(connection, vault)).transpose()
}

fn create(connection: &mut DbConnection, act: &Act, identity: &Identity) -> Result<Citizen> {
    let citizen = Citizen {
        id: act.id(),
        kind: identity.kind.to_owned(),
        identifier: identity.identifier.clone(),
        name: identity.name.clone(),
        mobile: identity.mobile.clone(),
        phone: identity.phone.clone(),
        email: identity.email.clone(),
        address: identity.address.clone(),
        postal_code: identity.postal_code.clone(),
        preferred_channel: identity.preferred_channel.clone(),
        language: language_of(Some(identity)).to_owned(),
        created_at: act.now,
        updated_at: act.now,
    };
    diesel::insert_into(citizens::table).values(New::of(&citizen, &act.vault)?).execute(connection)?;
    Ok(citizen)
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
    let may_correct = matches!(act.actor, Actor::Staff(_));
    let before = citizen.clone();
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
    lay(&mut citizen.preferred_channel, &told.preferred_channel);
    if let (Some(language), true) = (&told.language, may_correct) {
        citizen.language.clone_from(language);
    }
    if citizen != before {
        citizen.updated_at = act.now;
        diesel::update(citizens::table.find(citizen.id))
            .set(Written::of(&citizen, &act.vault)?)
            .execute(connection)?;
    }
    Ok(citizen)
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
        citizens::table.filter(citizens::id.eq_any(ids)).select(CitizenRow::as_select()).load(connection)?;
    rows.into_iter().map(|row| Ok((row.id, row.open(connection, vault)?))).collect()
}

/// Citizens of this identifier, mobile, fixed line and e-mail address, as far as they are told; at most fifty.
pub fn search(connection: &mut DbConnection, vault: &Vault, wished: &Identity) -> Result<Vec<Citizen>> {
    let mut query =
        citizens::table.order(citizens::id).limit(50).select(CitizenRow::as_select()).into_boxed();
    let blinds = |look, value: &Option<String>| value.as_deref().map(|value| vault.blinds(look, value));
    if let Some(blinds) = blinds(Look::Identifier, &wished.identifier) {
        query = query.filter(citizens::identifier_index.eq_any(blinds));
    }
    if let Some(blinds) = blinds(Look::Mobile, &wished.mobile) {
        query = query.filter(citizens::mobile_index.eq_any(blinds));
    }
    if let Some(blinds) = blinds(Look::Phone, &wished.phone) {
        query = query.filter(citizens::phone_index.eq_any(blinds));
    }
    if let Some(blinds) = blinds(Look::Email, &wished.email) {
        query = query.filter(citizens::email_index.eq_any(blinds));
    }
    let rows: Vec<CitizenRow> = query.load(connection)?;
    rows.into_iter().map(|row| row.open(connection, vault)).collect()
}

/// Corrects the contacts of a citizen; the identifier stays.
pub fn correct(connection: &mut DbConnection, act: &Act, id: CitizenId, told: &Identity) -> Result<Citizen> {
    let citizen = load(connection, &act.vault, id)?;
    refresh(connection, act, citizen, told)
}
