//! Digits: people type Latin, Persian and Arabic ones; machine fields keep Latin, pages show Persian.

use super::persian::is_invisible;

/// `text` with Persian (U+06F0–06F9) and Arabic (U+0660–0669) digits as `0`–`9`; all else is unchanged.
pub fn latin_digits(text: &str) -> String {
    text.chars().map(latin_digit).collect()
}

/// `text` with Latin and Arabic digits as Persian `۰`–`۹`, for display.
pub fn persian_digits(text: &str) -> String {
    text.chars()
        .map(|letter| match latin_digit(letter) {
            digit @ '0'..='9' => shifted(digit, '0', '۰'),
            other => other,
        })
        .collect()
}

/// A typed identifier, number or code as a machine reads it: Latin digits, and none of the blanks, dashes,
/// dots, slashes, underscores and invisible marks that people and copying put between them.
pub fn machine_field(text: &str) -> String {
    latin_digits(text).chars().filter(|&letter| !is_separator(letter) && !is_invisible(letter)).collect()
}

pub(super) fn latin_digit(letter: char) -> char {
    match letter {
        '۰'..='۹' => shifted(letter, '۰', '0'),
        '٠'..='٩' => shifted(letter, '٠', '0'),
        other => other,
    }
}

fn shifted(digit: char, from: char, to: char) -> char {
    let value = u32::from(digit) - u32::from(from);
    char::from_u32(u32::from(to) + value).expect("the ten digits of a script follow each other")
}

fn is_separator(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(letter, '-' | '.' | '/' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}' | 'ـ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_kinds_of_digits_become_latin() {
        assert_eq!(latin_digits("۰۱۲۳۴۵۶۷۸۹ ٠١٢٣٤٥٦٧٨٩ 0123456789"), "0123456789 0123456789 0123456789");
    }

    #[test]
    fn all_three_kinds_of_digits_are_shown_in_persian() {
        assert_eq!(persian_digits("کد 12 و ٣٤ و ۵۶"), "کد ۱۲ و ۳۴ و ۵۶");
    }

    #[test]
    fn separators_and_invisible_marks_leave_a_machine_field() {
        assert_eq!(machine_field("\u{2066}۰۰۱-۳۵۴ 241/9\u{200C}\u{2069}"), "0013542419");
    }
}
