//! What files say, for the search: their words in search form, each once.

use std::collections::BTreeSet;
use std::io::{Cursor, Read};

use super::pdf;
use crate::domain::text::search_key;

/// Different words of one file that the search knows.
const MAX_WORDS: usize = 20_000;
/// Letters of a word; longer ones are no words.
const MAX_LETTERS: usize = 40;
/// Bytes of the text part of an office document.
const MAX_PART: u64 = 64 << 20;

/// The part of an office document that holds its words.
fn part(media_type: &str) -> Option<&'static str> {
    match media_type {
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => {
            Some("word/document.xml")
        }
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => Some("xl/sharedStrings.xml"),
        "application/vnd.oasis.opendocument.text" | "application/vnd.oasis.opendocument.spreadsheet" => {
            Some("content.xml")
        }
        _ => None,
    }
}

/// Whether this is an office document that is an archive.
pub fn is_office(media_type: &str) -> bool {
    media_type.starts_with("application/vnd.openxmlformats-")
        || media_type.starts_with("application/vnd.oasis.")
}

/// Whether files of this type have words that can be read.
pub fn has_words(media_type: &str) -> bool {
    matches!(media_type, "application/pdf" | "text/plain") || part(media_type).is_some()
}

/// The words of a file, with spaces between them; empty where it says nothing. Runs in a process of its own.
pub fn of(media_type: &str, bytes: &[u8]) -> String {
    let text = match media_type {
        "application/pdf" => pdf::text(bytes),
        "text/plain" => String::from_utf8_lossy(bytes).into_owned(),
        other => part(other).and_then(|part| office(bytes, part)).unwrap_or_default(),
    };
    distinct(&text)
}

/// Each word once, in search form.
fn distinct(text: &str) -> String {
    let key = search_key(text);
    let all = key.split(|c: char| !c.is_alphanumeric());
    let known: BTreeSet<&str> =
        all.filter(|word| !word.is_empty() && word.chars().count() <= MAX_LETTERS).collect();
    known.into_iter().take(MAX_WORDS).collect::<Vec<_>>().join(" ")
}

/// The text between the tags of one part of an office document.
fn office(bytes: &[u8], part: &str) -> Option<String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut xml = Vec::new();
    archive.by_name(part).ok()?.take(MAX_PART).read_to_end(&mut xml).ok()?;
    Some(between_tags(&String::from_utf8_lossy(&xml)))
}

/// A paragraph's end parts words; a change of the face within a word does not.
fn between_tags(xml: &str) -> String {
    let mut text = String::new();
    for piece in xml.split('<') {
        let (tag, words) = piece.split_once('>').unwrap_or(("", piece));
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        if !matches!(name, "w:t" | "w:r" | "w:rPr" | "text:span" | "r") {
            text.push(' ');
        }
        text.push_str(words);
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn an_office_document_says_its_words() {
        let media_type = "application/vnd.oasis.opendocument.text";
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file("content.xml", zip::write::SimpleFileOptions::default()).unwrap();
        writer
            .write_all("<text:p>قطعي <text:span>آ</text:span>ب</text:p><text:p>محله</text:p>".as_bytes())
            .unwrap();
        let bytes = writer.finish().unwrap().into_inner();
        let words = of(media_type, &bytes);
        let has = |word: &str| words.split(' ').any(|known| known == search_key(word));
        assert!(has("قطعی") && has("آب") && has("محله"), "{words}");
        assert_eq!(of(media_type, b"no archive"), "");
    }

    #[test]
    fn words_stand_once() {
        assert_eq!(of("text/plain", "برق، برق و برق".as_bytes()).split(' ').count(), 2);
    }
}
