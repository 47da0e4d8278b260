//! What can be wrong with one receipt by itself.

use crate::db::types::Time;
use crate::domain::cases::life::Fact;
use crate::domain::history::chain::Line;
use crate::domain::history::day::{self, Day};
use crate::domain::history::hex;
use crate::domain::history::receipt::{FORMAT, Proof, Receipt};
use crate::domain::history::signing::is_signed;

/// What is wrong with a receipt without its proofs.
pub fn of_receipt(receipt: &Receipt, keys: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    if receipt.format != FORMAT {
        found.push(format!("its format is '{}', not '{FORMAT}'", receipt.format));
    }
    found.extend(first_faults(receipt));
    if usize::try_from(receipt.events).ok() != Some(receipt.digests.len() + 1) {
        found.push("it does not have a digest for each event after the first".into());
    }
    if receipt.digests.iter().any(|digest| hex::digest(digest).is_none()) {
        found.push("one of its digests is none".into());
    }
    if receipt.hashes().last() != Some(&receipt.head) {
        found
            .push("its events do not lead to its head: an event was changed, removed, added or moved".into());
    }
    if !is_signed(&receipt.text(), &receipt.key, &receipt.signature) {
        found.push("its signature is not of what it says: it was edited or forged".into());
    } else if !keys.contains(&receipt.key) {
        found.push(format!("it is signed with {}, a key that is not trusted", receipt.key));
    }
    if receipt.issued_at < receipt.filed_at {
        found.push("it was issued before the case was filed".into());
    }
    found
}

/// What the first event does not have in common with the receipt around it.
fn first_faults(receipt: &Receipt) -> Vec<String> {
    let Ok(line) = serde_json::from_str::<Line>(&receipt.first) else {
        return vec!["its first event is no line of a timeline".into()];
    };
    let mut found = Vec::new();
    if line.text() != receipt.first || line.seq != 1 {
        found.push("its first event is not written as a first event is".into());
    }
    if line.at != receipt.filed_at {
        found.push(format!("it says filed at {}, and its first event {}", receipt.filed_at, line.at));
    }
    match serde_json::from_str(&line.payload) {
        Ok(Fact::CaseRegistered { tracking_code, .. }) if tracking_code == receipt.tracking_code => {}
        Ok(Fact::CaseRegistered { tracking_code, .. }) => {
            found.push(format!(
                "its first event is of case {tracking_code}, not of {}",
                receipt.tracking_code
            ));
        }
        _ => found.push("its first event is not the registration of a case".into()),
    }
    found
}

/// What is wrong with one proof of a receipt.
pub fn of_proof(
    receipt: &Receipt,
    proof: &Proof,
    before: Option<&Proof>,
    hashes: &[String],
    keys: &[String],
) -> Vec<String> {
    let mut found: Vec<String> = proof.anchor.fault(keys).into_iter().collect();
    let hash = usize::try_from(proof.events).ok().and_then(|events| hashes.get(events.checked_sub(1)?));
    match hash {
        Some(hash) if proof.holds(hash) => {}
        Some(_) => found.push(format!("it does not hold event {} of this history", proof.events)),
        None => found.push("it is of an event that this history does not have".into()),
    }
    match before {
        Some(before) => {
            if before.events >= proof.events || before.anchor.number >= proof.anchor.number {
                found.push("the proofs are not in their order".into());
            } else if before.anchor.number + 1 == proof.anchor.number {
                found.extend(proof.anchor.fault_after(&before.anchor));
            }
        }
        None => match day_of(receipt.filed_at) {
            Some(filed) if filed == proof.anchor.day => {}
            Some(filed) => found.push(format!(
                "the case says it was filed on {filed}, but it is first held by the anchor of {}",
                proof.anchor.day
            )),
            None => found.push("the day of filing is outside the calendar".into()),
        },
    }
    found
}

fn day_of(at: Time) -> Option<Day> {
    day::zone().ok().map(|zone| Day::of(at, &zone))
}
