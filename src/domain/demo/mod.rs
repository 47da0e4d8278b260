//! The demonstration: invented staff, citizens and cases in every state, played through the real verbs.
//!
//! Nothing here writes a case by itself: each step is done by the person whose work it is, at the time at
//! which it would have been done. Playing it again changes nothing.

mod data;
mod followed;
mod play;
#[cfg(test)]
mod rehearsal;
mod staff;
mod steps;
mod story;
#[cfg(test)]
mod tests;

use crate::db::DbConnection;
use crate::domain::actor::Act;
use crate::domain::users;
use crate::error::Result;

pub use data::State;
pub use story::{Told, story};

/// The password of all demo staff.
pub const PASSWORD: &str = "samad-demo";
/// The key of the demo gateway, for channel calls.
pub const GATEWAY_KEY: &str = "demo-gateway-key";
/// The account by which it is seen that the demonstration is there.
const MARK: &str = "agent.centre";

/// What a call to [`people`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demonstration {
    /// So many people of staff and cases were made.
    Played { staff: usize, cases: usize },
    /// It was there already; nothing was changed.
    AlreadyThere,
}

/// Makes the demo staff, the gateway and the cases of `config/demo/people.toml`; `act` gives the present
/// time, the rules, ids and keys, its actor plays no part. The database must be seeded.
pub fn people(connection: &mut DbConnection, act: &Act) -> Result<Demonstration> {
    if users::by_username(connection, MARK)?.is_some() {
        return Ok(Demonstration::AlreadyThere);
    }
    let data = data::Data::embedded()?;
    let staff = staff::engage(connection, act, &data.staff)?;
    let gateway = staff::open_gateway(connection, act)?;
    let cases = play::play(connection, act, &gateway, &data)?;
    followed::play(connection, act, &data)?;
    Ok(Demonstration::Played { staff, cases })
}

/// Makes the demo staff and the gateway without any case; gives how many people were made.
pub fn staff_only(connection: &mut DbConnection, act: &Act) -> Result<usize> {
    let made = staff::engage(connection, act, &data::Data::embedded()?.staff)?;
    staff::open_gateway(connection, act)?;
    Ok(made)
}
