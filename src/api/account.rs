//! A person's own account: second factor, recovery codes, password. Every change ends the other sessions.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, delete, get, post, put, web};
use serde::{Deserialize, Serialize};

use super::body::{Body, id};
use super::caller::{Caller, SignedIn, demands_factor};
use super::problem::{Problem, ProblemBody};
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::UserId;
use crate::domain::actor::{Act, Actor};
use crate::domain::rulebook::Verb;
use crate::domain::users::{self, Holder, Proof, SIGN_IN};
use crate::domain::{definitions, policy};
use crate::error::{Code, Error, FieldError, Language, Result};

/// How an account's second factor stands.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FactorView {
    pub enrolled: bool,
    /// Whether one of the person's roles demands it.
    pub required: bool,
    pub recovery_codes_left: i64,
}

/// A secret for the authenticator; it is told once and counts from its confirmation on.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EnrolmentView {
    /// Base32, for typing.
    pub secret: String,
    /// `otpauth://…`, for a QR code.
    pub uri: String,
}

/// Proof of the second factor.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OneTimeCode {
    /// Six digits of the authenticator; where the factor stands already, a recovery code does as well.
    pub otp: String,
}

/// Ten codes, each good for one sign-in without the authenticator; they are told once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RecoveryCodes {
    pub recovery_codes: Vec<String>,
}

/// A new password.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The present password.
    pub old: String,
    /// At least ten characters.
    pub new: String,
}

/// Tells how the caller's second factor stands.
#[utoipa::path(tag = "auth", security(("bearer" = [])), responses((status = 200, body = FactorView), (status = 401, body = ProblemBody)))]
#[get("/auth/totp")]
pub(super) async fn read_totp(app: web::Data<App>, caller: SignedIn) -> Result<HttpResponse, Problem> {
    let required = demands_factor(&app, &caller.staff);
    let user = caller.staff.id;
    let view = app
        .db
        .glance(move |connection| {
            Ok(FactorView {
                enrolled: users::has_second_factor(connection, user)?,
                required,
                recovery_codes_left: users::recovery_codes_left(connection, user)?,
            })
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}

/// Begins to set up a second factor, or begins anew; it counts from its confirmation on.
#[utoipa::path(tag = "auth", security(("bearer" = [])), responses((status = 201, body = EnrolmentView), (status = 409, body = ProblemBody)))]
#[post("/auth/totp")]
pub(super) async fn begin_totp(app: web::Data<App>, caller: SignedIn) -> Result<HttpResponse, Problem> {
    let begun = changed(&app, caller, users::begin_factor);
    let begun = begun.await?;
    Ok(untold(StatusCode::CREATED).json(EnrolmentView { secret: begun.secret, uri: begun.uri }))
}

/// Confirms the second factor by its first code; gives recovery codes and ends all other sessions.
#[utoipa::path(tag = "auth", request_body = OneTimeCode, security(("bearer" = [])), responses((status = 200, body = RecoveryCodes), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/auth/totp/confirmation")]
pub(super) async fn confirm_totp(
    app: web::Data<App>,
    caller: SignedIn,
    body: Body<OneTimeCode>,
) -> Result<HttpResponse, Problem> {
    let session = caller.session;
    let codes = changed(&app, caller, move |connection, act, holder| {
        let codes = users::confirm_factor(connection, act, holder, &body.value.otp, session)?;
        if codes.is_some() {
            log(connection, act, "set_second_factor", holder.user)?;
        }
        Ok(codes)
    });
    let recovery_codes = codes.await?.ok_or_else(wrong_otp)?;
    Ok(untold(StatusCode::OK).json(RecoveryCodes { recovery_codes }))
}

/// Removes the second factor, by a one-time code or a recovery code; ends all other sessions.
#[utoipa::path(tag = "auth", request_body = OneTimeCode, security(("bearer" = [])), responses((status = 204), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[delete("/auth/totp")]
pub(super) async fn remove_totp(
    app: web::Data<App>,
    caller: SignedIn,
    body: Body<OneTimeCode>,
) -> Result<HttpResponse, Problem> {
    let session = caller.session;
    proved(&app, caller, body.value.otp, move |connection, act, user| {
        users::remove_factor(connection, act, user, session)?;
        log(connection, act, "remove_second_factor", user)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Makes new recovery codes, by a one-time code or one of the old ones; ends the old codes and all other sessions.
#[utoipa::path(tag = "auth", request_body = OneTimeCode, security(("bearer" = [])), responses((status = 200, body = RecoveryCodes), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/auth/recovery-codes")]
pub(super) async fn renew_recovery_codes(
    app: web::Data<App>,
    caller: SignedIn,
    body: Body<OneTimeCode>,
) -> Result<HttpResponse, Problem> {
    let session = caller.session;
    let recovery_codes = proved(&app, caller, body.value.otp, move |connection, act, user| {
        users::end_sessions(connection, act, user, session)?;
        log(connection, act, "renew_recovery_codes", user)?;
        users::renew_recovery_codes(connection, act, user)
    })
    .await?;
    Ok(untold(StatusCode::OK).json(RecoveryCodes { recovery_codes }))
}

/// Changes the caller's password; ends all other sessions.
#[utoipa::path(tag = "auth", request_body = PasswordChange, security(("bearer" = [])), responses((status = 204), (status = 422, body = ProblemBody), (status = 429, body = ProblemBody)))]
#[put("/users/me/password")]
pub(super) async fn change_password(
    app: web::Data<App>,
    caller: Caller,
    body: Body<PasswordChange>,
) -> Result<HttpResponse, Problem> {
    let caller = SignedIn::of(caller)?;
    let (user, session) = (caller.staff.id, caller.session);
    let before = changed(&app, caller.clone(), |connection, act, holder| {
        users::allow_try(connection, act, holder.username)?;
        users::by_id(connection, holder.user)
    })
    .await?
    .password_hash;
    let (PasswordChange { old, new }, known) = (body.value, before.clone());
    let (is_right, hash) =
        app.hashing.run(move || (users::verify_password(&old, &known), users::hash_password(&new))).await?;
    // a weak new password is told only to who knows the old one
    let hash = if is_right { hash.map_err(|_| weak_password())? } else { String::new() };
    let done = changed(&app, caller, move |connection, act, holder| {
        if !is_right || users::by_id(connection, user)?.password_hash != before {
            users::note_failure(connection, act, "sign-in", holder.username, SIGN_IN)?;
            return Ok(None);
        }
        users::set_password(connection, user, &hash)?;
        users::end_sessions(connection, act, user, session)?;
        log(connection, act, "change_password", user).map(Some)
    });
    done.await?.ok_or_else(wrong_password)?;
    Ok(HttpResponse::NoContent().finish())
}

/// Removes another person's second factor, for who lost device and codes; ends all sessions of that person.
#[utoipa::path(tag = "configuration", security(("bearer" = [])), responses((status = 204), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[delete("/users/{id}/totp")]
pub(super) async fn remove_users_totp(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let user: UserId = id(&path)?;
    app.write(caller.actor, move |connection, act| {
        policy::allow_anywhere(act, Verb::ManageUsers)?;
        // a stolen token of an administrator must not undo the administrator's own factor
        if act.actor.user() == Some(user) {
            return Err(Error::Forbidden(Code::SecondPersonRequired));
        }
        users::by_id(connection, user)?;
        users::remove_factor(connection, act, user, None)?;
        log(connection, act, "remove_second_factor", user)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A reply with secrets, which nobody between keeps.
fn untold(status: StatusCode) -> actix_web::HttpResponseBuilder {
    let mut reply = HttpResponse::build(status);
    reply.insert_header(("Cache-Control", "no-store"));
    reply
}

fn log(connection: &mut DbConnection, act: &Act, action: &str, user: UserId) -> Result<()> {
    definitions::log(connection, act, action, &format!("user:{user}"), "")
}

fn weak_password() -> Error {
    let (fa, en) = ("گذرواژه دست‌کم ده نویسه باشد.", "Use at least ten characters.");
    Error::field(FieldError::new("new", "too_short", fa, en))
}

fn wrong_password() -> Error {
    let (fa, en) = ("گذرواژه کنونی درست نیست.", "The present password is wrong.");
    Error::field(FieldError::new("old", "wrong", fa, en))
}

fn wrong_otp() -> Error {
    let (fa, en) = (Code::BadOtp.title(Language::Fa), Code::BadOtp.title(Language::En));
    Error::field(FieldError::new("otp", "wrong", fa, en))
}

/// Writes in the caller's own name.
async fn changed<T, F>(app: &web::Data<App>, caller: SignedIn, write: F) -> Result<T>
where
    F: Fn(&mut DbConnection, &Act, Holder<'_>) -> Result<T> + Send + 'static,
    T: Send + 'static,
{
    app.write(Actor::Staff(caller.staff.clone()), move |connection, act| {
        let holder = Holder { user: caller.staff.id, username: &caller.staff.username };
        write(connection, act, holder)
    })
    .await
}

/// The same after the second factor was proved; a wrong proof is counted and told.
async fn proved<T, F>(app: &web::Data<App>, caller: SignedIn, otp: String, write: F) -> Result<T>
where
    F: Fn(&mut DbConnection, &Act, UserId) -> Result<T> + Send + 'static,
    T: Send + 'static,
{
    let done = changed(app, caller, move |connection, act, holder| {
        match users::prove_factor(connection, act, holder, &otp)? {
            Proof::Right => write(connection, act, holder.user).map(Some),
            Proof::Wrong => Ok(None),
            Proof::NoFactor => Err(Error::Conflict(Code::NoSecondFactor)),
        }
    });
    done.await?.ok_or_else(wrong_otp)
}
