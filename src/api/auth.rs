//! `/auth/tokens`: sign in, refresh, sign out.

use actix_web::{HttpResponse, delete, post, web};
use serde::{Deserialize, Serialize};

use super::body::Body;
use super::caller::Caller;
use super::problem::{Problem, ProblemBody};
use super::token::{self, Purpose};
use crate::app::App;
use crate::db::types::{SessionId, UserId};
use crate::domain::actor::Actor;
use crate::domain::users::{self, Attempt, Refreshed};
use crate::error::{Code, Error, Result};

/// Five wrong passwords are free; then each one locks twice as long, from 30 seconds on.
const SIGN_IN: Attempt = Attempt { free: 5, first_lock_seconds: 30, forget_seconds: 86_400 };

/// User name and password.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub username: String,
    pub password: String,
    /// One-time code, for accounts with a second factor.
    #[serde(default)]
    #[expect(
        dead_code,
        reason = "accepted from clients that always send it; no account has a second factor yet"
    )]
    pub otp: Option<String>,
}

/// A refresh token.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    pub refresh_token: String,
}

/// Tokens of a session.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: String,
    /// Seconds that the access token is good for.
    pub expires_in: i64,
    pub token_type: &'static str,
}

/// Signs in.
#[utoipa::path(tag = "auth", request_body = SignIn, responses((status = 200, body = Tokens), (status = 401, body = ProblemBody), (status = 429, body = ProblemBody)))]
#[post("/auth/tokens")]
pub(super) async fn sign_in(app: web::Data<App>, body: Body<SignIn>) -> Result<HttpResponse, Problem> {
    let SignIn { username, password, .. } = body.value;
    let name = username.trim().to_lowercase();
    let (within, wanted) = (app.clone(), name.clone());
    let user = app
        .db
        .read(move |connection| {
            let act = within.act(connection, Actor::Public)?;
            let subject = ("sign-in", wanted.as_str());
            match users::retry_after(connection, &act, [subject, subject])? {
                0 => users::by_username(connection, &wanted),
                retry_after => Err(Error::TooMany { code: Code::AccountLocked, retry_after }),
            }
        })
        .await?;
    let user = user.filter(|user| user.is_active);
    let (id, hash) = match user {
        Some(user) => (Some(user.id), user.password_hash),
        // an unknown name costs the same time as a known one
        None => (None, users::ABSENT.clone()),
    };
    let is_right = check_password(&app, password, hash).await?;
    match id.filter(|_| is_right) {
        Some(id) => Ok(HttpResponse::Ok().json(open(&app, id, name).await?)),
        None => {
            let within = app.clone();
            app.db
                .write(move |connection| {
                    let act = within.act(connection, Actor::Public)?;
                    users::note_failure(connection, &act, "sign-in", &name, SIGN_IN)
                })
                .await?;
            Err(Error::Unauthenticated(Code::BadCredentials).into())
        }
    }
}

/// Hashing is slow on purpose; it runs away from the async threads.
async fn check_password(app: &App, password: String, hash: String) -> Result<bool> {
    app.hashing.run(move || users::verify_password(&password, &hash)).await
}

async fn open(app: &web::Data<App>, user: UserId, name: String) -> Result<Tokens> {
    let (within, ttl) = (app.clone(), app.config.tokens.refresh_seconds);
    let (session, refresh_token) = app
        .db
        .write(move |connection| {
            let act = within.act(connection, Actor::Public)?;
            users::note_success(connection, &act, "sign-in", &name)?;
            users::open_session(connection, &act, user, ttl)
        })
        .await?;
    tokens(app, user, session, refresh_token)
}

fn tokens(app: &App, user: UserId, session: SessionId, refresh_token: String) -> Result<Tokens> {
    let seconds = app.config.tokens.access_seconds;
    let access_token = token::issue(app, Purpose::Staff, user.to_string(), Some(session.0), seconds)?;
    Ok(Tokens { access_token, refresh_token, expires_in: seconds, token_type: "Bearer" })
}

/// Exchanges a refresh token for new tokens; using one twice ends the session.
#[utoipa::path(tag = "auth", request_body = Refresh, responses((status = 200, body = Tokens), (status = 401, body = ProblemBody)))]
#[post("/auth/tokens/refresh")]
pub(super) async fn refresh_tokens(
    app: web::Data<App>,
    body: Body<Refresh>,
) -> Result<HttpResponse, Problem> {
    let (within, ttl) = (app.clone(), app.config.tokens.refresh_seconds);
    let refreshed = app
        .db
        .write(move |connection| {
            let act = within.act(connection, Actor::Public)?;
            users::refresh(connection, &act, &body.value.refresh_token, ttl)
        })
        .await?;
    match refreshed {
        Refreshed::Renewed { user, session, token } => {
            Ok(HttpResponse::Ok().json(tokens(&app, user, session, token)?))
        }
        Refreshed::Reused => Err(Error::Unauthenticated(Code::TokenReused).into()),
        Refreshed::Refused => Err(Error::Unauthenticated(Code::Unauthenticated).into()),
    }
}

/// Signs out: the session's tokens are no longer good.
#[utoipa::path(tag = "auth", security(("bearer" = [])), responses((status = 204), (status = 401, body = ProblemBody)))]
#[delete("/auth/tokens")]
pub(super) async fn sign_out(app: web::Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    let session = caller.session.ok_or(Error::Forbidden(Code::Forbidden))?;
    let within = app.clone();
    app.db
        .write(move |connection| {
            let act = within.act(connection, caller.actor.clone())?;
            users::end_session(connection, &act, session)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
