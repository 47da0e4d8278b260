//! Who calls: a bearer token of staff or of a citizen's look-up, or a gateway's key.

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;

use super::problem::Problem;
use super::token::{self, Purpose};
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::{CaseId, PhoneProofId, SessionId, UserId};
use crate::domain::actor::{Actor, Staff};
use crate::domain::{gateways, users};
use crate::error::{Code, Error, Result};

/// A caller of the staff and gateway part.
#[derive(Debug, Clone)]
pub struct Caller {
    pub actor: Actor,
    /// The session, for its end.
    pub session: Option<SessionId>,
}

/// A member of staff who signed in, but may still have to set up a second factor: for the calls that do so, and
/// for signing out.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub staff: Staff,
    pub session: Option<SessionId>,
}

impl SignedIn {
    /// A caller of staff, for what only a person can do.
    pub fn of(caller: Caller) -> Result<Self> {
        match caller.actor {
            Actor::Staff(staff) => Ok(Self { staff, session: caller.session }),
            _ => Err(Error::Forbidden(Code::Forbidden)),
        }
    }
}

/// Whether a role of this person demands a second factor.
pub fn demands_factor(app: &App, staff: &Staff) -> bool {
    let sign_in = &app.config.sign_in;
    sign_in.second_factor_roles().any(|code| staff.assignments.iter().any(|(role, _)| role.as_str() == code))
}

/// Whether a role of this person demands a second factor, and neither is one set up here nor did the sign-on
/// provider see one in this session.
pub fn lacks_factor(
    app: &App,
    connection: &mut DbConnection,
    staff: &Staff,
    session: Option<SessionId>,
) -> Result<bool> {
    if !demands_factor(app, staff) || users::has_second_factor(connection, staff.id)? {
        return Ok(false);
    }
    let vouched = session.map(|session| users::session_is_vouched(connection, session)).transpose()?;
    Ok(vouched != Some(true))
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
                let (signed_in, lacks_factor) = staff(&app, &bearer).await?;
                if lacks_factor {
                    return Err(Error::Forbidden(Code::SecondFactorRequired).into());
                }
                Ok(Caller { actor: Actor::Staff(signed_in.staff), session: signed_in.session })
            } else {
                Ok(gateway(&app, bearer).await?)
            }
        })
    }
}

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let known = app(request).and_then(|app| Ok((app, bearer(request)?)));
        Box::pin(async move {
            let (app, bearer) = known?;
            if bearer.contains('.') {
                return Ok(staff(&app, &bearer).await?.0);
            }
            gateway(&app, bearer).await?;
            Err(Error::Forbidden(Code::Forbidden).into())
        })
    }
}

/// Whoever signed in with this token, and whether a second factor is demanded and not there.
async fn staff(app: &App, bearer: &str) -> Result<(SignedIn, bool)> {
    let claims = token::read(app, bearer, Purpose::Staff)?;
    let id: UserId = claims.sub.parse().map_err(|_| Error::Unauthenticated(Code::Unauthenticated))?;
    let session = claims.session.map(SessionId);
    let within = app.clone();
    let found = app
        .db
        .glance(move |connection| {
            if let Some(session) = session
                && !users::session_is_open(connection, session)?
            {
                return Ok(None);
            }
            let Some(staff) = users::staff(connection, id)? else { return Ok(None) };
            let lacks = lacks_factor(&within, connection, &staff, session)?;
            Ok(Some((staff, lacks)))
        })
        .await?;
    let (staff, lacks) = found.ok_or(Error::Unauthenticated(Code::Unauthenticated))?;
    Ok((SignedIn { staff, session }, lacks))
}

async fn gateway(app: &App, key: String) -> Result<Caller> {
    let digest = app.keys.digest("gateway-key", &[&key]);
    let now = app.clock.now();
    let found = app.db.glance(move |connection| gateways::by_digest(connection, &digest, now)).await?;
    let actor = found.ok_or(Error::Unauthenticated(Code::Unauthenticated))?;
    Ok(Caller { actor, session: None })
}

/// The proof of a telephone behind a token of "my cases".
pub fn proved_phone(request: &HttpRequest) -> Result<PhoneProofId> {
    let claims = token::read(&*app(request)?, &bearer(request)?, Purpose::Phone)?;
    claims.sub.parse().map_err(|_| Error::Unauthenticated(Code::Unauthenticated))
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
