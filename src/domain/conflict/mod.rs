//! Conflict of interest: who must have no part in a case, since it is about them (requirement tags S4.7, S2.2iv).
//!
//! A case may be about an office, a member of staff, or both. Nobody of that office or below it, not that person,
//! nobody whom that person heads and, where it is about conduct, nobody of that person's own office sees, holds,
//! answers or decides it. What counts is how people stood when it was filed as well as how they stand today: a
//! person who moves takes the conflict along, and what was said about their conduct stays hidden from those who
//! were their colleagues then.
//!
//! [`Conflict`] says it of one case, from memory; [`condition`] says the same of all cases, in SQL; [`guard`] holds
//! every verb to it. A test asks both the same questions.

pub mod condition;
pub mod desk;
pub mod guard;
mod moves;
#[cfg(test)]
mod tests;
mod ties;
#[cfg(test)]
mod trials;

pub use moves::{about_somebody, is_tainted, repost, review};
pub use ties::{Tie, of_office, of_person};

use crate::db::DbConnection;
use crate::db::types::{OfficeId, Time, UserId};
use crate::domain::actor::Staff;
use crate::domain::cases::CaseRow;
use crate::domain::rulebook::{Offices, Rulebook};
use crate::domain::users;
use crate::error::Result;

/// Whom a case is about, and whom that bars.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conflict {
    /// When the case was registered; none for a case about nobody.
    pub filed_at: Option<Time>,
    /// Whether it is about conduct, or nobody has said yet what it is about.
    pub is_conduct: bool,
    /// The office complained of, with all below it.
    pub office: Option<OfficeId>,
    /// The person complained of.
    pub user: Option<UserId>,
    /// Offices that this person heads or headed at filing, with all below them.
    pub headed: Vec<OfficeId>,
    /// This person's own offices at filing and today; they count where it is about conduct.
    pub own: Vec<OfficeId>,
}

impl Conflict {
    /// A conflict with an office and all below it.
    pub fn with_office(office: OfficeId, filed_at: Time) -> Self {
        Self { office: Some(office), filed_at: Some(filed_at), ..Self::default() }
    }

    /// What the row of a case says; asks the database only where the case is about a person.
    pub fn of(connection: &mut DbConnection, rules: &Rulebook, row: &CaseRow) -> Result<Self> {
        let about = About { office: row.about_office_id, user: row.about_user_id };
        Self::about(connection, rules, about, row.category.as_deref(), row.registered_at)
    }

    /// The same before there is a row.
    pub fn about(
        connection: &mut DbConnection,
        rules: &Rulebook,
        about: About,
        category: Option<&str>,
        filed_at: Time,
    ) -> Result<Self> {
        if about == About::default() {
            return Ok(Self::default());
        }
        let postings = match about.user {
            Some(user) => users::postings_at_or_now(connection, user, filed_at)?,
            None => std::collections::BTreeSet::new(),
        };
        let headed = postings.iter().filter(|(role, _)| role.is_head()).map(|(_, office)| *office).collect();
        Ok(Self {
            filed_at: Some(filed_at),
            is_conduct: is_conduct(rules, category),
            office: about.office,
            user: about.user,
            headed,
            own: postings.iter().map(|(_, office)| *office).collect(),
        })
    }

    /// Whether the case is about nobody of the service.
    pub fn is_none(&self) -> bool {
        self.office.is_none() && self.user.is_none()
    }

    /// Whether an office must have no part in it.
    pub fn bars_office(&self, offices: &Offices, office: OfficeId) -> bool {
        !self.is_none() && of_office(offices, office).iter().any(|tie| self.holds(tie))
    }

    /// Whether a person must have no part in it.
    pub fn bars_person(&self, offices: &Offices, person: &Staff) -> bool {
        !self.is_none()
            && (self.user == Some(person.id) || of_person(offices, person).iter().any(|tie| self.holds(tie)))
    }

    /// Whether this tie binds to whom the case is about.
    fn holds(&self, tie: &Tie) -> bool {
        let Some(filed_at) = self.filed_at else { return false };
        let in_time = tie.from.is_none_or(|from| from <= filed_at) && tie.to.is_none_or(|to| filed_at <= to);
        in_time
            && (self.is_conduct || !tie.conduct_only)
            && (self.office.iter().chain(&self.headed).any(|office| tie.line.contains(office))
                || (self.is_conduct && tie.own.is_some_and(|own| self.own.contains(&own))))
    }
}

/// The office and the person that a case is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct About {
    pub office: Option<OfficeId>,
    pub user: Option<UserId>,
}

/// A case is about conduct where its subject is routed above, and until it has a subject.
fn is_conduct(rules: &Rulebook, category: Option<&str>) -> bool {
    category.is_none_or(|code| rules.categories.get(code).is_some_and(|leaf| leaf.routed_above))
}
