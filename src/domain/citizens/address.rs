//! One key for the many ways in which a postal address is written.
//!
//! Punctuation, blanks, letter forms and digits do not count, and the usual abbreviations stand for their words. What
//! is left out or written in other words makes another key: a household is never guessed.

use crate::domain::text::search_key;

/// Abbreviations as they stand in addresses, and the word that each stands for, both as [`search_key`] folds them.
const ABBREVIATIONS: [(&str, &str); 9] = [
    ("خ", "خیابان"),
    ("خیا", "خیابان"),
    ("ک", "کوچه"),
    ("پ", "پلاک"),
    ("پل", "پلاک"),
    ("بل", "بلوار"),
    ("م", "میدان"),
    ("ط", "طبقه"),
    ("ش", "شماره"),
];
/// `و 3` is flat 3; before a word it only joins.
const FLAT: (&str, &str) = ("و", "واحد");

/// The key of an address: equal for two spellings of one.
pub(crate) fn address_key(address: &str) -> String {
    let key = search_key(&address.replace('\u{200C}', " "));
    let words = words(&key);
    let mut folded = String::with_capacity(key.len());
    for (index, word) in words.iter().enumerate() {
        let is_number = is_number(word);
        let next_is_number = words.get(index + 1).is_some_and(|next| self::is_number(next));
        // words flow into each other, as people set blanks; two numbers stay two
        if is_number && index > 0 && self::is_number(words[index - 1]) {
            folded.push('-');
        }
        match ABBREVIATIONS.iter().find(|(short, _)| short == word) {
            Some((_, long)) => folded.push_str(long),
            None if *word == FLAT.0 && next_is_number => folded.push_str(FLAT.1),
            None if is_number => folded.push_str(word.trim_start_matches('0')),
            None => folded.push_str(word),
        }
    }
    folded
}

fn is_number(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_ascii_digit())
}

/// Runs of letters and runs of digits; everything else only parts them.
fn words(key: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for run in key.split(|letter: char| !letter.is_alphanumeric()).filter(|run| !run.is_empty()) {
        let mut rest = run;
        while let Some(first) = rest.chars().next() {
            let is_other = |letter: char| letter.is_ascii_digit() != first.is_ascii_digit();
            let (word, after) = rest.split_at(rest.find(is_other).unwrap_or(rest.len()));
            words.push(word);
            rest = after;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::address_key;

    #[test]
    fn punctuation_blanks_abbreviations_and_digits_do_not_part_a_household() {
        let key = address_key("خیابان آذر، کوچه ۳، پلاک ۱۲");
        for same in [
            "خیابان آذر کوچه ۳ پلاک ۱۲",
            "خ آذر، ک ۳ پ ۱۲",
            "خ. آذر - ک. 3 - پ. 12",
            "خيابان آذر،كوچه٣،پلاك١٢",
            "خیابان‌ آذر / کوچه‌ ۳ / پلاک‌۰۱۲",
            "  خ آذر ک۳ پ۱۲ ",
        ] {
            assert_eq!(address_key(same), key, "{same}");
        }
        assert_eq!(address_key("بلوار نظام‌آباد ط ۲ و ۳"), address_key("بل. نظام آباد، طبقه 2، واحد 3"));
    }

    #[test]
    fn another_number_street_or_flat_is_another_household() {
        let key = address_key("خ آذر ک ۳ پ ۱۲");
        for other in
            ["خ آذر ک ۳۱ پ ۲", "خ آذر ک ۳ پ ۱۲۱", "خ آذر ک ۳ پ ۱۲/۱", "خ دی ک ۳ پ ۱۲", "خ آذر ک ۳ پ ۱۲ و ۲"]
        {
            assert_ne!(address_key(other), key, "{other}");
        }
        assert_ne!(address_key("پلاک ۱ ۲"), address_key("پلاک ۱۲"));
        assert_ne!(address_key("خیابان شهید باقری و همت"), address_key("خیابان شهید باقری واحد همت"));
    }
}
