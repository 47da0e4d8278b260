//! An anchor: one signed root over the heads of all cases that moved on, for one day of Tehran.

use serde::{Deserialize, Serialize};

use super::day::Day;
use super::hex;
use super::merkle::Hash;
use super::signing::{Signer, is_signed};
use crate::db::types::Time;
use crate::domain::cases::sha256_hex;

/// The format that this version writes and reads.
pub const FORMAT: &str = "samad anchor 1";
/// What stands for the hash before the first anchor.
pub const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One signed root; published, and part of receipts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    /// `samad anchor 1`.
    pub format: String,
    /// 1, 2, 3 … without a gap.
    pub number: i32,
    /// The day in Tehran, by its Gregorian date; each follows the one before.
    pub day: Day,
    /// How many cases had moved on: the leaves of the tree.
    pub leaves: i64,
    /// By how many events.
    pub events: i64,
    /// Root of the Merkle tree (RFC 6962) over the hash of each such case's last event, in hexadecimal.
    pub root: String,
    /// Hash of the anchor before; zeros before the first.
    pub previous: String,
    /// When it was made; the day was over then.
    pub made_at: Time,
    /// Ed25519 public key of the signature, in hexadecimal.
    pub key: String,
    /// SHA-256 of the signed text.
    pub hash: String,
    /// Ed25519 signature of the text, in hexadecimal.
    pub signature: String,
}

/// What an anchor says, before it is signed.
#[derive(Debug, Clone, Copy)]
pub struct Draft {
    pub day: Day,
    pub leaves: i64,
    pub events: i64,
    pub root: Hash,
    pub made_at: Time,
}

impl Anchor {
    /// Signs the anchor that comes after this number and hash.
    pub fn signed(draft: Draft, after: (i32, &str), signer: &Signer) -> Self {
        let mut anchor = Self {
            format: FORMAT.into(),
            number: after.0 + 1,
            day: draft.day,
            leaves: draft.leaves,
            events: draft.events,
            root: hex::encode(&draft.root),
            previous: after.1.to_owned(),
            made_at: draft.made_at,
            key: signer.public(),
            hash: String::new(),
            signature: String::new(),
        };
        let text = anchor.text();
        anchor.hash = sha256_hex(text.as_bytes());
        anchor.signature = signer.sign(&text);
        anchor
    }

    /// The text that is hashed and signed: a line for each word, each ended by a line feed.
    pub fn text(&self) -> String {
        let Self { format, number, day, leaves, events, root, previous, made_at, key, .. } = self;
        format!(
            "{format}\nnumber {number}\nday {day}\nleaves {leaves}\nevents {events}\nroot {root}\n\
             previous {previous}\nmade_at {made_at}\nkey {key}\n"
        )
    }

    /// What is wrong with the anchor by itself; nothing where it stands as one of these keys signed it.
    pub fn fault(&self, keys: &[String]) -> Option<String> {
        let text = self.text();
        if self.format != FORMAT {
            return Some(format!("its format is '{}', not '{FORMAT}'", self.format));
        }
        if self.hash != sha256_hex(text.as_bytes()) {
            return Some("its hash is not that of what it says: it was edited".into());
        }
        if !is_signed(&text, &self.key, &self.signature) {
            return Some("its signature is not of what it says: it was edited or forged".into());
        }
        (!keys.contains(&self.key))
            .then(|| format!("it is signed with {}, a key that is not trusted", self.key))
    }

    /// What is wrong between the anchor before and this one.
    pub fn fault_after(&self, before: &Self) -> Option<String> {
        let follows = before.number.checked_add(1) == Some(self.number)
            && before.day.next().is_ok_and(|next| next == self.day);
        if !follows {
            return Some(format!(
                "anchor {} of {} comes after anchor {} of {}: what lies between is missing",
                self.number, self.day, before.number, before.day
            ));
        }
        (self.previous != before.hash)
            .then(|| "it does not name the hash of the anchor before: that one was replaced".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::keys::Keys;

    fn signer(byte: u8) -> Signer {
        Signer::of(&Keys::new(&[byte; 32])).unwrap()
    }

    fn draft(day: &str) -> Draft {
        let made_at = "2026-06-11T20:45:00Z".parse().unwrap();
        Draft { day: day.parse().unwrap(), leaves: 3, events: 4, root: [9; 32], made_at }
    }

    #[test]
    fn the_text_of_an_anchor_is_as_the_format_says() {
        let anchor = Anchor::signed(draft("2026-06-10"), (0, NOTHING), &signer(7));
        let (nine, key) = ("09".repeat(32), &anchor.key);
        let text = format!(
            "samad anchor 1\nnumber 1\nday 2026-06-10\nleaves 3\nevents 4\nroot {nine}\nprevious {NOTHING}\nmade_at 2026-06-11T20:45:00Z\nkey {key}\n"
        );
        assert_eq!(anchor.text(), text);
        assert_eq!(anchor.fault(std::slice::from_ref(&anchor.key)), None);
    }

    #[test]
    fn no_field_of_an_anchor_may_differ() {
        let (own, other) = (signer(7), signer(8));
        let first = Anchor::signed(draft("2026-06-10"), (0, NOTHING), &own);
        let second = Anchor::signed(draft("2026-06-11"), (1, &first.hash), &own);
        let keys = [own.public()];
        assert_eq!((second.fault(&keys), second.fault_after(&first)), (None, None));
        let changes: [fn(&mut Anchor); 10] = [
            |a| a.format.push('0'),
            |a| a.number += 1,
            |a| a.day = a.day.next().unwrap(),
            |a| a.leaves += 1,
            |a| a.events -= 1,
            |a| a.root = "00".repeat(32),
            |a| a.previous = "00".repeat(32),
            |a| a.made_at = a.made_at.plus_seconds(1),
            |a| a.hash = "00".repeat(32),
            |a| a.signature = "00".repeat(64),
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut edited = second.clone();
            change(&mut edited);
            assert!(edited.fault(&keys).is_some(), "field {number}");
        }
        let forged = Anchor::signed(draft("2026-06-11"), (1, &first.hash), &other);
        assert!(forged.fault(&keys).unwrap().contains("not trusted"));
        let skipped = Anchor::signed(draft("2026-06-12"), (1, &first.hash), &own);
        assert!(skipped.fault_after(&first).unwrap().contains("missing"));
        let replaced = Anchor::signed(draft("2026-06-11"), (1, NOTHING), &own);
        assert!(replaced.fault_after(&first).unwrap().contains("replaced"));
    }
}
