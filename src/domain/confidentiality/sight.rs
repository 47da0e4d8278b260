//! What of a case an actor may read, and the veil through which staff's own words about a sealed case are shown.

use diesel::prelude::*;

use super::known;
use super::requests;
use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::db::types::{IdentityRequestId, OfficeId};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::CaseRow;
use crate::domain::masking::{Leak, Masker};
use crate::domain::policy;
use crate::domain::rulebook::{Reach, Verb};
use crate::domain::visibility::Predicate;
use crate::error::{Error, FieldError, Language, Result};

/// What stands in place of a citizen's words that only the extract may tell.
pub const HIDDEN: &str = "[…]";

/// What of a case an actor may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// It is not sealed, or its citizen asks.
    Open,
    /// A sealed one, with its original words, and without its identity.
    Original,
    /// A sealed one, whole, because it was released to this person.
    Released(IdentityRequestId),
    /// A sealed one, by its extract only.
    Extract,
}

impl Sight {
    /// Whether the citizen's own words are shown.
    pub fn shows_words(self) -> bool {
        self != Sight::Extract
    }
}

/// What of a visible case this actor may read now.
pub fn sight(connection: &mut DbConnection, act: &Act, row: &CaseRow) -> Result<Sight> {
    if !row.is_sealed {
        return Ok(Sight::Open);
    }
    match &act.actor {
        Actor::System | Actor::Citizen { .. } => Ok(Sight::Open),
        Actor::Gateway { .. } | Actor::Public => Ok(Sight::Extract),
        Actor::Staff(staff) => {
            if let Some(request) = requests::released(connection, act, row.id, staff.id)? {
                return Ok(Sight::Released(request));
            }
            // the right is that of the desk that took the case in, not of the body that works on it
            let right = policy::assignment_for(&act.rules, staff, Verb::ReadOriginal, row.intake_office_id);
            Ok(if right.is_some() { Sight::Original } else { Sight::Extract })
        }
    }
}

/// The condition under which an actor may read the original words of a row of `cases`; for the search. What was released
/// to a person is not searched.
pub fn reads_original(act: &Act) -> Predicate {
    let Actor::Staff(staff) = &act.actor else { return Box::new(cases::is_sealed.eq(false)) };
    let rules = &act.rules;
    let at = |reach: Reach| -> Vec<OfficeId> {
        let holds = |role| rules.reach(role, Verb::ReadOriginal) == reach;
        staff.assignments.iter().filter(|(role, _)| holds(*role)).map(|(_, office)| *office).collect()
    };
    let (own, trees) = (at(Reach::Own), at(Reach::Tree));
    if trees.contains(&rules.offices.centre()) {
        return Box::new(cases::id.is_not_null());
    }
    let below = |office: OfficeId| trees.iter().any(|above| rules.offices.is_within(office, *above));
    let desks: Vec<OfficeId> =
        rules.offices.all().map(|office| office.id).filter(|id| own.contains(id) || below(*id)).collect();
    Box::new(cases::is_sealed.eq(false).or(cases::intake_office_id.eq_any(desks)))
}

/// Whether anything of the case names somebody.
pub fn holds_identity(row: &CaseRow) -> bool {
    row.citizen_id.is_some() || row.representative.is_some() || row.address.is_some()
}

/// Through what the words of staff about a case are shown: to those who read the extract, without what is certain to point
/// at the citizen.
pub struct Veil(Option<Masker>);

impl Veil {
    /// The veil of this reader.
    pub fn of(connection: &mut DbConnection, act: &Act, row: &CaseRow) -> Result<Self> {
        match sight(connection, act, row)?.shows_words() {
            true => Ok(Self(None)),
            false => Ok(Self(Some(known::masker(connection, act, row)?))),
        }
    }

    /// No veil.
    pub fn lifted() -> Self {
        Self(None)
    }

    /// A veil before what this masker knows.
    pub fn over(masker: Masker) -> Self {
        Self(Some(masker))
    }

    /// Whether the reader reads the extract only.
    pub fn hides(&self) -> bool {
        self.0.is_some()
    }

    /// Words of staff.
    pub fn words(&mut self, text: String) -> String {
        match &mut self.0 {
            Some(masker) => masker.mask(&text),
            None => text,
        }
    }

    /// The same where they may be missing.
    pub fn some(&mut self, text: Option<String>) -> Option<String> {
        text.map(|text| self.words(text))
    }

    /// Words of the citizen: only the extract tells them.
    pub fn citizens(&self, text: String) -> String {
        if self.hides() { HIDDEN.to_owned() } else { text }
    }
}

/// Words that those who read the extract will read too: they may not name the citizen of a sealed case.
///
/// # Errors
/// A field error that tells the sort and place of what must go, and never its value.
pub fn guard_words(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    field: &str,
    text: Option<&str>,
) -> Result<()> {
    let Some(text) = text.filter(|_| row.is_sealed) else { return Ok(()) };
    match leak(field, &known::masker(connection, act, row)?.leaks(text)) {
        Some(error) => Err(Error::field(error)),
        None => Ok(()),
    }
}

/// The field error of what a text gives away; none where it gives nothing away.
pub(super) fn leak(field: &str, leaks: &[Leak]) -> Option<FieldError> {
    if leaks.is_empty() {
        return None;
    }
    let say = |language: Language| {
        let one = |leak: &Leak| match language {
            Language::Fa => format!("{} در نویسه {}", leak.sort.word(language), leak.position),
            Language::En => format!("{} at character {}", leak.sort.word(language), leak.position),
        };
        leaks.iter().take(5).map(one).collect::<Vec<_>>()
    };
    Some(FieldError::new(
        field,
        "identity_in_text",
        format!(
            "این متن را کسانی می‌خوانند که نباید شهروند را بشناسند؛ این‌ها را بردارید یا با برچسبی مانند [نام ۱] جانشین کنید: {}.",
            say(Language::Fa).join("، ")
        ),
        format!(
            "This is read by people who may not know the citizen; remove these or put a label such as [name 1] in their place: {}.",
            say(Language::En).join(", ")
        ),
    ))
}
