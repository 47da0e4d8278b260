//! Proof of a telephone: a one-time code goes to it by SMS, and whoever tells it holds the telephone.
//!
//! A code goes out only to a number under which somebody filed; an unknown one is answered in the same words, has a row
//! of the same form, and hears nothing. Phones are shared in families: where several persons are known under one number,
//! the national ID of one of them is asked for as well.

use std::collections::BTreeSet;

use diesel::prelude::*;
use rand::RngExt;

use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::schema::phone_proofs as p;
use crate::db::sealed::Sealed;
use crate::db::types::{PhoneProofId, Time};
use crate::domain::actor::Act;
use crate::domain::citizens::{self, Citizen, Identity, Phone};
use crate::domain::sms::{phone_hash, replies};
use crate::domain::text::latin_digits;
use crate::domain::vault::field;
use crate::error::{Code, Error, Language, Result};

/// What came of a code that was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proved {
    /// The telephone is theirs until then.
    Yes {
        proof: PhoneProofId,
        until: Time,
    },
    No,
    /// The code is right, and the number is of several persons.
    IsShared,
}

/// Sends a code to a number where somebody is known under it; an earlier code is good no more.
pub fn ask(connection: &mut DbConnection, act: &Act, phone: &Phone, reader: Language) -> Result<()> {
    let id: PhoneProofId = act.id();
    let code = format!("{:06}", rand::rng().random_range(0..1_000_000));
    let hash = phone_hash(&act.keys, phone.as_str());
    let expires_at = act.now.plus_seconds(60 * act.rules.number("web_code_minutes")?);
    let owners = owners(connection, act, phone.as_str(), None)?;
    diesel::delete(p::table.filter(p::phone_hash.eq(&hash).and(p::proved_at.is_null())))
        .execute(connection)?;
    diesel::insert_into(p::table)
        .values((
            (p::id.eq(id), p::phone.eq(act.vault.seal(field!(phone_proofs::phone), id, phone.as_str())?)),
            (p::phone_hash.eq(hash), p::code_hash.eq(digest(act, id, &code)), p::tries.eq(0)),
            (p::created_at.eq(act.now), p::expires_at.eq(expires_at)),
        ))
        .execute(connection)?;
    if !owners.is_empty() {
        let facts = replies::Facts { access_code: Some(code), ..replies::Facts::default() };
        let (phone, template) = (phone.as_str(), "my_code");
        let reply = replies::Reply { phone, language: reader, template, case: None, facts };
        replies::queue(connection, act, &reply)?;
    }
    Ok(())
}

fn digest(act: &Act, id: PhoneProofId, code: &str) -> String {
    act.keys.digest("phone-proof", &[&id.to_string(), code])
}

/// The persons who are known under a number, or the one of them who has this identifier.
fn owners(
    connection: &mut DbConnection,
    act: &Act,
    phone: &str,
    identifier: Option<String>,
) -> Result<Vec<Citizen>> {
    let wished = Identity { mobile: Some(phone.to_owned()), identifier, ..Identity::default() };
    citizens::search(connection, &act.vault, &wished)
}

/// Takes a code; what it proves holds for `seconds`. A wrong one counts, and after the limit `web_code_tries` the right
/// one is wrong as well. To be committed whatever it gives.
pub fn prove(
    connection: &mut DbConnection,
    act: &Act,
    phone: &Phone,
    code: &str,
    identifier: Option<String>,
    seconds: i64,
) -> Result<Proved> {
    let hash = phone_hash(&act.keys, phone.as_str());
    let query = p::table
        .filter(p::phone_hash.eq(hash).and(p::proved_at.is_null()).and(p::expires_at.gt(act.now)))
        .order(p::id.desc())
        .limit(1)
        .select((p::id, p::code_hash, p::tries));
    let row: Option<(PhoneProofId, String, i32)> = for_update(query).get_result(connection).optional()?;
    let Some((id, expected, tries)) = row else { return Ok(Proved::No) };
    let told = digest(act, id, &latin_digits(code.trim()));
    if i64::from(tries) >= act.rules.number("web_code_tries")? || told != expected {
        return wrong(connection, id);
    }
    let found = owners(connection, act, phone.as_str(), identifier.clone())?;
    if identifier.is_some() && found.is_empty() {
        return wrong(connection, id);
    }
    let persons: BTreeSet<&String> = found.iter().filter_map(|citizen| citizen.identifier.as_ref()).collect();
    if identifier.is_none() && persons.len() > 1 {
        return Ok(Proved::IsShared);
    }
    let until = act.now.plus_seconds(seconds);
    let identifier = act.vault.seal_some(field!(phone_proofs::identifier), id, identifier.as_deref())?;
    diesel::update(p::table.find(id))
        .set((p::proved_at.eq(act.now), p::expires_at.eq(until), p::identifier.eq(identifier)))
        .execute(connection)?;
    Ok(Proved::Yes { proof: id, until })
}

fn wrong(connection: &mut DbConnection, id: PhoneProofId) -> Result<Proved> {
    diesel::update(p::table.find(id)).set(p::tries.eq(p::tries + 1)).execute(connection)?;
    Ok(Proved::No)
}

/// Whoever is known under a proved telephone.
///
/// # Errors
/// `token_expired` where its time is over or it was given up.
pub(super) fn citizens_of(
    connection: &mut DbConnection,
    act: &Act,
    id: PhoneProofId,
) -> Result<Vec<Citizen>> {
    let row: Option<(Sealed, Option<Sealed>)> = p::table
        .find(id)
        .filter(p::proved_at.is_not_null().and(p::expires_at.gt(act.now)))
        .select((p::phone, p::identifier))
        .first(connection)
        .optional()?;
    let Some((phone, identifier)) = row else { return Err(Error::Unauthenticated(Code::TokenExpired)) };
    let phone = act.vault.open(connection, field!(phone_proofs::phone), id, &phone)?;
    let identifier =
        act.vault.open_some(connection, field!(phone_proofs::identifier), id, identifier.as_ref())?;
    owners(connection, act, &phone, identifier)
}

/// Gives a proof up.
pub fn give_up(connection: &mut DbConnection, id: PhoneProofId) -> Result<()> {
    diesel::delete(p::table.find(id)).execute(connection)?;
    Ok(())
}
