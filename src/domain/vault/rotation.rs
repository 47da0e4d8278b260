//! A change of data keys, while the service goes on serving, and as often interrupted as may be.
//!
//! | stage | what every transaction that began in it does |
//! |---|---|
//! | idle | writes and looks up under the active keys |
//! | announced | the same, and looks up under the coming ones too |
//! | moving | writes under the new keys, looks up under both; rows are walked through |
//!
//! Between two stages all transactions that began before must end ([`running`]), so that never more than two
//! neighbouring stages meet. While two index keys live, whoever makes a citizen locks the identifier: two records of
//! it could otherwise stand under two keys. Each step takes up where the one before stopped, whoever took it; two
//! commands at once do no harm.

use diesel::prelude::*;

pub use super::rows::{Cursor, Step, left, step};
use super::store::{self, DataKey, KeyState, Purpose};
use super::{Look, Masters, Vault};
use crate::db::DbConnection;
use crate::db::dialect;
use crate::db::schema::data_keys as k;
use crate::db::types::Time;
use crate::domain::rulebook;
use crate::error::Result;

/// Where a change of data keys stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    Idle,
    Announced,
    /// These keys retire.
    Moving(Vec<i64>),
}

fn stage_of(rows: &[DataKey]) -> Stage {
    let in_state = |state: KeyState| rows.iter().filter(move |row| row.state == state);
    let retiring: Vec<i64> = in_state(KeyState::Retiring).map(|row| row.id).collect();
    match (in_state(KeyState::Coming).count(), retiring) {
        (0, retiring) if retiring.is_empty() => Stage::Idle,
        (0, retiring) => Stage::Moving(retiring),
        _ => Stage::Announced,
    }
}

/// Where it stands now.
pub fn stage(connection: &mut DbConnection) -> Result<Stage> {
    Ok(stage_of(&store::live(connection)?))
}

/// Idle → announced: makes new keys of both purposes. Changes nothing at any other stage.
pub fn announce(connection: &mut DbConnection, masters: &Masters, now: Time) -> Result<()> {
    if stage_of(&store::locked(connection)?) != Stage::Idle {
        return Ok(());
    }
    for purpose in Purpose::ALL {
        store::make(connection, masters, *purpose, KeyState::Coming, now)?;
    }
    rulebook::changed(connection)
}

/// Announced → moving: the new keys write from now on. Changes nothing at any other stage.
pub fn activate(connection: &mut DbConnection) -> Result<()> {
    if stage_of(&store::locked(connection)?) != Stage::Announced {
        return Ok(());
    }
    for (from, to) in [(KeyState::Active, KeyState::Retiring), (KeyState::Coming, KeyState::Active)] {
        diesel::update(k::table.filter(k::state.eq(from))).set(k::state.eq(to)).execute(connection)?;
    }
    rulebook::changed(connection)
}

/// Moving → idle: destroys the wrapped keys of these numbers. The caller has seen, after every older transaction
/// had ended, that nothing is left under them.
pub fn retire(connection: &mut DbConnection, keys: &[i64], now: Time) -> Result<()> {
    dialect::overwriting(connection, |connection| {
        let retiring = k::state.eq(KeyState::Retiring);
        diesel::update(k::table.filter(k::id.eq_any(keys.to_vec())).filter(retiring))
            .set((k::state.eq(KeyState::Retired), k::wrapped.eq(None::<String>), k::retired_at.eq(now)))
            .execute(connection)?;
        rulebook::changed(connection)
    })
}

/// Wraps all data keys by the newest master key; gives how many were wrapped by another.
pub fn rewrap(connection: &mut DbConnection, masters: &Masters) -> Result<usize> {
    dialect::overwriting(connection, |connection| store::rewrap(connection, masters))
}

/// Transactions that run now beside this one; none of them may know of what was committed last.
pub fn running(connection: &mut DbConnection) -> Result<Vec<String>> {
    dialect::running_transactions(connection)
}

/// Lets one transaction after the other look for a value and write it while index keys move; asks the database
/// nothing at other times.
pub(crate) fn one_at_a_time(
    connection: &mut DbConnection,
    vault: &Vault,
    look: Look,
    value: &str,
) -> Result<()> {
    match vault.lock_number(look, value) {
        Some(number) => Ok(dialect::lock_number(connection, number)?),
        None => Ok(()),
    }
}
