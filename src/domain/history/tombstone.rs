//! Tombstones: what was erased of a case, when, and under which rule or whose decision.
//!
//! A tombstone is signed like a receipt, and an event of the case's chain holds its digest. It names every event
//! whose payload lost words, with the digest under which that event stands in the chain: so the chain still
//! verifies, and nobody who can only write into the database can pass an edit off as an erasure.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::chain::Stored;
use super::signing::{Signer, is_signed};
use crate::db::DbConnection;
use crate::db::schema::{cases, tombstones};
use crate::db::types::{CaseId, Time, TombstoneId, UserId};
use crate::domain::cases::sha256_hex;
use crate::error::{Error, Result};
use crate::text_enum;

/// The format that this version writes and reads.
pub const FORMAT: &str = "samad tombstone 1";

text_enum! {
    /// What of a case is erased together.
    pub enum Class {
        /// Everything that anybody wrote: the case, answers, questions, notes, reasons, search words.
        Text = "text",
        /// Who filed it, for whom, and from which address.
        Identity = "identity",
        /// Files, their names and their bytes.
        Attachments = "attachments",
        /// What was said to and by the citizen, with addresses.
        Messages = "messages",
        /// What the channel gave with it.
        Raw = "raw",
    }
}

impl Class {
    /// Its name for a reader.
    pub fn name(self, language: crate::error::Language) -> &'static str {
        let (fa, en) = match self {
            Class::Text => ("متن‌ها", "texts"),
            Class::Identity => ("هویت و نشانی", "identity and address"),
            Class::Attachments => ("پیوست‌ها", "attachments"),
            Class::Messages => ("پیام‌ها", "messages"),
            Class::Raw => ("شناسه‌های مجرا", "identifiers of the channel"),
        };
        if language == crate::error::Language::En { en } else { fa }
    }
}

/// An event whose payload lost words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Redaction {
    pub seq: i32,
    /// The digest of its line before, under which it stands in the chain.
    pub digest: String,
    /// The digest of its line as it is now.
    pub redacted: String,
}

/// A signed tombstone; its form is described in FORMAT.md beside this module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tombstone {
    /// `samad tombstone 1`.
    pub format: String,
    pub id: TombstoneId,
    pub case: CaseId,
    pub tracking_code: String,
    /// When it was erased.
    pub at: Time,
    pub classes: Vec<Class>,
    /// Code and version of the retention rule, such as `default@1`; none where a person decided.
    pub rule: Option<String>,
    /// The law or decision behind it, on one line.
    pub source: String,
    /// Who decided, where no rule did.
    pub decided_by: Option<UserId>,
    /// How many events the case had before, and the hash of the last.
    pub events: i32,
    pub head: String,
    pub redacted: Vec<Redaction>,
    /// Ed25519 public key of the signature, in hexadecimal.
    pub key: String,
    /// Ed25519 signature, in hexadecimal.
    pub signature: String,
}

impl Tombstone {
    /// The text that is signed: a line for each word, each ended by a line feed.
    pub fn text(&self) -> String {
        let Self { format, id, case, tracking_code, at, source, events, head, key, .. } = self;
        let classes = self.classes.iter().map(|class| class.as_str()).collect::<Vec<_>>().join(",");
        let rule = self.rule.as_deref().unwrap_or("-");
        let decided_by = self.decided_by.map_or_else(|| "-".to_owned(), |user| user.to_string());
        let redacted: String = self
            .redacted
            .iter()
            .map(|Redaction { seq, digest, redacted }| format!("redacted {seq} {digest} {redacted}\n"))
            .collect();
        format!(
            "{format}\nid {id}\ncase {case}\ntracking_code {tracking_code}\nat {at}\nclasses {classes}\nrule {rule}\n\
             source {source}\ndecided_by {decided_by}\nevents {events}\nhead {head}\n{redacted}key {key}\n"
        )
    }

    /// The digest that the event of the erasure holds.
    pub fn sha256(&self) -> String {
        sha256_hex(self.text().as_bytes())
    }

    /// Signs it.
    pub fn signed(mut self, signer: &Signer) -> Self {
        self.key = signer.public();
        self.signature = signer.sign(&self.text());
        self
    }

    /// What it was erased under: the rule, or the decision.
    pub fn cause(&self) -> String {
        match &self.rule {
            Some(rule) => format!("rule {rule}"),
            None => "a decision on request".to_owned(),
        }
    }

    /// What is wrong with it by itself; with no keys, whose signature it bears is not judged.
    pub fn fault(&self, keys: &[String]) -> Option<&'static str> {
        if self.format != FORMAT {
            return Some("its format is not known");
        }
        if !is_signed(&self.text(), &self.key, &self.signature) {
            return Some("its signature is not of what it says: it was edited or forged");
        }
        (!keys.is_empty() && !keys.contains(&self.key))
            .then_some("it is signed with a key that is not trusted")
    }
}

/// The digests under which events stand whose payload was redacted, by number: before and now.
pub type Redactions = BTreeMap<i32, (String, String)>;

/// Those of good tombstones.
pub fn redactions<'a>(tombstones: impl IntoIterator<Item = &'a Tombstone>) -> Redactions {
    let all = tombstones.into_iter().flat_map(|stone| &stone.redacted);
    all.map(|one| (one.seq, (one.digest.clone(), one.redacted.clone()))).collect()
}

/// The digest by which an event is linked: its line's, unless a good tombstone says what it was before.
pub fn digest_of(event: &Stored, redactions: &Redactions) -> String {
    let now = event.line.digest();
    match (&event.digest, redactions.get(&event.line.seq)) {
        (Some(kept), Some((digest, redacted))) if kept == digest && *redacted == now => kept.clone(),
        _ => now,
    }
}

/// Stores a tombstone.
pub fn insert(connection: &mut DbConnection, stone: &Tombstone) -> Result<()> {
    use tombstones as t;
    let body = serde_json::to_string(stone).map_err(Error::internal)?;
    let classes = stone.classes.iter().map(|class| class.as_str()).collect::<Vec<_>>().join(",");
    diesel::insert_into(t::table)
        .values((
            (t::id.eq(stone.id), t::case_id.eq(stone.case), t::at.eq(stone.at)),
            (t::classes.eq(classes), t::body.eq(body)),
        ))
        .execute(connection)?;
    Ok(())
}

/// The tombstones of a case, oldest first.
///
/// # Errors
/// `Internal` where a stored one is no tombstone any more; `samad verify` says which.
pub fn of_case(connection: &mut DbConnection, case: CaseId) -> Result<Vec<Tombstone>> {
    let bodies: Vec<String> = tombstones::table
        .filter(tombstones::case_id.eq(case))
        .order(tombstones::id)
        .select(tombstones::body)
        .load(connection)?;
    bodies.iter().map(|body| serde_json::from_str(body).map_err(Error::internal)).collect()
}

/// The tombstones of the case with this tracking code, oldest first.
pub fn of_code(connection: &mut DbConnection, code: &str) -> Result<Vec<Tombstone>> {
    let case: Option<CaseId> =
        cases::table.filter(cases::tracking_code.eq(code)).select(cases::id).first(connection).optional()?;
    case.map_or(Ok(Vec::new()), |case| of_case(connection, case))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::keys::Keys;

    #[test]
    fn no_field_of_a_tombstone_may_differ() {
        let signer = Signer::of(&Keys::new(&[7; 32])).unwrap();
        let stone = Tombstone {
            format: FORMAT.into(),
            id: TombstoneId(5),
            case: CaseId(7),
            tracking_code: "26061012344".into(),
            at: "2036-06-10T06:00:00Z".parse().unwrap(),
            classes: vec![Class::Text],
            rule: Some("default@1".into()),
            source: "law".into(),
            decided_by: None,
            events: 3,
            head: "00".into(),
            redacted: vec![Redaction { seq: 2, digest: "aa".into(), redacted: "bb".into() }],
            key: String::new(),
            signature: String::new(),
        }
        .signed(&signer);
        let keys = [signer.public()];
        assert_eq!(stone.fault(&keys), None);
        assert!(stone.fault(&["another".to_owned()]).is_some());
        let changes: [fn(&mut Tombstone); 12] = [
            |t| t.format.push('0'),
            |t| t.id.0 += 1,
            |t| t.case.0 += 1,
            |t| t.tracking_code.push('1'),
            |t| t.at = t.at.plus_seconds(1),
            |t| t.classes.push(Class::Identity),
            |t| t.rule = None,
            |t| t.source.push('x'),
            |t| t.decided_by = Some(UserId(1)),
            |t| t.events += 1,
            |t| t.head.push('1'),
            |t| t.redacted[0].redacted.push('1'),
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut edited = stone.clone();
            change(&mut edited);
            assert!(edited.fault(&keys).is_some(), "field {number}");
        }
    }
}
