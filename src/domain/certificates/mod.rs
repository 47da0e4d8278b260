//! Certificates to print: that a case was filed, and what was replied to it or that nothing was
//! (requirement tag S2.2iv). The Administrative Justice Court asks for proof that the body was turned to first.
//!
//! One page of HTML for A4, right to left in Persian, with codes isolated left to right; everything a person
//! wrote is escaped by the template engine. It names no citizen: whoever holds it proves that elsewhere.

mod parts;

use minijinja::{Environment, context};
use serde::Serialize;

use crate::db::DbConnection;
use crate::domain::actor::Act;
use crate::domain::cases::{CaseRow, remedies};
use crate::domain::views;
use crate::error::{Error, Language, Result};

/// What a certificate proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificate {
    /// That, when and with whom the case was filed; with the words of the citizen on wish.
    Filing(Words),
    /// The reply and its day, or that none was given.
    Reply,
}

/// Whether the citizen's own words are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    Shown,
    Hidden,
}

/// A line of the table: a name, a value, and whether it is a code that reads left to right.
#[derive(Debug, Serialize)]
struct Line {
    name: &'static str,
    value: String,
    is_code: bool,
}

/// A text with its heading.
#[derive(Debug, Serialize)]
struct Section {
    heading: String,
    text: String,
}

/// What one sort of certificate says.
struct Page {
    title: &'static str,
    statement: String,
    lines: Vec<Line>,
    sections: Vec<Section>,
}

/// The certificate as a page of HTML in the reader's language.
pub fn certificate(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    sort: Certificate,
    base_url: &str,
    reader: Language,
) -> Result<String> {
    let case = views::public_case(connection, act, row, reader)?;
    let page = match sort {
        Certificate::Filing(words) => {
            let filed = match words {
                Words::Shown => Some(row.words(connection, &act.vault)?.text),
                Words::Hidden => None,
            };
            parts::filing(act, &case, filed, reader)
        }
        Certificate::Reply => {
            let appeals = views::appeals(connection, act, row)?;
            parts::reply(act, &case, &appeals, reader)
        }
    };
    let say = |fa: &'static str, en: &'static str| if reader == Language::En { en } else { fa };
    let values = context! {
        lang => say("fa", "en"),
        dir => say("rtl", "ltr"),
        issuer => say("مرکز ارتباطات مردمی ریاست جمهوری (سامد)", "Centre for People's Communications of the Presidency (SAMAD)"),
        title => page.title,
        statement => page.statement,
        lines => page.lines,
        sections => page.sections,
        remedies_heading => say("مراجع بیرون از سامد", "Bodies outside the service"),
        remedies => remedies::signposts(&act.rules, reader),
        issued => say("تاریخ صدور", "Issued"),
        issued_at => parts::moment(act.now, reader),
        check => parts::check(row, base_url, reader),
        digest_name => say("نشان تاریخچه", "Mark of the history"),
        digest => format!("{}-{}", row.last_seq, row.last_hash.get(..16).unwrap_or_default()),
    };
    let mut environment = Environment::new();
    // the name ends in .html, and so every value is escaped
    environment
        .add_template("certificate.html", include_str!("certificate.html"))
        .and_then(|()| environment.get_template("certificate.html")?.render(&values))
        .map_err(Error::internal)
}
