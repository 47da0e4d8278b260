//! Passwords: argon2id with the crate's defaults (19 MiB, two passes), salted by itself.

use std::sync::{Mutex, PoisonError};

use argon2::password_hash::phc::{Output, PasswordHash};
use argon2::password_hash::{PasswordHasher, Result as HashResult};
use argon2::{Algorithm, Argon2, Block, Params, Version};

use crate::error::{Error, FieldError, Result};

/// Shortest password of an account.
const SHORTEST: usize = 10;

/// The blocks of whichever password is being checked: kept, since the allocator would keep several of them for each
/// burst of sign-ins.
static BLOCKS: Mutex<Vec<Block>> = Mutex::new(Vec::new());

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

/// Whether the password is the one that was hashed; one at a time.
pub fn verify(password: &str, hash: &str) -> bool {
    let checked = PasswordHash::new(hash).map_err(Into::into).and_then(|known| is_of(password, &known));
    checked.unwrap_or(false)
}

fn is_of(password: &str, known: &PasswordHash) -> HashResult<bool> {
    let (Some(salt), Some(expected)) = (&known.salt, &known.hash) else { return Ok(false) };
    let algorithm = Algorithm::try_from(known.algorithm.as_str())?;
    let version = known.version.map(Version::try_from).transpose()?.unwrap_or_default();
    let params = Params::try_from(known)?;
    let needed = params.block_count();
    let mut found = vec![0; expected.len()];
    let mut blocks = BLOCKS.lock().unwrap_or_else(PoisonError::into_inner);
    if blocks.len() < needed {
        blocks.resize(needed, Block::default());
    }
    Argon2::new(algorithm, version, params).hash_password_into_with_memory(
        password.as_bytes(),
        salt,
        &mut found,
        blocks.as_mut_slice(),
    )?;
    // compares in constant time
    Ok(Output::new(&found)? == *expected)
}

/// A hash that no password has; checked for unknown names, so that they cost the same time.
pub static ABSENT: std::sync::LazyLock<String> =
    std::sync::LazyLock::new(|| hash("no account has this password").unwrap_or_default());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_told_from_another_whatever_the_cost_it_was_hashed_with() {
        for cost in
            [Params::DEFAULT, Params::new(64, 3, 2, Some(24)).unwrap(), Params::new(8, 1, 1, None).unwrap()]
        {
            let hash = Argon2::from(cost).hash_password(b"correct horse").unwrap().to_string();
            assert!(verify("correct horse", &hash), "{hash}");
            assert!(!verify("correct hors", &hash), "{hash}");
        }
        for broken in ["", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ", "plain"] {
            assert!(!verify("correct horse", broken), "{broken}");
        }
    }
}
