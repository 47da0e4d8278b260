//! The chain of a case: how one event is hashed, and how it holds to the one before.
//!
//! It goes in two steps, so that a chain can be followed by digests alone: an event's digest is the SHA-256 of
//! its line, and its hash is the SHA-256 of the hash before, a line feed and that digest.

use diesel::prelude::*;
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::hex;
use crate::db::DbConnection;
use crate::db::schema::events;
use crate::db::types::{CaseId, EventId, OfficeId, Time, UserId};
use crate::domain::cases::sha256_hex;
use crate::error::Result;

/// One event as it is hashed: these fields in this order, as JSON without spaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Queryable, Selectable)]
#[diesel(table_name = events)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub id: EventId,
    #[diesel(column_name = case_id)]
    pub case: CaseId,
    /// 1, 2, 3 … without a gap.
    pub seq: i32,
    pub at: Time,
    /// `staff`, `citizen`, `gateway` or `system`.
    pub actor: String,
    #[diesel(column_name = user_id)]
    pub user: Option<UserId>,
    #[diesel(column_name = office_id)]
    pub office: Option<OfficeId>,
    /// 32 random hexadecimal characters: without them nobody finds an event by trying digests.
    pub salt: String,
    /// The fact, as JSON in a text.
    pub payload: String,
}

impl Line {
    /// The line itself.
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("numbers and texts are always JSON")
    }

    /// SHA-256 of the line, in hexadecimal.
    pub fn digest(&self) -> String {
        sha256_hex(self.text().as_bytes())
    }
}

/// The hash of an event: over the hash of the one before (nothing before the first) and its own digest.
pub fn link(previous: &str, digest: &str) -> String {
    sha256_hex(format!("{previous}\n{digest}").as_bytes())
}

/// A new salt.
pub fn salt() -> String {
    let mut bytes = [0_u8; 16];
    rand::rng().fill(&mut bytes);
    hex::encode(&bytes)
}

/// An event as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = events)]
pub struct Stored {
    #[diesel(embed)]
    pub line: Line,
    /// The event's name; the payload says the same.
    pub kind: String,
    pub hash: String,
    /// The digest under which it was linked, where words of its payload were erased since.
    pub digest: Option<String>,
}

/// The events of a case, first to last.
pub fn of_case(connection: &mut DbConnection, case: CaseId) -> Result<Vec<Stored>> {
    Ok(events::table
        .filter(events::case_id.eq(case))
        .order(events::seq)
        .select(Stored::as_select())
        .load(connection)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_written_as_the_format_says() {
        let line = Line {
            id: EventId(7),
            case: CaseId(5),
            seq: 1,
            at: "2026-06-10T06:00:00.25Z".parse().unwrap(),
            actor: "staff".into(),
            user: None,
            office: Some(OfficeId(3)),
            salt: "00".into(),
            payload: r#"{"event":"note_added"}"#.into(),
        };
        let text = r#"{"id":"7","case":"5","seq":1,"at":"2026-06-10T06:00:00.25Z","actor":"staff","user":null,"office":"3","salt":"00","payload":"{\"event\":\"note_added\"}"}"#;
        assert_eq!(line.text(), text);
        assert_eq!(serde_json::from_str::<Line>(text).unwrap(), line);
        assert_eq!(
            link("", &line.digest()),
            sha256_hex(format!("\n{}", sha256_hex(text.as_bytes())).as_bytes())
        );
        assert_eq!(salt().len(), 32);
        assert_ne!(salt(), salt());
    }
}
