//! Access tokens: JWT, HS256 under a key derived from the root key, with audience and expiry checked.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::{Code, Error, Result};

/// What a token is for; one is never good for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A signed-in member of staff.
    Staff,
    /// A citizen with one case.
    Citizen,
    /// Whoever proved a telephone.
    Phone,
    /// Signed on at the provider; the one-time code is still to come.
    SecondStep,
    /// A browser that was sent to the sign-on provider.
    SignOn,
}

impl Purpose {
    fn audience(self) -> &'static str {
        match self {
            Purpose::Staff => "samad-staff",
            Purpose::Citizen => "samad-citizen",
            Purpose::Phone => "samad-phone",
            Purpose::SecondStep => "samad-second-step",
            Purpose::SignOn => "samad-sign-on",
        }
    }
}

/// What a token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// Id of the account or of the case.
    pub sub: String,
    pub aud: String,
    /// Seconds since 1970.
    pub exp: i64,
    pub iat: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<i64>,
}

/// Signs a token that is good for `seconds`.
pub fn issue(
    app: &App,
    purpose: Purpose,
    subject: String,
    session: Option<i64>,
    seconds: i64,
) -> Result<String> {
    let iat = app.clock.now().as_microsecond() / 1_000_000;
    let claims = Claims { sub: subject, aud: purpose.audience().into(), exp: iat + seconds, iat, session };
    let key = EncodingKey::from_secret(&app.keys.derive("jwt"));
    encode(&Header::new(Algorithm::HS256), &claims, &key).map_err(|error| Error::Internal(Box::new(error)))
}

/// Reads a token of this service and purpose.
///
/// # Errors
/// `token_expired`, or `unauthenticated` for anything else that is wrong with it.
pub fn read(app: &App, token: &str, purpose: Purpose) -> Result<Claims> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_audience(&[purpose.audience()]);
    // expiry is asked of the application's clock, not of the machine's
    validation.validate_exp = false;
    let key = DecodingKey::from_secret(&app.keys.derive("jwt"));
    let claims = decode::<Claims>(token, &key, &validation)
        .map_err(|_| Error::Unauthenticated(Code::Unauthenticated))?
        .claims;
    if claims.exp <= app.clock.now().as_microsecond() / 1_000_000 {
        return Err(Error::Unauthenticated(Code::TokenExpired));
    }
    Ok(claims)
}
