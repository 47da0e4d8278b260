//! Mails among the items: from whom, by which Message-ID, on which case.

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::schema::mails as m;
use crate::db::types::{CaseId, IntakeItemId, Time};
use crate::domain::actor::Act;
use crate::error::Result;
use crate::on_both;

/// Longest Message-ID that is answered (RFC 5322 §2.1.1 holds a line to 998 characters).
const LONGEST_ID: usize = 400;

/// Notes a mail; another try of the same item takes its place.
pub fn note(
    connection: &mut DbConnection,
    act: &Act,
    item: IntakeItemId,
    sender: &str,
    message_id: Option<&str>,
    case: Option<CaseId>,
) -> Result<()> {
    let message_id = message_id.filter(|id| is_answerable(id));
    diesel::delete(m::table.find(item)).execute(connection)?;
    let row = (
        (m::item_id.eq(item), m::sender_hash.eq(sender), m::message_id.eq(message_id)),
        (m::case_id.eq(case), m::at.eq(act.now)),
    );
    on_both!(connection, |c| diesel::insert_into(m::table).values(row).execute(c))?;
    Ok(())
}

/// A Message-ID that can stand in a header of ours: printable ASCII on one line.
fn is_answerable(id: &str) -> bool {
    let inside = id.strip_prefix('<').and_then(|id| id.strip_suffix('>'));
    let is_plain =
        |inside: &str| inside.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>".contains(&byte));
    id.len() <= LONGEST_ID && inside.is_some_and(|inside| inside.contains('@') && is_plain(inside))
}

/// How many mails a sender wrote since then.
pub fn from_sender(connection: &mut DbConnection, sender: &str, since: Time) -> Result<i64> {
    Ok(m::table.filter(m::sender_hash.eq(sender).and(m::at.gt(since))).count().get_result(connection)?)
}

/// How many mails a case got since then.
pub fn on_case(connection: &mut DbConnection, case: CaseId, since: Time) -> Result<i64> {
    let on_case = m::case_id.is_not_null().and(m::case_id.eq(case));
    Ok(m::table.filter(on_case).filter(m::at.gt(since)).count().get_result(connection)?)
}

/// The Message-ID of the citizen's last mail on a case, which a notice answers.
pub fn answered(connection: &mut DbConnection, case: CaseId) -> Result<Option<String>> {
    let on_case = m::case_id.is_not_null().and(m::case_id.eq(case));
    let last: Option<Option<String>> = m::table
        .filter(on_case)
        .filter(m::message_id.is_not_null())
        .order((m::at.desc(), m::item_id.desc()))
        .select(m::message_id)
        .first(connection)
        .optional()?;
    Ok(last.flatten())
}

/// Takes away by what the mails of some items can be known.
pub(super) fn forget(connection: &mut DbConnection, items: &[IntakeItemId]) -> Result<()> {
    diesel::update(m::table.filter(m::item_id.eq_any(items)))
        .set((m::sender_hash.eq(""), m::message_id.eq(None::<String>)))
        .execute(connection)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_message_id_that_fits_a_header_is_answered() {
        assert!(is_answerable("<CAF=x.1@mail.example>"));
        let long = format!("<{}@b>", "a".repeat(500));
        for id in ["", "<>", "a@b", "<a b@c>", "<a@b>\r\nBcc: <c@d>", "<سلام@b>", "<nobody>", &long] {
            assert!(!is_answerable(id), "{id:?}");
        }
    }
}
