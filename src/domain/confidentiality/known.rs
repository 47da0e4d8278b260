//! What is known of the people of a case, for the masker. It stays inside the service.

use crate::db::DbConnection;
use crate::domain::actor::Act;
use crate::domain::cases::{CaseRow, Representative};
use crate::domain::citizens::{self, Citizen};
use crate::domain::masking::{Known, Masker};
use crate::domain::vault::field;
use crate::error::{Language, Result};

/// A masker that knows the people of this case; its labels are in the language of the case.
pub fn masker(connection: &mut DbConnection, act: &Act, row: &CaseRow) -> Result<Masker> {
    let citizen = match row.citizen_id {
        Some(id) => citizens::find(connection, &act.vault, id)?,
        None => None,
    };
    masker_of(connection, act, row, citizen.as_ref())
}

/// The same where the citizen was loaded already.
pub fn masker_of(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    citizen: Option<&Citizen>,
) -> Result<Masker> {
    let mut known = Known::default();
    if let Some(citizen) = citizen {
        add(&mut known, citizen);
        // by what a merged record says the person is known as well
        let merged = citizens::merged_among(connection, &[citizen.id])?;
        citizens::load_all(connection, &act.vault, merged.into_keys())?
            .values()
            .for_each(|record| add(&mut known, record));
    }
    let field = field!(cases::representative);
    let person = act.vault.open_some(connection, field, row.id, row.representative.as_ref())?;
    if let Some(person) = person.and_then(|json| serde_json::from_str::<Representative>(&json).ok()) {
        known.names.push(person.name);
        known.numbers.extend(person.national_id.iter().map(|id| bare(id)));
        known.numbers.extend(person.mobile);
        known.numbers.push(person.proof);
    }
    known.addresses.extend(act.vault.open_some(
        connection,
        field!(cases::address),
        row.id,
        row.address.as_ref(),
    )?);
    let language = if row.language == "en" { Language::En } else { Language::Fa };
    Ok(Masker::new(&known, language))
}

/// What of a record is known.
fn add(known: &mut Known, citizen: &Citizen) {
    known.names.extend(citizen.name.clone());
    known.numbers.extend(citizen.identifier.iter().map(|id| bare(id)));
    known
        .numbers
        .extend([&citizen.mobile, &citizen.phone, &citizen.postal_code].into_iter().flatten().cloned());
    known.emails.extend(citizen.email.clone());
    known.addresses.extend(citizen.address.clone());
}

/// An identifier without its sort.
fn bare(identifier: &str) -> String {
    identifier.split_once(':').map_or(identifier, |(_, id)| id).to_owned()
}
