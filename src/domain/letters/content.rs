//! What one letter says.

use diesel::prelude::*;

use crate::config::Letters;
use crate::db::DbConnection;
use crate::db::schema::messages;
use crate::db::types::MessageId;
use crate::domain::actor::Act;
use crate::domain::calendar::{JalaliDate, TEHRAN};
use crate::domain::cases::CaseRow;
use crate::domain::citizens;
use crate::domain::confidentiality::Disclosure;
use crate::domain::notifications::outbox::Letter;
use crate::domain::notifications::outbox::paper::{self, Written};
use crate::domain::notifications::{Links, date};
use crate::domain::rulebook::Rulebook;
use crate::domain::text::{isolate_ltr, persian_digits};
use crate::domain::vault::Vault;
use crate::error::{Code, Error, Language, Result};

/// A letter, word for word; codes in it are isolated left to right.
#[derive(Clone, PartialEq, Eq)]
pub struct PaperLetter {
    pub language: Language,
    /// Who issues it, at the head.
    pub issuer: String,
    /// The office that writes.
    pub office: String,
    /// Jalali year, tracking code, and which letter of the case it is.
    pub number: String,
    pub date: String,
    /// Files that go with it.
    pub annexes: u32,
    /// Name, address, postal code.
    pub recipient: Vec<String>,
    pub subject: Option<String>,
    pub body: String,
    /// How it is checked: beside the QR.
    pub check: Vec<String>,
    pub foot: String,
    /// What the QR holds: the address of the look-up with the code and the mark of the history.
    pub qr: String,
}

impl std::fmt::Debug for PaperLetter {
    /// Shows no word and nobody.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PaperLetter").field("language", &self.language).finish_non_exhaustive()
    }
}

/// The letter of a message to the citizen.
///
/// # Errors
/// `NotFound` for a message that is none, or was erased; `extract_only` where the identity is not the reader's.
pub fn content(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    disclosed: &Disclosure,
    message: MessageId,
    head: &Letters,
    links: Links<'_>,
) -> Result<PaperLetter> {
    if !disclosed.still(connection, act, row)?.shows_identity(row.id) {
        let code = if row.is_sealed { Code::ExtractOnly } else { Code::Forbidden };
        return Err(Error::Forbidden(code));
    }
    let written = paper::written(connection, act, row, message, links)?;
    letter(connection, &act.rules, &act.vault, row, &written, head, links)
}

/// The page by which a message goes out as a fax.
pub fn fax_page(
    connection: &mut DbConnection,
    rules: &Rulebook,
    vault: &Vault,
    ready: &Letter,
    head: &Letters,
    links: Links<'_>,
) -> Result<PaperLetter> {
    let (case, written) = paper::ready(connection, vault, ready)?;
    letter(connection, rules, vault, &case, &written, head, links)
}

fn letter(
    connection: &mut DbConnection,
    rules: &Rulebook,
    vault: &Vault,
    row: &CaseRow,
    written: &Written,
    head: &Letters,
    links: Links<'_>,
) -> Result<PaperLetter> {
    let language = written.letter.language;
    let say = |fa: &str, en: &str| if language == Language::En { en.to_owned() } else { fa.to_owned() };
    let citizen = citizens::find(connection, vault, written.citizen)?.ok_or(Error::NotFound)?;
    let postal = citizen.postal_code.map(|code| {
        let code = if language == Language::Fa { persian_digits(&code) } else { code };
        format!("{}: {}", say("کد پستی", "Postal code"), isolate_ltr(&code))
    });
    let name = citizen.name.unwrap_or_else(|| say("متقاضی محترم", "The applicant"));
    let recipient = [Some(name), citizen.address, postal].into_iter().flatten().collect();
    let office = written.office.unwrap_or(row.holder_office_id);
    let office = rules.offices.get(office).map_or(String::new(), |office| office.name(language).to_owned());
    let track = format!("{}/track", links.base_url.trim_end_matches('/'));
    let code = &row.tracking_code;
    Ok(PaperLetter {
        language,
        issuer: say(&head.issuer_fa, &head.issuer_en),
        office,
        number: number(connection, row, written.letter.message, written, language)?,
        date: date(Some(written.created_at), language),
        annexes: 0,
        recipient,
        subject: written.letter.rendered.subject.clone(),
        body: written.letter.rendered.body.clone(),
        check: vec![
            format!("{}: {}", say("کد رهگیری", "Tracking code"), isolate_ltr(code)),
            format!(
                "{}: {} {}",
                say("پیگیری", "Follow up"),
                isolate_ltr(&track),
                say("یا تلفن ۱۱۱", "or telephone 111")
            ),
        ],
        foot: say(&head.foot_fa, &head.foot_en),
        qr: format!(
            "{track}?code={code}&mark={}-{}",
            row.last_seq,
            row.last_hash.get(..16).unwrap_or_default()
        ),
    })
}

/// The number of a letter: the same whenever it is printed, and of no other letter.
fn number(
    connection: &mut DbConnection,
    row: &CaseRow,
    message: MessageId,
    written: &Written,
    language: Language,
) -> Result<String> {
    let zone = jiff::tz::TimeZone::get(TEHRAN).map_err(Error::internal)?;
    let year = JalaliDate::of(written.created_at.timestamp(), &zone).map_err(Error::internal)?.year();
    let before: i64 = messages::table
        .filter(messages::case_id.eq(row.id).and(messages::direction.eq("out")))
        .filter(messages::audience.eq("citizen").and(messages::id.le(message)))
        .count()
        .get_result(connection)?;
    let number = format!("{year}/{}/{before}", row.tracking_code);
    Ok(if language == Language::Fa { persian_digits(&number) } else { number })
}
