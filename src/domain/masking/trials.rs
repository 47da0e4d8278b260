//! No masked value can be found again, whatever its digits, letters and separators.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::domain::text::{latin_digits, search_key};

/// Letters that other spellings have for the same letter.
fn variants(letter: char) -> Vec<char> {
    match letter {
        'ی' => vec!['ی', 'ي', 'ى', 'ﯽ'],
        'ک' => vec!['ک', 'ك', 'ﮎ'],
        'ا' => vec!['ا', 'أ', 'آ', 'ﺍ'],
        'ه' => vec!['ه', 'ة', 'ۀ'],
        'م' => vec!['م', 'ﻡ'],
        other => vec![other],
    }
}

fn digit_variants(digit: char) -> Vec<char> {
    let value = digit as u32 - '0' as u32;
    [0x30, 0x6F0, 0x660, 0xFF10].iter().filter_map(|zero| char::from_u32(zero + value)).collect()
}

/// The value written in some other way: each sign by one of its variants, something between two of them.
fn respelled(
    value: String,
    of: fn(char) -> Vec<char>,
    between: &'static [&'static str],
) -> impl Strategy<Value = String> {
    let signs: Vec<_> = value.chars().map(|sign| (select(of(sign)), select(between))).collect();
    signs.prop_map(|signs| signs.into_iter().map(|(sign, gap)| format!("{sign}{gap}")).collect::<String>())
}

fn filler() -> impl Strategy<Value = String> {
    let words = [
        "سلام",
        "در",
        "صف",
        "بودیم",
        "۱۴۰۳/۰۵/۱۲",
        "پول",
        "خواست؛",
        "«نوبت»",
        "12",
        "office",
        "\n",
        "هستم.",
        "و",
        "،",
    ];
    vec(select(words.to_vec()), 0..6).prop_map(|words| words.join(" "))
}

fn name_and_spelling() -> impl Strategy<Value = (String, String)> {
    vec(select(&['ب', 'ت', 'ی', 'ک', 'ا', 'ه', 'م', 'ش', 'ر', 'ن', 'ز']), 4..9).prop_flat_map(|letters| {
        let name: String = letters.into_iter().collect();
        let gaps = &["", "", "", "", "\u{200C}", "ـ", "\u{064E}", "\u{200F}", " "];
        (Just(name.clone()), respelled(name, variants, gaps))
    })
}

fn number_and_spelling() -> impl Strategy<Value = (String, String)> {
    "[1-9][0-9]{9}".prop_flat_map(|number| {
        let gaps = &["", "", "", "", " ", "-", ".", "\u{200C}", " - ", "/", "(", ")"];
        (Just(number.clone()), respelled(number, digit_variants, gaps))
    })
}

/// The longest number that a reader could put together: digits with nothing but signs and blanks between.
fn digits_of(text: &str) -> Vec<String> {
    let mut runs = vec![String::new()];
    for sign in latin_digits(&search_key(text)).chars() {
        match (sign.is_ascii_digit(), sign.is_alphabetic() || sign == '[' || sign == ']') {
            (true, _) => runs.last_mut().expect("one").push(sign),
            (false, true) => runs.push(String::new()),
            _ => {}
        }
    }
    runs
}

proptest! {
    #[test]
    fn no_masked_value_is_found_again(
        (name, written_name) in name_and_spelling(),
        (number, written_number) in number_and_spelling(),
        (one, two, three) in (filler(), filler(), filler()),
    ) {
        let known = Known { names: vec![name.clone()], numbers: vec![number.clone()], ..Known::default() };
        let text = format!("{one} {written_name}، {two} شماره {written_number}؛ {three}");
        let mut masker = Masker::new(&known, Language::Fa);
        for extract in [masker.mask(&text), masker.propose(&text)] {
            let bare: String = search_key(&extract).chars().filter(|sign| sign.is_alphabetic()).collect();
            let looked: String = search_key(&name).chars().filter(|sign| sign.is_alphabetic()).collect();
            let filled: String = search_key(&format!("{one}{two}{three}")).chars().filter(|sign| sign.is_alphabetic()).collect();
            prop_assert!(!bare.contains(&looked) || filled.contains(&looked), "{} in {}", name, extract);
            prop_assert!(digits_of(&extract).iter().all(|run| !run.contains(&number)), "{} in {}", number, extract);
            prop_assert!(masker.leaks(&extract).is_empty(), "{:?} in {}", masker.leaks(&extract), extract);
            prop_assert_eq!(masker.mask(&extract), extract.clone());
        }
    }

    #[test]
    fn any_text_can_be_masked(text in any::<String>()) {
        let known = Known { names: vec!["مریم".into()], ..Known::default() };
        let mut masker = Masker::new(&known, Language::En);
        let extract = masker.propose(&text);
        prop_assert!(masker.leaks(&extract).is_empty(), "{:?} in {:?}", masker.leaks(&extract), extract);
    }
}
