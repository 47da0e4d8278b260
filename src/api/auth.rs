//! `/auth/tokens`: sign in, refresh, sign out.

use actix_web::{HttpResponse, delete, post, web};
use serde::{Deserialize, Serialize};

use super::body::Body;
use super::caller::{SignedIn, lacks_factor};
use super::problem::{Problem, ProblemBody};
use super::token::{self, Purpose};
use crate::app::App;
use crate::db::types::{SessionId, UserId};
use crate::domain::actor::Actor;
use crate::domain::users::{self, Entered, Refreshed, SIGN_IN, UserRow};
use crate::error::{Code, Error, Result};

/// User name and password.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub username: String,
    pub password: String,
    /// One-time code or recovery code, for accounts with a second factor.
    #[serde(default)]
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
    /// The person's role demands a second factor and there is none: these tokens do nothing but set it up.
    pub enrolment_required: bool,
}

/// Signs in. `otp_required` asks for the one-time code as well.
#[utoipa::path(tag = "auth", request_body = SignIn, responses((status = 200, body = Tokens), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 429, body = ProblemBody)))]
#[post("/auth/tokens")]
pub(super) async fn sign_in(app: web::Data<App>, body: Body<SignIn>) -> Result<HttpResponse, Problem> {
    let SignIn { username, password, otp } = body.value;
    let name = username.trim().to_lowercase();
    let wanted = name.clone();
    let user = app
        .read(Actor::Public, move |connection, act| {
            users::allow_try(connection, act, &wanted)?;
            users::by_username(connection, &wanted)
        })
        .await?;
    let user = user.filter(|user| user.is_active);
    // an unknown name costs the same time as a known one
    let hash = user.as_ref().map_or_else(|| users::ABSENT.clone(), |user| user.password_hash.clone());
    let is_right = check_password(&app, password, hash).await?;
    match user.filter(|_| is_right) {
        Some(user) => Ok(HttpResponse::Ok().json(open(&app, user, otp).await?)),
        None => {
            app.write(Actor::Public, move |connection, act| {
                users::note_failure(connection, act, "sign-in", &name, SIGN_IN)
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

async fn open(app: &web::Data<App>, user: UserRow, otp: Option<String>) -> Result<Tokens> {
    let (ttl, id) = (app.config.tokens.refresh_seconds, user.id);
    // a field that is sent empty is a code that is not known yet
    let otp = otp.filter(|otp| !otp.trim().is_empty());
    let entered = app
        .write(Actor::Public, move |connection, act| {
            users::enter(connection, act, &user, otp.as_deref(), ttl)
        })
        .await?;
    let Entered { session, refresh_token } = entered.ok_or(Error::Unauthenticated(Code::BadOtp))?;
    tokens(app, id, session, refresh_token).await
}

pub(super) async fn tokens(
    app: &web::Data<App>,
    user: UserId,
    session: SessionId,
    refresh_token: String,
) -> Result<Tokens> {
    let seconds = app.config.tokens.access_seconds;
    let access_token = token::issue(app, Purpose::Staff, user.to_string(), Some(session.0), seconds)?;
    let within = app.clone();
    let enrolment_required = app
        .db
        .glance(move |connection| match users::staff(connection, user)? {
            Some(staff) => lacks_factor(&within, connection, &staff, Some(session)),
            None => Ok(false),
        })
        .await?;
    Ok(Tokens { access_token, refresh_token, expires_in: seconds, token_type: "Bearer", enrolment_required })
}

/// Exchanges a refresh token for new tokens; using one twice ends the session.
#[utoipa::path(tag = "auth", request_body = Refresh, responses((status = 200, body = Tokens), (status = 401, body = ProblemBody)))]
#[post("/auth/tokens/refresh")]
pub(super) async fn refresh_tokens(
    app: web::Data<App>,
    body: Body<Refresh>,
) -> Result<HttpResponse, Problem> {
    let ttl = app.config.tokens.refresh_seconds;
    let refreshed = app
        .write(Actor::Public, move |connection, act| {
            users::refresh(connection, act, &body.value.refresh_token, ttl)
        })
        .await?;
    match refreshed {
        Refreshed::Renewed { user, session, token } => {
            Ok(HttpResponse::Ok().json(tokens(&app, user, session, token).await?))
        }
        Refreshed::Reused => Err(Error::Unauthenticated(Code::TokenReused).into()),
        Refreshed::Refused => Err(Error::Unauthenticated(Code::Unauthenticated).into()),
    }
}

/// Signs out: the session's tokens are no longer good.
#[utoipa::path(tag = "auth", security(("bearer" = [])), responses((status = 204), (status = 401, body = ProblemBody)))]
#[delete("/auth/tokens")]
pub(super) async fn sign_out(app: web::Data<App>, caller: SignedIn) -> Result<HttpResponse, Problem> {
    let session = caller.session.ok_or(Error::Forbidden(Code::Forbidden))?;
    app.write(Actor::Staff(caller.staff.clone()), move |connection, act| {
        users::end_session(connection, act, session)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}
