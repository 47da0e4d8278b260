//! The service's secret: one key from a file or the environment, from which all others are derived.
//!
//! It never enters the database; what is hashed or signed with it cannot be guessed from a stolen copy.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The root key; cheap to clone. Its `Debug` shows nothing.
#[derive(Clone)]
pub struct Keys(Arc<[u8]>);

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

impl Keys {
    /// A root key; at least 32 bytes that nobody can guess.
    pub fn new(root: &[u8]) -> Self {
        Self(root.into())
    }

    /// A 32-byte key for one purpose.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(purpose.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// A keyed digest of `parts` for one purpose, in hexadecimal; parts cannot run into each other.
    pub fn digest(&self, purpose: &str, parts: &[&str]) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.derive(purpose)).expect("HMAC takes keys of any length");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_differ_by_purpose_and_by_where_parts_end() {
        let keys = Keys::new(&[7; 32]);
        assert_ne!(keys.digest("a", &["x"]), keys.digest("b", &["x"]));
        assert_ne!(keys.digest("a", &["ab", "c"]), keys.digest("a", &["a", "bc"]));
        assert_eq!(keys.digest("a", &["x"]).len(), 64);
    }
}
