//! Digests in text: 64 lower-case hexadecimal characters, and in no other spelling.

use super::merkle::Hash;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Bytes as lower-case hexadecimal.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// Bytes of lower-case hexadecimal; none for anything else.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| DIGITS.iter().position(|known| *known == byte);
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::try_from(digit(pair[0])? << 4 | digit(*pair.get(1)?)?).ok()).collect()
}

/// The 32 bytes of a digest.
pub fn digest(text: &str) -> Option<Hash> {
    decode(text)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_has_one_spelling() {
        let text = "00ff10a0".repeat(8);
        assert_eq!(encode(&digest(&text).unwrap()), text);
        for wrong in [&text[1..], &text[2..], &text.to_uppercase(), &text.replace('f', "g"), ""] {
            assert_eq!(digest(wrong), None, "{wrong}");
        }
    }
}
