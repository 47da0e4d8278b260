//! The first administrator: made where there is no account at all, with a password that is shown once.

use diesel::prelude::*;
use rand::RngExt;

use crate::db::schema::{offices, users};
use crate::db::types::{OfficeId, Time};
use crate::db::{DbConnection, IdMaker};
use crate::domain::actor::Role;
use crate::domain::users::{NewUser, create, hash_password};
use crate::error::Result;

/// Characters of a generated password; none that is taken for another when read aloud.
const ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// Length of a generated password: about 93 bits.
const LENGTH: usize = 16;

/// Makes the user `admin` at the centre where no user exists; gives its password, which is stored nowhere.
///
/// # Errors
/// `NotFound` when the tree of offices is not seeded yet.
pub fn first_admin(connection: &mut DbConnection, ids: &IdMaker, now: Time) -> Result<Option<String>> {
    let accounts: i64 = users::table.count().get_result(connection)?;
    if accounts > 0 {
        return Ok(None);
    }
    let centre: OfficeId =
        offices::table.filter(offices::code.eq("CENTRE")).select(offices::id).first(connection)?;
    let mut rng = rand::rng();
    let password: String =
        (0..LENGTH).map(|_| char::from(ALPHABET[rng.random_range(0..ALPHABET.len())])).collect();
    let admin = NewUser {
        username: "admin".into(),
        name: "راهبر سامانه".into(),
        email: None,
        password_hash: hash_password(&password)?,
        roles: vec![(Role::Admin, centre)],
    };
    create(connection, ids.next().into(), &admin, now)?;
    Ok(Some(password))
}
