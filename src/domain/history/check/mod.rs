//! The offline check of receipts: what they prove, what they leave open, and what is wrong with them.
//!
//! It needs no database, no settings and no clock; FORMAT.md describes it for whoever writes another.

mod faults;
mod published;
mod read;

use std::collections::BTreeMap;

pub use read::{read_anchors, read_receipt};

use super::anchor::Anchor;
use super::chain::Line;
use super::receipt::{Proof, Receipt};
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

/// Checks everything against everything. Where anything is wrong, nothing is proved.
pub fn check(evidence: &Evidence) -> Verdict {
    let mut verdict = Verdict::default();
    if evidence.keys.is_empty() {
        let named = evidence.receipts.first().map_or("", |receipt| receipt.key.as_str());
        verdict.wrong.push(format!(
            "No public key was given, so that anybody may have signed this. The receipt itself names {named}: compare \
             that with the key which the service publishes, and give it with --key."
        ));
        return verdict;
    }
    let published =
        evidence.anchors.as_ref().map(|anchors| published::by_number(anchors, &evidence.keys, &mut verdict));
    for receipt in &evidence.receipts {
        check_receipt(receipt, &evidence.keys, published.as_ref(), &mut verdict);
    }
    for pair in evidence.receipts.windows(2) {
        check_growth(&pair[0], &pair[1], &mut verdict);
    }
    check_text(evidence, &mut verdict);
    say_what_is_open(evidence, &mut verdict);
    if !verdict.wrong.is_empty() {
        verdict.proved.clear();
    }
    verdict
}

fn check_receipt(
    receipt: &Receipt,
    keys: &[String],
    published: Option<&BTreeMap<i32, &Anchor>>,
    verdict: &mut Verdict,
) {
    let name = format!("Receipt of {}", receipt.issued_at);
    let before = verdict.wrong.len();
    let found = faults::of_receipt(receipt, keys);
    verdict.wrong.extend(found.into_iter().map(|fault| format!("{name}: {fault}.")));
    let hashes = receipt.hashes();
    let mut last: Option<&Proof> = None;
    for proof in &receipt.proofs {
        let found = faults::of_proof(receipt, proof, last, &hashes, keys);
        verdict.wrong.extend(found.into_iter().map(|fault| {
            format!("{name}, anchor {} of {}: {fault}.", proof.anchor.number, proof.anchor.day)
        }));
        if let Some(published) = published {
            published::compare(&proof.anchor, published, &name, verdict);
        }
        last = Some(proof);
    }
    if verdict.wrong.len() == before {
        say_what_is_proved(receipt, verdict);
    }
}

fn say_what_is_proved(receipt: &Receipt, verdict: &mut Verdict) {
    let Receipt { tracking_code, filed_at, issued_at, events, .. } = receipt;
    verdict.proved.push(format!(
        "The service confirmed at {issued_at} that case {tracking_code} was filed at {filed_at}, and that its history had {events} event(s)."
    ));
    for proof in &receipt.proofs {
        verdict.proved.push(format!(
            "The events 1 to {} of case {tracking_code} were in place when the anchor of {} was made at {}, and have not been changed, removed, added to or moved since.",
            proof.events, proof.anchor.day, proof.anchor.made_at
        ));
    }
    let anchored = receipt.proofs.last().map_or(0, |proof| proof.events);
    if anchored < *events {
        verdict.open.push(format!(
            "Receipt of {issued_at}: the events from {} to {events} are in no anchor yet; for them there is the service's signature only.",
            anchored + 1
        ));
    }
    verdict.open.push(format!(
        "Receipt of {issued_at}: the moment of filing is the service's word; an anchor proves that it was not later than the anchor."
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
            "{name}: the events {} to {} were removed between them.",
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
    let Some(text) = &evidence.text else { return };
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

fn say_what_is_open(evidence: &Evidence, verdict: &mut Verdict) {
    let mut open = |is_open: bool, words: &str| {
        if is_open {
            verdict.open.push(words.to_owned());
        }
    };
    open(
        evidence.receipts.len() == 1,
        "Whether the history was rewritten after this receipt: get a later one, and give both with --receipt.",
    );
    open(
        evidence.anchors.is_none(),
        "Whether everybody is shown the same anchors: give published ones with --anchors.",
    );
    open(evidence.text.is_none(), "Which words were filed: give them with --text.");
    open(true, "What the later events say: a receipt holds their digests only.");
}
