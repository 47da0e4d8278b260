//! What an SMS says to the service itself: a digit, a code, a number of identity, one word. Anything else is a matter.

use crate::domain::cases::TrackingCode;
use crate::domain::text::{machine_field, search_key};

/// What it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// 1 (very poor) to 5 (very good).
    Rating(u8),
    /// Eleven digits and nothing else; none where they are no code.
    Code(Option<TrackingCode>),
    /// Eight to ten digits and nothing else: perhaps a national ID, whose leading zeros phones like to swallow.
    Identity(String),
    /// The word that takes a case back, with the digits beside it.
    Withdraw(String),
    Yes,
    No,
    Stop,
    Start,
    Words,
}

const STOP: [&str; 6] = ["لغو", "لغو ۱۱", "لغو۱۱", "stop", "stop all", "unsubscribe"];
const START: [&str; 2] = ["شروع", "start"];
const YES: [&str; 5] = ["بله", "بلی", "آری", "yes", "y"];
const NO: [&str; 4] = ["خیر", "نه", "no", "n"];
const WITHDRAW: [&str; 4] = ["انصراف", "انصراف از", "withdraw", "cancel"];

/// Understands a text; pure.
pub(super) fn said(text: &str) -> Said {
    let digits = machine_field(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return match digits.len() {
            1 => {
                digits.parse().ok().filter(|score| (1..=5).contains(score)).map_or(Said::Words, Said::Rating)
            }
            8..=10 => Said::Identity(format!("{digits:0>10}")),
            11 => Said::Code(TrackingCode::parse(&digits).ok()),
            _ => Said::Words,
        };
    }
    let is = |list: &[&str]| {
        let plain = bare(text);
        list.iter().any(|word| bare(word) == plain)
    };
    if is(&STOP) {
        return Said::Stop;
    }
    if is(&START) {
        return Said::Start;
    }
    if is(&YES) {
        return Said::Yes;
    }
    if is(&NO) {
        return Said::No;
    }
    let without: String = text.chars().map(|c| if is_numeral(c) { ' ' } else { c }).collect();
    if WITHDRAW.iter().any(|word| bare(word) == bare(&without)) {
        return Said::Withdraw(text.to_owned());
    }
    Said::Words
}

fn is_numeral(letter: char) -> bool {
    letter.is_numeric() || matches!(letter, '#' | ':' | '/' | '-')
}

/// A text as it is compared: one form of each letter, without marks at its ends.
fn bare(text: &str) -> String {
    let key = search_key(text);
    let key = key.trim_matches(|c: char| !c.is_alphanumeric());
    key.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::persian_digits;
    use proptest::prelude::*;

    fn code() -> String {
        (0..10).map(|d| format!("0423123456{d}")).find(|code| TrackingCode::parse(code).is_ok()).unwrap()
    }

    #[test]
    fn a_digit_of_any_script_is_a_rating() {
        for text in ["5", "۵", "٥", " ۵ ", "۵\n", "5."] {
            assert_eq!(said(text), Said::Rating(5), "{text:?}");
        }
        for text in ["0", "6", "۵۵", "5 ستاره", "شماره ۵"] {
            assert_eq!(said(text), Said::Words, "{text:?}");
        }
    }

    #[test]
    fn eleven_digits_alone_are_a_code() {
        let code = code();
        let parsed = Some(TrackingCode::parse(&code).unwrap());
        for text in [code.clone(), persian_digits(&code), format!("{} {}", &code[..4], &code[4..])] {
            assert_eq!(said(&text), Said::Code(parsed.clone()), "{text}");
        }
        assert_eq!(said(&format!("{code} چه شد؟")), Said::Words);
        let last = code.chars().last().unwrap().to_digit(10).unwrap();
        assert_eq!(said(&format!("{}{}", &code[..10], (last + 1) % 10)), Said::Code(None));
    }

    #[test]
    fn the_word_takes_back_with_or_without_a_code() {
        for text in ["انصراف", "انصراف ۰۴۲۳", "۰۴۲۳ انصراف", "Withdraw: 123", "انصراف از 0423-1234"]
        {
            assert!(matches!(said(text), Said::Withdraw(_)), "{text}");
        }
        assert_eq!(said("انصراف از خرید خانه دادم"), Said::Words);
    }

    #[test]
    fn single_words_are_understood_however_they_are_typed() {
        for (text, expected) in [
            ("لغو", Said::Stop),
            ("لغو11", Said::Stop),
            ("لغو ۱۱", Said::Stop),
            ("STOP", Said::Stop),
            ("شروع", Said::Start),
            ("بلي", Said::Yes),
            ("بله.", Said::Yes),
            ("Yes!", Said::Yes),
            ("نه", Said::No),
            ("لغو مجوز مغازه", Said::Words),
            ("", Said::Words),
        ] {
            assert_eq!(said(text), expected, "{text}");
        }
        assert_eq!(said("۹۹۹۱۰۰۰۰۱۱"), Said::Identity("9991000011".into()));
        assert_eq!(said("12345678"), Said::Identity("0012345678".into()), "swallowed zeros");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_stumble(text in "\\PC{0,200}") {
            said(&text);
        }

        #[test]
        fn a_sentence_is_never_a_command(text in "(آب|برق|گاز) (ما )?[ا-ی ]{3,40} (قطع|خراب) (است|شد)") {
            prop_assert_eq!(said(&text), Said::Words);
        }
    }
}
