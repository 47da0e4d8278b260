//! `/auth/oidc`: single sign-on by the provider of the settings.
//!
//! A sign-on is bound to the browser that began it by a signed cookie with its state, nonce and PKCE verifier, and
//! its state is good once. No account is ever made: the provider's name must be one that an administrator made.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};

use super::auth::{Tokens, tokens};
use super::body::{Body, Query};
use super::problem::{Problem, ProblemBody};
use super::token::{self, Purpose};
use crate::app::App;
use crate::db::DbConnection;
use crate::domain::actor::{Act, Actor};
use crate::domain::users::{self, Arrival, Landed};
use crate::error::{Code, Error, Result};
use crate::gateways::oidc::{Identity, Secrets};

const COOKIE: &str = "samad_sign_on";
const PATH: &str = "/api/v1/auth/oidc";
/// Seconds that a person has at the provider's pages.
const SECONDS: i64 = 600;
/// Seconds that a person has to type the one-time code.
const CODE_SECONDS: i64 = 300;

/// How the provider sends the browser back (RFC 6749 §4.1.2, RFC 9207); what else it adds is not read.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Return {
    /// Good once, for the ID token; missing when the provider or the person refused.
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    iss: Option<String>,
}

/// Signed on at the provider, which saw no second factor: the account's own one is asked for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Continuation {
    /// Always true.
    pub otp_required: bool,
    /// For `POST /auth/oidc/otp`; good once.
    pub continuation: String,
    /// Seconds that it is good for.
    pub expires_in: i64,
}

/// The second step of a sign-on.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondStep {
    pub continuation: String,
    /// One-time code or recovery code.
    pub otp: String,
}

/// Sends the browser to the provider.
#[utoipa::path(tag = "auth", responses((status = 303, description = "To the provider"), (status = 404, body = ProblemBody), (status = 503, body = ProblemBody)))]
#[get("/auth/oidc/start")]
pub(super) async fn begin_sign_on(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let (address, secrets) = app.gateways.oidc.provider()?.begin().await?;
    let kept = serde_json::to_string(&secrets).map_err(Error::internal)?;
    let kept = token::issue(&app, Purpose::SignOn, kept, None, SECONDS)?;
    Ok(HttpResponse::SeeOther()
        .insert_header((LOCATION, address))
        .insert_header((CACHE_CONTROL, "no-store"))
        .cookie(cookie(&app, kept, SECONDS))
        .finish())
}

/// Where the provider sends the browser back to: gives tokens, or asks for the one-time code (202).
#[utoipa::path(tag = "auth", params(Return), responses((status = 200, body = Tokens), (status = 202, body = Continuation), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody), (status = 503, body = ProblemBody)))]
#[get("/auth/oidc/callback")]
pub(super) async fn finish_sign_on(
    app: web::Data<App>,
    request: HttpRequest,
    query: Query<Return>,
) -> Result<HttpResponse, Problem> {
    let provider = app.gateways.oidc.provider()?;
    let Return { code, state, iss } = query.0;
    let secrets = begun(&app, &request).filter(|secrets| state.as_ref() == Some(&secrets.state));
    let is_issuer = iss.as_deref().is_none_or(|issuer| provider.is_issuer(issuer));
    let (Some(secrets), Some(code), true) = (secrets, code, is_issuer) else {
        return Err(Error::Unauthenticated(Code::OidcRefused).into());
    };
    let state = secrets.state.clone();
    app.write(Actor::Public, move |connection, act| spend(connection, act, "sign-on", &state, SECONDS))
        .await?;
    let Identity { username, is_vouched } = provider.identity(code, &secrets).await?;
    let mut reply = match land(&app, username.clone(), is_vouched, None).await? {
        Some(tokens) => HttpResponse::Ok().json(tokens),
        None => {
            let continuation = token::issue(&app, Purpose::SecondStep, username, None, CODE_SECONDS)?;
            let next = Continuation { otp_required: true, continuation, expires_in: CODE_SECONDS };
            HttpResponse::Accepted().json(next)
        }
    };
    reply.add_cookie(&cookie(&app, String::new(), 0)).map_err(Error::internal)?;
    Ok(reply)
}

/// Completes a sign-on with the account's one-time code.
#[utoipa::path(tag = "auth", request_body = SecondStep, responses((status = 200, body = Tokens), (status = 401, body = ProblemBody), (status = 429, body = ProblemBody)))]
#[post("/auth/oidc/otp")]
pub(super) async fn finish_second_step(
    app: web::Data<App>,
    body: Body<SecondStep>,
) -> Result<HttpResponse, Problem> {
    let SecondStep { continuation, otp } = body.value;
    let claims = token::read(&app, &continuation, Purpose::SecondStep)?;
    let entered = land(&app, claims.sub, false, Some((otp, continuation))).await?;
    Ok(HttpResponse::Ok().json(entered.ok_or(Error::Unauthenticated(Code::OtpRequired))?))
}

/// Tokens, or none when the one-time code is still asked for. The second step brings the code and the
/// continuation that opens one session at most.
async fn land(
    app: &web::Data<App>,
    username: String,
    is_vouched: bool,
    second: Option<(String, String)>,
) -> Result<Option<Tokens>> {
    let ttl = app.config.tokens.refresh_seconds;
    let landed = app
        .write(Actor::Public, move |connection, act| {
            let otp = second.as_ref().map(|(otp, _)| otp.as_str());
            let landed = users::land(connection, act, Arrival { username: &username, is_vouched, otp }, ttl)?;
            if let (Landed::Entered(..), Some((_, token))) = (&landed, &second) {
                spend(connection, act, "second-step", token, CODE_SECONDS)?;
            }
            Ok(landed)
        })
        .await?;
    match landed {
        Landed::Entered(user, entered) => {
            tokens(app, user, entered.session, entered.refresh_token).await.map(Some)
        }
        Landed::NeedsCode => Ok(None),
        Landed::WrongCode => Err(Error::Unauthenticated(Code::BadOtp)),
    }
}

/// Refuses what was brought before.
fn spend(connection: &mut DbConnection, act: &Act, purpose: &str, token: &str, seconds: i64) -> Result<()> {
    if users::spend(connection, act, purpose, token, act.now.plus_seconds(seconds))? {
        Ok(())
    } else {
        Err(Error::Unauthenticated(Code::OidcRefused))
    }
}

/// What this browser began.
fn begun(app: &App, request: &HttpRequest) -> Option<Secrets> {
    let claims = token::read(app, request.cookie(COOKIE)?.value(), Purpose::SignOn).ok()?;
    serde_json::from_str(&claims.sub).ok()
}

fn cookie(app: &App, value: String, seconds: i64) -> Cookie<'static> {
    Cookie::build(COOKIE, value)
        .path(PATH)
        .http_only(true)
        // the provider's page sends the browser here by a link of its own
        .same_site(SameSite::Lax)
        .secure(app.config.server.public_url.starts_with("https://"))
        .max_age(Duration::seconds(seconds))
        .finish()
}
