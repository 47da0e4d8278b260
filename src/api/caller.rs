//! Who calls: a bearer token of staff or of a citizen's look-up, or a gateway's key.

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;

use super::problem::Problem;
use super::token::{self, Claims, Purpose};
use crate::app::App;
use crate::db::types::{CaseId, SessionId, UserId};
use crate::domain::actor::Actor;
use crate::domain::{gateways, users};
use crate::error::{Code, Error, Result};

/// A caller of the staff and gateway part.
#[derive(Debug, Clone)]
pub struct Caller {
    pub actor: Actor,
    /// The session, for its end.
    pub session: Option<SessionId>,
}

/// A citizen who looked a case up.
#[derive(Debug, Clone)]
pub struct CitizenCaller {
    pub case: CaseId,
}

fn bearer(request: &HttpRequest) -> Result<String> {
    request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("bearer ")))
        .map(|token| token.trim().to_owned())
        .filter(|token| !token.is_empty())
        .ok_or(Error::Unauthenticated(Code::Unauthenticated))
}

fn app(request: &HttpRequest) -> Result<web::Data<App>> {
    request
        .app_data::<web::Data<App>>()
        .cloned()
        .ok_or_else(|| Error::internal("the application is not mounted"))
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let known = app(request).and_then(|app| Ok((app, bearer(request)?)));
        Box::pin(async move {
            let (app, bearer) = known?;
            // a token of ours has two dots; a gateway's key has none
            if bearer.contains('.') {
                let claims = token::read(&app, &bearer, Purpose::Staff)?;
                Ok(staff(&app, claims).await?)
            } else {
                Ok(gateway(&app, bearer).await?)
            }
        })
    }
}

async fn staff(app: &App, claims: Claims) -> Result<Caller> {
    let id: UserId = claims.sub.parse().map_err(|_| Error::Unauthenticated(Code::Unauthenticated))?;
    let session = claims.session.map(SessionId);
    let found = app
        .db
        .glance(move |connection| {
            if let Some(session) = session
                && !users::session_is_open(connection, session)?
            {
                return Ok(None);
            }
            users::staff(connection, id)
        })
        .await?;
    let staff = found.ok_or(Error::Unauthenticated(Code::Unauthenticated))?;
    Ok(Caller { actor: Actor::Staff(staff), session })
}

async fn gateway(app: &App, key: String) -> Result<Caller> {
    let digest = app.keys.digest("gateway-key", &[&key]);
    let now = app.clock.now();
    let found = app.db.glance(move |connection| gateways::by_digest(connection, &digest, now)).await?;
    let actor = found.ok_or(Error::Unauthenticated(Code::Unauthenticated))?;
    Ok(Caller { actor, session: None })
}

impl FromRequest for CitizenCaller {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = || -> Result<Self> {
            let claims = token::read(&*app(request)?, &bearer(request)?, Purpose::Citizen)?;
            let case = claims.sub.parse().map_err(|_| Error::Unauthenticated(Code::Unauthenticated))?;
            Ok(Self { case })
        };
        std::future::ready(read().map_err(Problem))
    }
}
