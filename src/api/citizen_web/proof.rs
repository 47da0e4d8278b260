//! Proof of work against robots: no third party, no puzzle for people, and nothing is asked below a rate.
//!
//! A challenge is signed and needs no row; its use is one, so that two processes agree on it. Above the free rate of an
//! address, or of all together, a call needs a number with which SHA-256 of `challenge:number` begins with so many zero
//! bits; each doubling of the load adds one bit.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;

use crate::api::client::address;
use crate::api::problem::Problem;
use crate::app::App;
use crate::config::Web;
use crate::db::types::Time;
use crate::domain::actor::Actor;
use crate::domain::cases::sha256_hex;
use crate::domain::users;
use crate::error::{Code, Error, Result};

/// The header that carries a proof: the challenge, a space, the number.
pub const HEADER: &str = "Proof-Of-Work";
/// Seconds that a challenge is good for.
const GOOD_SECONDS: i64 = 300;
/// What the signature of a challenge is for.
const PURPOSE: &str = "proof-of-work";

/// How often calls came in the present minute, by address and together, in this process.
#[derive(Debug, Default)]
pub struct Proofs(Mutex<Minute>);

#[derive(Debug, Default)]
struct Minute {
    number: i64,
    of: HashMap<String, u32>,
    all: u32,
}

impl Proofs {
    /// Counts a call; gives the bits that its proof must have, or none where none is needed.
    pub fn count(&self, settings: &Web, now: Time, from: &str) -> Option<u32> {
        let mut minute = self.minute(now);
        let own = minute.of.entry(from.to_owned()).or_default();
        *own = own.saturating_add(1);
        let own = *own;
        minute.all = minute.all.saturating_add(1);
        let over = over(own, settings.proof_free_per_minute)
            .max(over(minute.all, settings.proof_free_of_all_per_minute));
        (settings.proof_free_per_minute > 0 && over > 0).then(|| bits(settings, over))
    }

    /// The bits that the next call of this address would need, were it asked.
    fn next(&self, settings: &Web, now: Time, from: &str) -> u32 {
        let minute = self.minute(now);
        let own = minute.of.get(from).map_or(1, |own| own.saturating_add(1));
        let over = over(own, settings.proof_free_per_minute)
            .max(over(minute.all.saturating_add(1), settings.proof_free_of_all_per_minute));
        bits(settings, over)
    }

    fn minute(&self, now: Time) -> std::sync::MutexGuard<'_, Minute> {
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = now.as_microsecond().div_euclid(60_000_000);
        if minute.number != number {
            *minute = Minute { number, ..Minute::default() };
        }
        minute
    }
}

/// How many times the free rate was used up; 0 below it.
fn over(count: u32, free: u32) -> u32 {
    if free == 0 || count <= free { 0 } else { count.div_ceil(free) - 1 }
}

fn bits(settings: &Web, over: u32) -> u32 {
    (settings.proof_bits + over.max(1).ilog2()).min(settings.proof_bits_most)
}

/// A challenge to be solved.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ChallengeView {
    challenge: String,
    /// `SHA-256`: of the challenge, a colon and a number in decimal digits, as UTF-8.
    algorithm: &'static str,
    /// Zero bits with which the digest must begin.
    bits: u32,
    /// The header that takes the challenge, a space and the number.
    header: &'static str,
    expires_at: Time,
}

/// A challenge for a proof of work, which filings, drafts and one-time codes ask for above a rate (`proof_required`). It is
/// good for one call.
#[utoipa::path(tag = "public", responses((status = 200, body = ChallengeView)))]
#[get("/public/challenge")]
pub(in crate::api) async fn read_challenge(
    app: web::Data<App>,
    proofs: web::Data<Proofs>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    let from = address(&request, &app.config.trusted_proxies());
    let bits = proofs.next(&app.config.web, now, &from);
    let expires_at = now.plus_seconds(GOOD_SECONDS);
    let words = format!("{bits}.{}.{:032x}", expires_at.as_microsecond(), rand::random::<u128>());
    let challenge = format!("{words}.{}", app.keys.digest(PURPOSE, &[&words]));
    let view = ChallengeView { challenge, algorithm: "SHA-256", bits, header: HEADER, expires_at };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(view))
}

/// Demands a proof where the load asks for one. The same call repeated under its `Idempotency-Key` needs no new one.
///
/// # Errors
/// `proof_required`, `proof_wrong`, `proof_spent`.
pub(in crate::api) async fn demand(
    app: &web::Data<App>,
    request: &HttpRequest,
    key: Option<&str>,
) -> Result<()> {
    let proofs = request
        .app_data::<web::Data<Proofs>>()
        .ok_or_else(|| Error::internal("the proofs of work are not mounted"))?;
    let from = address(request, &app.config.trusted_proxies());
    let now = app.clock.now();
    let needed = proofs.count(&app.config.web, now, &from);
    let is_local = from.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    let Some(bits) = needed.filter(|_| !is_local) else { return Ok(()) };
    let told = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
    let told = told.ok_or(Error::Conflict(Code::ProofRequired))?;
    let (challenge, until) = checked(app, told, bits, now)?;
    spend(app, challenge, until, key.map(str::to_owned)).await
}

/// The challenge of a right proof, and until when it is good.
fn checked(app: &App, told: &str, needed: u32, now: Time) -> Result<(String, Time)> {
    let wrong = || Error::Forbidden(Code::ProofWrong);
    let (challenge, number) = told.trim().split_once(' ').ok_or_else(wrong)?;
    let (words, signature) = challenge.rsplit_once('.').ok_or_else(wrong)?;
    let mut parts = words.split('.');
    let bits: u32 = parts.next().and_then(|part| part.parse().ok()).ok_or_else(wrong)?;
    let until: i64 = parts.next().and_then(|part| part.parse().ok()).ok_or_else(wrong)?;
    let until = Time::from_microsecond(until);
    let is_number = (1..=20).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_ours = app.keys.digest(PURPOSE, &[words]) == signature;
    if !is_ours || !is_number || until <= now || leading_zero_bits(challenge, number) < bits {
        return Err(wrong());
    }
    // what was asked for just before the load doubled is still taken
    if bits + 1 < needed {
        Err(Error::Conflict(Code::ProofRequired))
    } else {
        Ok((challenge.to_owned(), until))
    }
}

fn leading_zero_bits(challenge: &str, number: &str) -> u32 {
    let digest = sha256_hex(format!("{challenge}:{number}").as_bytes());
    let zeros = digest.bytes().take_while(|digit| *digit == b'0').count();
    let next = digest.chars().nth(zeros).and_then(|digit| digit.to_digit(16)).unwrap_or(0);
    // a digit has four bits
    4 * u32::try_from(zeros).unwrap_or(0) + next.leading_zeros().saturating_sub(28)
}

async fn spend(app: &App, challenge: String, until: Time, key: Option<String>) -> Result<()> {
    app.write(Actor::Public, move |connection, act| {
        let is_fresh = users::spend(connection, act, "proof", &challenge, until)?;
        let is_new = match &key {
            Some(key) => users::spend(connection, act, "proof-of", &format!("{challenge} {key}"), until)?,
            None => true,
        };
        if is_fresh || !is_new { Ok(()) } else { Err(Error::Conflict(Code::ProofSpent)) }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Web {
        Web {
            draft_hours: 1,
            proof_free_per_minute: 2,
            proof_free_of_all_per_minute: 100,
            proof_bits: 16,
            proof_bits_most: 18,
        }
    }

    fn at(second: i64) -> Time {
        Time::from_microsecond(second * 1_000_000)
    }

    #[test]
    fn nothing_is_asked_below_the_rate_and_more_with_each_doubling_up_to_the_most() {
        let (proofs, settings) = (Proofs::default(), settings());
        let asked: Vec<Option<u32>> = (0..18).map(|_| proofs.count(&settings, at(10), "192.0.2.1")).collect();
        assert_eq!(asked[..6], [None, None, Some(16), Some(16), Some(17), Some(17)]);
        assert_eq!(asked[17], Some(18));
        assert_eq!(proofs.count(&settings, at(10), "192.0.2.2"), None, "another address");
        assert_eq!(proofs.count(&settings, at(61), "192.0.2.1"), None, "another minute");
    }

    #[test]
    fn many_addresses_together_are_asked_as_well_and_zero_never_asks() {
        let (proofs, mut settings) = (Proofs::default(), settings());
        settings.proof_free_of_all_per_minute = 3;
        let of = |number: u32| format!("192.0.2.{number}");
        let asked: Vec<Option<u32>> =
            (0..4).map(|number| proofs.count(&settings, at(0), &of(number))).collect();
        assert_eq!(asked, [None, None, None, Some(16)]);
        settings.proof_free_per_minute = 0;
        assert_eq!(proofs.count(&settings, at(0), &of(9)), None);
    }

    #[test]
    fn zero_bits_are_counted_as_the_digest_shows_them() {
        let digest = |number: &str| sha256_hex(format!("c:{number}").as_bytes());
        for number in (0..300).map(|number| number.to_string()) {
            let bits: String =
                digest(&number).chars().map(|digit| format!("{:04b}", digit.to_digit(16).unwrap())).collect();
            let expected = bits.bytes().take_while(|bit| *bit == b'0').count();
            assert_eq!(leading_zero_bits("c", &number) as usize, expected);
        }
    }
}
