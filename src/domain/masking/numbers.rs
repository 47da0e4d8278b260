//! Numbers that point at somebody: identifiers, telephones, postal codes, cards, accounts, passports, plates.
//!
//! Whatever has seven digits or more is one, however it is grouped; dates and sums of money are not. Shorter ones are where
//! a word before them says so.

use super::letters::{Letters, Word};
use super::words::{BIRTH, CURRENCY, NUMBER_CUES, Words};
use super::{Sort, Span};
use crate::domain::citizens::{NationalId, Phone};

/// Digits from which on a number is masked by itself: the shortest local telephone number.
const LONG: usize = 7;
/// Digits from which on a number is masked after a word such as «شماره پرسنلی».
const NAMED: usize = 3;

/// The digits of a number by which it is known again: without the prefix of the country and zeros in front.
pub(super) fn core(number: &str) -> String {
    let digits: String = super::letters::bare(number).chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    // ten digits behind the country's 98
    let digits = digits.strip_prefix("98").filter(|national| national.len() >= 10).unwrap_or(digits);
    digits.trim_start_matches('0').to_owned()
}

fn separates(sign: char) -> bool {
    sign == ' '
        || sign == '\n'
        || matches!(sign, '-' | '.' | '/' | '\\' | '_' | '(' | ')' | ',' | '*' | '+' | '٫' | '٬' | '·' | '•')
        || matches!(sign, '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// A run of digits with at most three separating signs between two of them.
struct Run {
    from: usize,
    to: usize,
    digits: String,
}

fn runs(letters: &Letters) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        if !letters.sign(at).is_ascii_digit() {
            at += 1;
            continue;
        }
        let from = at;
        if let Some(after) = date(letters, from) {
            runs.push(Run { from, to: after, digits: letters.text(from, after) });
            at = after;
            continue;
        }
        let mut run = Run { from, to: from, digits: String::new() };
        let mut next = from;
        while next < letters.len() && next - run.to <= 3 {
            let sign = letters.sign(next);
            if sign.is_ascii_digit() {
                // a date that follows is another number
                if next > run.to && date(letters, next).is_some() {
                    break;
                }
                run.digits.push(sign);
                run.to = next + 1;
            } else if !separates(sign) {
                break;
            }
            next += 1;
        }
        at = run.to;
        runs.push(run);
    }
    runs
}

/// A day such as 1403/05/12 or 12-5-2024 that begins here; gives where it ends.
fn date(letters: &Letters, from: usize) -> Option<usize> {
    let mut at = from;
    let mut part = |is_last: bool| -> Option<(usize, u32)> {
        let start = at;
        while letters.sign(at).is_ascii_digit() {
            at += 1;
        }
        let value = letters.text(start, at).parse().ok()?;
        let length = at - start;
        if !is_last {
            matches!(letters.sign(at), '/' | '-' | '.').then_some(())?;
            at += 1;
        }
        Some((length, value))
    };
    let (first, month, last) = (part(false)?, part(false)?, part(true)?);
    let is_year = |(length, value): (usize, u32)| {
        length == 4 && ((1300..1500).contains(&value) || (1900..2100).contains(&value))
    };
    let is_day = |(length, value): (usize, u32)| length <= 2 && (1..=31).contains(&value);
    let is_month = month.0 <= 2 && (1..=12).contains(&month.1);
    let is_date = is_month && ((is_year(first) && is_day(last)) || (is_day(first) && is_year(last)));
    // more of the same sign behind it makes a longer number of it
    let goes_on = matches!(letters.sign(at), '/' | '-' | '.') && letters.sign(at + 1).is_ascii_digit();
    (is_date && !goes_on).then_some(at)
}

/// Numbers of persons in a text; `known` are cores of numbers that are masked in any case.
pub(super) fn found(letters: &Letters, known: &[String]) -> Vec<Span> {
    let words = letters.words();
    let span = |run: Run| {
        let (from, to) = widened(letters, &run);
        let same_as = core(&run.digits);
        Span { from, to, sort: Sort::Number, same_as }
    };
    runs(letters).into_iter().filter(|run| is_personal(letters, &words, run, known)).map(span).collect()
}

fn is_personal(letters: &Letters, words: &[Word], run: &Run, known: &[String]) -> bool {
    let digits: String = run.digits.chars().filter(char::is_ascii_digit).collect();
    if known.iter().any(|number| digits.contains(number.as_str())) {
        return true;
    }
    let before: Vec<&str> = words
        .iter()
        .rev()
        .filter(|word| word.to <= run.from && run.from - word.to <= 24)
        .take(3)
        .map(|word| word.text.as_str())
        .collect();
    let follows = |cues: &Words| before.iter().any(|word| cues.has(word));
    if date(letters, run.from) == Some(run.to) {
        return follows(&BIRTH);
    }
    if digits.len() >= LONG {
        return !is_sum(words, run, &digits);
    }
    digits.len() >= NAMED && before.first().is_some_and(|word| NUMBER_CUES.has(word))
}

/// A sum of money or another amount: something counted stands behind it, and it is no telephone or national ID.
fn is_sum(words: &[Word], run: &Run, digits: &str) -> bool {
    let behind = words.iter().find(|word| word.from >= run.to && word.from - run.to <= 2);
    let is_counted = behind.is_some_and(|word| CURRENCY.has(&word.text));
    let is_somebodys = digits.starts_with('0')
        || digits.len() > 13
        || Phone::parse(digits).is_ok_and(|phone| phone.is_mobile())
        || (digits.len() == 10 && NationalId::parse(digits).is_ok());
    is_counted && !is_somebodys
}

/// With the plus sign or bracket in front, and Latin letters of an account or passport that touch it.
fn widened(letters: &Letters, run: &Run) -> (usize, usize) {
    let mut from = run.from;
    while from > 0 && matches!(letters.sign(from - 1), '+' | '(') {
        from -= 1;
    }
    let gap = if from > 0 && matches!(letters.sign(from - 1), ' ' | '-') { 1 } else { 0 };
    let mut start = from - gap;
    while start > 0 && from - gap - start < 3 && letters.sign(start - 1).is_ascii_alphabetic() {
        start -= 1;
    }
    let prefix = letters.text(start, from - gap);
    let is_prefix = match prefix.len() {
        0 | 3.. => false,
        _ => (gap == 0 && letters.begins(start)) || prefix == "ir",
    };
    (if is_prefix { start } else { from }, run.to)
}

/// Plates of cars: two digits, a letter, three digits and two more, in either order, as they are spoken or written.
pub(super) fn plates(letters: &Letters) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let is_start =
            letters.sign(at).is_ascii_digit() && (at == 0 || !letters.sign(at - 1).is_ascii_digit());
        match is_start.then(|| plate(letters, at)).flatten() {
            Some(to) => {
                let same_as = super::letters::bare(&letters.text(at, to));
                spans.push(Span { from: at, to, sort: Sort::Plate, same_as });
                at = to;
            }
            None => at += 1,
        }
    }
    spans
}

/// The end of a plate that begins here.
fn plate(letters: &Letters, from: usize) -> Option<usize> {
    let (first, at) = digits(letters, from);
    let (letter, at) = series(letters, skip(letters, at))?;
    let (second, at) = digits(letters, skip(letters, at));
    if !matches!((first, second), (2, 3) | (3, 2)) || letter == 0 {
        return None;
    }
    // the region: «ایران ۱۰», or two digits
    let mut region = skip(letters, at);
    if letters.text(region, letters.len().min(region + 5)) == "ایران" {
        region = skip(letters, region + 5);
    }
    match digits(letters, region) {
        (2, end) => Some(end),
        _ => Some(at),
    }
}

fn digits(letters: &Letters, from: usize) -> (usize, usize) {
    let end = (from..letters.len()).find(|at| !letters.sign(*at).is_ascii_digit()).unwrap_or(letters.len());
    (end - from, end)
}

fn skip(letters: &Letters, from: usize) -> usize {
    (from..letters.len().min(from + 3))
        .find(|at| !matches!(letters.sign(*at), ' ' | '-' | '/' | '|'))
        .unwrap_or(from)
}

/// The letter of a plate, or its name.
fn series(letters: &Letters, from: usize) -> Option<(usize, usize)> {
    let end = (from..letters.len()).find(|at| !letters.sign(*at).is_alphabetic()).unwrap_or(letters.len());
    let word = letters.text(from, end);
    let is_series = word.chars().count() == 1
        || [
            "الف",
            "معلولین",
            "تشریفات",
            "جیم",
            "دال",
            "سین",
            "صاد",
            "طا",
            "قاف",
            "لام",
            "میم",
            "نون",
            "واو",
            "تی",
        ]
        .contains(&word.as_str());
    is_series.then_some((end - from, end))
}
