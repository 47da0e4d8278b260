//! `/users`: who may sign in.

use actix_web::{HttpResponse, get, patch, post, web};
use serde::{Deserialize, Serialize};

use super::body::{Body, IdempotencyKey, Query, id};
use super::caller::Caller;
use super::commit::{Once, Reply, commit};
use super::page::{Page, PageQuery, keyset, time};
use super::problem::{Problem, ProblemBody};
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::{ChangeId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::changes::{self, Action, STAFF, Terms, Wish};
use crate::domain::rulebook::Verb;
use crate::domain::users::{self, Access, Assignment, NewUser, UserRow};
use crate::domain::{definitions, input, policy};
use crate::error::{Code, Error, FieldError, Fields, Result};

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
    /// From when on new rights hold; with the approval when missing.
    #[serde(default)]
    pub valid_from: Option<String>,
    /// Until when new rights hold; then the old ones come back: a deputy, a holiday.
    #[serde(default)]
    pub valid_to: Option<String>,
    /// Why, for whoever approves.
    #[serde(default)]
    pub because: Option<String>,
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
    /// The newest change of its rights that is proposed or still to come; null where there is none.
    pub change: Option<ChangeId>,
    pub created_at: Time,
}

fn account(connection: &mut DbConnection, act: &Act, row: UserRow) -> Result<AccountView> {
    let roles = Access::of(connection, &act.rules, row.id)?.roles;
    Ok(AccountView {
        second_factor: users::has_second_factor(connection, row.id)?,
        change: changes::waiting(connection, STAFF, &row.username)?,
        id: row.id,
        username: row.username,
        name: row.name,
        email: row.email,
        active: row.is_active,
        roles,
        created_at: row.created_at,
    })
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

/// Makes an account; it may sign in when another person approved its roles.
#[utoipa::path(tag = "configuration", request_body = NewAccount, security(("bearer" = [])), responses((status = 202, body = AccountView), (status = 201, body = AccountView, description = "Where no second person is asked for"), (status = 422, body = ProblemBody)))]
#[post("/users")]
pub(super) async fn create_user(
    app: web::Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Body<NewAccount>,
) -> Result<HttpResponse, Problem> {
    let once = Once::of(key, "POST /users", &body.digest);
    let four_eyes = app.config.configuration.four_eyes;
    let wish = body.value;
    let password_hash = hashed(&app, wish.password.clone()).await?;
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        policy::allow_anywhere(act, Verb::ManageUsers)?;
        let new = checked(act, &wish, &password_hash)?;
        if users::by_username(connection, &new.username)?.is_some() {
            return Err(Error::Conflict(Code::Duplicate));
        }
        let row = users::create(connection, act.id(), &new, act.now)?;
        definitions::log(connection, act, "create", &format!("user:{}", row.id), "")?;
        let access = Access { active: true, roles: wish.roles.clone(), new_password: false };
        let given = Given { access, terms: Terms::default(), password_hash: None };
        let waits = give(connection, act, &row, given, four_eyes)?;
        let view = account(connection, act, row)?;
        if waits { Reply::accepted(&view) } else { Reply::created(&view) }
    })
    .await?)
}

/// A new account, without its roles.
fn checked(act: &Act, wish: &NewAccount, password_hash: &str) -> Result<NewUser> {
    let mut fields = Fields::default();
    let username = wish.username.trim().to_lowercase();
    let is_fit = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    if username.is_empty() || username.len() > 60 || !username.chars().all(is_fit) {
        let (fa, en) = ("حروف لاتین، رقم، نقطه و خط تیره.", "Latin letters, digits, dots and dashes.");
        fields.add(FieldError::new("username", "invalid", fa, en));
    }
    let name = fields.take(input::text("name", &wish.name, input::LINE_MAX));
    assignments(act, &wish.roles, &mut fields);
    fields.finish()?;
    Ok(NewUser {
        username,
        name: name.unwrap_or_default(),
        email: wish.email.clone(),
        password_hash: password_hash.to_owned(),
        roles: Vec::new(),
    })
}

fn assignments(act: &Act, given: &[Assignment], fields: &mut Fields) {
    if given.is_empty() {
        fields.add(FieldError::required("roles"));
    }
    if let Err(Error::Invalid(wrong)) = Assignment::read(act, given) {
        wrong.into_iter().for_each(|one| fields.add(one));
    }
}

/// What an account is to become.
struct Given {
    access: Access,
    terms: Terms,
    password_hash: Option<String>,
}

/// Takes rights away at once; proposes what gives any, or has a time. Tells whether it waits for a second person.
fn give(
    connection: &mut DbConnection,
    act: &Act,
    row: &UserRow,
    given: Given,
    four_eyes: bool,
) -> Result<bool> {
    let Given { access: mut wished, terms, password_hash } = given;
    wished.roles.sort();
    wished.roles.dedup();
    let now = Access::of(connection, &act.rules, row.id)?;
    let is_timed = terms.valid_from.is_some() || terms.valid_to.is_some();
    if !is_timed && !wished.gives_more_than(&now) {
        changes::grant(connection, act, row.id, &wished)?;
        return Ok(false);
    }
    let body = serde_json::to_value(wished).map_err(|error| Error::Internal(Box::new(error)))?;
    let code = Some(row.username.clone());
    let wish = Wish { noun: STAFF.to_owned(), code, action: Action::Change, body, terms };
    let change = changes::propose(connection, act, &wish)?;
    if let Some(hash) = password_hash {
        changes::keep_secret(connection, change.id, &hash)?;
    }
    if !four_eyes {
        changes::agree_alone(connection, act, change.id)?;
    }
    Ok(four_eyes)
}

/// Changes an account. Rights taken away and a closing count at once; rights that are given, an opening and a new
/// password hold when another person approved them. A closing and a new password end its sessions.
#[utoipa::path(tag = "configuration", request_body = AccountChange, security(("bearer" = [])), responses((status = 200, body = AccountView), (status = 202, body = AccountView, description = "What is given waits for the second person"), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[patch("/users/{id}")]
pub(super) async fn change_user(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<AccountChange>,
) -> Result<HttpResponse, Problem> {
    let user: UserId = id(&path)?;
    let (wish, session) = (body.value, caller.session);
    let four_eyes = app.config.configuration.four_eyes;
    let password_hash = match wish.password.clone() {
        Some(password) => Some(hashed(&app, password).await?),
        None => None,
    };
    Ok(commit(&app, caller.actor, None, move |connection, act| {
        policy::allow_anywhere(act, Verb::ManageUsers)?;
        let row = users::by_id(connection, user)?;
        let terms = terms(&wish)?;
        let now = Access::of(connection, &act.rules, user)?;
        let new_password = password_hash.is_some();
        if new_password {
            may_set_password(connection, act, user)?;
        }
        let mut waits = false;
        if wish.active == Some(false) && now.active {
            changes::grant(connection, act, user, &Access { active: false, ..now.clone() })?;
            let own = session.filter(|_| act.actor.user() == Some(user));
            users::end_sessions(connection, act, user, own)?;
        }
        if wish.roles.is_some() || wish.active == Some(true) || new_password {
            let mut fields = Fields::default();
            wish.roles.iter().for_each(|roles| assignments(act, roles, &mut fields));
            fields.finish()?;
            let active = wish.active.unwrap_or(now.active);
            let roles = wish.roles.clone().unwrap_or(now.roles);
            let access = Access { active, roles, new_password };
            let given = Given { access, terms, password_hash: password_hash.clone() };
            waits = give(connection, act, &row, given, four_eyes)?;
        }
        let row = users::by_id(connection, user)?;
        let view = account(connection, act, row)?;
        if waits { Reply::accepted(&view) } else { Reply::ok(&view) }
    })
    .await?)
}

fn terms(wish: &AccountChange) -> Result<Terms> {
    let mut fields = Fields::default();
    let mut moment =
        |name: &str, told: &Option<String>| told.as_deref().and_then(|text| fields.take(time(name, text)));
    let (valid_from, valid_to) = (moment("valid_from", &wish.valid_from), moment("valid_to", &wish.valid_to));
    fields.finish()?;
    Ok(Terms { valid_from, valid_to, because: wish.because.clone() })
}

/// A password for somebody who forgot it; not for whoever could be a second person with it.
fn may_set_password(connection: &mut DbConnection, act: &Act, user: UserId) -> Result<()> {
    let is_own = act.actor.user() == Some(user);
    if is_own || users::keeps_own_password(connection, &act.rules, user)? {
        return Err(Error::Forbidden(Code::OwnPassword));
    }
    Ok(())
}
