//! Single sign-on by an OpenID Connect provider: authorization code with PKCE (OpenID Connect Core 1.0 §3.1,
//! RFC 7636). The field's own library builds the requests and checks the ID token: signature, issuer, audience,
//! nonce, expiry.
//!
//! Discovery and signing keys are believed for an hour; an ID token that no known key fits makes them be fetched
//! anew. No token, code or secret is ever logged.

use std::sync::Arc;
use std::time::{Duration, Instant};

use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreIdTokenClaims,
    CoreProviderMetadata,
};
use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::config::{Config, OidcClaim};
use crate::error::{Code, Error, Result};

/// How long a provider may take for one answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long its description and keys are believed.
const FRESH: Duration = Duration::from_secs(3600);

/// The provider of the settings; none when single sign-on is off. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Oidc(Option<Arc<Provider>>);

/// One provider and what this service is to it.
pub struct Provider {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: Option<ClientSecret>,
    scopes: Vec<Scope>,
    redirect: RedirectUrl,
    claim: OidcClaim,
    vouching: Vec<String>,
    http: reqwest::Client,
    known: Mutex<Option<(Instant, Arc<CoreProviderMetadata>)>>,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// What binds one sign-in together; all of it is random.
#[derive(Clone, Serialize, Deserialize)]
pub struct Secrets {
    pub state: String,
    nonce: String,
    /// The PKCE verifier.
    verifier: String,
}

/// Who signed in at the provider.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// Lower-case user name, as the claim of the settings tells it.
    pub username: String,
    /// The provider says that it saw a second factor.
    pub is_vouched: bool,
}

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

impl Oidc {
    /// The provider that the settings name.
    ///
    /// # Errors
    /// One line that names the wrong setting.
    pub fn new(config: &Config) -> Result<Self, String> {
        let settings = &config.oidc;
        if settings.issuer.is_empty() {
            return Ok(Self::default());
        }
        let issuer =
            IssuerUrl::new(settings.issuer.clone()).map_err(|error| format!("oidc.issuer: {error}"))?;
        let back = format!("{}/api/v1/auth/oidc/callback", config.server.public_url.trim_end_matches('/'));
        let redirect = RedirectUrl::new(back).map_err(|error| format!("server.public_url: {error}"))?;
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| format!("oidc: no HTTP client can be made: {error}"))?;
        let secret = Some(settings.client_secret.clone()).filter(|secret| !secret.is_empty());
        Ok(Self(Some(Arc::new(Provider {
            issuer,
            client_id: ClientId::new(settings.client_id.clone()),
            client_secret: secret.map(ClientSecret::new),
            scopes: settings.scopes.split_whitespace().map(|scope| Scope::new(scope.into())).collect(),
            redirect,
            claim: settings.username_claim,
            vouching: settings.second_factor.split_whitespace().map(str::to_owned).collect(),
            http,
            known: Mutex::new(None),
        }))))
    }

    /// The provider.
    ///
    /// # Errors
    /// `not_found` when single sign-on is off.
    pub fn provider(&self) -> Result<&Provider> {
        self.0.as_deref().ok_or(Error::NotFound)
    }
}

impl Provider {
    /// Where the browser is sent, and what its return must match.
    ///
    /// # Errors
    /// `oidc_unavailable` when the provider does not answer.
    pub async fn begin(&self) -> Result<(String, Secrets)> {
        let client = self.client(&*self.metadata(FRESH).await?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let scopes = self.scopes.iter().filter(|scope| scope.as_str() != "openid").cloned();
        let (url, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(scopes)
            .set_pkce_challenge(challenge)
            .url();
        let secrets = Secrets {
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
        };
        Ok((url.into(), secrets))
    }

    /// Whether this is the issuer that a return names (RFC 9207).
    pub fn is_issuer(&self, issuer: &str) -> bool {
        issuer == self.issuer.as_str()
    }

    /// Exchanges a code and checks the ID token that comes for it.
    ///
    /// # Errors
    /// `oidc_unavailable` when the provider is away; `oidc_refused` when it refuses the code, or the token is not
    /// to be believed or names nobody.
    pub async fn identity(&self, code: String, secrets: &Secrets) -> Result<Identity> {
        let metadata = self.metadata(FRESH).await?;
        let token = self.exchange(&metadata, code, secrets).await?;
        let nonce = Nonce::new(secrets.nonce.clone());
        let claims = match token.claims(&self.client(&metadata).id_token_verifier(), &nonce) {
            // the provider may have changed its keys since
            Err(ClaimsVerificationError::SignatureVerification(_)) => {
                let metadata = self.metadata(Duration::ZERO).await?;
                token.claims(&self.client(&metadata).id_token_verifier(), &nonce).cloned()
            }
            checked => checked.cloned(),
        };
        self.named(&claims.map_err(refused)?)
    }

    fn named(&self, claims: &CoreIdTokenClaims) -> Result<Identity> {
        let name = match self.claim {
            OidcClaim::PreferredUsername => claims.preferred_username().map(|name| name.to_string()),
            // an address that nobody verified may be anybody's
            OidcClaim::Email if claims.email_verified() != Some(true) => None,
            OidcClaim::Email => claims.email().map(|email| email.to_string()),
            OidcClaim::Sub => Some(claims.subject().to_string()),
        };
        let username = name.map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty());
        let username = username.ok_or_else(|| refused("the claim with the user name is missing"))?;
        let class = claims.auth_context_ref().map(|class| class.as_str());
        let methods = claims.auth_method_refs().into_iter().flatten().map(|method| method.as_str());
        let is_vouched =
            class.into_iter().chain(methods).any(|told| self.vouching.iter().any(|one| one == told));
        Ok(Identity { username, is_vouched })
    }

    async fn exchange(
        &self,
        metadata: &CoreProviderMetadata,
        code: String,
        secrets: &Secrets,
    ) -> Result<CoreIdToken> {
        let client = self.client(metadata);
        let call = client.exchange_code(AuthorizationCode::new(code)).map_err(away)?;
        let verifier = PkceCodeVerifier::new(secrets.verifier.clone());
        let send = |request| self.send(request);
        let reply =
            call.set_pkce_verifier(verifier).request_async(&send).await.map_err(|error| match error {
                openidconnect::RequestTokenError::ServerResponse(told) => refused(told.error()),
                openidconnect::RequestTokenError::Request(error) => away(error),
                openidconnect::RequestTokenError::Parse(..) | openidconnect::RequestTokenError::Other(_) => {
                    away("its answer at the token endpoint is not understood")
                }
            })?;
        reply.id_token().cloned().ok_or_else(|| refused("no ID token came"))
    }

    fn client(&self, metadata: &CoreProviderMetadata) -> Client {
        use CoreClientAuthMethod::{ClientSecretBasic, ClientSecretPost};
        let methods = metadata.token_endpoint_auth_methods_supported();
        let is_post_only =
            methods.is_some_and(|all| all.contains(&ClientSecretPost) && !all.contains(&ClientSecretBasic));
        let client = CoreClient::from_provider_metadata(
            metadata.clone(),
            self.client_id.clone(),
            self.client_secret.clone(),
        )
        .set_redirect_uri(self.redirect.clone());
        if is_post_only { client.set_auth_type(AuthType::RequestBody) } else { client }
    }

    /// What the provider tells of itself, at most `age` old.
    async fn metadata(&self, age: Duration) -> Result<Arc<CoreProviderMetadata>> {
        let mut known = self.known.lock().await;
        if let Some((at, metadata)) = known.as_ref()
            && at.elapsed() < age
        {
            return Ok(metadata.clone());
        }
        let send = |request| self.send(request);
        let metadata =
            CoreProviderMetadata::discover_async(self.issuer.clone(), &send).await.map_err(away)?;
        let metadata = Arc::new(metadata);
        *known = Some((Instant::now(), metadata.clone()));
        Ok(metadata)
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Unreachable> {
        let reply = self.http.execute(request.try_into()?).await?;
        let mut whole = HttpResponse::new(Vec::new());
        *whole.status_mut() = reply.status();
        *whole.headers_mut() = reply.headers().clone();
        *whole.body_mut() = reply.bytes().await?.to_vec();
        Ok(whole)
    }
}

/// No answer came; its words name no address.
#[derive(Debug, thiserror::Error)]
#[error("no answer")]
struct Unreachable(#[from] reqwest::Error);

fn away(why: impl std::fmt::Display) -> Error {
    tracing::warn!(%why, "the sign-on provider cannot be used");
    Error::Away(Code::OidcUnavailable)
}

fn refused(why: impl std::fmt::Display) -> Error {
    tracing::warn!(%why, "a single sign-on was refused");
    Error::Unauthenticated(Code::OidcRefused)
}
