//! The register as a page to read and print, right to left in Persian, left to right in English.

use minijinja::{Environment, context};
use serde::Serialize;

use super::{Entry, NOUNS};
use crate::db::types::Time;
use crate::domain::notifications::date;
use crate::error::{Error, Language, Result};

#[derive(Serialize)]
struct Section {
    code: &'static str,
    heading: &'static str,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    code: String,
    title: String,
    text: String,
    source: String,
    because: Option<String>,
    since: String,
    version: i32,
}

/// The page of these rules in the reader's language, as they held at `moment`.
///
/// # Errors
/// An internal fault when the template cannot be rendered.
pub fn page(entries: &[Entry], moment: Time, reader: Language) -> Result<String> {
    let say = |fa: &'static str, en: &'static str| if reader == Language::En { en } else { fa };
    let sections: Vec<Section> = NOUNS
        .into_iter()
        .map(|noun| Section {
            code: noun,
            heading: heading(noun, reader),
            rows: entries.iter().filter(|entry| entry.noun == noun).map(|entry| row(entry, reader)).collect(),
        })
        .collect();
    let values = context! {
        lang => say("fa", "en"),
        dir => say("rtl", "ltr"),
        title => say("قاعده‌های رسیدگی", "The rules by which cases are handled"),
        held => say("قاعده‌های این روز", "In force on"),
        day => date(Some(moment), reader),
        code => say("کد", "Code"),
        rule => say("قاعده", "Rule"),
        source => say("منبع", "Source"),
        because => say("دلیل تغییر", "Why it was changed"),
        since => say("از / نسخه", "Since / version"),
        empty => say("قاعده‌ای در این روز نبود.", "No rule held on that day."),
        sections => sections,
    };
    let mut environment = Environment::new();
    // the name ends in .html, and so every value is escaped
    environment
        .add_template("rules.html", include_str!("rules.html"))
        .and_then(|()| environment.get_template("rules.html")?.render(&values))
        .map_err(Error::internal)
}

fn heading(noun: &str, reader: Language) -> &'static str {
    let (fa, en) = match noun {
        "right" => ("حق‌های شما", "Your rights"),
        "limit" => ("مهلت‌ها و حدها", "Limits"),
        "reason" => ("دلیل‌ها", "Reasons"),
        "rule" => ("قاعده‌های ارجاع، به ترتیب", "Routing rules"),
        _ => ("مراجع بیرون از سامد", "Bodies outside the service"),
    };
    if reader == Language::En { en } else { fa }
}

fn row(entry: &Entry, reader: Language) -> Row {
    let (title, text) = match reader {
        Language::Fa => (&entry.fa, &entry.text_fa),
        Language::En => (&entry.en, &entry.text_en),
    };
    Row {
        code: entry.code.clone(),
        title: title.clone(),
        text: text.clone(),
        source: entry.source.clone(),
        because: entry.because.clone(),
        since: date(Some(entry.valid_from), reader),
        version: entry.version,
    }
}
