//! The one cipher of the vault: AES-256-GCM-SIV (RFC 8452) with random nonces, from aws-lc.
//!
//! Should a nonce of 96 bits ever come twice under one key, this mode tells only whether the same text was sealed
//! for the same place; one key is good for some 2³² values, which a yearly rotation keeps far away.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

/// Bytes of every key.
pub(super) const KEY_BYTES: usize = 32;

/// A key that seals and opens.
pub(super) struct Cipher(RandomizedNonceKey);

impl Cipher {
    pub(super) fn new(key: &[u8; KEY_BYTES]) -> Self {
        Self(RandomizedNonceKey::new(&AES_256_GCM_SIV, key).expect("the key has the cipher's length"))
    }

    /// A fresh key's bytes.
    pub(super) fn random_key() -> [u8; KEY_BYTES] {
        use rand::RngExt;
        let mut key = [0; KEY_BYTES];
        rand::rng().fill(&mut key);
        key
    }

    /// Nonce, ciphertext and tag in one; bound to `parts`. None when the machine gives no randomness.
    pub(super) fn seal(&self, parts: &[&str], plain: &[u8]) -> Option<Vec<u8>> {
        let mut text = plain.to_vec();
        let nonce = self.0.seal_in_place_append_tag(Aad::from(bound_to(parts)), &mut text).ok()?;
        Some([nonce.as_ref().as_slice(), &text].concat())
    }

    /// What was sealed; none when anything of it, or of `parts`, is another.
    pub(super) fn open(&self, parts: &[&str], mut content: Vec<u8>) -> Option<Vec<u8>> {
        let (nonce, text) = content.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plain = self.0.open_in_place(nonce, Aad::from(bound_to(parts)), text).ok()?;
        Some(plain.to_vec())
    }
}

/// Parts as authenticated bytes, each after its length, so that none can run into the next.
fn bound_to(parts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(96);
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cipher() -> Cipher {
        Cipher::new(&[3; KEY_BYTES])
    }

    #[test]
    fn the_same_text_is_never_sealed_the_same() {
        let sealed = || cipher().seal(&["a"], b"text").unwrap();
        assert_ne!(sealed(), sealed());
    }

    #[test]
    fn what_is_too_short_to_be_sealed_is_refused() {
        for length in 0..NONCE_LEN + 16 {
            assert_eq!(cipher().open(&["a"], vec![0; length]), None);
        }
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_in_its_place_only(plain in any::<Vec<u8>>(), place in any::<String>()) {
            let sealed = cipher().seal(&["t", &place], &plain).unwrap();
            prop_assert_eq!(cipher().open(&["t", &place], sealed.clone()), Some(plain));
            prop_assert_eq!(cipher().open(&["t", &format!("{place}x")], sealed.clone()), None);
            prop_assert_eq!(cipher().open(&[&format!("t{place}")], sealed.clone()), None);
            prop_assert_eq!(Cipher::new(&[4; KEY_BYTES]).open(&["t", &place], sealed), None);
        }

        #[test]
        fn one_changed_bit_anywhere_is_refused(plain in prop::collection::vec(any::<u8>(), 0..40), bit in 0..8u8) {
            let sealed = cipher().seal(&["t"], &plain).unwrap();
            for at in 0..sealed.len() {
                let mut changed = sealed.clone();
                changed[at] ^= 1 << bit;
                prop_assert_eq!(cipher().open(&["t"], changed), None, "byte {}", at);
            }
            for length in 0..sealed.len() {
                prop_assert_eq!(cipher().open(&["t"], sealed[..length].to_vec()), None, "cut at {}", length);
            }
        }
    }
}
