//! `/users`: who may sign in.

use actix_web::{HttpResponse, get, patch, post, web};
use serde::{Deserialize, Serialize};

use super::body::{Body, IdempotencyKey, Query, id};
use super::caller::Caller;
use super::commit::{Once, Reply, commit};
use super::page::{Page, PageQuery, keyset};
use super::problem::{Problem, ProblemBody};
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::{Time, UserId};
use crate::domain::actor::{Act, Role};
use crate::domain::rulebook::Verb;
use crate::domain::users::{self, NewUser, UserRow};
use crate::domain::{conflict, definitions, input, policy};
use crate::error::{Code, Error, FieldError, Fields, Result};

/// A role at an office.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    pub role: String,
    /// Code of the office.
    pub office: String,
}

/// A new account.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    /// Lower-case Latin letters, digits, dots and dashes.
    pub username: String,
    pub name: String,
    #[serde(default)]
    pub email: Option<String>,
    /// At least ten characters.
    pub password: String,
    pub roles: Vec<Assignment>,
}

/// Changes of an account; what is missing stays.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountChange {
    #[serde(default)]
    pub active: Option<bool>,
    #[serde(default)]
    pub password: Option<String>,
    #[serde(default)]
    pub roles: Option<Vec<Assignment>>,
}

/// An account.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AccountView {
    pub id: UserId,
    pub username: String,
    pub name: String,
    pub email: Option<String>,
    pub active: bool,
    /// Whether a second factor is set up.
    pub second_factor: bool,
    pub roles: Vec<Assignment>,
    pub created_at: Time,
}

fn account(connection: &mut DbConnection, act: &Act, row: UserRow) -> Result<AccountView> {
    let staff = users::staff(connection, row.id)?;
    let roles = staff.map_or_else(Vec::new, |staff| staff.assignments);
    Ok(AccountView {
        id: row.id,
        username: row.username,
        name: row.name,
        email: row.email,
        active: row.is_active,
        second_factor: users::has_second_factor(connection, row.id)?,
        roles: roles
            .into_iter()
            .map(|(role, office)| Assignment {
                role: role.to_string(),
                office: act.rules.offices.code(office),
            })
            .collect(),
        created_at: row.created_at,
    })
}

fn assignments(
    act: &Act,
    given: &[Assignment],
    fields: &mut Fields,
) -> Vec<(Role, crate::db::types::OfficeId)> {
    if given.is_empty() {
        fields.add(FieldError::required("roles"));
    }
    given
        .iter()
        .enumerate()
        .filter_map(|(index, one)| {
            let role = fields.take(input::choice::<Role>(&format!("roles[{index}].role"), &one.role));
            let office = fields.take(act.rules.offices.find(&format!("roles[{index}].office"), &one.office));
            Some((role?, office?.id))
        })
        .collect()
}

/// Lists accounts.
#[utoipa::path(tag = "configuration", params(PageQuery), security(("bearer" = [])), responses((status = 200, body = Page<AccountView>), (status = 403, body = ProblemBody)))]
#[get("/users")]
pub(super) async fn list_users(
    app: web::Data<App>,
    caller: Caller,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let page = app
        .read(caller.actor, move |connection, act| {
            policy::allow_anywhere(act, Verb::ManageUsers)?;
            let limit = query.0.limit()?;
            let after = query.0.after()?;
            let rows = users::list(connection, after, limit + 1)?;
            let page = keyset(rows, limit, |row| row.id.to_string(), |row| row);
            let items = page
                .items
                .into_iter()
                .map(|row| account(connection, act, row))
                .collect::<Result<Vec<_>>>()?;
            Ok(Page { items, next_cursor: page.next_cursor })
        })
        .await?;
    Ok(HttpResponse::Ok().json(page))
}

async fn hashed(app: &App, password: String) -> Result<String> {
    app.hashing.run(move || users::hash_password(&password)).await?
}

/// Makes an account.
#[utoipa::path(tag = "configuration", request_body = NewAccount, security(("bearer" = [])), responses((status = 201, body = AccountView), (status = 422, body = ProblemBody)))]
#[post("/users")]
pub(super) async fn create_user(
    app: web::Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Body<NewAccount>,
) -> Result<HttpResponse, Problem> {
    let once = Once::of(key, "POST /users", &body.digest);
    let wish = body.value;
    let password_hash = hashed(&app, wish.password.clone()).await?;
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        policy::allow_anywhere(act, Verb::ManageUsers)?;
        let mut fields = Fields::default();
        let username = wish.username.trim().to_lowercase();
        if username.is_empty()
            || username.len() > 60
            || !username.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c))
        {
            let (fa, en) = ("حروف لاتین، رقم، نقطه و خط تیره.", "Latin letters, digits, dots and dashes.");
            fields.add(FieldError::new("username", "invalid", fa, en));
        }
        let name = fields.take(input::text("name", &wish.name, input::LINE_MAX));
        let roles = assignments(act, &wish.roles, &mut fields);
        fields.finish()?;
        if users::by_username(connection, &username)?.is_some() {
            return Err(Error::Conflict(Code::Duplicate));
        }
        let new = NewUser {
            username,
            name: name.unwrap_or_default(),
            email: wish.email.clone(),
            password_hash: password_hash.clone(),
            roles,
        };
        let row = users::create(connection, act.id(), &new, act.now)?;
        definitions::log(connection, act, "create", &format!("user:{}", row.id), "")?;
        Reply::created(&account(connection, act, row)?)
    })
    .await?)
}

/// Changes an account: roles, password, open or closed; a new password or a closing ends its sessions.
#[utoipa::path(tag = "configuration", request_body = AccountChange, security(("bearer" = [])), responses((status = 200, body = AccountView), (status = 404, body = ProblemBody)))]
#[patch("/users/{id}")]
pub(super) async fn change_user(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<AccountChange>,
) -> Result<HttpResponse, Problem> {
    let user: UserId = id(&path)?;
    let (wish, session) = (body.value, caller.session);
    let password_hash = match wish.password.clone() {
        Some(password) => Some(hashed(&app, password).await?),
        None => None,
    };
    Ok(commit(&app, caller.actor, None, move |connection, act| {
        policy::allow_anywhere(act, Verb::ManageUsers)?;
        users::by_id(connection, user)?;
        if let Some(given) = &wish.roles {
            let mut fields = Fields::default();
            let roles = assignments(act, given, &mut fields);
            fields.finish()?;
            conflict::repost(connection, act, user, &roles)?;
        }
        if let Some(is_active) = wish.active {
            users::set_active(connection, user, is_active)?;
        }
        if let Some(hash) = &password_hash {
            users::set_password(connection, user, hash)?;
        }
        if password_hash.is_some() || wish.active == Some(false) {
            let own = session.filter(|_| act.actor.user() == Some(user));
            users::end_sessions(connection, act, user, own)?;
        }
        definitions::log(connection, act, "change", &format!("user:{user}"), "")?;
        let row = users::by_id(connection, user)?;
        Reply::ok(&account(connection, act, row)?)
    })
    .await?)
}
