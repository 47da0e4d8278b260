//! The rules of another day, and rules as they would be: the same snapshot, made of other rows.
//!
//! A version holds from its beginning to its end. What the first seeding laid down also holds for whatever is
//! older than the installation: letters that were filed before it, for example.

use std::collections::BTreeMap;
use std::sync::Arc;

use diesel::prelude::*;

use super::{Rulebook, load};
use crate::db::DbConnection;
use crate::db::schema::definitions;
use crate::db::types::Time;
use crate::error::Result;

/// Author of the rows that came with the installation.
const SEED: &str = "seed";

/// A row laid over the rules in force, or taken out of them.
#[derive(Debug, Clone)]
pub struct Lay {
    pub noun: String,
    pub code: String,
    /// The new row as JSON; none ends the one in force.
    pub body: Option<String>,
}

type Row = (String, String, i32, String, String, Time);

/// The rules as they were at `moment`; `current` where nothing changed since.
pub fn rules_of(
    connection: &mut DbConnection,
    current: &Arc<Rulebook>,
    moment: Time,
) -> Result<Arc<Rulebook>> {
    use definitions as d;
    let ended_since: i64 = d::table.filter(d::valid_to.gt(moment)).count().get_result(connection)?;
    let begun_since: i64 = d::table
        .filter(d::valid_from.gt(moment).and(d::version.gt(1).or(d::author.ne(SEED))))
        .count()
        .get_result(connection)?;
    if ended_since + begun_since == 0 {
        return Ok(current.clone());
    }
    let rows: Vec<Row> = d::table
        .filter(d::valid_from.le(moment).or(d::version.eq(1)))
        .filter(d::valid_to.is_null().or(d::valid_to.gt(moment)))
        .order((d::noun, d::code, d::version))
        .select((d::noun, d::code, d::version, d::body, d::author, d::valid_from))
        .load(connection)?;
    let mut held: BTreeMap<(String, String), String> = BTreeMap::new();
    for (noun, code, _, body, author, valid_from) in rows {
        if valid_from <= moment || author == SEED {
            held.insert((noun, code), body);
        }
    }
    load::build(connection, current.version, &bodies(held)).map(Arc::new)
}

/// The rules in force with other rows laid over them; nothing is written.
pub fn with(connection: &mut DbConnection, current: &Rulebook, lays: &[Lay]) -> Result<Rulebook> {
    use definitions as d;
    let rows: Vec<(String, String, String)> =
        d::table.filter(d::valid_to.is_null()).select((d::noun, d::code, d::body)).load(connection)?;
    let mut held: BTreeMap<(String, String), String> =
        rows.into_iter().map(|(noun, code, body)| ((noun, code), body)).collect();
    for lay in lays {
        let key = (lay.noun.clone(), lay.code.clone());
        match &lay.body {
            Some(body) => held.insert(key, body.clone()),
            None => held.remove(&key),
        };
    }
    load::build(connection, current.version, &bodies(held))
}

fn bodies(held: BTreeMap<(String, String), String>) -> Vec<(String, String)> {
    held.into_iter().map(|((noun, _), body)| (noun, body)).collect()
}
