//! Passwords: argon2id with the crate's defaults (19 MiB, two passes), salted by itself.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};

use crate::error::{Error, FieldError, Result};

/// Shortest password of an account.
const SHORTEST: usize = 10;

/// Hashes a password.
///
/// # Errors
/// A field error on `password` when it is shorter than ten characters.
pub fn hash(password: &str) -> Result<String> {
    if password.chars().count() < SHORTEST {
        return Err(Error::field(FieldError::new(
            "password",
            "too_short",
            "گذرواژه دست‌کم ده نویسه باشد.",
            "Use at least ten characters.",
        )));
    }
    Ok(Argon2::default().hash_password(password.as_bytes()).map_err(Error::internal)?.to_string())
}

/// Whether the password is the one that was hashed.
pub fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
}

/// A hash that no password has; checked for unknown names, so that they cost the same time.
pub static ABSENT: std::sync::LazyLock<String> =
    std::sync::LazyLock::new(|| hash("no account has this password").unwrap_or_default());
