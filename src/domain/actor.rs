//! Who acts, when and under which rules: handed to every verb.
//!
//! There is no global current user and no hidden clock; an [`Act`] is built once at the edge.

use std::sync::Arc;

use crate::db::IdMaker;
use crate::db::types::{CaseId, GatewayId, OfficeId, Time, UserId};
use crate::domain::keys::Keys;
use crate::domain::rulebook::Rulebook;
use crate::domain::vault::Vault;
use crate::text_enum;

text_enum! {
    /// What an assignment makes of a member of staff (design §1).
    pub enum Role {
        Agent = "agent", Registrar = "registrar", Classifier = "classifier", Liaison = "liaison",
        Handler = "handler", Approver = "approver", Inspector = "inspector", Appeal = "appeal",
        Analyst = "analyst", Privacy = "privacy", Admin = "admin", Auditor = "auditor",
    }
}

impl Role {
    /// Whether whoever has this role heads the office: the approving manager answers for its people.
    pub fn is_head(self) -> bool {
        self == Role::Approver
    }
}

/// A posting that has ended: where somebody was, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    pub office: OfficeId,
    pub from: Time,
    /// The last moment of it.
    pub to: Time,
}

/// A member of staff with the roles held at offices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    /// The account.
    pub id: UserId,
    /// The sign-in name, for logs of configuration changes.
    pub username: String,
    /// Role and office of each assignment; never empty for one who may act.
    pub assignments: Vec<(Role, OfficeId)>,
    /// Where this person was before; a conflict of interest outlives a change of office.
    pub past: Vec<Posting>,
}

/// Whoever acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A signed-in member of staff.
    Staff(Staff),
    /// A channel gateway or another system, with the office it registers for.
    Gateway { id: GatewayId, office: OfficeId, channels: Vec<String> },
    /// A citizen who proved tracking code and second factor of one case.
    Citizen { case: CaseId },
    /// Somebody without any proof: files a new case.
    Public,
    /// The service itself: windows, deadlines.
    System,
}

impl Actor {
    /// The account, where a person of staff acts.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Actor::Staff(staff) => Some(staff.id),
            Actor::Gateway { .. } | Actor::Citizen { .. } | Actor::Public | Actor::System => None,
        }
    }

    /// How the timeline names the actor's sort.
    pub fn sort(&self) -> &'static str {
        match self {
            Actor::Staff(_) => "staff",
            Actor::Gateway { .. } => "gateway",
            Actor::Citizen { .. } | Actor::Public => "citizen",
            Actor::System => "system",
        }
    }

    /// A name that separates this actor's idempotency keys from all others.
    pub fn key(&self) -> String {
        match self {
            Actor::Staff(staff) => format!("user:{}", staff.id),
            Actor::Gateway { id, .. } => format!("gateway:{id}"),
            Actor::Citizen { case } => format!("citizen:{case}"),
            Actor::Public => "public".into(),
            Actor::System => "system".into(),
        }
    }
}

/// One act: who, when, under which rules, and where new ids come from.
#[derive(Debug, Clone)]
pub struct Act {
    /// Whoever acts.
    pub actor: Actor,
    /// When, in UTC.
    pub now: Time,
    /// The rules in force.
    pub rules: Arc<Rulebook>,
    /// Makes the ids of what the act creates.
    pub ids: Arc<IdMaker>,
    /// Keyed digests of codes.
    pub keys: Keys,
    /// Seals and opens what is personal.
    pub vault: Vault,
}

impl Act {
    /// A new id of any sort.
    pub fn id<T: From<i64>>(&self) -> T {
        T::from(self.ids.next())
    }
}
