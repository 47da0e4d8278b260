//! What was erased of one history: only what a signed tombstone says, which an event of the chain names.

use super::finding::{Report, What};
use super::history::History;
use crate::domain::cases::life::Fact;
use crate::domain::history::chain::Stored;
use crate::domain::history::tombstone::{self, Class, Redactions, Tombstone};

/// What good tombstones say.
#[derive(Debug, Default)]
pub struct Erasures {
    stones: Vec<Tombstone>,
    redactions: Redactions,
}

impl Erasures {
    /// Whether texts of the case were erased.
    pub fn hold_text(&self) -> bool {
        self.stones.iter().any(|stone| stone.classes.contains(&Class::Text))
    }

    /// Whether the case was cut from its citizen.
    pub fn hold_identity(&self) -> bool {
        self.stones.iter().any(|stone| stone.classes.contains(&Class::Identity))
    }

    /// The digest under which an event is linked.
    pub fn digest_of(&self, event: &Stored) -> String {
        tombstone::digest_of(event, &self.redactions)
    }
}

impl History<'_> {
    /// Whether each tombstone is signed and named by an event, and each erasure has its tombstone.
    pub fn check_erasures(&self, keys: &[String], report: &mut Report) -> Erasures {
        let mut named: Vec<(&Stored, String, String)> = self.named();
        let mut good = Erasures::default();
        for stored in self.tombstones {
            let read: Option<Tombstone> = serde_json::from_str(&stored.body).ok();
            let own = read.filter(|stone| stone.id == stored.id && stone.case == self.id);
            let Some(stone) = own else {
                let detail = format!("tombstone {} is not of this case, or cannot be read", stored.id);
                report.add(What::Erasure, self.place(None), detail);
                continue;
            };
            let event = named
                .iter()
                .position(|(_, id, sha256)| *id == stone.id.to_string() && *sha256 == stone.sha256());
            let fault =
                stone.fault(keys).or_else(|| event.is_none().then_some("no event of the case names it"));
            if let Some(fault) = fault {
                let detail = format!("tombstone {} of {}: {fault}", stone.id, stone.at);
                report.add(What::Erasure, self.place(None), detail);
                continue;
            }
            if let Some(at) = event {
                named.swap_remove(at);
            }
            report.erased_under(stone.cause(), stone.at);
            good.stones.push(stone);
        }
        for (event, id, _) in named {
            let detail = format!("it says that something was erased, and tombstone {id} does not prove it");
            report.add(What::Erasure, self.place(Some(event)), detail);
        }
        good.redactions = tombstone::redactions(&good.stones);
        good
    }

    /// Events of erasures, with the id and the digest of the tombstone that each names.
    fn named(&self) -> Vec<(&Stored, String, String)> {
        let of_erasures = self.events.iter().filter(|event| event.kind == "case_erased");
        of_erasures
            .filter_map(|event| match serde_json::from_str(&event.line.payload) {
                Ok(Fact::CaseErased { tombstone, sha256, .. }) => {
                    Some((event, tombstone.to_string(), sha256))
                }
                _ => None,
            })
            .collect()
    }
}
