//! Names: those that are known, in any spelling, and those that a title or a usual first name gives away.

use super::letters::{Letters, Word, bare};
use super::words::{FIRST_NAMES, SHORT_PREFIXES, SHORT_SUFFIXES, STOP, SURNAME_ENDINGS, TITLES};
use super::{Known, Sort, Span};

/// Letters from which on a name is masked wherever it stands inside a word; shorter ones stand in too many words.
const LONG: usize = 4;
/// Words over which one name may be spread, such as spelled letter by letter.
const SPREAD: usize = 16;

/// How the key of a known person begins; the blank keeps it apart from the letters of a likely name.
const PERSON: &str = "person ";

/// The key of the person of this number.
pub(super) fn person(number: usize) -> String {
    format!("{PERSON}{number}")
}

/// Whether a span is the name of a known person.
pub(super) fn is_known(span: &Span) -> bool {
    span.same_as.starts_with(PERSON)
}

/// A word of a known name.
pub(super) struct Pattern {
    letters: String,
    length: usize,
    /// The person; all words of one have the same label.
    person: String,
}

/// Every word of the known names, whole and split at its half-spaces, and what stands before the at sign of an e-mail
/// address.
pub(super) fn patterns(known: &Known) -> Vec<Pattern> {
    let mut patterns: Vec<Pattern> = Vec::new();
    for (number, name) in known.names.iter().enumerate() {
        let person = person(number);
        let words = name.split(|sign: char| sign.is_whitespace() || matches!(sign, '-' | '،' | ',' | '.'));
        for word in words.filter(|word| !word.is_empty()) {
            let parts = word.split(['\u{200C}', '¬', '\u{AD}']);
            for part in std::iter::once(word).chain(parts) {
                add(&mut patterns, bare(part), &person);
            }
        }
    }
    for email in &known.emails {
        let local = email.split('@').next().unwrap_or_default();
        for part in local.split(|sign: char| !sign.is_alphabetic()).filter(|part| part.len() >= LONG) {
            add(&mut patterns, bare(part), &format!("{PERSON}0"));
        }
    }
    // the longest first, so that a whole name is one find
    patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.length));
    patterns
}

fn add(patterns: &mut Vec<Pattern>, letters: String, person: &str) {
    let length = letters.chars().count();
    let is_word = length >= 2 && !STOP.has(&letters) && letters.chars().all(char::is_alphabetic);
    if is_word && patterns.iter().all(|pattern| pattern.letters != letters) {
        patterns.push(Pattern { letters, length, person: person.to_owned() });
    }
}

/// Where known names stand.
pub(super) fn known(letters: &Letters, patterns: &[Pattern]) -> Vec<Span> {
    let words = letters.words();
    let mut spans = Vec::new();
    for pattern in patterns {
        for (index, word) in words.iter().enumerate() {
            let end = if holds(letters, word, pattern) {
                Some(word.to)
            } else {
                spread(letters, &words[index..], pattern)
            };
            if let Some(to) = end {
                spans.push(Span { from: word.from, to, sort: Sort::Name, same_as: pattern.person.clone() });
            }
        }
    }
    spans
}

/// Whether a word holds the name: a long one anywhere, a short one by itself, between half-spaces, or with a usual ending.
fn holds(letters: &Letters, word: &Word, pattern: &Pattern) -> bool {
    if pattern.length >= LONG {
        return word.text.contains(&pattern.letters);
    }
    word.text.match_indices(&pattern.letters).any(|(at, _)| {
        let (before, rest) = word.text.split_at(at);
        let after = &rest[pattern.letters.len()..];
        let from = word.from + before.chars().count();
        let begins = letters.begins(from) || SHORT_PREFIXES.has(before);
        let ends = letters.ends(from + pattern.length) || SHORT_SUFFIXES.has(after);
        begins && ends
    })
}

/// The end of a name whose letters are spread over several words.
fn spread(letters: &Letters, words: &[Word], pattern: &Pattern) -> Option<usize> {
    let mut left = pattern.letters.as_str();
    let mut last = words.first()?.from;
    for word in words.iter().take(SPREAD) {
        let gap = last..word.from;
        if gap.len() > 3 || gap.into_iter().any(|at| letters.sign(at).is_ascii_digit()) {
            return None;
        }
        left = left.strip_prefix(word.text.as_str())?;
        last = word.to;
        if left.is_empty() {
            return Some(last);
        }
    }
    None
}

/// Words that look like names: after a title, or a usual first name with what may be its surname.
pub(super) fn likely(letters: &Letters) -> Vec<Span> {
    let words = letters.words();
    let mut spans = Vec::new();
    let mut index = 0;
    while index < words.len() {
        let word = &words[index];
        let titles = words[index..].iter().take_while(|word| TITLES.has(&word.text)).count();
        let begin = index + titles;
        let is_name = titles > 0 || is_first_name(word);
        let end = if is_name { name_end(letters, &words, begin, titles > 0) } else { begin };
        if end > begin {
            let (from, to) = (words[begin].from, words[end - 1].to);
            spans.push(Span { from, to, sort: Sort::Name, same_as: bare(&letters.text(from, to)) });
            index = end;
        } else {
            index = begin.max(index + 1);
        }
    }
    spans
}

/// Whether a word goes on with the name or the title before it; a Latin title may end with a full stop.
fn follows_on(letters: &Letters, before: &Word, word: &Word) -> bool {
    let is_short_title = before.text.is_ascii()
        && before.text.len() <= 4
        && TITLES.has(&before.text)
        && letters.sign(before.to) == '.';
    letters.joins(before.to + usize::from(is_short_title), word.from)
}

fn is_first_name(word: &Word) -> bool {
    FIRST_NAMES.has(&word.text)
}

/// After the last word of a name that begins here: first names, then one word more, when it ends like a surname or a title
/// stood before.
fn name_end(letters: &Letters, words: &[Word], begin: usize, has_title: bool) -> usize {
    let mut end = begin;
    let follows = |end: usize| {
        end < words.len()
            && !STOP.has(&words[end].text)
            && (end == 0 || follows_on(letters, &words[end - 1], &words[end]) || end == begin && !has_title)
    };
    while follows(end) && end - begin < 3 && is_first_name(&words[end]) {
        end += 1;
    }
    let is_latin = |word: &Word| word.text.is_ascii();
    let fits = |word: &Word| match is_latin(word) {
        true => word.is_capital,
        false => has_title || SURNAME_ENDINGS.split_whitespace().any(|ending| word.text.ends_with(ending)),
    };
    // «Ms. Maryam Kazemi-Nia» is three words
    let most = match words.get(begin).is_some_and(is_latin) {
        true if has_title => 3,
        _ if has_title && end == begin => 2,
        _ => 1,
    };
    for _ in 0..most {
        if follows(end) && fits(&words[end]) {
            end += 1;
        } else {
            break;
        }
    }
    end
}
