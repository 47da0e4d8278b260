//! Recovery codes: for whoever has lost the device. Each is good once and stored as a keyed digest only.

use diesel::prelude::*;
use rand::RngExt;

use crate::db::DbConnection;
use crate::db::schema::recovery_codes as codes;
use crate::db::types::UserId;
use crate::domain::actor::Act;
use crate::error::Result;

/// Codes of one set.
const COUNT: usize = 10;
/// Letters of a code: about 59 bits.
pub const LENGTH: usize = 12;
/// None that is taken for another when read aloud or from paper.
const ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// Makes a new set, which ends the old one; the codes are told this once, in groups of four.
pub fn renew(connection: &mut DbConnection, act: &Act, user: UserId) -> Result<Vec<String>> {
    clear(connection, user)?;
    let fresh: Vec<String> = (0..COUNT).map(|_| new_code()).collect();
    for code in &fresh {
        diesel::insert_into(codes::table)
            .values((
                (codes::code_hash.eq(digest(act, user, code)), codes::user_id.eq(user)),
                codes::made_at.eq(act.now),
            ))
            .execute(connection)?;
    }
    Ok(fresh.iter().map(|code| [&code[..4], &code[4..8], &code[8..]].join("-")).collect())
}

/// Uses a code, given without separators; false when it is none of this person's or was used before.
pub fn take(connection: &mut DbConnection, act: &Act, user: UserId, code: &str) -> Result<bool> {
    let unused = codes::table.find(digest(act, user, code)).filter(codes::used_at.is_null());
    Ok(diesel::update(unused).set(codes::used_at.eq(act.now)).execute(connection)? == 1)
}

/// How many codes are left.
pub fn left(connection: &mut DbConnection, user: UserId) -> Result<i64> {
    Ok(codes::table
        .filter(codes::user_id.eq(user).and(codes::used_at.is_null()))
        .count()
        .get_result(connection)?)
}

/// Ends all codes of a person.
pub fn clear(connection: &mut DbConnection, user: UserId) -> Result<()> {
    diesel::delete(codes::table.filter(codes::user_id.eq(user))).execute(connection)?;
    Ok(())
}

fn new_code() -> String {
    let mut rng = rand::rng();
    (0..LENGTH).map(|_| char::from(ALPHABET[rng.random_range(0..ALPHABET.len())])).collect()
}

fn digest(act: &Act, user: UserId, code: &str) -> String {
    act.keys.digest("recovery-code", &[&user.to_string(), code])
}
