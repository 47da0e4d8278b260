//! A citizen's record: found by identifier, made once.

use diesel::prelude::*;

use super::told::{Identity, language_of};
use crate::db::DbConnection;
use crate::db::schema::citizens;
use crate::db::types::{CitizenId, Time};
use crate::domain::actor::{Act, Actor};
use crate::error::Result;

/// A citizen as stored.
#[derive(Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = citizens)]
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

/// The one record of this identity: by identifier, else by mobile among those without one, else new.
///
/// Staff may correct contacts; a public filing only fills what was empty, so that nobody can turn
/// another person's notices to his own phone.
pub fn find_or_create(connection: &mut DbConnection, act: &Act, identity: &Identity) -> Result<Citizen> {
    let found = match (&identity.identifier, &identity.mobile) {
        (Some(identifier), _) => citizens::table
            .filter(citizens::identifier.eq(identifier))
            .select(Citizen::as_select())
            .first(connection)
            .optional()?,
        (None, Some(mobile)) => citizens::table
            .filter(citizens::mobile.eq(mobile).and(citizens::identifier.is_null()))
            .order(citizens::id)
            .select(Citizen::as_select())
            .first(connection)
            .optional()?,
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

fn create(connection: &mut DbConnection, act: &Act, identity: &Identity) -> Result<Citizen> {
    use citizens as c;
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
    diesel::insert_into(c::table)
        .values((
            (c::id.eq(citizen.id), c::kind.eq(&citizen.kind), c::identifier.eq(&citizen.identifier)),
            (c::name.eq(&citizen.name), c::mobile.eq(&citizen.mobile), c::phone.eq(&citizen.phone)),
            (
                c::email.eq(&citizen.email),
                c::address.eq(&citizen.address),
                c::postal_code.eq(&citizen.postal_code),
            ),
            (c::preferred_channel.eq(&citizen.preferred_channel), c::language.eq(&citizen.language)),
            (c::created_at.eq(act.now), c::updated_at.eq(act.now)),
        ))
        .execute(connection)?;
    Ok(citizen)
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
        save(connection, &citizen)?;
    }
    Ok(citizen)
}

fn save(connection: &mut DbConnection, citizen: &Citizen) -> Result<()> {
    use citizens as c;
    diesel::update(c::table.find(citizen.id))
        .set((
            (c::name.eq(&citizen.name), c::mobile.eq(&citizen.mobile), c::phone.eq(&citizen.phone)),
            (
                c::email.eq(&citizen.email),
                c::address.eq(&citizen.address),
                c::postal_code.eq(&citizen.postal_code),
            ),
            (c::preferred_channel.eq(&citizen.preferred_channel), c::language.eq(&citizen.language)),
            c::updated_at.eq(citizen.updated_at),
        ))
        .execute(connection)?;
    Ok(())
}

/// The record of this id.
pub fn load(connection: &mut DbConnection, id: CitizenId) -> Result<Citizen> {
    Ok(citizens::table.find(id).select(Citizen::as_select()).first(connection)?)
}

/// Citizens of this identifier or mobile.
pub fn search(connection: &mut DbConnection, wished: &Identity) -> Result<Vec<Citizen>> {
    let mut query = citizens::table.order(citizens::id).limit(50).select(Citizen::as_select()).into_boxed();
    if let Some(identifier) = wished.identifier.clone() {
        query = query.filter(citizens::identifier.eq(identifier));
    }
    if let Some(mobile) = wished.mobile.clone() {
        query = query.filter(citizens::mobile.eq(mobile));
    }
    Ok(query.load(connection)?)
}

/// Corrects the contacts of a citizen; the identifier stays.
pub fn correct(connection: &mut DbConnection, act: &Act, id: CitizenId, told: &Identity) -> Result<Citizen> {
    let citizen = load(connection, id)?;
    refresh(connection, act, citizen, told)
}
