//! Receipts: what a citizen keeps to prove, without the service, that a case was filed and how its history grew.
//!
//! A receipt shows the first event, which says nothing that the citizen was not told, and of all later ones their
//! digests only.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::anchor::Anchor;
use super::anchors::{self, Leaf};
use super::chain::{self, Line, link};
use super::hex;
use super::merkle::{self, BLOCK, Hash};
use super::signing::Signer;
use super::tombstone::{self, Redactions};
use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::db::types::{CaseId, Time};
use crate::domain::actor::Act;
use crate::error::{Code, Error, Result};

/// The format that this version writes and reads.
pub const FORMAT: &str = "samad receipt 1";

/// A signed receipt; its form is described in FORMAT.md beside this module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// `samad receipt 1`.
    pub format: String,
    pub tracking_code: String,
    /// When the case was filed.
    pub filed_at: Time,
    /// When this receipt was signed.
    pub issued_at: Time,
    /// How many events the case had.
    pub events: i32,
    /// The line of the first event, as it was hashed.
    pub first: String,
    /// SHA-256 of the line of every later event, in order, in hexadecimal.
    pub digests: Vec<String>,
    /// The hash of the last event.
    pub head: String,
    /// Ed25519 public key of the signature, in hexadecimal.
    pub key: String,
    /// Ed25519 signature, in hexadecimal.
    pub signature: String,
    /// The anchors that hold the history so far; none before the first midnight.
    pub proofs: Vec<Proof>,
}

/// That the first so many events are held by an anchor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The hash of this event is the leaf.
    pub events: i32,
    /// Position of the leaf in the tree, from 0.
    pub position: i64,
    /// The neighbours from the leaf up to the root, in hexadecimal.
    pub path: Vec<String>,
    pub anchor: Anchor,
}

impl Receipt {
    /// The text that is signed: a line for each word, each ended by a line feed.
    pub fn text(&self) -> String {
        let Self { format, tracking_code, filed_at, issued_at, events, head, key, .. } = self;
        format!(
            "{format}\ntracking_code {tracking_code}\nfiled_at {filed_at}\nissued_at {issued_at}\nevents {events}\n\
             head {head}\nkey {key}\n"
        )
    }

    /// The hash of every event, first to last, from the first line and the digests.
    pub fn hashes(&self) -> Vec<String> {
        let first = link("", &crate::domain::cases::sha256_hex(self.first.as_bytes()));
        let mut hashes = vec![first];
        for digest in &self.digests {
            hashes.push(link(&hashes[hashes.len() - 1], digest));
        }
        hashes
    }
}

/// Signs a receipt of a case as it stands.
///
/// # Errors
/// `history_broken` when the stored history does not verify: such a one is never signed.
pub fn issue(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<Receipt> {
    // an act or an anchor may have come between two of the reads; it does not come twice
    for _ in 0..2 {
        if let Some(receipt) = attempt(connection, act, case)? {
            return Ok(receipt);
        }
    }
    tracing::error!(case.id = %case, "the history of a case does not verify; run `samad verify`");
    metrics::counter!("samad_history_broken_total").increment(1);
    Err(Error::Conflict(Code::HistoryBroken))
}

/// A receipt; none when what was read does not fit together.
fn attempt(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<Option<Receipt>> {
    let (tracking_code, head): (String, String) =
        cases::table.find(case).select((cases::tracking_code, cases::last_hash)).first(connection)?;
    let stored = chain::of_case(connection, case)?;
    let (lines, kept): (Vec<&Line>, Vec<&String>) =
        stored.iter().map(|event| (&event.line, &event.hash)).unzip();
    let Some(first) = lines.first() else { return Ok(None) };
    let signer = Signer::of(&act.keys)?;
    let redactions = redactions(connection, case, &stored, &signer)?;
    let mut receipt = Receipt {
        format: FORMAT.into(),
        tracking_code,
        filed_at: first.at,
        issued_at: act.now,
        events: i32::try_from(lines.len()).map_err(Error::internal)?,
        first: first.text(),
        digests: stored[1..].iter().map(|event| tombstone::digest_of(event, &redactions)).collect(),
        head,
        key: signer.public(),
        signature: String::new(),
        proofs: Vec::new(),
    };
    let hashes = receipt.hashes();
    if hashes.last() != Some(&receipt.head) || hashes.iter().ne(kept) {
        return Ok(None);
    }
    for (anchor, leaf) in anchors::of_case(connection, case)? {
        let at = usize::try_from(leaf.seq - 1).ok();
        if at.and_then(|at| hashes.get(at)) != Some(&leaf.hash) {
            return Ok(None);
        }
        let Some(proof) = prove(connection, anchor, &leaf)? else { return Ok(None) };
        receipt.proofs.push(proof);
    }
    receipt.signature = signer.sign(&receipt.text());
    Ok(Some(receipt))
}

/// Which events lost words under a tombstone of ours; most cases have none.
fn redactions(
    connection: &mut DbConnection,
    case: CaseId,
    stored: &[chain::Stored],
    signer: &Signer,
) -> Result<Redactions> {
    if stored.iter().all(|event| event.digest.is_none()) {
        return Ok(Redactions::new());
    }
    let stones = tombstone::of_case(connection, case)?;
    let keys = [signer.public()];
    Ok(tombstone::redactions(stones.iter().filter(|stone| stone.fault(&keys).is_none())))
}

/// The way from a leaf to the root of its anchor; none when it does not lead there.
fn prove(connection: &mut DbConnection, anchor: Anchor, leaf: &Leaf) -> Result<Option<Proof>> {
    let Ok(position) = usize::try_from(leaf.position) else { return Ok(None) };
    let (block, within) = (position / BLOCK, position % BLOCK);
    let from = leaf.position - i32::try_from(within).map_err(Error::internal)?;
    let own = anchors::leaves(connection, anchor.number, from, BLOCK as i64)?;
    let own: Option<Vec<Hash>> =
        own.iter().map(|(_, hash)| Some(merkle::leaf(&hex::digest(hash)?))).collect();
    let (Some(own), Some(blocks)) = (own, anchors::blocks(connection, anchor.number)?) else {
        return Ok(None);
    };
    let mut path = merkle::path(&own, within);
    path.extend(merkle::path(&blocks, block));
    let proof = Proof {
        events: leaf.seq,
        position: leaf.position.into(),
        path: path.iter().map(|node| hex::encode(node)).collect(),
        anchor,
    };
    Ok(proof.holds(&leaf.hash).then_some(proof))
}

impl Proof {
    /// Whether the way leads from this hash to the anchor's root.
    pub fn holds(&self, hash: &str) -> bool {
        let climbed = || {
            let leaf = merkle::leaf(&hex::digest(hash)?);
            let path: Option<Vec<Hash>> = self.path.iter().map(|node| hex::digest(node)).collect();
            let (position, size) =
                (u64::try_from(self.position).ok()?, u64::try_from(self.anchor.leaves).ok()?);
            merkle::climb(leaf, position, size, &path?)
        };
        climbed().is_some_and(|root| hex::encode(&root) == self.anchor.root)
    }
}
