//! Who sees an item: those who key for its office, and of one that became a case only who sees the case. Every reading of
//! what an item says is logged before it is shown.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::items::{self, Item};
use super::steps::{self, StepKind};
use super::view::{self, ItemDetail, Words};
use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::db::types::{CaseId, IntakeItemId, OfficeId};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::find_visible;
use crate::domain::confidentiality::{Why, disclose, sight};
use crate::domain::definitions;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::domain::visibility;
use crate::error::{Code, Error, Result};

/// Offices whose items the actor may see; none for all.
///
/// # Errors
/// `Forbidden` for whoever keys nothing.
pub fn offices(act: &Act) -> Result<Option<Vec<OfficeId>>> {
    policy::allow_anywhere(act, Verb::KeyIntake)?;
    let Actor::Staff(staff) = &act.actor else { return Err(Error::Forbidden(Code::Forbidden)) };
    let may = |office: OfficeId| policy::assignment_for(&act.rules, staff, Verb::KeyIntake, office).is_some();
    if may(act.rules.offices.centre()) {
        return Ok(None);
    }
    Ok(Some(act.rules.offices.all().map(|office| office.id).filter(|office| may(*office)).collect()))
}

/// The item where the actor sees it.
///
/// # Errors
/// `NotFound` for any other.
pub fn find(connection: &mut DbConnection, act: &Act, id: IntakeItemId) -> Result<Item> {
    let item = items::find(connection, id)?;
    if offices(act)?.is_some_and(|offices| !offices.contains(&item.office_id)) {
        return Err(Error::NotFound);
    }
    if let Some(case) = item.case_id {
        find_visible(connection, act, case)?;
    }
    Ok(item)
}

/// Leaves out items of cases that the actor does not see.
pub fn retain_visible(connection: &mut DbConnection, act: &Act, items: &mut Vec<Item>) -> Result<()> {
    let named: Vec<CaseId> = items.iter().filter_map(|item| item.case_id).collect();
    let seen: Vec<CaseId> = cases::table
        .filter(cases::id.eq_any(named))
        .filter(visibility::visible(act))
        .select(cases::id)
        .load(connection)?;
    let seen: BTreeSet<CaseId> = seen.into_iter().collect();
    items.retain(|item| item.case_id.is_none_or(|case| seen.contains(&case)));
    Ok(())
}

/// Logs that the actor reads an item, beside it and in the audit log; that of a case also in the log its citizen sees.
pub fn read(connection: &mut DbConnection, act: &Act, id: IntakeItemId) -> Result<IntakeItemId> {
    let item = find(connection, act, id)?;
    if let Some(case) = item.case_id {
        let row = find_visible(connection, act, case)?;
        disclose(connection, act, &row, Why::Case)?;
    }
    definitions::log(connection, act, "read", &format!("intake_item:{id}"), "")?;
    steps::add(connection, act, id, &[(StepKind::Read, None)])?;
    Ok(id)
}

/// Whether the actor may read what an item says.
///
/// # Errors
/// `NotFound` for an item that the actor does not see; `extract_only` for one of a sealed case.
pub fn words_of(connection: &mut DbConnection, act: &Act, id: IntakeItemId) -> Result<Item> {
    let item = find(connection, act, id)?;
    match words(connection, act, &item)? {
        Words::Shown => Ok(item),
        Words::Hidden => Err(Error::Forbidden(Code::ExtractOnly)),
    }
}

fn words(connection: &mut DbConnection, act: &Act, item: &Item) -> Result<Words> {
    let Some(case) = item.case_id else { return Ok(Words::Shown) };
    let row = find_visible(connection, act, case)?;
    // an item names its sender: of a sealed case it is for nobody's eyes
    let is_open = !row.is_sealed && sight(connection, act, &row)?.shows_words();
    Ok(if is_open { Words::Shown } else { Words::Hidden })
}

/// The item after its reading was logged; of a sealed case its words only for who reads the original.
pub fn shown(connection: &mut DbConnection, act: &Act, id: IntakeItemId) -> Result<ItemDetail> {
    let item = find(connection, act, id)?;
    let words = words(connection, act, &item)?;
    view::detail(connection, act, &item, words)
}
