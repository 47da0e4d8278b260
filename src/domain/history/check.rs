//! The offline check of receipts: what they prove, what they leave open, and what is wrong with them.
//!
//! It needs no database, no settings and no clock; FORMAT.md describes it for whoever writes another.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use super::anchor::Anchor;
use super::chain::Line;
use super::day::{self, Day};
use super::hex;
use super::receipt::{FORMAT, Proof, Receipt};
use super::signing::is_signed;
use crate::db::types::Time;
use crate::domain::cases::life::Fact;
use crate::domain::cases::sha256_hex;
use crate::domain::input;

/// What is laid before the check.
#[derive(Debug, Default)]
pub struct Evidence {
    /// Receipts of one case, oldest first.
    pub receipts: Vec<Receipt>,
    /// Public keys that are known to be the service's, in hexadecimal.
    pub keys: Vec<String>,
    /// Anchors as they were published, in any order; none when there are none at hand.
    pub anchors: Option<Vec<Anchor>>,
    /// The words that were filed.
    pub text: Option<String>,
}

/// What came of it, in plain words.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub proved: Vec<String>,
    /// What this evidence cannot prove.
    pub open: Vec<String>,
    /// Why it must not be believed; nothing where all holds.
    pub wrong: Vec<String>,
}

/// A receipt from a file: the receipt itself, or a reply of the service that has one.
///
/// # Errors
/// One sentence that says what is wrong with it.
pub fn read_receipt(bytes: &[u8]) -> Result<Receipt, String> {
    let mut value: serde_json::Value =
        serde_json::from_slice(bytes).map_err(|error| format!("it is no JSON: {error}"))?;
    exact(value.get_mut("receipt").map(serde_json::Value::take).unwrap_or(value))
}

/// Anchors from a file: one, a list, or a page of `GET /public/anchors`.
///
/// # Errors
/// One sentence that says what is wrong with them.
pub fn read_anchors(bytes: &[u8]) -> Result<Vec<Anchor>, String> {
    let mut value: serde_json::Value =
        serde_json::from_slice(bytes).map_err(|error| format!("it is no JSON: {error}"))?;
    match value.get_mut("items").map(serde_json::Value::take).unwrap_or(value) {
        serde_json::Value::Array(list) => list.into_iter().map(exact).collect(),
        one => Ok(vec![exact(one)?]),
    }
}

/// Reads what has one spelling only; anything written otherwise than it was signed is refused.
fn exact<T: DeserializeOwned + serde::Serialize>(value: serde_json::Value) -> Result<T, String> {
    let read: T = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
    match serde_json::to_value(&read) {
        Ok(again) if again == value => Ok(read),
        _ => Err("a value in it is not spelt as the service spells it".into()),
    }
}

/// Checks everything against everything.
pub fn check(evidence: &Evidence) -> Verdict {
    let mut verdict = Verdict::default();
    check_keys(evidence, &mut verdict);
    let published =
        evidence.anchors.as_ref().map(|anchors| check_anchors(anchors, &evidence.keys, &mut verdict));
    for receipt in &evidence.receipts {
        check_receipt(receipt, evidence, published.as_ref(), &mut verdict);
    }
    for pair in evidence.receipts.windows(2) {
        check_growth(&pair[0], &pair[1], &mut verdict);
    }
    if evidence.receipts.len() == 1 {
        verdict.open.push(
            "Whether the history was rewritten after this receipt: get a later one, and give both with --receipt."
                .into(),
        );
    }
    if published.is_none() {
        verdict
            .open
            .push("Whether everybody is shown the same anchors: give published ones with --anchors.".into());
    }
    check_text(evidence, &mut verdict);
    verdict.open.push("What the later events say: a receipt holds their digests only.".into());
    verdict
}

fn check_keys(evidence: &Evidence, verdict: &mut Verdict) {
    if evidence.keys.is_empty() {
        let named = evidence.receipts.first().map_or("", |receipt| receipt.key.as_str());
        verdict.wrong.push(format!(
            "No public key was given, so that anybody may have signed this. The receipt itself names {named}: compare \
             that with the key which the service publishes, and give it with --key."
        ));
    }
}

/// The published anchors by number, after each was compared with the one before.
fn check_anchors<'a>(
    anchors: &'a [Anchor],
    keys: &[String],
    verdict: &mut Verdict,
) -> BTreeMap<i32, &'a Anchor> {
    let mut known: BTreeMap<i32, &Anchor> = BTreeMap::new();
    for anchor in anchors {
        let faults = anchor.fault(keys).into_iter();
        verdict
            .wrong
            .extend(faults.map(|fault| format!("Anchor {} of {}: {fault}.", anchor.number, anchor.day)));
        if known.insert(anchor.number, anchor).is_some_and(|other| other != anchor) {
            verdict.wrong.push(format!("There are two different anchors with the number {}.", anchor.number));
        }
    }
    let ordered: Vec<&Anchor> = known.values().copied().collect();
    for pair in ordered.windows(2) {
        let faults = pair[1].fault_after(pair[0]).into_iter();
        verdict
            .wrong
            .extend(faults.map(|fault| format!("Anchor {} of {}: {fault}.", pair[1].number, pair[1].day)));
    }
    if let (Some(first), Some(last)) = (ordered.first(), ordered.last()) {
        verdict.proved.push(format!(
            "{} published anchors, of {} to {}, are signed and hold together.",
            ordered.len(),
            first.day,
            last.day
        ));
    }
    known
}

fn check_receipt(
    receipt: &Receipt,
    evidence: &Evidence,
    published: Option<&BTreeMap<i32, &Anchor>>,
    verdict: &mut Verdict,
) {
    let name = format!("Receipt of {}", receipt.issued_at);
    let before = verdict.wrong.len();
    let found = own_faults(receipt, &evidence.keys);
    verdict.wrong.extend(found.into_iter().map(|fault| format!("{name}: {fault}.")));
    let hashes = receipt.hashes();
    let mut last: Option<&Proof> = None;
    for proof in &receipt.proofs {
        let found = proof_faults(receipt, proof, last, &hashes, &evidence.keys);
        verdict.wrong.extend(found.into_iter().map(|fault| {
            format!("{name}, anchor {} of {}: {fault}.", proof.anchor.number, proof.anchor.day)
        }));
        if let Some(published) = published {
            compare_published(&proof.anchor, published, &name, verdict);
        }
        last = Some(proof);
    }
    if verdict.wrong.len() == before {
        say_what_is_proved(receipt, verdict);
    }
}

/// What is wrong with a receipt without its proofs.
fn own_faults(receipt: &Receipt, keys: &[String]) -> Vec<String> {
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
    } else if !keys.is_empty() && !keys.contains(&receipt.key) {
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
fn proof_faults(
    receipt: &Receipt,
    proof: &Proof,
    before: Option<&Proof>,
    hashes: &[String],
    keys: &[String],
) -> Vec<String> {
    let mut found: Vec<String> = proof.anchor.fault(keys).filter(|_| !keys.is_empty()).into_iter().collect();
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

fn compare_published(anchor: &Anchor, published: &BTreeMap<i32, &Anchor>, name: &str, verdict: &mut Verdict) {
    let known = published.get(&anchor.number);
    let last = published.keys().next_back().copied().unwrap_or(0);
    match known {
        Some(known) if *known == anchor => verdict
            .proved
            .push(format!("{name}: its anchor {} of {} is the published one.", anchor.number, anchor.day)),
        Some(_) => verdict.wrong.push(format!(
            "{name}: its anchor {} of {} is not the published one: somebody was shown another history.",
            anchor.number, anchor.day
        )),
        None if anchor.number > last => verdict.open.push(format!(
            "{name}: the published anchors at hand end before its anchor {} of {}.",
            anchor.number, anchor.day
        )),
        None => verdict.wrong.push(format!(
            "{name}: its anchor {} of {} is not among the published ones.",
            anchor.number, anchor.day
        )),
    }
}

fn say_what_is_proved(receipt: &Receipt, verdict: &mut Verdict) {
    let Receipt { tracking_code, filed_at, issued_at, events, .. } = receipt;
    verdict.proved.push(format!(
        "The service confirmed at {issued_at} that case {tracking_code} was filed at {filed_at}, and that its history had {events} event(s)."
    ));
    for proof in &receipt.proofs {
        verdict.proved.push(format!(
            "Event 1 to {} of case {tracking_code} were in place when the anchor of {} was made at {}, and have not been changed, removed, added to or moved since.",
            proof.events, proof.anchor.day, proof.anchor.made_at
        ));
    }
    let anchored = receipt.proofs.last().map_or(0, |proof| proof.events);
    if anchored < *events {
        verdict.open.push(format!(
            "Receipt of {issued_at}: event {} to {events} are in no anchor yet; for them there is the service's signature only.",
            anchored + 1
        ));
    }
    verdict.open.push(format!(
        "Receipt of {issued_at}: the minute of filing is the service's word; anchors prove the day."
    ));
}

/// A later receipt must hold the whole of the earlier.
fn check_growth(earlier: &Receipt, later: &Receipt, verdict: &mut Verdict) {
    let name = format!("Receipts of {} and {}", earlier.issued_at, later.issued_at);
    if earlier.first != later.first || earlier.tracking_code != later.tracking_code {
        verdict
            .wrong
            .push(format!("{name}: they do not begin with the same event: another case, or rewritten."));
        return;
    }
    if later.issued_at < earlier.issued_at {
        verdict.wrong.push(format!("{name}: give the earlier one first."));
    }
    let fork = earlier.digests.iter().zip(&later.digests).position(|(one, other)| one != other);
    match fork {
        Some(at) => verdict.wrong.push(format!("{name}: event {} was rewritten between them.", at + 2)),
        None if later.digests.len() < earlier.digests.len() => verdict.wrong.push(format!(
            "{name}: event {} to {} were removed between them.",
            later.digests.len() + 2,
            earlier.digests.len() + 1
        )),
        None => verdict.proved.push(format!(
            "{name}: the later history of {} event(s) continues the earlier of {}; nothing of that was rewritten.",
            later.digests.len() + 1,
            earlier.digests.len() + 1
        )),
    }
}

/// Compares the words with the digest that the first event holds of them.
fn check_text(evidence: &Evidence, verdict: &mut Verdict) {
    let Some(text) = &evidence.text else {
        verdict.open.push("Which words were filed: give them with --text.".into());
        return;
    };
    // as the service took them in: it stores one spelling of letters that look alike
    let stored = input::text("text", text, usize::MAX).unwrap_or_else(|_| text.clone());
    let digest = sha256_hex(stored.as_bytes());
    for receipt in &evidence.receipts {
        let line = serde_json::from_str::<Line>(&receipt.first).ok();
        match line.and_then(|line| serde_json::from_str(&line.payload).ok()) {
            Some(Fact::CaseRegistered { text_sha256, .. }) if text_sha256 == digest => {
                verdict
                    .proved
                    .push(format!("Receipt of {}: these are the words that were filed.", receipt.issued_at));
            }
            _ => verdict
                .wrong
                .push(format!("Receipt of {}: these are not the words that were filed.", receipt.issued_at)),
        }
    }
}
