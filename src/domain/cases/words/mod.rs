//! The citizen's own words of a case, and the one way to them.
//!
//! Of an open case they stand in its row and in the search index. Of a sealed case they stand in `sealed_words`, sealed as
//! identities are, and in no index: the row says `[sealed]`, and only its extract is searched. Whoever reads them goes
//! through [`open`]; nothing of [`Filed`] can be read by itself.

mod adopt;
mod traces;

use diesel::prelude::*;

pub use adopt::{Adopted, adopt};
pub use traces::{Trace, clear, traces};

use crate::db::dialect::overwriting;
use crate::db::schema::{attachments, cases, sealed_words as w};
use crate::db::sealed::Sealed;
use crate::db::types::{AttachmentId, CaseId, Time};
use crate::db::{DbConnection, fulltext};
use crate::domain::cases::CaseRow;
use crate::domain::files::stored;
use crate::domain::text::search_key;
use crate::domain::vault::{Vault, field};
use crate::error::{Error, Result};

/// What stands in place of sealed words in the row of their case.
const SEALED: &str = "[sealed]";

/// The columns of a case that hold the citizen's words, as they are stored.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = cases)]
pub struct Filed {
    subject: Option<String>,
    text: String,
    remedy_sought: Option<String>,
}

/// The citizen's words as they were filed; all empty once they were erased.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Words {
    pub subject: Option<String>,
    pub text: String,
    pub remedy_sought: Option<String>,
}

impl Filed {
    /// Words that stand in clear.
    pub fn in_clear(words: &Words) -> Self {
        let Words { subject, text, remedy_sought } = words.clone();
        Self { subject, text, remedy_sought }
    }

    /// What stands in the row of a sealed case; `keep` puts the words beside it.
    pub fn sealed() -> Self {
        Self { subject: None, text: SEALED.to_owned(), remedy_sought: None }
    }

    /// Whether nothing is left of them: nobody can file an empty text.
    pub fn is_erased(&self) -> bool {
        self.text.is_empty()
    }

    /// The words, where they stand in the row of the case; none where they stand in `sealed_words`.
    pub fn in_row(&self, is_sealed: bool) -> Option<Words> {
        let Self { subject, text, remedy_sought } = self.clone();
        (!is_sealed || !self.stands_elsewhere()).then_some(Words { subject, text, remedy_sought })
    }

    /// Whether the words of a sealed case with this in its row stand in `sealed_words`.
    fn stands_elsewhere(&self) -> bool {
        self.text == SEALED
    }
}

impl CaseRow {
    /// The citizen's words of this case; see [`open`].
    pub fn words(&self, connection: &mut DbConnection, vault: &Vault) -> Result<Words> {
        open(connection, vault, self.id, self.is_sealed, &self.filed)
    }
}

type SealedRow = (Option<Sealed>, Sealed, Option<Sealed>);

/// The citizen's words of a case, from wherever they stand.
///
/// # Errors
/// `Internal` when sealed words are gone, or were altered or moved in the database.
pub fn open(
    connection: &mut DbConnection,
    vault: &Vault,
    id: CaseId,
    is_sealed: bool,
    filed: &Filed,
) -> Result<Words> {
    if let Some(words) = filed.in_row(is_sealed) {
        return Ok(words);
    }
    let row: Option<SealedRow> =
        w::table.find(id).select((w::subject, w::text, w::remedy_sought)).first(connection).optional()?;
    let (subject, text, remedy_sought) =
        row.ok_or_else(|| Error::internal(format!("the sealed words of case {id} are gone")))?;
    Ok(Words {
        subject: vault.open_some(connection, field!(sealed_words::subject), id, subject.as_ref())?,
        text: vault.open(connection, field!(sealed_words::text), id, &text)?,
        remedy_sought: vault.open_some(
            connection,
            field!(sealed_words::remedy_sought),
            id,
            remedy_sought.as_ref(),
        )?,
    })
}

/// Puts the words of a sealed case, whose row is there, where they stand sealed.
pub(super) fn keep(connection: &mut DbConnection, vault: &Vault, id: CaseId, words: &Words) -> Result<()> {
    let line = |field, text: &Option<String>| vault.seal_some(field, id, text.as_deref());
    diesel::insert_into(w::table)
        .values((
            w::id.eq(id),
            w::subject.eq(line(field!(sealed_words::subject), &words.subject)?),
            w::text.eq(vault.seal(field!(sealed_words::text), id, &words.text)?),
            w::remedy_sought.eq(line(field!(sealed_words::remedy_sought), &words.remedy_sought)?),
        ))
        .execute(connection)?;
    Ok(())
}

/// Puts the words of a case into the search index.
pub(super) fn index(connection: &mut DbConnection, id: CaseId, words: &Words) -> Result<()> {
    let all = format!("{} {}", words.subject.as_deref().unwrap_or_default(), words.text);
    Ok(fulltext::index(connection, id, search_key(&all))?)
}

/// Seals the words of a case that lay open, and takes them and those of its files out of the search index. What was
/// erased, or is sealed already, stays as it is. The caller marks the case as sealed in the same transaction.
pub fn seal(connection: &mut DbConnection, vault: &Vault, id: CaseId, now: Time) -> Result<()> {
    overwriting(connection, |connection| {
        let (is_sealed, filed): (bool, Filed) = find(connection, id)?;
        if filed.is_erased() || is_sealed && filed.stands_elsewhere() {
            return Ok(());
        }
        let words = open(connection, vault, id, is_sealed, &filed)?;
        keep(connection, vault, id, &words)?;
        write(connection, id, &Filed::sealed())?;
        fulltext::remove(connection, id)?;
        let files: Vec<AttachmentId> = attachments::table
            .filter(attachments::case_id.eq(id))
            .select(attachments::id)
            .load(connection)?;
        fulltext::remove_files(connection, &files)?;
        traces::leave(connection, id, now)
    })
}

/// Puts the words of a sealed case back into its row and the search index, and has its files read again. The caller marks
/// the case as open in the same transaction.
pub fn unseal(connection: &mut DbConnection, vault: &Vault, id: CaseId, now: Time) -> Result<()> {
    let (is_sealed, filed): (bool, Filed) = find(connection, id)?;
    if !is_sealed || !filed.stands_elsewhere() {
        return Ok(());
    }
    let words = open(connection, vault, id, is_sealed, &filed)?;
    write(connection, id, &Filed::in_clear(&words))?;
    erase(connection, id)?;
    index(connection, id, &words)?;
    let files: Vec<(String, String)> = attachments::table
        .filter(attachments::case_id.eq(id))
        .select((attachments::sha256, attachments::media_type))
        .load(connection)?;
    files.iter().try_for_each(|(sha256, media_type)| stored::attached(connection, sha256, media_type, now))
}

/// Takes sealed words away for good.
pub fn erase(connection: &mut DbConnection, id: CaseId) -> Result<()> {
    diesel::delete(w::table.find(id)).execute(connection)?;
    Ok(())
}

fn find(connection: &mut DbConnection, id: CaseId) -> Result<(bool, Filed)> {
    Ok(cases::table.find(id).select((cases::is_sealed, Filed::as_select())).first(connection)?)
}

fn write(connection: &mut DbConnection, id: CaseId, filed: &Filed) -> Result<()> {
    let Filed { subject, text, remedy_sought } = filed;
    diesel::update(cases::table.find(id))
        .set((cases::subject.eq(subject), cases::text.eq(text), cases::remedy_sought.eq(remedy_sought)))
        .execute(connection)?;
    Ok(())
}
