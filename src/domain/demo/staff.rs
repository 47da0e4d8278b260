//! The demo staff and the demo gateway.

use diesel::prelude::*;

use super::data;
use crate::db::DbConnection;
use crate::db::schema::gateways;
use crate::db::types::{GatewayId, OfficeId};
use crate::domain::actor::{Act, Actor, Role};
use crate::domain::rulebook::Rulebook;
use crate::domain::users::{self, NewUser};
use crate::error::{Error, Result};

/// Days that the demo key holds: ten years.
const KEY_DAYS: i64 = 3652;

/// Makes the accounts that are not there; gives how many.
pub(super) fn engage(connection: &mut DbConnection, act: &Act, staff: &[data::Staff]) -> Result<usize> {
    // one hash for all: it is the same password, and hashing is slow by design
    let password_hash = users::hash_password(super::PASSWORD)?;
    let mut made = 0;
    for person in staff {
        if users::by_username(connection, &person.username)?.is_some() {
            continue;
        }
        let new = NewUser {
            username: person.username.clone(),
            name: person.name.clone(),
            email: None,
            password_hash: password_hash.clone(),
            roles: vec![assignment(&act.rules, &person.username)?],
        };
        users::create(connection, act.id(), &new, act.now)?;
        made += 1;
    }
    Ok(made)
}

/// `handler.moen-10` is the handler of MOEN-10; a name without an office belongs to the centre.
fn assignment(rules: &Rulebook, username: &str) -> Result<(Role, OfficeId)> {
    let (role, office) = username.split_once('.').unwrap_or((username, "centre"));
    let role = role.trim_end_matches(|last: char| last.is_ascii_digit());
    let role = role
        .parse()
        .map_err(|expected| Error::internal(format!("staff {username}: the role is {expected}")))?;
    let office = rules.offices.by_code(&office.to_uppercase());
    office
        .map(|office| (role, office.id))
        .ok_or_else(|| Error::internal(format!("staff {username}: no such office; seed the database first")))
}

/// Opens the gateway of the demo key for all channels, or finds it; gives it as an actor.
pub(super) fn open_gateway(connection: &mut DbConnection, act: &Act) -> Result<Actor> {
    use gateways as g;
    let office = act.rules.offices.centre();
    let key_hash = act.keys.digest("gateway-key", &[super::GATEWAY_KEY]);
    let known: Option<GatewayId> =
        g::table.filter(g::key_hash.eq(&key_hash)).select(g::id).first(connection).optional()?;
    let id = match known {
        Some(id) => id,
        None => {
            let id: GatewayId = act.id();
            diesel::insert_into(g::table)
                .values((
                    (g::id.eq(id), g::name.eq("demo"), g::key_hash.eq(key_hash), g::channels.eq(r#"["*"]"#)),
                    (g::office_id.eq(office), g::created_at.eq(act.now)),
                    (g::expires_at.eq(act.now.plus_days(KEY_DAYS)), g::agreed_at.eq(act.now)),
                ))
                .execute(connection)?;
            id
        }
    };
    Ok(Actor::Gateway { id, office, channels: vec!["*".into()] })
}
