//! The one way to erase: classes of one closed case go, what counts stays, and a signed tombstone proves it.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::obstacles::{Candidate, obstacles};
use super::parts;
use crate::db::DbConnection;
use crate::db::dialect::overwriting;
use crate::db::schema::{cases, events};
use crate::db::types::{CaseId, UserId};
use crate::domain::actor::Act;
use crate::domain::cases::life::Fact;
use crate::domain::cases::{Docket, Expected, record};
use crate::domain::history::chain;
use crate::domain::history::tombstone::{self, FORMAT, Redaction};
use crate::domain::history::{Class, Line, Signer, Tombstone};
use crate::error::{Code, Error, Result};

/// Under what something is erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Code and version of a retention rule, such as `default@1`; none where a person decided.
    pub rule: Option<String>,
    /// The law or decision, on one line.
    pub source: String,
    /// The person who decided.
    pub decided_by: Option<UserId>,
}

/// Erases classes of a case that are not erased yet; the service itself must be the actor.
///
/// # Errors
/// `hold_stands` while anything forbids it (see [`super::Obstacle`]); `already_done` when nothing of these is left.
pub fn erase(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    classes: &BTreeSet<Class>,
    cause: &Cause,
) -> Result<Tombstone> {
    // the old content must be gone from the file as well
    overwriting(connection, |connection| {
        let mut docket = Docket::open(connection, act, id, Expected::Any)?;
        let candidate: Candidate = cases::table.find(id).select(Candidate::as_select()).first(connection)?;
        if !obstacles(connection, act.now, std::slice::from_ref(&candidate))?.is_empty() {
            return Err(Error::Conflict(Code::HoldStands));
        }
        let gone = erased(connection, id)?;
        let classes: Vec<Class> = classes.iter().copied().filter(|class| !gone.contains(class)).collect();
        if classes.is_empty() {
            return Err(Error::Conflict(Code::AlreadyDone));
        }
        let mut redacted = Vec::new();
        for class in &classes {
            parts::erase(connection, act, &candidate, *class)?;
            if *class == Class::Text {
                redacted = redact(connection, id)?;
            }
        }
        let stone = sign(act, &docket, classes, cause, redacted)?;
        let fact =
            Fact::CaseErased { tombstone: stone.id, classes: stone.classes.clone(), sha256: stone.sha256() };
        record(connection, act, &mut docket, &[fact], None)?;
        tombstone::insert(connection, &stone)?;
        Ok(stone)
    })
}

/// The classes of a case that are gone already.
pub fn erased(connection: &mut DbConnection, case: CaseId) -> Result<BTreeSet<Class>> {
    Ok(tombstone::of_case(connection, case)?.into_iter().flat_map(|stone| stone.classes).collect())
}

fn sign(
    act: &Act,
    docket: &Docket,
    classes: Vec<Class>,
    cause: &Cause,
    redacted: Vec<Redaction>,
) -> Result<Tombstone> {
    let stone = Tombstone {
        format: FORMAT.into(),
        id: act.id(),
        case: docket.row.id,
        tracking_code: docket.row.tracking_code.clone(),
        at: act.now,
        classes,
        rule: cause.rule.clone(),
        source: cause.source.split_whitespace().collect::<Vec<_>>().join(" "),
        decided_by: cause.decided_by,
        events: docket.row.last_seq,
        head: docket.row.last_hash.clone(),
        redacted,
        key: String::new(),
        signature: String::new(),
    };
    Ok(stone.signed(&Signer::of(&act.keys)?))
}

/// Takes the words out of the payloads of events; each keeps the digest under which it stands in the chain.
fn redact(connection: &mut DbConnection, case: CaseId) -> Result<Vec<Redaction>> {
    let mut redacted = Vec::new();
    for event in chain::of_case(connection, case)?.into_iter().filter(|event| event.digest.is_none()) {
        let fact: Fact = serde_json::from_str(&event.line.payload).map_err(Error::internal)?;
        let Some(bare) = fact.without_words().filter(|bare| *bare != fact) else { continue };
        let payload = serde_json::to_string(&bare).map_err(Error::internal)?;
        let digest = event.line.digest();
        diesel::update(events::table.find(event.line.id))
            .set((events::payload.eq(&payload), events::digest.eq(&digest)))
            .execute(connection)?;
        let seq = event.line.seq;
        redacted.push(Redaction { seq, digest, redacted: Line { payload, ..event.line }.digest() });
    }
    Ok(redacted)
}
