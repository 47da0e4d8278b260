//! E-mail addresses, user names and web addresses, which have a form; postal addresses, which only have words.

use super::letters::{Letters, Word, bare};
use super::words::{FINE_PLACES, PLACES, STOP};
use super::{Sort, Span};

/// E-mail addresses, user names and web addresses.
pub(super) fn contacts(letters: &Letters) -> Vec<Span> {
    let mut spans = Vec::new();
    for (sign, length) in [("@", 1), ("(at)", 4), ("[at]", 4)] {
        for at in letters.find_exactly(sign) {
            spans.extend(around(letters, at, at + length));
        }
    }
    for start in
        ["http://", "https://", "www.", "t.me/", "instagram.com/", "telegram.me/", "eitaa.com/", "ble.ir/"]
    {
        for from in letters.find_exactly(start) {
            let to =
                (from..letters.len()).find(|at| letters.sign(*at).is_whitespace()).unwrap_or(letters.len());
            spans.push(Span { from, to, sort: Sort::Handle, same_as: letters.text(from, to) });
        }
    }
    spans
}

fn is_part(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || matches!(sign, '.' | '_' | '%' | '+' | '-')
}

/// The e-mail address or user name around an at sign.
fn around(letters: &Letters, at: usize, after: usize) -> Option<Span> {
    let left_end = if at > 0 && letters.sign(at - 1) == ' ' { at - 1 } else { at };
    let mut from = left_end;
    while from > 0 && is_part(letters.sign(from - 1)) {
        from -= 1;
    }
    let right_start = if letters.sign(after) == ' ' { after + 1 } else { after };
    let mut to = right_start;
    while to < letters.len() && is_part(letters.sign(to)) {
        to += 1;
    }
    let right = letters.text(right_start, to);
    // with a blank beside it, only a domain behind it makes an address of the word before
    let has_domain = right.contains('.');
    let has_left = from < left_end && (left_end == at || has_domain);
    if right.is_empty() || (right_start != after && !has_domain) {
        return None;
    }
    let from = if has_left { from } else { at };
    // a full stop ends the sentence, not the address
    while to > right_start && letters.sign(to - 1) == '.' {
        to -= 1;
    }
    let sort = if has_left { Sort::Email } else { Sort::Handle };
    Some(Span { from, to, sort, same_as: bare(&letters.text(from, to)) })
}

fn is_place(word: &Word) -> bool {
    PLACES.has(&word.text) || is_fine(word)
}

fn is_fine(word: &Word) -> bool {
    FINE_PLACES.has(&word.text)
}

/// The whole of a known address, and those parts of it that say more than a town.
pub(super) fn parts(address: &str) -> Vec<String> {
    let says_more = |part: &&str| {
        let letters = Letters::of(part);
        letters.words().iter().any(is_place) || part.chars().any(|sign| sign.is_numeric())
    };
    let mut parts = vec![bare(address)];
    parts.extend(address.split(['،', ',', '-', '\n', '؛', ';']).filter(says_more).map(bare));
    parts
}

/// What reads like the address of a door: street, lane and number, one after the other. A street alone is a place.
pub(super) fn likely(letters: &Letters) -> Vec<Span> {
    let words = letters.words();
    let mut spans = Vec::new();
    let mut index = 0;
    while index < words.len() {
        if !is_place(&words[index]) {
            index += 1;
            continue;
        }
        let first = index;
        let mut last = index;
        let mut has_fine = false;
        let mut to = words[index].to;
        // each part: its word, then at most two names or one number
        while last < words.len()
            && is_place(&words[last])
            && (last == first || is_near(letters, to, words[last].from))
        {
            has_fine |= is_fine(&words[last]);
            to = number_after(letters, words[last].to);
            last += 1;
            let names = last;
            while last < words.len()
                && last - names < 2
                && !is_place(&words[last])
                && !STOP.has(&words[last].text)
                && letters.is_blank(to, words[last].from)
            {
                to = number_after(letters, words[last].to);
                last += 1;
            }
        }
        if has_fine {
            let from = words[first].from;
            spans.push(Span { from, to, sort: Sort::Address, same_as: bare(&letters.text(from, to)) });
        }
        index = last.max(index + 1);
    }
    spans
}

/// Whether the next part belongs to the same address: blanks, commas and dashes stand between.
fn is_near(letters: &Letters, from: usize, to: usize) -> bool {
    to.saturating_sub(from) <= 4
        && (from..to)
            .all(|at| letters.sign(at).is_whitespace() || matches!(letters.sign(at), '،' | ',' | '-' | '؛'))
}

/// After a number that follows, such as that of a door.
fn number_after(letters: &Letters, at: usize) -> usize {
    let mut next = at;
    while next < letters.len() && next - at < 3 && matches!(letters.sign(next), ' ' | ':' | '.') {
        next += 1;
    }
    let end = (next..letters.len()).find(|at| !letters.sign(*at).is_ascii_digit()).unwrap_or(letters.len());
    if end > next { end } else { at }
}
