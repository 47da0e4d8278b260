//! Pseudonyms (requirement tag S4.4): what points at a person in free text is found and replaced by a label such as
//! «[نام ۱]».
//!
//! Two degrees. [`Masker::mask`] takes away what is certain: the names, numbers and addresses that are known of the citizen,
//! in any spelling, and whatever has the form of a number, an e-mail address, a plate. [`Masker::propose`] also takes away
//! what only looks like a name or an address; a person then reads and corrects it. Pure: no database, no clock.
//!
//! Texts are compared letter by letter in the form of the search key, so that Arabic letters, half-spaces, diacritics,
//! presentation forms and digits of any script hide nothing.

mod latin;
#[cfg(test)]
mod latin_tests;
mod letters;
mod names;
mod numbers;
mod places;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod trials;
mod words;

use std::collections::HashMap;

use crate::domain::text::persian_digits;
use crate::error::Language;
use letters::Letters;

/// What a label stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sort {
    Name,
    Number,
    Plate,
    Email,
    /// A user name or an address on the web.
    Handle,
    Address,
}

impl Sort {
    const ALL: [Sort; 6] = [Sort::Name, Sort::Number, Sort::Plate, Sort::Email, Sort::Handle, Sort::Address];

    /// The word of its label.
    pub fn word(self, language: Language) -> &'static str {
        match (self, language) {
            (Sort::Name, Language::Fa) => "نام",
            (Sort::Name, Language::En) => "name",
            (Sort::Number, Language::Fa) => "شماره",
            (Sort::Number, Language::En) => "number",
            (Sort::Plate, Language::Fa) => "پلاک خودرو",
            (Sort::Plate, Language::En) => "plate",
            (Sort::Email, Language::Fa) => "رایانامه",
            (Sort::Email, Language::En) => "email",
            (Sort::Handle, Language::Fa) => "شناسه",
            (Sort::Handle, Language::En) => "handle",
            (Sort::Address, Language::Fa) => "نشانی",
            (Sort::Address, Language::En) => "address",
        }
    }
}

/// What is known of the people of a case; all of it is masked wherever it stands.
#[derive(Clone, Default)]
pub struct Known {
    /// Full names, one a person.
    pub names: Vec<String>,
    /// Identifiers, telephones, postal codes: at least five digits.
    pub numbers: Vec<String>,
    /// E-mail addresses.
    pub emails: Vec<String>,
    /// Postal addresses.
    pub addresses: Vec<String>,
}

/// A stretch of letters to be masked, and what makes two of them the same.
#[derive(Debug, Clone)]
struct Span {
    from: usize,
    /// After the last letter.
    to: usize,
    sort: Sort,
    same_as: String,
}

/// Where something certain stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leak {
    pub sort: Sort,
    /// Position of its first character, from 1.
    pub position: usize,
}

/// Masks the texts of one case; the same value gets the same label in all of them.
pub struct Masker {
    names: Vec<names::Pattern>,
    /// The same names, to be found in Latin letters.
    latin: Vec<latin::Spelling>,
    numbers: Vec<String>,
    phrases: Vec<(Sort, String)>,
    language: Language,
    labels: HashMap<(Sort, String), usize>,
}

impl Masker {
    /// A masker that knows these people and writes its labels in this language.
    pub fn new(known: &Known, language: Language) -> Self {
        let mut phrases = Vec::new();
        phrases.extend(known.emails.iter().map(|email| (Sort::Email, letters::bare(email))));
        for address in &known.addresses {
            phrases.extend(places::parts(address).into_iter().map(|part| (Sort::Address, part)));
        }
        phrases.retain(|(_, phrase)| phrase.chars().count() >= 5);
        Self {
            names: names::patterns(known),
            latin: latin::spellings(known),
            numbers: known
                .numbers
                .iter()
                .map(|number| numbers::core(number))
                .filter(|n| n.len() >= 5)
                .collect(),
            phrases,
            language,
            labels: HashMap::new(),
        }
    }

    /// `text` without what is certain.
    pub fn mask(&mut self, text: &str) -> String {
        let letters = Letters::of(text);
        let spans = self.certain(&letters);
        self.write(text, &letters, spans)
    }

    /// `text` without what is certain and what looks like a name or an address: a proposal to be read by a person.
    pub fn propose(&mut self, text: &str) -> String {
        let letters = Letters::of(text);
        let mut spans = self.certain(&letters);
        spans.extend(names::likely(&letters));
        spans.extend(places::likely(&letters));
        self.write(text, &letters, spans)
    }

    /// Where something certain stands in `text`; nothing when it may be shown.
    pub fn leaks(&self, text: &str) -> Vec<Leak> {
        let letters = Letters::of(text);
        let position = |span: &Span| text[..letters.start(span.from)].chars().count() + 1;
        let leak = |span: Span| Leak { sort: span.sort, position: position(&span) };
        settled(&letters, self.certain(&letters)).into_iter().map(leak).collect()
    }

    fn certain(&self, letters: &Letters) -> Vec<Span> {
        let mut spans = numbers::found(letters, &self.numbers);
        spans.extend(numbers::plates(letters));
        spans.extend(places::contacts(letters));
        spans.extend(names::known(letters, &self.names));
        spans.extend(latin::found(letters, &self.latin));
        for (sort, phrase) in &self.phrases {
            spans.extend(letters.find(phrase).into_iter().map(|(from, to)| Span {
                from,
                to,
                sort: *sort,
                same_as: phrase.clone(),
            }));
        }
        spans
    }

    fn write(&mut self, text: &str, letters: &Letters, spans: Vec<Span>) -> String {
        let mut written = String::with_capacity(text.len());
        let mut at = 0;
        for span in settled(letters, spans) {
            written.push_str(&text[at..letters.start(span.from)]);
            written.push_str(&self.label(span.sort, span.same_as));
            at = letters.end(span.to - 1);
        }
        written.push_str(&text[at..]);
        written
    }

    fn label(&mut self, sort: Sort, same_as: String) -> String {
        let next = self.labels.keys().filter(|(of, _)| *of == sort).count() + 1;
        let number = *self.labels.entry((sort, same_as)).or_insert(next);
        let word = sort.word(self.language);
        match self.language {
            Language::Fa => persian_digits(&format!("[{word} {number}]")),
            Language::En => format!("[{word} {number}]"),
        }
    }
}

/// The spans in order, without those inside labels; what overlaps is one span of the longer one's sort, and names that
/// follow each other are one name.
fn settled(letters: &Letters, mut spans: Vec<Span>) -> Vec<Span> {
    let labels = letters.labels();
    spans.retain(|span| {
        span.from < span.to && !labels.iter().any(|(from, to)| span.from < *to && *from < span.to)
    });
    spans.sort_by_key(|span| (span.from, span.to));
    let mut kept: Vec<Span> = Vec::new();
    for span in spans {
        match kept.last_mut() {
            Some(last) if span.from < last.to => {
                let is_longer = span.to - span.from > last.to - last.from;
                last.to = last.to.max(span.to);
                // of two names the one that is known keeps its label
                let takes = match (last.sort, span.sort) {
                    (Sort::Name, Sort::Name) if names::is_known(last) || names::is_known(&span) => {
                        !names::is_known(last)
                    }
                    _ => is_longer,
                };
                if takes {
                    (last.sort, last.same_as) = (span.sort, span.same_as);
                }
            }
            Some(last)
                if last.sort == Sort::Name
                    && span.sort == Sort::Name
                    && letters.joins(last.to, span.from) =>
            {
                last.to = span.to;
            }
            _ => kept.push(span),
        }
    }
    kept
}
