//! Bytes whose charset nobody declared, or declared wrongly.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252, WINDOWS_1256};

/// Text of bytes without a declared charset: UTF-8 where it is that, else the code page that Persian Windows wrote, or
/// the western one where bytes above ASCII stand alone between letters.
pub(super) fn guessed(bytes: &[u8]) -> String {
    guess(bytes).decode_without_bom_handling(bytes).0.into_owned()
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    if std::str::from_utf8(bytes).is_ok() {
        return UTF_8;
    }
    let high = bytes.iter().filter(|byte| **byte >= 0x80).count();
    let in_words: usize =
        bytes.split(|byte| *byte < 0x80).map(<[u8]>::len).filter(|length| *length >= 3).sum();
    // a few broken bytes in a text that is UTF-8 otherwise
    let broken = String::from_utf8_lossy(bytes).chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count();
    if broken * 8 < high {
        return UTF_8;
    }
    if in_words * 2 > high { WINDOWS_1256 } else { WINDOWS_1252 }
}

/// Whether a text shows that it was read in the wrong charset.
pub(super) fn is_spoilt(text: &str) -> bool {
    text.contains(char::REPLACEMENT_CHARACTER)
}
