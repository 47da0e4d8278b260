//! A text as letters of the search form, each with the place where it stands.

use super::Sort;
use crate::domain::text::folded;
use crate::error::Language;

const HALF_SPACE: char = '\u{200C}';

/// One folded letter, digit, blank or sign.
#[derive(Debug, Clone, Copy)]
struct Letter {
    sign: char,
    /// Byte where it begins.
    start: usize,
    /// Byte after it and after the invisible marks that follow.
    end: usize,
    /// A half-space stands before it.
    is_after_half_space: bool,
    is_capital: bool,
}

/// The folded letters of a text.
pub(super) struct Letters(Vec<Letter>);

/// A run of letters, half-spaces left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub from: usize,
    /// After its last letter.
    pub to: usize,
    pub text: String,
    /// Its first letter was a Latin capital.
    pub is_capital: bool,
}

/// Letters and digits of a text in search form, without anything between them.
pub(super) fn bare(text: &str) -> String {
    text.chars().flat_map(folded).filter(|sign| sign.is_alphanumeric()).collect()
}

impl Letters {
    pub(super) fn of(text: &str) -> Self {
        let mut letters: Vec<Letter> = Vec::with_capacity(text.len());
        let mut is_after_half_space = false;
        for (start, letter) in text.char_indices() {
            let end = start + letter.len_utf8();
            let before = letters.len();
            for sign in folded(letter) {
                match sign {
                    HALF_SPACE => is_after_half_space = true,
                    _ => {
                        let is_capital = letter.is_uppercase();
                        letters.push(Letter { sign, start, end, is_after_half_space, is_capital });
                        is_after_half_space = false;
                    }
                }
            }
            // an invisible mark belongs to the letter before it
            if letters.len() == before
                && let Some(last) = letters.last_mut()
            {
                last.end = end;
            }
        }
        Self(letters)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The letter at an index; a line end outside the text.
    pub(super) fn sign(&self, index: usize) -> char {
        self.0.get(index).map_or('\n', |letter| letter.sign)
    }

    pub(super) fn start(&self, index: usize) -> usize {
        self.0[index].start
    }

    pub(super) fn end(&self, index: usize) -> usize {
        self.0[index].end
    }

    /// Whether the letter begins a part of a word: nothing, a sign or a half-space stands before it.
    pub(super) fn begins(&self, index: usize) -> bool {
        index == 0
            || self.0.get(index).is_none_or(|letter| letter.is_after_half_space)
            || !self.sign(index - 1).is_alphabetic()
    }

    /// Whether a part of a word ends before this index.
    pub(super) fn ends(&self, index: usize) -> bool {
        index >= self.len() || self.begins(index) || !self.sign(index).is_alphabetic()
    }

    /// Whether only blanks stand between.
    pub(super) fn is_blank(&self, from: usize, to: usize) -> bool {
        (from..to).all(|index| self.sign(index).is_whitespace())
    }

    /// Whether what stands between joins two words to one name: a blank or two, or a hyphen.
    pub(super) fn joins(&self, from: usize, to: usize) -> bool {
        to - from <= 3 && (from..to).all(|index| matches!(self.sign(index), ' ' | '-'))
    }

    pub(super) fn text(&self, from: usize, to: usize) -> String {
        self.0[from..to].iter().map(|letter| letter.sign).collect()
    }

    /// All words in order.
    pub(super) fn words(&self) -> Vec<Word> {
        let mut words = Vec::new();
        let mut at = 0;
        while at < self.len() {
            if !self.sign(at).is_alphabetic() {
                at += 1;
                continue;
            }
            let from = at;
            while at < self.len() && self.sign(at).is_alphabetic() {
                at += 1;
            }
            let is_capital = self.0[from].is_capital;
            words.push(Word { from, to: at, text: self.text(from, at), is_capital });
        }
        words
    }

    /// Where a bare phrase stands, whatever stands between its letters.
    pub(super) fn find(&self, phrase: &str) -> Vec<(usize, usize)> {
        let places: Vec<usize> = (0..self.len()).filter(|at| self.sign(*at).is_alphanumeric()).collect();
        let phrase: Vec<char> = phrase.chars().collect();
        if phrase.is_empty() || places.len() < phrase.len() {
            return Vec::new();
        }
        places
            .windows(phrase.len())
            .filter(|window| window.iter().zip(&phrase).all(|(at, sign)| self.sign(*at) == *sign))
            .map(|window| (window[0], window[window.len() - 1] + 1))
            .collect()
    }

    /// Where a string of signs stands as it is.
    pub(super) fn find_exactly(&self, signs: &str) -> Vec<usize> {
        let signs: Vec<char> = signs.chars().collect();
        let is_here =
            |at: &usize| signs.iter().enumerate().all(|(index, sign)| self.sign(at + index) == *sign);
        (0..self.len()).filter(is_here).collect()
    }

    /// Labels that stand in the text already: a word of theirs and a number of at most three digits in brackets.
    pub(super) fn labels(&self) -> Vec<(usize, usize)> {
        let words: Vec<String> = Sort::ALL
            .iter()
            .flat_map(|sort| [sort.word(Language::Fa), sort.word(Language::En)])
            .map(|word| word.chars().flat_map(folded).collect())
            .collect();
        let mut labels = Vec::new();
        for from in (0..self.len()).filter(|at| self.sign(*at) == '[') {
            let Some(to) = (from..self.len().min(from + 24)).find(|at| self.sign(*at) == ']') else {
                continue;
            };
            let inside = self.text(from + 1, to);
            let is_label = inside.rsplit_once(' ').is_some_and(|(word, number)| {
                (1..=3).contains(&number.len())
                    && number.bytes().all(|digit| digit.is_ascii_digit())
                    && words.iter().any(|known| known == word)
            });
            if is_label {
                labels.push((from, to + 1));
            }
        }
        labels
    }
}
