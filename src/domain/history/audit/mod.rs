//! The audit of a whole database: every edit, removal, insertion and reordering of events, and where.
//!
//! It reads page by page, so that its memory does not grow with the database; what it reads must be one moment of
//! it (see [`crate::db::snapshot::begin_view`]). It changes nothing.

mod erasures;
mod finding;
mod history;
mod pages;
mod replay;
mod roots;
mod rows;
#[cfg(test)]
mod tests;
mod told;

pub use finding::{Finding, Place, Report, Untold, What};

use self::history::History;
use self::pages::Page;
use super::anchor::Anchor;
use crate::db::DbConnection;
use crate::db::types::CaseId;
use crate::domain::keys::Keys;
use crate::domain::vault::Vault;
use crate::error::Result;

/// What the audit may compare the database with.
#[derive(Debug, Default)]
pub struct Known {
    /// Public keys by which anchors may be signed, in hexadecimal; with none, signatures are not judged.
    pub keys: Vec<String>,
    /// Anchors that were exported or published before.
    pub exported: Vec<Anchor>,
    /// Opens the words of sealed cases; without it they are not compared.
    pub vault: Option<Vault>,
    /// The root key, where it is there: it alone proves whose case a case is.
    pub root: Option<Keys>,
}

/// Audits everything; `passed` is told how many more events and leaves were read.
pub fn run(connection: &mut DbConnection, known: &Known, passed: &mut dyn FnMut(u64)) -> Result<Report> {
    let mut report = Report::default();
    let ends = roots::check(connection, known, &mut report, passed)?;
    let mut after = CaseId(i64::MIN);
    loop {
        let page = Page::read(connection, known.vault.as_ref(), after)?;
        for history in page.histories() {
            check(&history, &ends, known, &mut report);
        }
        passed(page.events.len() as u64);
        match page.last {
            Some(last) => after = last,
            None => return Ok(report),
        }
    }
}

fn check(history: &History<'_>, ends: &roots::Ends, known: &Known, report: &mut Report) {
    report.cases += u64::from(history.head.is_some());
    report.events += history.events.len() as u64;
    history.check_whole(report);
    let erasures = history.check_erasures(&known.keys, report);
    history.check_links(ends, &erasures, report);
    history.check_times(ends, report);
    history.check_words(&erasures, report);
    history.check_rows(known, &erasures, report);
}

/// How many events and leaves there are, for a bar.
///
/// # Errors
/// Those of the database.
pub fn count(connection: &mut DbConnection) -> Result<u64> {
    pages::count(connection)
}
