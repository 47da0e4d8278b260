//! Ties: by what an office or a person may be bound to whom a case is about.

use std::collections::BTreeSet;

use crate::db::types::{OfficeId, Time};
use crate::domain::actor::Staff;
use crate::domain::rulebook::Offices;

/// One tie, and when and for what it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tie {
    /// The offices on whose word one depends by it; the own office among them.
    pub line: Vec<OfficeId>,
    /// The own office: whoever is complained of there is a colleague.
    pub own: Option<OfficeId>,
    /// Counts for cases filed from then on.
    pub from: Option<Time>,
    /// Counts for cases filed until then.
    pub to: Option<Time>,
    /// Counts for cases about conduct only.
    pub conduct_only: bool,
}

/// The ties of an office: its line today, and what it was below before the tree changed.
pub fn of_office(offices: &Offices, office: OfficeId) -> Vec<Tie> {
    let today =
        Tie { line: offices.line(office), own: Some(office), from: None, to: None, conduct_only: false };
    let former = offices.former_lines(office).iter().map(|(above, until)| Tie {
        line: vec![*above],
        own: None,
        from: None,
        to: Some(*until),
        conduct_only: false,
    });
    std::iter::once(today).chain(former).collect()
}

/// The ties of a person: those of the offices of today, and of past ones for conduct at that time.
pub fn of_person(offices: &Offices, person: &Staff) -> Vec<Tie> {
    let today: BTreeSet<OfficeId> = person.assignments.iter().map(|(_, office)| *office).collect();
    let past = person.past.iter().map(|posting| Tie {
        line: offices.line(posting.office),
        own: Some(posting.office),
        from: Some(posting.from),
        to: Some(posting.to),
        conduct_only: true,
    });
    today.into_iter().flat_map(|office| of_office(offices, office)).chain(past).collect()
}
