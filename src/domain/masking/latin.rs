//! Known Persian names in Latin letters, in the spellings that people use.
//!
//! Each Persian letter has the Latin spellings of the usual romanisations (BGN/PCGN, and how people write their names in
//! passports and chats); short vowels, which Persian does not write, may stand between consonants. Persian words do not
//! begin with two consonants, and so English words that do are never taken for a name.

use super::letters::{Letters, bare};
use super::words::SURNAME_ENDINGS;
use super::{Known, Sort, Span};

/// Consonants from which on a name is found in small letters too; shorter ones are too like ordinary words.
const STRONG: usize = 3;
/// Short vowels that may stand between two letters.
const VOWELS: usize = 2;

/// Letters from which on two words may be one name: shorter ones are "in", "of", "he".
const JOINED: usize = 3;

/// One letter of a name.
#[derive(Debug, Clone, Copy)]
struct Letter {
    sign: char,
    /// Nothing of its word or part of a word stands before it.
    begins: bool,
    /// Nothing of its word or part of a word stands behind it.
    ends: bool,
    after: Option<char>,
}

/// A Persian word of a known name.
pub(super) struct Spelling {
    letters: Vec<Letter>,
    strong: usize,
    person: String,
}

/// The Persian words of the known names, whole and by their parts; persons have the keys of [`super::names`].
pub(super) fn spellings(known: &Known) -> Vec<Spelling> {
    let mut all = Vec::new();
    for (number, name) in known.names.iter().enumerate() {
        let words = name.split(|sign: char| sign.is_whitespace() || matches!(sign, '-' | '،' | ',' | '.'));
        for word in words.filter(|word| !word.is_empty()) {
            let parts: Vec<&str> = word.split(['\u{200C}', '¬', '\u{AD}']).collect();
            // «پور», «فر» by themselves would be "power" and "for"
            let is_own = |part: &&str| !SURNAME_ENDINGS.split_whitespace().any(|ending| bare(part) == ending);
            let each = parts.iter().filter(|part| parts.len() > 1 && is_own(part)).map(std::slice::from_ref);
            for run in std::iter::once(parts.as_slice()).chain(each) {
                all.extend(spelling(run, super::names::person(number)));
            }
        }
    }
    all
}

fn spelling(parts: &[&str], person: String) -> Option<Spelling> {
    let mut letters: Vec<Letter> = Vec::new();
    for part in parts {
        let mut signs: Vec<char> = bare(part).chars().collect();
        signs.dedup();
        let last = signs.len().checked_sub(1)?;
        letters.extend(signs.iter().enumerate().map(|(at, sign)| Letter {
            sign: *sign,
            begins: at == 0,
            ends: at == last,
            after: at.checked_sub(1).map(|before| signs[before]),
        }));
    }
    let is_written = letters.iter().all(|letter| !latin(*letter).is_empty());
    let strong = letters.iter().filter(|letter| is_strong(**letter)).count();
    (is_written && letters.len() > 1 && strong > 0).then_some(Spelling { letters, strong, person })
}

fn is_strong(letter: Letter) -> bool {
    !(matches!(letter.sign, 'ا' | 'ع' | 'و' | 'ی' | 'ء' | 'ئ') || letter.sign == 'ه' && letter.ends)
}

/// How a letter is written in Latin; none for letters of other scripts.
fn latin(letter: Letter) -> &'static [&'static str] {
    match letter.sign {
        'ب' => &["b"],
        'پ' => &["p"],
        'ت' | 'ط' => &["t", "th"],
        'ث' => &["s", "th"],
        'س' => &["s", "c"],
        'ص' => &["s"],
        'ج' => &["j", "dj", "g"],
        'چ' => &["ch", "tch"],
        'ح' => &["h"],
        'خ' => &["kh", "x"],
        'د' => &["d"],
        'ذ' => &["z", "dh", "d"],
        'ر' => &["r"],
        'ز' | 'ظ' => &["z"],
        'ژ' => &["zh", "j"],
        'ش' => &["sh", "ch"],
        'ض' => &["z", "dh"],
        'غ' => &["gh", "g", "q"],
        'ف' => &["f", "ph"],
        'ق' => &["gh", "q", "g", "k"],
        'ک' => &["k"],
        'گ' => &["g", "gu"],
        'ل' => &["l"],
        'م' => &["m"],
        'ن' => &["n"],
        'ه' if letter.ends && !letter.begins => &["h", ""],
        'ه' => &["h"],
        'و' if letter.after == Some('خ') => &["", "v", "w", "o", "oo", "u", "ou"],
        'و' => &["v", "w", "o", "oo", "u", "ou", "ow"],
        'ی' if letter.ends => &["i", "y", "e", "ee", "a"],
        'ی' => &["i", "y", "e", "ee"],
        // أبو + ال, and the second part of a word such as «نمونه‌ای»
        'ا' if letter.after == Some('و') => &["", "a", "aa", "o"],
        'ا' if letter.begins => &["a", "aa", "e", "i", "o", "u", ""],
        'ا' => &["a", "aa", "o", "u"],
        'ع' if letter.begins => &["a", "e", "i", "o", "u"],
        'ع' | 'ء' | 'ئ' => &["", "y", "i", "e", "a"],
        _ => &[],
    }
}

impl Spelling {
    /// Whether a Latin word, in small letters, is this name.
    fn is(&self, word: &[u8]) -> bool {
        self.goes_on(0, word, 0)
    }

    /// Whether the letters from one on write the rest of a word; `vowels` were passed over before it.
    fn goes_on(&self, at: usize, rest: &[u8], vowels: usize) -> bool {
        let Some(letter) = self.letters.get(at) else {
            let has_open_end = self.letters.last().is_some_and(|last| matches!(last.sign, 'ی' | 'ه'));
            return rest.is_empty() || has_open_end && rest.len() <= VOWELS && rest.iter().all(is_vowel);
        };
        let passes = at > 0 && vowels < VOWELS && rest.first().is_some_and(is_vowel);
        if passes && self.goes_on(at, &rest[1..], vowels + 1) {
            return true;
        }
        // no Persian word begins with two consonants
        if at == 1 && vowels == 0 && is_strong(self.letters[0]) && is_strong(*letter) {
            return false;
        }
        latin(*letter).iter().filter(|signs| at > 0 || !signs.is_empty()).any(|signs| {
            let Some(left) = rest.strip_prefix(signs.as_bytes()) else { return false };
            let is_double = is_strong(*letter) && !left.is_empty() && signs.as_bytes().last() == left.first();
            self.goes_on(at + 1, left, 0) || is_double && self.goes_on(at + 1, &left[1..], 0)
        })
    }
}

fn is_vowel(sign: &u8) -> bool {
    b"aeiou".contains(sign)
}

/// Where known names stand in Latin letters: one word, or two that a blank or a hyphen joins.
pub(super) fn found(letters: &Letters, spellings: &[Spelling]) -> Vec<Span> {
    let words = letters.words();
    let mut spans = Vec::new();
    for (index, word) in words.iter().enumerate().filter(|(_, word)| word.text.is_ascii()) {
        let next = words.get(index + 1);
        let next = next.filter(|next| next.text.is_ascii() && letters.joins(word.to, next.from));
        let next = next.filter(|next| word.text.len().min(next.text.len()) >= JOINED);
        let joined = next.map(|next| (format!("{}{}", word.text, next.text), next.to));
        for (text, to) in std::iter::once((word.text.clone(), word.to)).chain(joined) {
            let is_name = |spelling: &&Spelling| {
                (spelling.strong >= STRONG || word.is_capital) && spelling.is(text.as_bytes())
            };
            if let Some(name) = spellings.iter().find(is_name) {
                spans.push(Span { from: word.from, to, sort: Sort::Name, same_as: name.person.clone() });
            }
        }
    }
    spans
}
