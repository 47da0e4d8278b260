//! The rows of accounts and their assignments.

use std::collections::HashMap;

use diesel::prelude::*;

use super::postings;
use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::prepared::OneOf;
use crate::db::schema::{user_roles, users};
use crate::db::types::{OfficeId, Time, UserId};
use crate::domain::actor::{Role, Staff};
use crate::error::{Error, Result};

/// An account as stored.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct UserRow {
    pub id: UserId,
    pub username: String,
    pub name: String,
    pub email: Option<String>,
    pub password_hash: String,
    pub is_active: bool,
    pub created_at: Time,
}

impl std::fmt::Debug for UserRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserRow").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A new account; its password is hashed already.
#[derive(Clone)]
pub struct NewUser {
    pub username: String,
    pub name: String,
    pub email: Option<String>,
    pub password_hash: String,
    pub roles: Vec<(Role, OfficeId)>,
}

/// Makes an account with its assignments.
pub fn create(connection: &mut DbConnection, id: UserId, new: &NewUser, now: Time) -> Result<UserRow> {
    diesel::insert_into(users::table)
        .values((
            (users::id.eq(id), users::username.eq(&new.username), users::name.eq(&new.name)),
            (users::email.eq(&new.email), users::password_hash.eq(&new.password_hash)),
            (users::is_active.eq(true), users::created_at.eq(now)),
        ))
        .execute(connection)?;
    set_roles(connection, id, &new.roles, now)?;
    by_id(connection, id)
}

/// Replaces a person's assignments; the postings keep when each began and ended. Whoever moves a person that
/// exists goes through [`crate::domain::conflict::repost`].
pub fn set_roles(
    connection: &mut DbConnection,
    id: UserId,
    roles: &[(Role, OfficeId)],
    now: Time,
) -> Result<()> {
    diesel::delete(user_roles::table.filter(user_roles::user_id.eq(id))).execute(connection)?;
    for (role, office) in roles {
        diesel::insert_into(user_roles::table)
            .values((
                user_roles::user_id.eq(id),
                user_roles::role.eq(*role),
                user_roles::office_id.eq(*office),
            ))
            .execute(connection)?;
    }
    postings::follow(connection, id, roles, now)
}

/// Opens or closes an account.
pub fn set_active(connection: &mut DbConnection, id: UserId, is_active: bool) -> Result<()> {
    diesel::update(users::table.find(id)).set(users::is_active.eq(is_active)).execute(connection)?;
    Ok(())
}

/// Changes a password, given as its hash.
pub fn set_password(connection: &mut DbConnection, id: UserId, hash: &str) -> Result<()> {
    diesel::update(users::table.find(id)).set(users::password_hash.eq(hash)).execute(connection)?;
    Ok(())
}

/// The account of this id.
pub fn by_id(connection: &mut DbConnection, id: UserId) -> Result<UserRow> {
    Ok(users::table.find(id).select(UserRow::as_select()).first(connection)?)
}

/// Lets only one change of an account's factor, password or sessions happen at a time, until the transaction ends.
/// Whoever needs it takes it first, so that nobody waits for another in a circle.
pub fn hold(connection: &mut DbConnection, id: UserId) -> Result<()> {
    let row: Vec<UserId> = for_update(users::table.find(id).select(users::id)).load(connection)?;
    row.first().map(|_| ()).ok_or(Error::NotFound)
}

/// The account of this name, active or not.
pub fn by_username(connection: &mut DbConnection, username: &str) -> Result<Option<UserRow>> {
    Ok(users::table
        .filter(users::username.eq(username))
        .select(UserRow::as_select())
        .first(connection)
        .optional()?)
}

/// The person of this id with all assignments; none when the account is closed or unknown.
pub fn staff(connection: &mut DbConnection, id: UserId) -> Result<Option<Staff>> {
    let rows: Vec<(String, Role, OfficeId)> = user_roles::table
        .inner_join(users::table)
        .filter(users::id.eq(id).and(users::is_active.eq(true)))
        .order((user_roles::office_id, user_roles::role))
        .select((users::username, user_roles::role, user_roles::office_id))
        .load(connection)?;
    let Some((username, ..)) = rows.first() else { return Ok(None) };
    Ok(Some(Staff {
        id,
        username: username.clone(),
        assignments: rows.iter().map(|(_, role, office)| (*role, *office)).collect(),
        past: postings::past(connection, id)?,
    }))
}

/// The same by user name.
pub fn staff_by_username(connection: &mut DbConnection, username: &str) -> Result<Option<Staff>> {
    match by_username(connection, username)? {
        Some(row) => staff(connection, row.id),
        None => Ok(None),
    }
}

/// One page of accounts after `after`, by id.
pub fn list(connection: &mut DbConnection, after: Option<UserId>, limit: i64) -> Result<Vec<UserRow>> {
    Ok(users::table
        .filter(users::id.gt(after.unwrap_or(UserId(0))))
        .order(users::id)
        .limit(limit)
        .select(UserRow::as_select())
        .load(connection)?)
}

/// User name and full name of some accounts.
pub fn names(connection: &mut DbConnection, ids: &[UserId]) -> Result<HashMap<UserId, (String, String)>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(UserId, String, String)> = users::table
        .filter(users::id.one_of(ids.iter().copied()))
        .select((users::id, users::username, users::name))
        .load(connection)?;
    Ok(rows.into_iter().map(|(id, username, name)| (id, (username, name))).collect())
}
