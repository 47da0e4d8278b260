//! Who may do what where: the part of an account that a second person agrees to (design §7).

use diesel::dsl::count;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::store;
use crate::db::DbConnection;
use crate::db::schema::{user_roles, users};
use crate::db::types::{OfficeId, UserId};
use crate::domain::actor::{Act, Role};
use crate::domain::input;
use crate::domain::rulebook::{Reach, Rulebook, Verb};
use crate::error::{Error, Fields, Result};

/// Rights whose holder's password nobody else sets: who could, would be a second person alone.
const OWN_PASSWORD: [Verb; 4] =
    [Verb::Configure, Verb::ManageUsers, Verb::ManageGateways, Verb::ReleaseIdentity];

/// A role at an office.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    pub role: String,
    /// Code of the office.
    pub office: String,
}

/// Whether an account is open, and its roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    pub active: bool,
    /// Sorted, without doubles.
    pub roles: Vec<Assignment>,
    /// Whether a new password counts with it; the password itself is no part of a change.
    #[serde(default, skip_serializing_if = "is_kept")]
    pub new_password: bool,
}

fn is_kept(new_password: &bool) -> bool {
    !new_password
}

impl Access {
    /// How an account stands, open or closed.
    pub fn of(connection: &mut DbConnection, rules: &Rulebook, id: UserId) -> Result<Self> {
        let active = users::table.find(id).select(users::is_active).first(connection)?;
        let roles: Vec<(Role, OfficeId)> = user_roles::table
            .filter(user_roles::user_id.eq(id))
            .select((user_roles::role, user_roles::office_id))
            .load(connection)?;
        let mut roles: Vec<Assignment> = roles.into_iter().map(|one| Assignment::of(rules, one)).collect();
        roles.sort();
        Ok(Self { active, roles, new_password: false })
    }

    /// Whether this opens anything that `now` does not.
    pub fn gives_more_than(&self, now: &Self) -> bool {
        self.new_password
            || self.active && !now.active
            || self.roles.iter().any(|role| !now.roles.contains(role))
    }
}

impl Assignment {
    /// A stored assignment.
    pub fn of(rules: &Rulebook, (role, office): (Role, OfficeId)) -> Self {
        Self { role: role.to_string(), office: rules.offices.code(office) }
    }

    /// Roles as they are stored, without doubles.
    ///
    /// # Errors
    /// A field error for each unknown role (`roles[0].role`) or office.
    pub fn read(act: &Act, given: &[Self]) -> Result<Vec<(Role, OfficeId)>> {
        let mut fields = Fields::default();
        let one = |(index, one): (usize, &Self)| {
            let role = fields.take(input::choice::<Role>(&format!("roles[{index}].role"), &one.role));
            let office = fields.take(act.rules.offices.find(&format!("roles[{index}].office"), &one.office));
            Some((role?, office?.id))
        };
        let mut roles: Vec<_> = given.iter().enumerate().filter_map(one).collect();
        fields.finish()?;
        roles.sort();
        roles.dedup();
        Ok(roles)
    }
}

/// Whether only the owner sets the password of this account, be it open or closed.
pub fn keeps_own_password(connection: &mut DbConnection, rules: &Rulebook, id: UserId) -> Result<bool> {
    let roles: Vec<Role> =
        user_roles::table.filter(user_roles::user_id.eq(id)).select(user_roles::role).load(connection)?;
    let has_power = |role: &Role| OWN_PASSWORD.iter().any(|verb| rules.reach(*role, *verb) != Reach::None);
    Ok(roles.iter().any(has_power))
}

/// How many open accounts hold `verb` anywhere.
pub fn holders(connection: &mut DbConnection, rules: &Rulebook, verb: Verb) -> Result<i64> {
    let roles = Role::ALL.iter().copied().filter(|role| rules.reach(*role, verb) != Reach::None);
    Ok(user_roles::table
        .inner_join(users::table)
        .filter(users::is_active.eq(true).and(user_roles::role.eq_any(roles.collect::<Vec<_>>())))
        .select(count(users::id).aggregate_distinct())
        .first(connection)?)
}

/// The account of this name.
pub fn id_of(connection: &mut DbConnection, username: &str) -> Result<UserId> {
    store::by_username(connection, username)?.map(|row| row.id).ok_or(Error::NotFound)
}
