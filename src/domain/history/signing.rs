//! Ed25519 (RFC 8032) signatures of anchors and receipts, under a key derived from the root key.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use super::hex;
use crate::domain::keys::Keys;
use crate::error::{Error, Result};

/// What the key is derived for; another purpose would be another key.
const PURPOSE: &str = "history-signature";

/// The key with which this service signs.
pub struct Signer(Ed25519KeyPair);

impl Signer {
    /// The key of this root key.
    ///
    /// # Errors
    /// `Internal` where the library refuses the seed, which it does for no seed of 32 bytes.
    pub fn of(keys: &Keys) -> Result<Self> {
        Ed25519KeyPair::from_seed_unchecked(&keys.derive(PURPOSE)).map(Self).map_err(Error::internal)
    }

    /// The public key, in hexadecimal.
    pub fn public(&self) -> String {
        hex::encode(self.0.public_key().as_ref())
    }

    /// The signature of a text, in hexadecimal.
    pub fn sign(&self, text: &str) -> String {
        hex::encode(self.0.sign(text.as_bytes()).as_ref())
    }
}

/// Whether a signature of `text` was made with the key of this public key; both in hexadecimal.
pub fn is_signed(text: &str, key: &str, signature: &str) -> bool {
    let (Some(key), Some(signature)) = (hex::decode(key), hex::decode(signature)) else { return false };
    UnparsedPublicKey::new(&ED25519, key).verify(text.as_bytes(), &signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_good_for_its_text_and_key_only() {
        let signer = Signer::of(&Keys::new(&[7; 32])).unwrap();
        let other = Signer::of(&Keys::new(&[8; 32])).unwrap();
        let signature = signer.sign("text");
        assert!(is_signed("text", &signer.public(), &signature));
        assert!(!is_signed("texT", &signer.public(), &signature));
        assert!(!is_signed("text", &other.public(), &signature));
        assert!(!is_signed("text", &signer.public(), &other.sign("text")));
        assert!(!is_signed("text", "", "") && !is_signed("text", &signer.public(), &signature[2..]));
    }

    #[test]
    fn signatures_are_those_of_the_standard() {
        // RFC 8032, section 7.1, test 2
        let key = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
        let signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
        assert!(is_signed("r", key, signature));
    }
}
