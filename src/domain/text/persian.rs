//! One stored form and one search key for Persian text.
//!
//! The stored form unifies letters that look alike and keeps the half-space (ZWNJ, U+200C) only inside words.
//! The search key folds further, so that spelling habits do not hide a case.

use icu_normalizer::ComposingNormalizerBorrowed;

const ZWNJ: char = '\u{200C}';

/// `text` as it is stored: Arabic yeh and kaf become Persian, presentation forms become letters, tatweel and
/// bidi controls go, line ends become `\n`, other control characters (except tab) go, and half-spaces stand
/// singly and only between two letters, also where old software wrote them as `¬` or a soft hyphen.
///
/// Applying it twice changes nothing.
pub fn storage_form(text: &str) -> String {
    let mut unified = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFF}' => push_letters_of(letter, &mut unified),
            '\r' if letters.peek() == Some(&'\n') => {}
            _ => {
                if let Some(letter) = unify(letter) {
                    unified.push(letter);
                }
            }
        }
    }
    if unified.contains(ZWNJ) { half_spaces_inside_words(&unified) } else { unified }
}

/// What `text` is found by: the stored form without diacritics, with folded alefs, hamzas and digits, in lower
/// case, and with single spaces. A word with half-spaces appears twice, joined and split.
pub fn search_key(text: &str) -> String {
    let stored = storage_form(text);
    let mut folded = String::with_capacity(stored.len());
    for letter in stored.chars().filter_map(fold) {
        match letter {
            '\0'..='\u{7F}' => folded.push(letter.to_ascii_lowercase()),
            // Arabic letters have no case
            '\u{600}'..='\u{6FF}' => folded.push(super::digits::latin_digit(letter)),
            _ => letter.to_lowercase().for_each(|letter| folded.push(letter)),
        }
    }
    let mut key = String::with_capacity(folded.len());
    for word in folded.split_whitespace() {
        if word.contains(ZWNJ) {
            push_word(&mut key, &word.replace(ZWNJ, ""));
        }
        for part in word.split(ZWNJ).filter(|part| !part.is_empty()) {
            push_word(&mut key, part);
        }
    }
    key
}

/// One letter as [`search_key`] compares it: nothing for what is left out there, several letters for a ligature. Half-spaces
/// and blanks of any sort stay, as U+200C and a space; old digits, full-width and styled letters become plain ones.
pub(crate) fn folded(letter: char) -> impl Iterator<Item = char> {
    let mut plain = Vec::with_capacity(1);
    match letter {
        '\0'..='\u{7F}' | '\u{600}'..='\u{6FF}' | ZWNJ => plain.push(letter),
        '\u{200B}' | '\u{200D}' | '\u{2060}' => {}
        _ => {
            let nfkc = ComposingNormalizerBorrowed::new_nfkc();
            plain.extend(nfkc.normalize_iter(std::iter::once(letter)));
        }
    }
    plain
        .into_iter()
        .filter_map(unify)
        .filter_map(fold)
        .flat_map(|letter| super::digits::latin_digit(letter).to_lowercase())
        .map(|letter| if letter.is_whitespace() && letter != '\n' { ' ' } else { letter })
}

/// `text` between U+2066 and U+2069, so that a code, phone or address keeps its order inside Persian plain text.
pub fn isolate_ltr(text: &str) -> String {
    format!("\u{2066}{text}\u{2069}")
}

/// Whether a character only steers layout: bidi controls, joiners, zero-width spaces and the byte order mark.
pub(super) fn is_invisible(letter: char) -> bool {
    is_bidi_control(letter) || matches!(letter, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}' | '\u{AD}')
}

fn is_bidi_control(letter: char) -> bool {
    matches!(letter, '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn unify(letter: char) -> Option<char> {
    match letter {
        'ي' | 'ى' => Some('ی'),
        'ك' => Some('ک'),
        '¬' | '\u{AD}' => Some(ZWNJ),
        'ـ' | '\u{FEFF}' => None,
        '\r' => Some('\n'),
        '\n' | '\t' => Some(letter),
        _ if letter.is_control() || is_bidi_control(letter) => None,
        _ => Some(letter),
    }
}

/// Presentation forms, which old software stored for their looks, as the letters they stand for (NFKC).
fn push_letters_of(form: char, unified: &mut String) {
    let nfkc = ComposingNormalizerBorrowed::new_nfkc();
    let letters = nfkc.normalize_iter(std::iter::once(form));
    unified.extend(letters.filter_map(unify));
}

fn half_spaces_inside_words(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut half_space_waits = false;
    for letter in text.chars() {
        if letter == ZWNJ {
            half_space_waits = kept.chars().next_back().is_some_and(char::is_alphanumeric);
            continue;
        }
        if half_space_waits && letter.is_alphanumeric() {
            kept.push(ZWNJ);
        }
        half_space_waits = false;
        kept.push(letter);
    }
    kept
}

/// Diacritics go, combining hamzas and maddas too, because the letters composed with them are folded as well.
fn fold(letter: char) -> Option<char> {
    match letter {
        '\u{064B}'..='\u{0655}' | '\u{0670}' | 'ء' => None,
        'آ' | 'أ' | 'إ' | 'ٱ' => Some('ا'),
        'ة' | 'ۀ' => Some('ه'),
        'ؤ' => Some('و'),
        'ئ' => Some('ی'),
        _ => Some(letter),
    }
}

fn push_word(key: &mut String, word: &str) {
    if !key.is_empty() {
        key.push(' ');
    }
    key.push_str(word);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn arabic_letters_and_presentation_forms_become_persian_letters() {
        assert_eq!(storage_form("علي كريمى"), "علی کریمی");
        assert_eq!(storage_form("\u{FEB3}\u{FEFC}\u{FEE1} \u{FB90}\u{FEF2} \u{FDF2}"), "سلام کی الله");
    }

    #[test]
    fn tatweel_and_bidi_controls_are_removed() {
        assert_eq!(
            storage_form("\u{FEFF}ســلام \u{202B}دنیا\u{202C}\u{2066}۱۱۱\u{2069}\u{200F}"),
            "سلام دنیا۱۱۱"
        );
    }

    #[test]
    fn lines_and_tabs_stay_and_other_control_characters_go() {
        assert_eq!(storage_form("یک\r\nدو\rسه\tچهار\u{0}\u{7}\n"), "یک\nدو\nسه\tچهار\n");
    }

    #[test]
    fn half_spaces_stay_inside_words_only() {
        assert_eq!(storage_form("می‌شود"), "می‌شود");
        assert_eq!(storage_form("می¬شود می\u{AD}شود می‌‌¬شود"), "می‌شود می‌شود می‌شود");
        assert_eq!(storage_form("‌کتاب‌ها‌ ،نامه‌، ‌"), "کتاب‌ها ،نامه، ");
        assert_eq!(storage_form("خانه‌\u{200F}ها"), "خانه‌ها");
    }

    #[test]
    fn a_word_with_half_spaces_is_found_joined_and_split() {
        assert_eq!(search_key("می‌شود"), "میشود می شود");
        assert_eq!(search_key("نمی‌خواهم‌شان"), "نمیخواهمشان نمی خواهم شان");
    }

    #[test]
    fn spelling_habits_do_not_change_the_search_key() {
        assert_eq!(search_key("مُدیرِ کُلّ"), search_key("مدير كل"));
        assert_eq!(search_key("آب أحمد إيران ٱلله"), "اب احمد ایران الله");
        assert_eq!(search_key("خانۀ خانهٔ دایرة مؤسسه مسئول جزء"), "خانه خانه دایره موسسه مسیول جز");
        assert_eq!(search_key("آ"), search_key("ا\u{0653}"));
        assert_eq!(search_key("  پلاک\n\t۱۲ و ٣٤ ABC "), "پلاک 12 و 34 abc");
    }

    #[test]
    fn isolated_text_is_wrapped() {
        assert_eq!(isolate_ltr("04 23"), "\u{2066}04 23\u{2069}");
    }

    proptest! {
        #[test]
        fn storing_twice_changes_nothing(text in "[یيكاآ ¬‌\u{AD}ـ\u{FE70}-\u{FEFF}\u{FB50}-\u{FDFF}\u{200E}ab1\r\n\t.]{0,40}") {
            let once = storage_form(&text);
            prop_assert_eq!(storage_form(&once), once);
        }

        #[test]
        fn any_text_is_accepted(text in any::<String>()) {
            let once = storage_form(&text);
            prop_assert_eq!(storage_form(&once), once.clone());
            prop_assert_eq!(search_key(&once), search_key(&text));
        }
    }
}
