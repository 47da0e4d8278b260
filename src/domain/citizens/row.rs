//! A citizen, opened, and the rows that hold it sealed.

use diesel::prelude::*;

use super::address::address_key;
use crate::db::DbConnection;
use crate::db::schema::citizens;
use crate::db::sealed::{Blind, Sealed};
use crate::db::types::{CitizenId, Time};
use crate::domain::vault::{Look, Vault, field};
use crate::error::Result;

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
    /// The head of the household, where somebody else is.
    pub household_head: Option<String>,
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

impl Citizen {
    /// What a household is looked up by; none where postal code or address is missing.
    pub(super) fn household(&self) -> Option<String> {
        household(self.postal_code.as_deref(), self.address.as_deref())
    }
}

/// A household is a postal code and an address, however that is written.
pub(crate) fn household(postal_code: Option<&str>, address: Option<&str>) -> Option<String> {
    Some(format!("{}\n{}", postal_code?, address_key(address?)))
}

/// A citizen as stored, without what it is looked up by.
#[derive(Queryable, Selectable)]
#[diesel(table_name = citizens)]
pub(super) struct CitizenRow {
    pub(super) id: CitizenId,
    kind: String,
    identifier: Option<Sealed>,
    name: Option<Sealed>,
    mobile: Option<Sealed>,
    phone: Option<Sealed>,
    email: Option<Sealed>,
    address: Option<Sealed>,
    postal_code: Option<Sealed>,
    household_head: Option<Sealed>,
    preferred_channel: Option<String>,
    language: String,
    created_at: Time,
    updated_at: Time,
    /// The record that stands for this one's person, where it is a second one.
    pub(super) merged_into: Option<CitizenId>,
}

impl CitizenRow {
    pub(super) fn open(self, connection: &mut DbConnection, vault: &Vault) -> Result<Citizen> {
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
            household_head: open(field!(citizens::household_head), self.household_head)?,
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
pub(super) struct New {
    id: CitizenId,
    kind: String,
    identifier: Option<Sealed>,
    identifier_index: Option<Blind>,
    created_at: Time,
    #[diesel(embed)]
    written: Written,
}

impl New {
    pub(super) fn of(citizen: &Citizen, vault: &Vault) -> Result<Self> {
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
pub(super) struct Written {
    name: Option<Sealed>,
    mobile: Option<Sealed>,
    phone: Option<Sealed>,
    email: Option<Sealed>,
    address: Option<Sealed>,
    postal_code: Option<Sealed>,
    household_head: Option<Sealed>,
    preferred_channel: Option<String>,
    language: String,
    updated_at: Time,
    mobile_index: Option<Blind>,
    phone_index: Option<Blind>,
    email_index: Option<Blind>,
    household_head_index: Option<Blind>,
    household_index: Option<Blind>,
}

impl Written {
    pub(super) fn of(citizen: &Citizen, vault: &Vault) -> Result<Self> {
        let seal = |field, text: &Option<String>| vault.seal_some(field, citizen.id, text.as_deref());
        let blind = |look, text: &Option<String>| text.as_deref().map(|text| vault.blind(look, text));
        Ok(Self {
            name: seal(field!(citizens::name), &citizen.name)?,
            mobile: seal(field!(citizens::mobile), &citizen.mobile)?,
            phone: seal(field!(citizens::phone), &citizen.phone)?,
            email: seal(field!(citizens::email), &citizen.email)?,
            address: seal(field!(citizens::address), &citizen.address)?,
            postal_code: seal(field!(citizens::postal_code), &citizen.postal_code)?,
            household_head: seal(field!(citizens::household_head), &citizen.household_head)?,
            preferred_channel: citizen.preferred_channel.clone(),
            language: citizen.language.clone(),
            updated_at: citizen.updated_at,
            mobile_index: blind(Look::Mobile, &citizen.mobile),
            phone_index: blind(Look::Phone, &citizen.phone),
            email_index: blind(Look::Email, &citizen.email),
            household_head_index: blind(Look::HouseholdHead, &citizen.household_head),
            household_index: blind(Look::Household, &citizen.household()),
        })
    }
}
