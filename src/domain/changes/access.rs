//! Changes of who may do what: accounts with their roles, and gateway keys. They have no versions of their own and
//! nothing to try; what they take away needs no second person, what they give does.

use diesel::prelude::*;
use serde_json::Value;

use super::propose::{Checked, read};
use super::{Action, ChangeRow, GATEWAY, STAFF, Wish};
use crate::db::DbConnection;
use crate::db::schema::changes;
use crate::db::types::{ChangeId, GatewayId, UserId};
use crate::domain::actor::Act;
use crate::domain::definitions::log;
use crate::domain::rulebook::Verb;
use crate::domain::users::{self, Access, Assignment};
use crate::domain::{conflict, gateways};
use crate::error::{Error, Result};

/// The right to propose and to decide changes of this noun.
pub(super) fn right(noun: &str) -> Verb {
    match noun {
        STAFF => Verb::ManageUsers,
        GATEWAY => Verb::ManageGateways,
        _ => Verb::Configure,
    }
}

/// The account or key as it stands, as JSON; never a password or a secret.
pub(super) fn state(connection: &mut DbConnection, act: &Act, noun: &str, code: &str) -> Result<Value> {
    let told = match noun {
        STAFF => {
            let user = users::id_of(connection, code)?;
            serde_json::to_value(Access::of(connection, &act.rules, user)?)
        }
        _ => serde_json::to_value(gateways::find(connection, key(code)?)?.view(act, None)),
    };
    told.map_err(|error| Error::Internal(Box::new(error)))
}

/// Checks a wish: the whole access of an account that exists, or a key that was made and waits.
pub(super) fn check(connection: &mut DbConnection, act: &Act, wish: &Wish) -> Result<Checked> {
    let code = wish.code.clone().ok_or(Error::NotFound)?;
    let now = state(connection, act, &wish.noun, &code)?;
    if wish.noun == GATEWAY {
        return Ok(Checked { code, body: now, base: None, base_version: None });
    }
    let access: Access = read(&wish.body)?;
    Assignment::read(act, &access.roles)?;
    Ok(Checked { code, body: wish.body.clone(), base: Some(now), base_version: None })
}

/// Gives what was agreed.
pub(super) fn write(connection: &mut DbConnection, act: &Act, row: &ChangeRow, body: &Value) -> Result<()> {
    match (row.noun.as_str(), row.action) {
        (STAFF, _) => {
            let user = users::id_of(connection, &row.code)?;
            let access: Access = read(body)?;
            grant(connection, act, user, &access)?;
            if access.new_password { set_password(connection, act, row.id, user) } else { Ok(()) }
        }
        (_, Action::Create) => gateways::agree(connection, act, key(&row.code)?),
        (_, Action::Change | Action::End) => gateways::revoke(connection, act, key(&row.code)?).map(drop),
    }
}

/// Makes an account's access this; cases that the person must leave are cleared of them at once.
pub fn grant(connection: &mut DbConnection, act: &Act, user: UserId, access: &Access) -> Result<()> {
    let now = Access::of(connection, &act.rules, user)?;
    if access.roles != now.roles {
        let roles = Assignment::read(act, &access.roles)?;
        conflict::repost(connection, act, user, &roles)?;
    }
    if access.active != now.active {
        users::set_active(connection, user, access.active)?;
    }
    log(connection, act, "change", &format!("user:{user}"), "")
}

/// Keeps the password that a change will set, as its hash, beside the change.
pub fn keep_secret(connection: &mut DbConnection, change: ChangeId, hash: &str) -> Result<()> {
    diesel::update(changes::table.find(change)).set(changes::secret.eq(hash)).execute(connection)?;
    Ok(())
}

fn set_password(connection: &mut DbConnection, act: &Act, change: ChangeId, user: UserId) -> Result<()> {
    let hash: Option<String> = changes::table.find(change).select(changes::secret).first(connection)?;
    let hash = hash.ok_or_else(|| Error::internal(format!("change {change} sets no password")))?;
    users::set_password(connection, user, &hash)?;
    users::end_sessions(connection, act, user, None)?;
    log(connection, act, "set_password", &format!("user:{user}"), "")?;
    forget_secret(connection, change)
}

fn forget_secret(connection: &mut DbConnection, change: ChangeId) -> Result<()> {
    diesel::update(changes::table.find(change))
        .set(changes::secret.eq(None::<String>))
        .execute(connection)?;
    Ok(())
}

/// What is not agreed leaves neither key nor password behind.
pub(super) fn refuse(connection: &mut DbConnection, act: &Act, row: &ChangeRow) -> Result<()> {
    if row.noun == GATEWAY && row.action == Action::Create {
        gateways::revoke(connection, act, key(&row.code)?)?;
    }
    forget_secret(connection, row.id)
}

fn key(code: &str) -> Result<GatewayId> {
    code.parse().map_err(|_| Error::NotFound)
}
