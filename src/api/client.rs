//! Who is at the other end of the connection, and how often it may call.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::config::Limits;
use crate::domain::cases::sha256_hex;
use crate::error::{Code, Error};

/// The client's address; a proxy's word is taken only from proxies that are trusted.
pub fn address(request: &HttpRequest, trusted: &[String]) -> String {
    let peer = request.peer_addr().map(|peer| peer.ip().to_string()).unwrap_or_default();
    if !trusted.contains(&peer) {
        return peer;
    }
    let forwarded = request.headers().get("X-Forwarded-For").and_then(|value| value.to_str().ok());
    forwarded
        .and_then(|list| {
            list.split(',').map(str::trim).rfind(|one| !trusted.iter().any(|proxy| proxy == one))
        })
        .filter(|one| one.parse::<IpAddr>().is_ok())
        .map_or(peer, str::to_owned)
}

type Keyed = RateLimiter<String, DashMapStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// Limits by address for the public, by token for staff.
#[derive(Debug, Clone)]
pub struct RateLimits {
    public: Option<Arc<Keyed>>,
    staff: Option<Arc<Keyed>>,
}

/// What a call may know of its limit.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    pub limit: u32,
    pub remaining: u32,
    /// Seconds until the limit is whole again.
    pub reset: u64,
}

impl RateLimits {
    /// The limits of the settings; zero is none.
    pub fn new(limits: &Limits) -> Self {
        let keyed = |per_minute: u32| {
            NonZeroU32::new(per_minute).map(|per_minute| {
                Arc::new(
                    RateLimiter::keyed(Quota::per_minute(per_minute))
                        .with_middleware::<StateInformationMiddleware>(),
                )
            })
        };
        Self { public: keyed(limits.public_per_minute), staff: keyed(limits.staff_per_minute) }
    }

    /// Counts a call; gateways and the machine itself are not limited.
    ///
    /// # Errors
    /// `too_many_requests` with the seconds to wait.
    pub fn check(&self, request: &HttpRequest, trusted: &[String]) -> Result<Option<Allowance>, Error> {
        let token = request.headers().get(AUTHORIZATION).map(HeaderValue::as_bytes);
        let is_jwt = token.is_some_and(|token| token.contains(&b'.'));
        // a gateway that cannot set headers has its key in the address
        let is_keyed = request.path().contains("/channels/")
            && request.query_string().split('&').any(|pair| pair.starts_with("key="));
        let from = address(request, trusted);
        let is_local = from.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let (limiter, key) = match token {
            Some(token) if is_jwt => (&self.staff, sha256_hex(token)),
            Some(_) => return Ok(None),
            None if is_keyed => return Ok(None),
            None => (&self.public, from),
        };
        let Some(limiter) = limiter else { return Ok(None) };
        match limiter.check_key(&key) {
            Ok(state) => Ok(Some(allowance(state.quota(), state.remaining_burst_capacity()))),
            Err(_) if is_local => Ok(None),
            Err(until) => {
                let wait = until.wait_time_from(DefaultClock::default().now());
                Err(Error::TooMany { code: Code::TooManyRequests, retry_after: wait.as_secs() + 1 })
            }
        }
    }

    /// Forgets clients that have not called for a while.
    pub fn tidy(&self) {
        for limiter in [&self.public, &self.staff].into_iter().flatten() {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

fn allowance(quota: Quota, remaining: u32) -> Allowance {
    let limit = quota.burst_size().get();
    let used = u64::from(limit.saturating_sub(remaining));
    Allowance { limit, remaining, reset: used * quota.replenish_interval().as_millis() as u64 / 1000 }
}

impl Allowance {
    /// The headers `RateLimit-Limit`, `-Remaining` and `-Reset`.
    pub fn headers(self) -> [(HeaderName, HeaderValue); 3] {
        [
            (HeaderName::from_static("ratelimit-limit"), self.limit.into()),
            (HeaderName::from_static("ratelimit-remaining"), self.remaining.into()),
            (HeaderName::from_static("ratelimit-reset"), self.reset.into()),
        ]
    }
}
