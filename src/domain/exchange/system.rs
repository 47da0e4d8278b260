//! The account of a body's own system: opened with its first key that two persons agreed to, closed with its last.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::SCOPE;
use super::feed;
use crate::db::DbConnection;
use crate::db::schema::{exchange_systems, gateways, offices, users as accounts};
use crate::db::types::{GatewayId, OfficeId, Time, UserId};
use crate::domain::actor::{Act, Actor, Role};
use crate::domain::rulebook;
use crate::domain::users::{self, NewUser};
use crate::error::{Code, Error, Result};

/// The offices whose own system is connected now.
pub fn offices(connection: &mut DbConnection) -> Result<BTreeSet<OfficeId>> {
    let open = exchange_systems::table.filter(exchange_systems::closed_at.is_null());
    let found: Vec<OfficeId> = open.select(exchange_systems::office_id).load(connection)?;
    Ok(found.into_iter().collect())
}

/// Opens the account of an office's own system, and lays all that is open there into its feed.
pub fn connect(connection: &mut DbConnection, act: &Act, office: OfficeId) -> Result<()> {
    use exchange_systems as e;
    let known: Option<(UserId, Option<Time>)> =
        e::table.find(office).select((e::user_id, e::closed_at)).first(connection).optional()?;
    match known {
        Some((_, None)) => return Ok(()),
        Some((user, Some(_))) => {
            users::set_active(connection, user, true)?;
            diesel::update(e::table.find(office)).set(e::closed_at.eq(None::<Time>)).execute(connection)?;
        }
        None => {
            let user = open_account(connection, act, office)?;
            diesel::insert_into(e::table)
                .values((
                    (e::office_id.eq(office), e::user_id.eq(user), e::position.eq(0_i64)),
                    e::opened_at.eq(act.now),
                ))
                .execute(connection)?;
        }
    }
    feed::fill(connection, act, office)?;
    rulebook::changed(connection)
}

/// Nobody signs in with it: it has no password.
fn open_account(connection: &mut DbConnection, act: &Act, office: OfficeId) -> Result<UserId> {
    let (code, name): (String, String) =
        offices::table.find(office).select((offices::code, offices::name_fa)).first(connection)?;
    let username = format!("{SCOPE}.{}", code.to_lowercase());
    let taken: Option<UserId> = accounts::table
        .filter(accounts::username.eq(&username))
        .select(accounts::id)
        .first(connection)
        .optional()?;
    if taken.is_some() {
        return Err(Error::Conflict(Code::Duplicate));
    }
    let new = NewUser {
        username,
        name: format!("سامانه {name}"),
        email: None,
        password_hash: String::new(),
        roles: vec![(Role::Handler, office)],
    };
    Ok(users::create(connection, act.id(), &new, act.now)?.id)
}

/// Closes the account of an office whose last good key has ended.
pub fn disconnect(connection: &mut DbConnection, act: &Act, office: OfficeId) -> Result<()> {
    use exchange_systems as e;
    let scopes: Vec<String> = gateways::table
        .filter(gateways::office_id.eq(office).and(gateways::agreed_at.is_not_null()))
        .filter(gateways::revoked_at.is_null().and(gateways::expires_at.gt(act.now)))
        .select(gateways::channels)
        .load(connection)?;
    if scopes.iter().any(|told| is_scoped(told)) {
        return Ok(());
    }
    let known: Option<UserId> = e::table
        .find(office)
        .filter(e::closed_at.is_null())
        .select(e::user_id)
        .first(connection)
        .optional()?;
    let Some(user) = known else { return Ok(()) };
    users::set_active(connection, user, false)?;
    diesel::update(e::table.find(office)).set(e::closed_at.eq(act.now)).execute(connection)?;
    rulebook::changed(connection)
}

/// Whether the stored scopes of a key hold that of the exchange.
fn is_scoped(channels: &str) -> bool {
    serde_json::from_str::<Vec<String>>(channels).is_ok_and(|all| all.iter().any(|one| one == SCOPE))
}

/// As whom a body's own system acts, and for which office.
///
/// # Errors
/// `forbidden` for everybody but a key of this scope; `no_rights` where the account was closed.
pub fn actor(connection: &mut DbConnection, caller: &Actor) -> Result<(GatewayId, OfficeId, Actor)> {
    let Actor::Gateway { id, office, channels } = caller else {
        return Err(Error::Forbidden(Code::Forbidden));
    };
    if !channels.iter().any(|one| one == SCOPE) {
        return Err(Error::Forbidden(Code::Forbidden));
    }
    let user: Option<UserId> = exchange_systems::table
        .find(*office)
        .select(exchange_systems::user_id)
        .first(connection)
        .optional()?;
    let staff = match user {
        Some(user) => users::staff(connection, user)?,
        None => None,
    };
    let staff = staff.ok_or(Error::Forbidden(Code::NoRights))?;
    Ok((*id, *office, Actor::Staff(staff)))
}
