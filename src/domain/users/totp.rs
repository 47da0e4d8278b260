//! One-time codes by time (RFC 6238): SHA-1, six digits, steps of 30 seconds, which is what every authenticator
//! reads. Nothing is stored here.

use rand::RngExt;
use totp_rs::{Builder, Secret, Totp};

use crate::db::types::Time;
use crate::error::{Error, Result};

/// Bytes of a secret, as RFC 4226 §4 advises.
const SECRET_BYTES: usize = 20;
/// Steps before and after the present one that are taken: clocks of telephones go wrong.
const SKEW: u16 = 1;
/// Who vouches, as authenticators show it.
const ISSUER: &str = "Samad";

/// A new secret in base32, as authenticators read it.
pub fn new_secret() -> String {
    let mut bytes = [0_u8; SECRET_BYTES];
    rand::rng().fill(&mut bytes);
    Secret::new_stack(bytes).to_base32()
}

/// The `otpauth://` address of a secret, for a QR code.
pub fn uri(secret: &str, username: &str) -> Result<String> {
    totp(secret, username)?.to_url().map_err(Error::internal)
}

/// The step (30-second intervals since 1970) whose code this is, among the present one and its neighbours.
pub fn step_of(secret: &str, code: &str, now: Time) -> Result<Option<i64>> {
    let seconds = u64::try_from(now.as_microsecond() / 1_000_000).unwrap_or(0);
    let step = totp(secret, "account")?.check(code, seconds);
    Ok(step.and_then(|step| i64::try_from(step).ok()))
}

fn totp(secret: &str, username: &str) -> Result<Totp> {
    Builder::new()
        .with_secret(Secret::try_from_base32(secret).map_err(Error::internal)?)
        .with_skew(SKEW)
        .with_account_name(username)
        .with_issuer(Some(ISSUER))
        .build()
        .map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `12345678901234567890`, the secret of RFC 6238 appendix B.
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn at(seconds: i64) -> Time {
        Time::from_microsecond(seconds * 1_000_000)
    }

    #[test]
    fn the_codes_of_the_standard_are_taken() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(step_of(SECRET, code, at(seconds)).unwrap(), Some(seconds / 30), "{code}");
        }
    }

    #[test]
    fn the_neighbouring_steps_are_taken_and_no_further_ones() {
        let of = |seconds| step_of(SECRET, "005924", at(seconds)).unwrap();
        let start = 1_234_567_890 / 30 * 30;
        assert_eq!([of(start - 30), of(start + 59)], [Some(start / 30); 2]);
        assert_eq!([of(start - 31), of(start + 60)], [None; 2]);
    }

    #[test]
    fn a_new_secret_has_160_bits_and_an_address() {
        let secret = new_secret();
        assert_eq!(secret.len(), 32);
        let uri = uri(&secret, "handler.moen-10").unwrap();
        assert!(uri.starts_with("otpauth://totp/Samad:handler"), "{uri}");
        assert!(uri.contains(&secret) && uri.contains("issuer=Samad"), "{uri}");
        assert_ne!(secret, new_secret());
    }
}
